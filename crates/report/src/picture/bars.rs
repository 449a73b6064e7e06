//! Bars per order, each with its own limit tick and verdict: ripple lines, harmonics.

use faultscope_diagnose::Verdict;
use faultscope_signal::Unit;

use super::frame::{AxisSpec, Frame, FrameSpec, shorten};
use super::scene::{Anchor, Area, Scene, Shape, Size, Stroke};
use super::{sealed, theme};
use crate::format::compact;
use crate::words::{Lang, word};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Its name below the axis: `100 Hz`.
    pub label: String,
    /// Its value in the chart's unit; no bar is drawn where it is not finite.
    pub value: f64,
    /// Its upper limit, where it has one.
    pub limit: Option<f64>,
    /// The answer to the limit, where there is one.
    pub verdict: Option<Verdict>,
    /// Letters that stay visible: `C` clipped, `F` fundamental missing, `L` limit.
    pub badges: String,
}

/// One bar per order.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmonicBars {
    /// Language of the words.
    pub lang: Lang,
    /// Title.
    pub title: String,
    /// Small text at the right of the title.
    pub note: String,
    /// Name of the vertical axis, for instance `Amplitude (rms)`; empty for the usual one.
    pub axis: String,
    /// Name of the horizontal axis; empty for the usual one.
    pub across: String,
    /// Unit of all values.
    pub unit: Unit,
    /// Logarithmic values: small lines stay visible beside a large one. Not for units in dB.
    pub log: bool,
    /// The bars; the first 32 are drawn.
    pub bars: Vec<Bar>,
}

const MOST_BARS: usize = 32;

impl HarmonicBars {
    fn shown(&self) -> &[Bar] {
        self.bars.get(..MOST_BARS).unwrap_or(&self.bars)
    }

    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let all = self.shown().iter().flat_map(|b| [Some(b.value), b.limit]).flatten();
        all.filter(|v| v.is_finite() && (!self.log || *v > 0.0))
    }

    fn y_range(&self) -> (f64, f64) {
        let (low, high) = self.values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if !(low.is_finite() && high.is_finite()) {
            return (0.0, 1.0);
        }
        if self.log {
            // At most five decades: below that a line does not matter beside the largest.
            return ((low / 2.0).max(high * 1e-5), high * 2.5);
        }
        let (low, high) = (low.min(0.0), high.max(0.0));
        (low - 0.1 * (high - low) * f64::from(low < 0.0), high + 0.15 * (high - low))
    }

    fn bar(&self, scene: &mut Scene, frame: &Frame, index: usize, bar: &Bar) {
        let slot = frame.plot.width() / self.shown().len().max(1) as f64;
        let middle = frame.plot.x0 + (index as f64 + 0.5) * slot;
        let half = (slot * 0.32).min(60.0);
        let base = frame.y.place(if self.log { frame.y.low } else { 0.0 }).clamp(frame.plot.y0, frame.plot.y1);
        let top = frame.y.place(bar.value).clamp(frame.plot.y0, frame.plot.y1);
        let colour = bar.verdict.map_or(theme::trace(0), theme::verdict);
        if bar.verdict == Some(Verdict::Fail) {
            let area = Area::new(middle - slot / 2.0, frame.plot.y0, middle + slot / 2.0, frame.plot.y1);
            scene.shapes.push(Shape::Rect { area, fill: theme::FAIL, opacity: 0.08 });
        }
        if top.is_finite() {
            let area = Area::new(middle - half, top.min(base), middle + half, top.max(base));
            scene.shapes.push(Shape::Rect { area, fill: colour, opacity: 1.0 });
            let text = shorten(&compact(bar.value, self.unit), theme::SMALL, slot - 6.0);
            scene.text(text, (middle, top.min(base) - 15.0), theme::SMALL, theme::INK, Anchor::Middle);
        }
        self.limit_tick(scene, frame, (middle, half), bar);
        let label = shorten(&bar.label, theme::SMALL, slot - 6.0);
        scene.text(label, (middle, frame.plot.y1 + 24.0), theme::SMALL, theme::SOFT_INK, Anchor::Middle);
        let badge = (middle, frame.plot.y0 + 18.0);
        scene.text(shorten(&bar.badges, theme::SMALL, slot - 6.0), badge, theme::SMALL, theme::FAIL, Anchor::Middle);
    }

    fn limit_tick(&self, scene: &mut Scene, frame: &Frame, (middle, half): (f64, f64), bar: &Bar) {
        let Some(y) = bar.limit.map(|l| frame.y.place(l)) else { return };
        if y >= frame.plot.y0 && y <= frame.plot.y1 {
            let reach = half * 1.35;
            // White edges keep the tick visible on top of a bar.
            scene.line((middle - reach, y), (middle + reach, y), Stroke::new(theme::PAPER, 7.0));
            scene.line((middle - reach, y), (middle + reach, y), Stroke::new(theme::INK, 3.0));
        }
    }
}

impl sealed::Layout for HarmonicBars {
    #[allow(private_interfaces, reason = "sealed: only this room sees a scene")]
    fn scene(&self, size: Size) -> Scene {
        let mut scene = Scene::new(size);
        let usual = word(self.lang, if self.unit == Unit::Volt { "chart.voltage" } else { "chart.level" });
        let x = AxisSpec {
            name: if self.across.is_empty() { word(self.lang, "chart.line") } else { &self.across },
            unit: "",
            range: (0.0, 1.0),
            log: false,
            prefixed: false,
            note: word(self.lang, "chart.tick_is_limit").to_owned(),
            ticks: false,
        };
        let y = AxisSpec {
            name: if self.axis.is_empty() { usual } else { &self.axis },
            unit: self.unit.symbol(),
            range: self.y_range(),
            log: self.log,
            prefixed: self.unit.takes_prefix(),
            note: String::new(),
            ticks: true,
        };
        let spec = FrameSpec {
            title: &self.title,
            note: &self.note,
            x,
            y,
            lang: self.lang,
            right: 0.0,
            legend: false,
            downwards: false,
        };
        let frame = Frame::draw(&mut scene, &spec);
        if self.values().next().is_none() {
            frame.empty(&mut scene, self.lang);
        }
        for (index, bar) in self.shown().iter().enumerate() {
            self.bar(&mut scene, &frame, index, bar);
        }
        frame.border(&mut scene);
        scene
    }
}
