//! A capture over what it is held against (another one, or the envelope of good units), the difference, and what differs.

use std::sync::Arc;

use eframe::egui;
use egui::{RichText, Ui};
use egui_plot::{HLine, Line, LineStyle, PlotBounds, VLine};
use faultscope_door::Error;
use faultscope_door::diagnose::Verdict;
use faultscope_door::diagnose::compare::Difference;
use faultscope_door::paper::{compact, frequency, plain, words};
use faultscope_door::signal::Unit;

use super::tables::{end, figure, table};
use super::{Cx, picture_switch, verdict_badge};
use crate::app::{Capture, Command, Compared, Plot};
use crate::plot;
use crate::words::Word;

/// The least that the difference is drawn from and to.
const LEAST_DB: f64 = 3.0;

/// What the comparison with the present baseline gave.
fn of<'a>(cx: &Cx<'_>, capture: &'a Capture) -> Option<&'a Result<Arc<Compared>, Error>> {
    let (baseline, compared) = capture.compared.as_ref()?;
    (cx.state.baseline.as_ref() == Some(baseline)).then_some(compared)
}

/// Draws the comparison of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    if capture.asked_baseline != state.baseline {
        cx.send(Command::Compare);
    }
    let compared = match of(cx, capture) {
        Some(Ok(compared)) => compared,
        other => {
            ui.horizontal(|ui| picture_switch(ui, cx));
            match other {
                Some(Err(error)) => {
                    ui.colored_label(cx.palette.failure(), &error.message);
                    ui.label(&error.hint);
                }
                _ => drop(ui.label(cx.text(Word::ComparisonWaiting))),
            }
            return;
        }
    };
    let all = &compared.curves.frequency_hz;
    let full = (all.first().copied().unwrap_or(0.0), all.last().copied().unwrap_or(1.0));
    let view = capture.spectrum_view.unwrap_or(full);
    ui.horizontal(|ui| {
        picture_switch(ui, cx);
        plot::buttons(ui, cx, Plot::Spectrum, view, full);
        if compared.judged {
            let fails = compared.comparison.differences_total > 0;
            verdict_badge(ui, cx, Some(if fails { Verdict::Fail } else { Verdict::Pass }));
        } else {
            // Cut where there is no room: a long line would widen the pictures beyond the panel.
            let text = RichText::new(cx.text(Word::ComparisonUnjudged)).color(cx.palette.soft);
            ui.add(egui::Label::new(text).truncate());
        }
    });
    let room = ui.available_size();
    ui.allocate_ui(egui::vec2(room.x, room.y * 0.6), |ui| levels(ui, cx, capture, compared, view, full));
    difference(ui, cx, capture, compared, view, full);
}

/// The points of a curve between two frequencies, decimated to the columns of the screen.
fn curve(compared: &Compared, db: impl Fn(usize) -> f64, view: (f64, f64), columns: usize) -> Vec<[f64; 2]> {
    let hz = &compared.curves.frequency_hz;
    let first = hz.partition_point(|f| *f < view.0).saturating_sub(1);
    let last = (hz.partition_point(|f| *f <= view.1) + 1).min(hz.len());
    plot::columns(|i| (hz.get(i).copied().unwrap_or(f64::NAN), db(i)), first..last.max(first), columns)
}

fn at(curve: &[f64], point: usize) -> f64 {
    curve.get(point).copied().unwrap_or(f64::NAN)
}

fn levels(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, compared: &Compared, view: (f64, f64), full: (f64, f64)) {
    let columns = ui.available_width().max(64.0) as usize;
    let c = &compared.curves;
    let finite = || c.median_db.iter().chain(&c.capture_db).copied().filter(|v| v.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, high) = if low < high { (low, high + 0.1 * (high - low)) } else { (-1.0, 1.0) };
    let palette = cx.palette;
    let drawn = [
        ("10 %", &c.low_db, palette.soft, 0.7),
        ("90 %", &c.high_db, palette.soft, 0.7),
        (cx.text(Word::Reference), &c.median_db, palette.traces[1], palette.stroke),
        (cx.text(Word::Present), &c.capture_db, palette.traces[0], palette.stroke),
    ]
    .map(|(name, db, colour, width)| {
        Line::new(name, curve(compared, |i| at(db, i), view, columns)).color(colour).width(width)
    });
    let mark = cx.state.mark;
    let shown = plot::over_frequency(cx, ("compared", capture.id), view)
        .custom_y_axes(vec![plot::axis_y(c.unit.symbol())])
        .legend(egui_plot::Legend::default())
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, low], [view.1, high]));
            plot::wheel(plot);
            drawn.into_iter().for_each(|line| plot.line(line));
            if let Some(hz) = mark {
                plot.vline(VLine::new("", hz).color(palette.selected).width(1.5));
            }
        });
    plot::follow(cx, Plot::Spectrum, &shown, view, full);
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Comparison), capture.name));
}

/// Capture less reference, with what differs marked.
fn difference(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    capture: &Capture,
    compared: &Compared,
    view: (f64, f64),
    full: (f64, f64),
) {
    let columns = ui.available_width().max(64.0) as usize;
    let c = &compared.curves;
    let change = |i: usize| at(&c.capture_db, i) - at(&c.median_db, i);
    let highest = (0..c.frequency_hz.len()).map(change).filter(|v| v.is_finite()).fold(LEAST_DB, |m, v| m.max(v.abs()));
    let line =
        Line::new("", curve(compared, change, view, columns)).color(cx.palette.traces[0]).width(cx.palette.stroke);
    let colour = if compared.judged { cx.palette.verdict(Verdict::Fail) } else { cx.palette.limit };
    let marks: Vec<f64> = compared.comparison.differences.iter().filter_map(|d| d.frequency_hz).collect();
    let palette = cx.palette;
    let shown = plot::over_frequency(cx, ("difference", capture.id), view)
        .custom_y_axes(vec![plot::axis_y(Unit::Db.symbol())])
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, -1.1 * highest], [view.1, 1.1 * highest]));
            plot::wheel(plot);
            plot.hline(HLine::new("", 0.0).color(palette.soft).style(LineStyle::dashed_loose()));
            for hz in marks {
                plot.vline(VLine::new("", hz).color(colour).width(1.5).style(LineStyle::dotted_dense()));
            }
            plot.line(line);
        });
    plot::follow(cx, Plot::Spectrum, &shown, view, full);
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Differences), capture.name));
}

/// The table of what differs, the largest first; a click marks the place in the pictures.
pub(crate) fn differences(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let Some(Ok(compared)) = of(cx, capture) else {
        ui.label(cx.text(Word::ComparisonWaiting));
        return;
    };
    let all = &compared.comparison.differences;
    if all.is_empty() {
        ui.label(cx.text(Word::NoDifferences));
        return;
    }
    let heads = [Word::Reading, Word::At, Word::Reference, Word::Present, Word::Change, Word::Chance];
    table(ui, cx, "differences", &heads, |ui, cx| all.iter().for_each(|d| row(ui, cx, d)));
}

fn row(ui: &mut Ui, cx: &mut Cx<'_>, d: &Difference) {
    let marked = d.frequency_hz.is_some() && cx.state.mark == d.frequency_hz;
    if ui.selectable_label(marked, words::reading(cx.lang(), &d.reading)).clicked() {
        cx.send(Command::Mark(if marked { None } else { d.frequency_hz }));
    }
    ui.label(d.frequency_hz.map_or_else(String::new, frequency));
    for value in [d.reference, d.value] {
        figure(ui, &value.map_or_else(|| "-".into(), |v| compact(v, d.unit)));
    }
    let change = if d.change.is_finite() { compact(d.change, d.unit.difference()) } else { "-".into() };
    figure(ui, &d.change_percent.map_or(change.clone(), |p| format!("{change} ({} %)", plain(p, 3))));
    figure(ui, &d.false_alarm_probability.map_or_else(String::new, |p| plain(p, 2)));
    end(ui);
}
