//! The one door: the verbs that both faces, command line and desktop app, share.

pub mod analyse;
pub mod artefacts;
pub mod baseline;
mod batch;
pub mod cases;
pub mod check;
pub mod checklist;
pub mod codes;
pub mod compare;
pub mod convert;
mod error;
pub mod explain;
pub mod exported;
pub mod inputs;
pub mod limits;
pub mod link;
pub mod live;
mod opened;
pub mod phase_noise;
pub mod picture;
pub mod push;
pub mod report;
pub mod result;
pub mod rounds;
pub mod rules;
pub mod schema;
pub mod session;
pub mod simulate;
pub mod spectrum;
pub mod trend;
pub mod view;
mod watch;
pub mod waterfall;

pub use analyse::{Request, analyse, analyse_with, info};
pub use batch::{batch, collect};
pub use error::{Class, Error};
pub use result::{CaptureResult, Envelope, InputError, ToolInfo};
pub use spectrum::{Drawn, SpectrumOptions, spectrum};
pub use watch::{Unwatched, Watch};
pub use waterfall::{WaterfallOutput, waterfall};

pub use faultscope_capture as capture;
pub use faultscope_diagnose as diagnose;
pub use faultscope_report as paper;
pub use faultscope_signal as signal;

/// Version of the program, as in every result.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The time now, RFC 3339 in UTC: the only place that looks at the clock.
#[must_use]
pub fn now() -> String {
    format!("{:.3}", jiff::Timestamp::now())
}

/// Whether a text is an RFC 3339 time.
#[must_use]
pub fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}
