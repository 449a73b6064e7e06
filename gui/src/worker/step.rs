//! A step of the case, as it is written down.

use faultscope_door::Error;
use faultscope_door::cases::{
    Action, ActionKind, Case, Closed, Closure, ClosureCode, Desk, EscalationLevel, EventKind, PartReplaced, Status,
};

use crate::app::{Step, Stepping};

/// Writes a step down; what was decided on an older version of the case is refused where that matters.
pub(super) fn take(desk: &mut Desk, id: &str, seen: u64, stepping: &Stepping) -> Result<Case, Error> {
    let filled = |n: usize| stepping.filled.get(n).map(|text| text.trim().to_owned()).unwrap_or_default();
    let (seen, text) = (Some(seen), filled(0));
    let moved = |to: Status, reason: String| EventKind::StatusChanged { to, reason };
    match stepping.step {
        Step::Note => desk.append(id, None, EventKind::Noted { text }),
        Step::Assign => desk.append(id, seen, EventKind::Assigned { to: (!text.is_empty()).then_some(text) }),
        Step::Work => desk.append(id, seen, moved(Status::InProgress, text)),
        Step::Clear => desk.append(id, seen, moved(Status::Cleared, text)),
        Step::Arrived => desk.append(id, None, action(ActionKind::Arrived, text, None)),
        Step::Part => {
            let part = PartReplaced { name: text, old_serial: filled(1), new_serial: filled(2) };
            desk.append(id, None, action(ActionKind::PartReplaced, filled(3), Some(part)))
        }
        Step::Escalate => {
            let level = match text.as_str() {
                "specialist" => EscalationLevel::Specialist,
                "manager" => EscalationLevel::Manager,
                "maker" => EscalationLevel::Maker,
                "engineer" => EscalationLevel::Engineer,
                other => return Err(unknown(other)),
            };
            let escalated = EventKind::Escalated { level, to: None, reference: None, reason: filled(1) };
            desk.append(id, seen, escalated)
        }
        Step::Pause => desk.pause(id, &text, &filled(1)),
        Step::Resume => desk.resume(id, &text),
        Step::Close => {
            let code = match text.as_str() {
                "no_fault_found" => ClosureCode::NoFaultFound,
                "duplicate" => ClosureCode::Duplicate,
                "withdrawn" => ClosureCode::Withdrawn,
                "solved" => ClosureCode::Solved,
                other => return Err(unknown(other)),
            };
            let confirmed_by = Some(filled(3)).filter(|name| !name.is_empty());
            let closure = Closure { code, remedy: filled(2), confirmed_by, satisfaction: None };
            let closed = Closed { root_cause: filled(1), closure };
            desk.append(id, seen, EventKind::Closed(Box::new(closed)))
        }
        Step::Reopen => desk.append(id, seen, EventKind::Reopened { reason: text }),
    }
}

/// A choice that is offered and not known here would be taken for another one.
fn unknown(choice: &str) -> Error {
    Error::usage(format!("'{choice}' is no choice of this step"), "this is a defect of faultscope; please report it")
}

fn action(action: ActionKind, text: String, part: Option<PartReplaced>) -> EventKind {
    EventKind::Action(Box::new(Action { action, text, part, done_at: None, satisfaction: None }))
}
