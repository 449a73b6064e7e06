//! The score of every rule over a set of captures, and the causes that follow from it.

use super::condition::Outcome;
use super::{CauseKind, Condition, Rule, RuleSet};
use crate::checklist::{INSPECTION, Inspected};
use crate::finding::{Cause, CauseCheck, CauseReading, Finding, RestsOn};
use crate::gate::{self, Gate};
use crate::measurement::{Detail, Measured, Spur};
use crate::reading::Reading;
use crate::verdict::Verdict;

/// A cause is named from this probability on.
const LEAST: f64 = 0.4;
/// No evidence of ours makes a cause surer than this.
const MOST: f64 = 0.99;

/// What one measurement of one capture found: all that rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Examined<'a> {
    /// Name of the capture, as cited by causes.
    pub capture: &'a str,
    /// Id of the measurement.
    pub measurement: &'a str,
    /// Its readings.
    pub readings: &'a [Reading],
    /// Its gates.
    pub gates: &'a [Gate],
    /// Its spurs, where it has such.
    pub spurs: &'a [Spur],
    /// The limits as answered.
    pub findings: &'a [Finding],
}

impl<'a> Examined<'a> {
    /// No capture at all: what a rule that rests on inspection looks at.
    const fn nothing() -> Self {
        Self { capture: "", measurement: INSPECTION, readings: &[], gates: &[], spurs: &[], findings: &[] }
    }

    /// Of a measurement and what the limits said to it.
    #[must_use]
    pub fn new(capture: &'a str, measured: &'a Measured, findings: &'a [Finding]) -> Self {
        let spurs: &[Spur] = match &measured.detail {
            Detail::Spurs(detail) => &detail.spurs,
            _ => &[],
        };
        let Measured { measurement, readings, gates, .. } = measured;
        Self { capture, measurement, readings, gates, spurs, findings }
    }
}

/// Check items that add at least so much name a cause by themselves, where no signal shows it.
const ALONE: f64 = 1.5;

/// What the check lists say to a rule.
struct Seen {
    gain: f64,
    checks: Vec<CauseCheck>,
}

/// A rule that holds on one capture.
struct Match {
    /// Log-odds that evidence and failed limits add to the prior.
    gain: f64,
    because: Vec<String>,
    readings: Vec<CauseReading>,
}

impl RuleSet {
    /// The probable causes of what a set of captures of one unit shows, likeliest first; set-up causes before all others.
    ///
    /// A rule's log-odds is its prior plus what every capture that meets it adds; captures that do not meet its
    /// requirements say nothing. Causes of a capture whose gates are closed rest on the gates alone.
    #[must_use]
    pub fn diagnose(&self, set: &[Examined<'_>]) -> Vec<Cause> {
        self.diagnose_with(set, &[])
    }

    /// The same with the answers of check lists, in the order they were given: the last one about an item stands.
    ///
    /// Answers count once for a rule, however many captures meet it. Where no capture does, answers that speak for the rule
    /// strongly enough name it alone, and the cause says that it rests on inspection.
    #[must_use]
    pub fn diagnose_with(&self, set: &[Examined<'_>], inspected: &[Inspected<'_>]) -> Vec<Cause> {
        let mut causes: Vec<(f64, Cause)> =
            self.rules.iter().filter_map(|rule| self.cause(rule, set, inspected)).collect();
        causes.sort_by(|a, b| {
            let set_up = |c: &Cause| c.kind != CauseKind::SetUp;
            set_up(&a.1).cmp(&set_up(&b.1)).then(b.0.total_cmp(&a.0)).then_with(|| a.1.rule.cmp(&b.1.rule))
        });
        causes.into_iter().map(|(_, cause)| cause).collect()
    }

    /// The causes of one measurement; failed findings get those that explain them. `capture` may be empty.
    pub fn explain(&self, capture: &str, measured: &Measured, findings: &mut [Finding]) -> Vec<Cause> {
        let causes = self.diagnose(&[Examined::new(capture, measured, findings)]);
        for finding in findings.iter_mut().filter(|f| f.verdict == Verdict::Fail) {
            finding.causes = causes.iter().filter(|c| c.because.contains(&finding.id)).cloned().collect();
        }
        causes
    }

    /// Whether a rule is about a capture, and no guard holds it back.
    fn applies(&self, rule: &Rule, e: &Examined<'_>, set: &[Examined<'_>]) -> bool {
        let held = self.guards.iter().filter(|g| g.measurement == rule.measurement && !g.except.contains(&rule.id));
        let holds = |c: &Condition| c.look(e, set).degree.is_some_and(|d| d > 0.0);
        e.measurement == rule.measurement && !held.flat_map(|g| &g.when).any(holds)
    }

    fn cause(&self, rule: &Rule, set: &[Examined<'_>], inspected: &[Inspected<'_>]) -> Option<(f64, Cause)> {
        let seen = rule.seen(inspected)?;
        let matches: Vec<Match> = if rule.measurement == INSPECTION {
            rule.on(&Examined::nothing(), set).into_iter().collect()
        } else {
            set.iter().filter(|e| self.applies(rule, e, set)).filter_map(|e| rule.on(e, set)).collect()
        };
        if matches.is_empty() && seen.gain < ALONE {
            return None;
        }
        let score = rule.prior + seen.gain + matches.iter().map(|m| m.gain).sum::<f64>();
        let probability = (1.0 / (1.0 + (-score).exp())).min(MOST);
        if probability < LEAST {
            return None;
        }
        let class = self.class_of(&rule.id);
        let alike = class.map(|c| c.members.iter().filter(|m| **m != rule.id).cloned().collect()).unwrap_or_default();
        let mut readings: Vec<CauseReading> = Vec::new();
        let mut because: Vec<String> = Vec::new();
        for m in matches {
            readings.extend(m.readings);
            because.extend(m.because.into_iter().filter(|id| !because.contains(id)).collect::<Vec<_>>());
        }
        let rests_on =
            match (readings.is_empty() && because.is_empty() && !seen.checks.is_empty(), seen.checks.is_empty()) {
                (true, _) => RestsOn::Inspection,
                (false, true) => RestsOn::Signal,
                (false, false) => RestsOn::Both,
            };
        let cause = Cause {
            rule: rule.id.clone(),
            kind: rule.kind,
            cause: rule.cause.clone(),
            confidence: (probability * 100.0).round() / 100.0,
            because,
            readings,
            checks: seen.checks,
            rests_on,
            discriminator: rule.discriminator.clone(),
            rules_out: rule.rules_out.clone(),
            next_check: rule.next_check.clone(),
            suspect_part: rule.suspect_part.clone(),
            basis: rule.basis.clone(),
            alike,
            tell_apart: class.map(|c| c.tell_apart.clone()).unwrap_or_default(),
        };
        Some((score, cause))
    }
}

impl Rule {
    /// What the check lists say to it; nothing where an item that it requires or excludes rules it out.
    fn seen(&self, inspected: &[Inspected<'_>]) -> Option<Seen> {
        let mut checks: Vec<CauseCheck> = Vec::new();
        let mut cite = |i: &Inspected<'_>| {
            if !checks.iter().any(|c| c.checked.item == i.item.item) {
                checks.push(CauseCheck { list: i.list.to_owned(), checked: i.item.clone() });
            }
        };
        for condition in self.require.iter().filter(|c| c.item.is_some()) {
            match condition.inspect(inspected) {
                Some((degree, item)) if degree > 0.0 => cite(&item),
                None if condition.or_missing => {}
                _ => return None,
            }
        }
        if self.exclude.iter().filter_map(|c| c.inspect(inspected)).any(|(degree, _)| degree > 0.0) {
            return None;
        }
        let mut gain = 0.0;
        for condition in &self.evidence {
            let Some((degree, item)) = condition.inspect(inspected) else { continue };
            let weight = condition.unmet + degree * (condition.met - condition.unmet);
            gain += weight;
            if weight > 0.0 {
                cite(&item);
            }
        }
        Some(Seen { gain, checks })
    }

    /// What one capture says to it; nothing where a requirement is not met or an exclusion is.
    fn on(&self, e: &Examined<'_>, set: &[Examined<'_>]) -> Option<Match> {
        let about_gates = self.require.iter().any(|c| c.gate.is_some());
        if gate::first_failed(e.gates).is_some() && !about_gates {
            return None;
        }
        let look = |c: &Condition| c.look(e, set);
        let mut readings: Vec<CauseReading> = Vec::new();
        let mut cite = |o: Outcome| {
            let known = |r: &CauseReading| readings.iter().any(|k| k.id == r.id && k.capture == r.capture);
            if let Some(r) = o.cited.filter(|r| !known(r)) {
                readings.push(r);
            }
        };
        // Items of check lists count once for the whole set: `seen`.
        let of_signals = |c: &&Condition| c.item.is_none();
        for condition in self.require.iter().filter(of_signals) {
            let outcome = look(condition);
            if !condition.holds(&outcome) {
                return None;
            }
            cite(outcome);
        }
        if self.exclude.iter().any(|c| look(c).degree.is_some_and(|d| d > 0.0)) {
            return None;
        }
        let mut gain = 0.0;
        for condition in self.evidence.iter().filter(of_signals) {
            let outcome = look(condition);
            let weight = condition.weight(&outcome);
            gain += weight;
            if weight > 0.0 {
                cite(outcome);
            }
        }
        let because: Vec<String> = e
            .findings
            .iter()
            .filter(|f| f.verdict == Verdict::Fail && self.explains.contains(&f.reading))
            .map(|f| f.id.clone())
            .collect();
        gain += if because.is_empty() { 0.0 } else { self.failed };
        Some(Match { gain, because, readings })
    }
}
