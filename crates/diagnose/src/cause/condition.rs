//! One condition of a rule: on a reading, a kind of spur, a failed limit, or a gate; and how well it is met.

use serde::{Deserialize, Serialize};

use super::score::Examined;
use crate::checklist::{Answer, Inspected};
use crate::finding::{CauseReading, Finding};
use crate::gate::GateState;
use crate::measurement::Origin;
use crate::verdict::Verdict;

/// Which bound of a limit was crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Above the upper bound.
    Upper,
    /// Below the lower bound.
    Lower,
}

/// One condition. Exactly one of `reading`, `spur`, `failed`, `gate`, `all_failed`, `just_outside`, `item` says on what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// Reading id.
    pub reading: Option<String>,
    /// The strongest spur of this origin, in dBc.
    pub spur: Option<Origin>,
    /// A limit on this reading has failed.
    pub failed: Option<String>,
    /// A quality gate that is not open: its id.
    pub gate: Option<String>,
    /// At least so many limits were answered, and every one failed.
    pub all_failed: Option<usize>,
    /// Every failed limit is missed by less than its guard band and the reading's uncertainty together.
    pub just_outside: Option<bool>,
    /// An item of a check list that was answered, by its id.
    pub item: Option<String>,
    /// The answer that the item must have: `pass` or `fail`.
    pub is: Option<Answer>,
    /// Measurement that gives it, where it is not the rule's own: of any capture in the set.
    pub measurement: Option<String>,
    /// The value must be above (of a failed limit: the distance beyond it, in its unit).
    pub above: Option<f64>,
    /// The value must be below.
    pub below: Option<f64>,
    /// From `above` up to here (from `below` down to here) the weight goes evenly from `unmet` to `met`.
    pub sure: Option<f64>,
    /// The bound of the failed limit.
    pub side: Option<Side>,
    /// Evidence only: log-odds added where it is met, ...
    pub met: f64,
    /// ... and where it is not.
    pub unmet: f64,
    /// Requirements only: it also holds where there is no such reading.
    pub or_missing: bool,
}

/// How a condition came out.
pub(super) struct Outcome {
    /// 0 unmet, 1 met, between on the ramp; nothing where there is no such reading.
    pub(super) degree: Option<f64>,
    /// The reading it rests on.
    pub(super) cited: Option<CauseReading>,
}

impl Condition {
    /// `line_image`: what the strongest spur of an origin is cited as.
    #[must_use]
    pub fn spur_name(&self) -> Option<String> {
        self.spur.map(|origin| format!("line_{}", name(origin)))
    }

    /// How it comes out on `own`, or on any capture of the set where it names another measurement.
    pub(super) fn look(&self, own: &Examined<'_>, set: &[Examined<'_>]) -> Outcome {
        match &self.measurement {
            None => self.on(own),
            Some(id) => {
                let outcomes = set.iter().filter(|e| e.measurement == id).map(|e| self.on(e));
                let best = outcomes.max_by(|a, b| a.degree.unwrap_or(-1.0).total_cmp(&b.degree.unwrap_or(-1.0)));
                best.unwrap_or(Outcome { degree: None, cited: None })
            }
        }
    }

    /// Whether a requirement holds.
    pub(super) fn holds(&self, outcome: &Outcome) -> bool {
        outcome.degree.map_or(self.or_missing, |d| d > 0.0)
    }

    /// What it adds as evidence.
    pub(super) fn weight(&self, outcome: &Outcome) -> f64 {
        outcome.degree.map_or(0.0, |d| self.unmet + d * (self.met - self.unmet))
    }

    /// How it comes out by the check lists, and the item it rests on; nothing where it is on no item, or on one that was
    /// not answered.
    pub(super) fn inspect<'a>(&self, inspected: &[Inspected<'a>]) -> Option<(f64, Inspected<'a>)> {
        let id = self.item.as_ref()?;
        // The last answer that says something stands.
        let answered = |i: &&Inspected<'_>| i.item.item == *id && i.item.result != Answer::NotDone;
        let found = inspected.iter().rev().find(answered)?;
        Some((f64::from(u8::from(Some(found.item.result) == self.is)), *found))
    }

    fn on(&self, e: &Examined<'_>) -> Outcome {
        let bare = |met: bool| Outcome { degree: Some(f64::from(u8::from(met))), cited: None };
        if let Some(id) = &self.failed {
            return bare(e.findings.iter().any(|f| f.reading == *id && self.missed(f)));
        }
        if let Some(id) = &self.gate {
            return bare(e.gates.iter().any(|g| g.gate == *id && g.state != GateState::Ok));
        }
        if let Some(least) = self.all_failed {
            let answered = |f: &&Finding| matches!(f.verdict, Verdict::Pass | Verdict::Margin | Verdict::Fail);
            let limits = e.findings.iter().filter(answered);
            let failed = limits.clone().filter(|f| f.verdict == Verdict::Fail).count();
            return bare(failed >= least && failed == limits.count());
        }
        if self.just_outside.is_some() {
            let mut failed = e.findings.iter().filter(|f| f.verdict == Verdict::Fail).peekable();
            return bare(failed.peek().is_some() && failed.all(just_outside));
        }
        self.on_value(e)
    }

    fn missed(&self, f: &Finding) -> bool {
        let beyond = -f.margin.unwrap_or(0.0);
        let upper = f.limit.as_ref().and_then(|l| l.upper).zip(f.value).is_some_and(|(bound, v)| v > bound);
        let side = match self.side {
            Some(Side::Upper) => upper,
            Some(Side::Lower) => !upper,
            None => true,
        };
        f.verdict == Verdict::Fail && side && self.inside(beyond)
    }

    fn inside(&self, v: f64) -> bool {
        self.above.is_none_or(|a| v > a) && self.below.is_none_or(|b| v < b)
    }

    fn on_value(&self, e: &Examined<'_>) -> Outcome {
        let found = match (&self.reading, self.spur) {
            (Some(id), _) => e.readings.iter().find(|r| r.id == *id).map(|r| (r.id.clone(), r.value, r.unit)),
            (None, Some(origin)) => e
                .spurs
                .iter()
                .filter(|s| s.origin == origin)
                .filter_map(|s| s.level_dbc)
                .reduce(f64::max)
                .map(|v| (format!("line_{}", name(origin)), v, faultscope_signal::Unit::Dbc)),
            (None, None) => None,
        };
        let Some((id, value, unit)) = found.filter(|f| f.1.is_finite()) else {
            return Outcome { degree: None, cited: None };
        };
        let cited =
            CauseReading { capture: e.capture.to_owned(), measurement: e.measurement.to_owned(), id, value, unit };
        Outcome { degree: Some(self.degree(value)), cited: Some(cited) }
    }

    /// 0 outside, 1 inside, rising evenly between the bound and `sure`.
    fn degree(&self, value: f64) -> f64 {
        if !self.inside(value) {
            return 0.0;
        }
        match (self.above.or(self.below), self.sure) {
            (Some(bound), Some(sure)) if sure != bound => ((value - bound) / (sure - bound)).clamp(0.0, 1.0),
            _ => 1.0,
        }
    }
}

fn just_outside(f: &Finding) -> bool {
    let slack = f.limit.as_ref().map_or(0.0, |l| l.guard) + f.uncertainty.unwrap_or(0.0);
    f.margin.is_some_and(|m| -m <= slack)
}

fn name(origin: Origin) -> String {
    serde_json::to_value(origin).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
