//! The waterfall of a capture: levels over frequency and time, linked to the ranges of the spectrum and the waveform.

use eframe::egui;
use egui::{Id, Ui};
use egui_plot::{AxisHints, HLine, HoverPosition, PlotBounds};
use faultscope_door::paper::{compact, frequency};
use faultscope_door::signal::Unit;

use super::{Cx, picture_switch, soft};
use crate::app::{Capture, Command, Plot};
use crate::plot::{self, Still};
use crate::words::Word;

/// Rows of the picture: about as many as it is high.
const ROWS: usize = 512;
/// A picture that is this much coarser than it could be is drawn anew.
const COARSE: f64 = 2.0;

/// Draws the waterfall of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    let Some(overview) = &capture.overview else {
        ui.horizontal(|ui| picture_switch(ui, cx));
        let word = if capture.error.is_some() { Word::NoPictureFailed } else { Word::NoPicture };
        ui.label(cx.text(word));
        return;
    };
    let full_s = overview.range_s();
    let view_s = capture.waveform_view.unwrap_or(full_s);
    ask(cx, capture, view_s, full_s);
    let Some(still) = &capture.still else {
        ui.horizontal(|ui| picture_switch(ui, cx));
        ui.label(cx.text(Word::NoPicture));
        return;
    };
    let view_hz = capture.spectrum_view.unwrap_or(still.range_hz);
    ui.horizontal(|ui| {
        picture_switch(ui, cx);
        plot::buttons(ui, cx, Plot::Spectrum, view_hz, still.range_hz);
        let (low, high) = still.heat.range_db();
        soft(ui, cx, format!("{low:.0} .. {high:.0} {}", still.unit));
    });
    draw(ui, cx, capture, still, view_hz, view_s);
}

/// Asks for the picture of what is on the screen, when there is none or a much coarser one.
fn ask(cx: &mut Cx<'_>, capture: &Capture, view_s: (f64, f64), full_s: (f64, f64)) {
    let fine = capture.still.as_ref().is_some_and(|s| {
        let (from, to) = s.range_s;
        // The last row may end before the record does: less than a transform is left over.
        let slack = (to - from) * 0.05;
        let covers = from <= view_s.0 + slack && to >= view_s.1 - slack;
        covers && (to - from) <= (view_s.1 - view_s.0) * COARSE
    });
    if fine {
        return;
    }
    let half = (view_s.1 - view_s.0) / 4.0;
    let wanted = ((view_s.0 - half).max(full_s.0), (view_s.1 + half).min(full_s.1));
    cx.send(Command::DrawWaterfall(wanted, ROWS));
}

fn draw(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, still: &Still, view_hz: (f64, f64), view_s: (f64, f64)) {
    let texture = still.heat.texture(ui.ctx(), Id::unique("waterfall"), capture.still_id);
    let (factor, prefix) = plot::prefix(view_s.0.abs().max(view_s.1.abs()));
    // Time runs downwards, as it does on paper: heights are negative times.
    let axis = AxisHints::new_y()
        .label(format!("{} ({prefix}s)", cx.text(Word::Time)))
        .formatter(move |mark, _| plot::tick(-mark.value, mark.step_size, factor));
    let (cursor, selected) = (capture.cursor_s, cx.palette.selected);
    let shown = plot::over_frequency(cx, ("waterfall", capture.id), view_hz)
        .custom_y_axes(vec![axis])
        .label_formatter(|at| Some(hover(at)))
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view_hz.0, -view_s.1], [view_hz.1, -view_s.0]));
            plot::wheel(plot);
            let heights = (-still.range_s.0, -still.range_s.1);
            still.heat.images(texture, still.range_hz, heights).into_iter().for_each(|image| plot.image(image));
            if let Some(t) = cursor {
                plot.hline(HLine::new("", -t).color(selected).width(1.5));
            }
            plot.pointer_coordinate()
        });
    if let Some(at) = shown.inner.filter(|_| shown.response.clicked()) {
        cx.send(Command::Cursor(Some(-at.y)));
    }
    plot::follow(cx, Plot::Spectrum, &shown, view_hz, still.range_hz);
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Waterfall), capture.name));
}

fn hover(at: &HoverPosition<'_>) -> String {
    let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
    format!("{}\n{}", frequency(position.x), compact(-position.y, Unit::Second))
}
