//! What is kept of a watch: the last blocks in memory, and the recordings of events in bounded room on disk.

use faultscope_capture::sigmf::{Annotation, Recorder};
use faultscope_capture::{Caveat, CaveatKind};
use faultscope_diagnose::Verdict;
use faultscope_instrument::live::{Block, Live, StreamInfo};

use super::super::history::History;
use super::super::rule::{Hit, Rule};
use super::super::{first_doubts, recording, shown, storage};
use super::{WatchEvent, WatchRequest};
use crate::Error;

/// Keeps what came before an event, and records the event under way.
pub(super) struct Keeper<'a> {
    request: &'a WatchRequest,
    info: StreamInfo,
    history: History,
    event: Option<Event>,
    stored: u64,
}

/// An event whose recording is under way.
struct Event {
    event: WatchEvent,
    recorder: Option<Recorder>,
    /// Frame number where it ends.
    until: u64,
    lost_before: u64,
    /// Frames missing without a place; nothing for rules that a break in the samples does not deceive.
    missing_before: Option<u64>,
}

impl<'a> Keeper<'a> {
    /// Keeps so much before an event as the request says.
    ///
    /// # Errors
    /// When that is more than the ring may hold.
    pub(super) fn new(request: &'a WatchRequest, info: &StreamInfo) -> Result<Self, Error> {
        let kept = (request.before_s * info.sample_rate_hz) as usize * info.frame_bytes();
        if kept > request.ring_bytes {
            let what = format!("{} s before an event are {kept} bytes", request.before_s);
            return Err(Error::usage(what, "make --before shorter, or give the ring more room with --ring"));
        }
        Ok(Self { request, info: info.clone(), history: History::new(kept), event: None, stored: 0 })
    }

    /// Whether an event is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.event.is_some()
    }

    /// Whether the time after the event has passed when the frame `next` is due.
    pub(super) fn is_over(&self, next: u64) -> bool {
        self.event.as_ref().is_some_and(|e| next >= e.until)
    }

    /// Takes a block: into the recording under way, and for what may come.
    ///
    /// # Errors
    /// When the recording cannot be written.
    pub(super) fn take(&mut self, block: Block, live: &Live) -> Result<(), Error> {
        if let Some(recorder) = self.event.as_mut().and_then(|e| e.recorder.as_mut()) {
            recorder.append(&block.bytes).map_err(storage)?;
        }
        self.history.push(block, live);
        Ok(())
    }

    /// Begins the `number`th event, at a frame of the stream.
    ///
    /// # Errors
    /// When its recording cannot be begun.
    pub(super) fn open(&mut self, number: usize, rule: Rule, hit: Hit, frame: u64, live: &Live) -> Result<(), Error> {
        let after = (self.request.after_s * self.info.sample_rate_hz) as u64;
        let losses = live.losses();
        let lost_before = losses.lost();
        let missing_before = rule.is_spectral().then_some(losses.missing.least);
        let event = WatchEvent {
            rule: rule.to_string(),
            start_s: frame as f64 / self.info.sample_rate_hz,
            time: crate::now(),
            value: hit.value,
            unit: hit.unit.to_owned(),
            frequency_hz: hit.frequency_hz,
            files: Vec::new(),
            case: None,
            verdict: Verdict::Fail,
        };
        let recorder = self.recorder(number, frame, &event)?;
        self.event = Some(Event { event, recorder, until: frame + after, lost_before, missing_before });
        Ok(())
    }

    /// Begins the recording of an event with what came before it, while there is room.
    fn recorder(&self, number: usize, frame: u64, event: &WatchEvent) -> Result<Option<Recorder>, Error> {
        let Some(folder) = &self.request.folder else { return Ok(None) };
        let after = (self.request.after_s * self.info.sample_rate_hz) as u64 * self.info.frame_bytes() as u64;
        if self.stored + self.history.bytes() as u64 + after > self.request.keep_bytes {
            return Ok(None);
        }
        let name = format!("event-{number:04}-{}", event.rule.split(':').next().unwrap_or_default());
        let first = self.history.blocks().next().map_or(frame, |b| b.start);
        let mut recording = recording(&self.info, true)?;
        recording.datetime = Some(crate::now());
        let place = event.frequency_hz.map_or_else(String::new, |hz| format!(" at {hz:.1} Hz"));
        recording.annotations.push(Annotation {
            sample_start: frame.saturating_sub(first),
            sample_count: Some(1),
            label: Some("event".into()),
            comment: Some(format!("{}: {} {}{place}", event.rule, event.value, event.unit)),
            generator: Some("faultscope watch".into()),
            ..Annotation::default()
        });
        let mut recorder = Recorder::create(&folder.join(name), recording).map_err(storage)?;
        for block in self.history.blocks() {
            recorder.append(&block.bytes).map_err(storage)?;
        }
        Ok(Some(recorder))
    }

    /// Ends the event under way, when the frame `next` is due: the event with its files, and a caveat of the watch where
    /// there was no room for them.
    ///
    /// # Errors
    /// When the recording cannot be completed.
    pub(super) fn close(&mut self, next: u64, live: &Live) -> Result<Option<(WatchEvent, Option<Caveat>)>, Error> {
        let Some(Event { mut event, recorder, until, lost_before, missing_before }) = self.event.take() else {
            return Ok(None);
        };
        // The clock tells of a loss half a second after it: the line may be the break that it made.
        if missing_before.is_some_and(|before| live.losses().missing.least > before) {
            event.verdict = Verdict::Invalid;
        }
        let Some(recorder) = recorder else {
            let detail = "there was no room for the recordings of later events (--keep)";
            let no_room = self.request.folder.as_ref().map(|_| Caveat::new(CaveatKind::Ignored, detail));
            return Ok(Some((event, no_room)));
        };
        let lost = live.losses().lost().saturating_sub(lost_before);
        let detail = format!("{lost} samples were lost while it was recorded");
        let mut caveats = first_doubts(&self.info);
        caveats.extend((lost > 0).then(|| Caveat::new(CaveatKind::LostSamples, detail)));
        caveats.extend((next < until).then(|| {
            let detail = "the watch ended before the time after the event had passed";
            Caveat::new(CaveatKind::Truncated, detail)
        }));
        let done = recorder.finish(&caveats).map_err(storage)?;
        self.stored += done.bytes;
        event.files = vec![shown(&done.data), shown(&done.meta)];
        Ok(Some((event, None)))
    }
}
