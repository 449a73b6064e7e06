//! Clocks that ran out: which, and who is told of them.

use faultscope_case::Overdue;
use serde::{Deserialize, Serialize};

use super::Desk;
use crate::Error;

/// The JSON document of `case overdue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OverdueDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The time that is meant by now, RFC 3339, UTC.
    pub at: String,
    /// The cases with clocks that ran out; `untold` is who is to be told, as it was before anything was written.
    pub overdue: Vec<Overdue>,
    /// Ids of the events that were written, one for each clock and level; none without `--escalate`.
    pub escalated: Vec<String>,
}

impl Desk {
    /// The cases with clocks that have run out, at most so many; `escalate` writes down who is told, of those.
    ///
    /// # Errors
    /// When the store cannot be read, or written; what was written until then is durable.
    pub fn overdue(&mut self, escalate: bool, limit: Option<u32>) -> Result<OverdueDocument, Error> {
        let at = crate::now();
        let overdue = self.store.overdue(&at, limit)?;
        let mut escalated = Vec::new();
        let tool = format!("faultscope {}", crate::VERSION);
        for case in overdue.iter().filter(|case| escalate && !case.untold.is_empty()) {
            let written = self.store.escalate(&case.case.id, &at, &self.actor, &tool)?;
            self.durable.extend(written.iter().map(|event| event.id.clone()));
            escalated.extend(written.into_iter().map(|event| event.id));
        }
        Ok(OverdueDocument { schema: "faultscope/1".into(), at, overdue, escalated })
    }
}
