//! Either/or limits: the more lenient of two bounds holds, and doubt about one never lets the other fail.

use super::with_reading;
use crate::finding::{Finding, Severity};
use crate::limit::{Limit, PackInfo};
use crate::measurement::Measured;
use crate::reading::Reading;
use crate::verdict::Verdict;

/// The answer to a limit and its alternative at one place: that of the one which decides.
pub(super) fn or(measured: &Measured, pack: &PackInfo, (limit, other): (&Limit, &Limit), reading: &Reading) -> Finding {
    let first = with_reading(measured, pack, limit, reading);
    if matches!(first.verdict, Verdict::Pass | Verdict::Invalid) {
        return first;
    }
    let same_place = |r: &&Reading| r.id == other.reading && r.at == reading.at;
    let Some(twin) = measured.readings.iter().find(same_place) else {
        return doubt(first, Verdict::NotEvaluated, &format!("there is no reading '{}'", other.reading));
    };
    let second = Finding { id: first.id.clone(), ..with_reading(measured, pack, other, twin) };
    match (first.verdict, second.verdict) {
        (_, Verdict::Pass) => met(second, &first),
        (Verdict::Margin, _) => first,
        (_, Verdict::Margin) => met(second, &first),
        (Verdict::Fail, Verdict::Fail) => first,
        (Verdict::Fail, verdict) => doubt(first, verdict, &second.reason),
        _ => first,
    }
}

/// The alternative decides; what the first bound gave is said beside it.
fn met(second: Finding, first: &Finding) -> Finding {
    let value =
        first.value.map_or_else(|| "cannot be judged".to_owned(), |v| format!("{v:.1} {} is outside", first.unit));
    Finding { reason: format!("the alternative holds; {} {value}", first.reading), ..second }
}

/// The first bound fails, and whether the second holds is not known.
fn doubt(first: Finding, verdict: Verdict, why: &str) -> Finding {
    if first.verdict != Verdict::Fail {
        return first;
    }
    let value = first.value.map_or_else(String::new, |v| format!("{v:.1} {} is outside, but ", first.unit));
    let reason = format!("{value}the clause is also met by an alternative that could not be judged: {why}");
    Finding { verdict, reason, severity: Severity::Cleared, alarm: None, ..first }
}
