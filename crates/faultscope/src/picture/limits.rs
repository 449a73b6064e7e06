//! Limits drawn into the pictures of results: lines over spectra, levels across waveforms, ticks on bars.

use faultscope_diagnose::measurement::{EmissionsDetail, RippleDetail, SpursDetail};
use faultscope_diagnose::{Finding, Verdict};
use faultscope_report::picture::{
    Bar, HarmonicBars, Level, LimitLine, Side, SpectrumChart, Trace as Curve, WaveformChart,
};
use faultscope_report::words::{Lang, reading, word};
use faultscope_report::{compact, plain};
use faultscope_signal::Unit;

/// The findings of one limit, told apart by pack and id; in the order in which they come.
fn by_limit(findings: &[Finding]) -> Vec<Vec<&Finding>> {
    let key = |f: &Finding| f.limit.as_ref().map(|l| (l.pack.clone(), l.id.clone()));
    let mut all: Vec<Vec<&Finding>> = Vec::new();
    for f in findings.iter().filter(|f| f.limit.is_some()) {
        match all.iter_mut().find(|group| group.first().is_some_and(|first| key(first) == key(f))) {
            Some(group) => group.push(f),
            None => all.push(vec![f]),
        }
    }
    all
}

fn worst(group: &[&Finding]) -> Option<Verdict> {
    Verdict::worst(group.iter().map(|f| f.verdict))
}

fn bound(sign: &str, value: f64, finding: &Finding, lang: Lang) -> String {
    format!("{} {sign} {}", reading(lang, &finding.reading), compact(value, finding.unit))
}

/// Limits on lines and on the carrier, over a spectrum from `low` to `high`. One relative to the carrier stands at its level below
/// that.
pub(crate) fn over_frequency(
    (low, high): (f64, f64),
    level_unit: Unit,
    detail: &SpursDetail,
    findings: &[Finding],
    lang: Lang,
) -> Vec<LimitLine> {
    let mut all = Vec::new();
    for group in by_limit(findings) {
        let Some(first) = group.first() else { continue };
        let Some(limit) = &first.limit else { continue };
        let origin = match first.unit {
            Unit::Dbc => detail.carrier.map(|c| c.level_db),
            unit => (unit == level_unit).then_some(0.0),
        };
        let place = match first.reading.as_str() {
            "spur_level" => Some((low, high)),
            // A line as wide as the picture would read as a limit on everything.
            "carrier_level" => detail.carrier.map(|c| {
                let reach = (high - low) / 12.0;
                (c.frequency_hz - reach, c.frequency_hz + reach)
            }),
            _ => None,
        };
        let (Some(origin), Some((from, to))) = (origin, place) else { continue };
        let failed = worst(&group) == Some(Verdict::Fail);
        // Two bounds are one limit: they lie so close that two labels would cover each other.
        let label = match (limit.lower, limit.upper) {
            (Some(low), Some(high)) => {
                let (low, high) = (compact(low, first.unit), compact(high, first.unit));
                format!("{} {low} .. {high}", reading(lang, &first.reading))
            }
            (low, high) => high
                .map_or_else(|| bound("≥", low.unwrap_or_default(), first, lang), |high| bound("≤", high, first, lang)),
        };
        let sides = [(limit.upper, Side::Upper), (limit.lower, Side::Lower)];
        let lines = sides.into_iter().filter_map(|(value, side)| {
            let value = value?;
            let points = vec![(from, origin + value), (to, origin + value)];
            let broken = failed && first.value.is_none_or(|v| if side == Side::Upper { v > value } else { v < value });
            Some(LimitLine { points, label: String::new(), failed: broken, side, guard_db: limit.guard })
        });
        let mut lines: Vec<LimitLine> = lines.collect();
        if let Some(uppermost) = lines.first_mut() {
            uppermost.label = label;
        }
        all.extend(lines);
    }
    all
}

/// Limits on the voltage itself and on its swing, across a waveform. A limit so far away that the waveform would shrink to
/// a line beside it is left to the bars.
pub(super) fn on_waveform(chart: &mut WaveformChart, detail: &RippleDetail, findings: &[Finding], lang: Lang) {
    let span = detail.max_v - detail.min_v;
    let near = |v: f64, spans: f64| v > detail.min_v - spans * span && v < detail.max_v + spans * span;
    for f in findings {
        let Some(limit) = &f.limit else { continue };
        let failed = f.verdict == Verdict::Fail;
        // A swing far inside its limit is worth seeing; a voltage far from its bounds is not.
        let farthest = if f.reading == "vpp" { 12.0 } else { 1.0 };
        let levels: Vec<(f64, String)> = match (f.reading.as_str(), limit.upper) {
            ("vpp", Some(upper)) => {
                // The swing is allowed anywhere: drawn about the middle of what was measured.
                let middle = f64::midpoint(detail.max_v, detail.min_v);
                vec![(middle + upper / 2.0, bound("≤", upper, f, lang)), (middle - upper / 2.0, String::new())]
            }
            ("dc" | "max" | "min", upper) => [(upper, "≤"), (limit.lower, "≥")]
                .into_iter()
                .filter_map(|(v, sign)| v.map(|v| (v, bound(sign, v, f, lang))))
                .collect(),
            _ => Vec::new(),
        };
        let inside = levels.into_iter().filter(|(v, _)| near(*v, farthest));
        chart.levels.extend(inside.map(|(value, label)| Level { value, label, failed }));
    }
}

/// Every judged reading in volts that has an upper limit, beside that limit.
pub(crate) fn judged_bars(findings: &[Finding], title: &str, lang: Lang) -> Option<HarmonicBars> {
    let bar = |f: &Finding| {
        let limit = f.limit.as_ref()?.upper.filter(|v| *v > 0.0)?;
        let value = f.value.filter(|v| *v > 0.0)?;
        (f.unit == Unit::Volt).then(|| Bar {
            label: reading(lang, &f.reading),
            value,
            limit: Some(limit),
            verdict: Some(f.verdict),
            badges: if f.verdict == Verdict::Fail { format!("× {}", plain(value / limit, 3)) } else { String::new() },
        })
    };
    let bars: Vec<Bar> = findings.iter().filter_map(bar).collect();
    (!bars.is_empty()).then(|| HarmonicBars {
        lang,
        title: title.to_owned(),
        note: String::new(),
        axis: String::new(),
        across: word(lang, "table.reading").to_owned(),
        unit: Unit::Volt,
        log: true,
        bars,
    })
}

/// The limit lines of an emission measurement, piece by piece, and the highest level found in each.
pub(crate) fn emissions_chart(detail: &EmissionsDetail, title: &str, lang: Lang) -> Option<SpectrumChart> {
    let mut chart = SpectrumChart::new(lang, title, detail.level_unit);
    let mut curve = Curve::default();
    let mut last = "";
    for point in &detail.points {
        // Without a margin the two have no unit in common.
        let (Some(level), Some(limit), Some(margin)) = (point.level_db, point.limit_db, point.margin_db) else {
            continue;
        };
        curve.frequency_hz.extend([point.from_hz, point.to_hz, point.to_hz]);
        curve.level_db.extend([level, level, f64::NAN]);
        let label = if last == point.line { String::new() } else { point.line.clone() };
        last = &point.line;
        let points = vec![(point.from_hz, limit), (point.to_hz, limit)];
        chart.limits.push(LimitLine { points, label, failed: margin < 0.0, side: Side::Upper, guard_db: 0.0 });
    }
    chart.traces.push(curve);
    (!chart.limits.is_empty()).then_some(chart)
}
