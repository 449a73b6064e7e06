//! What the ripple of a supply is made of: its energy split, the lines of its families as bars, its events.

use eframe::egui;
use egui::{Rect, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{AxisHints, Bar, BarChart, GridInput, GridMark, HoverPosition, PlotBounds, VLine};
use faultscope_door::CaptureResult;
use faultscope_door::diagnose::measurement::{Event, Line, RippleDetail};
use faultscope_door::diagnose::{Finding, Verdict};
use faultscope_door::paper::{compact, frequency, words};
use faultscope_door::signal::Unit;
use faultscope_door::view::{Part, parts};

use super::tables::{end, figure, table};
use super::{Cx, picture_switch, soft, title};
use crate::app::{Capture, Command};
use crate::plot;
use crate::words::Word;

/// Bars of one family at most.
const MOST: usize = 24;
/// Pixels that the name of a bar takes.
const NAME_WIDTH: f64 = 76.0;
/// Decades below the highest bar that are drawn.
const DECADES: f64 = 5.0;

/// Draws the ripple of the present capture.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(capture) = state.capture() else { return };
    ui.horizontal(|ui| picture_switch(ui, cx));
    let Some((result, detail)) = capture.result.as_ref().and_then(|r| Some((r, r.ripple.as_ref()?))) else {
        ui.label(cx.text(Word::NoReadings));
        return;
    };
    energy(ui, cx, detail);
    let room = ui.available_size();
    ui.allocate_ui(vec2(room.x, (room.y * 0.62).max(90.0)), |ui| bars(ui, cx, capture, result, detail));
    events(ui, cx, capture, detail);
}

/// The name of a part, in the words of its reading; spikes have none of their own.
fn name(cx: &Cx<'_>, part: &Part) -> String {
    match part.reading {
        "spike_rms" => cx.text(Word::Spikes).to_owned(),
        reading => words::reading(cx.lang(), reading),
    }
}

/// One bar for the whole, cut into its parts; the figures below it.
fn energy(ui: &mut Ui, cx: &Cx<'_>, detail: &RippleDetail) {
    let parts = parts(detail);
    title(ui, cx.text(Word::RippleParts));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let mut left = rect.left();
    let said: Vec<String> = parts.iter().map(|p| format!("{} {}", name(cx, p), percent(p.share))).collect();
    for (part, colour) in parts.iter().zip(colours(cx)) {
        let right = left + rect.width() * part.share as f32;
        ui.painter().rect_filled(Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom())), 0.0, colour);
        left = right;
    }
    response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, said.join(", ")));
    ui.horizontal_wrapped(|ui| {
        for ((part, colour), said) in parts.iter().zip(colours(cx)).zip(&said) {
            let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter().rect_filled(dot, 2.0, colour);
            ui.label(format!("{said} ({})", compact(part.rms_v, Unit::Volt)));
        }
    });
}

/// A share in per cent; what is too little to be told from nothing is not nothing.
fn percent(share: f64) -> String {
    if share > 0.0 && share < 5e-4 { "< 0.1 %".into() } else { format!("{:.1} %", 100.0 * share) }
}

/// The colours of the five parts.
fn colours(cx: &Cx<'_>) -> [egui::Color32; 5] {
    let p = cx.palette;
    [p.soft, p.traces[0], p.traces[1], p.carrier, p.line]
}

/// A line of a family as it is drawn.
struct Drawn<'a> {
    line: &'a Line,
    mains: bool,
    /// The bound that holds there, if there is one.
    limit_v: Option<f64>,
    verdict: Option<Verdict>,
}

fn drawn<'a>(detail: &'a RippleDetail, findings: &[Finding]) -> Vec<Drawn<'a>> {
    let mains = detail.mains.iter().flat_map(|m| &m.lines).take(MOST).map(|l| (l, true));
    let switching = detail.switching.iter().flat_map(|s| &s.lines).take(MOST).map(|l| (l, false));
    mains
        .chain(switching)
        .map(|(line, mains)| {
            // A limit at a frequency is that line's own.
            let near = |hz: f64| (hz - line.frequency_hz).abs() <= 1e-3 * line.frequency_hz.max(1.0);
            let own = |f: &&Finding| f.unit == Unit::Volt && f.at.and_then(|at| at.frequency_hz).is_some_and(near);
            let limit = findings.iter().filter(own).filter_map(|f| f.limit.as_ref()?.upper).min_by(f64::total_cmp);
            Drawn {
                line,
                mains,
                limit_v: limit,
                verdict: Verdict::worst(findings.iter().filter(own).map(|f| f.verdict)),
            }
        })
        .collect()
}

/// The lines by their amplitude, on a logarithmic scale: each a bar, with its limit where it has one.
fn bars(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, result: &CaptureResult, detail: &RippleDetail) {
    title(ui, cx.text(Word::RippleLines));
    let all = drawn(detail, &result.findings);
    let highest = all.iter().flat_map(|d| [Some(d.line.amplitude_v), d.limit_v]).flatten().fold(0.0, f64::max);
    if highest <= 0.0 {
        ui.label(cx.text(Word::NoLines));
        return;
    }
    // A whole decade, so that the numbers at the side are whole decades, too.
    let bottom = highest.log10().ceil() - DECADES;
    let height = |v: f64| (v.max(f64::MIN_POSITIVE).log10() - bottom).max(0.0);
    let palette = cx.palette;
    let bar = |(place, d): (usize, &Drawn<'_>)| {
        let family = if d.mains { palette.traces[0] } else { palette.traces[1] };
        let colour = d.verdict.map_or(family, |v| palette.verdict(v));
        Bar::new(place as f64, height(d.line.amplitude_v)).width(0.7).fill(colour)
    };
    let chart = BarChart::new("", all.iter().enumerate().map(bar).collect());
    let labels: Vec<String> = all.iter().map(|d| frequency(d.line.frequency_hz)).collect();
    let ticks = labels.clone();
    let across = AxisHints::new_x().formatter(move |mark, _| {
        let whole = (mark.value - mark.value.round()).abs() < 1e-6 && mark.value >= 0.0;
        ticks.get(mark.value.round().max(0.0) as usize).filter(|_| whole).cloned().unwrap_or_default()
    });
    let up = AxisHints::new_y().formatter(move |mark, _| compact(10f64.powf(mark.value + bottom), Unit::Volt));
    let said: Vec<(String, String)> = all
        .iter()
        .zip(&labels)
        .map(|(d, hz)| {
            let limit = d.limit_v.map_or_else(String::new, |v| format!(" <= {}", compact(v, Unit::Volt)));
            (hz.clone(), format!("{}{limit}", compact(d.line.amplitude_v, Unit::Volt)))
        })
        .collect();
    let marked = cx.state.mark.and_then(|hz| all.iter().position(|d| d.line.frequency_hz == hz));
    let count = all.len();
    // As many names as there is room for.
    let stride = (NAME_WIDTH * count as f64 / f64::from(ui.available_width()).max(64.0)).ceil().max(1.0) as usize;
    let shown = plot::still(("ripple", capture.id))
        .custom_x_axes(vec![across])
        .custom_y_axes(vec![up])
        .x_grid_spacer(move |_: GridInput| {
            (0..count).step_by(stride).map(|i| GridMark { value: i as f64, step_size: stride as f64 }).collect()
        })
        .y_grid_spacer(|_: GridInput| {
            (0..=DECADES as usize).map(|i| GridMark { value: i as f64, step_size: 1.0 }).collect()
        })
        .label_formatter(move |at| {
            let (HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position }) = at;
            said.get(position.x.round().max(0.0) as usize).map(|(hz, v)| format!("{hz}\n{v}"))
        })
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([-0.6, 0.0], [count as f64 - 0.4, DECADES + 0.1]));
            plot.bar_chart(chart);
            for (place, d) in all.iter().enumerate() {
                if let Some(limit) = d.limit_v {
                    let across = vec![[place as f64 - 0.42, height(limit)], [place as f64 + 0.42, height(limit)]];
                    plot.line(egui_plot::Line::new("", across).color(palette.limit).width(2.0));
                }
            }
            if let Some(place) = marked {
                plot.vline(VLine::new("", place as f64).color(palette.selected).width(1.5));
            }
            plot.pointer_coordinate()
        });
    if let Some(at) = shown.inner.filter(|_| shown.response.clicked()) {
        let hit = all.get(at.x.round().max(0.0) as usize).map(|d| d.line.frequency_hz);
        cx.send(Command::Mark(hit));
    }
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::RippleLines), capture.name));
}

/// Sags, steps and the like; a click marks the time in the pictures.
fn events(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, detail: &RippleDetail) {
    title(ui, cx.text(Word::RippleEvents));
    if detail.events.is_empty() {
        soft(ui, cx, cx.text(Word::NoEvents));
        return;
    }
    ScrollArea::vertical().id_salt("events").show(ui, |ui| {
        table(ui, cx, "events", &[Word::Time, Word::Origin, Word::Amplitude], |ui, cx| {
            for event in &detail.events {
                entry(ui, cx, capture, event);
            }
        });
    });
}

fn entry(ui: &mut Ui, cx: &mut Cx<'_>, capture: &Capture, event: &Event) {
    let marked = capture.cursor_s == Some(event.start_s);
    if ui.selectable_label(marked, compact(event.start_s, Unit::Second)).clicked() {
        cx.send(Command::Cursor((!marked).then_some(event.start_s)));
    }
    ui.label(words::event(cx.lang(), event.kind));
    figure(ui, &compact(event.depth_v, Unit::Volt));
    end(ui);
}

#[cfg(test)]
mod tests {
    use super::*;
    use faultscope_door::diagnose::reading::At;
    use faultscope_door::diagnose::{AppliedLimit, Severity};

    fn line(order: u32, frequency_hz: f64, amplitude_v: f64) -> Line {
        Line { order, frequency_hz, amplitude_v, rms_v: amplitude_v / 2f64.sqrt() }
    }

    #[test]
    fn a_limit_at_a_frequency_is_drawn_at_that_line_only() {
        let detail = detail();
        let at = At { frequency_hz: Some(100.01), ..At::default() };
        let limit = AppliedLimit {
            id: "h2".into(),
            pack: "own".into(),
            pack_version: "1".into(),
            clause: String::new(),
            upper: Some(0.2),
            lower: None,
            guard: 0.0,
            confidence: "S".into(),
        };
        let finding = Finding {
            id: "ripple/line".into(),
            measurement: "ripple".into(),
            reading: "line_level".into(),
            value: Some(1.0),
            unit: Unit::Volt,
            uncertainty: None,
            limit: Some(limit),
            margin: Some(-0.8),
            verdict: Verdict::Fail,
            severity: Severity::Major,
            at: Some(at),
            reason: String::new(),
            summary: String::new(),
            causes: Vec::new(),
            alarm: None,
        };
        let all = drawn(&detail, &[finding]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].limit_v, all[0].verdict), (Some(0.2), Some(Verdict::Fail)));
        assert_eq!((all[1].limit_v, all[1].verdict), (None, None));
    }

    fn detail() -> RippleDetail {
        use faultscope_door::diagnose::measurement::{Drift, Mains, Random, SpikeLock, Spikes};
        RippleDetail {
            bandwidth_hz: 1e4,
            dc_v: 48.0,
            min_v: 47.0,
            max_v: 49.0,
            vpp_v: 2.0,
            vpp_robust_v: 2.0,
            rms_ac_v: 0.7,
            psophometric_v: None,
            bands: Vec::new(),
            mains_separable: true,
            mains: Some(Mains {
                fundamental_hz: 50.0,
                rms_v: 0.7,
                lines: vec![line(2, 100.0, 1.0), line(4, 200.0, 0.1)],
            }),
            switching: None,
            spikes: Spikes { count: 0, per_second: 0.0, largest_v: 0.0, locked_to: SpikeLock::None },
            drift: Drift { rms_v: 0.0, vpp_v: 0.0, slope_v_per_s: 0.0 },
            events: Vec::new(),
            random: Random { rms_v: 0.0, kurtosis: 3.0, slope_db_per_decade: None },
            energy_balance: 1.0,
        }
    }
}
