//! The verb "record": a source to files, such that whatever ends it leaves a valid recording that says so.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use faultscope_capture::sigmf::{self, Annotation, Recorder, Recording};
use faultscope_capture::{Caveat, CaveatKind, decode};
use faultscope_instrument::driver::{self, Acquire, Opened, Shot, Sweep, Trace};
use faultscope_instrument::live::{Block, Live, Losses, Next, StreamInfo, StreamOptions};
use faultscope_signal::Record as _;
use serde::{Deserialize, Serialize};

use super::history::History;
use super::loss::{Account, LossNotice};
use super::rule::{Rule, Window, trigger};
use super::{Ended, first_doubts, gap, recording, shown, storage};
use crate::result::InputError;
use crate::{Class, Error, Watch};

/// How long a recording lasts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// So many seconds.
    Seconds(f64),
    /// So many bytes of samples.
    Bytes(u64),
    /// Until it is interrupted.
    Interrupted,
}

/// What to record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordRequest {
    /// The source.
    pub address: String,
    /// Where to; the extension is chosen by what the source gives.
    pub output: PathBuf,
    /// How long.
    pub until: Until,
    /// Begin only when this happens.
    pub trigger: Option<Rule>,
    /// Seconds before the trigger that are kept.
    pub pre_trigger_s: f64,
    /// Replace files that are there.
    pub overwrite: bool,
    /// Bytes that wait in memory at most.
    pub ring_bytes: usize,
}

/// What `record` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The source.
    pub address: String,
    /// Maker and model, as the device says.
    pub instrument: String,
    /// The files, in the order written.
    pub files: Vec<String>,
    /// Frames (or points of a sweep) recorded.
    pub samples: u64,
    /// Their length.
    pub duration_s: f64,
    /// Frames per second; `null` for sweeps.
    pub sample_rate_hz: Option<f64>,
    /// Centre frequency.
    pub center_hz: Option<f64>,
    /// Frames that were lost, as far as it is known.
    pub lost_samples: u64,
    /// How it ended.
    pub ended: Ended,
    /// Reasons to trust the recording less; they are in its metadata too.
    pub caveats: Vec<Caveat>,
    /// What ended it early.
    pub error: Option<InputError>,
}

impl RecordDocument {
    fn new(address: &str, instrument: &str) -> Self {
        Self {
            schema: "faultscope/1".into(),
            command: "record".into(),
            address: address.to_owned(),
            instrument: instrument.to_owned(),
            files: Vec::new(),
            samples: 0,
            duration_s: 0.0,
            sample_rate_hz: None,
            center_hz: None,
            lost_samples: 0,
            ended: Ended::Complete,
            caveats: Vec::new(),
            error: None,
        }
    }

    /// The exit code: 0 when all that was asked for is there, whole; 3 when samples were lost.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.ended {
            Ended::DeviceGone => Class::Device.exit_code(),
            Ended::Storage => Class::Storage.exit_code(),
            Ended::Interrupted => Class::Interrupted.exit_code(),
            Ended::SourceEnded => Class::Input.exit_code(),
            Ended::Complete if self.caveats.iter().any(|c| c.kind == CaveatKind::LostSamples) => {
                Class::Input.exit_code()
            }
            Ended::Complete => 0,
        }
    }
}

/// How long to wait for a block before asking whether to stop.
pub(super) const POLL: Duration = Duration::from_millis(100);

/// Records a source; `tell` hears of losses as they happen.
///
/// # Errors
/// When the source cannot be opened or nothing could be written; what ends a recording that has begun is told inside it.
pub fn record(
    request: &RecordRequest,
    watcher: &dyn Watch,
    tell: &mut dyn FnMut(&LossNotice),
) -> Result<RecordDocument, Error> {
    if !(0.0..=3600.0).contains(&request.pre_trigger_s) {
        return Err(Error::usage("the time before the trigger must lie between 0 and 3600 s", "--pre-trigger 0.1"));
    }
    let options = StreamOptions { ring_bytes: request.ring_bytes, ..StreamOptions::default() };
    match driver::open(&request.address, options)? {
        Opened::Stream(live) => stream(request, &live, watcher, tell),
        Opened::Scope(mut scope) => shots(request, scope.as_mut()),
        Opened::Sweep(mut sweep) => swept(request, sweep.as_mut()),
    }
}

fn stream(
    request: &RecordRequest,
    live: &Live,
    watcher: &dyn Watch,
    tell: &mut dyn FnMut(&LossNotice),
) -> Result<RecordDocument, Error> {
    let info = live.info().clone();
    let mut taking = Taking::begin(request, &info)?;
    let (ended, error) = taking.run(live, watcher, tell);
    let mut document = RecordDocument::new(&request.address, &info.instrument);
    document.sample_rate_hz = Some(info.sample_rate_hz);
    document.center_hz = info.center_hz;
    document.ended = ended;
    let recorded = taking.recorder.frames();
    if recorded == 0 {
        return Err(error.unwrap_or_else(|| match ended {
            Ended::Interrupted => Error::interrupted(),
            _ => Error::new(Class::Device, "no_samples", "not one sample came, or the trigger never did", ""),
        }));
    }
    document.samples = recorded;
    document.duration_s = recorded as f64 / info.sample_rate_hz;
    let losses = live.losses();
    document.lost_samples = losses.lost().max(taking.lost);
    document.caveats = taking.caveats(&losses, ended.caveat(document.duration_s));
    let done = taking.recorder.finish(&document.caveats).map_err(storage)?;
    document.files = vec![shown(&done.data), shown(&done.meta)];
    document.error = error.map(Into::into);
    Ok(document)
}

/// A recording under way.
struct Taking {
    recorder: Recorder,
    info: StreamInfo,
    /// Frames that are wanted.
    wanted: u64,
    trigger: Option<Rule>,
    /// Blocks before the trigger.
    before: History,
    /// Frame number that would continue the recording.
    next: Option<u64>,
    /// Frames missing inside the recording.
    lost: u64,
    gaps: u64,
    values: Vec<f32>,
}

impl Taking {
    fn begin(request: &RecordRequest, info: &StreamInfo) -> Result<Self, Error> {
        let frame = info.frame_bytes() as u64;
        let wanted = match request.until {
            Until::Seconds(s) => (s * info.sample_rate_hz).round().max(1.0) as u64,
            Until::Bytes(bytes) => (bytes / frame).max(1),
            Until::Interrupted => u64::MAX,
        };
        let keep = (request.pre_trigger_s * info.sample_rate_hz) as usize * info.frame_bytes();
        if keep > request.ring_bytes {
            let what = format!("{} s before the trigger are {keep} bytes", request.pre_trigger_s);
            return Err(Error::usage(what, "make it shorter, or give the ring more room with --ring"));
        }
        let recorder = Recorder::create(&request.output, recording(info, request.overwrite)?).map_err(storage)?;
        Ok(Self {
            recorder,
            info: info.clone(),
            wanted,
            trigger: request.trigger,
            before: History::new(keep),
            next: None,
            lost: 0,
            gaps: 0,
            values: Vec::new(),
        })
    }

    fn run(&mut self, live: &Live, watcher: &dyn Watch, tell: &mut dyn FnMut(&LossNotice)) -> (Ended, Option<Error>) {
        let mut account = Account::default();
        let mut came = 0;
        while self.recorder.frames() < self.wanted {
            if watcher.cancelled() {
                return (Ended::Interrupted, None);
            }
            if let Some(notice) = account.news(&live.losses(), came as f64 / self.info.sample_rate_hz) {
                tell(&notice);
            }
            let block = match live.next(POLL) {
                Ok(Next::Block(block)) => block,
                Ok(Next::Quiet) => continue,
                Ok(Next::End) => return (Ended::SourceEnded, None),
                Err(e) => return (Ended::DeviceGone, Some(e.into())),
            };
            let frames = (block.bytes.len() / self.info.frame_bytes()) as u64;
            came = block.start + frames;
            watcher.advance(frames);
            if let Err(error) = self.take(block, live) {
                let ended = if error.class == Class::Storage { Ended::Storage } else { Ended::SourceEnded };
                return (ended, Some(error));
            }
        }
        (Ended::Complete, None)
    }

    fn take(&mut self, block: Block, live: &Live) -> Result<(), Error> {
        let Some(rule) = self.trigger else { return self.write(block, 0, live) };
        let frame = self.info.frame_bytes();
        let component = self.info.datatype.component();
        self.values.resize(block.bytes.len() / component.bytes(), 0.0);
        decode(component, &block.bytes, &mut self.values);
        let window = Window { values: &self.values, full_scale: None, ..Window::like(&self.info) };
        let Some(at) = trigger(rule, &window)? else {
            self.before.push(block, live);
            return Ok(());
        };
        self.trigger = None;
        let behind = self.before.bytes() + at * frame;
        let mut skip = behind.saturating_sub(self.before.most());
        let mark = (behind - skip) / frame;
        self.recorder.recording_mut().annotations.push(Annotation {
            sample_start: mark as u64,
            sample_count: Some(1),
            label: Some("trigger".into()),
            comment: Some(format!("trigger {rule}")),
            generator: Some("faultscope record".into()),
            ..Annotation::default()
        });
        for old in self.before.take() {
            let length = old.bytes.len();
            if skip < length {
                self.write(old, skip, live)?;
            }
            skip = skip.saturating_sub(length);
        }
        self.write(block, skip, live)
    }

    fn write(&mut self, block: Block, skip: usize, live: &Live) -> Result<(), Error> {
        let frame = self.info.frame_bytes();
        let start = block.start + (skip / frame) as u64;
        match self.next {
            None => self.recorder.recording_mut().datetime = Some(crate::now()),
            Some(next) if start > next => self.gap(start - next),
            Some(_) => {}
        }
        let left = usize::try_from(self.wanted - self.recorder.frames()).unwrap_or(usize::MAX);
        let bytes = block.bytes.get(skip..).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(left.saturating_mul(frame))];
        self.next = Some(start + (bytes.len() / frame) as u64);
        let written = self.recorder.append(bytes).map_err(storage);
        live.recycle(block);
        written
    }

    fn gap(&mut self, frames: u64) {
        let at = self.recorder.frames();
        self.lost += frames;
        self.gaps += 1;
        self.recorder.recording_mut().annotations.push(gap(at, frames, "faultscope record"));
    }

    fn caveats(&self, losses: &Losses, early: Option<Caveat>) -> Vec<Caveat> {
        let mut caveats = first_doubts(&self.info);
        caveats.extend(losses.caveats());
        if self.gaps > 0 && !losses.any() {
            let detail = format!("{} samples lost in {} gaps while recording", self.lost, self.gaps);
            caveats.push(Caveat::new(CaveatKind::LostSamples, detail));
        }
        caveats.extend(early);
        caveats
    }
}

/// Oscilloscope: one recording a channel.
fn shots(request: &RecordRequest, scope: &mut dyn Acquire) -> Result<RecordDocument, Error> {
    let shots = scope.acquire()?;
    let mut document = RecordDocument::new(&request.address, scope.identity());
    let several = shots.len() > 1;
    for shot in shots {
        let base = if several { suffixed(&request.output, &shot.name) } else { request.output.clone() };
        let (data, meta) = write_shot(&base, &shot, request.overwrite, scope.identity())?;
        document.files.extend([shown(&data), shown(&meta)]);
        document.samples += shot.waveform.frames();
        document.duration_s = shot.waveform.duration_s();
        document.sample_rate_hz = Some(shot.waveform.sample_rate_hz());
        document.caveats.extend(shot.caveats);
    }
    Ok(document)
}

/// Writes one channel's record.
pub(super) fn write_shot(
    base: &Path,
    shot: &Shot,
    overwrite: bool,
    identity: &str,
) -> Result<(PathBuf, PathBuf), Error> {
    let mut recording = Recording {
        hw: Some(identity.to_owned()),
        description: Some(format!("{} of an oscilloscope", shot.name)),
        datetime: Some(crate::now()),
        overwrite,
        ..Recording::of(&shot.waveform)
    };
    if let Some(t0) = shot.t0_s.filter(|t| t.is_finite()) {
        recording.extra.insert("faultscope:t0_s".into(), t0.into());
    }
    if !shot.caveats.is_empty() {
        recording.extra.insert("faultscope:caveats".into(), serde_json::to_value(&shot.caveats).unwrap_or_default());
    }
    sigmf::write(base, &shot.waveform, &recording).map_err(storage)
}

/// Spectrum analyser: the sweep as CSV, the screen as a picture.
fn swept(request: &RecordRequest, sweep: &mut dyn Sweep) -> Result<RecordDocument, Error> {
    let trace = sweep.sweep()?;
    let mut document = RecordDocument::new(&request.address, sweep.identity());
    document.files.push(shown(&write_sweep(&request.output, &trace, request.overwrite)?));
    document.samples = trace.level.len() as u64;
    match sweep.screen() {
        Ok(screen) => {
            let path = request.output.with_extension("png");
            let png = faultscope_report::picture::encode_png(screen.width as u32, screen.height as u32, &screen.rgb)
                .map_err(|e| Error::new(Class::Device, "protocol", e.to_string(), ""))?;
            put(&path, &png, request.overwrite)?;
            document.files.push(shown(&path));
        }
        // The sweep is what was asked for; the picture is a present.
        Err(e) => document.caveats.push(Caveat::new(CaveatKind::Ignored, format!("no picture of the screen: {e}"))),
    }
    Ok(document)
}

/// Writes a sweep as CSV.
pub(super) fn write_sweep(base: &Path, trace: &Trace, overwrite: bool) -> Result<PathBuf, Error> {
    let unit = trace.unit.to_ascii_lowercase();
    let mut text = format!("frequency_hz,level_{unit}\n");
    for (hz, level) in trace.frequency_hz.iter().zip(&trace.level) {
        text.push_str(&format!("{hz},{level}\n"));
    }
    let csv = base.with_extension("csv");
    put(&csv, text.as_bytes(), overwrite)?;
    Ok(csv)
}

fn put(path: &Path, bytes: &[u8], overwrite: bool) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(overwrite).truncate(overwrite).create_new(!overwrite);
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|e| {
        let message = format!("cannot write ({e}): {}", path.display());
        if e.kind() == std::io::ErrorKind::AlreadyExists {
            return Error::usage(message, "name another with --output, or replace what is there with --force");
        }
        Error::new(Class::Storage, "io", message, "make room, or name another folder")
    })
}

/// The same path with a channel's name in it.
pub(super) fn suffixed(path: &Path, name: &str) -> PathBuf {
    let stem = match path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).as_deref() {
        Some("sigmf-meta" | "sigmf-data" | "sigmf") => path.with_extension(""),
        _ => path.to_owned(),
    };
    let mut text = stem.into_os_string();
    text.push(format!("-{name}"));
    PathBuf::from(text)
}
