//! Instruments that give single records or sweeps, shown as a stream is: read when that is asked for, opened again when they have gone.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use faultscope_diagnose::LimitSet;
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::measurement::{self, Measured, Settings};
use faultscope_instrument::DeviceError;
use faultscope_instrument::driver::{self, Opened, Shot, Trace};
use faultscope_instrument::live::StreamOptions;
use faultscope_signal::{Kind, Record as _, Swept, SweptSpectrum, Unit, Waveform};

use super::Ended;
use super::gauge::Gauged;
use super::monitor::{Ask, Flow, Moment, News, Source};
use super::record::{POLL, suffixed, write_shot, write_sweep};
use crate::analyse::measurement_of;
use crate::view::Envelope;
use crate::{Class, Error, Watch};

/// Columns of the waveform.
const COLUMNS: usize = 2048;
/// Time from the end of one record to the next one, while one is taken after another.
const PACE: Duration = Duration::from_millis(100);
/// Time from a record that could not be taken to the next try, while one is taken after another.
const RETRY: Duration = Duration::from_secs(1);

/// What was read last.
enum Last {
    Nothing,
    Shots(Vec<Shot>),
    Sweep(Trace, Box<SweptSpectrum>),
}

/// A source of single records.
struct Single<'a> {
    address: &'a str,
    /// The instrument; nothing while it has gone.
    device: Option<Opened>,
    identity: String,
    flow: Flow,
    last: Last,
    channel: usize,
    /// Frames read so far.
    frames: u64,
    heard: Instant,
    packs: Vec<LimitSet>,
    told: Option<Source>,
}

/// Shows the records of an instrument until `watcher` says stop, or nobody can ask any more.
pub(super) fn monitor(
    address: &str,
    opened: Opened,
    watcher: &dyn Watch,
    asks: &Receiver<Ask>,
    tell: &mut dyn FnMut(News),
) -> Ended {
    let mut single = Single::new(address, opened);
    single.introduce(tell);
    let (mut on, mut next) = (false, None);
    while !watcher.cancelled() {
        let patience = next.map_or(POLL, |at: Instant| at.saturating_duration_since(Instant::now()).min(POLL));
        match asks.recv_timeout(patience) {
            Ok(Ask::Read) => next = Some(Instant::now()),
            Ok(Ask::ReadOn(more)) => {
                on = more;
                next = more.then(Instant::now);
            }
            Ok(Ask::Pin(path)) => match single.pin(&path) {
                Ok(files) => files.into_iter().for_each(|file| tell(News::Pinned(file))),
                Err(error) => tell(News::PinFailed(error)),
            },
            Ok(Ask::Channel(channel)) => {
                single.channel = channel;
                single.show(tell);
            }
            Ok(Ask::JudgeBy(packs)) => {
                single.packs = packs;
                single.gauge().into_iter().for_each(|g| tell(News::Gauged(Box::new(g))));
            }
            // There is no time to go back in.
            Ok(Ask::Back(_)) => {}
            Err(RecvTimeoutError::Timeout) if next.is_some_and(|at| at <= Instant::now()) => {
                let wait = single.read(tell);
                next = on.then(|| Instant::now() + wait);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ended::Interrupted
}

impl<'a> Single<'a> {
    fn new(address: &'a str, opened: Opened) -> Self {
        let (identity, flow) = match &opened {
            Opened::Sweep(sweep) => (sweep.identity().to_owned(), Flow::Sweeps),
            Opened::Scope(scope) => (scope.identity().to_owned(), Flow::Records),
            Opened::Stream(live) => (live.info().instrument.clone(), Flow::Stream),
        };
        Self {
            address,
            device: Some(opened),
            identity,
            flow,
            last: Last::Nothing,
            channel: 0,
            frames: 0,
            heard: Instant::now(),
            packs: Vec::new(),
            told: None,
        }
    }

    /// The record that is shown.
    fn shot(&self) -> Option<&Shot> {
        let Last::Shots(shots) = &self.last else { return None };
        shots.get(self.channel).or_else(|| shots.first())
    }

    /// Says what the source is, when that has changed.
    fn introduce(&mut self, tell: &mut dyn FnMut(News)) {
        let wave = self.shot().map(|s| &s.waveform);
        let (unit, measurement) = match &self.last {
            Last::Sweep(_, s) => (s.level_unit, (s.swept == Swept::Signal).then_some("spurs")),
            _ => {
                let unit = wave.map_or(if self.flow == Flow::Sweeps { Unit::Dbm } else { Unit::Volt }, |w| w.unit());
                (unit, if self.flow == Flow::Sweeps { Some("spurs") } else { measurement_of(Kind::Real, unit) })
            }
        };
        let source = Source {
            instrument: self.identity.clone(),
            settings: self.address.to_owned(),
            sample_rate_hz: wave.map_or(0.0, |w| w.sample_rate_hz()),
            center_hz: None,
            unit,
            kind: Kind::Real,
            flow: self.flow,
            channels: match &self.last {
                Last::Shots(shots) if shots.len() > 1 => shots.iter().map(|s| s.name.clone()).collect(),
                _ => Vec::new(),
            },
            measurement,
        };
        if self.told.as_ref() != Some(&source) {
            self.told = Some(source.clone());
            tell(News::Begun(source));
        }
    }

    /// Takes one record and shows it; returns how long to wait with the next one.
    fn read(&mut self, tell: &mut dyn FnMut(News)) -> Duration {
        match self.take() {
            Ok(last) => {
                self.frames += last.frames();
                self.last = last;
                self.heard = Instant::now();
                self.show(tell);
                PACE
            }
            Err(error) => {
                // Whatever it was, a connection that is made anew knows nothing of it.
                self.device = None;
                tell(News::ReadFailed(error.into()));
                RETRY
            }
        }
    }

    fn take(&mut self) -> Result<Last, DeviceError> {
        let mut device = match self.device.take() {
            Some(device) => device,
            None => driver::open(self.address, StreamOptions::default())?,
        };
        let last = match &mut device {
            Opened::Scope(scope) => Last::Shots(scope.acquire()?.into_iter().map(stored).collect::<Result<_, _>>()?),
            Opened::Sweep(sweep) => {
                let trace = sweep.sweep()?;
                let swept = Box::new(swept(&trace));
                Last::Sweep(trace, swept)
            }
            // An address that gave single records does not become a stream.
            Opened::Stream(_) => Last::Nothing,
        };
        self.device = Some(device);
        Ok(last)
    }

    /// Tells of what was read last.
    fn show(&mut self, tell: &mut dyn FnMut(News)) {
        self.introduce(tell);
        if matches!(self.last, Last::Nothing) {
            return;
        }
        match self.moment() {
            Ok(moment) => tell(News::Moment(Box::new(moment))),
            Err(error) => tell(News::ReadFailed(error)),
        }
        self.gauge().into_iter().for_each(|g| tell(News::Gauged(Box::new(g))));
    }

    fn moment(&self) -> Result<Moment, Error> {
        let wave = self.shot().map(|s| &s.waveform);
        let sweep = if let Last::Sweep(_, s) = &self.last { Some(s.as_ref().clone()) } else { None };
        Ok(Moment {
            samples: self.frames,
            quiet_s: self.heard.elapsed().as_secs_f64(),
            spectrum: wave.map(|w| crate::view::levels(w, crate::view::SPECTRUM_POINTS)).transpose()?,
            waveform: self.shot().map_or_else(Envelope::default, |s| drawn(&s.name, &s.waveform)),
            clipped: 0.0,
            lost_samples: 0,
            gaps: 0,
            kept_s: wave.map_or(if sweep.is_some() { 1.0 } else { 0.0 }, |w| w.duration_s()),
            sweep,
            shown_end: self.frames,
            end: self.frames,
        })
    }

    /// The record that is shown, measured as the file of it would be.
    fn gauge(&self) -> Option<Gauged> {
        let (measured, seconds) = match &self.last {
            Last::Nothing => return None,
            Last::Sweep(_, s) if s.swept == Swept::Signal => (sweep_measured(s), 0.0),
            Last::Sweep(..) => return None,
            Last::Shots(_) => {
                let shot = self.shot()?;
                (shot_measured(shot)?, shot.waveform.duration_s())
            }
        };
        Some(match measured {
            Ok(measured) => Gauged::of(measured, seconds, &self.packs),
            Err(error) => Gauged {
                measurement: self.told.as_ref().and_then(|s| s.measurement).unwrap_or_default(),
                seconds,
                readings: Vec::new(),
                findings: Vec::new(),
                gates: Vec::new(),
                error: Some(error),
            },
        })
    }

    /// Writes what was read last, one file for each channel.
    fn pin(&self, path: &Path) -> Result<Vec<PathBuf>, Error> {
        match &self.last {
            Last::Nothing => {
                Err(Error::new(Class::Device, "no_samples", "nothing was read yet", "read a record first"))
            }
            Last::Sweep(trace, _) => Ok(vec![write_sweep(path, trace, false)?]),
            Last::Shots(shots) => shots
                .iter()
                .map(|shot| {
                    let base = if shots.len() > 1 { suffixed(path, &shot.name) } else { path.to_owned() };
                    Ok(write_shot(&base, shot, false, &self.identity)?.1)
                })
                .collect(),
        }
    }
}

impl Last {
    fn frames(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Shots(shots) => shots.first().map_or(0, |s| s.waveform.frames()),
            Self::Sweep(trace, _) => trace.level.len() as u64,
        }
    }
}

/// A record as its file keeps it, in single precision: what is shown and measured is what will be read from there.
fn stored(shot: Shot) -> Result<Shot, DeviceError> {
    let wave = &shot.waveform;
    let data = wave.data().iter().map(|v| f64::from(*v as f32)).collect();
    let waveform = Waveform::real(data, wave.sample_rate_hz(), wave.unit())
        .map_err(|e| DeviceError::protocol(format!("the record of {} makes no sense: {}", shot.name, e.message)))?;
    Ok(Shot { waveform, ..shot })
}

fn drawn(name: &str, wave: &Waveform) -> Envelope {
    let values: Vec<f32> = wave.data().iter().map(|v| *v as f32).collect();
    Envelope::of_values(&values, vec![name.to_owned()], wave.sample_rate_hz(), 0, COLUMNS)
}

/// A sweep as a spectrum; what is not in dBm is a reflection.
fn swept(trace: &Trace) -> SweptSpectrum {
    let (unit, of) = if trace.unit == "dBm" { (Unit::Dbm, Swept::Signal) } else { (Unit::Db, Swept::Reflection) };
    let spectrum = SweptSpectrum::single("", trace.frequency_hz.clone(), trace.level.clone(), unit);
    SweptSpectrum { swept: of, ..spectrum }
}

fn sweep_measured(spectrum: &SweptSpectrum) -> Result<Measured, Error> {
    Ok(measurement::exported(spectrum, &[], &Settings::default())?)
}

/// Nothing where no measurement fits the unit.
fn shot_measured(shot: &Shot) -> Option<Result<Measured, Error>> {
    let plug = measurement::by_id(measurement_of(Kind::Real, shot.waveform.unit())?)?;
    let scanned = match gate::scan(&shot.waveform, Coverage::Full) {
        Ok(scanned) => scanned.gates,
        Err(error) => return Some(Err(crate::opened::read_error(error))),
    };
    let measured = plug.measure(&shot.waveform, &shot.caveats, &Settings::default());
    let whole = |m: Measured| Measured { gates: gate::merge([scanned, m.gates]), ..m };
    Some(measured.map(whole).map_err(crate::opened::measure_error))
}

#[cfg(test)]
mod tests;
