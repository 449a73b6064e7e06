//! Lines: found in any of the good captures, measured in all of them, and held against those of another capture.

use faultscope_signal::predict::{Pooled, independent, student_critical, student_two_sided};
use faultscope_signal::robust;

use super::difference::{Difference, DifferenceKind, Each};
use super::profile::{Aligned, Profile, line_noise_db2};
use super::reference::{LineEnvelope, Reference};
use super::{DB, mean_and_variance};

/// No level is known better than this.
const LEAST_DB: f64 = 0.01;
/// A line less than this over the noise of a bin (6 dB) is gone.
const GONE_SNR: f64 = 4.0;

/// One line seen in several captures.
struct Cluster {
    offsets: Vec<f64>,
    captures: Vec<usize>,
}

impl Cluster {
    fn mean(&self) -> f64 {
        self.offsets.iter().sum::<f64>() / self.offsets.len().max(1) as f64
    }
}

/// The lines of the good captures; the one at `carrier_hz` is left out: levels are relative to it.
pub(super) fn envelopes(profiles: &[Profile], aligned: &[Aligned], carrier_hz: Option<f64>) -> Vec<LineEnvelope> {
    let Some(first) = profiles.first() else { return Vec::new() };
    let lobe_hz = first.spectrum.settings.window.main_lobe_bins() * first.spectrum.bin_hz();
    let real = first.setup.kind == "real";
    let mut sightings: Vec<(f64, usize)> = Vec::new();
    for (i, (profile, aligned)) in profiles.iter().zip(aligned).enumerate() {
        let moved = aligned.bins as f64 * profile.spectrum.bin_hz();
        let offsets = profile.lines.iter().map(|l| l.offset_hz - moved);
        let meant = offsets.filter(|o| {
            carrier_hz.is_none_or(|c| (o - c).abs() > first.tolerance_hz(c)) && !(real && o.abs() < lobe_hz)
        });
        sightings.extend(meant.map(|o| (o, i)));
    }
    sightings.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut clusters: Vec<Cluster> = Vec::new();
    for (offset, capture) in sightings {
        match clusters.last_mut().filter(|c| offset - c.mean() <= first.tolerance_hz(offset)) {
            Some(cluster) => {
                cluster.offsets.push(offset);
                cluster.captures.push(capture);
            }
            None => clusters.push(Cluster { offsets: vec![offset], captures: vec![capture] }),
        }
    }
    clusters.into_iter().map(|c| envelope(c, profiles, aligned)).collect()
}

fn envelope(mut cluster: Cluster, profiles: &[Profile], aligned: &[Aligned]) -> LineEnvelope {
    cluster.captures.sort_unstable();
    cluster.captures.dedup();
    let range_hz = cluster.offsets.last().copied().unwrap_or(0.0) - cluster.offsets.first().copied().unwrap_or(0.0);
    let offset_hz = robust::median(&mut cluster.offsets);
    let measured: Vec<(f64, f64)> = profiles.iter().zip(aligned).map(|(p, a)| p.line_at(offset_hz, *a)).collect();
    let level_db: Vec<f64> = measured.iter().map(|m| m.0).collect();
    let averages = profiles.iter().map(|p| p.spectrum.effective_averages).fold(f64::INFINITY, f64::min);
    let noise = measured.iter().map(|m| line_noise_db2(m.1, averages)).sum::<f64>() / measured.len().max(1) as f64;
    LineEnvelope {
        offset_hz,
        range_hz,
        seen: cluster.captures.len(),
        median_db: robust::median(&mut level_db.clone()),
        spread_db: mean_and_variance(&level_db).1.sqrt(),
        noise_db: noise.sqrt(),
        level_db,
    }
}

/// Variance (dB^2) of each line between captures with its degrees of freedom: pooled among the lines that are always
/// there, as far as their spreads agree once noise is allowed for.
fn spreads(reference: &Reference) -> Vec<(f64, f64)> {
    let own = reference.captures as f64 - 1.0;
    let least = LEAST_DB * LEAST_DB;
    if own < 1.0 {
        return reference.lines.iter().map(|l| (l.noise_db.powi(2).max(least), f64::INFINITY)).collect();
    }
    let steady = |l: &&LineEnvelope| l.seen == reference.captures;
    let noise = |l: &LineEnvelope| l.noise_db.powi(2).max(least);
    let mut unit: Vec<f64> = reference.lines.iter().filter(steady).map(|l| l.spread_db.powi(2) - noise(l)).collect();
    let unit = robust::median(&mut unit).max(0.0);
    let expected = |l: &LineEnvelope| noise(l) + if unit.is_finite() { unit } else { 0.0 };
    let levels: Vec<Vec<f64>> = reference.lines.iter().filter(steady).map(|l| l.level_db.clone()).collect();
    let ratios: Vec<f64> =
        reference.lines.iter().filter(steady).map(|l| l.spread_db.powi(2).max(1e-2 * least) / expected(l)).collect();
    let pooled = Pooled::of(&ratios, own, independent(&levels));
    let one = |l: &LineEnvelope| {
        if l.seen < reference.captures {
            return (l.spread_db.powi(2).max(least), own);
        }
        let (ratio, freedom) = pooled.with(l.spread_db.powi(2) / expected(l), own);
        ((ratio * expected(l)).max(least), freedom)
    };
    reference.lines.iter().map(one).collect()
}

/// Every line of the reference, answered.
pub(super) fn test(reference: &Reference, profile: &Profile, aligned: Aligned, each: &Each) -> Vec<Difference> {
    let captures = reference.captures as f64;
    let unit = reference.spectrum.level_unit.unwrap_or(reference.setup.level_unit);
    let one = |(line, (variance, freedom)): (&LineEnvelope, (f64, f64))| {
        let (level, snr) = profile.line_at(line.offset_hz, aligned);
        let expected = mean_and_variance(&line.level_db).0;
        let sigma = if reference.captures > 1 {
            (variance * (1.0 + 1.0 / captures)).sqrt()
        } else {
            // Two captures: each brings the noise that it has, were the line as strong as in the reference.
            let snr = snr * ((expected - level) / DB).exp();
            (variance + line_noise_db2(snr, profile.spectrum.effective_averages)).sqrt()
        };
        let allowed = student_critical(each.p, freedom) * sigma;
        let fallen = level < expected && (snr < GONE_SNR || !profile.sees(line.offset_hz, aligned));
        let kind = if fallen { DifferenceKind::LineGone } else { DifferenceKind::LineChanged };
        let place = profile.place(line.offset_hz, aligned);
        let p = student_two_sided((level - expected) / sigma, freedom);
        Difference::new(kind, "line_level", unit, expected, level).allowed(allowed, p, each).at(line.offset_hz, place)
    };
    reference.lines.iter().zip(spreads(reference)).map(one).filter(|d| d.change.is_finite()).collect()
}
