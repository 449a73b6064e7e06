//! The app: takes messages in, draws the panels, applies the commands they sent.

mod apply;
mod command;
mod keys;
mod layout;
mod live;
mod receive;
mod state;

use eframe::egui;

pub(crate) use command::{Command, Field, Plot};
pub(crate) use keys::Shortcut;
pub(crate) use live::{Live, Stage};
pub(crate) use state::{Capture, CaptureId, Job, Notice, Source, State, Tab, applies};

use crate::worker::Workers;
use crate::{Start, fonts, theme};

/// How often the progress of work is drawn.
const BEAT: std::time::Duration = std::time::Duration::from_millis(100);

/// The desktop app.
pub struct App {
    state: State,
    workers: Workers,
}

impl App {
    /// Makes the app and begins to open what `start` names.
    #[must_use]
    pub fn new(context: &egui::Context, start: Start) -> Self {
        let chinese = fonts::install(context);
        theme::apply(context, start.look);
        let wake = context.clone();
        let mut app =
            Self { state: State::new(&start, chinese), workers: Workers::start(move || wake.request_repaint()) };
        let open = start.captures.iter().map(|name| Command::Open(crate::start::source(name)));
        let live = start.connect.clone().map(Command::Connect);
        app.apply(context, std::iter::once(Command::ListCases).chain(open).chain(live).collect());
        app
    }

    /// One frame: messages in, panels out, commands applied.
    pub fn frame(&mut self, ui: &mut egui::Ui) {
        self.receive(ui.ctx());
        let mut commands = keys::pressed(ui.ctx(), &self.state);
        commands.extend(dropped(ui.ctx()));
        layout::show(ui, &self.state, &mut commands);
        self.apply(ui.ctx(), commands);
        if !self.state.jobs.is_empty() {
            ui.ctx().request_repaint_after(BEAT);
        }
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
    }
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
