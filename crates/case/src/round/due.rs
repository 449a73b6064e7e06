//! When a point is due: from the date of its last inspection that counts, by the calendar of the plan.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::{Brief, Interval, RoundPlan};

/// Where a point stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// Its day has not come.
    NotDue,
    /// From its day until the grace has passed.
    Due,
    /// After that.
    Overdue,
}

impl DueState {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotDue => "not_due",
            Self::Due => "due",
            Self::Overdue => "overdue",
        }
    }
}

/// A point and when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Standing {
    /// Its tag.
    pub tag: String,
    /// The day on which it is due, `YYYY-MM-DD`, in the zone of the plan.
    pub due_on: String,
    /// The last day on which it is not yet overdue.
    pub grace_until: String,
    /// Where it stands.
    pub state: DueState,
    /// Days until it is due; below zero after that.
    pub due_in_days: i32,
    /// Whether no inspection of it ever counted.
    pub never_done: bool,
    /// The last inspection that counts.
    pub last: Option<Brief>,
    /// The last one after that, which could not be judged.
    pub attempt: Option<Brief>,
}

impl Standing {
    /// Whether it is due before this time has passed.
    #[must_use]
    pub fn is_due_within(&self, interval: Interval) -> bool {
        let due = self.due_on.parse::<Date>().ok();
        let until = due.and_then(|due| Some(interval.after(due.checked_sub(self.due_in_days.days()).ok()?)));
        due.zip(until).is_some_and(|(due, until)| due <= until)
    }
}

/// Where the points of a plan stand at `now`, the next to fall due first, in the order of the plan where that is the same day.
/// `done` are inspections by lower-case tag, in any order; those after `now` do not count yet.
#[must_use]
pub fn standing(plan: &RoundPlan, done: &BTreeMap<String, Vec<Brief>>, now: Timestamp) -> Vec<Standing> {
    let (zone, start) = plan.calendar();
    let today = date_of(now, &zone);
    let mut all: Vec<(Date, Standing)> = Vec::with_capacity(plan.points.len());
    for point in &plan.points {
        let until_now = done.get(&point.tag.to_lowercase()).into_iter().flatten().filter_map(|brief| {
            let at: Timestamp = brief.done_at.parse().ok()?;
            (at <= now).then_some((at, brief))
        });
        let (counting, doubtful): (Vec<_>, Vec<_>) = until_now.partition(|(_, brief)| brief.counts());
        let last = counting.into_iter().max_by_key(|(at, _)| *at);
        let later = doubtful.into_iter().filter(|(at, _)| last.is_none_or(|(done, _)| *at >= done));
        let due = last.map_or(start, |(at, _)| point.interval.after(date_of(at, &zone)));
        let grace_until = point.grace.after(due);
        let state = match () {
            () if today > grace_until => DueState::Overdue,
            () if today >= due => DueState::Due,
            () => DueState::NotDue,
        };
        let standing = Standing {
            tag: point.tag.clone(),
            due_on: due.to_string(),
            grace_until: grace_until.to_string(),
            state,
            due_in_days: (due - today).get_days(),
            never_done: last.is_none(),
            attempt: later.max_by_key(|(at, _)| *at).map(|(_, brief)| brief.clone()),
            last: last.map(|(_, brief)| brief.clone()),
        };
        all.push((due, standing));
    }
    all.sort_by_key(|(due, _)| *due);
    all.into_iter().map(|(_, standing)| standing).collect()
}

fn date_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use faultscope_diagnose::Verdict;

    use super::*;

    /// Three points, the dates of Shanghai: eight hours before UTC all year.
    const PLAN: &str = "[round]\nid='x'\nversion='1'\ntitle='t'\nstart='2026-02-01'\nzone='Asia/Shanghai'\n
        [[point]]\ntag='A'\ntitle='a'\ninterval='1 month'\ngrace='3d'\ncheck='c'\n
        [[point]]\ntag='B'\ntitle='b'\ninterval='30d'\ncheck='c'\n
        [[point]]\ntag='C'\ntitle='c'\ninterval='1 year'\ncheck='c'\n";

    fn brief(done_at: &str, verdict: Verdict) -> Brief {
        Brief { id: done_at.into(), done_at: done_at.into(), verdict, case_id: None }
    }

    fn look(done: &[(&str, &str, Verdict)], now: &str) -> Vec<(String, String, DueState, i32, bool)> {
        let plan = RoundPlan::parse(PLAN, "x").unwrap();
        let mut by_tag: BTreeMap<String, Vec<Brief>> = BTreeMap::new();
        for (tag, at, verdict) in done {
            by_tag.entry((*tag).to_owned()).or_default().push(brief(at, *verdict));
        }
        let all = standing(&plan, &by_tag, now.parse().unwrap());
        all.into_iter().map(|s| (s.tag, s.due_on, s.state, s.due_in_days, s.never_done)).collect()
    }

    fn row(tag: &str, due: &str, state: DueState, days: i32, never: bool) -> (String, String, DueState, i32, bool) {
        (tag.into(), due.into(), state, days, never)
    }

    #[test]
    fn what_was_never_done_is_due_from_the_start_and_overdue_after_its_grace() {
        use DueState::{Due, NotDue, Overdue};
        // 16:00 UTC is midnight in Shanghai.
        let before = look(&[], "2026-01-31T15:59:59Z");
        assert_eq!(before[0], row("A", "2026-02-01", NotDue, 1, true));
        let on = look(&[], "2026-01-31T16:00:00Z");
        assert_eq!(on[0], row("A", "2026-02-01", Due, 0, true));
        let after = look(&[], "2026-02-01T16:00:00Z");
        assert_eq!(after[0], row("A", "2026-02-01", Due, -1, true));
        assert_eq!(after[1], row("B", "2026-02-01", Overdue, -1, true));
        assert_eq!(look(&[], "2026-02-04T15:59:59Z")[0].2, Due);
        assert_eq!(look(&[], "2026-02-04T16:00:00Z")[0].2, Overdue);
    }

    /// Dates by `dateutil.relativedelta` of Python.
    #[test]
    fn the_next_is_due_by_the_calendar_and_doubt_is_no_inspection() {
        use DueState::{Due, NotDue};
        use Verdict::{Fail, Invalid, Margin, NotEvaluated, Pass};
        let done = [
            // The 31st of January in Shanghai: a month later is the last of February.
            ("a", "2026-01-30T17:00:00Z", Fail),
            ("a", "2026-01-02T01:00:00Z", Pass),
            ("a", "2026-02-10T01:00:00Z", Invalid),
            ("b", "2026-02-27T01:00:00Z", Margin),
            ("c", "2026-02-27T01:00:00Z", NotEvaluated),
            // Not yet done at the time that is asked for.
            ("c", "2026-03-05T01:00:00Z", Pass),
        ];
        let all = look(&done, "2026-02-28T02:00:00Z");
        assert_eq!(all[0], row("C", "2026-02-01", DueState::Overdue, -27, true));
        assert_eq!(all[1], row("A", "2026-02-28", Due, 0, false));
        assert_eq!(all[2], row("B", "2026-03-29", NotDue, 29, false));
        let plan = RoundPlan::parse(PLAN, "x").unwrap();
        let by_tag = BTreeMap::from([(
            "a".to_owned(),
            done.iter().filter(|d| d.0 == "a").map(|d| brief(d.1, d.2)).collect::<Vec<_>>(),
        )]);
        let all = standing(&plan, &by_tag, "2026-02-28T02:00:00Z".parse().unwrap());
        let a = all.iter().find(|s| s.tag == "A").unwrap();
        assert_eq!(a.last.as_ref().map(|b| b.verdict), Some(Fail));
        assert_eq!(a.attempt.as_ref().map(|b| b.verdict), Some(Invalid));
        assert_eq!(look(&done, "2026-03-06T02:00:00Z").last().unwrap(), &row("C", "2027-03-05", NotDue, 364, false));
    }
}
