//! Statistics of a store: cases by status, cause, part, equipment and month, clocks kept or not, units that failed again.

use std::collections::BTreeMap;

use faultscope_case::{Case, Clock, ClockState};
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
    /// The same by `priority` and by `month` of the opening.
    #[serde(default)]
    pub clocks_by: Vec<ClockGroup>,
    /// How content customers are; `null` where nobody was asked.
    #[serde(default)]
    pub satisfaction: Option<Satisfaction>,
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

/// How content customers are, from 1 (bad) to 5 (good).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Satisfaction {
    /// How many answered.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
}

/// How one clock fared in a group of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ClockGroup {
    /// `priority` or `month`.
    pub by: String,
    /// Which: `P1`, `2026-11`.
    pub name: String,
    /// The figures.
    #[serde(flatten)]
    pub figures: ClockFigures,
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
    /// Met in time, of those met or late, in percent; `null` where there are none.
    #[serde(default)]
    pub share_percent: Option<f64>,
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
    /// By group ("" for all), name within it, clock.
    clocks: BTreeMap<(&'static str, String, String), Fared>,
    satisfaction: Vec<f64>,
    serials: BTreeMap<String, Vec<String>>,
}

/// How a clock fared, on the way.
#[derive(Default)]
struct Fared {
    met: usize,
    late: usize,
    running: usize,
    times: Vec<f64>,
}

impl Fared {
    fn take(&mut self, clock: &Clock, seconds: Option<f64>) {
        match clock.state {
            ClockState::Met => self.met += 1,
            ClockState::Late => self.late += 1,
            ClockState::Running => self.running += 1,
        }
        self.times.extend(seconds);
    }

    fn figures(self, clock: String) -> ClockFigures {
        let Self { met, late, running, times } = self;
        let share_percent = (met + late > 0).then(|| 100.0 * met as f64 / (met + late) as f64);
        ClockFigures { clock, met, late, running, share_percent, median_s: median(times) }
    }
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
        self.satisfaction.extend(case.closure.as_ref().and_then(|c| c.satisfaction).map(f64::from));
        let month = case.opened_at.get(..7).unwrap_or_default();
        for clock in &case.clocks {
            let met = clock.met_at.as_deref().filter(|_| clock.round == 1);
            let seconds = met.and_then(|met| seconds_between(&case.opened_at, met));
            for (by, name) in [("", ""), ("priority", case.priority.name()), ("month", month)] {
                let key = (by, name.to_owned(), clock.name.clone());
                self.clocks.entry(key).or_default().take(clock, seconds);
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
        let clocks = self.clocks.into_iter().map(|((by, name, clock), fared)| ClockGroup {
            by: by.to_owned(),
            name,
            figures: fared.figures(clock),
        });
        let (whole, parts): (Vec<_>, Vec<_>) = clocks.partition(|group| group.by.is_empty());
        let count = self.satisfaction.len();
        let mean = self.satisfaction.iter().sum::<f64>() / count as f64;
        let repeats = self.serials.into_iter().filter(|(_, cases)| cases.len() > 1);
        StatsDocument {
            schema: "faultscope/1".into(),
            cases,
            groups: groups.collect(),
            clocks: whole.into_iter().map(|group| group.figures).collect(),
            clocks_by: parts,
            satisfaction: (count > 0).then_some(Satisfaction { count, mean }),
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
