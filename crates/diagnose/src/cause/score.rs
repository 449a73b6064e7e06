//! The score of every rule over a set of captures, and the causes that follow from it.

use super::condition::Outcome;
use super::{CauseKind, Condition, Rule, RuleSet};
use crate::finding::{Cause, CauseReading, Finding};
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
        let mut causes: Vec<(f64, Cause)> = self.rules.iter().filter_map(|rule| self.cause(rule, set)).collect();
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

    fn cause(&self, rule: &Rule, set: &[Examined<'_>]) -> Option<(f64, Cause)> {
        let matches: Vec<Match> =
            set.iter().filter(|e| self.applies(rule, e, set)).filter_map(|e| rule.on(e, set)).collect();
        if matches.is_empty() {
            return None;
        }
        let score = rule.prior + matches.iter().map(|m| m.gain).sum::<f64>();
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
        let cause = Cause {
            rule: rule.id.clone(),
            kind: rule.kind,
            cause: rule.cause.clone(),
            confidence: (probability * 100.0).round() / 100.0,
            because,
            readings,
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
        for condition in &self.require {
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
        for condition in &self.evidence {
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
