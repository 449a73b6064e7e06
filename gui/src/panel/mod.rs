//! The panels: each draws its part of the state and sends commands; none knows another.

pub(crate) mod answers;
pub(crate) mod captures;
pub(crate) mod case;
pub(crate) mod cause;
pub(crate) mod causes;
pub(crate) mod clocks;
pub(crate) mod comparison;
pub(crate) mod confirm;
pub(crate) mod devices;
pub(crate) mod empty;
pub(crate) mod folder;
pub(crate) mod guide;
pub(crate) mod help;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod live_table;
pub(crate) mod markers;
pub(crate) mod modulation;
pub(crate) mod packs;
pub(crate) mod results;
pub(crate) mod ripple;
pub(crate) mod rounds;
pub(crate) mod scale;
pub(crate) mod similar;
pub(crate) mod spectrum;
pub(crate) mod status;
pub(crate) mod steps;
pub(crate) mod tables;
pub(crate) mod top;
pub(crate) mod trend;
pub(crate) mod warning;
pub(crate) mod waterfall;
pub(crate) mod waveform;

use eframe::egui;
use egui::{Align2, Color32, FontId, Response, RichText, Sense, Ui, WidgetInfo};
use faultscope_door::diagnose::Verdict;
use faultscope_door::paper::{Lang, words};

use crate::app::{Capture, Command, Live, Picture, Shortcut, Stage, State};
use crate::theme::Palette;
use crate::words::Word;

/// What every panel is given: the state to draw, the colours, and a place for commands.
pub(crate) struct Cx<'a> {
    /// The state.
    pub(crate) state: &'a State,
    /// The colours.
    pub(crate) palette: &'static Palette,
    commands: &'a mut Vec<Command>,
}

impl<'a> Cx<'a> {
    /// A context for one frame.
    pub(crate) fn new(state: &'a State, commands: &'a mut Vec<Command>) -> Self {
        Self { state, palette: Palette::of(state.look), commands }
    }

    /// Asks for something.
    pub(crate) fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// The language.
    pub(crate) const fn lang(&self) -> Lang {
        self.state.lang
    }

    /// A text in the present language.
    pub(crate) const fn text(&self, word: Word) -> &'static str {
        word.text(self.state.lang)
    }

    /// A text and the keys that do the same.
    pub(crate) fn tip(&self, ui: &Ui, word: Word, shortcut: Shortcut) -> String {
        format!("{} ({})", self.text(word), ui.ctx().format_shortcut(&shortcut.keys()))
    }
}

/// A word on a coloured ground.
pub(crate) fn badge(ui: &mut Ui, text: &str, ground: Color32, letters: Color32) -> Response {
    let font = FontId::proportional(12.0);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font.clone(), letters);
    let size = galley.size() + egui::vec2(12.0, 4.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 4.0, ground);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font, letters);
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Label, true, text));
    response
}

/// A verdict on its colour; grey words when nothing was judged.
pub(crate) fn verdict_badge(ui: &mut Ui, cx: &Cx<'_>, verdict: Option<Verdict>) -> Response {
    match verdict {
        Some(v) => badge(ui, words::verdict(cx.lang(), v), cx.palette.verdict(v), cx.palette.on_badge),
        None => soft(ui, cx, cx.text(Word::NothingJudged)),
    }
}

/// How a live source stands, on its colour.
pub(crate) fn live_badge(ui: &mut Ui, cx: &Cx<'_>, live: &Live) -> Response {
    let (word, colour) = match &live.stage {
        Stage::Connecting => (Word::Connecting, cx.palette.soft),
        Stage::Running if live.is_silent() => (Word::Silent, cx.palette.failure()),
        Stage::Running if live.single.trouble.is_some() => (Word::ReadFailed, cx.palette.failure()),
        Stage::Running if live.single.reading => (Word::ReadingNow, cx.palette.carrier),
        Stage::Running if !live.is_stream() => (Word::DeviceReady, cx.palette.carrier),
        Stage::Running => (Word::Running, cx.palette.carrier),
        Stage::Ended => (Word::EndedLive, cx.palette.soft),
        Stage::Gone(_) => (Word::GoneLive, cx.palette.failure()),
    };
    badge(ui, cx.text(word), colour, cx.palette.on_badge)
}

/// The names of the pictures that share a place; the chosen one is marked.
pub(crate) fn picture_switch(ui: &mut Ui, cx: &mut Cx<'_>) {
    let (all, chosen) = (cx.state.pictures(), cx.state.picture());
    for picture in all {
        let word = match picture {
            Picture::Spectrum => Word::Spectrum,
            Picture::Waterfall => Word::Waterfall,
            Picture::Ripple => Word::Ripple,
            Picture::Modulation => Word::Modulation,
            Picture::Comparison => Word::Comparison,
            Picture::Trend => Word::Trend,
        };
        let tip = cx.tip(ui, Word::NextPicture, Shortcut::Picture);
        if ui.selectable_label(chosen == picture, cx.text(word)).on_hover_text(tip).clicked() {
            cx.send(Command::Look(picture));
        }
    }
}

/// An entry of a list that drops down; the list closes when it is taken, by pointer or by key.
pub(crate) fn choice(ui: &mut Ui, chosen: bool, text: impl Into<egui::WidgetText>) -> bool {
    let taken = ui.selectable_label(chosen, text.into()).clicked();
    if taken {
        ui.close();
    }
    taken
}

/// Says that a picture does not show all of the record yet.
pub(crate) fn glimpse(ui: &mut Ui, cx: &Cx<'_>, capture: &Capture) {
    if capture.glimpse {
        ui.colored_label(cx.palette.failure(), cx.text(Word::Glimpse));
    }
}

/// Less important words.
pub(crate) fn soft(ui: &mut Ui, cx: &Cx<'_>, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text).color(cx.palette.soft))
}

/// The title of a panel.
pub(crate) fn title(ui: &mut Ui, text: &str) -> Response {
    ui.label(RichText::new(text).strong().size(14.0))
}
