//! The steps of a case that can be written down in the app: when they make sense, and what has to be filled in.

use faultscope_door::cases::{Case, Status};

/// A step of the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A remark.
    Note,
    /// Somebody takes it.
    Assign,
    /// Somebody works on it.
    Work,
    /// Somebody has arrived.
    Arrived,
    /// A part was replaced.
    Part,
    /// Handed up.
    Escalate,
    /// Clocks stand still.
    Pause,
    /// Clocks go on.
    Resume,
    /// The fault is removed.
    Clear,
    /// The end.
    Close,
    /// The beginning again.
    Reopen,
}

/// What is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blank {
    /// Words; the key of its name in the report room's table.
    Words(&'static str),
    /// One of these; the key of the name, the prefix of the choices' keys, the choices.
    Choice(&'static str, &'static str, &'static [&'static str]),
}

impl Step {
    /// All of them, in the order of a case's life.
    pub(crate) const ALL: [Self; 11] = [
        Self::Note,
        Self::Assign,
        Self::Work,
        Self::Arrived,
        Self::Part,
        Self::Escalate,
        Self::Pause,
        Self::Resume,
        Self::Clear,
        Self::Close,
        Self::Reopen,
    ];

    /// The key of its name in the report room's table.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Note => "happened.noted",
            Self::Assign => "happened.assigned",
            Self::Work => "status.in_progress",
            Self::Arrived => "happened.arrived",
            Self::Part => "happened.part_replaced",
            Self::Escalate => "happened.escalated",
            Self::Pause => "happened.paused",
            Self::Resume => "happened.resumed",
            Self::Clear => "status.cleared",
            Self::Close => "happened.closed",
            Self::Reopen => "happened.reopened",
        }
    }

    /// Whether it is offered; the store has the last word, and says why not.
    pub(crate) fn fits(self, case: &Case) -> bool {
        let paused = case.pauses.iter().any(|p| p.until.is_none());
        let closed = case.status == Status::Closed;
        match self {
            Self::Note => true,
            Self::Reopen => closed,
            Self::Assign => !closed && case.status != Status::Cleared,
            Self::Work => !closed && case.status != Status::InProgress,
            Self::Clear => !matches!(case.status, Status::Closed | Status::Cleared),
            Self::Close => !matches!(case.status, Status::Closed | Status::Escalated),
            Self::Escalate => !matches!(case.status, Status::Closed | Status::Cleared),
            Self::Pause => !closed && !paused,
            Self::Resume => !closed && paused,
            Self::Arrived | Self::Part => !closed,
        }
    }

    /// What has to be filled in.
    pub(crate) const fn blanks(self) -> &'static [Blank] {
        use Blank::{Choice, Words};

        const REASONS: &[&str] = &[
            "waiting_for_parts",
            "waiting_for_maker",
            "no_access",
            "customer_unreachable",
            "agreed_appointment",
            "force_majeure",
        ];
        const CODES: &[&str] = &["solved", "no_fault_found", "duplicate", "withdrawn"];
        match self {
            Self::Note | Self::Work | Self::Arrived | Self::Resume | Self::Clear | Self::Reopen => {
                &[Words("table.detail")]
            }
            Self::Assign => &[Words("report.assignee")],
            Self::Part => {
                &[Words("table.name"), Words("table.old_serial"), Words("table.new_serial"), Words("table.detail")]
            }
            Self::Escalate => &[
                Choice("happened.escalated", "level", &["engineer", "specialist", "manager", "maker"]),
                Words("table.detail"),
            ],
            Self::Pause => &[Choice("happened.paused", "pause", REASONS), Words("table.detail")],
            Self::Close => &[
                Choice("report.closure", "closure", CODES),
                Words("report.root_cause"),
                Words("report.remedy"),
                Words("report.confirmed_by"),
            ],
        }
    }
}

/// A step that is being written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stepping {
    /// The step.
    pub(crate) step: Step,
    /// What is filled in, blank by blank.
    pub(crate) filled: Vec<String>,
}

impl Stepping {
    /// A step with nothing filled in but the first of each choice.
    pub(crate) fn new(step: Step) -> Self {
        let first = |blank: &Blank| match blank {
            Blank::Words(_) => String::new(),
            Blank::Choice(_, _, all) => all.first().copied().unwrap_or_default().to_owned(),
        };
        Self { step, filled: step.blanks().iter().map(first).collect() }
    }
}
