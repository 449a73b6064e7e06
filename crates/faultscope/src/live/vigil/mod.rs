//! The verb "watch": rules on a live source; each event is kept with what came before and after it.

mod document;
mod keeper;
mod spoilt;

use std::time::{Duration, Instant};

use faultscope_capture::decode;
use faultscope_diagnose::Verdict;
use faultscope_instrument::driver::{self, Opened};
use faultscope_instrument::live::{Block, Live, Next, StreamInfo, StreamOptions};

pub use document::{Learn, Told, WatchDocument, WatchEvent, WatchLine, WatchRequest};
use keeper::Keeper;
use spoilt::Spoilt;

use super::envelope::Envelope;
use super::loss::Account;
use super::record::POLL;
use super::rule::{Guard, Rule, Window};
use super::{Ended, first_doubts};
use crate::{Class, Error, Watch};

/// Shortest window.
const SHORTEST: usize = 256;
/// Longest window, in frames: 16 Mi.
const LONGEST: f64 = 16_777_216.0;
/// Events that are listed at most.
const MOST_EVENTS: usize = 10_000;

/// Hears of events and losses while the watch runs; of an event it returns the case that it was attached to.
type Tell<'a> = dyn FnMut(Told<'_>) -> Result<Option<String>, Error> + 'a;

/// Watches a source; `tell` hears of every event as soon as its recording is complete and may attach it to a case,
/// whose id it returns, and of losses as they happen.
///
/// # Errors
/// When the source cannot be opened or a rule does not fit it.
pub fn watch(request: &WatchRequest, watcher: &dyn Watch, tell: &mut Tell<'_>) -> Result<WatchDocument, Error> {
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
    Ok(vigil.finish(&live, ended, error))
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
    next: u64,
    keeper: Keeper<'a>,
    account: Account,
    spoilt: Spoilt,
    scratch: Vec<f32>,
}

impl<'a> Vigil<'a> {
    fn begin(request: &'a WatchRequest, info: &StreamInfo) -> Result<Self, Error> {
        let frames = request.window_s * info.sample_rate_hz;
        if !(1.0..=LONGEST).contains(&frames) {
            let what = format!("a window of {} s is {frames:.0} samples", request.window_s);
            return Err(Error::usage(what, "choose --window so that it holds 256 to 16 million samples"));
        }
        let window_frames = (frames as usize).max(SHORTEST);
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
            not_judged: Vec::new(),
            invalid_windows: 0,
            verdict: Verdict::NotEvaluated,
            caveats: first_doubts(info),
            ended: Ended::Complete,
            error: None,
        };
        Ok(Self {
            request,
            info: info.clone(),
            guards: guards(request, info, window_frames)?,
            document,
            begun: Instant::now(),
            window: Vec::new(),
            window_start: 0,
            window_frames,
            next: 0,
            keeper: Keeper::new(request, info)?,
            account: Account::default(),
            spoilt: Spoilt::default(),
            scratch: Vec::new(),
        })
    }

    fn run(&mut self, live: &Live, watcher: &dyn Watch, tell: &mut Tell<'_>) -> (Ended, Option<Error>) {
        loop {
            if watcher.cancelled() {
                return (Ended::Interrupted, None);
            }
            let enough = self.request.most_events.is_some_and(|n| self.document.events.len() >= n);
            let over = self.request.duration_s.is_some_and(|s| self.begun.elapsed().as_secs_f64() >= s);
            if enough || over {
                return (Ended::Complete, None);
            }
            if let Err(error) = self.tell_losses(live, tell) {
                return (Ended::Storage, Some(error));
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

    fn tell_losses(&mut self, live: &Live, tell: &mut Tell<'_>) -> Result<(), Error> {
        let at_s = self.next as f64 / self.info.sample_rate_hz;
        match self.account.news(&live.losses(), at_s) {
            Some(notice) => tell(Told::Loss(&notice)).map(drop),
            None => Ok(()),
        }
    }

    fn take(&mut self, block: Block, live: &Live, tell: &mut Tell<'_>) -> Result<(), Error> {
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
        let start = block.start;
        self.keeper.take(block, live)?;
        self.fill(start, live)?;
        if self.keeper.is_over(self.next) {
            self.close_event(live, tell)?;
        }
        Ok(())
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
        let window = Window { values: &self.window, ..Window::like(&self.info) };
        self.document.windows += 1;
        let span = self.window_start..self.window_start + self.window_frames as u64;
        let spectral = self.guards.iter().any(|g| g.rule.is_spectral());
        let spoilt = spectral && self.spoilt.look(&window, &span, &live.losses())?;
        let mut broken = None;
        for guard in &mut self.guards {
            if spoilt && guard.rule.is_spectral() {
                continue;
            }
            if let Some(hit) = guard.judge(&window, self.request.threads)? {
                broken = broken.or(Some((guard.rule, hit)));
            }
        }
        let events = self.document.events.len();
        match broken {
            Some((rule, hit)) if !self.keeper.is_busy() && events < MOST_EVENTS => {
                self.keeper.open(events + 1, rule, hit, self.window_start + hit.frame as u64, live)
            }
            _ => Ok(()),
        }
    }

    fn close_event(&mut self, live: &Live, tell: &mut Tell<'_>) -> Result<(), Error> {
        let Some((mut event, doubt)) = self.keeper.close(self.next, live)? else { return Ok(()) };
        self.document.caveats.extend(doubt.filter(|d| !self.document.caveats.contains(d)));
        event.case = tell(Told::Event(&event))?;
        self.document.events.push(event);
        Ok(())
    }

    fn finish(self, live: &Live, ended: Ended, error: Option<Error>) -> WatchDocument {
        let mut document = self.document;
        let losses = live.losses();
        document.elapsed_s = self.begun.elapsed().as_secs_f64();
        document.lost_samples = losses.lost();
        document.not_judged = self.guards.iter().filter(|g| g.is_learning()).map(|g| g.rule.to_string()).collect();
        document.caveats.extend(losses.caveats());
        document.invalid_windows = self.spoilt.windows();
        document.caveats.extend(self.spoilt.caveats(document.windows));
        document.ended = ended;
        document.error = error.map(Into::into);
        document.verdict = document.judged();
        document
    }
}

/// The rules, with what `new-spur` learns from.
fn guards(request: &WatchRequest, info: &StreamInfo, window_frames: usize) -> Result<Vec<Guard>, Error> {
    let needed = request.rules.iter().any(|r| matches!(r, Rule::NewSpur(_)));
    let envelope = match &request.learn {
        Learn::File(file) if needed => Envelope::of_file(file, &Window::like(info), window_frames)?,
        Learn::File(file) => {
            let what = format!("no rule learns from the baseline {}", file.display());
            return Err(Error::usage(what, "add --rule new-spur:10"));
        }
        Learn::Seconds(seconds) => {
            let window_s = window_frames as f64 / info.sample_rate_hz;
            Envelope::learning((seconds / window_s).ceil() as u64)
        }
    };
    Ok(request.rules.iter().map(|rule| Guard::new(*rule, envelope.clone())).collect())
}
