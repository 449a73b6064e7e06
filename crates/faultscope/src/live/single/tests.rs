//! Simulated instruments through the whole way: read, shown, measured, pinned, broken off.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use faultscope_capture::OpenOptions;

use super::*;
use crate::live::MonitorRequest;
use crate::view::Viewer;
use crate::{Request, Unwatched, analyse};

#[derive(Default)]
struct Until(AtomicBool);

impl Watch for Until {
    fn advance(&self, _frames: u64) {}
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Monitors until `hear` says that it has heard enough; it may ask.
fn until(address: &str, mut hear: impl FnMut(News, &Sender<Ask>) -> bool) -> Result<Ended, Error> {
    let (sender, asks) = channel();
    let watch = Until::default();
    crate::live::monitor(&MonitorRequest::of(address), &watch, &asks, &mut |news| {
        if hear(news, &sender) {
            watch.0.store(true, Ordering::Relaxed);
        }
    })
}

#[test]
fn a_record_is_shown_measured_and_pinned_as_the_file_is_measured() {
    let dir = tempfile::tempdir().unwrap();
    let (shown, gauged, pinned) = (RefCell::new(None), RefCell::new(None), RefCell::new(None));
    let ended = until("sim:scope/reservoir-c-lost", |news, asks| {
        match news {
            News::Begun(source) if source.sample_rate_hz == 0.0 => {
                assert_eq!((source.flow, source.measurement), (Flow::Records, Some("ripple")));
                asks.send(Ask::Read).unwrap();
            }
            News::Begun(_) => {}
            News::Moment(moment) => drop(shown.replace(Some(moment))),
            News::Gauged(g) => {
                gauged.replace(Some(g));
                asks.send(Ask::Pin(dir.path().join("pin"))).unwrap();
            }
            News::Pinned(path) => drop(pinned.replace(Some(path))),
            other => panic!("{other:?}"),
        }
        pinned.borrow().is_some()
    });
    assert_eq!(ended.unwrap(), Ended::Interrupted);
    let (moment, gauged, file) = (shown.take().unwrap(), gauged.take().unwrap(), pinned.take().unwrap());
    let result = analyse(&file, "ripple", &Request::default(), &Unwatched).unwrap();
    assert_eq!(moment.samples, result.samples.unwrap());
    assert!(!result.readings.is_empty());
    assert_eq!(format!("{:?}", gauged.readings), format!("{:?}", result.readings));
    assert_eq!(gauged.gates, result.quality);
    let viewer = Viewer::open(&file, &OpenOptions::default()).unwrap();
    let spectrum = viewer.spectrum(crate::view::SPECTRUM_POINTS, &Unwatched).unwrap();
    assert_eq!(moment.spectrum.unwrap().mean, spectrum.mean);
}

#[test]
fn a_sweep_is_shown_and_its_file_opens_as_a_spectrum() {
    let dir = tempfile::tempdir().unwrap();
    let (shown, pinned, gauged) = (RefCell::new(None), RefCell::new(None), RefCell::new(None));
    until("sim:tinysa/pa-failing", |news, asks| {
        match news {
            News::Begun(source) => {
                assert_eq!((source.flow, source.unit), (Flow::Sweeps, Unit::Dbm));
                asks.send(Ask::Read).unwrap();
            }
            News::Moment(moment) => drop(shown.replace(moment.sweep)),
            News::Gauged(g) => {
                gauged.replace(Some(g));
                asks.send(Ask::Pin(dir.path().join("pin"))).unwrap();
            }
            News::Pinned(path) => drop(pinned.replace(Some(path))),
            other => panic!("{other:?}"),
        }
        pinned.borrow().is_some()
    })
    .unwrap();
    let (sweep, file) = (shown.take().unwrap(), pinned.take().unwrap());
    let viewer = Viewer::open(&file, &OpenOptions::default()).unwrap();
    let facts = viewer.facts();
    assert!(facts.swept && facts.measurement == Some("spurs"));
    let stored = viewer.swept().unwrap();
    assert_eq!((&stored.frequency_hz, &stored.average_db), (&sweep.frequency_hz, &sweep.average_db));
    assert_eq!(viewer.spectrum(crate::view::SPECTRUM_POINTS, &Unwatched).unwrap_err().kind, "not_applicable");
    let result = analyse(&file, "spurs", &Request::default(), &Unwatched).unwrap();
    assert_eq!(gauged.take().unwrap().readings, result.readings);
}

/// Two channels: a constant of 1 V, and one of 2 V.
struct TwoChannels;

impl driver::Acquire for TwoChannels {
    fn identity(&self) -> &str {
        "two channels"
    }
    fn acquire(&mut self) -> Result<Vec<Shot>, DeviceError> {
        let shot = |name: &str, volts: f64| Shot {
            name: name.into(),
            waveform: Waveform::real(vec![volts; 4096], 1e3, Unit::Volt).unwrap(),
            t0_s: None,
            caveats: Vec::new(),
        };
        Ok(vec![shot("CH1", 1.0), shot("CH2", 2.0)])
    }
}

#[test]
fn of_several_channels_one_is_shown_and_all_are_pinned() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, asks) = channel();
    let watch = Until::default();
    let (mut shown, mut pinned) = (Vec::new(), Vec::new());
    sender.send(Ask::Read).unwrap();
    let ended = monitor("x", Opened::Scope(Box::new(TwoChannels)), &watch, &asks, &mut |news| match news {
        News::Begun(source) if !source.channels.is_empty() => assert_eq!(source.channels, ["CH1", "CH2"]),
        News::Moment(moment) => {
            let band = &moment.waveform.bands[0];
            shown.push((band.name.clone(), band.low[0]));
            match shown.len() {
                1 => sender.send(Ask::Channel(1)).unwrap(),
                _ => sender.send(Ask::Pin(dir.path().join("pin"))).unwrap(),
            }
        }
        News::Pinned(path) => {
            pinned.push(path.file_name().unwrap().to_string_lossy().into_owned());
            watch.0.store(pinned.len() == 2, Ordering::Relaxed);
        }
        _ => {}
    });
    assert_eq!(ended, Ended::Interrupted);
    assert_eq!(shown, [("CH1".into(), 1.0), ("CH2".into(), 2.0)]);
    assert_eq!(pinned, ["pin-CH1.sigmf-meta", "pin-CH2.sigmf-meta"]);
}

#[test]
fn a_record_that_breaks_off_is_told_and_the_next_one_is_tried() {
    let mut failed = 0;
    let ended = until("sim:scope/supply-healthy?fault=end:400", |news, asks| {
        match news {
            News::Begun(_) => asks.send(Ask::ReadOn(true)).unwrap(),
            News::ReadFailed(error) => {
                assert_eq!(error.class, Class::Device);
                failed += 1;
            }
            other => panic!("{other:?}"),
        }
        failed == 2
    });
    assert_eq!(ended.unwrap(), Ended::Interrupted);
}
