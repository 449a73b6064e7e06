//! Drifting lines: peaks of the record's parts that lie on a straight line over time and frequency.

use faultscope_signal::Spectrum;
use faultscope_signal::detect::Line;
use faultscope_signal::floor::Floor;

use super::Behaviour;
use super::behaviour::{Looks, PARTS, Seen};

/// Parts that must show a drifting line.
const HITS: usize = 6;
/// A line moves when it goes further than this, in bins from the first part to the last.
const LEAST_BINS: f64 = 4.0;
/// Fastest drift looked for, in bins from part to part: faster ones smear below the noise.
const MOST_BINS: f64 = 64.0;
/// How far around a drifting line nothing else may be, in bins, and how many strangers are forgiven.
const ALONE: f64 = 16.0;
const STRANGERS: usize = 1;
/// Distance from the straight line that noise may cause, in bins.
const NOISE_BINS: f64 = 1.5;
/// Peaks at one place in this many parts stand still.
const STILL: usize = 5;

/// A line that moves evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Track {
    /// Bins in the middle of the record, and from the beginning to the end of it.
    middle: f64,
    low: f64,
    high: f64,
    power: f64,
    drift_hz_per_s: f64,
}

impl Track {
    /// Whether a bin lies where the line was at some time.
    pub(super) fn covers(&self, bin: f64) -> bool {
        bin >= self.low && bin <= self.high
    }

    /// As a line at its place in the middle of the record.
    pub(super) fn seen(&self, spectrum: &Spectrum, floor: &Floor) -> Seen {
        let peak = (self.middle.round().max(0.0) as usize).min(spectrum.mean.len().saturating_sub(1));
        let snr = self.power / floor.level[peak];
        let shape = spectrum.effective_averages.max(1.0);
        let line = Line {
            bin: self.middle,
            peak,
            power: self.power,
            snr,
            // Six peaks in a row on a straight line do not come from noise.
            false_alarm: 0.0,
            relative_error: ((2.0 * snr + 1.0) / shape).sqrt() / snr,
        };
        Seen { line, behaviour: Behaviour::Drifting, drift_hz_per_s: Some(self.drift_hz_per_s) }
    }
}

/// All drifting lines, strongest first; `peaks` are those of each part.
pub(super) fn tracks(looks: &Looks, spectrum: &Spectrum, floor: &Floor, peaks: &[Vec<(usize, f64)>]) -> Vec<Track> {
    if peaks.len() < PARTS {
        return vec![];
    }
    let mut peaks = moving(peaks);
    let mut out: Vec<Track> = Vec::new();
    while let Some(track) = best(looks, spectrum, floor, &peaks) {
        peaks.iter_mut().for_each(|p| p.retain(|(k, _)| !track.covers(*k as f64)));
        out.push(track);
    }
    out.sort_by(|a, b| b.power.total_cmp(&a.power));
    out
}

/// The peaks that do not stand still.
fn moving(peaks: &[Vec<(usize, f64)>]) -> Vec<Vec<(usize, f64)>> {
    let still = |k: usize| peaks.iter().filter(|p| p.iter().any(|(o, _)| o.abs_diff(k) <= 1)).count() >= STILL;
    peaks.iter().map(|part| part.iter().copied().filter(|(k, _)| !still(*k)).collect()).collect()
}

/// The straight line through a peak of an early part and one of a late part that most parts agree with.
fn best(looks: &Looks, spectrum: &Spectrum, floor: &Floor, peaks: &[Vec<(usize, f64)>]) -> Option<Track> {
    let mut best: Option<(usize, Vec<(usize, f64)>)> = None;
    for i in 0..=PARTS - HITS {
        for j in HITS - 1..PARTS {
            for (a, _) in &peaks[i] {
                for (b, _) in &peaks[j] {
                    let slope = (*b as f64 - *a as f64) / (looks.times_s[j] - looks.times_s[i]);
                    let step = slope * (looks.times_s[PARTS - 1] - looks.times_s[0]) / (PARTS - 1) as f64;
                    if step.abs() * (PARTS - 1) as f64 <= LEAST_BINS || step.abs() > MOST_BINS {
                        continue;
                    }
                    let at = |part: usize| *a as f64 + slope * (looks.times_s[part] - looks.times_s[i]);
                    if let Some(hits) = hits(peaks, at, step.abs(), spectrum)
                        && best.as_ref().is_none_or(|(_, b)| hits.len() > b.len())
                    {
                        best = Some((i, hits));
                    }
                }
            }
        }
    }
    best.map(|(_, hits)| settle(looks, spectrum, floor, &hits))
}

/// The peaks (part, bin) near a straight line that is alone there, if there are enough.
fn hits(
    peaks: &[Vec<(usize, f64)>],
    at: impl Fn(usize) -> f64,
    step: f64,
    spectrum: &Spectrum,
) -> Option<Vec<(usize, f64)>> {
    // Within a part the line sweeps over a step: its highest bin may be anywhere on it.
    let near = NOISE_BINS + 0.6 * step;
    let lobe = spectrum.settings.window.main_lobe_bins();
    let (mut out, mut strangers) = (Vec::new(), 0);
    for (part, peaks) in peaks.iter().enumerate() {
        let distance = |k: usize| (k as f64 - at(part)).abs();
        if let Some((k, _)) = peaks.iter().find(|(k, _)| distance(*k) <= near) {
            out.push((part, *k as f64));
        }
        let around = near + lobe..near + lobe + ALONE;
        strangers += peaks.iter().filter(|(k, _)| around.contains(&distance(*k))).count();
    }
    (out.len() >= HITS && strangers <= STRANGERS).then_some(out)
}

/// The straight line through the peaks, then through the centroids around it; and the power around the line in every part.
fn settle(looks: &Looks, spectrum: &Spectrum, floor: &Floor, hits: &[(usize, f64)]) -> Track {
    let time = |part: usize| looks.times_s[part];
    let (first_s, last_s) = (time(0), time(PARTS - 1));
    let lobe = spectrum.settings.window.main_lobe_bins();
    let half_step = |line: Straight| 0.5 * (line.slope * (last_s - first_s) / (PARTS - 1) as f64).abs();
    // Excess over the floor around the line in a part: its sum, and its centroid.
    let excess = |line: Straight, part: usize| {
        let (at, reach) = (line.at(time(part)), half_step(line) + lobe);
        let bins = (at - reach).max(0.0) as usize..((at + reach).max(0.0) as usize + 1).min(spectrum.mean.len());
        let (sum, moment) = bins.fold((0.0, 0.0), |(sum, moment), k| {
            let p = looks.power(part, k) - floor.level[k];
            (sum + p, moment + p * (k as f64 - at))
        });
        (sum, at + (moment / sum).clamp(-reach, reach))
    };
    let peaks: Vec<(f64, f64)> = hits.iter().map(|(part, bin)| (time(*part), *bin)).collect();
    let mut line = Straight::through(&peaks);
    for _ in 0..3 {
        let centroids: Vec<(f64, f64)> = hits.iter().map(|(part, _)| (time(*part), excess(line, *part).1)).collect();
        line = Straight::through(&centroids);
    }
    let enbw = spectrum.rbw_hz() / spectrum.bin_hz();
    let power = (0..PARTS).map(|part| excess(line, part).0 / enbw).sum::<f64>() / PARTS as f64;
    let (first, last) = (line.at(first_s), line.at(last_s));
    let edge = half_step(line) + lobe + 1.0;
    Track {
        middle: line.at(0.5 * (first_s + last_s)),
        low: first.min(last) - edge,
        high: first.max(last) + edge,
        power: power.max(f64::MIN_POSITIVE),
        drift_hz_per_s: line.slope * spectrum.bin_hz(),
    }
}

/// Bins over seconds.
#[derive(Debug, Clone, Copy)]
struct Straight {
    time_s: f64,
    bin: f64,
    slope: f64,
}

impl Straight {
    /// Least squares through (seconds, bin).
    fn through(points: &[(f64, f64)]) -> Self {
        let n = points.len() as f64;
        let (time_s, bin) = points.iter().fold((0.0, 0.0), |(t, k), p| (t + p.0 / n, k + p.1 / n));
        let (tt, tk) = points.iter().fold((0.0, 0.0), |(tt, tk), p| {
            let t = p.0 - time_s;
            (tt + t * t, tk + t * (p.1 - bin))
        });
        Self { time_s, bin, slope: tk / tt }
    }

    fn at(self, time_s: f64) -> f64 {
        self.bin + self.slope * (time_s - self.time_s)
    }
}
