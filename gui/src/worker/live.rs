//! A live source: one thread that listens as long as it is connected, and leaves a picture out rather than a sample.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};

use faultscope_door::live::{Ended, Moment, MonitorRequest, News, Source, monitor};
use faultscope_door::view::Envelope;
use faultscope_door::{Class, Error};

use super::{Message, Progress, Voice};
use crate::plot::{Levels, heat};

/// What a live source has to say.
#[derive(Debug)]
pub(crate) enum LiveNews {
    /// It streams.
    Begun(Box<Source>),
    /// A picture.
    Frame(Box<LiveFrame>),
    /// The last seconds are in this file.
    Pinned(PathBuf),
    /// They could not be written.
    PinFailed(Error),
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
}

impl LiveFrame {
    fn of(moment: Moment) -> Self {
        let levels = moment.spectrum.as_ref().map(Levels::of);
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
        }
    }
}

/// The connection. Dropped, it is given up.
pub(super) struct Link {
    stop: Progress,
    pins: Sender<PathBuf>,
}

impl Link {
    /// Connects; news come as messages of that session.
    pub(super) fn connect(session: u64, address: &str, voice: Voice) -> Self {
        let (pins, paths) = channel();
        let stop = Progress::default();
        let request = MonitorRequest::of(address);
        let watch = stop.clone();
        let loud = voice.clone();
        let body = move || {
            let mut tell = |news: News| match news {
                News::Begun(source) => voice.say(Message::Live(session, LiveNews::Begun(Box::new(source)))),
                // The interface may be slow; the next picture is as good.
                News::Moment(moment) => {
                    voice.offer(Message::Live(session, LiveNews::Frame(Box::new(LiveFrame::of(*moment)))));
                }
                News::Pinned(path) => voice.say(Message::Live(session, LiveNews::Pinned(path))),
                News::PinFailed(error) => voice.say(Message::Live(session, LiveNews::PinFailed(error))),
            };
            let over = catch_unwind(AssertUnwindSafe(|| monitor(&request, &watch, &paths, &mut tell)));
            let over = over.unwrap_or_else(|_| {
                let hint = "this is a defect of faultscope; please report it with the address";
                Err(Error::new(Class::Device, "defect", "faultscope failed on this source", hint))
            });
            loud.say(Message::Live(session, LiveNews::Over(over)));
        };
        // Without a thread the news is that nothing comes: the view stays at "connecting" and can be left.
        let _ = std::thread::Builder::new().name("faultscope-live".into()).spawn(body);
        Self { stop, pins }
    }

    /// Asks for the last seconds in a file.
    pub(super) fn pin(&self, path: PathBuf) {
        let _ = self.pins.send(path);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
