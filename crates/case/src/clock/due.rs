//! When the clocks of one round (opening to closing) run out, with its pauses; and whom that is reported to.
//!
//! A clock is due at the first instant at which its length has counted since its start, pauses left out. A pause that begins after
//! that instant cannot reach back: what has run out stays late.

use serde::{Deserialize, Serialize};

use super::walk::{advance, close_of_business, elapsed};
use super::{Calendar, Clock, ClockState, Marks, Standstill, Term, Terms, text_ms};
use crate::event::EscalationLevel;

/// Most clocks of one priority.
pub(super) const MOST_CLOCKS: usize = 100;

/// A time in which some clocks stand still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// Id of the event that began it.
    pub(crate) id: String,
    /// Who began it.
    pub(crate) who: String,
    /// As the profile names it.
    pub(crate) reason: String,
    /// In words.
    pub(crate) note: String,
    /// ms since 1970.
    pub(crate) since: i64,
    /// ms since 1970; `None` while it lasts.
    pub(crate) until: Option<i64>,
    /// The clocks it stops.
    pub(crate) clocks: Vec<String>,
}

/// A clock that ran out, reported to one level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Overrun {
    pub(crate) clock: String,
    pub(crate) level: EscalationLevel,
    /// When the clock ran out, ms since 1970.
    pub(crate) due: i64,
    /// When it was reported, ms since 1970; when it is to be, of one that was not yet.
    pub(crate) at: i64,
}

/// One clock that has started.
struct Started<'a> {
    term: &'a Term,
    start: i64,
    met: Option<i64>,
    calendar: Option<&'a Calendar>,
    /// How much has to count, ms.
    need: i64,
    pauses: Vec<&'a Pause>,
}

impl<'a> Started<'a> {
    fn all(terms: &'a Terms, marks: &'a Marks, pauses: &'a [Pause]) -> impl Iterator<Item = Self> {
        // A case from elsewhere is not trusted: what no profile may promise is not followed for hours.
        terms.clocks.iter().take(MOST_CLOCKS).filter_map(move |term| {
            let start = *marks.get(&term.from)?;
            let met = term.met_by.iter().filter_map(|m| marks.get(m)).min().copied();
            // A calendar that is not there leaves every hour to count: too early rather than too late.
            let calendar = term.calendar.as_ref().and_then(|name| terms.calendars.get(name));
            let pauses = pauses.iter().filter(|p| p.clocks.contains(&term.name)).collect();
            Some(Self { term, start, met, calendar, need: need(term, calendar, start), pauses })
        })
    }

    /// The stops, those that still last until `end`.
    fn stops(&self, end: i64) -> Vec<(i64, i64)> {
        self.pauses.iter().map(|p| (p.since, p.until.unwrap_or(end))).collect()
    }

    /// When it runs out; `None` while a pause keeps it from that.
    fn due(&self) -> Option<i64> {
        let due = advance(self.calendar, self.start, self.need, &self.stops(i64::MAX));
        // Further than a century is a promise for ever, no standstill.
        due.or_else(|| self.pauses.iter().all(|p| p.until.is_some()).then_some(i64::MAX))
    }

    /// When it runs out if what stops it ends at `end`, but not before it began.
    fn due_if_resumed(&self, end: i64) -> i64 {
        advance(self.calendar, self.start, self.need, &self.stops(end)).unwrap_or(i64::MAX)
    }

    /// The pause that it stands still in.
    fn standstill(&self) -> Option<Standstill> {
        let open = self.pauses.iter().filter(|p| p.until.is_none()).min_by_key(|p| p.since)?;
        let stands = self.met.is_none() && self.due().is_none();
        stands.then(|| Standstill { reason: open.reason.clone(), since: text_ms(open.since) })
    }

    fn remaining_s(&self, due: i64, now: i64) -> i64 {
        let stops = self.stops(i64::MAX);
        if due < now {
            return -(elapsed(self.calendar, due, now, &stops) / 1000);
        }
        // What a pause that still lasts keeps from counting is left, too.
        let gone = elapsed(self.calendar, self.start, now, &stops);
        (self.need - gone + 999).div_euclid(1000)
    }

    fn clock(&self, round: u32, now: i64, told: Option<EscalationLevel>) -> (i64, Clock) {
        let end = self.met.unwrap_or(now);
        let due = self.due().unwrap_or_else(|| self.due_if_resumed(end));
        let state = match self.met {
            _ if end > due => ClockState::Late,
            Some(_) => ClockState::Met,
            None => ClockState::Running,
        };
        let moved = || elapsed(self.calendar, self.start, due, &[]) - self.need;
        let clock = Clock {
            name: self.term.name.clone(),
            due: text_ms(due),
            met_at: self.met.map(text_ms),
            state,
            round,
            calendar: self.calendar.and_then(|_| self.term.calendar.clone()),
            due_local: self.calendar.and_then(|calendar| calendar.local(due)),
            remaining_s: self.met.is_none().then(|| self.remaining_s(due, now)),
            paused_s: (!self.pauses.is_empty())
                .then(moved)
                .and_then(|ms| u64::try_from(ms / 1000).ok())
                .filter(|s| *s > 0),
            paused: self.standstill(),
            escalated: told,
        };
        (due, clock)
    }
}

/// How many ms have to count. Working days become those that count until the close of business of the last of them, so that a
/// pause moves them as it moves any other length.
fn need(term: &Term, calendar: Option<&Calendar>, start: i64) -> i64 {
    let close = term.working_days.zip(calendar).map(|(days, c)| close_of_business(c, start, days).unwrap_or(i64::MAX));
    match close {
        Some(close) => elapsed(calendar, start, close, &[]),
        None => i64::try_from(term.within_s).unwrap_or(i64::MAX).saturating_mul(1000),
    }
}

/// The clocks of one round as they stand at `now`; the earliest due first.
pub(crate) fn clocks(
    terms: &Terms,
    marks: &Marks,
    pauses: &[Pause],
    told: &[Overrun],
    round: u32,
    now: i64,
) -> Vec<Clock> {
    let highest = |name: &str| told.iter().filter(|o| o.clock == name).map(|o| o.level).max();
    let mut all: Vec<(i64, Clock)> =
        Started::all(terms, marks, pauses).map(|s| s.clock(round, now, highest(&s.term.name))).collect();
    all.sort_by_key(|(due, _)| *due);
    all.into_iter().map(|(_, clock)| clock).collect()
}

/// The clock that runs out next, or ran out first: its name and when. A clock that stands still does not run out.
pub(crate) fn next_due(terms: &Terms, marks: &Marks, pauses: &[Pause]) -> Option<(String, i64)> {
    Started::all(terms, marks, pauses)
        .filter(|s| s.met.is_none())
        .filter_map(|s| Some((s.term.name.clone(), s.due()?)))
        .min_by_key(|(_, due)| *due)
}

/// Whether one of these clocks is not met yet: a pause that stops none makes no sense.
pub(crate) fn stops_something(terms: &Terms, marks: &Marks, clocks: &[String]) -> bool {
    let open = |term: &&Term| !term.met_by.iter().any(|m| marks.contains_key(m));
    terms.clocks.iter().filter(open).any(|term| clocks.contains(&term.name))
}

/// The levels that are to be told by `now` that a clock ran out, and were not told yet: the lowest first, for each clock.
///
/// The time between levels counts as the clock's own does: by its calendar, without pauses.
pub(crate) fn overruns(terms: &Terms, marks: &Marks, pauses: &[Pause], told: &[Overrun], now: i64) -> Vec<Overrun> {
    let mut found = Vec::new();
    for started in Started::all(terms, marks, pauses).filter(|s| s.met.is_none()) {
        let Some(due) = started.due().filter(|due| *due < now) else { continue };
        let stops = started.stops(i64::MAX);
        for step in &terms.escalation {
            let known = told.iter().any(|o| o.clock == started.term.name && o.level == step.level);
            let after = i64::try_from(step.after_s).unwrap_or(i64::MAX).saturating_mul(1000);
            let at = advance(started.calendar, due, after, &stops);
            if let Some(at) = at.filter(|at| !known && *at <= now) {
                found.push(Overrun { clock: started.term.name.clone(), level: step.level, due, at });
            }
        }
    }
    found
}
