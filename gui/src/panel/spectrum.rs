//! The spectrum with the carrier, the lines found and the limit; lines that fail are red.

use eframe::egui;
use egui::{Align2, Color32, Id, RichText, Ui};
use egui_plot::{HoverPosition, Line, LineStyle, MarkerShape, PlotBounds, PlotPoint, PlotUi, Points, Text, VLine};
use faultscope_door::CaptureResult;
use faultscope_door::diagnose::{Finding, Verdict};
use faultscope_door::paper::picture::{LimitLine, Side};
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::view::{Piece, limit_lines, pieces};

use super::{Cx, glimpse, markers, picture_switch, scale};
use crate::app::{Capture, Command, Plot};
use crate::plot::{self, Levels};
use crate::theme::Palette;
use crate::words::Word;

/// Lines that carry their name; the rest are only marked.
const NAMED: usize = 8;

/// A line to be marked.
struct Mark {
    hz: f64,
    db: f64,
    label: String,
    colour: Color32,
    heavy: bool,
}

/// Draws the spectrum of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    let Some(levels) = &capture.levels else {
        ui.horizontal(|ui| picture_switch(ui, cx));
        let word = if capture.error.is_some() { Word::NoPictureFailed } else { Word::NoPicture };
        ui.label(cx.text(word));
        return;
    };
    let full = levels.range_hz();
    let view = capture.spectrum_view.unwrap_or(full);
    ui.horizontal_wrapped(|ui| {
        picture_switch(ui, cx);
        plot::buttons(ui, cx, Plot::Spectrum, view, full);
        scale::show(ui, cx, capture, levels, view, full);
        glimpse(ui, cx, capture);
    });
    markers::show(ui, cx, capture, levels, view);
    if state.persistence && !capture.asked_density {
        cx.send(Command::DrawPersistence);
    }
    let mut marks = capture.result.as_ref().map(|r| marks(cx, r, levels)).unwrap_or_default();
    let room = ui.available_size();
    let pixel = (
        (view.1 - view.0) / f64::from(room.x).max(64.0),
        (levels.top_db - levels.bottom_db) / f64::from(room.y).max(64.0),
    );
    thin(&mut marks, pixel);
    draw(ui, cx, capture, levels, &marks, view, full);
}

fn draw(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    capture: &Capture,
    levels: &Levels,
    marks: &[Mark],
    view: (f64, f64),
    full: (f64, f64),
) {
    let unit = levels.unit;
    let columns = ui.available_width().max(64.0) as usize;
    let curve = |db: &[f64]| {
        plot::columns(|i| (levels.hz(i), db.get(i).copied().unwrap_or(f64::NAN)), levels.points(view), columns)
    };
    let (max, min) = cx.state.holds;
    let held = [(max, &levels.max_db), (min, &levels.min_db)].map(|(on, db)| (on && !db.is_empty()).then(|| curve(db)));
    let points = curve(&levels.db);
    let markers = capture.markers.map(|hz| hz.and_then(|hz| Some([hz, levels.at(hz)?])));
    // Names this near the left edge would be cut off if they were centred.
    let left = view.0 + (view.1 - view.0) * 40.0 / columns as f64;
    let lang = cx.lang();
    let limits = capture.result.as_ref().map_or_else(Vec::new, |r| limit_lines(r, full, unit, lang));
    let pieces = capture.result.as_ref().map_or_else(Vec::new, |r| pieces(r, unit));
    let density = capture.density.as_ref().filter(|_| cx.state.persistence);
    let under = density.map(|d| (d, d.heat.texture(ui.ctx(), Id::unique("persistence"), capture.density_id)));
    let (palette, mark, limit_name) = (cx.palette, cx.state.mark, cx.text(Word::LimitLine));
    let shown = plot::over_frequency(cx, ("spectrum", capture.id), view)
        .custom_y_axes(vec![plot::axis_y(unit.symbol())])
        .label_formatter(move |at| Some(hover(at, unit)))
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, levels.bottom_db], [view.1, levels.top_db]));
            plot::wheel(plot);
            if let Some((density, texture)) = under {
                let heights = (density.range_db.1, density.range_db.0);
                density.heat.images(texture, density.range_hz, heights).into_iter().for_each(|i| plot.image(i));
            }
            for (name, held) in [" max", " min"].into_iter().zip(held) {
                held.into_iter()
                    .for_each(|h| plot.line(Line::new(name, h).color(palette.traces[1]).width(palette.stroke)));
            }
            plot.line(Line::new("", points).color(palette.traces[0]).width(palette.stroke));
            for (name, at) in ["M1", "M2"].into_iter().zip(markers) {
                let Some(at) = at else { continue };
                plot.vline(
                    VLine::new(format!(" {name}"), at[0]).color(palette.selected).style(LineStyle::dotted_dense()),
                );
                plot.points(
                    Points::new(name, vec![at]).color(palette.selected).radius(5.0).shape(MarkerShape::Diamond),
                );
                let text = RichText::new(name).color(palette.selected).strong();
                plot.text(Text::new(format!("{name} "), at.into(), text).anchor(Align2::LEFT_BOTTOM));
            }
            limits.iter().for_each(|limit| draw_limit(plot, limit, limit_name, palette));
            pieces.iter().for_each(|piece| draw_piece(plot, piece, palette));
            if let Some(hz) = mark {
                plot.vline(VLine::new("", hz).color(palette.selected).width(1.5));
            }
            for mark in marks {
                let radius = if mark.heavy { 5.0 } else { 3.5 };
                let at = PlotPoint::new(mark.hz, mark.db);
                let point = Points::new(mark.label.as_str(), vec![[mark.hz, mark.db]]);
                plot.points(point.color(mark.colour).radius(radius).shape(MarkerShape::Down));
                if !mark.label.is_empty() {
                    let text = RichText::new(&mark.label).color(mark.colour).size(11.0);
                    let anchor = if mark.hz < left { Align2::LEFT_BOTTOM } else { Align2::CENTER_BOTTOM };
                    plot.text(Text::new("", at, text).anchor(anchor));
                }
            }
            plot.pointer_coordinate()
        });
    if let Some(at) = shown.inner.filter(|_| shown.response.clicked()) {
        let second = ui.input(|i| i.modifiers.shift);
        cx.send(Command::Marker(usize::from(second), Some(at.x)));
    }
    plot::follow(cx, Plot::Spectrum, &shown, view, full);
    let name = format!("{}: {}, {}", cx.text(Word::Spectrum), capture.name, levels.made());
    shown.response.accessible_name(name);
}

fn hover(at: &HoverPosition<'_>, unit: Unit) -> String {
    let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
    format!("{}\n{}", frequency(position.x), compact(position.y, unit))
}

/// The lines of a result, where the curve shows them.
fn marks(cx: &Cx<'_>, result: &CaptureResult, levels: &Levels) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut add = |hz: f64, label: String, colour: Color32, heavy: bool| {
        if let Some(db) = levels.near(hz) {
            marks.push(Mark { hz, db, label, colour, heavy });
        }
    };
    if let Some(detail) = &result.spurs {
        for (rank, spur) in detail.spurs.iter().enumerate() {
            let verdict = verdict_at(&result.findings, spur.frequency_hz, detail.rbw_hz);
            let colour = verdict.map_or(cx.palette.line, |v| cx.palette.verdict(v));
            let level = spur.level_dbc.map_or_else(String::new, |v| compact(v, Unit::Dbc));
            let label = if rank < NAMED {
                format!("{}\n{level}", words::origin(cx.lang(), spur.origin))
            } else {
                String::new()
            };
            add(spur.frequency_hz, label, colour, verdict == Some(Verdict::Fail));
        }
        if let Some(carrier) = detail.carrier {
            let label = format!("{} {}", cx.text(Word::Carrier), compact(carrier.level_db, detail.level_unit));
            add(carrier.frequency_hz, label, cx.palette.carrier, true);
        }
    }
    if let Some(detail) = &result.ripple {
        let mains = detail.mains.iter().flat_map(|m| &m.lines).take(NAMED);
        let switching = detail.switching.iter().flat_map(|s| &s.lines).take(NAMED);
        for line in mains.chain(switching) {
            add(line.frequency_hz, frequency(line.frequency_hz), cx.palette.line, false);
        }
    }
    marks
}

/// Takes the name off every mark whose name would cover one before it; `pixel` is a pixel's width and height.
fn thin(marks: &mut [Mark], pixel: (f64, f64)) {
    const SIZE: (f64, f64) = (84.0, 36.0);
    // The carrier and the failures are named first, then the strongest.
    marks.sort_by(|a, b| b.heavy.cmp(&a.heavy).then(b.db.total_cmp(&a.db)));
    let mut named: Vec<(f64, f64)> = Vec::new();
    for mark in marks.iter_mut().filter(|m| !m.label.is_empty()) {
        let covers =
            |at: &(f64, f64)| (at.0 - mark.hz).abs() < SIZE.0 * pixel.0 && (at.1 - mark.db).abs() < SIZE.1 * pixel.1;
        if named.iter().any(covers) {
            mark.label.clear();
        } else {
            named.push((mark.hz, mark.db));
        }
    }
}

/// The worst verdict on a line.
fn verdict_at(findings: &[Finding], hz: f64, within: f64) -> Option<Verdict> {
    let here = |f: &&Finding| f.at.and_then(|at| at.frequency_hz).is_some_and(|at| (at - hz).abs() <= within);
    Verdict::worst(findings.iter().filter(here).map(|f| f.verdict))
}

/// A limit, broken where it is only its guard band that begins there.
fn draw_limit(plot: &mut PlotUi<'_>, limit: &LimitLine, name: &str, palette: &Palette) {
    let points: Vec<[f64; 2]> = limit.points.iter().map(|p| [p.0, p.1]).collect();
    let colour = if limit.failed { palette.verdict(Verdict::Fail) } else { palette.limit };
    plot.line(Line::new(name, points.clone()).color(colour).width(1.5).style(LineStyle::dashed_loose()));
    if limit.guard_db > 0.0 {
        let inside = if limit.side == Side::Upper { -limit.guard_db } else { limit.guard_db };
        let points: Vec<[f64; 2]> = points.iter().map(|p| [p[0], p[1] + inside]).collect();
        let amber = palette.verdict(Verdict::Margin);
        plot.line(Line::new("", points).color(amber).width(1.0).style(LineStyle::dotted_dense()));
    }
}

/// The level found in a piece of a limit line, in the colour of its verdict, below or above its limit.
fn draw_piece(plot: &mut PlotUi<'_>, piece: &Piece, palette: &Palette) {
    let across = |db: f64| vec![[piece.from_hz, db], [piece.to_hz, db]];
    plot.line(Line::new("", across(piece.limit_db)).color(palette.limit).width(1.5).style(LineStyle::dashed_loose()));
    plot.line(Line::new("", across(piece.level_db)).color(palette.verdict(piece.verdict)).width(3.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_cover_each_other_are_left_out_but_never_a_failure_for_a_weaker_line() {
        let mark = |hz: f64, db: f64, heavy: bool| Mark { hz, db, label: "x".into(), colour: Color32::BLACK, heavy };
        let mut marks = vec![mark(100.0, -20.0, false), mark(101.0, -25.0, true), mark(900.0, -20.0, false)];
        thin(&mut marks, (1.0, 1.0));
        let named: Vec<f64> = marks.iter().filter(|m| !m.label.is_empty()).map(|m| m.hz).collect();
        assert_eq!(named, [101.0, 900.0]);
        assert_eq!(marks.len(), 3);
    }
}
