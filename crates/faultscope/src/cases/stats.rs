//! Statistics of a store: cases by status, cause, part, equipment and month, clocks kept or not, units that failed again.

use std::collections::BTreeMap;

use faultscope_case::{Case, ClockState};
use serde::{Deserialize, Serialize};

use super::Desk;
use crate::Error;

/// The JSON document of `case stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatsDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Cases in the store.
    pub cases: usize,
    /// Counts: by `status`, `priority`, `root_cause`, `part`, `equipment`, `month` of the opening.
    pub groups: Vec<Group>,
    /// The service clocks.
    pub clocks: Vec<ClockFigures>,
    /// Units with more than one case.
    pub repeats: Vec<Repeat>,
}

/// Cases counted by one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Group {
    /// By what.
    pub by: String,
    /// The most frequent first; months in their order.
    pub counts: Vec<Count>,
}

/// How often something came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Count {
    /// What.
    pub name: String,
    /// How often.
    pub count: usize,
}

/// How one clock fared over all cases and their reopenings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClockFigures {
    /// Its name: `respond`, `arrive`, `fix` ...
    pub clock: String,
    /// Met in time.
    pub met: usize,
    /// Met too late, or due and not met.
    pub late: usize,
    /// Not due yet.
    pub running: usize,
    /// Median time from the opening to where it was met, of first openings, in seconds; `null` where none was met.
    pub median_s: Option<f64>,
}

/// A unit that failed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Repeat {
    /// Its serial number.
    pub serial: String,
    /// Its cases, in the order of their opening.
    pub cases: Vec<String>,
}

/// Counts on their way.
#[derive(Default)]
struct Tally {
    groups: BTreeMap<&'static str, BTreeMap<String, usize>>,
    clocks: BTreeMap<String, (ClockFigures, Vec<f64>)>,
    serials: BTreeMap<String, Vec<String>>,
}

impl Desk {
    /// Counts all cases of the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stats(&self) -> Result<StatsDocument, Error> {
        let ids = self.store.case_ids()?;
        let mut tally = Tally::default();
        for id in &ids {
            tally.take(&self.case(id)?);
        }
        Ok(tally.document(ids.len()))
    }
}

impl Tally {
    fn count(&mut self, by: &'static str, name: &str) {
        if !name.trim().is_empty() {
            *self.groups.entry(by).or_default().entry(name.trim().to_owned()).or_default() += 1;
        }
    }

    fn take(&mut self, case: &Case) {
        self.count("status", case.status.name());
        self.count("priority", case.priority.name());
        self.count("root_cause", case.root_cause.as_deref().unwrap_or_default());
        self.count("equipment", &format!("{} {}", case.equipment.kind, case.equipment.model));
        self.count("month", case.opened_at.get(..7).unwrap_or_default());
        for part in case.actions.iter().filter_map(|a| a.part.as_ref()) {
            self.count("part", &part.name);
        }
        let serial = case.equipment.serial.trim();
        if !serial.is_empty() {
            self.serials.entry(serial.to_owned()).or_default().push(case.id.clone());
        }
        for clock in &case.clocks {
            let none = ClockFigures { clock: clock.name.clone(), met: 0, late: 0, running: 0, median_s: None };
            let (figures, times) = self.clocks.entry(clock.name.clone()).or_insert_with(|| (none, Vec::new()));
            match clock.state {
                ClockState::Met => figures.met += 1,
                ClockState::Late => figures.late += 1,
                ClockState::Running => figures.running += 1,
            }
            if clock.round == 1 {
                times.extend(clock.met_at.as_deref().and_then(|met| seconds_between(&case.opened_at, met)));
            }
        }
    }

    fn document(self, cases: usize) -> StatsDocument {
        let groups = self.groups.into_iter().map(|(by, names)| {
            let mut counts: Vec<Count> = names.into_iter().map(|(name, count)| Count { name, count }).collect();
            if by != "month" {
                // Names are in order already, so equal counts stay in the order of their names.
                counts.sort_by_key(|c| std::cmp::Reverse(c.count));
            }
            Group { by: by.to_owned(), counts }
        });
        let clocks =
            self.clocks.into_values().map(|(figures, times)| ClockFigures { median_s: median(times), ..figures });
        let repeats = self.serials.into_iter().filter(|(_, cases)| cases.len() > 1);
        StatsDocument {
            schema: "faultscope/1".into(),
            cases,
            groups: groups.collect(),
            clocks: clocks.collect(),
            repeats: repeats.map(|(serial, cases)| Repeat { serial, cases }).collect(),
        }
    }
}

fn seconds_between(from: &str, to: &str) -> Option<f64> {
    let at = |text: &str| text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    Some((at(to)? - at(from)?) as f64 / 1000.0)
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    let (low, high) = (times.get(times.len().checked_sub(1)? / 2)?, times.get(times.len() / 2)?);
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_times_by_the_calendar() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(seconds_between("2026-02-28T23:59:00Z", "2026-03-01T00:01:00Z"), Some(120.0));
        assert_eq!(seconds_between("2026-02-28", "x"), None);
    }
}
