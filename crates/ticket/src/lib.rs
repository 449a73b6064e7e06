//! A case in the words of other systems: trouble tickets (TM Forum TMF621) and alarms (3GPP AlarmRecord).
//!
//! Pure mapping: a case and its files in, JSON out; nothing is sent from here.

pub mod alarms;
pub mod fields;
mod subject;
pub mod tmf621;

use faultscope_diagnose::Severity;

/// The worst severity of what failed; `None` where nothing has.
fn worst(case: &faultscope_case::Case) -> Option<Severity> {
    let failed = case.findings.iter().filter(|f| f.finding.verdict == faultscope_diagnose::Verdict::Fail);
    failed.map(|f| f.finding.severity).max()
}

#[cfg(test)]
mod fixture;
