//! Transition: edges, pulses and load steps of a record after IEEE Std 181.

mod loads;
mod report;
mod scan;
#[cfg(test)]
mod tests;

use faultscope_capture::Caveat;
use faultscope_signal::transition::States;
use faultscope_signal::{Kind, Record, RecordError};
use serde::{Deserialize, Serialize};

use super::{Detail, EventKind, MeasureError, Measured, Measurement, Settings};

/// Fewer samples show no edge and its surroundings.
const LEAST_FRAMES: u64 = 16;

/// The two state levels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StateLevels {
    /// Level of the lower state.
    pub low_v: f64,
    /// Level of the upper state.
    pub high_v: f64,
    /// Their difference.
    pub amplitude_v: f64,
    /// Standard deviation of the noise on them.
    pub noise_v: f64,
}

/// Direction of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the lower to the upper state.
    Rising,
    /// From the upper to the lower state.
    Falling,
}

/// A decaying oscillation after an edge or a load step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RingingDetail {
    /// Its frequency.
    pub frequency_hz: f64,
    /// Damping ratio from the logarithmic decrement.
    pub damping_ratio: f64,
    /// Phase margin of a second-order loop of that damping.
    pub phase_margin_deg: f64,
    /// Half-waves that it was taken from.
    pub half_waves: usize,
}

/// One edge; percentages are of the amplitude.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Transition {
    /// Its direction.
    pub direction: Direction,
    /// The 50 % instant, from the first sample.
    pub at_s: f64,
    /// Where it leaves the old state by 10 % of the amplitude.
    pub start_s: f64,
    /// Transition duration from 10 to 90 %; `null` when the record does not hold all of it.
    pub duration_10_90_s: Option<f64>,
    /// The same from 20 to 80 %.
    pub duration_20_80_s: Option<f64>,
    /// Mean slope between 10 and 90 %, negative for a falling edge.
    pub slew_v_per_s: Option<f64>,
    /// Farthest beyond the new state.
    pub overshoot_percent: f64,
    /// Farthest short of the new state after it was first reached.
    pub undershoot_percent: f64,
    /// Farthest beyond the old state before the edge.
    pub preshoot_percent: f64,
    /// From the 50 % instant until the level stays in the band; `null` when the record or the state ends before that.
    pub settling_s: Option<f64>,
    /// Half-width of that band: as asked for, or four times the noise where that is more.
    pub settling_band_percent: f64,
    /// Change of level along the state after the edge, by the straight line over its middle half.
    pub tilt_percent: Option<f64>,
    /// Ringing after it.
    pub ringing: Option<RingingDetail>,
}

/// All edges of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EdgeGroup {
    /// How many.
    pub count: u64,
    /// Mean transition duration from 10 to 90 %.
    pub duration_10_90_s: Option<f64>,
    /// Its standard deviation from edge to edge.
    pub duration_sigma_s: Option<f64>,
    /// Mean transition duration from 20 to 80 %.
    pub duration_20_80_s: Option<f64>,
    /// Mean slope between 10 and 90 %, negative for falling edges.
    pub slew_v_per_s: Option<f64>,
}

/// A train of pulses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Pulses {
    /// Whole periods in the record.
    pub periods: u64,
    /// Mean time in the upper state, between 50 % instants.
    pub high_s: Option<f64>,
    /// Mean time in the lower state.
    pub low_s: Option<f64>,
    /// Mean period.
    pub period_s: Option<f64>,
    /// Its reciprocal.
    pub frequency_hz: Option<f64>,
    /// Time in the upper state in per cent of the period.
    pub duty_percent: Option<f64>,
    /// Whether the periods are alike within 20 %.
    pub regular: bool,
    /// Standard deviation of the rising instants about the clock of least squares; `null` without a clock.
    pub jitter_s: Option<f64>,
}

/// A change of a steady level: a load step's droop, a sag, a swell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LoadStep {
    /// What happened.
    pub kind: EventKind,
    /// When, from the first sample.
    pub start_s: f64,
    /// Level before.
    pub before_v: f64,
    /// Level after.
    pub after_v: f64,
    /// From the level before to the farthest level, a magnitude.
    pub depth_v: f64,
    /// The same in per cent of the level before.
    pub depth_percent: Option<f64>,
    /// From the start to the farthest level.
    pub droop_time_s: f64,
    /// From the start until the level stays in the band about the level after.
    pub recovery_s: Option<f64>,
    /// Half-width of that band.
    pub recovery_band_v: f64,
    /// Farthest beyond the level after on the other side.
    pub overshoot_v: f64,
    /// Ringing about the level after.
    pub ringing: Option<RingingDetail>,
}

/// What `transition` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TransitionDetail {
    /// Bandwidth of the record.
    pub bandwidth_hz: f64,
    /// Smallest sample.
    pub min_v: f64,
    /// Largest sample.
    pub max_v: f64,
    /// The two states; `null` when the level has no two.
    pub states: Option<StateLevels>,
    /// Rising edges together.
    pub rising: Option<EdgeGroup>,
    /// Falling edges together.
    pub falling: Option<EdgeGroup>,
    /// Edges one by one: all, or evenly chosen ones of a long train.
    pub transitions: Vec<Transition>,
    /// The train.
    pub pulses: Option<Pulses>,
    /// From 10 % of the final level until settled, for a level that comes up from near zero.
    pub turn_on_s: Option<f64>,
    /// From 90 to 10 % of the level, for a level that goes down to near zero.
    pub turn_off_s: Option<f64>,
    /// Changes of a steady level.
    pub load_steps: Vec<LoadStep>,
}

/// The transition measurement.
pub(super) struct Transitions;

impl Measurement for Transitions {
    fn id(&self) -> &'static str {
        "transition"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        check(record, settings)?;
        let range = scan::range(record)?;
        if range.finite == 0 {
            return Err(MeasureError::NotApplicable {
                what: "the record holds no finite sample".into(),
                hint: "check the file's format and scale".into(),
            });
        }
        let analysis = analyse(record, range, settings)?;
        let mut gates = crate::gate::from_caveats(caveats);
        gates.extend(report::gates(record, &analysis));
        Ok(Measured {
            measurement: "transition",
            settings: settings.clone(),
            gates,
            readings: report::readings(record.unit(), &analysis),
            detail: Detail::Transition(analysis.detail),
        })
    }
}

fn check(record: &dyn Record, settings: &Settings) -> Result<(), MeasureError> {
    if record.kind() != Kind::Real {
        return Err(MeasureError::NotApplicable {
            what: "an I/Q record has no state levels".into(),
            hint: "give a record of real samples: a supply, a control line, a detector's output".into(),
        });
    }
    if !(settings.settling_percent > 0.0 && settings.settling_percent < 50.0) {
        return Err(MeasureError::Settings {
            what: format!("a settling band of {} % is out of range", settings.settling_percent),
            hint: "give a percentage above 0 and below 50; 2 is usual".into(),
        });
    }
    if record.frames() < LEAST_FRAMES {
        return Err(MeasureError::TooShort {
            what: format!("{} samples show no transition; {LEAST_FRAMES} are the least", record.frames()),
            hint: "record the states before and after the edge as well".into(),
        });
    }
    Ok(())
}

/// Everything that was found.
struct Analysis {
    range: scan::Range,
    rate: f64,
    detail: TransitionDetail,
}

fn analyse(record: &dyn Record, range: scan::Range, settings: &Settings) -> Result<Analysis, RecordError> {
    let rate = record.sample_rate_hz();
    let histogram = scan::histogram(record, &range)?;
    let states = histogram.states();
    let mut detail = TransitionDetail {
        bandwidth_hz: record.bandwidth_hz().map_or(0.5 * rate, |b| b.min(0.5 * rate)),
        min_v: range.min,
        max_v: range.max,
        states: states.map(|s| StateLevels {
            low_v: s.low,
            high_v: s.high,
            amplitude_v: s.amplitude(),
            noise_v: s.noise,
        }),
        rising: None,
        falling: None,
        transitions: Vec::new(),
        pulses: None,
        turn_on_s: None,
        turn_off_s: None,
        load_steps: Vec::new(),
    };
    if let Some(states) = &states {
        let found = scan::edges(record, states)?;
        scan::describe(record, states, &found, settings.settling_percent / 100.0, &mut detail)?;
    }
    // A signal that swings by more than half of its level is switched, not loaded.
    let switched = |s: States| s.amplitude() > 0.5 * s.low.abs().max(s.high.abs());
    if !states.is_some_and(switched) {
        let (_, noise) = histogram.commonest().unwrap_or((0.0, 0.0));
        detail.load_steps = loads::find(record, &range, noise)?;
    }
    Ok(Analysis { range, rate, detail })
}
