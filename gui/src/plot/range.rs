//! The range along the bottom of a picture: moved and zoomed by mouse and by buttons, kept in the state.

use eframe::egui;
use egui::Ui;
use egui_plot::{PlotResponse, PlotUi};

use crate::app::{Command, Plot};
use crate::panel::Cx;
use crate::words::Word;

/// Part of a range that a step to the side moves.
const STEP: f64 = 0.25;
/// Factor of a step of zoom.
const FACTOR: f64 = 2.0;

/// The range, zoomed about its centre (above zero: closer) and moved by parts of its width; never beyond `full`.
fn zoomed((a, b): (f64, f64), full: (f64, f64), closer: i32, aside: f64) -> Option<(f64, f64)> {
    let centre = f64::midpoint(a, b) + (b - a) * aside;
    let width = (b - a) * FACTOR.powi(-closer);
    cut((centre - width / 2.0, centre + width / 2.0), full)
}

/// The range within the bounds of the whole; nothing when it is the whole.
fn cut((a, b): (f64, f64), full: (f64, f64)) -> Option<(f64, f64)> {
    let whole = full.1 - full.0;
    let width = (b - a).clamp(whole * 1e-9, whole);
    if !(width.is_finite() && a.is_finite()) || width >= whole * 0.999_999 {
        return None;
    }
    let start = a.clamp(full.0, full.1 - width);
    Some((start, start + width))
}

/// The buttons that do by keyboard what the mouse does in the picture.
pub(crate) fn buttons(ui: &mut Ui, cx: &mut Cx<'_>, plot: Plot, view: (f64, f64), full: (f64, f64)) {
    let name = cx.text(if plot == Plot::Waveform { Word::Waveform } else { Word::Spectrum });
    let mut button = |ui: &mut Ui, sign: &str, word: Word, to: Option<(f64, f64)>| {
        let label = format!("{}: {}", name, cx.text(word));
        let response = ui.small_button(sign).on_hover_text(cx.text(word)).accessible_name(label);
        if response.clicked() {
            cx.send(Command::View(plot, to));
        }
    };
    button(ui, "<", Word::MoveLeft, zoomed(view, full, 0, -STEP));
    button(ui, ">", Word::MoveRight, zoomed(view, full, 0, STEP));
    button(ui, "+", Word::ZoomIn, zoomed(view, full, 1, 0.0));
    button(ui, "-", Word::ZoomOut, zoomed(view, full, -1, 0.0));
    button(ui, "1:1", Word::ShowAll, None);
}

/// Zooms by the wheel about the pointer; called while the picture is drawn.
pub(crate) fn wheel(plot: &mut PlotUi<'_>) {
    let turned = plot.ctx().input(|i| i.smooth_scroll_delta.y);
    if turned != 0.0 && plot.response().hovered() {
        plot.zoom_bounds_around_hovered(egui::vec2((turned / 200.0).exp(), 1.0));
    }
}

/// Tells the state what the mouse has done to the range.
pub(crate) fn follow<R>(cx: &mut Cx<'_>, plot: Plot, shown: &PlotResponse<R>, view: (f64, f64), full: (f64, f64)) {
    if shown.response.double_clicked() {
        cx.send(Command::View(plot, None));
        return;
    }
    let bounds = shown.transform.bounds();
    let now = (bounds.min()[0], bounds.max()[0]);
    let slack = (view.1 - view.0) * 1e-6;
    if (now.0 - view.0).abs() > slack || (now.1 - view.1).abs() > slack {
        cx.send(Command::View(plot, cut(now, full)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_never_leaves_the_whole() {
        let full = (0.0, 100.0);
        assert_eq!(zoomed(full, full, 1, 0.0), Some((25.0, 75.0)));
        assert_eq!(zoomed((25.0, 75.0), full, -1, 0.0), None);
        assert_eq!(zoomed((0.0, 50.0), full, 0, -0.25), Some((0.0, 50.0)));
        assert_eq!(zoomed((50.0, 100.0), full, 0, 0.25), Some((50.0, 100.0)));
        assert_eq!(zoomed((0.0, 40.0), full, 0, 0.25), Some((10.0, 50.0)));
        assert_eq!(cut((f64::NAN, 5.0), full), None);
        let mut view = full;
        for _ in 0..100 {
            view = zoomed(view, full, 1, 0.0).unwrap();
        }
        assert!(view.1 > view.0 && view.0 >= 0.0 && view.1 <= 100.0);
    }
}
