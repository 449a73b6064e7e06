//! Why a ticket is not where it should be: what, where, what to do next, and whether a later try may help.

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A profile that cannot be used, or settings that it does not take.
    Profile,
    /// A secret is missing or cannot be one.
    Secret,
    /// Nobody answered, or not in time.
    Unreachable,
    /// The other side asks to wait (429, 503), or has trouble of its own (5xx).
    Busy,
    /// The answer is none of the documented ones.
    Answer,
    /// The other side understood, and said no.
    Refused,
    /// Nobody can tell by program whether the ticket is there.
    Unsettled,
    /// A ticket is looked for again only after a while.
    Settling,
    /// Another program is sending.
    Locked,
    /// The queue cannot be read or written.
    Storage,
}

impl Kind {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy | Self::Answer | Self::Settling | Self::Locked)
    }

    /// The machine-readable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Profile => "push_profile",
            Self::Secret => "secret",
            Self::Unreachable => "unreachable",
            Self::Busy => "busy",
            Self::Answer => "answer",
            Self::Refused => "refused_by_system",
            Self::Unsettled => "unsettled",
            Self::Settling => "settling",
            Self::Locked => "locked",
            Self::Storage => "storage",
        }
    }
}

/// A failure, ready to be shown; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct PushError {
    /// What kind.
    pub kind: Kind,
    /// What and where.
    pub what: String,
    /// What to do next.
    pub hint: String,
    /// How long the other side asked to wait, s.
    pub wait_s: Option<u64>,
    /// Whether the request may have had its effect all the same.
    pub unclear: bool,
}

impl PushError {
    /// Makes one.
    pub fn new(kind: Kind, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, what: what.into(), hint: hint.into(), wait_s: None, unclear: false }
    }

    pub(crate) fn profile(what: impl Into<String>) -> Self {
        Self::new(Kind::Profile, what, "push show PROFILE prints one that ships; its file is the pattern")
    }

    pub(crate) fn storage(doing: &str, path: &std::path::Path, reason: &dyn std::fmt::Display) -> Self {
        let what = format!("{doing} failed ({reason}): {}", path.display());
        Self::new(
            Kind::Storage,
            what,
            "check the disk, the folder's owner and its mode; what was queued before is intact",
        )
    }

    #[must_use]
    pub(crate) fn unclear(self) -> Self {
        Self { unclear: true, ..self }
    }

    /// With what the texts say changed, so that no secret stays in them.
    #[must_use]
    pub(crate) fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self { what: change(&self.what), hint: change(&self.hint), ..self }
    }
}
