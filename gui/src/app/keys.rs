//! The keys: one table for what they do, for the tooltips, and for the help.

use eframe::egui;
use egui::{Key, KeyboardShortcut, Modifiers};

use super::{CaseCommand, Command, Screen, State};
use crate::words::Word;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    /// Put the cursor into the path field.
    Path,
    /// Open the samples.
    Samples,
    /// Close the capture.
    Close,
    /// The next capture.
    Next,
    /// The previous capture.
    Previous,
    /// Show the next picture.
    Picture,
    /// Let the live pictures stand still, or go on.
    Pause,
    /// Pin the last seconds of the live source.
    Pin,
    /// Put the cursor into the title of a new case.
    NewCase,
    /// Attach the capture.
    Attach,
    /// Write the report.
    Report,
    /// Show the whole case, or go back to the captures.
    Case,
    /// Stop all work.
    Cancel,
    /// The other language.
    Language,
    /// The next theme.
    Theme,
    /// Show the keys.
    Help,
}

const CTRL: Modifiers = Modifiers::COMMAND;

impl Shortcut {
    /// All of them, in the order of the help.
    pub(crate) const ALL: [Self; 16] = [
        Self::Path,
        Self::Samples,
        Self::Close,
        Self::Next,
        Self::Previous,
        Self::Picture,
        Self::Pause,
        Self::Pin,
        Self::NewCase,
        Self::Attach,
        Self::Report,
        Self::Case,
        Self::Cancel,
        Self::Language,
        Self::Theme,
        Self::Help,
    ];

    /// The keys.
    pub(crate) const fn keys(self) -> KeyboardShortcut {
        match self {
            Self::Path => KeyboardShortcut::new(CTRL, Key::O),
            Self::Samples => KeyboardShortcut::new(CTRL, Key::D),
            Self::Close => KeyboardShortcut::new(CTRL, Key::W),
            Self::Next => KeyboardShortcut::new(CTRL, Key::PageDown),
            Self::Previous => KeyboardShortcut::new(CTRL, Key::PageUp),
            Self::Picture => KeyboardShortcut::new(CTRL, Key::G),
            Self::Pause => KeyboardShortcut::new(CTRL, Key::Space),
            Self::Pin => KeyboardShortcut::new(CTRL, Key::P),
            Self::NewCase => KeyboardShortcut::new(CTRL, Key::N),
            Self::Attach => KeyboardShortcut::new(CTRL, Key::Enter),
            Self::Report => KeyboardShortcut::new(CTRL, Key::R),
            Self::Case => KeyboardShortcut::new(CTRL, Key::K),
            Self::Cancel => KeyboardShortcut::new(Modifiers::NONE, Key::Escape),
            Self::Language => KeyboardShortcut::new(CTRL, Key::L),
            Self::Theme => KeyboardShortcut::new(CTRL, Key::T),
            Self::Help => KeyboardShortcut::new(Modifiers::NONE, Key::F1),
        }
    }

    /// What it does, in words.
    pub(crate) const fn word(self) -> Word {
        match self {
            Self::Path => Word::FocusPath,
            Self::Samples => Word::SamplesTip,
            Self::Close => Word::CloseCapture,
            Self::Next => Word::NextCapture,
            Self::Previous => Word::PreviousCapture,
            Self::Picture => Word::NextPicture,
            Self::Pause => Word::Pause,
            Self::Pin => Word::PinTip,
            Self::NewCase => Word::CaseNewTip,
            Self::Attach => Word::CaseAttachTip,
            Self::Report => Word::CaseReportTip,
            Self::Case => Word::CaseWholeTip,
            Self::Cancel => Word::Cancel,
            Self::Language => Word::Language,
            Self::Theme => Word::Theme,
            Self::Help => Word::HelpTip,
        }
    }

    /// The command, where it makes sense at this moment.
    fn command(self, state: &State) -> Option<Command> {
        use faultscope_door::paper::Lang;

        match self {
            Self::Path => Some(Command::FocusPath),
            Self::Samples => Some(Command::OpenSamples),
            Self::Close => state.present.map(Command::Close),
            Self::Next => Some(Command::Step(1)),
            Self::Previous => Some(Command::Step(-1)),
            Self::Picture => state.present.map(|_| Command::Look(state.next_picture())),
            Self::Pause => state.live.as_ref().filter(|l| l.is_open()).map(|l| Command::Pause(!l.paused)),
            Self::Pin => state.live.as_ref().filter(|l| l.can_pin()).map(|_| Command::Pin),
            Self::NewCase => Some(Command::Case(CaseCommand::Begin)),
            Self::Attach => state.can_attach().then_some(Command::Attach),
            Self::Report => state.desk.case.is_some().then_some(Command::Case(CaseCommand::Report)),
            Self::Case => state.desk.case.is_some().then(|| match state.screen() {
                Screen::Case => Command::GoBack,
                _ => Command::Turn(Screen::Case),
            }),
            Self::Cancel if state.help => Some(Command::Help(false)),
            Self::Cancel => (!state.jobs.is_empty()).then_some(Command::CancelAll),
            Self::Language => Some(Command::Speak(if state.lang == Lang::En { Lang::ZhCn } else { Lang::En })),
            Self::Theme => Some(Command::Wear(state.look.next())),
            Self::Help => Some(Command::Help(!state.help)),
        }
    }
}

/// The commands of the keys pressed since the last frame.
pub(super) fn pressed(context: &egui::Context, state: &State) -> Vec<Command> {
    let hit = |s: &Shortcut| context.input_mut(|input| input.consume_shortcut(&s.keys()));
    Shortcut::ALL.into_iter().filter(hit).filter_map(|s| s.command(state)).collect()
}
