//! The one error of this room: what could not be put on paper, where, and what to do next.

use std::io;
use std::path::Path;

/// Something could not be drawn, filled in or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file could not be written; nothing half-written is left behind.
    #[error("{what}: {place}")]
    Write {
        /// What happened.
        what: String,
        /// The file or folder, as given.
        place: String,
        /// What to do next.
        hint: String,
        /// Kind of the operating system's error, so that callers can tell a full disk from a missing folder.
        kind: io::ErrorKind,
    },
    /// A picture could not be drawn.
    #[error("{what}")]
    Picture {
        /// What happened.
        what: String,
        /// What to do next.
        hint: String,
    },
    /// A font is missing or cannot be used.
    #[error("{what}")]
    Font {
        /// What happened.
        what: String,
        /// What to do next.
        hint: String,
    },
    /// The program was built without this.
    #[error("{what}")]
    Absent {
        /// What is absent.
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// The report's template does not fit its data.
    #[error("{what}")]
    Template {
        /// What happened, with the template's line.
        what: String,
        /// What to do next.
        hint: String,
    },
}

impl ReportError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> &str {
        match self {
            Self::Write { hint, .. }
            | Self::Picture { hint, .. }
            | Self::Font { hint, .. }
            | Self::Absent { hint, .. }
            | Self::Template { hint, .. } => hint,
        }
    }

    pub(crate) fn picture(what: impl Into<String>) -> Self {
        Self::Picture { what: what.into(), hint: "try another size, or the other picture format".into() }
    }

    pub(crate) fn write(action: &str, path: &Path, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, or choose another folder",
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "choose a folder that you may write to"
            }
            io::ErrorKind::NotFound => "create the folder first, or choose one that exists",
            _ => "check the drive, or choose another folder",
        };
        Self::Write {
            what: format!("{action} ({error})"),
            place: path.display().to_string(),
            hint: hint.into(),
            kind: error.kind(),
        }
    }
}
