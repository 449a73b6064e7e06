//! The waveform, decimated by minimum and maximum down to the sample.

use eframe::egui;
use egui::{RichText, Ui};
use egui_plot::{HoverPosition, Legend, Line, PlotBounds, Points, VLine};
use faultscope_door::paper::compact;
use faultscope_door::signal::Unit;
use faultscope_door::view::{Envelope, Facts};

use super::{Cx, glimpse, title};
use crate::app::{Capture, Command, Plot};
use crate::plot;
use crate::words::Word;

/// Samples on the screen up to which each is drawn as a point.
const POINTS: u64 = 300;

/// Draws the waveform of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    let (Some(overview), Some(facts)) = (&capture.overview, &capture.facts) else {
        title(ui, cx.text(Word::Waveform));
        let word = if capture.error.is_some() { Word::NoPictureFailed } else { Word::NoPicture };
        ui.label(cx.text(word));
        return;
    };
    if facts.swept {
        title(ui, cx.text(Word::Waveform));
        ui.label(cx.text(Word::NoWaveform));
        return;
    }
    let full = overview.range_s();
    let view = capture.waveform_view.unwrap_or(full);
    ui.horizontal(|ui| {
        title(ui, cx.text(Word::Waveform));
        plot::buttons(ui, cx, Plot::Waveform, view, full);
        glimpse(ui, cx, capture);
        let text = RichText::new(&facts.channel).color(cx.palette.soft);
        ui.add(egui::Label::new(text).truncate());
    });
    let columns = ui.available_width().max(64.0) as usize;
    let envelope = finest(cx, capture, overview, view, columns);
    draw(ui, cx, capture, facts, envelope, view, full);
}

/// The stretch drawn finely where it covers the view; asks for a finer one where neither is fine enough.
fn finest<'a>(
    cx: &mut Cx<'_>,
    capture: &'a Capture,
    overview: &'a Envelope,
    view: (f64, f64),
    columns: usize,
) -> &'a Envelope {
    let enough = |e: &Envelope| e.is_samples() || shown_columns(e, view) >= columns as f64 * 0.9;
    if enough(overview) {
        return overview;
    }
    let covering = capture.detail.as_deref().filter(|d| covers(d, view));
    if !covering.is_some_and(enough) {
        // Half a view more on each side, so that a small move needs nothing new.
        let half = (view.1 - view.0) / 2.0;
        cx.send(Command::Detail((view.0 - half, view.1 + half), columns * 2 + 2));
    }
    covering.filter(|d| shown_columns(d, view) > shown_columns(overview, view)).unwrap_or(overview)
}

fn covers(envelope: &Envelope, view: (f64, f64)) -> bool {
    let (from, to) = envelope.range_s();
    let slack = (view.1 - view.0) * 1e-3;
    from <= view.0 + slack && to >= view.1 - slack
}

fn shown_columns(envelope: &Envelope, view: (f64, f64)) -> f64 {
    let (from, to) = envelope.range_s();
    envelope.columns() as f64 * (view.1 - view.0) / (to - from).max(f64::MIN_POSITIVE)
}

fn draw(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    capture: &Capture,
    facts: &Facts,
    envelope: &Envelope,
    view: (f64, f64),
    full: (f64, f64),
) {
    let (low, high) = plot::heights(envelope, view);
    let unit = facts.unit;
    let dots = envelope.is_samples() && (view.1 - view.0) * envelope.sample_rate_hz <= POINTS as f64;
    let events: Vec<f64> =
        capture.result.iter().filter_map(|r| r.ripple.as_ref()).flat_map(|r| &r.events).map(|e| e.start_s).collect();
    let (palette, cursor) = (cx.palette, capture.cursor_s);
    let columns = ui.available_width().max(64.0) as usize;
    let sheer = envelope.bands.len() > 1 && !dots;
    let mut picture = plot::over_time(cx, ("waveform", capture.id), view, (low, high), unit)
        .allow_zoom([true, false])
        .allow_drag([true, false])
        .allow_axis_zoom_drag([true, false])
        .label_formatter(move |at| Some(hover(at, unit)));
    if envelope.bands.len() > 1 {
        picture = picture.legend(Legend::default());
    }
    let shown = picture.show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([view.0, low], [view.1, high]));
        plot::wheel(plot);
        for (band, colour) in envelope.bands.iter().zip(palette.traces) {
            // Where two dense bands lie upon each other, both are to be seen.
            let colour = if sheer { colour.gamma_multiply(0.55) } else { colour };
            let line = plot::zigzag(envelope, band, view, columns);
            if dots {
                plot.points(Points::new(band.name.as_str(), line.clone()).color(colour).radius(2.5));
            }
            plot.line(Line::new(band.name.as_str(), line).color(colour).width(palette.stroke));
        }
        if let Some(t) = cursor {
            plot.vline(VLine::new("", t).color(palette.selected).width(1.5));
        }
        for start in events {
            plot.vline(VLine::new("", start).color(palette.limit).width(1.5));
        }
    });
    plot::follow(cx, Plot::Waveform, &shown, view, full);
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Waveform), capture.name));
}

fn hover(at: &HoverPosition<'_>, unit: Unit) -> String {
    let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
    format!("{}\n{}", compact(position.x, Unit::Second), compact(position.y, unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use faultscope_door::view::Band;

    fn envelope(low: Vec<f64>, high: Vec<f64>, frames: u64) -> Envelope {
        Envelope { first: 0, frames, sample_rate_hz: 100.0, bands: vec![Band { name: "CH1".into(), low, high }] }
    }

    #[test]
    fn the_height_follows_what_is_on_the_screen() {
        let e = envelope(vec![0.0, 0.0, -5.0, 0.0], vec![1.0, 1.0, 9.0, 1.0], 400);
        let (low, high) = plot::heights(&e, (0.0, 2.0));
        assert!((low + 0.08).abs() < 1e-12 && (high - 1.08).abs() < 1e-12);
        let (low, high) = plot::heights(&e, (0.0, 4.0));
        assert!(low < -5.0 && high > 9.0);
        assert_eq!(plot::heights(&envelope(vec![f64::NAN], vec![f64::NAN], 1), (0.0, 1.0)), (-1.0, 1.0));
        let (low, high) = plot::heights(&envelope(vec![5.0], vec![5.0], 1), (0.0, 1.0));
        assert!(low < 5.0 && high > 5.0);
    }

    #[test]
    fn columns_are_counted_where_they_are_seen() {
        let e = envelope(vec![0.0; 100], vec![0.0; 100], 1000);
        assert!((shown_columns(&e, (0.0, 5.0)) - 50.0).abs() < 1e-9);
        assert!(covers(&e, (0.0, 10.0)) && !covers(&e, (5.0, 11.0)));
    }
}
