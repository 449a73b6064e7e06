//! What was found, as readings, gates and the JSON shape.

use faultscope_signal::{Record, Unit};

use super::events;
use super::separate::FamilySums;
use super::{Analysis, Drift, Event, EventKind, Line, Mains, Random, RippleDetail, SecondConverter, Spikes, Switching};
use crate::gate::{Gate, GateState};
use crate::measurement::Settings;
use crate::reading::{At, Reading};

/// Below this a record says nothing about ripple.
const LEAST_FRAMES: u64 = 64;
/// Two mains cycles: less cannot tell odd from even harmonics.
const TWO_CYCLES_S: f64 = 0.04;
/// Ten mains cycles: less does not tell neighbouring mains lines apart.
const TEN_CYCLES_S: f64 = 0.2;
/// Kurtosis below which a record has two levels (a square wave has 1, a sine 1.5) ...
const TWO_LEVELS: f64 = 1.35;
/// ... and is no rail when it swings by more than this part of its mean.
const SWING: f64 = 0.5;
/// How far the energy balance may be off before the parts are in doubt.
const BALANCE: f64 = 0.05;

impl Analysis {
    fn duration(&self) -> f64 {
        self.scan.frames as f64 / self.rate
    }

    fn rms_ac(&self) -> f64 {
        self.sums.total.variance().sqrt()
    }

    /// Whether there is a DC voltage for ripple to be a part of; even an unfiltered half wave has 0.8 of its rms.
    fn has_dc(&self) -> bool {
        self.scan.dc != 0.0 && 2.0 * self.scan.dc.abs() >= self.rms_ac()
    }

    fn vpp(&self) -> f64 {
        self.scan.max - self.scan.min
    }

    fn vpp_robust(&self) -> f64 {
        let h = &self.sums.histogram;
        (h.percentile(0.999_95) - h.percentile(0.000_05)).clamp(0.0, self.vpp())
    }

    /// Mean square of the spikes: what the residue has more than its quiet samples would have.
    fn spikes_square(&self) -> f64 {
        if self.sums.spikes.count == 0 {
            return 0.0;
        }
        (self.sums.residue().mean_square() - self.sums.quiet.mean_square()).max(0.0)
    }

    fn balance(&self) -> f64 {
        let s = &self.sums;
        let whole = s.total.variance();
        if whole <= 0.0 {
            return 1.0;
        }
        let parts = s.drift.variance() + s.mains.mean_square() + s.switching.mean_square();
        (parts + self.spikes_square() + s.quiet.mean_square()) / whole
    }

    fn mains(&self) -> Option<Mains> {
        let (family, sums) = (self.mains.as_ref()?, self.sums.mains_lines.as_ref()?);
        let f = sums.frequency();
        let rms_v = self.sums.mains.mean_square().sqrt();
        Some(Mains { fundamental_hz: f, rms_v, lines: lines(&family.orders(), sums, f) })
    }

    fn switching(&self) -> Option<Switching> {
        let (family, sums) = (self.switching.as_ref()?, self.sums.switching_lines.as_ref()?);
        let f = sums.frequency();
        Some(Switching {
            fundamental_hz: f,
            rms_v: self.sums.switching.mean_square().sqrt(),
            vpp_v: sums.cycle(&family.orders).peak_to_peak(),
            lines: lines(&family.orders, sums, f),
            sideline_ratio: self.beside.sideline_ratio,
            second: self.beside.second.map(|(frequency_hz, rms_v)| SecondConverter {
                frequency_hz,
                rms_v,
                beat_hz: (frequency_hz - f64::from(family.main) * f).abs(),
            }),
        })
    }

    fn deepest(&self) -> Option<&Event> {
        let down = |e: &&Event| matches!(e.kind, EventKind::Sag | EventKind::Dropout);
        self.events.iter().filter(down).max_by(|a, b| a.depth_v.total_cmp(&b.depth_v))
    }

    /// Standard deviation of the amplitude of a fitted line in white noise of the random rest.
    fn amplitude_sigma(&self) -> f64 {
        (2.0 * self.sums.quiet.mean_square() / self.scan.frames as f64).sqrt()
    }
}

fn lines(orders: &[u32], sums: &FamilySums, f: f64) -> Vec<Line> {
    let mut lines: Vec<Line> = orders
        .iter()
        .zip(sums.amplitudes())
        .map(|(&order, amplitude_v)| Line {
            order,
            frequency_hz: f64::from(order) * f,
            amplitude_v,
            rms_v: amplitude_v * std::f64::consts::FRAC_1_SQRT_2,
        })
        .collect();
    lines.sort_by_key(|l| l.order);
    lines
}

/// The JSON shape.
pub(super) fn detail(a: &Analysis) -> RippleDetail {
    let s = &a.sums;
    RippleDetail {
        bandwidth_hz: a.bandwidth,
        dc_v: a.scan.dc,
        min_v: a.scan.min,
        max_v: a.scan.max,
        vpp_v: a.vpp(),
        vpp_robust_v: a.vpp_robust(),
        rms_ac_v: a.rms_ac(),
        psophometric_v: a.psophometric,
        bands: a.bands.clone(),
        mains_separable: a.duration() >= TEN_CYCLES_S,
        mains: a.mains(),
        switching: a.switching(),
        spikes: Spikes {
            count: s.spikes.count,
            per_second: s.spikes.count as f64 / a.duration(),
            largest_v: s.spikes.largest,
            locked_to: s.spikes.lock(),
        },
        drift: Drift {
            rms_v: s.drift.variance().sqrt(),
            vpp_v: (s.drift_range.1 - s.drift_range.0).max(0.0),
            slope_v_per_s: s.drift_slope() * a.rate,
        },
        events: a.events.clone(),
        random: Random {
            rms_v: s.quiet.mean_square().sqrt(),
            kurtosis: s.quiet.kurtosis(),
            slope_db_per_decade: a.slope_db_per_decade,
        },
        energy_balance: a.balance(),
    }
}

/// Unit of a slope of the record's unit; a slope in full scales per second has no unit of its own.
fn slope_unit(unit: Unit) -> Option<Unit> {
    (unit == Unit::Volt).then_some(Unit::VoltPerSecond)
}

/// The readings, in the record's unit.
pub(super) fn readings(unit: Unit, a: &Analysis) -> Vec<Reading> {
    let d = detail(a);
    let s = &a.sums;
    let value = |id: &str, v: f64| Reading::new(id, v, unit).within(a.bandwidth);
    let mean_sigma = d.random.rms_v / (a.scan.frames as f64).sqrt();
    let mut out = vec![
        value("dc", d.dc_v).uncertain(2.0 * mean_sigma),
        value("min", d.min_v),
        value("max", d.max_v),
        // A converter's step at either end is what the extremes can be off.
        value("vpp", d.vpp_v).uncertain(a.scan.step),
        value("vpp_robust", d.vpp_robust_v).uncertain(a.scan.step),
        value("rms_ac", d.rms_ac_v),
    ];
    if a.has_dc() {
        out.push(Reading::new("ripple_factor", 100.0 * d.vpp_v / d.dc_v.abs(), Unit::Percent).within(a.bandwidth));
    }
    out.extend(d.psophometric_v.map(|v| value("psophometric", v)));
    for (id, name) in [("band_3k4_150k", "3.4k-150k"), ("band_150k_30m", "150k-30M")] {
        let band = d.bands.iter().find(|b| b.name == name);
        out.extend(band.and_then(|b| {
            let at = At { low_hz: Some(b.low_hz), high_hz: Some(b.high_hz), ..At::default() };
            b.rms_v.map(|v| value(id, v).at(at))
        }));
    }
    for &(id, f, rms) in &a.discrete {
        out.push(value(id, rms).at(At { frequency_hz: Some(f), ..At::default() }));
    }
    mains_readings(a, &d, unit, &mut out);
    switching_readings(a, &d, unit, &mut out);
    out.push(Reading::new("spikes_per_second", d.spikes.per_second, Unit::PerSecond).within(a.bandwidth));
    out.push(value("spike_largest", d.spikes.largest_v));
    out.push(value("drift_rms", d.drift.rms_v));
    out.extend(slope_unit(unit).map(|u| Reading::new("drift_slope", d.drift.slope_v_per_s, u)));
    let relative = if s.quiet.n > 1.0 { (2.0 / s.quiet.n).sqrt() } else { f64::NAN };
    out.push(value("random_rms", d.random.rms_v).uncertain(d.random.rms_v * relative));
    out.push(Reading::new("kurtosis", d.random.kurtosis, Unit::One));
    out.push(Reading::new("events", d.events.len() as f64, Unit::Count));
    let deepest = a.deepest();
    let sag = value("deepest_sag", deepest.map_or(0.0, |e| e.depth_v));
    out.push(match deepest {
        Some(e) => sag.at(At { start_s: Some(e.start_s), ..At::default() }),
        None => sag,
    });
    out
}

fn mains_readings(a: &Analysis, d: &RippleDetail, unit: Unit, out: &mut Vec<Reading>) {
    let value = |id: &str, v: f64| Reading::new(id, v, unit).within(a.bandwidth);
    let (Some(m), Some(sums)) = (&d.mains, &a.sums.mains_lines) else {
        // Looked for and not there: 0, to within what would have been found.
        if a.mains_searched {
            out.extend(
                ["mains_rms", "mains_h1", "mains_h2", "mains_h3", "mains_h4", "mains_h6"]
                    .map(|id| value(id, 0.0).uncertain(5.0 * a.amplitude_sigma())),
            );
            out.push(Reading::new("mains_share", 0.0, Unit::One));
        }
        return;
    };
    // Cramer and Rao's bound for a family, times the loss of the tapered window, and the wander between blocks.
    let slopes: f64 = m.lines.iter().map(|l| (f64::from(l.order) * l.amplitude_v).powi(2)).sum();
    let seconds = a.duration().min(1.0);
    let noise = a.sums.quiet.mean_square() / (seconds * a.rate);
    let bound = (6.0 * noise / slopes).sqrt() / (std::f64::consts::PI * seconds);
    let frequency = Reading::new("mains_frequency", m.fundamental_hz, Unit::Hertz);
    out.push(frequency.uncertain(2.0 * (1.6 * bound).hypot(sums.wander())));
    out.push(value("mains_rms", m.rms_v));
    let amplitude = |k: u32| m.lines.iter().find(|l| l.order == k).map_or(0.0, |l| l.amplitude_v);
    for k in [1, 2, 3, 4, 6] {
        let at = At { frequency_hz: Some(f64::from(k) * m.fundamental_hz), ..At::default() };
        let sigma = 1.25 * a.amplitude_sigma();
        out.push(value(&format!("mains_h{k}"), amplitude(k)).uncertain(2.0 * sigma).at(at));
    }
    if amplitude(2) > 0.0 {
        out.push(Reading::new("mains_h4_h2", amplitude(4) / amplitude(2), Unit::One));
        out.push(Reading::new("mains_h1_h2", amplitude(1) / amplitude(2), Unit::One));
    }
    if d.rms_ac_v > 0.0 {
        out.push(Reading::new("mains_share", m.rms_v / d.rms_ac_v, Unit::One));
    }
}

fn switching_readings(a: &Analysis, d: &RippleDetail, unit: Unit, out: &mut Vec<Reading>) {
    let value = |id: &str, v: f64| Reading::new(id, v, unit).within(a.bandwidth);
    let (Some(w), Some(family), Some(sums)) = (&d.switching, &a.switching, &a.sums.switching_lines) else {
        if a.switching_searched {
            out.extend(["switching_rms", "switching_vpp"].map(|id| value(id, 0.0)));
        }
        return;
    };
    let main = f64::from(family.main);
    let frequency = Reading::new("switching_frequency", main * w.fundamental_hz, Unit::Hertz);
    out.push(frequency.uncertain(2.0 * main * sums.wander()));
    out.push(value("switching_vpp", w.vpp_v));
    out.push(value("switching_rms", w.rms_v));
    if d.rms_ac_v > 0.0 {
        out.push(Reading::new("switching_share", w.rms_v / d.rms_ac_v, Unit::One));
    }
    if let Some(second) = &w.second {
        out.push(Reading::new("beat_frequency", second.beat_hz, Unit::Hertz));
    }
    out.extend(w.sideline_ratio.map(|r| Reading::new("sideline_ratio", r, Unit::One)));
    if family.main > 1 {
        let largest = |wanted: &dyn Fn(u32) -> bool| {
            w.lines.iter().filter(|l| wanted(l.order)).map(|l| l.amplitude_v).fold(0.0, f64::max)
        };
        let below = largest(&|k| k < family.main);
        let of = largest(&|k| k == family.main);
        if of > 0.0 {
            out.push(Reading::new("subharmonic_ratio", below / of, Unit::One));
        }
    }
}

/// This measurement's own gates.
pub(super) fn gates(record: &dyn Record, a: &Analysis, settings: &Settings) -> Vec<Gate> {
    let mut gates = vec![length(a)];
    let missing = a.scan.frames - a.scan.finite;
    if missing > 0 {
        let detail = format!("{missing} of {} samples are not finite; they were taken as the mean", a.scan.frames);
        gates.push(Gate::new("finite", GateState::Fail, detail));
    }
    if record.unit() != Unit::Volt {
        let detail = format!("values are in {}, no volts per unit: add --scale", record.unit());
        gates.push(Gate::new("calibration", GateState::Warn, detail));
    }
    let jumps = a.sums.total.kurtosis() < TWO_LEVELS && a.vpp() > SWING * a.scan.dc.abs();
    if (jumps || a.two_states) && a.scan.frames >= LEAST_FRAMES {
        let events = if a.two_states { "; its jumps are not listed as events" } else { "" };
        let detail = format!(
            "the level jumps between two states: no rail but a digital or switching waveform; use `transition`{events}"
        );
        gates.push(Gate::new("waveform", GateState::Warn, detail));
    }
    if a.scan.variance > 0.0 && !a.has_dc() {
        let detail = "no ripple factor: the mean is below half the rms of the ripple, as of an AC-coupled input";
        gates.push(Gate::new("mean", GateState::Ok, detail));
    }
    if let Some(f) = a.beyond_claim_hz {
        let detail = format!(
            "a line at {f:.4e} Hz holds much of the energy, too close to half the sample rate or too high to be called \
             switching: record faster, or say --switching if it is"
        );
        gates.push(Gate::new("switching", GateState::Warn, detail));
    }
    let balance = a.balance();
    if (balance - 1.0).abs() > BALANCE {
        let detail = format!("the parts hold {balance:.3} of the whole energy: they are not independent here");
        gates.push(Gate::new("consistency", GateState::Warn, detail));
    }
    if let (Some(f), None) = (settings.switching_hz, &a.switching) {
        let detail = format!("no line stands out within 5 % of the given switching frequency of {f} Hz");
        gates.push(Gate::new("switching", GateState::Warn, detail));
    }
    gates
}

fn length(a: &Analysis) -> Gate {
    let t = a.duration();
    let n = a.scan.frames;
    let (state, detail) = if n < LEAST_FRAMES {
        (GateState::Fail, format!("{n} samples say nothing about ripple; {LEAST_FRAMES} are the least"))
    } else if t < 0.5 * TWO_CYCLES_S * 0.85 {
        let events = if t < events::SHORTEST_S { " or events" } else { "" };
        (GateState::Warn, format!("{t:.3e} s is too short to see the mains{events}; 40 ms or more would do"))
    } else if t < TWO_CYCLES_S {
        let cycles = t * a.mains.as_ref().map_or(50.0, |m| m.fundamental_hz);
        (
            GateState::Warn,
            format!("{cycles:.1} mains cycles: only even mains harmonics were fitted, the mains frequency is rough"),
        )
    } else if t < TEN_CYCLES_S {
        (
            GateState::Warn,
            format!("{t:.3} s: fewer than 10 mains cycles, mains lines are not separable from drift and load"),
        )
    } else {
        (GateState::Ok, format!("{n} samples, {t:.3} s"))
    };
    Gate::new("length", state, detail)
}
