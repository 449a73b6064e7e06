//! The spectrum chart: levels over frequency with markers and limit lines.

use faultscope_diagnose::Verdict;
use faultscope_signal::{Spectrum, Unit};

use super::decimate::{self, Lines};
use super::density::Density;
use super::frame::{AxisSpec, Frame, FrameSpec, shorten};
use super::label::{self, Wish};
use super::scene::{Anchor, Colour, Scene, Shape, Size, Stroke};
use super::{font, sealed, theme};
use crate::format::frequency;
use crate::words::{self, Lang, fill, word};

/// One curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// Name for the legend; empty for none.
    pub name: String,
    /// Frequencies in Hz, ascending.
    pub frequency_hz: Vec<f64>,
    /// Levels in the chart's unit, one per frequency; the line breaks where one is not finite.
    pub level_db: Vec<f64>,
}

/// What a marker stands for; each has its own shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkerClass {
    /// The wanted carrier.
    Carrier,
    /// A line that was judged.
    Judged(Verdict),
    /// A line that is only named.
    Named,
}

/// A named point.
#[derive(Debug, Clone, PartialEq)]
pub struct Marker {
    /// Frequency in Hz.
    pub frequency_hz: f64,
    /// Level in the chart's unit.
    pub level_db: f64,
    /// Its label; empty for none. Labels that find no room are left out, the earliest markers are served first.
    pub label: String,
    /// What it stands for.
    pub class: MarkerClass,
}

/// Which side of a limit line is forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// Above it.
    #[default]
    Upper,
    /// Below it.
    Lower,
}

/// A limit over frequency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LimitLine {
    /// Corners as (Hz, level), x ascending.
    pub points: Vec<(f64, f64)>,
    /// Its label: the clause.
    pub label: String,
    /// Whether anything is beyond it.
    pub failed: bool,
    /// Which side is forbidden.
    pub side: Side,
    /// Width of the guard band on the permitted side, in decibels.
    pub guard_db: f64,
}

/// Levels over frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectrumChart {
    /// Language of the words on the axes.
    pub lang: Lang,
    /// Title.
    pub title: String,
    /// Small text at the right of the title: window, averages. RBW is put in front of it.
    pub note: String,
    /// Unit of all levels.
    pub unit: Unit,
    /// Resolution bandwidth in Hz, where it applies.
    pub rbw_hz: Option<f64>,
    /// Centre frequency in Hz, said on the axis.
    pub center_hz: Option<f64>,
    /// Name of the frequency axis; empty for the usual one.
    pub axis: String,
    /// Logarithmic frequency axis: for supplies and offsets.
    pub log_frequency: bool,
    /// Part of the frequency axis to show in Hz; all of the traces without it.
    pub range_hz: Option<(f64, f64)>,
    /// Part of the level axis to show; chosen from the data without it.
    pub range_db: Option<(f64, f64)>,
    /// How often each level occurred, drawn beneath the curves.
    pub density: Option<Density>,
    /// The curves.
    pub traces: Vec<Trace>,
    /// Named points.
    pub markers: Vec<Marker>,
    /// Limits.
    pub limits: Vec<LimitLine>,
}

impl SpectrumChart {
    /// An empty chart.
    #[must_use]
    pub fn new(lang: Lang, title: impl Into<String>, unit: Unit) -> Self {
        Self {
            lang,
            title: title.into(),
            note: String::new(),
            unit,
            rbw_hz: None,
            center_hz: None,
            axis: String::new(),
            log_frequency: false,
            range_hz: None,
            range_db: None,
            density: None,
            traces: Vec::new(),
            markers: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// A chart of one spectrum: the average, and whatever other curves were kept.
    #[must_use]
    pub fn of(spectrum: &Spectrum, lang: Lang, title: impl Into<String>) -> Self {
        let mut chart = Self::new(lang, title, spectrum.level_unit());
        chart.rbw_hz = Some(spectrum.rbw_hz());
        chart.center_hz = spectrum.center_hz;
        chart.note = fill(
            lang,
            "chart.averages",
            &[("window", &spectrum.settings.window.to_string()), ("count", &spectrum.segments.to_string())],
        );
        let frequency_hz: Vec<f64> = (0..spectrum.mean.len()).map(|k| spectrum.frequency_hz(k as f64)).collect();
        let curves = spectrum.curves();
        let alone = curves.len() == 1;
        let name = |id: &str| if alone { String::new() } else { words::find_or(lang, "trace", id) };
        chart.traces.extend(curves.into_iter().map(|(id, level_db)| Trace {
            name: name(&id),
            frequency_hz: frequency_hz.clone(),
            level_db,
        }));
        chart.density = spectrum.persistence.as_ref().map(|p| Density {
            range_hz: (spectrum.frequency_hz(-0.5), spectrum.frequency_hz(spectrum.mean.len() as f64 - 0.5)),
            bottom_db: p.scale.bottom_db,
            cell_db: p.scale.cell_db,
            cells: p.scale.cells,
            counts: p.counts.iter().copied().collect(),
        });
        chart
    }

    fn x_range(&self) -> (f64, f64) {
        let all = || self.traces.iter().flat_map(|t| t.frequency_hz.iter().copied()).filter(|f| f.is_finite());
        let low = all().filter(|f| !self.log_frequency || *f > 0.0).fold(f64::INFINITY, f64::min);
        let high = all().fold(f64::NEG_INFINITY, f64::max);
        self.range_hz.unwrap_or((low, high))
    }

    /// From below the noise to above the highest of traces, markers and limits, with room for labels.
    fn y_range(&self, x: (f64, f64)) -> (f64, f64) {
        if let Some(range) = self.range_db {
            return range;
        }
        let mut levels: Vec<f64> = self.traces.iter().flat_map(|t| visible(t, x)).collect();
        levels.extend(self.density.iter().flat_map(|d| d.reach()));
        levels.sort_by(f64::total_cmp);
        let Some(highest) = levels.last().copied() else { return (-120.0, 0.0) };
        let floor = levels.get(levels.len() / 100).copied().unwrap_or(highest);
        let tops = self
            .markers
            .iter()
            .map(|m| m.level_db)
            .chain(self.limits.iter().flat_map(|l| l.points.iter().map(|p| p.1)));
        let (low, high) = tops.filter(|v| v.is_finite()).fold((floor, highest), |(l, h), v| (l.min(v), h.max(v)));
        let span = (high - low).max(20.0);
        let room = if self.markers.iter().any(|m| !m.label.is_empty()) { 0.2 } else { 0.08 };
        let bottom = ((low - 0.06 * span) / 5.0).floor() * 5.0;
        (bottom, ((high + room * span) / 5.0).ceil() * 5.0)
    }

    fn frame(&self, scene: &mut Scene) -> Frame {
        let range = self.x_range();
        let name = if self.axis.is_empty() { word(self.lang, "chart.frequency") } else { &self.axis };
        let mut note = String::new();
        if let Some(center) = self.center_hz.filter(|_| !self.log_frequency) {
            let span = short_frequency(range.1 - range.0, 4);
            note = fill(self.lang, "chart.centre", &[("centre", &frequency(center)), ("span", &span)]);
        }
        let rbw = self.rbw_hz.map(|r| format!("RBW {}", short_frequency(r, 3)));
        let notes: Vec<&str> =
            rbw.as_deref().into_iter().chain([self.note.as_str()]).filter(|s| !s.is_empty()).collect();
        Frame::draw(
            scene,
            &FrameSpec {
                title: &self.title,
                note: &notes.join(" · "),
                x: AxisSpec { name, unit: "Hz", range, log: self.log_frequency, prefixed: true, note, ticks: true },
                y: AxisSpec {
                    name: word(self.lang, "chart.level"),
                    unit: self.unit.symbol(),
                    range: self.y_range(range),
                    log: false,
                    prefixed: false,
                    note: String::new(),
                    ticks: true,
                },
                lang: self.lang,
                right: 0.0,
                legend: self.legend().len() > 1,
                downwards: false,
            },
        )
    }

    fn legend(&self) -> Vec<(String, Colour, bool)> {
        let named = self.traces.iter().enumerate().filter(|(_, t)| !t.name.is_empty());
        named.map(|(i, t)| (t.name.clone(), theme::trace(i), false)).collect()
    }

    /// The parts of a line beyond any limit, drawn over it in red; a limit on spurs does not bind the carrier.
    fn beyond(&self, scene: &mut Scene, frame: &Frame, lines: &Lines) {
        let carriers: Vec<f64> = self
            .markers
            .iter()
            .filter(|m| m.class == MarkerClass::Carrier)
            .map(|m| frame.x.place(m.frequency_hz))
            .collect();
        let wanted = |piece: &[(f64, f64)]| {
            let ends = piece.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p.0), b.max(p.0)));
            carriers.iter().any(|x| *x >= ends.0 - 3.0 && *x <= ends.1 + 3.0)
        };
        for limit in self.limits.iter().filter(|l| l.failed) {
            let corners: Vec<_> = limit.points.iter().map(|(f, l)| (frame.x.place(*f), frame.y.place(*l))).collect();
            for line in lines {
                let pieces = pieces_beyond(line, &corners, limit.side);
                for piece in pieces.into_iter().filter(|p| !wanted(p)) {
                    scene.path_in(&frame.plot, &piece, Stroke::new(theme::FAIL, 2.5));
                }
            }
        }
    }

    fn limit(&self, scene: &mut Scene, frame: &Frame, limit: &LimitLine) {
        let colour = if limit.failed { theme::FAIL } else { theme::LIMIT };
        let corners: Vec<_> = limit
            .points
            .iter()
            .map(|(f, l)| (frame.x.place(*f), frame.y.place(*l)))
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .collect();
        scene.dashes_in(&frame.plot, &corners, Stroke::new(colour, 2.5), (14.0, 7.0));
        let mut inside =
            corners.iter().copied().filter(|p| p.0 >= frame.plot.x0 && p.1 > frame.plot.y0 && p.1 < frame.plot.y1);
        let Some(end) = inside.next_back().filter(|_| !limit.label.is_empty()) else { return };
        let text = shorten(&limit.label, theme::SMALL, frame.plot.width() * 0.6);
        let y = if end.1 - frame.plot.y0 > 30.0 { end.1 - 17.0 } else { end.1 + 19.0 };
        scene.text_on_paper(&text, (end.0.min(frame.plot.x1) - 10.0, y), theme::SMALL, colour, Anchor::End);
    }

    fn markers(&self, scene: &mut Scene, frame: &Frame, lines: &[Lines]) {
        let points: Vec<(&Marker, (f64, f64))> = self
            .markers
            .iter()
            .map(|m| (m, (frame.x.place(m.frequency_hz), frame.y.place(m.level_db))))
            .filter(|(_, p)| {
                p.0 >= frame.plot.x0 && p.0 <= frame.plot.x1 && p.1 >= frame.plot.y0 && p.1 <= frame.plot.y1
            })
            .collect();
        let labelled: Vec<_> = points.iter().filter(|(m, _)| !m.label.is_empty()).collect();
        let wishes: Vec<Wish> = labelled
            .iter()
            .map(|(m, point)| Wish { point: *point, size: (font::width(&m.label, theme::SMALL) + 8.0, 26.0) })
            .collect();
        let skyline =
            |x0: f64, x1: f64| lines.iter().flatten().map(|l| highest(l, x0, x1)).fold(frame.plot.y1, f64::min);
        let places = label::place(&wishes, &frame.plot, &skyline);
        for (((marker, _), wish), area) in labelled.iter().zip(&wishes).zip(places) {
            let Some(area) = area else { continue };
            let colour = label_colour(marker.class);
            let (foot, tip) = label::leader(wish, &area);
            if (foot.1 - tip.1).hypot(foot.0 - tip.0) > 10.0 {
                let stroke = Stroke { colour, width: 1.0, opacity: 0.6 };
                scene.line(foot, tip, stroke);
            }
            let middle = ((area.x0 + area.x1) / 2.0, (area.y0 + area.y1) / 2.0);
            scene.text(marker.label.as_str(), middle, theme::SMALL, colour, Anchor::Middle);
        }
        for (marker, point) in &points {
            symbol(scene, *point, marker.class);
        }
    }
}

impl sealed::Layout for SpectrumChart {
    #[allow(private_interfaces, reason = "sealed: only this room sees a scene")]
    fn scene(&self, size: Size) -> Scene {
        let mut scene = Scene::new(size);
        let frame = self.frame(&mut scene);
        let lines: Vec<Lines> = self.traces.iter().map(|t| lines_of(t, &frame)).collect();
        if lines.iter().all(Vec::is_empty) {
            frame.empty(&mut scene, self.lang);
        }
        if let Some(density) = &self.density {
            density.draw(&mut scene, &frame);
        }
        for (index, trace) in lines.iter().enumerate().rev() {
            for line in trace {
                scene.path_in(&frame.plot, line, Stroke::new(theme::trace(index), 1.5));
            }
        }
        if let Some(first) = lines.first() {
            self.beyond(&mut scene, &frame, first);
        }
        for limit in &self.limits {
            self.limit(&mut scene, &frame, limit);
        }
        frame.border(&mut scene);
        self.markers(&mut scene, &frame, &lines);
        if self.legend().len() > 1 {
            frame.legend(&mut scene, &self.legend());
        }
        scene
    }
}

fn visible(trace: &Trace, x: (f64, f64)) -> impl Iterator<Item = f64> {
    let pairs = trace.frequency_hz.iter().zip(&trace.level_db);
    pairs.filter(move |(f, l)| l.is_finite() && **f >= x.0 && **f <= x.1).map(|(_, l)| *l)
}

fn lines_of(trace: &Trace, frame: &Frame) -> Lines {
    let points = trace.frequency_hz.iter().zip(&trace.level_db).map(|(f, l)| (frame.x.place(*f), frame.y.place(*l)));
    decimate::columns(points, &frame.plot)
}

fn highest(line: &[(f64, f64)], x0: f64, x1: f64) -> f64 {
    line.iter().filter(|p| p.0 >= x0 - 2.0 && p.0 <= x1 + 2.0).map(|p| p.1).fold(f64::INFINITY, f64::min)
}

/// Level of a broken line at `x`.
fn limit_at(corners: &[(f64, f64)], x: f64) -> Option<f64> {
    corners.iter().zip(corners.iter().skip(1)).find(|(a, b)| x >= a.0 && x <= b.0).map(|(a, b)| {
        let part = if b.0 > a.0 { (x - a.0) / (b.0 - a.0) } else { 0.0 };
        a.1 + part * (b.1 - a.1)
    })
}

fn pieces_beyond(line: &[(f64, f64)], corners: &[(f64, f64)], side: Side) -> Vec<Vec<(f64, f64)>> {
    let excess = |p: &(f64, f64)| {
        let d = limit_at(corners, p.0).map(|y| if side == Side::Upper { y - p.1 } else { p.1 - y });
        d.unwrap_or(-1.0)
    };
    let mut out: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut piece: Vec<(f64, f64)> = Vec::new();
    for (a, b) in line.iter().zip(line.iter().skip(1)) {
        let (da, db) = (excess(a), excess(b));
        if da <= 0.0 && db <= 0.0 {
            continue;
        }
        let crossing = |t: f64| (a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1));
        let from = if da > 0.0 { *a } else { crossing(da / (da - db)) };
        let to = if db > 0.0 { *b } else { crossing(da / (da - db)) };
        if piece.last() != Some(&from) {
            out.push(std::mem::take(&mut piece));
            piece.push(from);
        }
        piece.push(to);
    }
    out.push(piece);
    out.retain(|p| p.len() > 1);
    out
}

/// `1.46 kHz`: resolution bandwidths need no more digits.
pub(super) fn short_frequency(hz: f64, digits: usize) -> String {
    let (factor, prefix) = crate::format::prefix_of(hz);
    format!("{} {prefix}Hz", crate::format::plain(hz / factor, digits))
}

fn label_colour(class: MarkerClass) -> Colour {
    match class {
        MarkerClass::Carrier | MarkerClass::Named => theme::INK,
        MarkerClass::Judged(Verdict::Margin) => theme::MARGIN.mix(theme::INK, 0.35),
        MarkerClass::Judged(v) => theme::verdict(v),
    }
}

/// Circle: carrier. Triangle: fail. Diamond: margin. Square: other judged lines. Small triangle outline: named only.
fn symbol(scene: &mut Scene, (x, y): (f64, f64), class: MarkerClass) {
    let polygon = |points: &[(f64, f64)], fill: Colour| Shape::Polygon {
        points: points.iter().map(|(dx, dy)| (x + dx, y + dy)).collect(),
        fill,
        opacity: 1.0,
    };
    let shape = match class {
        MarkerClass::Carrier => Shape::Circle { x, y, r: 7.0, stroke: Stroke::new(theme::INK, 2.0) },
        MarkerClass::Judged(Verdict::Fail) => polygon(&[(-8.0, -13.0), (8.0, -13.0), (0.0, 0.0)], theme::FAIL),
        MarkerClass::Judged(Verdict::Margin) => {
            polygon(&[(0.0, -14.0), (7.0, -7.0), (0.0, 0.0), (-7.0, -7.0)], theme::MARGIN)
        }
        MarkerClass::Judged(v) => polygon(&[(-5.0, -12.0), (5.0, -12.0), (5.0, -2.0), (-5.0, -2.0)], theme::verdict(v)),
        MarkerClass::Named => polygon(&[(-6.0, -11.0), (6.0, -11.0), (0.0, -1.0)], theme::SOFT_INK),
    };
    scene.shapes.push(shape);
}
