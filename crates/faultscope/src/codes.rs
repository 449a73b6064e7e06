//! Fault codes looked up in the user's tables, and in the alarm standards where those have none.

use std::path::{Path, PathBuf};

use faultscope_diagnose::codes::{CodeTable, FaultCode};
use serde::{Deserialize, Serialize};

use crate::{Class, Error, limits};

/// What `codes` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CodesDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Always `codes`.
    pub command: String,
    /// What was looked up.
    pub query: String,
    /// The tables that were searched.
    pub tables: Vec<String>,
    /// What was found.
    pub codes: Vec<FaultCode>,
}

/// Looks a code or words up in tables: the files named, and every `.csv` of a folder.
///
/// # Errors
/// When a table cannot be read or is not valid.
pub fn look_up(
    query: &str,
    vendor: Option<&str>,
    files: &[PathBuf],
    folder: Option<&Path>,
) -> Result<CodesDocument, Error> {
    let mut paths = files.to_vec();
    if let Some(folder) = folder {
        paths.extend(tables_in(folder)?);
    }
    let mut document = CodesDocument {
        schema: "faultscope/1".into(),
        command: "codes".into(),
        query: query.into(),
        tables: Vec::new(),
        codes: Vec::new(),
    };
    for path in &paths {
        let name = path.display().to_string();
        let text = limits::read(&name, "code table", "a code table is a CSV file in UTF-8: vendor,code,text,...")?;
        let table = CodeTable::parse(&text, &name)?;
        document.codes.extend(table.look_up(query, vendor).into_iter().cloned());
        document.tables.push(name);
    }
    if document.codes.is_empty() {
        document.codes.extend(CodeTable::standards()?.look_up(query, vendor).into_iter().cloned());
        document.tables.push("standards".into());
    }
    Ok(document)
}

/// The tables of a folder, by name; a folder that is not there has none.
fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => {
            let message = format!("the folder of code tables cannot be read ({e}): {}", folder.display());
            return Err(Error::new(Class::Usage, "configuration", message, "name tables with --table FILE"));
        }
    };
    let is_table = |p: &PathBuf| p.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(is_table).collect();
    paths.sort();
    Ok(paths)
}
