//! What a modulated carrier does: its figures, the constellation with the error of each symbol, or amplitude and frequency over time.

use std::sync::Arc;

use eframe::egui;
use egui::{ComboBox, Key, TextEdit, Ui};
use egui_plot::{AxisHints, HoverPosition, Line, MarkerShape, PlotBounds, Points};
use faultscope_door::CaptureResult;
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::signal::evm::Constellation;
use faultscope_door::view::{ConstellationView, Envelope, ModulationView};

use super::{Cx, picture_switch, soft, title};
use crate::app::modulation::{Ask, Typed};
use crate::app::{Capture, Command, Plot};
use crate::plot;
use crate::words::Word;

/// The figures, in the order in which they are read; those that a result does not have are left out.
const FIGURES: [&str; 17] = [
    "evm_rms",
    "evm_peak",
    "magnitude_error",
    "phase_error",
    "iq_offset",
    "gain_imbalance",
    "quadrature_error",
    "symbol_rate_error",
    "am_depth",
    "fm_deviation",
    "pm_deviation",
    "fm_rms",
    "modulation_rate",
    "modulation_sinad",
    "modulation_thd",
    "frequency_error",
    "carrier_frequency",
];
/// Room around the outermost place of a constellation.
const ROOM: f64 = 1.35;

/// Draws the modulation of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    ui.horizontal(|ui| picture_switch(ui, cx));
    if capture.measurement() != Some("modulation") {
        ui.label(cx.text(Word::ModulationNot));
        if ui.button(cx.text(Word::ModulationMeasure)).clicked() {
            cx.send(Command::Measure("modulation"));
        }
        return;
    }
    settings(ui, cx, capture);
    if capture.error.is_some() {
        ui.colored_label(cx.palette.failure(), cx.text(Word::ModulationFailed));
        return;
    }
    let Some(result) = capture.result.as_ref().filter(|r| r.modulation.is_some()) else {
        ui.label(cx.text(Word::NoReadings));
        return;
    };
    figures(ui, cx, result);
    match capture.modulation.picture(result) {
        Some(Ok(view)) => pictures(ui, cx, capture, result, view),
        Some(Err(error)) => {
            ui.colored_label(cx.palette.failure(), &error.message);
            ui.label(&error.hint);
        }
        None => {
            ui.label(cx.text(Word::NoPicture));
            cx.send(Command::Modulation(Ask::Draw));
        }
    }
}

/// What the measurement is told: typed here, used when it is measured again.
fn settings(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture) {
    let mut typed = capture.modulation.typed.clone();
    ui.horizontal_wrapped(|ui| {
        let mut entered = field(ui, cx, Word::SymbolRate, &mut typed.symbol_rate, 56.0);
        constellation(ui, cx, &mut typed);
        entered |= field(ui, cx, Word::RollOff, &mut typed.rolloff, 32.0);
        entered |= field(ui, cx, Word::Nominal, &mut typed.nominal, 72.0);
        if typed != capture.modulation.typed {
            cx.send(Command::Modulation(Ask::Type(typed)));
        }
        if ui.button(cx.text(Word::MeasureAgain)).clicked() || entered {
            cx.send(Command::Modulation(Ask::Measure));
        }
    });
}

/// A field with its name as hint; whether Enter was pressed in it.
fn field(ui: &mut Ui, cx: &Cx<'_>, word: Word, text: &mut String, width: f32) -> bool {
    soft(ui, cx, cx.text(word));
    let response = ui.add(TextEdit::singleline(text).desired_width(width)).accessible_name(cx.text(word));
    response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
}

fn constellation(ui: &mut Ui, cx: &Cx<'_>, typed: &mut Typed) {
    let name = |c: Option<Constellation>| c.map_or(cx.text(Word::NoConstellation), Constellation::name);
    let combo =
        ComboBox::from_id_salt("constellation").width(84.0).height(300.0).selected_text(name(typed.constellation));
    let shown = combo.show_ui(ui, |ui| {
        for one in std::iter::once(None).chain(Constellation::ALL.map(Some)) {
            if ui.selectable_value(&mut typed.constellation, one, name(one)).clicked() {
                ui.close();
            }
        }
    });
    shown.response.accessible_name(cx.text(Word::Constellation));
}

fn figures(ui: &mut Ui, cx: &mut Cx<'_>, result: &CaptureResult) {
    ui.horizontal_wrapped(|ui| {
        for reading in FIGURES.iter().filter_map(|id| result.readings.iter().find(|r| r.id == *id)) {
            let value = match reading.unit {
                Unit::Hertz => frequency(reading.value),
                unit => compact(reading.value, unit),
            };
            ui.label(format!("{}: {value}", words::reading(cx.lang(), &reading.id)));
        }
    });
    match result.modulation.as_ref().and_then(|m| m.vector) {
        None => drop(soft(ui, cx, cx.text(Word::ModulationDigital))),
        Some(vector) if !vector.reliable => {
            ui.colored_label(cx.palette.failure(), cx.text(Word::ModulationDoubtful));
        }
        Some(_) => {}
    }
}

fn pictures(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, result: &CaptureResult, view: &Arc<ModulationView>) {
    let room = ui.available_size();
    let Some(symbols) = &view.constellation else {
        ui.columns(2, |halves| {
            if let [left, right] = halves {
                course(left, cx, capture, Word::AmplitudeCourse, &view.am_percent, Unit::Percent);
                course(right, cx, capture, Word::FrequencyCourse, &view.fm_hz, Unit::Hertz);
            }
        });
        return;
    };
    let square = room.y.min(room.x * 0.55);
    ui.horizontal_top(|ui| {
        ui.allocate_ui(egui::vec2(square, room.y), |ui| ui.vertical(|ui| places(ui, cx, capture, result, symbols)));
        ui.vertical(|ui| course(ui, cx, capture, Word::VectorError, &symbols.error_percent, Unit::Percent));
    });
}

/// The symbols as they came, and where they should lie.
fn places(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, result: &CaptureResult, symbols: &ConstellationView) {
    let name = result.modulation.as_ref().and_then(|m| m.vector).map_or("", |v| v.constellation.name());
    title(ui, &format!("{} {name}", cx.text(Word::Constellation)));
    let side = symbols.places.iter().flatten().fold(0.0_f64, |m, v| m.max(v.abs())) * ROOM;
    let axis =
        |mark: egui_plot::GridMark, _: &std::ops::RangeInclusive<f64>| plot::tick(mark.value, mark.step_size, 1.0);
    let palette = cx.palette;
    let shown = plot::still(("constellation", capture.id))
        .custom_x_axes(vec![AxisHints::new_x().label("I").formatter(axis)])
        .custom_y_axes(vec![AxisHints::new_y().label("Q").formatter(axis)])
        .data_aspect(1.0)
        .label_formatter(|at| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
            Some(format!("I {:.3}\nQ {:.3}", position.x, position.y))
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([-side, -side], [side, side]));
            plot.points(Points::new("", symbols.received.clone()).color(palette.traces[0]).radius(1.5));
            let ideal = Points::new("", symbols.places.clone()).color(palette.limit).radius(5.0);
            plot.points(ideal.shape(MarkerShape::Circle).filled(false));
        });
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Constellation), capture.name));
}

/// What of a course is shown at first: so many samples that single swings can be told.
const FIRST: f64 = 500.0;

/// A course over time: as far as the waveform beside it is shown; where that is shown whole, its beginning, or all of the errors.
fn course(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, word: Word, envelope: &Envelope, unit: Unit) {
    title(ui, cx.text(word));
    let full = envelope.range_s();
    let inside = |v: (f64, f64)| (v.0.max(full.0), v.1.min(full.1));
    let most = if word == Word::VectorError { f64::INFINITY } else { FIRST / envelope.sample_rate_hz };
    let first = (full.0, full.1.min(full.0 + most));
    let view = capture.waveform_view.map(inside).filter(|v| v.0 < v.1).unwrap_or(first);
    let heights = plot::heights(envelope, view);
    let columns = ui.available_width().max(64.0) as usize;
    let palette = cx.palette;
    let shown = plot::over_time(cx, (word.text(cx.lang()), capture.id), view, heights, unit)
        .allow_zoom([true, false])
        .allow_drag([true, false])
        .label_formatter(move |at| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
            Some(format!("{}\n{}", compact(position.x, Unit::Second), compact(position.y, unit)))
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, heights.0], [view.1, heights.1]));
            plot::wheel(plot);
            for band in &envelope.bands {
                let line = plot::zigzag(envelope, band, view, columns);
                plot.line(Line::new("", line).color(palette.traces[0]).width(palette.stroke));
            }
        });
    plot::follow(cx, Plot::Waveform, &shown, view, full);
    shown.response.accessible_name(format!("{}: {}", cx.text(word), capture.name));
}
