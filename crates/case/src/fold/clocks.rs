//! The clocks of a folding case: its rounds, when they stood still, what runs out next, and who is to be told.

use serde::{Deserialize, Serialize};

use super::State;
use crate::clock::{self, Clock, ClockState, Marks, Milestone, Overrun, Pause, Terms};
use crate::event::Event;
use crate::workflow::Status;

/// One life of a case, from opening or reopening to closing, for its clocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(super) terms: Terms,
    pub(super) marks: Marks,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pauses: Vec<Pause>,
    /// Whom it was reported to that a clock ran out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<Overrun>,
}

impl State {
    /// Which clocks stand still is settled here: a later change of the terms does not change it.
    ///
    /// A pause that another machine wrote belongs to the round of its time: it does not outlast a closing that its writer did not
    /// know of.
    pub(super) fn pause(&mut self, event: &Event, reason: &str, note: &str) {
        let since = event.at_ms();
        let opened = |round: &Round| round.marks.get(&Milestone::Opened).copied();
        let place = match event.side_of {
            None => self.rounds.len().saturating_sub(1),
            Some(_) => self.rounds.iter().rposition(|r| opened(r).is_some_and(|at| at <= since)).unwrap_or(0),
        };
        let next = self.rounds.get(place + 1).and_then(opened);
        let closed = self.status == Status::Closed;
        let Some(round) = self.rounds.get_mut(place) else { return };
        let over = next.or_else(|| round.marks.get(&Milestone::Closed).copied().filter(|_| closed));
        round.pauses.push(Pause {
            id: event.id.clone(),
            who: event.actor.clone(),
            reason: reason.to_owned(),
            note: note.to_owned(),
            since,
            until: over.map(|at| at.max(since)),
            clocks: round.terms.pauses.get(reason).cloned().unwrap_or_default(),
        });
    }

    /// Ends pauses; of two ends the earlier one counts.
    pub(super) fn resume(&mut self, at: i64, which: impl Fn(&Pause) -> bool) {
        for pause in self.rounds.iter_mut().flat_map(|round| &mut round.pauses).filter(|pause| which(pause)) {
            // A badly set watch makes no pause that ends before it begins.
            let end = at.max(pause.since);
            pause.until = Some(pause.until.map_or(end, |known| known.min(end)));
        }
    }

    /// Each level is told once of each clock.
    pub(super) fn tell(&mut self, event: &Event, overrun: &crate::event::Overrun) {
        let place = usize::try_from(overrun.round).unwrap_or(0).checked_sub(1);
        let Some(round) = place.and_then(|n| self.rounds.get_mut(n)) else { return };
        if round.told.iter().all(|o| (&o.clock, o.level) != (&overrun.clock, overrun.level)) {
            let due = clock::parse_ms(&overrun.due).unwrap_or(0);
            round.told.push(Overrun { clock: overrun.clock.clone(), level: overrun.level, due, at: event.at_ms() });
        }
    }

    pub(super) fn clocks(&self, now_ms: i64) -> Vec<Clock> {
        let numbered = self.rounds.iter().zip(1u32..);
        numbered.flat_map(|(round, n)| round.clocks(n, now_ms)).collect()
    }

    /// The present round and its number.
    fn present(&self) -> Option<(&Round, u32)> {
        self.rounds.last().map(|round| (round, u32::try_from(self.rounds.len()).unwrap_or(u32::MAX)))
    }

    /// The clock that runs out next: its name, and when. What stands still does not run out.
    pub(crate) fn next_due(&self) -> Option<(String, i64)> {
        self.present().and_then(|(round, _)| clock::next_due(&round.terms, &round.marks, &round.pauses))
    }

    /// The clocks of the present round that are not met, the first due first.
    fn unmet(&self, now_ms: i64) -> impl Iterator<Item = Clock> {
        let clocks = self.present().map(|(round, number)| round.clocks(number, now_ms));
        clocks.unwrap_or_default().into_iter().filter(|clock| clock.met_at.is_none())
    }

    /// The clock that runs out next, else one that stands still, as it is at `now_ms`.
    pub(crate) fn next_clock(&self, now_ms: i64) -> Option<Clock> {
        self.unmet(now_ms).min_by_key(|clock| clock.paused.is_some())
    }

    /// The clocks of the present round that are not met and have run out by `now_ms`.
    pub(crate) fn overdue(&self, now_ms: i64) -> Vec<Clock> {
        self.unmet(now_ms).filter(|clock| clock.state == ClockState::Late).collect()
    }

    /// Who is to be told by `now_ms` of clocks that ran out, and was not told yet. Of a closed case nobody is.
    pub(crate) fn untold(&self, now_ms: i64) -> Vec<crate::event::Overrun> {
        let Some((round, number)) = self.present().filter(|_| self.status != Status::Closed) else { return Vec::new() };
        let due = clock::overruns(&round.terms, &round.marks, &round.pauses, &round.told, now_ms);
        let event = |o: Overrun| crate::event::Overrun {
            clock: o.clock,
            round: number,
            level: o.level,
            due: clock::text_ms(o.due),
        };
        due.into_iter().map(event).collect()
    }

    /// The pauses that last.
    pub(crate) fn open_pauses(&self) -> impl Iterator<Item = &Pause> {
        self.rounds.last().into_iter().flat_map(|round| &round.pauses).filter(|pause| pause.until.is_none())
    }

    /// Says why a pause for this reason makes no sense.
    pub(crate) fn check_pause(&self, reason: &str) -> Result<(), String> {
        if let Some(pause) = self.open_pauses().next() {
            let since = clock::text_ms(pause.since);
            return Err(format!("the clocks are paused already ({}, since {since}); resume them first", pause.reason));
        }
        let none = || "no clock runs on this case: there is nothing to pause".to_owned();
        let (round, _) = self.present().ok_or_else(none)?;
        let known = &round.terms.pauses;
        if known.is_empty() {
            return Err("the service profile of this case knows no reason to pause".into());
        }
        let Some(clocks) = known.get(reason) else {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            return Err(format!(
                "the service profile of this case does not know `{reason}`; it knows {}",
                names.join(", ")
            ));
        };
        if clock::stops_something(&round.terms, &round.marks, clocks) {
            Ok(())
        } else {
            Err(format!("`{reason}` stops {}, of which none runs any more", clocks.join(", ")))
        }
    }

    /// When a milestone of the present round was reached, ms since 1970.
    pub(crate) fn reached(&self, milestone: Milestone) -> Option<i64> {
        self.rounds.last()?.marks.get(&milestone).copied()
    }

    pub(super) fn sla(&self) -> Option<CaseSla> {
        let Terms { profile, version, pauses, .. } = &self.rounds.last()?.terms;
        let pauses = pauses.keys().cloned().collect();
        (!profile.is_empty()).then(|| CaseSla { profile: profile.clone(), version: version.clone(), pauses })
    }

    pub(super) fn pauses(&self) -> Vec<CasePause> {
        let numbered = self.rounds.iter().zip(1u32..);
        let shown = |(round, number): (&Round, u32)| {
            round.pauses.iter().map(move |p| CasePause::of(p, number)).collect::<Vec<_>>()
        };
        numbered.flat_map(shown).collect()
    }
}

impl Round {
    pub(super) fn new(terms: Option<Terms>) -> Self {
        Self { terms: terms.unwrap_or_default(), marks: Marks::new(), pauses: Vec::new(), told: Vec::new() }
    }

    fn clocks(&self, number: u32, now_ms: i64) -> Vec<Clock> {
        clock::clocks(&self.terms, &self.marks, &self.pauses, &self.told, number, now_ms)
    }
}

/// The service profile of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaseSla {
    /// Its id.
    pub profile: String,
    /// Its version.
    pub version: String,
    /// The reasons to pause that it knows.
    pub pauses: Vec<String>,
}

/// A time in which clocks of a case stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CasePause {
    /// Id of the event that began it.
    pub id: String,
    /// Who began it.
    pub actor: String,
    /// Why, as the profile names it.
    pub reason: String,
    /// In words.
    pub note: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// RFC 3339, UTC; `null` while it lasts.
    pub until: Option<String>,
    /// The clocks that stood still.
    pub clocks: Vec<String>,
    /// In which round, as in the clocks.
    pub round: u32,
}

impl CasePause {
    fn of(pause: &Pause, round: u32) -> Self {
        Self {
            id: pause.id.clone(),
            actor: pause.who.clone(),
            reason: pause.reason.clone(),
            note: pause.note.clone(),
            since: clock::text_ms(pause.since),
            until: pause.until.map(clock::text_ms),
            clocks: pause.clocks.clone(),
            round,
        }
    }
}
