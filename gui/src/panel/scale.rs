//! Resolution bandwidth and span of the spectrum.

use eframe::egui::{ComboBox, Ui};
use faultscope_door::paper::frequency;

use super::{Cx, choice, soft};
use crate::app::{Capture, Command, Plot};
use crate::plot::Levels;
use crate::words::Word;

/// Exponents of two of the transforms that are offered.
const TRANSFORMS: std::ops::RangeInclusive<u32> = 9..=18;
/// Spans that are offered, as parts of the whole.
const PARTS: [f64; 8] = [1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005];

/// Draws the two choices.
pub(crate) fn show(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    capture: &Capture,
    levels: &Levels,
    view: (f64, f64),
    full: (f64, f64),
) {
    resolution(ui, cx, capture, levels);
    span(ui, cx, capture, view, full);
}

/// A width to three digits.
fn hertz(hz: f64) -> String {
    let last = 10_f64.powf(hz.abs().max(f64::MIN_POSITIVE).log10().floor() - 2.0);
    frequency((hz / last).round() * last)
}

fn resolution(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, levels: &Levels) {
    // What an instrument swept stays as it was swept.
    let Some((fft, rbw)) = levels.transform() else {
        soft(ui, cx, levels.made());
        return;
    };
    let shown = format!("RBW {}", hertz(rbw));
    let frames = capture.facts.as_ref().map_or(0, |f| f.frames);
    let fits = |points: &usize| *points as u64 <= frames;
    let combo = ComboBox::from_id_salt("rbw").width(0.0).selected_text(shown).show_ui(ui, |ui| {
        for points in TRANSFORMS.map(|e| 1_usize << e).filter(fits) {
            let name = format!("{}  (FFT {points})", hertz(rbw * fft as f64 / points as f64));
            if choice(ui, points == fft, name) {
                cx.send(Command::Resolve(points));
            }
        }
    });
    combo.response.on_hover_text(levels.made()).accessible_name(cx.text(Word::Resolution));
}

/// Around the first marker, else the carrier, else what is in the middle.
fn span(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, view: (f64, f64), full: (f64, f64)) {
    let whole = full.1 - full.0;
    let carrier = capture.result.as_ref().and_then(|r| r.spurs.as_ref()).and_then(|s| s.carrier);
    let middle = capture.markers[0].or(carrier.map(|c| c.frequency_hz)).unwrap_or(f64::midpoint(view.0, view.1));
    let shown = format!("{} {}", cx.text(Word::Span), hertz(view.1 - view.0));
    let combo = ComboBox::from_id_salt("span").width(0.0).selected_text(shown).show_ui(ui, |ui| {
        for part in PARTS {
            let wide = whole * part;
            if choice(ui, false, hertz(wide)) {
                // What would reach beyond the edge is moved inside.
                let from = (middle - 0.5 * wide).clamp(full.0, full.1 - wide);
                cx.send(Command::View(Plot::Spectrum, (part < 1.0).then_some((from, from + wide))));
            }
        }
    });
    combo.response.on_hover_text(cx.text(Word::SpanTip)).accessible_name(cx.text(Word::SpanTip));
}
