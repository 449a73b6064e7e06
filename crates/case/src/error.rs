//! Why a store said no: what, where, what to do next, and the class of exit code it belongs to.

use std::path::{Path, PathBuf};

use crate::event::Field;

/// The classes of refusal.
///
/// | variants | exit code |
/// | --- | --- |
/// | `UnknownCase`, `Refused`, `Invalid` | 2, wrong usage |
/// | `Source`, `NotABundle` | 3, an input could not be read |
/// | `NoStore`, `NoBucket`, `NotAStore`, `NewerStore`, `OlderStore`, `Unreachable`, `Denied`, `Full`, `ReadOnly`, `Locked`, `Io` | 5, storage |
/// | `Damaged`, `BadBundle` | 6, integrity |
/// | `Conflict` | 75, somebody else was first |
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store at this place yet.
    #[error("there is no fault-case store here: {path}", path = path.display())]
    NoStore {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The bucket of the evidence is not there.
    #[error("there is no such bucket: {path}", path = path.display())]
    NoBucket {
        /// `s3://BUCKET/PREFIX`.
        path: PathBuf,
    },
    /// Something else is at this place.
    #[error("{what}: {path}", path = path.display())]
    NotAStore {
        /// What is there instead.
        what: String,
        /// The place.
        path: PathBuf,
    },
    /// A newer program made this store.
    #[error("the store has version {found}, this program knows versions up to {known}: {path}", path = path.display())]
    NewerStore {
        /// Version of the store.
        found: i64,
        /// Newest version this program knows.
        known: i64,
        /// The store.
        path: PathBuf,
    },
    /// An older program made this store, and this one may not change it by itself.
    #[error("the store has version {found}, this program needs version {known}: {path}", path = path.display())]
    OlderStore {
        /// Version of the store.
        found: i64,
        /// Version this program needs.
        known: i64,
        /// The store.
        path: PathBuf,
    },
    /// The server cannot be reached, or broke off.
    #[error("the server of the store cannot be reached ({reason}): {path}", path = path.display())]
    Unreachable {
        /// Its own words, or the system's.
        reason: String,
        /// The store.
        path: PathBuf,
    },
    /// The server does not let this user do that.
    #[error("the server of the store does not allow it ({reason}): {path}", path = path.display())]
    Denied {
        /// Its own words.
        reason: String,
        /// The store.
        path: PathBuf,
    },
    /// No room left.
    #[error("no room left while {doing}: {path}", path = path.display())]
    Full {
        /// What was being done.
        doing: String,
        /// Where.
        path: PathBuf,
    },
    /// Reading is possible, writing is not.
    #[error("the store can be read but not written: {path}", path = path.display())]
    ReadOnly {
        /// The store.
        path: PathBuf,
    },
    /// Another program holds the store.
    #[error("the store stayed locked by another program: {path}", path = path.display())]
    Locked {
        /// The store.
        path: PathBuf,
    },
    /// The file system or the database said no.
    #[error("{doing} failed ({reason}): {path}", path = path.display())]
    Io {
        /// What was being done.
        doing: String,
        /// The system's own words.
        reason: String,
        /// Where.
        path: PathBuf,
    },
    /// The input of an attachment could not be read.
    #[error("cannot read `{name}`: {reason}")]
    Source {
        /// Name of the input.
        name: String,
        /// The system's own words.
        reason: String,
    },
    /// No case with this id.
    #[error("no case `{id}` in this store")]
    UnknownCase {
        /// The id that was asked for.
        id: String,
        /// Ids that look like it, the likeliest first.
        near: Vec<String>,
    },
    /// Somebody else changed the same field in the meantime; nothing was overwritten.
    #[error("{case}: {who} changed the {field} at {when}", field = field.name())]
    Conflict {
        /// The case.
        case: String,
        /// The field.
        field: Field,
        /// Who changed it.
        who: String,
        /// When, RFC 3339.
        when: String,
    },
    /// The workflow does not allow it.
    #[error("{case}: {why}")]
    Refused {
        /// The case.
        case: String,
        /// Why not, and what would be possible.
        why: String,
    },
    /// What was handed over cannot be stored.
    #[error("{what}")]
    Invalid {
        /// What is wrong, and in which field.
        what: String,
    },
    /// A file that is no bundle of a case, or one of another program version.
    #[error("{what}: {path}", path = path.display())]
    NotABundle {
        /// What is wrong with it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A bundle that was changed, or made to do harm.
    #[error("{what}; nothing was imported: {path}", path = path.display())]
    BadBundle {
        /// What is wrong, and where in it.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// What is stored differs from what was stored.
    #[error("{what}: {path}", path = path.display())]
    Damaged {
        /// What differs, and where.
        what: String,
        /// The store or the file.
        path: PathBuf,
    },
}

impl StoreError {
    /// The machine-readable class: `error.kind` of the JSON output.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoStore { .. } => "no_store",
            Self::NoBucket { .. } => "no_bucket",
            Self::NotAStore { .. } => "not_a_store",
            Self::NewerStore { .. } => "newer_store",
            Self::OlderStore { .. } => "older_store",
            Self::Unreachable { .. } => "unreachable",
            Self::Denied { .. } => "denied",
            Self::Full { .. } => "full",
            Self::ReadOnly { .. } => "read_only",
            Self::Locked { .. } => "locked",
            Self::Io { .. } => "storage",
            Self::Source { .. } => "io",
            Self::UnknownCase { .. } => "unknown_case",
            Self::Conflict { .. } => "conflict",
            Self::Refused { .. } => "refused",
            Self::Invalid { .. } => "invalid",
            Self::NotABundle { .. } => "not_a_bundle",
            Self::BadBundle { .. } => "bad_bundle",
            Self::Damaged { .. } => "damaged",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NoStore { path } if path.starts_with("postgres:") => "`store init` makes one".into(),
            Self::NoStore { .. } => "open a case to create one, or name another place with --store".into(),
            Self::NoBucket { .. } => "make the bucket, or correct its name, AWS_REGION or AWS_ENDPOINT_URL".into(),
            Self::NotAStore { .. } => "name a folder (new, empty or a store) with --store".into(),
            Self::NewerStore { .. } => "use the newer program; this one leaves the store as it is".into(),
            Self::OlderStore { .. } => "have `store migrate` run by whoever owns the store".into(),
            Self::Unreachable { path, .. } if path.starts_with("s3:") => {
                "check AWS_ENDPOINT_URL, AWS_REGION, the network and the server; what was stored is there".into()
            }
            Self::Unreachable { .. } => {
                "check the address, the network and the server; what was stored is there".into()
            }
            Self::Denied { path, .. } if path.starts_with("s3:") => {
                "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what the owner of the bucket allows".into()
            }
            Self::Denied { .. } => "check user and password; who owns the store gives roles and teams".into(),
            Self::Full { .. } => "make room and do it again; what was stored before is intact".into(),
            Self::ReadOnly { path } if path.starts_with("postgres:") => {
                "your role may read only; who owns the store gives roles".into()
            }
            Self::ReadOnly { .. } => "copy the folder to a place you may write to, and name that with --store".into(),
            Self::Locked { .. } => "wait for the other program, or close it, and do it again".into(),
            Self::Io { .. } => {
                "check the disk, the folder's owner and its mode; what was stored before is intact".into()
            }
            Self::Source { .. } => "check the file and its mode".into(),
            Self::UnknownCase { near, .. } if near.is_empty() => "list the cases with `case list`".into(),
            Self::UnknownCase { near, .. } => format!("did you mean {}?", near.join(", ")),
            Self::Conflict { .. } => "look at the case again and decide anew; nothing was overwritten".into(),
            Self::Refused { .. } => "look at the case with `case show`".into(),
            Self::Invalid { .. } => "correct it and do it again; nothing was stored".into(),
            Self::NotABundle { .. } => "`case export ID --out FILE` makes a bundle".into(),
            Self::BadBundle { .. } => "have the bundle exported and sent again; do not open it".into(),
            Self::Damaged { path, .. } if path.starts_with("s3:") => {
                "run `case verify` to see all that differs; restore the object from a copy".into()
            }
            Self::Damaged { .. } => "run `case verify` to see all that differs; restore the folder from a copy".into(),
        }
    }

    /// The exit code of its class.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::UnknownCase { .. } | Self::Refused { .. } | Self::Invalid { .. } => 2,
            Self::Source { .. } | Self::NotABundle { .. } => 3,
            Self::Damaged { .. } | Self::BadBundle { .. } => 6,
            Self::Conflict { .. } => 75,
            _ => 5,
        }
    }

    /// Wraps an I/O error, telling a full disk and a read-only one apart from the rest.
    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full { doing: doing.into(), path }
            }
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { doing: doing.into(), reason: error.to_string(), path },
        }
    }

    /// Wraps a database error.
    pub(crate) fn db(doing: &str, path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { doing: doing.into(), path },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::NotADatabase) => Self::NotAStore { what: "the file is not a database".into(), path },
            Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { what: format!("the database is damaged ({error})"), path }
            }
            Some(ErrorCode::TooBig) => Self::Invalid { what: format!("{doing}: the event is too large to be stored") },
            _ => Self::Io { doing: doing.into(), reason: error.to_string(), path },
        }
    }
}
