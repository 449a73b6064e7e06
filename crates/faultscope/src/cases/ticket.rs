//! The verb "export" for other systems: a case as a trouble ticket or as alarms.

use std::path::Path;
use std::str::FromStr;

use faultscope_report::words::Lang;
use faultscope_report::write_file;
use faultscope_ticket::tmf621::{Attachment, Version};
use faultscope_ticket::{alarms, tmf621};
use serde::{Deserialize, Serialize};

use super::Desk;
use crate::{Class, Error, report};

/// What a case is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// TM Forum TMF621 Trouble Ticket.
    Tmf621(Version),
    /// 3GPP alarm records.
    Alarms,
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "tmf621" | "tmf621-v5" => Ok(Self::Tmf621(Version::V5)),
            "tmf621-v4" => Ok(Self::Tmf621(Version::V4)),
            "alarms" => Ok(Self::Alarms),
            other => Err(format!("a case is not written as '{other}'; choose one of tmf621 tmf621-v4 alarms")),
        }
    }
}

/// What `case export --to` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TicketDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The case.
    pub case_id: String,
    /// `tmf621-v5`, `tmf621-v4` or `alarms`.
    pub form: String,
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Tmf621(Version::V5) => "tmf621-v5",
            Self::Tmf621(Version::V4) => "tmf621-v4",
            Self::Alarms => "alarms",
        }
    }
}

impl Desk {
    /// Writes a case in the words of another system, as of its last event; a ticket carries the report.
    ///
    /// # Errors
    /// Unknown case, evidence that cannot be read, a file that is there already without `replace`, or a disk that says no.
    pub fn export_as(
        &self,
        id: &str,
        form: Form,
        out: &Path,
        replace: bool,
        lang: Lang,
    ) -> Result<TicketDocument, Error> {
        if out.exists() && !replace {
            let message = format!("there is a file of that name already: {}", out.display());
            return Err(Error::new(Class::Usage, "exists", message, "choose another name, or add --force"));
        }
        let at = self.case(id)?.updated_at;
        let case = self.case_at(id, &at)?;
        let written = match form {
            Form::Alarms => alarms::records(&case, lang),
            Form::Tmf621(version) => {
                let name = format!("{}.html", case.id);
                let bytes = report::page(self, id, &at, lang)?;
                tmf621::ticket(&case, &[Attachment { name, media_type: "text/html".into(), bytes }], version, lang)
            }
        };
        let text = serde_json::to_vec_pretty(&written).map_err(|e| Error::usage(e.to_string(), ""))?;
        write_file(out, &text)?;
        let (form, file, bytes) = (form.name().to_owned(), out.display().to_string(), text.len() as u64);
        Ok(TicketDocument { schema: "faultscope/1".into(), case_id: case.id, form, file, bytes })
    }
}
