//! The readings of a live source since it was connected: now, mean, least, most, and how often each limit failed.

use faultscope_door::diagnose::{Finding, Gate, GateState, Verdict};
use faultscope_door::live::Gauged;
use faultscope_door::signal::Unit;

/// A limit as it was answered so far.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    /// The worst answer of the last measurement.
    pub(crate) last: Finding,
    /// How often it failed.
    pub(crate) fails: u64,
    /// How often it was asked.
    pub(crate) asked: u64,
}

/// One reading.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Its id.
    pub(crate) id: String,
    /// Its unit.
    pub(crate) unit: Unit,
    /// The last value; nothing where the last measurement had none.
    pub(crate) now: Option<f64>,
    /// Least and most.
    pub(crate) range: (f64, f64),
    /// The limits on it.
    pub(crate) judged: Vec<Judged>,
    sum: f64,
    count: u64,
}

impl Row {
    fn new(id: &str, unit: Unit) -> Self {
        let range = (f64::INFINITY, f64::NEG_INFINITY);
        Self { id: id.to_owned(), unit, now: None, range, judged: Vec::new(), sum: 0.0, count: 0 }
    }

    fn take(&mut self, value: f64) {
        self.now = Some(value);
        self.range = (self.range.0.min(value), self.range.1.max(value));
        self.sum += value;
        self.count += 1;
    }

    /// Mean of all values.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// All readings of a source, in the order in which they first came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    /// The readings.
    pub(crate) rows: Vec<Row>,
    /// Gates of the last measurement that are not open.
    pub(crate) gates: Vec<Gate>,
    /// Seconds of samples of the last measurement; nothing before the first.
    pub(crate) seconds: Option<f64>,
    /// Why the last one gave nothing.
    pub(crate) error: Option<faultscope_door::Error>,
}

impl Table {
    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The worst answer of the last measurement.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        Verdict::worst(self.rows.iter().flat_map(|r| &r.judged).map(|j| j.last.verdict))
    }

    /// Takes a measurement in.
    pub(crate) fn take(&mut self, gauged: &Gauged) {
        self.seconds = Some(gauged.seconds);
        self.error.clone_from(&gauged.error);
        self.gates = gauged.gates.iter().filter(|g| g.state != GateState::Ok).cloned().collect();
        self.rows.iter_mut().for_each(|r| r.now = None);
        // Readings at several places (spurs) are no one figure over time: they stand with the limit that was worst.
        let single = |id: &str| gauged.readings.iter().filter(|r| r.id == id).count() == 1;
        for reading in gauged.readings.iter().filter(|r| r.value.is_finite() && !r.is_sign() && single(&r.id)) {
            self.row(&reading.id, reading.unit).take(reading.value);
        }
        for worst in worst_of_each_limit(&gauged.findings) {
            let row = self.row(&worst.reading, worst.unit);
            // A reading at several places: the worst of them is its value.
            if !single(&worst.reading)
                && let Some(value) = worst.value
            {
                row.take(value);
            }
            let same = |j: &&mut Judged| key(&j.last) == key(worst);
            let fails = u64::from(worst.verdict == Verdict::Fail);
            match row.judged.iter_mut().find(same) {
                Some(judged) => {
                    (judged.fails, judged.asked) = (judged.fails + fails, judged.asked + 1);
                    judged.last = worst.clone();
                }
                None => row.judged.push(Judged { last: worst.clone(), fails, asked: 1 }),
            }
        }
    }

    fn row(&mut self, id: &str, unit: Unit) -> &mut Row {
        let place = self.rows.iter().position(|r| r.id == id && r.unit == unit).unwrap_or_else(|| {
            self.rows.push(Row::new(id, unit));
            self.rows.len() - 1
        });
        &mut self.rows[place]
    }
}

/// What tells limits apart.
fn key(finding: &Finding) -> Option<(&str, &str)> {
    finding.limit.as_ref().map(|l| (l.pack.as_str(), l.id.as_str()))
}

/// Of the answers to one limit the worst, and of those the one with the least margin.
fn worst_of_each_limit(findings: &[Finding]) -> Vec<&Finding> {
    let margin = |f: &Finding| f.margin.unwrap_or(f64::INFINITY);
    let mut worst: Vec<&Finding> = Vec::new();
    for finding in findings.iter().filter(|f| f.limit.is_some()) {
        match worst.iter_mut().find(|w| key(w) == key(finding)) {
            Some(before) => {
                let worse = Verdict::worst([before.verdict, finding.verdict]);
                let new = worse != Some(before.verdict)
                    || (finding.verdict == before.verdict && margin(finding) < margin(before));
                if new {
                    *before = finding;
                }
            }
            None => worst.push(finding),
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use faultscope_door::diagnose::{AppliedLimit, Reading, Severity};

    fn finding(reading: &str, value: f64, upper: f64) -> Finding {
        let limit = AppliedLimit {
            id: "l".into(),
            pack: "p".into(),
            pack_version: "1".into(),
            clause: String::new(),
            upper: Some(upper),
            lower: None,
            guard: 0.0,
            confidence: "S".into(),
        };
        Finding {
            id: format!("m/{reading}"),
            measurement: "m".into(),
            reading: reading.into(),
            value: Some(value),
            unit: Unit::Volt,
            uncertainty: None,
            limit: Some(limit),
            margin: Some(upper - value),
            verdict: if value > upper { Verdict::Fail } else { Verdict::Pass },
            severity: Severity::Cleared,
            at: None,
            reason: String::new(),
            summary: String::new(),
            causes: Vec::new(),
            alarm: None,
        }
    }

    fn gauged(readings: &[(&str, f64)], findings: Vec<Finding>) -> Gauged {
        Gauged {
            measurement: "ripple",
            seconds: 1.0,
            readings: readings.iter().map(|(id, v)| Reading::new(id, *v, Unit::Volt)).collect(),
            findings,
            gates: Vec::new(),
            error: None,
        }
    }

    #[test]
    fn figures_and_failures_are_counted_from_measurement_to_measurement() {
        let mut table = Table::default();
        assert_eq!(table.verdict(), None);
        for value in [1.0, 3.0, 2.0] {
            table.take(&gauged(&[("vpp", value)], vec![finding("vpp", value, 2.5)]));
        }
        let row = &table.rows[0];
        assert_eq!((row.now, row.mean(), row.range), (Some(2.0), Some(2.0), (1.0, 3.0)));
        assert_eq!((row.judged[0].fails, row.judged[0].asked), (1, 3));
        assert_eq!(table.verdict(), Some(Verdict::Pass), "the last one passed");
        table.take(&gauged(&[], Vec::new()));
        assert_eq!((table.rows[0].now, table.rows[0].mean()), (None, Some(2.0)), "what was not measured is not shown");
    }

    #[test]
    fn of_lines_at_several_places_the_worst_is_the_figure() {
        let mut table = Table::default();
        let findings = vec![finding("spur", 1.0, 2.0), finding("spur", 5.0, 2.0), finding("spur", 4.0, 2.0)];
        table.take(&gauged(&[("spur", 1.0), ("spur", 5.0), ("spur", 4.0)], findings));
        assert_eq!(table.rows.len(), 1);
        assert_eq!((table.rows[0].now, table.rows[0].judged[0].fails), (Some(5.0), 1));
        assert_eq!(table.verdict(), Some(Verdict::Fail));
        table.clear();
        assert!(table.rows.is_empty());
    }
}
