//! One error for both faces: what, where, what to do next, and the exit code it leads to.

use std::path::Path;

use faultscope_capture::CaptureError;
use faultscope_diagnose::PackError;
use faultscope_diagnose::measurement::MeasureError;

/// What kind of failure it is, in the order of the exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Wrong usage or configuration.
    Usage,
    /// The store: full, read-only, locked, unreachable.
    Storage,
    /// A device could not be reached or broke off.
    Device,
    /// Something differs from its digest or chain.
    Integrity,
    /// Somebody else changed the same field.
    Conflict,
    /// An input could not be read.
    Input,
    /// Interrupted by the user.
    Interrupted,
}

impl Class {
    /// The exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Input => 3,
            Self::Device => 4,
            Self::Storage => 5,
            Self::Integrity => 6,
            Self::Conflict => 75,
            Self::Interrupted => 130,
        }
    }
}

/// A failure, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Exit-code class.
    pub class: Class,
    /// Machine-readable kind.
    pub kind: String,
    /// What and where.
    pub message: String,
    /// What to do next; empty when there is nothing better than the message.
    pub hint: String,
}

impl Error {
    /// Makes an error.
    pub fn new(class: Class, kind: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { class, kind: kind.to_owned(), message: message.into(), hint: hint.into() }
    }

    /// A usage error.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Class::Usage, "usage", message, hint)
    }

    /// The same, with the file at the end of the message where it is not yet named: what, then where.
    #[must_use]
    pub fn at(self, file: &str) -> Self {
        let path = Path::new(file);
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // Of a SigMF pair a message may name either file.
        let stem = path.file_stem().map(|s| format!("{}.", s.to_string_lossy())).unwrap_or_default();
        let named = self.class == Class::Interrupted || self.message.contains(&name) || self.message.contains(&stem);
        if named { self } else { Self { message: format!("{}: {file}", self.message), ..self } }
    }

    /// Interrupted by the user.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Class::Interrupted, "interrupted", "interrupted", "what was finished is kept")
    }
}

impl From<CaptureError> for Error {
    fn from(error: CaptureError) -> Self {
        let class = match &error {
            CaptureError::Unknown { .. } | CaptureError::Options { .. } => Class::Usage,
            _ => Class::Input,
        };
        Self::new(class, error.kind(), error.to_string(), error.hint().unwrap_or_default())
    }
}

impl From<PackError> for Error {
    fn from(error: PackError) -> Self {
        Self::new(Class::Usage, "configuration", error.what, error.hint)
    }
}

impl From<MeasureError> for Error {
    fn from(error: MeasureError) -> Self {
        match error {
            MeasureError::Record(e) => Self::new(Class::Input, "io", e.message, ""),
            MeasureError::NotApplicable { what, hint } => Self::new(Class::Input, "not_applicable", what, hint),
            MeasureError::TooShort { what, hint } => Self::new(Class::Input, "too_short", what, hint),
            MeasureError::Settings { what, hint } => Self::new(Class::Usage, "settings", what, hint),
        }
    }
}
