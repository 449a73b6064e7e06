//! Rules for live samples: a level crossed, ripple, a step of ripple, a sag, a spur, a line that was not there before.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use faultscope_capture::{MemorySamples, Trace};
use faultscope_diagnose::gate::{self, Coverage, Gate};
use faultscope_diagnose::measurement::{self, Detail, Settings};
use faultscope_instrument::live::StreamInfo;
use faultscope_signal::{Kind, Unit};

use super::envelope::Envelope;
use crate::Error;

/// Windows whose median is the level that steps and sags are told from.
const MEMORY: usize = 8;

/// What is looked for in every window of samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// A sample above a level: volts, or dBFS of the magnitude of I/Q.
    Above(f64),
    /// The same below it: for I/Q the mean power of a window.
    Below(f64),
    /// Peak to peak above so many volts.
    Ripple(f64),
    /// Peak to peak changed by more than so many volts against the windows before.
    Step(f64),
    /// The magnitude fell by more than this part of its mean before.
    Sag(f64),
    /// A spur above so many dBc.
    Spur(f64),
    /// A line so many dB above the highest level that was learnt at its frequency.
    NewSpur(f64),
}

/// A rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    /// Frame in the window.
    pub(crate) frame: usize,
    /// What was found.
    pub(crate) value: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// Where in the spectrum.
    pub(crate) frequency_hz: Option<f64>,
}

impl Hit {
    pub(crate) const fn new(frame: usize, value: f64, unit: &'static str) -> Self {
        Self { frame, value, unit, frequency_hz: None }
    }
}

impl Rule {
    /// Whether it looks at lines of the spectrum, which clipping and a break in the samples make by themselves.
    #[must_use]
    pub const fn is_spectral(&self) -> bool {
        matches!(self, Self::Spur(_) | Self::NewSpur(_))
    }

    /// How rules are written.
    pub const SYNTAX: &'static str = "above:LEVEL below:LEVEL ripple:VOLTS step:VOLTS sag:PERCENT spur:DBC new-spur:DB";
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("'{text}' is no rule; rules are: {}", Self::SYNTAX);
        let (kind, value) = text.split_once(':').ok_or_else(refuse)?;
        let value = faultscope_instrument::address::number(kind, value.trim_end_matches('%')).map_err(|e| e.what)?;
        let positive = |rule: Self| if value > 0.0 { Ok(rule) } else { Err(format!("{kind} must be above zero")) };
        match kind {
            "above" => Ok(Self::Above(value)),
            "below" => Ok(Self::Below(value)),
            "ripple" => positive(Self::Ripple(value)),
            "step" => positive(Self::Step(value)),
            "sag" if value < 100.0 => positive(Self::Sag(value / 100.0)),
            "spur" if value < 0.0 => Ok(Self::Spur(value)),
            "new-spur" => positive(Self::NewSpur(value)),
            "spur" => Err("a spur is given in dBc below the carrier: spur:-60".into()),
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Above(v) => write!(f, "above:{v}"),
            Self::Below(v) => write!(f, "below:{v}"),
            Self::Ripple(v) => write!(f, "ripple:{v}"),
            Self::Step(v) => write!(f, "step:{v}"),
            Self::Sag(v) => write!(f, "sag:{}%", v * 100.0),
            Self::Spur(v) => write!(f, "spur:{v}"),
            Self::NewSpur(v) => write!(f, "new-spur:{v}"),
        }
    }
}

/// A window of samples to judge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    /// Numbers, interleaved for I/Q.
    pub(crate) values: &'a [f32],
    /// Real or I/Q.
    pub(crate) kind: Kind,
    pub(crate) unit: Unit,
    pub(crate) sample_rate_hz: f64,
    pub(crate) center_hz: Option<f64>,
    /// Magnitude at which the converter saturates.
    pub(crate) full_scale: Option<f64>,
}

impl Window<'_> {
    /// As a record that measurements take.
    pub(crate) fn trace(&self) -> Trace {
        let samples = Arc::new(MemorySamples::new(self.values.to_vec(), self.kind.components()));
        let mut trace = Trace::new("live", samples, self.kind, self.sample_rate_hz, self.unit);
        trace.center_hz = self.center_hz;
        trace.full_scale = self.full_scale;
        trace
    }

    /// What makes its spectrum unusable by itself: the gate that is closed, or nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn spoiled(&self) -> Result<Option<Gate>, Error> {
        let scanned = gate::scan(&self.trace(), Coverage::Full).map_err(|e| Error::usage(e.message, ""))?;
        Ok(gate::first_failed(&scanned.gates).cloned())
    }

    /// A window of a stream, still without samples.
    pub(crate) fn like(info: &StreamInfo) -> Self {
        Self {
            values: &[],
            kind: info.datatype.kind(),
            unit: info.unit,
            sample_rate_hz: info.sample_rate_hz,
            center_hz: info.center_hz,
            full_scale: info.datatype.component().full_scale(),
        }
    }
}

/// A rule with the memory it needs.
#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) rule: Rule,
    before: VecDeque<f64>,
    /// What `new-spur` has learnt.
    envelope: Envelope,
}

impl Guard {
    /// `envelope` is looked at by `new-spur` only.
    pub(crate) fn new(rule: Rule, envelope: Envelope) -> Self {
        Self { rule, before: VecDeque::new(), envelope }
    }

    /// Whether the rule has not been judged yet, because it is still learning.
    pub(crate) fn is_learning(&self) -> bool {
        matches!(self.rule, Rule::NewSpur(_)) && self.envelope.is_learning()
    }

    /// Looks at a window.
    ///
    /// # Errors
    /// When a rule does not fit the source.
    pub(crate) fn judge(&mut self, window: &Window<'_>, threads: usize) -> Result<Option<Hit>, Error> {
        let unit = window.unit.symbol();
        match self.rule {
            Rule::Above(limit) => Ok(first(window, limit, true)),
            Rule::Below(limit) if window.kind == Kind::Real => Ok(first(window, limit, false)),
            Rule::Below(limit) => {
                let power = window.values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>();
                let value = 10.0 * (2.0 * power / window.values.len().max(1) as f64).log10();
                Ok((value < limit).then_some(Hit::new(0, value, "dBFS")))
            }
            Rule::Ripple(limit) => {
                let (low, high) = extremes(self.real(window)?);
                let value = high - low;
                Ok((value > limit).then_some(Hit::new(0, value, unit)))
            }
            Rule::Step(limit) => {
                let (low, high) = extremes(self.real(window)?);
                let before = self.remember(high - low);
                let value = high - low;
                Ok(before.filter(|b| (value - b).abs() > limit).map(|_| Hit::new(0, value, unit)))
            }
            Rule::Sag(part) => {
                let values = self.real(window)?;
                let mean = values.iter().map(|v| f64::from(v.abs())).sum::<f64>() / values.len().max(1) as f64;
                let before = self.remember(mean);
                let lowest = values.iter().enumerate().min_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
                let hit = before.zip(lowest).filter(|(b, (_, v))| f64::from(v.abs()) < b * (1.0 - part));
                Ok(hit.map(|(_, (frame, v))| Hit::new(frame, f64::from(*v), unit)))
            }
            Rule::Spur(limit) => spur(window, limit, threads),
            Rule::NewSpur(above_db) => self.envelope.judge(window, above_db),
        }
    }

    fn real<'a>(&self, window: &Window<'a>) -> Result<&'a [f32], Error> {
        if window.kind == Kind::Real {
            return Ok(window.values);
        }
        Err(Error::usage(
            format!("{} is for sources in volts, and this one is I/Q", self.rule),
            "choose above, below, spur or new-spur",
        ))
    }

    /// The median of the windows before, once there are enough; takes this one's value in.
    fn remember(&mut self, value: f64) -> Option<f64> {
        let mut sorted: Vec<f64> = self.before.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let median = (sorted.len() >= MEMORY / 2).then(|| sorted[sorted.len() / 2]);
        if self.before.len() == MEMORY {
            self.before.pop_front();
        }
        self.before.push_back(value);
        median
    }
}

/// The first frame above (or below) a level: volts, or dBFS of the magnitude of I/Q.
fn first(window: &Window<'_>, limit: f64, above: bool) -> Option<Hit> {
    let broken = |value: f64, limit: f64| if above { value > limit } else { value < limit };
    if window.kind == Kind::Real {
        let hit = window.values.iter().position(|v| broken(f64::from(*v), limit))?;
        return Some(Hit::new(hit, f64::from(window.values[hit]), window.unit.symbol()));
    }
    // Powers are compared, so that there is no logarithm for every frame.
    let power = |frame: &[f32; 2]| frame.iter().map(|v| f64::from(*v) * f64::from(*v)).sum::<f64>();
    let limit = 10f64.powf(limit / 10.0);
    let frames = window.values.as_chunks::<2>().0;
    let frame = frames.iter().position(|f| broken(power(f), limit))?;
    Some(Hit::new(frame, 10.0 * power(&frames[frame]).log10(), "dBFS"))
}

/// Trigger condition on the samples of one block.
pub(crate) fn trigger(rule: Rule, window: &Window<'_>) -> Result<Option<usize>, Error> {
    match rule {
        Rule::Above(limit) => Ok(first(window, limit, true).map(|h| h.frame)),
        Rule::Below(limit) => Ok(first(window, limit, false).map(|h| h.frame)),
        other => Err(Error::usage(
            format!("{other} is no trigger"),
            "--trigger above:LEVEL or below:LEVEL; watch takes all rules",
        )),
    }
}

fn extremes(values: &[f32]) -> (f64, f64) {
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    (f64::from(low), f64::from(high))
}

fn spur(window: &Window<'_>, limit: f64, threads: usize) -> Result<Option<Hit>, Error> {
    let Some(plug) = measurement::by_id("spurs") else { return Ok(None) };
    let measured = plug.measure(&window.trace(), &[], &Settings { threads, ..Settings::default() })?;
    let Detail::Spurs(detail) = measured.detail else { return Ok(None) };
    let levels = detail.spurs.iter().filter_map(|s| Some((s.level_dbc?, s.frequency_hz)));
    let worst = levels.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(level, _)| *level > limit);
    Ok(worst.map(|(level, hz)| Hit { frequency_hz: Some(hz), ..Hit::new(0, level, "dBc") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(values: &[f32], kind: Kind) -> Window<'_> {
        let unit = if kind == Kind::Iq { Unit::FullScale } else { Unit::Volt };
        Window { values, kind, unit, sample_rate_hz: 1e3, center_hz: None, full_scale: None }
    }

    fn guard(rule: &str) -> Guard {
        Guard::new(rule.parse().unwrap(), Envelope::learning(1))
    }

    #[test]
    fn rules_are_read_as_written_and_bad_ones_are_refused() {
        for text in ["above:12.5", "below:-3", "ripple:0.05", "step:0.01", "sag:5%", "spur:-60", "new-spur:10"] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        assert_eq!("ripple:50m".parse::<Rule>().unwrap(), Rule::Ripple(0.05));
        for text in
            ["", "above", "above:x", "ripple:0", "sag:100", "sag:-1", "spur:3", "new-spur:-1", "hum:1", "above:nan"]
        {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
    }

    #[test]
    fn levels_ripple_steps_and_sags_are_found_where_they_are() {
        let judge = |rule: &str, windows: &[&[f32]]| {
            let mut guard = guard(rule);
            // Every window is judged, the answer to the last one counts.
            windows.iter().fold(None, |_, w| guard.judge(&window(w, Kind::Real), 1).unwrap())
        };
        assert_eq!(judge("above:1", &[&[0.0, 0.5, 1.5, 2.0]]).map(|h| (h.frame, h.value)), Some((2, 1.5)));
        assert_eq!(judge("above:2", &[&[0.0, 2.0]]), None);
        assert_eq!(judge("below:0", &[&[0.0, -0.5]]).map(|h| h.frame), Some(1));
        assert_eq!(judge("ripple:1", &[&[0.0, 1.5]]).map(|h| h.value), Some(1.5));
        let quiet: &[f32] = &[-48.0, -48.5];
        // What is usual is known once half of the memory is filled.
        let mut windows = vec![quiet; MEMORY / 2];
        windows.push(&[-48.0, -40.0, -48.0]);
        assert_eq!(judge("sag:10", &windows).map(|h| (h.frame, h.value)), Some((1, -40.0)));
        assert_eq!(judge("sag:20", &windows), None);
        assert_eq!(judge("step:5", &windows).map(|h| h.value), Some(8.0));
        assert_eq!(judge("step:8", &windows), None);
    }

    #[test]
    fn a_level_of_iq_is_that_of_its_magnitude() {
        // |0.6 + 0.8 i| = 1: 0 dBFS.
        let values = [0.0, 0.1, 0.6, 0.8];
        let mut above = guard("above:-0.1");
        let hit = above.judge(&window(&values, Kind::Iq), 1).unwrap().unwrap();
        assert!(hit.frame == 1 && hit.value.abs() < 1e-6);
        assert!(guard("ripple:1").judge(&window(&values, Kind::Iq), 1).is_err());
    }
}
