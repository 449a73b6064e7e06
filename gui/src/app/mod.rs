//! The app: takes messages in, draws the panels, applies the commands they sent.

mod apply;
mod capture;
mod command;
pub(crate) mod devices;
mod dossier;
mod guide;
mod keys;
mod layout;
mod live;
pub(crate) mod modulation;
mod receive;
mod rounds;
pub(crate) mod single;
mod state;
mod step;
mod table;

use std::time::{Duration, Instant};

use eframe::egui;

pub(crate) use capture::{Baseline, Capture, CaptureId, Compared, Source};
pub(crate) use command::{Command, Field, Plot};
pub(crate) use dossier::{Answering, CaseCommand, Entry};
pub(crate) use keys::Shortcut;
pub(crate) use live::{Live, Stage};
pub(crate) use rounds::{RoundCommand, raises};
pub(crate) use state::{Draft, Guide, Job, Notice, Pack, Picture, Screen, State, Tab, TrendOf, applies};
pub(crate) use step::{Blank, Step, Stepping};
pub(crate) use table::{Judged, Row};

use faultscope_door::session::Session;

use crate::worker::{KeepJob, Workers};
use crate::{Start, fonts, theme};

/// How often the progress of work is drawn.
const BEAT: Duration = Duration::from_millis(100);
/// How often the clocks of the open case are read.
const CLOCKS: Duration = Duration::from_secs(20);

/// The desktop app.
pub struct App {
    state: State,
    workers: Workers,
    /// The session as last kept.
    kept: Session,
    /// When the clocks of the open case were last read.
    read: Instant,
}

impl App {
    /// Makes the app and begins to open what `start` names.
    #[must_use]
    pub fn new(context: &egui::Context, mut start: Start) -> Self {
        let chinese = fonts::install(context);
        theme::apply(context, start.look);
        let wake = context.clone();
        let before = if start.is_empty() { Session::load(start.store.as_deref()) } else { None };
        let before = before.unwrap_or_default();
        if start.limits.is_empty() {
            start.limits.clone_from(&before.limits);
        }
        let mut app = Self {
            state: State::new(&start, chinese),
            workers: Workers::start(move || wake.request_repaint()),
            kept: Session::default(),
            read: Instant::now(),
        };
        let commands = std::iter::once(Command::ListCases).chain(begin(&start)).chain(again(&before));
        app.apply(context, commands.collect());
        app
    }

    /// One frame: messages in, panels out, commands applied.
    pub fn frame(&mut self, ui: &mut egui::Ui) {
        self.receive(ui.ctx());
        let mut commands = keys::pressed(ui.ctx(), &self.state);
        commands.extend(dropped(ui.ctx()));
        commands.extend(self.tick(ui.ctx()));
        layout::show(ui, &self.state, &mut commands);
        self.apply(ui.ctx(), commands);
        if !self.state.jobs.is_empty() {
            ui.ctx().request_repaint_after(BEAT);
        }
    }

    /// Clocks run: the open case is read again from time to time.
    fn tick(&mut self, context: &egui::Context) -> Option<Command> {
        self.state.desk.case.as_ref()?;
        context.request_repaint_after(CLOCKS);
        let due = self.read.elapsed() >= CLOCKS;
        due.then(|| {
            self.read = Instant::now();
            Command::Case(CaseCommand::Refresh)
        })
    }

    fn receive(&mut self, context: &egui::Context) {
        while let Some(message) = self.workers.poll() {
            // What follows is applied at once: the next message may rest on it.
            let follow = receive::take(&mut self.state, message);
            self.apply(context, follow);
        }
    }

    fn apply(&mut self, context: &egui::Context, commands: Vec<Command>) {
        for command in commands {
            apply::apply(&mut self.state, &mut self.workers, context, command);
        }
        self.keep();
    }

    /// Keeps what is open as soon as it changes: a crash must find it kept.
    fn keep(&mut self) {
        let session = self.state.session();
        if session != self.kept {
            self.kept = session.clone();
            self.workers.keep(KeepJob { store: self.state.desk.store.clone(), session });
        }
    }
}

/// What the command line asks to open.
fn begin(start: &Start) -> Vec<Command> {
    let open = start.captures.iter().map(|name| Command::Open(crate::start::source(name)));
    let case = start.case.clone().map(|id| Command::Case(CaseCommand::Show(id)));
    open.chain(start.connect.clone().map(Command::Connect)).chain(case).collect()
}

/// What was open the last time.
fn again(before: &Session) -> Vec<Command> {
    let mut commands: Vec<Command> =
        before.captures.iter().map(|name| Command::Open(crate::start::source(name))).collect();
    let back = |present: usize| before.captures.len().saturating_sub(1).saturating_sub(present);
    commands.extend(before.present.map(|p| Command::Step(-isize::try_from(back(p)).unwrap_or(0))));
    commands.extend(before.live.clone().map(Command::OfferLive));
    commands.push(Command::Devices(devices::Ask::Remember(before.recent.clone())));
    commands.extend(before.case.clone().map(|id| Command::Case(CaseCommand::Show(id))));
    commands
}

/// Files dropped onto the window.
fn dropped(context: &egui::Context) -> Vec<Command> {
    let files = context.input(|input| input.raw.dropped_files.clone());
    files.iter().map(|file| Command::Open(Source::File(file.path().to_owned()))).collect()
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.frame(ui);
    }
}
