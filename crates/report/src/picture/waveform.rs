//! The waveform chart: volts over time, drawn as an envelope, with levels and marked spans.

use faultscope_signal::Unit;

use super::decimate::{self, Envelope};
use super::frame::{AxisSpec, Frame, FrameSpec, shorten};
use super::scene::{Anchor, Area, Colour, Scene, Shape, Size, Stroke};
use super::{sealed, theme};
use crate::words::{Lang, word};

/// One record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WaveformTrace {
    /// Name for the legend; empty for none.
    pub name: String,
    /// The record, reduced to columns.
    pub envelope: Envelope,
}

/// A horizontal line: a limit or a mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Level {
    /// Value in the chart's unit.
    pub value: f64,
    /// Its label.
    pub label: String,
    /// Whether it is a limit that does not hold.
    pub failed: bool,
}

/// A marked span of time: an event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Span {
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Its label.
    pub label: String,
}

/// Values over time.
#[derive(Debug, Clone, PartialEq)]
pub struct WaveformChart {
    /// Language of the words on the axes.
    pub lang: Lang,
    /// Title.
    pub title: String,
    /// Small text at the right of the title.
    pub note: String,
    /// Unit of all values.
    pub unit: Unit,
    /// Part of the time axis to show in seconds; everything without it.
    pub range_s: Option<(f64, f64)>,
    /// The records.
    pub traces: Vec<WaveformTrace>,
    /// Horizontal lines.
    pub levels: Vec<Level>,
    /// Marked spans.
    pub spans: Vec<Span>,
}

impl WaveformChart {
    /// A chart of one record.
    #[must_use]
    pub fn new(lang: Lang, title: impl Into<String>, unit: Unit, envelope: Envelope) -> Self {
        Self {
            lang,
            title: title.into(),
            note: String::new(),
            unit,
            range_s: None,
            traces: vec![WaveformTrace { name: String::new(), envelope }],
            levels: Vec::new(),
            spans: Vec::new(),
        }
    }

    fn x_range(&self) -> (f64, f64) {
        let ends = self.traces.iter().map(|t| {
            let e = &t.envelope;
            (e.start_s, e.start_s + e.step_s * e.low.len() as f64)
        });
        let whole = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), (s, e)| (a.min(s), b.max(e)));
        self.range_s.unwrap_or(whole)
    }

    fn y_range(&self) -> (f64, f64) {
        let values = self.traces.iter().flat_map(|t| t.envelope.low.iter().chain(&t.envelope.high)).copied();
        let all = values.chain(self.levels.iter().map(|l| l.value)).filter(|v| v.is_finite());
        let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let room = (high - low) * 0.08;
        (low - room, high + room)
    }

    fn legend(&self) -> Vec<(String, Colour, bool)> {
        let named = self.traces.iter().enumerate().filter(|(_, t)| !t.name.is_empty());
        named.map(|(i, t)| (t.name.clone(), theme::trace(i), false)).collect()
    }

    fn frame(&self, scene: &mut Scene) -> Frame {
        let axis = |name, unit, range| AxisSpec {
            name,
            unit,
            range,
            log: false,
            prefixed: true,
            note: String::new(),
            ticks: true,
        };
        let name = if self.unit == Unit::Volt { "chart.voltage" } else { "chart.amplitude" };
        let y = AxisSpec {
            prefixed: self.unit.takes_prefix(),
            ..axis(word(self.lang, name), self.unit.symbol(), self.y_range())
        };
        let x = axis(word(self.lang, "chart.time"), "s", self.x_range());
        let legend = self.legend().len() > 1;
        Frame::draw(
            scene,
            &FrameSpec {
                title: &self.title,
                note: &self.note,
                x,
                y,
                lang: self.lang,
                right: 0.0,
                legend,
                downwards: false,
            },
        )
    }

    fn span(&self, scene: &mut Scene, frame: &Frame, span: &Span) {
        let hold = |s: f64| frame.x.place(s).clamp(frame.plot.x0, frame.plot.x1);
        let (x0, x1) = (hold(span.start_s), hold(span.end_s));
        if !(x0.is_finite() && x1.is_finite()) {
            return;
        }
        let area = Area::new(x0, frame.plot.y0, x1.max(x0 + 3.0), frame.plot.y1);
        scene.shapes.push(Shape::Rect { area, fill: theme::SPAN, opacity: 0.18 });
        let right = x0 > (frame.plot.x0 + frame.plot.x1) / 2.0;
        let (x, anchor) = if right { (x0 - 8.0, Anchor::End) } else { (x0 + 8.0, Anchor::Start) };
        let text = shorten(&span.label, theme::SMALL, frame.plot.width() / 2.0);
        let colour = theme::SPAN.mix(theme::INK, 0.5);
        scene.text(text, (x, frame.plot.y0 + 20.0), theme::SMALL, colour, anchor);
    }

    fn level(&self, scene: &mut Scene, frame: &Frame, level: &Level) {
        let y = frame.y.place(level.value);
        if !(y >= frame.plot.y0 && y <= frame.plot.y1) {
            return;
        }
        let colour = if level.failed { theme::FAIL } else { theme::LIMIT };
        let ends = [(frame.plot.x0, y), (frame.plot.x1, y)];
        scene.dashes_in(&frame.plot, &ends, Stroke::new(colour, 2.0), (14.0, 7.0));
        let text = shorten(&level.label, theme::SMALL, frame.plot.width() / 2.0);
        let above = if y - frame.plot.y0 > 30.0 { y - 16.0 } else { y + 18.0 };
        scene.text_on_paper(&text, (frame.plot.x1 - 10.0, above), theme::SMALL, colour, Anchor::End);
    }
}

impl sealed::Layout for WaveformChart {
    #[allow(private_interfaces, reason = "sealed: only this room sees a scene")]
    fn scene(&self, size: Size) -> Scene {
        let mut scene = Scene::new(size);
        let frame = self.frame(&mut scene);
        for span in &self.spans {
            self.span(&mut scene, &frame, span);
        }
        let mut any = false;
        for (index, trace) in self.traces.iter().enumerate().rev() {
            for line in runs(&trace.envelope, &frame) {
                any = true;
                scene.path_in(&frame.plot, &line, Stroke::new(theme::trace(index), 1.5));
            }
        }
        if !any {
            frame.empty(&mut scene, self.lang);
        }
        for level in &self.levels {
            self.level(&mut scene, &frame, level);
        }
        frame.border(&mut scene);
        if self.legend().len() > 1 {
            frame.legend(&mut scene, &self.legend());
        }
        scene
    }
}

/// Zigzag through least and greatest of each column; a column without a finite value ends a run.
fn runs(envelope: &Envelope, frame: &Frame) -> Vec<Vec<(f64, f64)>> {
    let mut out: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (column, (low, high)) in envelope.low.iter().zip(&envelope.high).enumerate() {
        let x = frame.x.place(envelope.time_s(column));
        let (low, high) = (frame.y.place(*low), frame.y.place(*high));
        match out.last_mut() {
            Some(run) if low.is_finite() && high.is_finite() && x.is_finite() => {
                // Enter each column at the end that is nearer to where the last one was left.
                let near = run.last().is_none_or(|p| (p.1 - low).abs() <= (p.1 - high).abs());
                let (a, b) = if near { (low, high) } else { (high, low) };
                run.push((x, a));
                if a != b {
                    run.push((x, b));
                }
            }
            Some(run) if !run.is_empty() => out.push(Vec::new()),
            _ => {}
        }
    }
    out.retain(|r| !r.is_empty());
    out.iter_mut().filter(|r| r.len() == 1).for_each(decimate::lone_point);
    out
}
