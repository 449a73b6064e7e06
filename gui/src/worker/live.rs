//! A live source: one thread that listens as long as it is connected, and leaves a picture out rather than a sample.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use faultscope_door::diagnose::LimitSet;
use faultscope_door::live::{Ask, Ended, Flow, Gauged, Moment, MonitorRequest, News, Source, monitor};
use faultscope_door::view::Envelope;
use faultscope_door::{Class, Error, Watch as _};

use super::{Message, Progress, Voice};
use crate::plot::{Levels, heat};

/// What a live source has to say.
#[derive(Debug)]
pub(crate) enum LiveNews {
    /// It streams.
    Begun(Box<Source>),
    /// A picture.
    Frame(Box<LiveFrame>),
    /// Its last samples, measured.
    Gauged(Box<Gauged>),
    /// The last seconds are in this file.
    Pinned(PathBuf),
    /// They could not be written.
    PinFailed(Error),
    /// A record could not be read; the next one is tried all the same.
    ReadFailed(Error),
    /// It is over.
    Over(Result<Ended, Error>),
}

/// A picture of a live source, ready to be drawn.
#[derive(Debug, Clone)]
pub(crate) struct LiveFrame {
    /// Levels of this beat.
    pub(crate) levels: Option<Levels>,
    /// The highest ones for the waterfall.
    pub(crate) row: Vec<f32>,
    /// The samples of this beat.
    pub(crate) waveform: Envelope,
    /// Frames since the start.
    pub(crate) samples: u64,
    /// Seconds without a sample.
    pub(crate) quiet_s: f64,
    /// Share of values at full scale.
    pub(crate) clipped: f64,
    /// Frames lost.
    pub(crate) lost_samples: u64,
    /// Gaps.
    pub(crate) gaps: u64,
    /// Seconds that a pin keeps.
    pub(crate) kept_s: f64,
    /// The frame after the last one that is shown, and after the last that came.
    pub(crate) shown_end: u64,
    pub(crate) end: u64,
}

impl LiveFrame {
    fn of(moment: Moment) -> Self {
        let levels = moment.spectrum.as_ref().map(Levels::of).or_else(|| moment.sweep.as_ref().map(Levels::of_swept));
        let levels = levels.map(|mut levels| {
            // One sweep is its own highest.
            if levels.max_db.is_empty() {
                levels.max_db.clone_from(&levels.db);
            }
            levels
        });
        Self {
            row: levels.as_ref().map(|l| heat::row(&l.max_db)).unwrap_or_default(),
            levels,
            waveform: moment.waveform,
            samples: moment.samples,
            quiet_s: moment.quiet_s,
            clipped: moment.clipped,
            lost_samples: moment.lost_samples,
            gaps: moment.gaps,
            kept_s: moment.kept_s,
            shown_end: moment.shown_end,
            end: moment.end,
        }
    }
}

/// The connection. Dropped, it is given up.
pub(super) struct Link {
    stop: Progress,
    asks: Sender<Ask>,
    /// The device without its settings.
    place: String,
    thread: Option<JoinHandle<()>>,
}

/// A connection that was given up: its thread may still hold the device, in the middle of a read.
pub(super) struct Left {
    place: String,
    thread: JoinHandle<()>,
}

/// How often it is looked whether a device has been let go.
const LET_GO: Duration = Duration::from_millis(20);

impl Link {
    /// Connects, once a connection to the same device before has let it go; news come as messages of that session.
    pub(super) fn connect(session: u64, address: &str, before: Option<Left>, voice: Voice) -> Self {
        let place = address.split('?').next().unwrap_or_default().to_owned();
        let before = before.filter(|left| left.place == place);
        let (asks, asked) = channel();
        let stop = Progress::default();
        let request = MonitorRequest::of(address);
        let watch = stop.clone();
        let loud = voice.clone();
        let body = move || {
            while before.as_ref().is_some_and(|left| !left.thread.is_finished()) && !watch.cancelled() {
                std::thread::sleep(LET_GO);
            }
            let mut flow = Flow::Stream;
            let mut tell = |news: News| match news {
                News::Begun(source) => {
                    flow = source.flow;
                    voice.say(Message::Live(session, LiveNews::Begun(Box::new(source))));
                }
                // A record that was asked for is waited for.
                News::Moment(moment) if flow != Flow::Stream => {
                    voice.say(Message::Live(session, LiveNews::Frame(Box::new(LiveFrame::of(*moment)))));
                }
                News::Gauged(gauged) if flow != Flow::Stream => {
                    voice.say(Message::Live(session, LiveNews::Gauged(gauged)));
                }
                News::ReadFailed(error) => voice.say(Message::Live(session, LiveNews::ReadFailed(error))),
                // The interface may be slow; the next picture is as good.
                News::Moment(moment) => {
                    voice.offer(Message::Live(session, LiveNews::Frame(Box::new(LiveFrame::of(*moment)))));
                }
                // The next figures are as good, too.
                News::Gauged(gauged) => voice.offer(Message::Live(session, LiveNews::Gauged(gauged))),
                News::Pinned(path) => voice.say(Message::Live(session, LiveNews::Pinned(path))),
                News::PinFailed(error) => voice.say(Message::Live(session, LiveNews::PinFailed(error))),
            };
            let over = catch_unwind(AssertUnwindSafe(|| monitor(&request, &watch, &asked, &mut tell)));
            let over = over.unwrap_or_else(|_| {
                let hint = "this is a defect of faultscope; please report it with the address";
                Err(Error::new(Class::Device, "defect", "faultscope failed on this source", hint))
            });
            loud.say(Message::Live(session, LiveNews::Over(over)));
        };
        // Without a thread the news is that nothing comes: the view stays at "connecting" and can be left.
        let thread = std::thread::Builder::new().name("faultscope-live".into()).spawn(body).ok();
        Self { stop, asks, place, thread }
    }

    /// Gives it up.
    pub(super) fn leave(mut self) -> Option<Left> {
        self.stop.cancel();
        Some(Left { place: std::mem::take(&mut self.place), thread: self.thread.take()? })
    }

    /// Asks for the last seconds in a file.
    pub(super) fn pin(&self, path: PathBuf) {
        let _ = self.asks.send(Ask::Pin(path));
    }

    /// Shows what came before a frame, or what comes now.
    pub(super) fn back(&self, frame: Option<u64>) {
        let _ = self.asks.send(Ask::Back(frame));
    }

    /// Takes one record.
    pub(super) fn read(&self) {
        let _ = self.asks.send(Ask::Read);
    }

    /// Takes one record after another, or no longer.
    pub(super) fn read_on(&self, on: bool) {
        let _ = self.asks.send(Ask::ReadOn(on));
    }

    /// Shows another channel.
    pub(super) fn channel(&self, channel: usize) {
        let _ = self.asks.send(Ask::Channel(channel));
    }

    /// Judges by these packs from now on.
    pub(super) fn judge_by(&self, packs: Vec<LimitSet>) {
        let _ = self.asks.send(Ask::JudgeBy(packs));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Connects to what is not there, behind a thread that holds `place` until it is let go; whether it waited for that.
    fn waits(place: &str) -> bool {
        let (sender, messages) = sync_channel(8);
        let let_go = Arc::new(AtomicBool::new(false));
        let held = Arc::clone(&let_go);
        let thread = std::thread::spawn(move || {
            while !held.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let before = Left { place: place.to_owned(), thread };
        let _link = Link::connect(1, "sim:nobody?rate=1M", Some(before), Voice { sender, wake: Arc::new(|| {}) });
        let early = messages.recv_timeout(Duration::from_millis(200)).is_ok();
        let_go.store(true, Ordering::Relaxed);
        if !early {
            let late = messages.recv_timeout(Duration::from_secs(20));
            assert!(matches!(late, Ok(Message::Live(1, LiveNews::Over(Err(_))))), "{late:?}");
        }
        !early
    }

    #[test]
    fn a_device_is_connected_to_once_the_connection_before_has_let_it_go() {
        assert!(waits("sim:nobody"));
        assert!(!waits("sim:somebody-else"), "another device is no reason to wait");
    }
}
