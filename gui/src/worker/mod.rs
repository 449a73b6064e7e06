//! The workers: named threads with bounded channels; jobs go in, messages come out, and every message asks for a repaint.

mod capture;
mod desk;
mod lane;
mod live;
mod progress;
mod rounds;
mod step;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, PoisonError};

use eframe::egui::ColorImage;
use faultscope_door::cases::{Case, LibraryHit, Summary, UnitTrend, Verification};
use faultscope_door::check::{CheckDocument, Plan};
use faultscope_door::diagnose::LimitSet;
use faultscope_door::live::DeviceInfo;
use faultscope_door::paper::Lang;
use faultscope_door::rounds::{InspectionSummary, RoundPoint};
use faultscope_door::session::Session;
use faultscope_door::trend::Trend;
use faultscope_door::view::{Envelope, Facts, ModulationView, Viewer};
use faultscope_door::{CaptureResult, Error, Request};

pub(crate) use desk::{DeskJob, DeskTask, Folder};
pub(crate) use live::{LiveFrame, LiveNews};
pub(crate) use progress::Progress;

use crate::app::{Baseline, CaptureId, Compared, Source, TrendOf};
use crate::plot::{Density, Levels, Still};
use lane::Lane;

/// Messages that may wait for the interface; a worker that is further ahead waits.
const ROOM: usize = 64;

/// Number of a job.
pub(crate) type JobId = u64;

/// Work on one capture.
#[derive(Debug)]
pub(crate) enum CaptureJob {
    /// Open and draw; what it is decides how it is measured.
    Open {
        /// Which.
        id: CaptureId,
        /// From where.
        source: Source,
    },
    /// Measure and judge.
    Measure {
        /// Which.
        id: CaptureId,
        /// Its file.
        path: PathBuf,
        /// By which measurement; by what it is when not given.
        by: Option<&'static str>,
        /// How to judge it.
        request: Box<Request>,
    },
    /// Draw the spectrum in another resolution.
    Resolve {
        /// Which.
        id: CaptureId,
        /// The open capture.
        viewer: Arc<Viewer>,
        /// Points of the transform.
        points: usize,
    },
    /// Draw how often each level occurred.
    Persistence {
        /// Which.
        id: CaptureId,
        /// The open capture.
        viewer: Arc<Viewer>,
    },
    /// Draw what was measured of its modulation.
    Modulation {
        /// Which.
        id: CaptureId,
        /// The open capture.
        viewer: Arc<Viewer>,
        /// What was measured.
        result: Arc<CaptureResult>,
    },
    /// Hold it against another capture or a reference.
    Compare {
        /// Which.
        id: CaptureId,
        /// Its file.
        path: PathBuf,
        /// The other file.
        other: PathBuf,
        /// By which measurement.
        by: Option<&'static str>,
        /// What the other one is.
        baseline: Baseline,
    },
    /// Follow every reading over several results.
    Trend {
        /// What they are of.
        of: TrendOf,
        /// Their measurement.
        measurement: &'static str,
        /// The results.
        results: Vec<Arc<CaptureResult>>,
        /// The limits ahead.
        packs: Vec<LimitSet>,
    },
    /// Run a check plan over captures in their roles.
    Check {
        /// The plan.
        plan: Arc<Plan>,
        /// Role and file of each capture.
        given: Vec<(String, PathBuf)>,
        /// Language of the findings.
        lang: Lang,
        /// Comes back with the answer.
        round: u64,
    },
    /// Write the captures of the worked example.
    Samples,
}

/// A stretch of a waveform to draw.
#[derive(Debug)]
pub(crate) struct ZoomJob {
    /// Which capture.
    pub(crate) id: CaptureId,
    /// The open capture.
    pub(crate) viewer: Arc<Viewer>,
    /// From and to, in seconds.
    pub(crate) range_s: (f64, f64),
    /// Columns of the picture.
    pub(crate) columns: usize,
}

/// A waterfall to draw.
#[derive(Debug)]
pub(crate) struct StillJob {
    /// Which capture.
    pub(crate) id: CaptureId,
    /// The open capture.
    pub(crate) viewer: Arc<Viewer>,
    /// From and to, in seconds.
    pub(crate) range_s: (f64, f64),
    /// Rows of the picture at most.
    pub(crate) rows: usize,
}

/// What is open, to be kept for the next start.
#[derive(Debug)]
pub(crate) struct KeepJob {
    /// Folder of the store; the default one when not given.
    pub(crate) store: Option<String>,
    /// What is open.
    pub(crate) session: Session,
}

/// What a worker has to say.
#[derive(Debug)]
pub(crate) enum Message {
    /// A capture is open.
    Opened(CaptureId, PathBuf, Arc<Viewer>, Facts),
    /// A long one was looked at here and there; the whole is on its way.
    Glimpsed(CaptureId, Envelope, Box<Levels>),
    /// Its overview is drawn.
    Drawn(CaptureId, Envelope, Box<Levels>),
    /// Its spectrum is drawn in another resolution.
    Resolved(CaptureId, Box<Levels>),
    /// It is measured; nothing when no measurement fits.
    Measured(CaptureId, Option<Box<CaptureResult>>),
    /// A stretch of its waveform is drawn.
    Zoomed(CaptureId, Envelope),
    /// Its waterfall is drawn.
    Waterfall(CaptureId, Box<Still>),
    /// Its persistence is drawn.
    Persistence(CaptureId, Box<Density>),
    /// What was measured of its modulation is drawn, or cannot be.
    Modulation(CaptureId, Arc<CaptureResult>, Result<Box<ModulationView>, Error>),
    /// It was held against a baseline, or could not be.
    Compared(CaptureId, Baseline, Result<Box<Compared>, Error>),
    /// The readings of several results were followed.
    Trend(TrendOf, Box<Trend>),
    /// A check plan was run.
    Checked(u64, Result<Box<CheckDocument>, Error>),
    /// It could not be opened, drawn or measured.
    Failed(CaptureId, Error),
    /// What can be connected to.
    Devices(Vec<DeviceInfo>),
    /// The samples are written.
    Samples(Result<Vec<PathBuf>, Error>),
    /// The cases of the store.
    Cases(PathBuf, Vec<Summary>),
    /// A case was opened.
    Case(Box<Folder>),
    /// The same as it stands now.
    Refreshed(Box<Folder>),
    /// Nothing has happened to it, but its clocks have run.
    Ticked(Box<Case>),
    /// A step of it was written down.
    Stepped(Box<Folder>),
    /// A capture was attached.
    Attached(Box<Folder>, String),
    /// A bundle was written.
    Bundle(PathBuf),
    /// The points of the rounds in use, the next to fall due first.
    Rounds(Result<Vec<RoundPoint>, Error>),
    /// What was found at a point.
    History(String, Vec<InspectionSummary>),
    /// What was recorded at a point, if anything could be measured, and how the points stand since.
    Inspected(Option<Box<InspectionSummary>>, Vec<RoundPoint>),
    /// A case was raised.
    Raised(Box<Folder>),
    /// Early warnings of all units.
    Warnings(Vec<UnitTrend>),
    /// What is on the screen, for a case, with the name of the capture on it.
    Screen(String, String, Arc<ColorImage>),
    /// A case was proved, or not.
    Verified(Box<Verification>),
    /// Closed cases that resemble a capture, by which of its results.
    Similar(CaptureId, usize, Result<Vec<LibraryHit>, Error>),
    /// A report was written.
    Report(PathBuf),
    /// The store said no.
    DeskFailed(Error),
    /// What a live source has to say, and in which session.
    Live(u64, LiveNews),
    /// A job is over, whatever came of it.
    Over(JobId),
}

/// Speaks to the interface: every message wakes it.
#[derive(Clone)]
pub(crate) struct Voice {
    sender: SyncSender<Message>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Voice {
    fn say(&self, message: Message) {
        // An interface that is gone needs no answer.
        if self.sender.send(message).is_ok() {
            (self.wake)();
        }
    }

    /// Says it where there is room; who is in a hurry does not wait.
    fn offer(&self, message: Message) {
        if self.sender.try_send(message).is_ok() {
            (self.wake)();
        }
    }
}

/// The workers and their channels.
pub(crate) struct Workers {
    captures: Lane<CaptureJob>,
    zoom: Lane<ZoomJob>,
    waterfall: Lane<StillJob>,
    desk: Lane<DeskJob>,
    sessions: Lane<KeepJob>,
    devices: Lane<()>,
    live: Option<live::Link>,
    /// The connection before, which may still hold its device.
    left: Option<live::Left>,
    voice: Voice,
    messages: Receiver<Message>,
    /// From the interface to itself: it must not wait for room.
    asides: (Sender<Message>, Receiver<Message>),
    scratch: Arc<capture::Temporary>,
    next: JobId,
}

impl Workers {
    /// Starts the threads; `wake` is called after every message.
    pub(crate) fn start(wake: impl Fn() + Send + Sync + 'static) -> Self {
        let (sender, messages) = sync_channel(ROOM);
        let voice = Voice { sender, wake: Arc::new(wake) };
        let scratch = Arc::new(capture::Temporary::default());
        let own = Arc::clone(&scratch);
        Self {
            captures: Lane::start("captures", voice.clone(), move |job, progress, voice| {
                capture::work(job, progress, voice, &own);
            }),
            zoom: Lane::start("zoom", voice.clone(), capture::zoom),
            waterfall: Lane::start("waterfall", voice.clone(), capture::waterfall),
            desk: Lane::start("cases", voice.clone(), desk::work),
            sessions: Lane::start("session", voice.clone(), |job: KeepJob, _, _| {
                // A session that cannot be kept is no reason to disturb: everything else works.
                let _ = job.session.save(job.store.as_deref());
            }),
            devices: Lane::start("devices", voice.clone(), |(), progress, voice| {
                progress.begin(0);
                voice.say(Message::Devices(faultscope_door::live::devices().devices));
            }),
            live: None,
            left: None,
            voice,
            messages,
            asides: channel(),
            scratch,
            next: 0,
        }
    }

    fn number(&mut self) -> (JobId, Progress) {
        self.next += 1;
        (self.next, Progress::default())
    }

    /// Work on a capture.
    pub(crate) fn capture(&mut self, job: CaptureJob) -> (JobId, Progress) {
        let (id, progress) = self.number();
        self.captures.push(id, progress.clone(), job);
        (id, progress)
    }

    /// A picture of a stretch; what waited for the same worker is not wanted any more.
    pub(crate) fn zoom(&mut self, job: ZoomJob) {
        let (id, progress) = self.number();
        self.zoom.replace(id, progress, job);
    }

    /// A waterfall; what waited for the same worker is not wanted any more.
    pub(crate) fn waterfall(&mut self, job: StillJob) -> (JobId, Progress) {
        let (id, progress) = self.number();
        self.waterfall.replace(id, progress.clone(), job);
        (id, progress)
    }

    /// Work on the store.
    pub(crate) fn desk(&mut self, job: DeskJob) -> (JobId, Progress) {
        let (id, progress) = self.number();
        self.desk.push(id, progress.clone(), job);
        (id, progress)
    }

    /// Keeps what is open; only the latest counts.
    pub(crate) fn keep(&mut self, job: KeepJob) {
        let (id, progress) = self.number();
        self.sessions.replace(id, progress, job);
    }

    /// What takes in the picture of the screen, for a case, with the name of the capture on it.
    pub(crate) fn screen(&self, case: String, name: String) -> impl FnOnce(Arc<ColorImage>) + Send + 'static {
        let (sender, wake) = (self.asides.0.clone(), Arc::clone(&self.voice.wake));
        move |image| {
            // An interface that is gone needs no picture.
            if sender.send(Message::Screen(case, name, image)).is_ok() {
                wake();
            }
        }
    }

    /// Looks for what can be connected to.
    pub(crate) fn look(&mut self) -> (JobId, Progress) {
        let (id, progress) = self.number();
        self.devices.push(id, progress.clone(), ());
        (id, progress)
    }

    /// Connects to a live source, in place of the one before.
    pub(crate) fn connect(&mut self, session: u64, address: &str) {
        self.disconnect();
        self.live = Some(live::Link::connect(session, address, self.left.take(), self.voice.clone()));
    }

    /// Gives the live source up.
    pub(crate) fn disconnect(&mut self) {
        if let Some(link) = self.live.take() {
            self.left = link.leave();
        }
    }

    /// Asks the live source to write its last seconds.
    pub(crate) fn pin(&self, path: PathBuf) {
        self.live.iter().for_each(|link| link.pin(path.clone()));
    }

    /// Lets the live pictures show what came before a frame, or what comes now.
    pub(crate) fn back(&self, frame: Option<u64>) {
        self.live.iter().for_each(|link| link.back(frame));
    }

    /// Takes one record of the live source.
    pub(crate) fn read(&self) {
        self.live.iter().for_each(live::Link::read);
    }

    /// Takes one record of the live source after another, or no longer.
    pub(crate) fn read_on(&self, on: bool) {
        self.live.iter().for_each(|link| link.read_on(on));
    }

    /// Shows another channel of the live source.
    pub(crate) fn channel(&self, channel: usize) {
        self.live.iter().for_each(|link| link.channel(channel));
    }

    /// Lets the live measurements be judged by these packs.
    pub(crate) fn judge_by(&self, packs: &[LimitSet]) {
        self.live.iter().for_each(|link| link.judge_by(packs.to_vec()));
    }

    /// The next message, if there is one; also hands waiting jobs on.
    pub(crate) fn poll(&mut self) -> Option<Message> {
        self.captures.pump();
        self.zoom.pump();
        self.waterfall.pump();
        self.desk.pump();
        self.sessions.pump();
        self.devices.pump();
        let replaced = self.zoom.replaced().or_else(|| self.waterfall.replaced()).or_else(|| self.sessions.replaced());
        let own = || self.asides.1.try_recv().ok();
        replaced.map(Message::Over).or_else(own).or_else(|| self.messages.try_recv().ok())
    }
}

impl Drop for Workers {
    /// Simulated captures go away with the app; a thread that is at work ends with the process.
    fn drop(&mut self) {
        drop(self.scratch.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
