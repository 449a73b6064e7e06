//! Signs for the diagnosis: ratios of what was separated, levels that jump, frames, bursts and rings of short events.

use faultscope_signal::lowpass::Decimated;
use faultscope_signal::robust::median_and_sigma;
use faultscope_signal::{Record, RecordError, Unit};

use super::{Event, EventKind, RippleDetail, SpikeLock};
use crate::reading::Reading;
use crate::sign::{dwell, scatter, two_levels};

/// Samples that bursts and excursions are looked for in, at most.
const MOST: usize = 1 << 18;
/// Frames of the record that levels and frames of radio systems are read from, at most.
const MOST_READ: u64 = 1 << 24;
/// Length of the means that levels are told by, and how many of them are the least and the most.
const MEAN_S: f64 = 1e-3;
const LEAST_MEANS: usize = 50;
const MOST_MEANS: u64 = 1 << 17;
/// Rate of the view that frames are looked for in.
const FRAME_VIEW_HZ: f64 = 4e3;
/// Frames of radio systems that load a supply: 5 ms TDD, and GSM (26 in 120 ms).
const FRAMES_HZ: [f64; 2] = [200.0, 26.0 / 0.12];
/// Excursions are that many robust standard deviations high, and at least this part of the mean.
const EXCURSION_SIGMAS: f64 = 8.0;
const EXCURSION_LEAST: f64 = 2e-4;
/// Changes below so many steps of the converter are its own.
const STEPS: f64 = 3.0;
/// Excursions closer than this belong together; longer ones are changes of level.
const EXCURSION_GAP_S: f64 = 1.5e-3;
const EXCURSION_LONGEST_S: f64 = 15e-3;

/// Every sign of a record, in `detail` and in its samples; `step` is its converter's, `burst_line_hz` its strongest line
/// above 20 kHz, `hf_line_v` the rms of that from 10 to 30 MHz.
pub(super) fn readings(
    record: &dyn Record,
    detail: &RippleDetail,
    step: f64,
    (burst_line_hz, hf_line_v): (Option<f64>, Option<f64>),
) -> Result<Vec<Reading>, RecordError> {
    let mut out = Vec::new();
    shares(detail, &mut out);
    mains(detail, &mut out);
    switching(detail, &mut out);
    happenings(&detail.events, detail.dc_v, &mut out);
    out.extend(hf_line_v.map(|v| Reading::new("line_10m_30m", v, record.unit())));
    out.extend(hf_line_v.and_then(|v| one("hf_share", v / detail.random.rms_v)));
    if step > 0.0 {
        // Noise below a step is the converter's own.
        out.extend(one("random_steps", detail.random.rms_v / step));
    }
    if detail.max_v > detail.min_v {
        levels(record, detail, step, &mut out)?;
        frames(record, detail, &mut out)?;
        let samples = start(record)?;
        if let Some(hz) = burst_line_hz {
            bursts(&samples, hz / record.sample_rate_hz(), record.sample_rate_hz(), &mut out);
        }
        excursions(&samples, record.sample_rate_hz(), detail.dc_v, step, &mut out);
    }
    Ok(out.into_iter().map(Reading::sign).collect())
}

fn one(id: &str, value: f64) -> Option<Reading> {
    value.is_finite().then(|| Reading::new(id, value, Unit::One))
}

fn percent(id: &str, value: f64, of: f64) -> Option<Reading> {
    let value = 100.0 * value / of.abs();
    value.is_finite().then(|| Reading::new(id, value, Unit::Percent))
}

fn shares(d: &RippleDetail, out: &mut Vec<Reading>) {
    out.extend(one("drift_share", d.drift.rms_v / d.rms_ac_v));
    out.extend(one("random_share", d.random.rms_v / d.rms_ac_v));
    out.extend(percent("random_dc", d.random.rms_v, d.dc_v));
    out.extend(one("spike_ratio", d.spikes.largest_v.abs() / d.vpp_robust_v));
    out.extend(percent("spike_dc", d.spikes.largest_v.abs(), d.dc_v));
    let locked = match d.spikes.locked_to {
        SpikeLock::Switching => 1.0,
        SpikeLock::Mains | SpikeLock::None => 0.0,
    };
    if d.spikes.count > 0 {
        out.extend(one("spikes_switching", locked));
    }
}

fn mains(d: &RippleDetail, out: &mut Vec<Reading>) {
    let Some(m) = &d.mains else { return };
    let amplitude = |k: u32| m.lines.iter().find(|l| l.order == k).map_or(0.0, |l| l.amplitude_v);
    let (h1, h2) = (amplitude(1), amplitude(2));
    let largest = m.lines.iter().map(|l| l.amplitude_v).fold(0.0, f64::max);
    out.extend(percent("mains_dc", m.rms_v, d.dc_v));
    for k in [1, 2, 3, 4, 6] {
        out.extend(one(&format!("mains_h{k}_top"), amplitude(k) / largest));
    }
    if h2 > 0.0 {
        let high: f64 = m.lines.iter().filter(|l| (16..=40).contains(&l.order)).map(|l| l.amplitude_v.powi(2)).sum();
        out.extend(one("mains_h6_h2", amplitude(6) / h2));
        out.extend(one("mains_high_h2", high.sqrt() / h2));
    }
    if h1 > 0.0 {
        out.extend(one("mains_h3_h1", amplitude(3) / h1));
    }
}

fn switching(d: &RippleDetail, out: &mut Vec<Reading>) {
    let Some(w) = &d.switching else { return };
    out.extend(percent("switching_dc", w.vpp_v, d.dc_v));
    out.extend(w.second.and_then(|s| one("beat_ratio", s.rms_v / w.rms_v)));
    let main = w.lines.iter().max_by(|a, b| a.amplitude_v.total_cmp(&b.amplitude_v)).map_or(1, |l| l.order.max(1));
    let harmonics: Vec<(f64, f64)> = w
        .lines
        .iter()
        .filter(|l| l.order % main == 0 && l.order / main <= 12 && l.amplitude_v > 0.0)
        .map(|l| (f64::from(l.order / main), l.amplitude_v))
        .collect();
    out.extend(envelope(&harmonics).and_then(|p| one("switching_fall", p)));
}

/// The exponent by which switching harmonics fall with their order, the sine of the duty cycle taken out: 1 on an
/// inductance, 2 on a resistance, 3 on a capacitance. Least squares over duty cycle and exponent.
fn envelope(harmonics: &[(f64, f64)]) -> Option<f64> {
    if harmonics.len() < 4 {
        return None;
    }
    let misfit = |duty: f64, p: f64| {
        let rest: Vec<f64> = harmonics
            .iter()
            .map(|(n, a)| {
                let sine = (n * std::f64::consts::PI * duty).sin().abs().max(0.05);
                a.ln() - sine.ln() + p * n.ln()
            })
            .collect();
        let mean = rest.iter().sum::<f64>() / rest.len() as f64;
        rest.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>()
    };
    let duties = (0..81).map(|k| 0.1 + 0.005 * f64::from(k));
    let pairs = duties.flat_map(|d| (0..36).map(move |k| (d, 0.5 + 0.1 * f64::from(k))));
    pairs.min_by(|a, b| misfit(a.0, a.1).total_cmp(&misfit(b.0, b.1))).map(|(_, p)| p)
}

fn happenings(events: &[Event], dc: f64, out: &mut Vec<Reading>) {
    let count = |kinds: &[EventKind]| events.iter().filter(|e| kinds.contains(&e.kind)).count() as f64;
    let reading = |id: &str, n: f64| Reading::new(id, n, Unit::Count);
    out.push(reading("sags", count(&[EventKind::Sag, EventKind::Swell])));
    out.push(reading("dropouts", count(&[EventKind::Dropout, EventKind::TurnOff, EventKind::TurnOn])));
    out.push(reading("steps", count(&[EventKind::Step])));
    let deepest = events.iter().map(|e| e.depth_v).fold(0.0, f64::max);
    out.extend(percent("event_dc", deepest, dc));
}

/// Levels of the rail by means of a millisecond.
fn levels(record: &dyn Record, d: &RippleDetail, step: f64, out: &mut Vec<Reading>) -> Result<(), RecordError> {
    let rate = record.sample_rate_hz();
    let frames = record.frames();
    let block = (MEAN_S * rate).round().max(1.0) as u64;
    if frames / block < LEAST_MEANS as u64 || frames / block > MOST_MEANS {
        return Ok(());
    }
    let mut buffer = vec![0.0; usize::try_from(block).unwrap_or(1)];
    let mut means = Vec::new();
    // Of very long records blocks are left out evenly.
    let stride = usize::try_from(frames.div_ceil(MOST_READ)).unwrap_or(1).max(1);
    for k in (0..frames / block).step_by(stride) {
        let got = record.read_f64(k * block, &mut buffer)?.max(1);
        let mean = buffer.iter().take(got).sum::<f64>() / got as f64;
        // Magnitudes: a negative rail sags upwards.
        means.push(mean * if d.dc_v < 0.0 { -1.0 } else { 1.0 });
    }
    let range = spread(&means);
    if range < STEPS * step {
        return Ok(());
    }
    if let Some(two) = two_levels(&means) {
        let occupied = (0.02..=0.98).contains(&two.low_time);
        out.extend(one("two_level_share", if occupied { two.share } else { 0.0 }));
        out.extend(one("low_level", two.low / two.high));
        let stays = dwell(&means, 0.5 * (two.low + two.high));
        if stays.len() >= 4 {
            out.extend(one("dwell_scatter", scatter(&stays)));
        }
    }
    let jump = means.windows(3).map(|w| (w[2] - w[0]).abs()).fold(0.0, f64::max);
    out.extend(one("jump_share", jump / range));
    out.extend(percent("level_range", range, d.dc_v));
    Ok(())
}

fn spread(v: &[f64]) -> f64 {
    v.iter().copied().fold(f64::NEG_INFINITY, f64::max) - v.iter().copied().fold(f64::INFINITY, f64::min)
}

/// How much of the ripple lies at the multiples of a radio frame's rate.
fn frames(record: &dyn Record, d: &RippleDetail, out: &mut Vec<Reading>) -> Result<(), RecordError> {
    if record.sample_rate_hz() < FRAME_VIEW_HZ || record.duration_s() < 0.1 {
        return Ok(());
    }
    let view = Decimated::at_least(record, FRAME_VIEW_HZ);
    let part = MOST_READ as f64 * view.sample_rate_hz() / record.sample_rate_hz();
    let mut x = vec![0.0; usize::try_from(view.frames()).unwrap_or(MOST).min(MOST).min(part as usize)];
    let got = view.read_f64(0, &mut x)?;
    x.truncate(got);
    let rate = view.sample_rate_hz();
    let share = |hz: f64| {
        let power: f64 = (1..=6)
            .map(|k| f64::from(k) * hz)
            .take_while(|f| *f < 0.45 * rate)
            .map(|f| 0.5 * hann_amplitude(&x, d.dc_v, f / rate).powi(2))
            .sum();
        power.sqrt() / d.rms_ac_v
    };
    let best = FRAMES_HZ.iter().map(|hz| (*hz, share(*hz))).max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((hz, share)) = best {
        out.extend(one("frame_share", share));
        out.push(Reading::new("frame_rate", hz, Unit::Hertz));
    }
    Ok(())
}

/// Peak amplitude of a sine of `turns` per sample under a Hann window.
fn hann_amplitude(x: &[f64], mean: f64, turns: f64) -> f64 {
    let n = x.len() as f64;
    let (s, c) = (std::f64::consts::TAU * turns).sin_cos();
    let (ws, wc) = (std::f64::consts::TAU / n).sin_cos();
    let (mut z, mut w) = ((1.0, 0.0), (1.0, 0.0));
    let (mut re, mut im) = (0.0, 0.0);
    for v in x {
        let weighted = (v - mean) * (1.0 - w.0);
        re += weighted * z.0;
        im += weighted * z.1;
        z = (z.0 * c - z.1 * s, z.0 * s + z.1 * c);
        w = (w.0 * wc - w.1 * ws, w.0 * ws + w.1 * wc);
    }
    2.0 * re.hypot(im) / n
}

/// The beginning of the record.
fn start(record: &dyn Record) -> Result<Vec<f64>, RecordError> {
    let mut x = vec![0.0; usize::try_from(record.frames()).unwrap_or(MOST).min(MOST)];
    let got = record.read_f64(0, &mut x)?;
    x.truncate(got);
    x.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = 0.0);
    Ok(x)
}

/// Whether switching comes in bursts: the envelope of its line, in means over four periods, has two levels.
fn bursts(x: &[f64], turns: f64, rate: f64, out: &mut Vec<Reading>) {
    let width = (4.0 / turns).round().max(1.0) as usize;
    if x.len() / width < LEAST_MEANS {
        return;
    }
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let envelope: Vec<f64> = x
        .chunks_exact(width)
        .map(|part| {
            let (s, c) = (std::f64::consts::TAU * turns).sin_cos();
            let (mut z, mut re, mut im) = ((1.0, 0.0), 0.0, 0.0);
            for v in part {
                re += (v - mean) * z.0;
                im += (v - mean) * z.1;
                z = (z.0 * c - z.1 * s, z.0 * s + z.1 * c);
            }
            2.0 * re.hypot(im) / width as f64
        })
        .collect();
    let Some(two) = two_levels(&envelope) else { return };
    let depth = if (0.05..=0.95).contains(&two.low_time) { two.share * (1.0 - two.low / two.high) } else { 0.0 };
    out.extend(one("burst_depth", depth));
    let stays = dwell(&envelope, 0.5 * (two.low + two.high));
    if stays.len() >= 4 {
        let cycle = 2.0 * stays.iter().sum::<f64>() / stays.len() as f64;
        out.push(Reading::new("burst_rate", rate / (cycle * width as f64), Unit::Hertz));
        out.extend(one("burst_scatter", scatter(&stays)));
    }
}

/// Short departures from a level that is kept otherwise: how deep, how they swing back, how alike they are.
fn excursions(x: &[f64], rate: f64, dc: f64, step: f64, out: &mut Vec<Reading>) {
    let mut thinned: Vec<f64> = x.iter().copied().step_by(x.len().div_ceil(8192).max(1)).collect();
    let (level, sigma) = median_and_sigma(&mut thinned);
    let limit = (EXCURSION_SIGMAS * sigma).max(EXCURSION_LEAST * dc.abs()).max(STEPS * step);
    let gap = (EXCURSION_GAP_S * rate) as usize;
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (k, _) in x.iter().enumerate().filter(|(_, v)| (*v - level).abs() > limit) {
        match groups.last_mut() {
            Some(g) if k <= g.1 + gap => g.1 = k + 1,
            _ => groups.push((k, k + 1)),
        }
    }
    let longest = (EXCURSION_LONGEST_S * rate) as usize;
    groups.retain(|g| g.1 - g.0 <= longest);
    out.push(Reading::new("excursions", groups.len() as f64, Unit::Count));
    let swings: Vec<Swing> =
        groups.iter().take(256).filter_map(|g| x.get(g.0..g.1).and_then(|p| swing(p, level))).collect();
    if swings.is_empty() {
        return;
    }
    let median = |f: &dyn Fn(&Swing) -> f64| {
        let mut v: Vec<f64> = swings.iter().map(f).collect();
        median_and_sigma(&mut v).0
    };
    let depths: Vec<f64> = swings.iter().map(|s| s.first.abs()).collect();
    out.extend(percent("excursion_dc", depths.iter().copied().fold(0.0, f64::max), dc));
    let mean = depths.iter().sum::<f64>() / depths.len() as f64;
    let variance = depths.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / depths.len() as f64;
    out.extend(one("excursion_scatter", variance.sqrt() / mean));
    out.extend(one("swing_back", median(&|s| s.back)));
    let half = median(&|s| s.half as f64);
    if half > 0.0 {
        out.push(Reading::new("swing_rate", 0.5 * rate / half, Unit::Hertz));
    }
    let up = swings.iter().filter(|s| s.first > 0.0).count() as f64 / swings.len() as f64;
    out.extend(one("excursion_sides", 2.0 * up.min(1.0 - up)));
}

/// The first extreme of an excursion, the opposite one after it against the first, and the samples between them.
struct Swing {
    first: f64,
    back: f64,
    half: usize,
}

fn swing(part: &[f64], level: f64) -> Option<Swing> {
    let sign = (part.first()? - level).signum();
    let turned = part.iter().position(|v| (v - level) * sign < 0.0).unwrap_or(part.len());
    let extreme = |range: std::ops::Range<usize>, sign: f64| {
        let values = part.get(range.clone())?.iter().map(|v| (v - level) * sign);
        values.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, v)| (range.start + k, v))
    };
    let (at, first) = extreme(0..turned, sign)?;
    let (later, back) = extreme(turned..part.len(), -sign).unwrap_or((at, 0.0));
    Some(Swing { first: first * sign, back: back.max(0.0) / first, half: later - at })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Triangle of duty D through a resistance: |sin(n pi D)| / n^2; through a capacitance: one power more.
    #[test]
    fn the_fall_of_switching_harmonics_names_the_part() {
        for duty in [0.23, 0.37, 0.42] {
            for power in [1.0, 2.0, 3.0] {
                let lines: Vec<(f64, f64)> = (1..=9)
                    .map(|n| {
                        (
                            f64::from(n),
                            (f64::from(n) * std::f64::consts::PI * duty).sin().abs() / f64::from(n).powf(power),
                        )
                    })
                    .collect();
                let got = envelope(&lines).unwrap();
                assert!((got - power).abs() < 0.11, "D {duty}: {got} instead of {power}");
            }
        }
    }

    /// The first two extremes of a damped sine have the ratio exp(-pi zeta / sqrt(1 - zeta^2)).
    #[test]
    fn a_ring_swings_back_by_its_damping() {
        let (rate, hz, zeta) = (200e3, 2e3, 0.2_f64);
        let own = hz * (1.0 - zeta * zeta).sqrt();
        let x: Vec<f64> = (0..40_000)
            .map(|k| {
                let t = (f64::from(k) / rate).rem_euclid(0.05);
                12.0 - 0.2 * (-zeta * std::f64::consts::TAU * hz * t).exp() * (std::f64::consts::TAU * own * t).sin()
            })
            .collect();
        let mut out = Vec::new();
        excursions(&x, rate, 12.0, 0.0, &mut out);
        let value = |id: &str| out.iter().find(|r| r.id == id).unwrap().value;
        let want = (-std::f64::consts::PI * zeta / (1.0 - zeta * zeta).sqrt()).exp();
        assert!((value("swing_back") - want).abs() < 0.02, "{}", value("swing_back"));
        assert!((value("swing_rate") / own - 1.0).abs() < 0.05);
        assert_eq!(value("excursions"), 4.0);
    }
}
