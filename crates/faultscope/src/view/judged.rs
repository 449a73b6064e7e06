//! What of a result is drawn into the pictures of a screen: limits over frequency, judged pieces, the parts of a ripple.

use faultscope_diagnose::measurement::RippleDetail;
use faultscope_diagnose::{AppliedLimit, Finding, Verdict};
use faultscope_report::picture::LimitLine;
use faultscope_report::words::Lang;
use faultscope_signal::Unit;

use crate::CaptureResult;

/// A piece of a limit line or of a mask, with the highest level that was found in it, in the bandwidth that the limit asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Where it begins, absolute where the capture has a centre.
    pub from_hz: f64,
    /// Where it ends.
    pub to_hz: f64,
    /// The level, in the unit of the picture.
    pub level_db: f64,
    /// The limit, in the same unit.
    pub limit_db: f64,
    /// `fail` beyond the limit, `margin` inside its guard band, `pass` below that.
    pub verdict: Verdict,
}

/// A part of a supply's ripple.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Its reading, which names it: `drift_rms`, `mains_rms`, `switching_rms`, `spike_rms`, `random_rms`.
    pub reading: &'static str,
    /// Its rms.
    pub rms_v: f64,
    /// Its share of the energy of all parts, 0 to 1.
    pub share: f64,
}

/// The limits on lines and on the carrier over a spectrum of `unit` that reaches over `range_hz`.
#[must_use]
pub fn limit_lines(result: &CaptureResult, range_hz: (f64, f64), unit: Unit, lang: Lang) -> Vec<LimitLine> {
    let detail = result.spurs.as_ref();
    detail.map_or_else(Vec::new, |d| crate::picture::over_frequency(range_hz, unit, d, &result.findings, lang))
}

/// The pieces of limit lines and masks that were answered in `unit`.
#[must_use]
pub fn pieces(result: &CaptureResult, unit: Unit) -> Vec<Piece> {
    let verdict = |margin: f64, guard: f64| {
        if margin < 0.0 {
            Verdict::Fail
        } else if margin < guard {
            Verdict::Margin
        } else {
            Verdict::Pass
        }
    };
    let emissions = result.emissions.iter().filter(|d| d.level_unit == unit).flat_map(|d| &d.points).filter_map(|p| {
        let guard = guard(&result.findings, |l| format!("{}/{}", l.pack, l.id) == p.line);
        let (level_db, limit_db, margin) = (p.level_db?, p.limit_db?, p.margin_db?);
        Some(Piece { from_hz: p.from_hz, to_hz: p.to_hz, level_db, limit_db, verdict: verdict(margin, guard) })
    });
    let mask = result.channel.iter().flat_map(|d| {
        let edge = d.bandwidth_hz / 2.0;
        let used = result.settings.measurement.as_ref().and_then(|s| s.channel.as_ref()?.mask.as_ref());
        let guard = used.map_or(0.0, |m| guard(&result.findings, |l| l.pack == m.id));
        // A mask relative to the power of the channel stands that far below it.
        let origin = match used.map(|m| m.unit) {
            Some(Unit::Dbc) => (d.level_unit == unit).then_some(d.power_db),
            mask => (mask == Some(unit)).then_some(0.0),
        };
        d.mask.iter().filter_map(move |p| {
            let (level_db, limit_db, margin) = (p.level_db? + origin?, p.limit_db? + origin?, p.margin_db?);
            let (near, far) = (edge + p.from_hz, edge + p.to_hz);
            let upper = p.frequency_hz? > d.frequency_hz;
            let (from, to) = if upper { (near, far) } else { (-far, -near) };
            let (from_hz, to_hz) = (d.frequency_hz + from, d.frequency_hz + to);
            Some(Piece { from_hz, to_hz, level_db, limit_db, verdict: verdict(margin, guard) })
        })
    });
    emissions.chain(mask).collect()
}

/// The guard band of the limit that `wanted` picks.
fn guard(findings: &[Finding], wanted: impl Fn(&AppliedLimit) -> bool) -> f64 {
    findings.iter().filter_map(|f| f.limit.as_ref()).find(|l| wanted(l)).map_or(0.0, |l| l.guard)
}

/// How the energy of a ripple is made up, by rms squared. What spikes hold is what the balance leaves for them.
#[must_use]
pub fn parts(detail: &RippleDetail) -> Vec<Part> {
    let square = |v: f64| v * v;
    let mains = detail.mains.as_ref().map_or(0.0, |m| m.rms_v);
    let switching = detail.switching.as_ref().map_or(0.0, |s| s.rms_v);
    let rest = square(detail.drift.rms_v) + square(mains) + square(switching) + square(detail.random.rms_v);
    let spikes = (detail.energy_balance * square(detail.rms_ac_v) - rest).max(0.0);
    // Less than what rounding leaves of the sum is no spike.
    let spikes = if detail.spikes.count == 0 || spikes < 1e-9 * rest { 0.0 } else { spikes };
    let whole = rest + spikes;
    [
        ("drift_rms", detail.drift.rms_v),
        ("mains_rms", mains),
        ("switching_rms", switching),
        ("spike_rms", spikes.sqrt()),
        ("random_rms", detail.random.rms_v),
    ]
    .into_iter()
    .map(|(reading, rms_v)| Part { reading, rms_v, share: if whole > 0.0 { square(rms_v) / whole } else { 0.0 } })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits;
    use crate::{Request, Unwatched, analyse, simulate};

    fn measured(model: &str, measurement: &str, pack: &str) -> CaptureResult {
        let dir = tempfile::tempdir().unwrap();
        let files = simulate::simulate(model, Some(&dir.path().join("x")), true).unwrap();
        let file = files.iter().find(|f| f.extension().is_some_and(|e| e == "sigmf-meta")).unwrap();
        let request = Request { packs: vec![limits::load(pack).unwrap()], ..Request::default() };
        analyse(file, measurement, &request, &Unwatched).unwrap()
    }

    /// The parts are uncorrelated by construction, so that their squares make up that of the whole.
    #[test]
    fn the_parts_of_a_ripple_make_up_the_whole() {
        for model in ["sim:reservoir-c-lost", "sim:supply-healthy"] {
            let result = measured(model, "ripple", "dc-48v");
            let detail = result.ripple.as_ref().unwrap();
            let parts = parts(detail);
            let sum: f64 = parts.iter().map(|p| p.share).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{parts:?}");
            let energy: f64 = parts.iter().map(|p| p.rms_v * p.rms_v).sum();
            let whole = detail.energy_balance * detail.rms_ac_v * detail.rms_ac_v;
            assert!((energy / whole - 1.0).abs() < 1e-3, "{energy} {whole}");
            let mains = parts.iter().find(|p| p.reading == "mains_rms").unwrap();
            assert!(model != "sim:reservoir-c-lost" || mains.share > 0.9, "{parts:?}");
        }
    }

    /// A limit of so many dBc stands that far below the carrier, and fails where a line is above it.
    #[test]
    fn limits_stand_where_the_carrier_puts_them() {
        let result = measured("sim:pa-failing", "spurs", "tx-generic");
        let detail = result.spurs.as_ref().unwrap();
        let carrier = detail.carrier.unwrap().level_db;
        let lines = limit_lines(&result, (0.0, 1e6), detail.level_unit, Lang::En);
        let limit = result.findings.iter().find(|f| f.reading == "spur_level").and_then(|f| f.limit.as_ref()).unwrap();
        let wanted = carrier + limit.upper.unwrap();
        let drawn = lines.iter().find(|l| l.points.iter().all(|p| (p.1 - wanted).abs() < 1e-9)).unwrap();
        assert!(drawn.failed && drawn.points[0].0 == 0.0 && drawn.points[1].0 == 1e6);
        assert!((drawn.guard_db - limit.guard).abs() < 1e-12);
    }
}
