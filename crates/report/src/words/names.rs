//! Names of the diagnosis' own terms: verdicts, origins, gates, severities, readings, events.

use faultscope_diagnose::finding::Severity;
use faultscope_diagnose::measurement::{Behaviour, Direction, EventKind, Origin, SpikeLock};
use faultscope_diagnose::signature::Reason;
use faultscope_diagnose::{Cause, GateState, RuleSet, Verdict};
use faultscope_signal::Unit;

use super::{Lang, fill, find, word};
use crate::format::compact;

/// Name of a verdict.
#[must_use]
pub fn verdict(lang: Lang, verdict: Verdict) -> &'static str {
    word(
        lang,
        match verdict {
            Verdict::Pass => "verdict.pass",
            Verdict::Margin => "verdict.margin",
            Verdict::NotEvaluated => "verdict.not_evaluated",
            Verdict::Invalid => "verdict.invalid",
            Verdict::Fail => "verdict.fail",
        },
    )
}

/// Name of a spur's origin.
#[must_use]
pub fn origin(lang: Lang, origin: Origin) -> &'static str {
    word(
        lang,
        match origin {
            Origin::Harmonic => "origin.harmonic",
            Origin::Intermodulation => "origin.intermodulation",
            Origin::MainsSideband => "origin.mains_sideband",
            Origin::SwitchingSideband => "origin.switching_sideband",
            Origin::Clock => "origin.clock",
            Origin::Image => "origin.image",
            Origin::Dc => "origin.dc",
            Origin::Alias => "origin.alias",
            Origin::Receiver => "origin.receiver",
            Origin::Unknown => "origin.unknown",
        },
    )
}

/// What a spur does over time.
#[must_use]
pub fn behaviour(lang: Lang, behaviour: Behaviour) -> &'static str {
    word(
        lang,
        match behaviour {
            Behaviour::Steady => "behaviour.steady",
            Behaviour::Bursty => "behaviour.bursty",
            Behaviour::Drifting => "behaviour.drifting",
        },
    )
}

/// Name of a severity.
#[must_use]
pub fn severity(lang: Lang, severity: Severity) -> &'static str {
    word(
        lang,
        match severity {
            Severity::Cleared => "severity.cleared",
            Severity::Indeterminate => "severity.indeterminate",
            Severity::Warning => "severity.warning",
            Severity::Minor => "severity.minor",
            Severity::Major => "severity.major",
            Severity::Critical => "severity.critical",
        },
    )
}

/// Name of a gate's state.
#[must_use]
pub fn gate_state(lang: Lang, state: GateState) -> &'static str {
    word(
        lang,
        match state {
            GateState::Ok => "gate.state.ok",
            GateState::Warn => "gate.state.warn",
            GateState::Fail => "gate.state.fail",
        },
    )
}

/// Name of an event in a supply record.
#[must_use]
pub fn event(lang: Lang, kind: EventKind) -> &'static str {
    word(
        lang,
        match kind {
            EventKind::Sag => "event.sag",
            EventKind::Swell => "event.swell",
            EventKind::Step => "event.step",
            EventKind::Dropout => "event.dropout",
            EventKind::TurnOn => "event.turn_on",
            EventKind::TurnOff => "event.turn_off",
        },
    )
}

/// Name of the direction of an edge.
#[must_use]
pub fn direction(lang: Lang, direction: Direction) -> &'static str {
    word(
        lang,
        match direction {
            Direction::Rising => "direction.rising",
            Direction::Falling => "direction.falling",
        },
    )
}

/// Name of what spikes are locked to.
#[must_use]
pub fn spike_lock(lang: Lang, lock: SpikeLock) -> &'static str {
    word(
        lang,
        match lock {
            SpikeLock::Mains => "spikes.mains",
            SpikeLock::Switching => "spikes.switching",
            SpikeLock::None => "spikes.none",
        },
    )
}

fn named(lang: Lang, prefix: &str, id: &str) -> String {
    find(lang, &format!("{prefix}.{id}")).map_or_else(|| id.replace('_', " "), str::to_owned)
}

/// Name of a gate; its id where the table does not know it.
#[must_use]
pub fn gate(lang: Lang, id: &str) -> String {
    named(lang, "gate", id)
}

/// Name of a reading; its id where the table does not know it. Ids with a part in brackets or after a colon
/// (`band_rms:3.4k-150k`) keep that part.
#[must_use]
pub fn reading(lang: Lang, id: &str) -> String {
    match id.split_once([':', '[']) {
        Some((name, part)) => format!("{} {}", named(lang, "reading", name), part.trim_end_matches(']')),
        None => named(lang, "reading", id),
    }
}

/// Name of a measurement; its id where the table does not know it.
#[must_use]
pub fn measurement(lang: Lang, id: &str) -> String {
    named(lang, "measurement", id)
}

/// Name of a case's status or of a clock's state; as written where the table does not know it.
#[must_use]
pub fn status(lang: Lang, id: &str) -> String {
    find(lang, &format!("status.{id}")).or_else(|| find(lang, &format!("state.{id}"))).unwrap_or(id).to_owned()
}

/// A cause in words of the language, where it is one of the shipped rules and not already in it.
#[must_use]
pub fn cause(lang: Lang, cause: &Cause) -> Cause {
    RuleSet::shipped().map_or_else(|_| cause.clone(), |rules| rules.in_language(cause, lang.tag()))
}

/// The unit in words where its symbol is a word.
#[must_use]
pub fn unit_name(lang: Lang, unit: Unit) -> &'static str {
    match unit {
        Unit::Bit => word(lang, "unit.bit"),
        Unit::Count => word(lang, "unit.count"),
        Unit::One => "",
        other => other.symbol(),
    }
}

/// Why a closed case resembles something: the share or level of what both have, here and there.
#[must_use]
pub fn resemblance(lang: Lang, reason: &Reason) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    let (key, name, here, there) = match reason {
        Reason::Cause { rule, here, there } => ("library.cause", rule.clone(), percent(*here), percent(*there)),
        Reason::Lines { origin, here, there } => {
            let level = |v: f64| compact(v, Unit::Dbc);
            ("library.lines", self::origin(lang, *origin).to_owned(), level(*here), level(*there))
        }
        Reason::Figure { figure, here, there, unit } => {
            let id = figure.split_once('.').map_or(figure.as_str(), |(_, id)| id);
            ("library.figure", reading(lang, id), compact(*here, *unit), compact(*there, *unit))
        }
    };
    fill(lang, key, &[("name", &name), ("here", &here), ("there", &there)])
}

/// Name of a service clock; as written where the table does not know it.
#[must_use]
pub fn clock(lang: Lang, id: &str) -> String {
    named(lang, "clock", id)
}

/// Name of a kind of event or action in a case; as written where the table does not know it.
#[must_use]
pub fn happened(lang: Lang, id: &str) -> String {
    named(lang, "happened", id)
}
