//! What was found, as readings and gates.

use faultscope_signal::{Record, Unit};

use super::{Analysis, Direction, EdgeGroup, LoadStep, RingingDetail, Transition};
use crate::gate::{Gate, GateState};
use crate::reading::{At, Reading};

/// Rise time times bandwidth of one pole: an edge that is not slower than thrice this is made slower by the record.
const RISE_BANDWIDTH: f64 = 0.35;

fn at(seconds: f64) -> At {
    At { start_s: Some(seconds), ..At::default() }
}

/// The readings, in the record's unit. Of several edges the durations are means, the aberrations the worst.
pub(super) fn readings(unit: Unit, a: &Analysis) -> Vec<Reading> {
    let d = &a.detail;
    let mut out = Vec::new();
    if let Some(s) = &d.states {
        let u = 2.0 * s.noise_v / (a.range.finite as f64).sqrt();
        out.push(Reading::new("low", s.low_v, unit).uncertain(u));
        out.push(Reading::new("high", s.high_v, unit).uncertain(u));
        out.push(Reading::new("amplitude", s.amplitude_v, unit).uncertain(1.5 * u));
    }
    let count = d.rising.map_or(0, |g| g.count) + d.falling.map_or(0, |g| g.count);
    if count > 0 {
        out.push(Reading::new("transitions", count as f64, Unit::Count));
    }
    group(a, unit, d.rising.as_ref(), ["rise_time", "rise_time_20_80", "slew_rise"], &mut out);
    group(a, unit, d.falling.as_ref(), ["fall_time", "fall_time_20_80", "slew_fall"], &mut out);
    aberrations(&d.transitions, &mut out);
    pulses(a, &mut out);
    let seconds = |id: &str, v: Option<f64>| v.map(|v| Reading::new(id, v, Unit::Second));
    out.extend(seconds("turn_on_time", d.turn_on_s));
    out.extend(seconds("turn_off_time", d.turn_off_s));
    loads(unit, &d.load_steps, &mut out);
    let rings = d.transitions.iter().filter_map(|t| Some((t.at_s, t.ringing?)));
    let steps = d.load_steps.iter().filter_map(|l| Some((l.start_s, l.ringing?)));
    // The least damped one is the one to worry about.
    let worst = rings.chain(steps).min_by(|x, y| x.1.damping_ratio.total_cmp(&y.1.damping_ratio));
    worst.into_iter().for_each(|(t, r)| ring(t, &r, &mut out));
    out.into_iter().map(|r| r.within(d.bandwidth_hz)).collect()
}

fn group(a: &Analysis, unit: Unit, group: Option<&EdgeGroup>, ids: [&str; 3], out: &mut Vec<Reading>) {
    let (Some(g), Some(s)) = (group, &a.detail.states) else { return };
    // Noise moves each of the two crossings by itself over the slope; between samples a straight line stands for
    // the edge, which an edge of fewer than three samples is not.
    let slope = |d: f64| 0.8 * s.amplitude_v / d;
    let uncertainty = |d: f64| {
        let noise = std::f64::consts::SQRT_2 * s.noise_v / slope(d).max(f64::MIN_POSITIVE);
        let spread = noise.max(g.duration_sigma_s.unwrap_or(0.0)) / (g.count as f64).sqrt();
        let sampling = if d * a.rate < 3.0 { 0.5 / a.rate } else { 0.0 };
        2.0 * spread + sampling
    };
    let seconds = |id: &str, v: Option<f64>| v.map(|v| Reading::new(id, v, Unit::Second).uncertain(uncertainty(v)));
    out.extend(seconds(ids[0], g.duration_10_90_s));
    out.extend(seconds(ids[1], g.duration_20_80_s));
    if unit == Unit::Volt {
        out.extend(g.slew_v_per_s.map(|v| Reading::new(ids[2], v, Unit::VoltPerSecond)));
    }
}

fn aberrations(transitions: &[Transition], out: &mut Vec<Reading>) {
    let mut worst = |id: &str, unit: Unit, value: &dyn Fn(&Transition) -> Option<f64>| {
        let largest =
            transitions.iter().filter_map(|t| Some((value(t)?, t.at_s))).max_by(|x, y| x.0.abs().total_cmp(&y.0.abs()));
        out.extend(largest.map(|(v, t)| Reading::new(id, v, unit).at(at(t))));
    };
    let rising = |t: &Transition| t.direction == Direction::Rising;
    worst("overshoot", Unit::Percent, &|t| Some(t.overshoot_percent));
    worst("overshoot_rise", Unit::Percent, &|t| rising(t).then_some(t.overshoot_percent));
    worst("overshoot_fall", Unit::Percent, &|t| (!rising(t)).then_some(t.overshoot_percent));
    worst("undershoot", Unit::Percent, &|t| Some(t.undershoot_percent));
    worst("preshoot", Unit::Percent, &|t| Some(t.preshoot_percent));
    worst("settling_time", Unit::Second, &|t| t.settling_s);
    worst("tilt", Unit::Percent, &|t| t.tilt_percent);
}

fn pulses(a: &Analysis, out: &mut Vec<Reading>) {
    let Some(p) = &a.detail.pulses else { return };
    let mut push = |id: &str, unit: Unit, v: Option<f64>| out.extend(v.map(|v| Reading::new(id, v, unit)));
    push("pulse_width", Unit::Second, p.high_s);
    push("pulse_width_low", Unit::Second, p.low_s);
    push("period", Unit::Second, p.period_s);
    push("frequency", Unit::Hertz, p.frequency_hz);
    push("duty", Unit::Percent, p.duty_percent);
    push("jitter", Unit::Second, p.jitter_s);
}

fn loads(unit: Unit, steps: &[LoadStep], out: &mut Vec<Reading>) {
    let deepest = steps.iter().max_by(|x, y| x.depth_v.total_cmp(&y.depth_v));
    if let Some(l) = deepest {
        out.push(Reading::new("load_steps", steps.len() as f64, Unit::Count));
        out.push(Reading::new("droop", l.depth_v, unit).at(at(l.start_s)));
        out.extend(l.depth_percent.map(|v| Reading::new("droop_percent", v, Unit::Percent).at(at(l.start_s))));
        out.push(Reading::new("recovery_overshoot", l.overshoot_v, unit).at(at(l.start_s)));
    }
    let slowest = steps.iter().filter_map(|l| Some((l.recovery_s?, l.start_s))).max_by(|x, y| x.0.total_cmp(&y.0));
    out.extend(slowest.map(|(v, t)| Reading::new("recovery_time", v, Unit::Second).at(at(t))));
}

fn ring(t: f64, r: &RingingDetail, out: &mut Vec<Reading>) {
    out.push(Reading::new("ringing_frequency", r.frequency_hz, Unit::Hertz).at(at(t)));
    out.push(Reading::new("damping_ratio", r.damping_ratio, Unit::One).at(at(t)));
    out.push(Reading::new("phase_margin", r.phase_margin_deg, Unit::Degree).at(at(t)));
}

/// This measurement's own gates.
pub(super) fn gates(record: &dyn Record, a: &Analysis) -> Vec<Gate> {
    let d = &a.detail;
    let mut gates = vec![transition(a)];
    let missing = a.range.frames - a.range.finite;
    if missing > 0 {
        let detail = format!("{missing} of {} samples are not finite; they were left out", a.range.frames);
        gates.push(Gate::new("finite", GateState::Fail, detail));
    }
    if record.unit() != Unit::Volt {
        let detail = format!("values are in {}, no volts per unit: add --scale", record.unit());
        gates.push(Gate::new("calibration", GateState::Warn, detail));
    }
    let fastest = [d.rising, d.falling].into_iter().flatten().filter_map(|g| g.duration_10_90_s).min_by(f64::total_cmp);
    let own = RISE_BANDWIDTH / d.bandwidth_hz;
    if let Some(t) = fastest.filter(|t| *t < 3.0 * own) {
        let detail = format!(
            "an edge of {} cannot be told from the record's own {} (0.35 / bandwidth): it is an upper bound",
            seconds(t),
            seconds(own)
        );
        gates.push(Gate::new("bandwidth", GateState::Warn, detail));
    }
    gates
}

fn transition(a: &Analysis) -> Gate {
    let d = &a.detail;
    let edges = d.rising.map_or(0, |g| g.count) + d.falling.map_or(0, |g| g.count);
    if edges + d.load_steps.len() as u64 > 0 {
        let detail = format!("{edges} edges, {} changes of a steady level", d.load_steps.len());
        return Gate::new("transition", GateState::Ok, detail);
    }
    let span = faultscope_signal::Quantity::new(d.max_v - d.min_v, Unit::Volt);
    let why = if d.max_v <= d.min_v {
        "the level never changes".to_owned()
    } else if d.states.is_some() {
        format!("two levels within {span}, but no whole edge between them")
    } else {
        format!("the level has no two states and no step stands out of its {span}")
    };
    Gate::new(
        "transition",
        GateState::Fail,
        format!("{why}: trigger on the event, with some record before and after it"),
    )
}

fn seconds(value: f64) -> String {
    faultscope_signal::Quantity::new(value, Unit::Second).to_string()
}
