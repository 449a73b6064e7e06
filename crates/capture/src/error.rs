//! Why a capture could not be opened: what, where, and what to do next.

use std::path::{Path, PathBuf};

/// The classes of refusal; their `kind()` is the `error.kind` of the JSON output.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file system said no: missing, a directory, no permission, a read that failed.
    #[error("{what}: {path}", path = path.display())]
    Io {
        /// What could not be done, and why, in one sentence.
        what: String,
        /// The file.
        path: PathBuf,
        /// The system's own error.
        #[source]
        source: std::io::Error,
    },
    /// Nothing says what the samples are; an option can.
    #[error("{what}: {path}", path = path.display())]
    Unknown {
        /// What is not known (format, sample rate, channel ...).
        what: String,
        /// Which option to add, with an example.
        hint: String,
        /// The file.
        path: PathBuf,
    },
    /// The content contradicts its format or itself.
    #[error("{what}: {path}", path = path.display())]
    Malformed {
        /// What is wrong and where (offset, line, field).
        what: String,
        /// What to do about it; empty when there is nothing better than "record it again".
        hint: String,
        /// The file.
        path: PathBuf,
    },
    /// A correct file of a kind that faultscope does not read.
    #[error("{what}: {path}", path = path.display())]
    Unsupported {
        /// What is not supported.
        what: String,
        /// What to do instead.
        hint: String,
        /// The file.
        path: PathBuf,
    },
    /// The options do not fit the file (a channel that is not there, a start past the end).
    #[error("{what}: {path}", path = path.display())]
    Options {
        /// What does not fit.
        what: String,
        /// What would fit.
        hint: String,
        /// The file.
        path: PathBuf,
    },
}

impl CaptureError {
    /// Wraps an I/O error with a sentence for the commonest causes.
    pub fn io(path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let what = match source.kind() {
            ErrorKind::NotFound => "no such file".to_owned(),
            ErrorKind::PermissionDenied => "no permission to read".to_owned(),
            ErrorKind::IsADirectory => "this is a folder, not a capture".to_owned(),
            _ => format!("cannot read ({source})"),
        };
        Self::Io { what, path: path.to_owned(), source }
    }

    /// Nothing says what the samples are.
    pub fn unknown(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unknown { what: what.into(), hint: hint.into(), path: path.to_owned() }
    }

    /// The content contradicts its format or itself.
    pub fn malformed(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), hint: hint.into(), path: path.to_owned() }
    }

    /// A correct file of a kind that faultscope does not read.
    pub fn unsupported(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into(), hint: hint.into(), path: path.to_owned() }
    }

    /// The options do not fit the file.
    pub fn options(path: &Path, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Options { what: what.into(), hint: hint.into(), path: path.to_owned() }
    }

    /// The machine-readable class.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Io { .. } => "io",
            Self::Unknown { .. } => "unknown",
            Self::Malformed { .. } => "malformed",
            Self::Unsupported { .. } => "unsupported",
            Self::Options { .. } => "options",
        }
    }

    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => {
                    Some("check the name; a pattern with * must be quoted or match something")
                }
                std::io::ErrorKind::PermissionDenied => Some("check the file's owner and mode"),
                _ => None,
            },
            Self::Unknown { hint, .. }
            | Self::Malformed { hint, .. }
            | Self::Unsupported { hint, .. }
            | Self::Options { hint, .. } => (!hint.is_empty()).then_some(hint),
        }
    }
}
