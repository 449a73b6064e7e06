//! The verbs "export" and "import": a case as one file, with its report, and back into a store.

use std::path::Path;

use faultscope_case::Imported;
use faultscope_case::bundle::{self, Bundle, Extras};
use faultscope_report::words::Lang;
use serde::{Deserialize, Serialize};

use super::{Case, CaseDocument, Desk};
use crate::{Error, report};

/// What `case export` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExportDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The case.
    pub case_id: String,
    /// The bundle.
    pub file: String,
    /// Events in it.
    pub events: u64,
    /// Evidence files in it.
    pub evidence: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of it; the same case gives the same.
    pub sha256: String,
}

/// What `case import` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ImportDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// What was done.
    pub imported: Imported,
    /// The case as it stands now.
    pub case: Case,
}

impl ImportDocument {
    /// 75 where both sides had set the same field: nothing was overwritten, and somebody has to decide.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.imported.clashes.is_empty() { 0 } else { crate::Class::Conflict.exit_code() }
    }
}

impl Desk {
    /// Writes a case as one file: events, evidence, the case as JSON, a report that opens in a browser. Everything in it is as of
    /// the last event, so that the same case gives the same bytes.
    ///
    /// # Errors
    /// Unknown case, one that does not verify, a file that is there already without `replace`, or a disk that says no.
    pub fn export(&self, id: &str, out: &Path, replace: bool, lang: Lang) -> Result<ExportDocument, Error> {
        let at = self.case(id)?.updated_at;
        let case = self.case_at(id, &at)?;
        let case_id = case.id.clone();
        let page = report::page(self, id, &at, lang)?;
        let document = CaseDocument::new(case).with_causes(self.causes(id, lang)?);
        let json = serde_json::to_vec_pretty(&document).map_err(|e| Error::usage(e.to_string(), ""))?;
        let written = bundle::write(self.store.as_ref(), id, Extras { case: &json, report: &page }, out, replace)?;
        let file = out.display().to_string();
        let bundle::Written { events, evidence, bytes, sha256 } = written;
        Ok(ExportDocument { schema: "faultscope/1".into(), case_id, file, events, evidence, bytes, sha256 })
    }

    /// Takes a bundle into the store: a new case, or the events that are new of one that is here; both sides' are kept.
    ///
    /// # Errors
    /// When the file is no bundle or not a sound one, or the store cannot be written; then the case is what it was.
    pub fn import(&mut self, file: &Path) -> Result<ImportDocument, Error> {
        let mut bundle = Bundle::open(file)?;
        let tool = format!("faultscope {}", crate::VERSION);
        let actor = self.actor.clone();
        let imported = self.store.import(&mut bundle, &crate::now(), &actor, &tool)?;
        self.durable.extend(imported.events.iter().cloned());
        let case = self.case(&imported.case_id)?;
        Ok(ImportDocument { schema: "faultscope/1".into(), imported, case })
    }
}
