//! What a limit was asked about over time: all answers to one limit about one thing, capture by capture.

use faultscope_case::fold::{Case, CaseFinding};
use faultscope_diagnose::Verdict;

/// The answers to one limit about one subject.
pub(crate) struct Series<'a> {
    /// Limit pack.
    pub(crate) pack: &'a str,
    /// Limit within the pack.
    pub(crate) limit: &'a str,
    /// What was measured: `supply`, whether before or after a repair.
    pub(crate) subject: String,
    /// Its answers, those of one capture together, in the order in which they were attached.
    pub(crate) rounds: Vec<Vec<&'a CaseFinding>>,
}

impl<'a> Series<'a> {
    /// The worst answer of the last capture.
    pub(crate) fn last(&self) -> Option<Verdict> {
        Verdict::worst(self.rounds.last()?.iter().map(|f| f.finding.verdict))
    }

    /// The worst failure of each capture that failed.
    pub(crate) fn failures(&self) -> Vec<&'a CaseFinding> {
        let margin = |f: &&CaseFinding| f.finding.margin.unwrap_or(f64::NEG_INFINITY);
        let worst = |round: &Vec<&'a CaseFinding>| {
            let failed = round.iter().copied().filter(|f| f.finding.verdict == Verdict::Fail);
            failed.min_by(|a, b| margin(a).total_cmp(&margin(b)))
        };
        self.rounds.iter().filter_map(worst).collect()
    }
}

/// Every limit that the case's captures were judged by, in the order of its first answer.
pub(crate) fn series(case: &Case) -> Vec<Series<'_>> {
    let mut all: Vec<Series<'_>> = Vec::new();
    for f in &case.findings {
        let Some(limit) = &f.finding.limit else { continue };
        let subject = faultscope_report::subject(f.role.as_deref().unwrap_or_default());
        let same = |s: &&mut Series<'_>| s.pack == limit.pack && s.limit == limit.id && s.subject == subject;
        match all.iter_mut().find(same) {
            Some(series) => match series.rounds.last_mut() {
                Some(round) if round.first().is_some_and(|first| first.event == f.event) => round.push(f),
                _ => series.rounds.push(vec![f]),
            },
            None => all.push(Series { pack: &limit.pack, limit: &limit.id, subject, rounds: vec![vec![f]] }),
        }
    }
    all
}

/// When an event was, RFC 3339; of one that is not in the timeline, when the case was opened.
pub(crate) fn time_of(case: &Case, event: u64) -> &str {
    case.timeline.iter().find(|e| e.event == event).map_or(case.opened_at.as_str(), |e| e.at.as_str())
}
