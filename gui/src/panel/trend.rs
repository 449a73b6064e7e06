//! A reading over the open captures that were measured alike: its values, its line, and the limits ahead.

use eframe::egui;
use egui::{ComboBox, Ui};
use egui_plot::{AxisHints, HLine, Line, LineStyle, MarkerShape, PlotBounds, Points};
use faultscope_door::paper::{compact, plain, words};
use faultscope_door::trend::{Approach, ReadingTrend, Step, Trend};

use super::{Cx, choice, picture_switch, soft};
use crate::app::Command;
use crate::plot;
use crate::words::Word;

/// Draws the trend of the followed reading.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let of = state.trend_of();
    if state.asked_trend != of {
        cx.send(Command::DrawTrend);
    }
    let Some((_, trend)) = state.trend.as_ref().filter(|(made, _)| *made == of) else {
        ui.horizontal(|ui| picture_switch(ui, cx));
        ui.label(cx.text(Word::TrendWaiting));
        return;
    };
    let Some(reading) = followed(trend, state.followed.as_deref()) else {
        ui.horizontal(|ui| picture_switch(ui, cx));
        ui.label(cx.text(Word::NoReadings));
        return;
    };
    ui.horizontal(|ui| {
        picture_switch(ui, cx);
        chooser(ui, cx, trend, reading);
    });
    said(ui, cx, trend, reading);
    draw(ui, cx, trend, reading);
}

/// The chosen reading, else the one that most surely moves, else the first.
fn followed<'a>(trend: &'a Trend, chosen: Option<&str>) -> Option<&'a ReadingTrend> {
    let chosen = chosen.and_then(|id| trend.readings.iter().find(|r| r.id == id));
    let moving = || {
        let moves = trend.readings.iter().filter(|r| r.significant);
        moves.min_by(|a, b| a.p.unwrap_or(1.0).total_cmp(&b.p.unwrap_or(1.0)))
    };
    chosen.or_else(moving).or_else(|| trend.readings.first())
}

/// The id of a reading in words, with its place where it has one.
fn name(cx: &Cx<'_>, id: &str) -> String {
    match id.split_once('@') {
        Some((reading, place)) => format!("{} @ {place}", words::reading(cx.lang(), reading)),
        None => words::reading(cx.lang(), id),
    }
}

fn chooser(ui: &mut Ui, cx: &mut Cx<'_>, trend: &Trend, reading: &ReadingTrend) {
    let combo = ComboBox::from_id_salt("followed").selected_text(name(cx, &reading.id));
    let shown = combo.show_ui(ui, |ui| {
        for one in trend.readings.iter().filter(|r| r.count > 1) {
            let sign = if one.significant { "* " } else { "" };
            if choice(ui, one.id == reading.id, format!("{sign}{}", name(cx, &one.id))) {
                cx.send(Command::Follow(one.id.clone()));
            }
        }
    });
    shown.response.accessible_name(cx.text(Word::TrendReading));
}

fn said(ui: &mut Ui, cx: &Cx<'_>, trend: &Trend, reading: &ReadingTrend) {
    ui.horizontal_wrapped(|ui| {
        ui.label(cx.text(if reading.significant { Word::TrendMoves } else { Word::TrendSteady }));
        if let Some(p) = reading.p {
            soft(ui, cx, format!("{} {}", cx.text(Word::TrendChance), plain(p, 2)));
        }
        if let Some(slope) = reading.slope {
            let step = match trend.step {
                Step::Day => "d",
                Step::Hour => "h",
                Step::Capture => "1",
            };
            ui.label(format!("{} / {step}", compact(slope, reading.unit.difference())));
        }
        for crossing in &reading.crossings {
            let when = crossing.time.clone().or_else(|| crossing.after.map(|a| format!("+{}", plain(a, 3))));
            let text = format!("{} {}", crossing.limit, compact(crossing.bound, reading.unit));
            match crossing.state {
                Approach::Crossed => drop(ui.colored_label(cx.palette.failure(), text)),
                Approach::Approaching => drop(ui.label(format!("{text}: {}", when.unwrap_or_default()))),
                Approach::Steady => drop(soft(ui, cx, text)),
            }
        }
    });
}

fn draw(ui: &mut Ui, cx: &mut Cx<'_>, trend: &Trend, reading: &ReadingTrend) {
    let values = || trend.at.iter().zip(&reading.values).filter_map(|(x, v)| Some([*x, (*v)?]));
    let bounds: Vec<(f64, bool)> = reading.crossings.iter().map(|c| (c.bound, c.state == Approach::Crossed)).collect();
    let all = || values().map(|p| p[1]).chain(bounds.iter().map(|b| b.0));
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if !(low.is_finite() && high.is_finite()) {
        return;
    }
    let room = ((high - low) * 0.1).max(high.abs().max(low.abs()) * 1e-6).max(1e-12);
    let (low, high) = (low - room, high + room);
    let last = trend.at.last().copied().unwrap_or(1.0).max(1e-9);
    let view = (-0.04 * last, 1.04 * last);
    let unit = reading.unit;
    let (factor, prefix) = if unit.takes_prefix() { plot::prefix(high.abs().max(low.abs())) } else { (1.0, "") };
    let step = match trend.step {
        Step::Day => Word::TrendDays,
        Step::Hour => Word::TrendHours,
        Step::Capture => Word::TrendStep,
    };
    let across = AxisHints::new_x().label(cx.text(step)).formatter(|m, _| plot::tick(m.value, m.step_size, 1.0));
    let up = AxisHints::new_y()
        .label(format!("{prefix}{unit}"))
        .formatter(move |m, _| plot::tick(m.value, m.step_size, factor));
    let palette = cx.palette;
    let line = reading.start.zip(reading.slope).map(|(start, slope)| vec![[0.0, start], [last, start + slope * last]]);
    let points: Vec<[f64; 2]> = values().collect();
    let shown = plot::still(("trend", reading.id.as_str())).custom_x_axes(vec![across]).custom_y_axes(vec![up]).show(
        ui,
        |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, low], [view.1, high]));
            for (bound, crossed) in &bounds {
                let colour = if *crossed { palette.failure() } else { palette.limit };
                plot.hline(HLine::new("", *bound).color(colour).style(LineStyle::dashed_loose()));
            }
            if let Some(line) = line {
                plot.line(Line::new("", line).color(palette.traces[1]).width(palette.stroke));
            }
            plot.line(Line::new("", points.clone()).color(palette.traces[0]).width(0.6));
            plot.points(Points::new("", points).color(palette.traces[0]).radius(4.0).shape(MarkerShape::Circle));
        },
    );
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Trend), name(cx, &reading.id)));
}
