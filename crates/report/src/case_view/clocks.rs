//! Clocks of a case on paper: how they stand, when they stood still, and what evidence says about their times.

use faultscope_diagnose::Verdict;
use serde_json::Value;

use super::{list, table, text_of};
use crate::detail::{Cell, DataTable};
use crate::format::length;
use crate::words::{self, Lang, fill, find_or};

/// How a clock stands: its state, what is left or over, the pause it stands in, and who was told.
pub(crate) fn standing(clock: &Value, lang: Lang) -> Cell {
    let state = text_of(&clock["state"]);
    let verdict = match state.as_str() {
        "late" => Some(Verdict::Fail),
        "met" => Some(Verdict::Pass),
        _ => None,
    };
    let mut parts = match clock["paused"].as_object() {
        Some(_) => {
            let reason = find_or(lang, "pause", &text_of(&clock["paused"]["reason"]));
            let since = text_of(&clock["paused"]["since"]);
            vec![fill(lang, "clocks.paused", &[("reason", &reason), ("since", &since)])]
        }
        None => vec![words::status(lang, &state)],
    };
    if let Some(seconds) = clock["remaining_s"].as_i64() {
        let key = if state == "late" { "clocks.over" } else { "clocks.left" };
        parts.push(fill(lang, key, &[("time", &length(seconds, lang))]));
    }
    if let Some(seconds) = clock["paused_s"].as_i64() {
        parts.push(fill(lang, "clocks.moved", &[("time", &length(seconds, lang))]));
    }
    let level = text_of(&clock["escalated"]);
    if !level.is_empty() {
        parts.push(fill(lang, "clocks.told", &[("level", &find_or(lang, "level", &level))]));
    }
    Cell { text: parts.join(words::word(lang, "chart.comma")), verdict }
}

/// When a clock is due: on the wall of its calendar, where it has one.
fn due(clock: &Value) -> String {
    match (text_of(&clock["due_local"]), text_of(&clock["calendar"])) {
        (local, calendar) if !local.is_empty() => format!("{local} ({calendar})"),
        _ => text_of(&clock["due"]),
    }
}

/// The service clocks.
pub(crate) fn clocks(case: &Value, lang: Lang) -> DataTable {
    let row = |c: &Value| {
        let name = words::clock(lang, &text_of(&c["name"]));
        vec![name.into(), due(c).into(), text_of(&c["met_at"]).into(), standing(c, lang)]
    };
    let keys = ["table.name", "table.due", "table.met_at", "table.state"];
    table(lang, "report.clocks", &keys, list(case, "clocks").map(row))
}

/// When clocks stood still, why, and which.
pub(crate) fn pauses(case: &Value, lang: Lang) -> DataTable {
    let row = |p: &Value| {
        let stopped: Vec<String> = list(p, "clocks").map(|name| words::clock(lang, &text_of(name))).collect();
        let why = [find_or(lang, "pause", &text_of(&p["reason"])), text_of(&p["note"])];
        let why: Vec<String> = why.into_iter().filter(|text| !text.is_empty()).collect();
        vec![
            text_of(&p["since"]).into(),
            text_of(&p["until"]).into(),
            text_of(&p["actor"]).into(),
            why.join(": ").into(),
            stopped.join(words::word(lang, "chart.comma")).into(),
        ]
    };
    let keys = ["table.since", "table.until", "table.who", "table.detail", "report.clocks"];
    table(lang, "report.pauses", &keys, list(case, "pauses").map(row))
}

/// What recording times say, beside what was stated.
pub(crate) fn time_hints(case: &Value, lang: Lang) -> DataTable {
    let row = |h: &Value| {
        let conflict = h["conflict"].as_bool().unwrap_or_default();
        let stated = text_of(&h["stated"]);
        let agrees = match (conflict, stated.is_empty()) {
            (true, _) => "hint.conflict",
            (false, true) => "hint.not_stated",
            (false, false) => "hint.agrees",
        };
        let stated = if stated.is_empty() { "-".to_owned() } else { stated };
        let said = match text_of(&h["kind"]).as_str() {
            "still_failing" => "hint.still_failing",
            "clock_ahead" => "hint.clock_ahead",
            _ => "hint.on_site",
        };
        let said = fill(lang, said, &[("at", &text_of(&h["at"])), ("stated", &stated)]);
        let verdict = conflict.then_some(Verdict::Invalid);
        vec![Cell { text: words::word(lang, agrees).into(), verdict }, text_of(&h["source"]).into(), said.into()]
    };
    let keys = ["table.state", "report.capture", "table.detail"];
    table(lang, "report.time_hints", &keys, list(case, "time_hints").map(row))
}

/// The text of a line of the timeline; reasons to pause in the language of the reader.
pub(super) fn timeline_text(entry: &Value, lang: Lang) -> String {
    let text = text_of(&entry["text"]);
    if entry["kind"] != "paused" {
        return text;
    }
    match text.split_once(": ") {
        Some((reason, note)) => format!("{}: {note}", find_or(lang, "pause", reason)),
        None => find_or(lang, "pause", &text),
    }
}
