//! What an answer says: done, not now, no, or nothing that the profile knows.

use serde_json::{Value, json};

use crate::error::{Kind, PushError};
use crate::http::Answer;
use crate::profile::{Step, StepName, scalar};
use crate::queue::TicketRef;

/// How much of an answer is repeated in an error.
const QUOTED: usize = 300;

/// The body of a good answer as JSON; `null` where there is none.
pub(crate) fn accepted(answer: &Answer, name: StepName, step: &Step, system: &str) -> Result<Value, PushError> {
    let status = answer.status;
    let said = quoted(&answer.body);
    let about = format!("{system} answers {status} to `{}`", name.name());
    let with = |what: String| if said.is_empty() { what } else { format!("{what}: {said}") };
    match status {
        200..=299 => {}
        300..=399 => {
            let what = format!("{about} and sends on to {}, which is not followed", printable(&answer.location));
            return Err(PushError::new(Kind::Refused, what, "give the URL that the system answers at itself"));
        }
        401 | 403 => {
            let hint = "check the secret in the environment, and what its owner may do there; then `push retry`";
            return Err(PushError::new(Kind::Refused, with(about), hint));
        }
        408 | 425 | 429 | 500..=599 => {
            let error = PushError::new(Kind::Busy, with(about), "it stays in the queue; `push retry` tries again");
            let error = PushError { wait_s: answer.wait_s, ..error };
            // What was asked to wait was not done; anything else may have been.
            return Err(if status == 429 { error } else { error.unclear() });
        }
        _ => {
            let hint = "correct what it complains of (profile, values, case), then `push retry`";
            return Err(PushError::new(Kind::Refused, with(about), hint));
        }
    }
    if step.plain {
        return Ok(Value::String(String::from_utf8_lossy(&answer.body).trim().to_owned()));
    }
    let wanted = step.ok.is_some() || step.list.is_some() || step.id.is_some();
    if answer.body.iter().all(u8::is_ascii_whitespace) && !wanted {
        return Ok(Value::Null);
    }
    // A portal answers 200, too, and to everything.
    let body: Value =
        serde_json::from_slice(&answer.body).map_err(|e| unknown(&with(format!("{about}, but not in JSON ({e})"))))?;
    if let (StepName::Update | StepName::Attach, Some(id), None) = (name, &step.id, &step.list) {
        body.pointer(id).ok_or_else(|| unknown(&with(format!("{about} without {id}"))))?;
    }
    match &step.ok {
        Some(ok) => match body.pointer(&ok.pointer) {
            Some(found) if *found == ok.value => Ok(body),
            // The other side understood: it has a code for its refusal.
            Some(found) => {
                let what = with(format!("{about} with {} {found}", ok.pointer));
                Err(PushError::new(Kind::Refused, what, "correct what it complains of, then `push retry`"))
            }
            None => Err(unknown(&with(about))),
        },
        None => Ok(body),
    }
}

fn unknown(what: &str) -> PushError {
    PushError::new(Kind::Answer, what, "check the URL; a portal may be in between, or the profile does not fit")
        .unclear()
}

/// The tickets (or files) in an answer: elements of its list, or the answer itself.
fn tickets<'v>(body: &'v Value, step: &Step, about: &str) -> Result<Vec<&'v Value>, PushError> {
    let Some(list) = &step.list else { return Ok(vec![body]) };
    let is_empty = step.empty.as_ref().is_some_and(|e| body.pointer(&e.pointer) == Some(&e.value));
    match body.pointer(list) {
        Some(Value::Array(all)) => Ok(all.iter().collect()),
        // The answer as a whole is a list, or none: `{}` is what anything may answer.
        Some(Value::Object(all)) if !list.is_empty() => Ok(all.values().collect()),
        Some(Value::Null) if !list.is_empty() => Ok(Vec::new()),
        None if is_empty => Ok(Vec::new()),
        _ => Err(unknown(&format!("{about}, but there is no list at {list}: {}", quoted(body.to_string().as_bytes())))),
    }
}

/// The ticket that was found; it has to hold `proof`, so that nobody else's ticket is changed.
pub(crate) fn found(body: &Value, step: &Step, proof: &str, system: &str) -> Result<Option<TicketRef>, PushError> {
    let about = format!("{system} answers to `find`");
    let all = tickets(body, step, &about)?;
    match all.into_iter().find(|t| holds(t, proof)) {
        Some(ticket) => one(ticket, step, &about).map(Some),
        None => Ok(None),
    }
}

/// Whether a file of this name is among those that a ticket has.
pub(crate) fn lists(body: &Value, step: &Step, name: &str, system: &str) -> Result<bool, PushError> {
    let all = tickets(body, step, &format!("{system} answers to `attached`"))?;
    Ok(all.into_iter().any(|file| holds(file, name)))
}

/// The ticket that was made.
pub(crate) fn created(body: &Value, step: &Step, system: &str) -> Result<TicketRef, PushError> {
    let about = format!("{system} answers to `create`");
    if step.plain {
        let is_number = |text: &String| {
            text.len() <= 64
                && text.contains(|c: char| c.is_ascii_digit())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        return match scalar(body).filter(is_number) {
            Some(number) => Ok(TicketRef { number: number.clone(), id: number, url: String::new() }),
            None => Err(unknown(&format!("{about}, but not with a number: {}", quoted(body.to_string().as_bytes())))),
        };
    }
    match tickets(body, step, &about)?.first() {
        Some(ticket) => one(ticket, step, &about),
        None => Err(unknown(&format!("{about} without a ticket"))),
    }
}

fn one(ticket: &Value, step: &Step, about: &str) -> Result<TicketRef, PushError> {
    let at = |pointer: &Option<String>| pointer.as_ref().and_then(|p| ticket.pointer(p)).and_then(scalar);
    match at(&step.id).filter(|id| id.len() <= 200) {
        Some(id) => Ok(TicketRef { number: at(&step.number).unwrap_or_else(|| id.clone()), id, url: String::new() }),
        None => Err(unknown(&format!("{about} without the ticket's id: {}", quoted(ticket.to_string().as_bytes())))),
    }
}

/// Whether a text stands anywhere within a value.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(s) => s.contains(text),
        Value::Array(all) => all.iter().any(|v| holds(v, text)),
        Value::Object(all) => all.values().any(|v| holds(v, text)),
        _ => false,
    }
}

/// What templates see of a ticket; of one that is not there yet, the names of what they ask for.
pub(crate) fn seen(ticket: Option<&TicketRef>) -> Value {
    let (id, number) = ticket.map_or(("{ticket.id}", "{ticket.number}"), |t| (&t.id, &t.number));
    json!({ "id": id, "number": number })
}

/// The beginning of an answer, on one line.
fn quoted(body: &[u8]) -> String {
    printable(&String::from_utf8_lossy(body.get(..body.len().min(4 * QUOTED)).unwrap_or_default()))
}

fn printable(text: &str) -> String {
    let line = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    line.chars().take(QUOTED).collect()
}
