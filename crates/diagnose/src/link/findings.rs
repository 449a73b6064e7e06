//! A link as readings and findings: what rules weigh, and what a case keeps.

use faultscope_signal::Unit;

use super::{Link, LinkDetail, LinkedLine, SupplyFamily};
use crate::finding::{Finding, Severity};
use crate::gate::{self, Gate};
use crate::reading::{At, Reading};
use crate::verdict::Verdict;

/// Readings of `spurs` whose failed limits a linked line can be.
const SPUR_READINGS: [&str; 2] = ["spur_level", "worst_spur"];

impl Link {
    /// Id of its reading: `link_mains`, `link_switching`, `link_second_converter`; `link_frame_clock` where a transmitter's own
    /// frames would make the same lines, so that rules about the supply do not rest on it.
    #[must_use]
    pub const fn reading(&self) -> &'static str {
        match (self.family, self.frame_clock) {
            (_, true) => "link_frame_clock",
            (SupplyFamily::Mains, _) => "link_mains",
            (SupplyFamily::Switching, _) => "link_switching",
            (SupplyFamily::SecondConverter, _) => "link_second_converter",
        }
    }

    /// The strongest sideband of the family.
    fn strongest(&self) -> Option<&LinkedLine> {
        self.lines.iter().max_by(|a, b| a.level_dbc().total_cmp(&b.level_dbc()))
    }
}

impl LinkedLine {
    /// Level of the stronger side.
    #[must_use]
    pub fn level_dbc(&self) -> f64 {
        self.upper_dbc.max(self.lower_dbc)
    }
}

impl LinkDetail {
    /// Keeps the links that are no accident when this is one of `tried` pairs of captures: any of them could have agreed.
    #[must_use]
    pub fn among(mut self, tried: usize) -> Self {
        for link in &mut self.links {
            link.false_link_probability = (link.false_link_probability * tried.max(1) as f64).min(1.0);
        }
        self.links.retain(|l| l.false_link_probability <= super::MOST_CHANCE);
        self.found = !self.links.is_empty();
        self
    }

    /// The strongest sideband of each family that is linked, in dBc.
    #[must_use]
    pub fn readings(&self) -> Vec<Reading> {
        let one = |link: &Link| {
            let line = link.strongest()?;
            Some(Reading::new(link.reading(), line.level_dbc(), Unit::Dbc).at(self.place(line)))
        };
        self.links.iter().filter_map(one).collect()
    }

    fn place(&self, line: &LinkedLine) -> At {
        let frequency_hz = self.carrier.map(|c| c.frequency_hz + line.offset_hz);
        At { frequency_hz, offset_hz: Some(line.offset_hz), ..At::default() }
    }

    /// One finding for each family that is linked. A link says where lines come from, not that they are too strong: it
    /// fails where a limit on the RF capture's own spurs (`rf`) has failed at one of its lines, and is not evaluated where
    /// none was asked for or none has. `gates` are those of both captures; a closed one makes it invalid.
    #[must_use]
    pub fn findings(&self, rf: &[Finding], gates: &[Gate]) -> Vec<Finding> {
        self.links.iter().filter_map(|link| self.finding(link, rf, gates)).collect()
    }

    fn finding(&self, link: &Link, rf: &[Finding], gates: &[Gate]) -> Option<Finding> {
        let line = link.strongest()?;
        let place = self.place(line);
        let reading = link.reading();
        let blank = Finding {
            id: format!("link/{reading}@{:.1}Hz", line.offset_hz),
            measurement: "link".into(),
            reading: reading.to_owned(),
            value: Some(line.level_dbc()),
            unit: Unit::Dbc,
            uncertainty: None,
            limit: None,
            margin: None,
            verdict: Verdict::NotEvaluated,
            severity: Severity::Indeterminate,
            at: Some(place),
            reason: "no limit on these lines was asked for, or none has failed".into(),
            summary: String::new(),
            causes: Vec::new(),
            alarm: None,
        };
        if let Some(gate) = gate::first_failed(gates) {
            let reason = format!("{}: {}", gate.gate, gate.detail);
            return Some(Finding { verdict: Verdict::Invalid, severity: Severity::Cleared, reason, ..blank });
        }
        let failed = rf.iter().filter(|f| f.verdict == Verdict::Fail && SPUR_READINGS.contains(&f.reading.as_str()));
        let mut at_lines = failed.filter(|f| link.lines.iter().any(|l| self.is_at(f, l)));
        Some(match at_lines.next() {
            Some(f) => Finding {
                id: format!("link/{reading}/{}", f.id),
                value: f.value,
                unit: f.unit,
                uncertainty: f.uncertainty,
                limit: f.limit.clone(),
                margin: f.margin,
                verdict: Verdict::Fail,
                severity: f.severity,
                at: f.at,
                reason: String::new(),
                alarm: f.alarm.clone(),
                ..blank
            },
            None => blank,
        })
    }

    /// Whether a finding about a spur is about one of the two sides of a line.
    fn is_at(&self, finding: &Finding, line: &LinkedLine) -> bool {
        let at = finding.at.as_ref();
        let distance = match (self.carrier, at.and_then(|a| a.frequency_hz), at.and_then(|a| a.offset_hz)) {
            (Some(carrier), Some(hz), _) => (hz - carrier.frequency_hz).abs(),
            (Some(carrier), None, Some(hz)) => (hz - carrier.offset_hz).abs(),
            _ => return false,
        };
        (distance - line.offset_hz).abs() <= self.lowest_hz
    }
}
