//! The file of a reference: one JSON document, checked when it is read.

use std::path::Path;

use faultscope_capture::Digest;
use faultscope_diagnose::compare::Reference;
use faultscope_report::write_file;
use serde::{Deserialize, Serialize};

use crate::result::ToolInfo;
use crate::{Class, Error};

/// Largest file that is read: 64 MiB.
const MOST_BYTES: u64 = 64 << 20;

/// A capture that a reference was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReferenceCapture {
    /// The file, as given.
    pub file: String,
    /// SHA-256 of the file that holds the samples.
    pub sha256: Option<Digest>,
}

/// The file of a reference, and what `reference build --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReferenceDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `reference`.
    #[schemars(extend("const" = "reference"))]
    pub command: String,
    /// The program that made it.
    pub tool: ToolInfo,
    /// What it is called.
    pub title: String,
    /// Model of the units.
    pub unit_model: Option<String>,
    /// What it was made of.
    pub captures: Vec<ReferenceCapture>,
    /// The envelope.
    pub reference: Reference,
}

impl ReferenceDocument {
    pub(super) fn new(
        title: &str,
        unit_model: Option<&str>,
        captures: Vec<ReferenceCapture>,
        reference: Reference,
    ) -> Self {
        Self {
            schema: "faultscope/1".into(),
            command: "reference".into(),
            tool: ToolInfo::default(),
            title: title.to_owned(),
            unit_model: unit_model.map(str::to_owned),
            captures,
            reference,
        }
    }
}

/// Writes the file.
///
/// # Errors
/// When it is there already and `force` is not given, or cannot be written.
pub fn save(path: &Path, document: &ReferenceDocument, force: bool) -> Result<(), Error> {
    if path.exists() && !force {
        let message = format!("the file is there already: {}", path.display());
        return Err(Error::usage(message, "name another file, or add --force to replace it"));
    }
    let text = serde_json::to_string(document).map_err(|e| Error::usage(e.to_string(), ""))?;
    Ok(write_file(path, format!("{text}\n").as_bytes())?)
}

/// Reads and checks the file.
///
/// # Errors
/// When it cannot be read, is no reference, is of another version, or its parts do not fit each other.
pub fn load(path: &Path) -> Result<ReferenceDocument, Error> {
    let failed = |what: String| {
        let hint = "faultscope reference build -o REF.json GOOD... makes one";
        Error::new(Class::Usage, "configuration", format!("{what}: {}", path.display()), hint)
    };
    let unread = |e: std::io::Error| failed(format!("the reference cannot be read ({e})"));
    let size = std::fs::metadata(path).map_err(unread)?.len();
    if size > MOST_BYTES {
        return Err(failed(format!("a file of {size} bytes is no reference")));
    }
    let text = std::fs::read_to_string(path).map_err(unread)?;
    let document: ReferenceDocument =
        serde_json::from_str(&text).map_err(|e| failed(format!("the file is not a reference ({e})")))?;
    if document.schema != "faultscope/1" || document.command != "reference" {
        return Err(failed("the file is not a reference".into()));
    }
    document.reference.check().map_err(|what| failed(format!("the reference cannot be used: {what}")))?;
    Ok(document)
}
