//! The verb "watch": rules on a live source; each event is kept with what came before and after it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use faultscope_capture::sigmf::{Annotation, Recorder};
use faultscope_capture::{Caveat, CaveatKind, decode};
use faultscope_instrument::driver::{self, Opened};
use faultscope_instrument::live::{Block, Live, Next, StreamInfo, StreamOptions};
use serde::{Deserialize, Serialize};

use super::record::POLL;
use super::rule::{Guard, Hit, Rule, Window};
use super::{Ended, first_doubts, recording, shown, storage};
use crate::result::InputError;
use crate::{Class, Error, Watch};

/// What to watch for.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchRequest {
    /// The source.
    pub address: String,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Folder of the recordings; nothing keeps none.
    pub folder: Option<PathBuf>,
    /// Seconds before an event that are kept.
    pub before_s: f64,
    /// Seconds after it.
    pub after_s: f64,
    /// Length of one window.
    pub window_s: f64,
    /// How long; nothing is until it is interrupted.
    pub duration_s: Option<f64>,
    /// Events after which it ends.
    pub most_events: Option<usize>,
    /// Bytes of recordings that are kept at most.
    pub keep_bytes: u64,
    /// How long a device that has gone is waited for.
    pub reconnect_s: f64,
    /// Bytes that wait in memory at most.
    pub ring_bytes: usize,
    /// Threads of one measurement.
    pub threads: usize,
}

/// What `watch` prints at its end.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WatchDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The source.
    pub address: String,
    /// Maker and model, as the device says.
    pub instrument: String,
    /// Frames looked at.
    pub samples: u64,
    /// How long that took by the clock.
    pub elapsed_s: f64,
    /// Frames per second of the source.
    pub sample_rate_hz: f64,
    /// Windows judged.
    pub windows: u64,
    /// What happened.
    pub events: Vec<WatchEvent>,
    /// Frames that were lost, as far as it is known.
    pub lost_samples: u64,
    /// Reasons to trust it less.
    pub caveats: Vec<Caveat>,
    /// How it ended.
    pub ended: Ended,
    /// What ended it early.
    pub error: Option<InputError>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WatchEvent {
    /// The rule.
    pub rule: String,
    /// From the start of the stream, by the source's clock.
    pub start_s: f64,
    /// The time of day.
    pub time: String,
    /// What was found.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The recording; empty when there was no room or none was asked for.
    pub files: Vec<String>,
    /// The case it was attached to.
    pub case: Option<String>,
}

impl WatchDocument {
    /// The exit code: an event is a `fail`, a loss makes silence doubtful.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.ended {
            Ended::DeviceGone => Class::Device.exit_code(),
            Ended::Storage => Class::Storage.exit_code(),
            Ended::Interrupted => Class::Interrupted.exit_code(),
            _ if !self.events.is_empty() => 1,
            _ if self.lost_samples > 0 => Class::Input.exit_code(),
            _ => 0,
        }
    }
}

/// Shortest window.
const SHORTEST: usize = 256;
/// Longest window, in frames: 16 Mi.
const LONGEST: f64 = 16_777_216.0;
/// Events that are listed at most.
const MOST_EVENTS: usize = 10_000;

/// Watches a source; `tell` hears of every event as soon as its recording is complete and may attach it to a case,
/// whose id it returns.
///
/// # Errors
/// When the source cannot be opened or a rule does not fit it.
pub fn watch(
    request: &WatchRequest,
    watcher: &dyn Watch,
    tell: &mut dyn FnMut(&WatchEvent) -> Result<Option<String>, Error>,
) -> Result<WatchDocument, Error> {
    if let Some(folder) = &request.folder {
        std::fs::create_dir_all(folder).map_err(|e| {
            let message = format!("cannot make the folder ({e}): {}", folder.display());
            Error::new(Class::Storage, "io", message, "name another with --output")
        })?;
    }
    let options = StreamOptions {
        ring_bytes: request.ring_bytes,
        reconnect: (request.reconnect_s > 0.0).then(|| Duration::from_secs_f64(request.reconnect_s)),
        wait_for_room: false,
    };
    let Opened::Stream(live) = driver::open(&request.address, options)? else {
        let hint = "use record for instruments that take single records";
        return Err(Error::usage(format!("{} is no live stream", request.address), hint));
    };
    let mut vigil = Vigil::begin(request, live.info())?;
    let (ended, error) = vigil.run(&live, watcher, tell);
    // An event whose time after it has not passed yet is kept as far as it goes.
    let (ended, error) = match vigil.close_event(&live, tell) {
        Err(trouble) if error.is_none() => (Ended::Storage, Some(trouble)),
        _ => (ended, error),
    };
    if let Some(error) = error.as_ref().filter(|e| e.class == Class::Usage) {
        return Err(error.clone());
    }
    let losses = live.losses();
    let mut document = vigil.document;
    document.elapsed_s = vigil.begun.elapsed().as_secs_f64();
    document.lost_samples = losses.lost();
    document.caveats.extend(losses.caveats());
    document.ended = ended;
    document.error = error.map(Into::into);
    Ok(document)
}

struct Vigil<'a> {
    request: &'a WatchRequest,
    info: StreamInfo,
    guards: Vec<Guard>,
    document: WatchDocument,
    begun: Instant,
    /// Numbers of the window under way, and the frame number of its first.
    window: Vec<f32>,
    window_start: u64,
    window_frames: usize,
    /// What came last, as stored.
    history: VecDeque<Block>,
    history_bytes: usize,
    keep_bytes: usize,
    next: u64,
    event: Option<Event>,
    stored: u64,
    scratch: Vec<f32>,
}

/// An event whose recording is under way.
struct Event {
    event: WatchEvent,
    recorder: Option<Recorder>,
    /// Frame number where it ends.
    until: u64,
    lost_before: u64,
}

impl<'a> Vigil<'a> {
    fn begin(request: &'a WatchRequest, info: &StreamInfo) -> Result<Self, Error> {
        let frames = request.window_s * info.sample_rate_hz;
        if !(1.0..=LONGEST).contains(&frames) {
            let what = format!("a window of {} s is {frames:.0} samples", request.window_s);
            return Err(Error::usage(what, "choose --window so that it holds 256 to 16 million samples"));
        }
        let kept = (request.before_s * info.sample_rate_hz) as usize * info.frame_bytes();
        if kept > request.ring_bytes {
            let what = format!("{} s before an event are {kept} bytes", request.before_s);
            return Err(Error::usage(what, "make --before shorter, or give the ring more room with --ring"));
        }
        let document = WatchDocument {
            schema: "faultscope/1".into(),
            command: "watch".into(),
            address: request.address.clone(),
            instrument: info.instrument.clone(),
            samples: 0,
            elapsed_s: 0.0,
            sample_rate_hz: info.sample_rate_hz,
            windows: 0,
            events: Vec::new(),
            lost_samples: 0,
            caveats: first_doubts(info),
            ended: Ended::Complete,
            error: None,
        };
        Ok(Self {
            request,
            info: info.clone(),
            guards: request.rules.iter().map(|r| Guard::new(*r)).collect(),
            document,
            begun: Instant::now(),
            window: Vec::new(),
            window_start: 0,
            window_frames: (frames as usize).max(SHORTEST),
            history: VecDeque::new(),
            history_bytes: 0,
            keep_bytes: kept,
            next: 0,
            event: None,
            stored: 0,
            scratch: Vec::new(),
        })
    }

    fn run(
        &mut self,
        live: &Live,
        watcher: &dyn Watch,
        tell: &mut dyn FnMut(&WatchEvent) -> Result<Option<String>, Error>,
    ) -> (Ended, Option<Error>) {
        loop {
            if watcher.cancelled() {
                return (Ended::Interrupted, None);
            }
            let enough = self.request.most_events.is_some_and(|n| self.document.events.len() >= n);
            let over = self.request.duration_s.is_some_and(|s| self.begun.elapsed().as_secs_f64() >= s);
            if enough || over {
                return (Ended::Complete, None);
            }
            let block = match live.next(POLL) {
                Ok(Next::Block(block)) => block,
                Ok(Next::Quiet) => continue,
                Ok(Next::End) => return (Ended::SourceEnded, None),
                Err(e) => return (Ended::DeviceGone, Some(e.into())),
            };
            watcher.advance((block.bytes.len() / self.info.frame_bytes()) as u64);
            if let Err(error) = self.take(block, live, tell) {
                return (Ended::Storage, Some(error));
            }
        }
    }

    fn take(
        &mut self,
        block: Block,
        live: &Live,
        tell: &mut dyn FnMut(&WatchEvent) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        let frames = (block.bytes.len() / self.info.frame_bytes()) as u64;
        if block.start != self.next {
            // A window must not reach over a gap.
            self.window.clear();
        }
        self.next = block.start + frames;
        self.document.samples += frames;
        let component = self.info.datatype.component();
        self.scratch.resize(block.bytes.len() / component.bytes(), 0.0);
        decode(component, &block.bytes, &mut self.scratch);
        if let Some(recorder) = self.event.as_mut().and_then(|e| e.recorder.as_mut()) {
            recorder.append(&block.bytes).map_err(storage)?;
        }
        let start = block.start;
        self.remember(block, live);
        self.fill(start, live)?;
        if self.event.as_ref().is_some_and(|e| self.next >= e.until) {
            self.close_event(live, tell)?;
        }
        Ok(())
    }

    fn remember(&mut self, block: Block, live: &Live) {
        self.history_bytes += block.bytes.len();
        self.history.push_back(block);
        while self.history.front().is_some_and(|b| self.history_bytes - b.bytes.len() >= self.keep_bytes) {
            let Some(old) = self.history.pop_front() else { break };
            self.history_bytes -= old.bytes.len();
            live.recycle(old);
        }
    }

    /// Puts the decoded block into windows and judges those that are full.
    fn fill(&mut self, start: u64, live: &Live) -> Result<(), Error> {
        let per = self.info.datatype.kind().components();
        let scratch = std::mem::take(&mut self.scratch);
        let mut at = 0;
        while at < scratch.len() {
            if self.window.is_empty() {
                self.window_start = start + (at / per) as u64;
            }
            let room = self.window_frames * per - self.window.len();
            let n = room.min(scratch.len() - at);
            self.window.extend_from_slice(&scratch[at..at + n]);
            at += n;
            if self.window.len() == self.window_frames * per {
                self.judge(live)?;
                self.window.clear();
            }
        }
        self.scratch = scratch;
        Ok(())
    }

    fn judge(&mut self, live: &Live) -> Result<(), Error> {
        let window = Window {
            values: &self.window,
            kind: self.info.datatype.kind(),
            unit: self.info.unit,
            sample_rate_hz: self.info.sample_rate_hz,
            center_hz: self.info.center_hz,
            full_scale: self.info.datatype.component().full_scale(),
        };
        self.document.windows += 1;
        let mut broken = None;
        for guard in &mut self.guards {
            if let Some(hit) = guard.judge(&window, self.request.threads)? {
                broken = broken.or(Some((guard.rule, hit)));
            }
        }
        match broken {
            Some((rule, hit)) if self.event.is_none() && self.document.events.len() < MOST_EVENTS => {
                self.open_event(rule, hit, live)
            }
            _ => Ok(()),
        }
    }

    fn open_event(&mut self, rule: Rule, hit: Hit, live: &Live) -> Result<(), Error> {
        let frame = self.window_start + hit.frame as u64;
        let after = (self.request.after_s * self.info.sample_rate_hz) as u64;
        let lost_before = live.losses().lost();
        let event = WatchEvent {
            rule: rule.to_string(),
            start_s: frame as f64 / self.info.sample_rate_hz,
            time: crate::now(),
            value: hit.value,
            unit: hit.unit.to_owned(),
            files: Vec::new(),
            case: None,
        };
        let recorder = self.recorder(frame, &event)?;
        self.event = Some(Event { event, recorder, until: frame + after, lost_before });
        Ok(())
    }

    /// Begins the recording of an event with what came before it, while there is room.
    fn recorder(&mut self, frame: u64, event: &WatchEvent) -> Result<Option<Recorder>, Error> {
        let Some(folder) = &self.request.folder else { return Ok(None) };
        let after = (self.request.after_s * self.info.sample_rate_hz) as u64 * self.info.frame_bytes() as u64;
        if self.stored + self.history_bytes as u64 + after > self.request.keep_bytes {
            return Ok(None);
        }
        let name =
            format!("event-{:04}-{}", self.document.events.len() + 1, event.rule.split(':').next().unwrap_or_default());
        let first = self.history.front().map_or(frame, |b| b.start);
        let mut recording = recording(&self.info, true)?;
        recording.datetime = Some(crate::now());
        recording.annotations.push(Annotation {
            sample_start: frame.saturating_sub(first),
            sample_count: Some(1),
            label: Some("event".into()),
            comment: Some(format!("{}: {} {}", event.rule, event.value, event.unit)),
            generator: Some("faultscope watch".into()),
            ..Annotation::default()
        });
        let mut recorder = Recorder::create(&folder.join(name), recording).map_err(storage)?;
        for block in &self.history {
            recorder.append(&block.bytes).map_err(storage)?;
        }
        Ok(Some(recorder))
    }

    fn close_event(
        &mut self,
        live: &Live,
        tell: &mut dyn FnMut(&WatchEvent) -> Result<Option<String>, Error>,
    ) -> Result<(), Error> {
        let Some(Event { mut event, recorder, until, lost_before }) = self.event.take() else { return Ok(()) };
        match recorder {
            Some(recorder) => {
                let lost = live.losses().lost().saturating_sub(lost_before);
                let detail = format!("{lost} samples were lost while it was recorded");
                let mut caveats = first_doubts(&self.info);
                caveats.extend((lost > 0).then(|| Caveat::new(CaveatKind::LostSamples, detail)));
                caveats.extend((self.next < until).then(|| {
                    let detail = "the watch ended before the time after the event had passed";
                    Caveat::new(CaveatKind::Truncated, detail)
                }));
                let done = recorder.finish(&caveats).map_err(storage)?;
                self.stored += done.bytes;
                event.files = vec![shown(&done.data), shown(&done.meta)];
            }
            None if self.request.folder.is_some() => {
                let detail = "there was no room for the recordings of later events (--keep)";
                if !self.document.caveats.iter().any(|c| c.detail == detail) {
                    self.document.caveats.push(Caveat::new(CaveatKind::Ignored, detail));
                }
            }
            None => {}
        }
        event.case = tell(&event)?;
        self.document.events.push(event);
        Ok(())
    }
}
