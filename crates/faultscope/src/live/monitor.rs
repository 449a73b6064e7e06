//! The verb "monitor": a live source as a screen needs it, some times a second, and its last seconds kept to be pinned.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use faultscope_capture::sigmf::Recorder;
use faultscope_capture::{Caveat, CaveatKind, decode};
use faultscope_diagnose::LimitSet;
use faultscope_instrument::driver::{self, Opened};
use faultscope_instrument::live::{Block, Live, Next, StreamInfo, StreamOptions};
use faultscope_signal::spectrum::{Options, Traces, analyze};
use faultscope_signal::{Kind, Silent, Spectrum, SpectrumSettings, SweptSpectrum, Unit, Window as Taper};

use super::gauge::{Gauge, Gauged};
use super::history::History;
use super::record::POLL;
use super::rule::Window;
use super::{Ended, first_doubts, gap, recording, storage};
use crate::analyse::measurement_of;
use crate::view::Envelope;
use crate::{Error, Watch};

/// Frames of one picture at most; what a beat brings beyond them is kept but not drawn.
const MOST_FRAMES: usize = 4 << 20;
/// Shortest transform.
const SHORTEST: usize = 64;
/// A slow source is shown by transforms of so many seconds, so that the picture moves.
const SLOW_S: f64 = 0.5;
/// A slow source is measured by so many seconds, a fast one by so many frames.
const GAUGE_S: f64 = 2.0;
const GAUGE_FRAMES: usize = 1 << 18;
/// Columns of the waveform.
const COLUMNS: usize = 2048;

/// What to show.
#[derive(Debug, Clone, PartialEq)]
pub struct MonitorRequest {
    /// The source.
    pub address: String,
    /// Points of a transform, where the source is fast enough.
    pub fft: usize,
    /// Time from one picture to the next.
    pub beat: Duration,
    /// Bytes of samples that are kept to be pinned.
    pub keep_bytes: usize,
    /// How long to wait for a device that has gone.
    pub reconnect: Duration,
    /// Time from one measurement of the last samples to the next.
    pub gauge: Duration,
}

impl MonitorRequest {
    /// A source, with what suits a screen: 4096 points, ten pictures a second, 64 MiB kept, an hour of patience.
    #[must_use]
    pub fn of(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            fft: 4096,
            beat: Duration::from_millis(100),
            keep_bytes: 64 << 20,
            reconnect: Duration::from_secs(3600),
            gauge: Duration::from_secs(1),
        }
    }
}

/// What is known of a source once it streams.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Maker and model, as the device says.
    pub instrument: String,
    /// What was set: frequency, gain ...
    pub settings: String,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Centre frequency of I/Q.
    pub center_hz: Option<f64>,
    /// Unit of the values.
    pub unit: Unit,
    /// Real or I/Q.
    pub kind: Kind,
    /// How it gives what it has.
    pub flow: Flow,
    /// Names of its channels, where it has several records at once.
    pub channels: Vec<String>,
    /// The measurement that is made of it.
    pub measurement: Option<&'static str>,
}

/// How a source gives what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Samples without an end.
    Stream,
    /// Records, each when it is asked for.
    Records,
    /// Sweeps over frequency, each when it is asked for.
    Sweeps,
}

/// A live source at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// Frames that have come since the start.
    pub samples: u64,
    /// Seconds since anything came: above a beat or two, the source is silent or gone.
    pub quiet_s: f64,
    /// Mean, highest and lowest level of this beat; nothing while too little has come.
    pub spectrum: Option<Spectrum>,
    /// The sweep, of a source that sweeps.
    pub sweep: Option<SweptSpectrum>,
    /// The frames of this beat.
    pub waveform: Envelope,
    /// Share of the values at full scale, 0 to 1.
    pub clipped: f64,
    /// Frames lost since the start: at least so many.
    pub lost_samples: u64,
    /// Gaps since the start.
    pub gaps: u64,
    /// Seconds that a pin would keep.
    pub kept_s: f64,
    /// Number of the frame after the last one that is shown.
    pub shown_end: u64,
    /// Number of the frame after the last one that has come.
    pub end: u64,
}

/// What a monitor can be asked for while it runs.
#[derive(Debug)]
pub enum Ask {
    /// Write what is kept to this file.
    Pin(PathBuf),
    /// Show what came before this frame as long as it is kept; what comes now when not given.
    Back(Option<u64>),
    /// Judge the measurements by these packs.
    JudgeBy(Vec<LimitSet>),
    /// Take one record; for sources that give single ones.
    Read,
    /// Take one record after another, or no longer.
    ReadOn(bool),
    /// Show the channel of that place.
    Channel(usize),
}

/// What a monitor has to tell.
#[derive(Debug)]
pub enum News {
    /// The source streams.
    Begun(Source),
    /// A picture.
    Moment(Box<Moment>),
    /// The last samples, measured.
    Gauged(Box<Gauged>),
    /// The last seconds are in this file.
    Pinned(PathBuf),
    /// They could not be written.
    PinFailed(Error),
    /// A record could not be taken; the source is asked again with the next one.
    ReadFailed(Error),
}

/// Shows a source until `watcher` says stop or it ends; `asks` are answered on the way. A source of single records is read
/// when that is asked for, and is opened again by itself when it has gone.
///
/// # Errors
/// When the source cannot be opened, or a stream breaks off for good.
pub fn monitor(
    request: &MonitorRequest,
    watcher: &dyn Watch,
    asks: &Receiver<Ask>,
    tell: &mut dyn FnMut(News),
) -> Result<Ended, Error> {
    let options = StreamOptions { reconnect: Some(request.reconnect), ..StreamOptions::default() };
    let live = match driver::open(&request.address, options)? {
        Opened::Stream(live) => live,
        single => return Ok(super::single::monitor(&request.address, single, watcher, asks, tell)),
    };
    let mut screen = Screen::new(request, live.info());
    let mut gauge = Gauge::start(live.info(), request.gauge);
    tell(News::Begun(screen.source()));
    loop {
        if watcher.cancelled() {
            return Ok(Ended::Interrupted);
        }
        while let Ok(ask) = asks.try_recv() {
            match ask {
                Ask::Pin(path) => tell(screen.pin(&path).map_or_else(News::PinFailed, News::Pinned)),
                Ask::Back(frame) => screen.back = frame,
                // Nothing that a stream could do.
                Ask::Read | Ask::ReadOn(_) | Ask::Channel(_) => {}
                Ask::JudgeBy(packs) => {
                    if let Some(gauge) = &mut gauge {
                        gauge.judge_by(packs);
                    }
                }
            }
        }
        if let Some(gauge) = &mut gauge {
            gauge.answer().into_iter().for_each(|answer| tell(News::Gauged(Box::new(answer))));
            if gauge.is_due()
                && let Some(values) = screen.gauged()
            {
                gauge.measure(values);
            }
        }
        match live.next(POLL.min(request.beat))? {
            Next::Block(block) => screen.take(block, &live),
            Next::Quiet => {}
            Next::End => return Ok(Ended::SourceEnded),
        }
        if screen.is_due() {
            let moment = screen.moment(&live)?;
            tell(News::Moment(Box::new(moment)));
        }
    }
}

/// What came since the last picture, and what is kept.
struct Screen {
    info: StreamInfo,
    settings: SpectrumSettings,
    beat: Duration,
    drawn: Instant,
    heard: Instant,
    history: History,
    /// Numbers of the picture under way, without a gap, and the frame number of the first.
    values: Vec<f32>,
    first: u64,
    next: u64,
    samples: u64,
    /// How many of the values were shown already: a slow source is shown by what came before, too.
    shown: usize,
    scratch: Vec<f32>,
    /// The frame up to which is shown what came before; what comes now when not given.
    back: Option<u64>,
}

impl Screen {
    fn new(request: &MonitorRequest, info: &StreamInfo) -> Self {
        let slow = (info.sample_rate_hz * SLOW_S).max(0.0) as usize;
        let fft = request.fft.min(slow).max(SHORTEST);
        let now = Instant::now();
        Self {
            info: info.clone(),
            settings: SpectrumSettings { fft, window: Taper::BlackmanHarris, overlap: 0.5 },
            beat: request.beat,
            drawn: now,
            heard: now,
            history: History::new(request.keep_bytes),
            values: Vec::new(),
            first: 0,
            next: 0,
            samples: 0,
            shown: 0,
            scratch: Vec::new(),
            back: None,
        }
    }

    fn source(&self) -> Source {
        Source {
            instrument: self.info.instrument.clone(),
            settings: self.info.settings.clone(),
            sample_rate_hz: self.info.sample_rate_hz,
            center_hz: self.info.center_hz,
            unit: self.info.unit,
            kind: self.info.datatype.kind(),
            flow: Flow::Stream,
            channels: Vec::new(),
            measurement: measurement_of(self.info.datatype.kind(), self.info.unit),
        }
    }

    fn parts(&self) -> usize {
        self.info.datatype.kind().components()
    }

    fn take(&mut self, block: Block, live: &Live) {
        let frames = block.bytes.len() / self.info.frame_bytes();
        // A picture must not reach over a gap: the break would look like a fault.
        if block.start != self.next || self.values.is_empty() {
            self.values.clear();
            self.shown = 0;
            self.first = block.start;
        }
        self.next = block.start + frames as u64;
        self.samples += frames as u64;
        self.heard = Instant::now();
        let room = (MOST_FRAMES * self.parts()).saturating_sub(self.values.len());
        let component = self.info.datatype.component();
        self.scratch.resize(block.bytes.len() / component.bytes(), 0.0);
        decode(component, &block.bytes, &mut self.scratch);
        self.values.extend(self.scratch.iter().take(room));
        self.history.push(block, live);
    }

    fn is_due(&self) -> bool {
        self.drawn.elapsed() >= self.beat
    }

    fn moment(&mut self, live: &Live) -> Result<Moment, Error> {
        self.drawn = Instant::now();
        let losses = live.losses();
        let fresh = self.values.len() > self.shown;
        let earlier = self.earlier();
        let (values, first) = earlier.as_ref().map_or((&self.values, self.first), |(v, first, _)| (v, *first));
        let spectrum = if fresh || earlier.is_some() { self.spectrum(values)? } else { None };
        let names = crate::view::component_names(self.info.datatype.kind(), "live");
        let moment = Moment {
            samples: self.samples,
            quiet_s: self.heard.elapsed().as_secs_f64(),
            spectrum,
            sweep: None,
            waveform: Envelope::of_values(values, names, self.info.sample_rate_hz, first, COLUMNS),
            shown_end: earlier.as_ref().map_or(self.next, |e| e.2),
            end: self.next,
            clipped: self.clipped(),
            lost_samples: losses.lost(),
            gaps: losses.counts.iter().map(|(_, gaps, _)| gaps).sum(),
            kept_s: (self.history.bytes() / self.info.frame_bytes()) as f64 / self.info.sample_rate_hz,
        };
        self.turn();
        Ok(moment)
    }

    /// The numbers of the frames before `end` that came without a gap, `most` frames at most.
    fn numbers(&self, end: u64, most: usize) -> (u64, Vec<f32>) {
        let (first, bytes) = self.history.before(end, most, self.info.frame_bytes());
        let component = self.info.datatype.component();
        let mut values = vec![0.0; bytes.len() / component.bytes()];
        decode(component, &bytes, &mut values);
        (first, values)
    }

    /// What is shown when it is asked to go back: the numbers, their first frame, and the frame after them. What is no longer
    /// kept moves on with what is.
    fn earlier(&self) -> Option<(Vec<f32>, u64, u64)> {
        let (oldest, last) = self.history.range(self.info.frame_bytes());
        let beat = (self.beat.as_secs_f64() * self.info.sample_rate_hz) as usize;
        let frames = beat.max(self.settings.fft).min(MOST_FRAMES);
        let end = self.back?.max(oldest + frames as u64).min(last);
        let (first, values) = self.numbers(end, frames);
        Some((values, first, end))
    }

    /// What is measured: the last seconds without a gap, once there is enough for a spectrum.
    fn gauged(&self) -> Option<Vec<f32>> {
        // A slow source is measured by as much as its spectrum takes.
        let most = ((self.info.sample_rate_hz * GAUGE_S) as usize).max(self.settings.fft).min(GAUGE_FRAMES);
        let (_, values) = self.numbers(self.next, most);
        let frames = values.len() / self.parts();
        (frames >= self.settings.fft && frames >= most / 4).then_some(values)
    }

    /// Begins the next picture with the last transform of this one: all that a slow source has to show.
    fn turn(&mut self) {
        let keep = (self.settings.fft * self.parts()).min(self.values.len());
        let old = self.values.len() - keep;
        self.values.drain(..old);
        self.first += (old / self.parts()) as u64;
        self.shown = self.values.len();
    }

    fn spectrum(&self, values: &[f32]) -> Result<Option<Spectrum>, Error> {
        if values.len() < self.settings.fft * self.parts() {
            return Ok(None);
        }
        let window = Window { values, ..Window::like(&self.info) };
        let options = Options { traces: Traces { max: true, min: true, ..Traces::default() }, ..Options::default() };
        match analyze(&window.trace(), self.settings, &options, &Silent) {
            Ok(spectrum) => Ok(Some(spectrum)),
            Err(stop) => Err(crate::spectrum::stop_error(stop)),
        }
    }

    /// Share of the values at which the converter saturates.
    fn clipped(&self) -> f64 {
        let Some(full) = self.info.datatype.component().full_scale() else { return 0.0 };
        // The largest positive code lies below full scale by one step of at most an 8-bit converter.
        let edge = (full * (1.0 - 1.0 / 128.0)) as f32;
        let at = self.values.iter().filter(|v| v.abs() >= edge).count();
        at as f64 / self.values.len().max(1) as f64
    }

    /// Writes what is kept; gaps inside are told of in the file.
    fn pin(&self, path: &Path) -> Result<PathBuf, Error> {
        if self.history.bytes() == 0 {
            return Err(Error::new(crate::Class::Device, "no_samples", "nothing has come yet", "wait for samples"));
        }
        let mut recording = recording(&self.info, false)?;
        recording.datetime = Some(crate::now());
        let mut recorder = Recorder::create(path, recording).map_err(storage)?;
        let (mut next, mut lost, mut gaps) = (None, 0, 0u64);
        for block in self.history.blocks() {
            if let Some(missing) = next.and_then(|n| block.start.checked_sub(n)).filter(|m| *m > 0) {
                lost += missing;
                gaps += 1;
                let at = recorder.frames();
                recorder.recording_mut().annotations.push(gap(at, missing, "faultscope monitor"));
            }
            recorder.append(&block.bytes).map_err(storage)?;
            next = Some(block.start + (block.bytes.len() / self.info.frame_bytes()) as u64);
        }
        let mut caveats = first_doubts(&self.info);
        let detail = format!("{lost} samples were lost in {gaps} gaps of the time that was kept");
        caveats.extend((gaps > 0).then(|| Caveat::new(CaveatKind::LostSamples, detail)));
        Ok(recorder.finish(&caveats).map_err(storage)?.meta)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    #[derive(Default)]
    struct Until(AtomicBool);

    impl Watch for Until {
        fn advance(&self, _frames: u64) {}
        fn cancelled(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    /// Monitors until `hear` says that it has heard enough; it may pin.
    fn until(address: &str, mut hear: impl FnMut(News, &Sender<Ask>) -> bool) -> Result<Ended, Error> {
        let (sender, asks) = channel();
        let watch = Until::default();
        let (beat, gauge) = (Duration::from_millis(20), Duration::from_millis(50));
        let request = MonitorRequest { beat, gauge, ..MonitorRequest::of(address) };
        monitor(&request, &watch, &asks, &mut |news| {
            if hear(news, &sender) {
                watch.0.store(true, Ordering::Relaxed);
            }
        })
    }

    #[test]
    fn a_stream_is_shown_and_its_last_seconds_are_pinned_as_they_came() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pin");
        let (source, pinned, peaks) = (RefCell::new(None), RefCell::new(None), RefCell::new(Vec::new()));
        let ended = until("sim:tx-healthy?rate=1M&pace=off", |news, pins| match news {
            News::Begun(s) => {
                source.replace(Some(s));
                false
            }
            News::Moment(moment) => {
                if let Some(s) = &moment.spectrum {
                    let max = s.max.as_ref().unwrap();
                    assert!(s.mean.iter().zip(max).all(|(mean, max)| *max >= *mean * (1.0 - 1e-6)));
                    assert_eq!(moment.waveform.bands.len(), 2);
                    peaks.borrow_mut().push(s.mean.iter().copied().fold(0.0, f64::max));
                }
                if peaks.borrow().len() == 3 {
                    pins.send(Ask::Pin(path.clone())).unwrap();
                }
                false
            }
            News::Pinned(meta) => {
                pinned.replace(Some(meta));
                true
            }
            News::PinFailed(e) | News::ReadFailed(e) => panic!("{e:?}"),
            News::Gauged(_) => false,
        })
        .unwrap();
        assert_eq!(ended, Ended::Interrupted);
        let source = source.take().unwrap();
        assert_eq!((source.sample_rate_hz, source.kind), (1e6, Kind::Iq));
        let viewer = crate::view::Viewer::open(&pinned.take().unwrap(), &Default::default()).unwrap();
        let facts = viewer.facts();
        assert_eq!((facts.sample_rate_hz, facts.center_hz), (1e6, source.center_hz));
        // The pin holds at least what three pictures showed, and its spectrum has the same strongest line.
        let spectrum = viewer.spectrum(crate::view::SPECTRUM_POINTS, &crate::Unwatched).unwrap();
        let peak = spectrum.mean.iter().copied().fold(0.0, f64::max);
        let shown = peaks.borrow()[0];
        assert!((peak / shown).log10().abs() < 0.1, "{peak} {shown}");
    }

    /// The model's carrier is measured live as it is in a file, limits are judged, and a moment that is gone back to stands still.
    #[test]
    fn a_stream_is_measured_and_judged_and_can_be_gone_back_in() {
        let pack = LimitSet::built_in("tx-generic").unwrap();
        let (gauged, ends) = (RefCell::new(None), RefCell::new(Vec::new()));
        let mut asked = false;
        until("sim:pa-failing?rate=1M&pace=off", |news, asks| match news {
            News::Begun(_) => {
                asks.send(Ask::JudgeBy(vec![pack.clone()])).unwrap();
                false
            }
            News::Gauged(g) => {
                if !g.findings.is_empty() {
                    gauged.replace(Some(g));
                }
                gauged.borrow().is_some() && ends.borrow().len() >= 3
            }
            News::Moment(m) if gauged.borrow().is_some() => {
                if !asked {
                    asks.send(Ask::Back(Some(m.end - 100_000))).unwrap();
                    asked = true;
                } else if m.shown_end < m.end {
                    assert!(m.spectrum.is_some());
                    ends.borrow_mut().push((m.shown_end, m.end, m.waveform.first));
                }
                ends.borrow().len() >= 3
            }
            _ => false,
        })
        .unwrap();
        let gauged = gauged.take().unwrap();
        assert_eq!((gauged.measurement, gauged.error), ("spurs", None));
        assert!(gauged.findings.iter().any(|f| f.verdict == faultscope_diagnose::Verdict::Fail));
        assert!(gauged.readings.iter().any(|r| r.id == "carrier_level"));
        let ends = ends.take();
        // What comes goes on, what is shown does not move while it is kept, or moves on with what is kept.
        assert!(ends.windows(2).all(|w| w[1].1 > w[0].1 && w[1].0 >= w[0].0), "{ends:?}");
        assert!(ends.iter().all(|e| e.2 < e.0), "{ends:?}");
    }

    /// 30 readings a second are fewer than a transform takes in the time that faster sources are measured over.
    #[test]
    fn a_slow_source_is_measured_as_soon_as_a_spectrum_of_it_is() {
        until("sim:supply/supply-healthy?rate=30", |news, _| {
            let News::Gauged(gauged) = news else { return false };
            assert_eq!(gauged.error, None);
            let dc = gauged.readings.iter().find(|r| r.id == "dc").unwrap().value;
            // The plant of the scenario has 53.5 V within 2 %.
            assert!((dc - 53.5).abs() < 1.1, "{dc}");
            true
        })
        .unwrap();
    }

    #[test]
    fn a_source_that_is_no_stream_or_no_source_is_refused_with_a_way_out() {
        for address in ["sim:no-such-model", "nonsense://x", "sim:tinysa"] {
            let error = until(address, |_, _| true).unwrap_err();
            assert!(!error.hint.is_empty(), "{address}: {error:?}");
        }
    }

    #[test]
    fn pinning_before_anything_came_is_refused() {
        let info = StreamInfo {
            instrument: "x".into(),
            datatype: faultscope_capture::sigmf::Datatype::Cf32Le,
            sample_rate_hz: 1e6,
            center_hz: None,
            unit: Unit::FullScale,
            settings: String::new(),
            paced: false,
            nominal_rate: false,
        };
        let screen = Screen::new(&MonitorRequest::of("x"), &info);
        assert!(!screen.pin(Path::new("/nowhere")).unwrap_err().hint.is_empty());
        assert_eq!(screen.settings.fft, 4096);
        let slow = Screen::new(&MonitorRequest::of("x"), &StreamInfo { sample_rate_hz: 1000.0, ..info });
        assert_eq!(slow.settings.fft, 500);
    }
}
