//! `round due | overdue`: the points in the order in which they fall due.

use faultscope_door::Error;
use faultscope_door::cases::{Access, Desk};
use faultscope_door::diagnose::Verdict;
use faultscope_door::paper::table;
use faultscope_door::paper::words::{self, Lang, fill, find_or, word};
use faultscope_door::rounds::{self, DueState, RoundLine, RoundPoint, Standing};

use super::{RoundDueArgs, in_use, place_of};
use crate::command::case::desk;
use crate::context::Context;

/// The desk, where there is a store: without one nothing was ever recorded, which is said.
pub(super) fn desk_if_any(context: &mut Context<'_>) -> Result<Option<Desk>, Error> {
    match desk(context, Access::Read) {
        Ok(desk) => Ok(Some(desk)),
        Err(e) if e.kind == "no_store" => {
            let lang = context.lang()?;
            context.say(word(lang, "round.no_store"));
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

/// `round due | overdue`.
pub(super) fn list(args: &RoundDueArgs, overdue: bool, context: &mut Context<'_>) -> Result<u8, Error> {
    let (rounds, style) = (in_use(&args.plans, context)?, context.style()?);
    if rounds.is_empty() {
        return Err(rounds::no_plan());
    }
    let desk = desk_if_any(context)?;
    let at = args.at.clone().unwrap_or_else(faultscope_door::now);
    let all = rounds::standing(&rounds, desk.as_ref(), &at, style.lang)?;
    let wanted = |s: &Standing| {
        (!overdue || s.state == DueState::Overdue) && args.within.is_none_or(|interval| s.is_due_within(interval))
    };
    let all = all.into_iter().filter(|p| p.standing.as_ref().is_some_and(wanted));
    let points: Vec<RoundPoint> = all.take(args.limit.unwrap_or(usize::MAX)).collect();
    if context.common.json {
        points.into_iter().try_for_each(|point| context.print_json_line(&RoundLine::point(point)))?;
        return Ok(0);
    }
    if points.is_empty() {
        context.print(word(style.lang, "round.none"));
        return Ok(0);
    }
    let keys = ["round.due_on", "round.state", "round.point", "round.title", "round.site", "round.last"];
    let rows: Vec<Vec<String>> = points.iter().filter_map(|p| row(p, style.lang)).collect();
    context.print(&table::rows(&keys, &rows, style));
    Ok(0)
}

fn row(p: &RoundPoint, lang: Lang) -> Option<Vec<String>> {
    let standing = p.standing.as_ref()?;
    let days = standing.due_in_days;
    let key = if days < 0 { "round.past_days" } else { "round.in_days" };
    let when = match days {
        0 => word(lang, "round.today").to_owned(),
        _ => fill(lang, key, &[("days", &days.unsigned_abs().to_string())]),
    };
    let state = find_or(lang, "round.state", standing.state.name());
    let (tag, title) = (p.point.tag.clone(), p.point.title.clone());
    let due = format!("{} ({when})", standing.due_on);
    Some(vec![due, state, tag, title, place_of(&p.point), last(standing, lang)])
}

/// What the last inspection found, and what was tried since.
fn last(standing: &Standing, lang: Lang) -> String {
    let day = |at: &str| at.chars().take(10).collect::<String>();
    let verdict = |v: Verdict| words::verdict(lang, v);
    let mut text = match &standing.last {
        Some(last) => format!("{} {}", day(&last.done_at), verdict(last.verdict)),
        None => word(lang, "round.never").to_owned(),
    };
    if let Some(case) = standing.last.as_ref().and_then(|l| l.case_id.as_deref()) {
        text.push_str(&format!(", {}", fill(lang, "round.case_raised", &[("case", case)])));
    }
    if let Some(tried) = &standing.attempt {
        let values = [("when", day(&tried.done_at)), ("verdict", verdict(tried.verdict).to_owned())];
        let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
        text.push_str(&format!("; {}", fill(lang, "round.tried", &values)));
    }
    text
}
