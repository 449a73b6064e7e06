//! What a record means: measurements, limits, verdicts, findings, causes.
//!
//! Pure: no files, no clock, no randomness; the same capture and the same limits give the same findings, byte for byte.

pub mod artefact;
pub mod cause;
pub mod checklist;
pub mod codes;
pub mod compare;
#[cfg(test)]
mod dice;
pub mod finding;
pub mod gate;
pub mod judge;
pub mod knowledge;
pub mod limit;
pub mod link;
pub mod measurement;
pub mod reading;
pub mod sign;
pub mod signature;
mod verdict;

pub use cause::{CauseKind, Examined, RuleSet};
pub use checklist::{Answer, CheckList, CheckedItem, Inspected};
pub use finding::{Alarm, AppliedLimit, Cause, CauseCheck, CauseReading, Finding, RestsOn, Severity};
pub use gate::{Gate, GateState};
pub use judge::judge;
pub use limit::{Limit, LimitSet, PackError};
pub use measurement::{Detail, Measured, Measurement, Settings};
pub use reading::{At, Reading};
pub use verdict::Verdict;
