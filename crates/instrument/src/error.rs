//! Why an instrument could not be reached, broke off or was not believed: what, where, what to do next.

use std::io;

/// The classes of failure; only a time-out may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The address or one of its settings is wrong.
    Address,
    /// Nothing came in time.
    Timeout,
    /// The other end has gone: unplugged, closed, reset.
    Closed,
    /// What came is not what the protocol allows.
    Protocol,
    /// There is no such device.
    NotFound,
    /// The system does not let us.
    Permission,
    /// Another program has it.
    Busy,
    /// The instrument, or this build, cannot do it.
    Unsupported,
}

impl ErrorKind {
    /// The `error.kind` of the JSON output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Timeout => "timeout",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::NotFound => "not_found",
            Self::Permission => "permission",
            Self::Busy => "busy",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A failure of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct DeviceError {
    /// The class.
    pub kind: ErrorKind,
    /// What and where, in one sentence.
    pub what: String,
    /// What to do next; empty when there is nothing better than the sentence.
    pub hint: String,
}

impl DeviceError {
    /// Makes an error.
    pub fn new(kind: ErrorKind, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, what: what.into(), hint: hint.into() }
    }

    /// A wrong address or setting.
    pub fn address(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorKind::Address, what, hint)
    }

    /// Nothing came in time.
    pub fn timeout(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, what, "check that the instrument is switched on and not busy, and the cable")
    }

    /// The other end has gone.
    pub fn closed(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Closed, what, "check plug and power of the instrument, then start again")
    }

    /// What came is not what the protocol allows.
    pub fn protocol(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Protocol, what, "check that the address names the right driver, and the baud rate")
    }

    /// Whether the same thing may be tried again.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind == ErrorKind::Timeout
    }

    /// The system's answer to an attempt to open `name`.
    #[must_use]
    pub fn opening(name: &str, error: &io::Error) -> Self {
        use io::ErrorKind as Io;
        // EBUSY has no stable kind of its own in every supported library.
        let busy = error.kind() == Io::ResourceBusy || error.raw_os_error() == Some(16);
        let (kind, hint) = match error.kind() {
            _ if busy => (ErrorKind::Busy, "close the other program that uses it".to_owned()),
            Io::NotFound => (ErrorKind::NotFound, "faultscope devices lists what is there".to_owned()),
            Io::PermissionDenied => (ErrorKind::Permission, permission_hint(name)),
            Io::TimedOut | Io::WouldBlock => (ErrorKind::Timeout, "check address, network and firewall".to_owned()),
            Io::ConnectionRefused => {
                (ErrorKind::NotFound, "nothing listens there: switch on the instrument's socket server".to_owned())
            }
            _ => (ErrorKind::NotFound, "check the name and the cable".to_owned()),
        };
        Self::new(kind, format!("cannot open {name}: {error}"), hint)
    }
}

/// How to be allowed to open a device file.
#[must_use]
pub fn permission_hint(name: &str) -> String {
    if cfg!(target_os = "linux") {
        format!("sudo usermod -aG dialout $USER, then log in again; or set a udev rule for {name}")
    } else {
        "close other programs that use it, or start with the rights to open it".to_owned()
    }
}
