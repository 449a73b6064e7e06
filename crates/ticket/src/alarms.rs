//! Alarm records of 3GPP (TS 28.111, `AlarmRecord`): one for each limit that failed, cleared only by a later measurement.

use faultscope_case::{Case, Status};
use faultscope_diagnose::{Finding, Verdict};
use faultscope_report::words::{Lang, place, reading, summary};
use serde_json::{Map, Value, json};

use crate::subject::{Series, series, time_of};

/// The alarms of a case by their ids, in the shape in which `GET .../alarms` answers; sentences in `lang`.
#[must_use]
pub fn records(case: &Case, lang: Lang) -> Value {
    let record = |s: &Series<'_>| {
        let parts = [case.id.as_str(), s.pack, s.limit, &s.subject];
        let id = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("/");
        record(case, s, lang).map(|r| (id, r))
    };
    Value::Object(series(case).iter().filter_map(record).collect())
}

fn record(case: &Case, series: &Series<'_>, lang: Lang) -> Option<Value> {
    let failures = series.failures();
    let (first, last) = (*failures.first()?, *failures.last()?);
    let f = &last.finding;
    // Doubt does not clear: what was invalid or not evaluated leaves the alarm standing.
    let cleared = matches!(series.last(), Some(Verdict::Pass | Verdict::Margin));
    let (kind, cause, severity) = match &f.alarm {
        Some(a) => (a.kind.as_str(), a.probable_cause.as_str(), a.severity.as_str()),
        None => ("QUALITY_OF_SERVICE_ALARM", "THRESHOLD_CROSSED", "INDETERMINATE"),
    };
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() && value.as_str() != Some("") {
            out.insert(name.to_owned(), value);
        }
    };
    put("objectInstance", json!(object(case)));
    put("alarmRaisedTime", json!(time_of(case, first.event)));
    if failures.len() > 1 {
        put("alarmChangedTime", json!(time_of(case, last.event)));
        put("trendIndication", json!(trend(&failures.iter().map(|f| &f.finding).collect::<Vec<_>>())));
    }
    if cleared {
        let after = series.rounds.last().and_then(|round| round.first()).map(|f| time_of(case, f.event));
        put("alarmClearedTime", json!(after));
    }
    put("alarmType", json!(kind));
    put("probableCause", json!(cause));
    put("specificProblem", json!(problem(f)));
    put("perceivedSeverity", json!(if cleared { "CLEARED" } else { severity }));
    put("thresholdInfo", threshold(f));
    put("proposedRepairActions", json!(actions(f)));
    put("additionalText", json!(summary(f, lang)));
    put("ackState", json!(if case.status == Status::Open { "UNACKNOWLEDGED" } else { "ACKNOWLEDGED" }));
    put("ackUserId", json!(case.assignee));
    Some(Value::Object(out))
}

/// A distinguished name (RFC 4514) of the unit within its site.
fn object(case: &Case) -> String {
    let e = &case.equipment;
    let unit = [&e.tag, &e.serial, &e.model, &e.kind].into_iter().find(|t| !t.is_empty()).unwrap_or(&case.id);
    let parts = [("SubNetwork", &case.site), ("ManagedElement", unit)];
    let named = parts.into_iter().filter(|(_, value)| !value.is_empty());
    named.map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join(",")
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.trim().chars() {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// `spur at 940.0991 MHz`; in English, because other systems compare it.
fn problem(f: &Finding) -> String {
    let at = f.at.as_ref().map_or_else(String::new, |at| place(at, Lang::En));
    format!("{} {at}", reading(Lang::En, &f.reading)).trim().to_owned()
}

/// By how much the last failure is beyond its limit, against the one before.
fn trend(failures: &[&Finding]) -> &'static str {
    let mut margins = failures.iter().rev().filter_map(|f| f.margin);
    match (margins.next(), margins.next()) {
        (Some(now), Some(before)) if now < before => "MORE_SEVERE",
        (Some(now), Some(before)) if now > before => "LESS_SEVERE",
        _ => "NO_CHANGE",
    }
}

/// What was observed against the bound that it broke; the guard band is the hysteresis within which it does not clear.
fn threshold(f: &Finding) -> Value {
    let (Some(limit), Some(value)) = (&f.limit, f.value) else { return Value::Null };
    let level = match (limit.upper, limit.lower) {
        (Some(upper), _) if value > upper => json!({ "up": { "high": upper, "low": upper - limit.guard } }),
        (_, Some(lower)) if value < lower => json!({ "down": { "high": lower + limit.guard, "low": lower } }),
        _ => return Value::Null,
    };
    let measurement = format!("{}.{} [{}]", f.measurement, f.reading, f.unit.symbol());
    json!({ "observedMeasurement": measurement, "observedValue": value, "thresholdLevel": level })
}

/// The next check and the part to suspect of the likeliest cause.
fn actions(f: &Finding) -> String {
    let likeliest = f.causes.iter().max_by(|a, b| a.confidence.total_cmp(&b.confidence));
    likeliest.map_or_else(String::new, |c| {
        [c.next_check.as_str(), &c.suspect_part].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join("; ")
    })
}

#[cfg(test)]
mod tests;
