//! `codes`: what a fault code of the equipment means, from tables that users bring along.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::paper::table;
use faultscope_door::paper::words::word;
use faultscope_door::{Error, cases, codes};

use crate::context::Context;

/// Options of `codes`.
#[derive(Debug, Clone, Args)]
pub struct CodesArgs {
    /// A code as the equipment shows it, or words of its text.
    #[arg(value_name = "CODE|WORDS", required = true)]
    pub query: Vec<String>,
    /// Only codes of this vendor.
    #[arg(long, value_name = "NAME")]
    pub vendor: Option<String>,
    /// A table: CSV with the columns vendor, code, text, probable_cause, first_checks. May be given more than once.
    #[arg(long, value_name = "FILE")]
    pub table: Vec<PathBuf>,
    /// Folder of tables (default: `codes` beside the case store).
    #[arg(long, value_name = "FOLDER")]
    pub tables: Option<PathBuf>,
}

/// `codes`.
pub(crate) fn run(args: &CodesArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    const NOT_FOUND: u8 = 3;
    let folder = match &args.tables {
        Some(folder) => Some(folder.clone()),
        None => cases::default_store().ok().map(|store| store.join("codes")),
    };
    let query = args.query.join(" ");
    let document = codes::look_up(&query, args.vendor.as_deref(), &args.table, folder.as_deref())?;
    let code = if document.codes.is_empty() { NOT_FOUND } else { 0 };
    if context.common.json {
        context.print_json(&document)?;
        return Ok(code);
    }
    let style = context.style()?;
    if document.codes.is_empty() {
        let hint = "put tables into the folder `codes` of the case store, or name one with --table FILE";
        context.complain(&Error::usage(format!("no table knows '{query}': {}", document.tables.join(", ")), hint));
        return Ok(code);
    }
    let keys =
        ["codes.vendor", "codes.code", "codes.text", "codes.probable_cause", "codes.first_checks", "codes.standard"];
    let rows: Vec<Vec<String>> = document
        .codes
        .iter()
        .map(|c| {
            let standard: Vec<String> = c.standard.iter().map(|s| format!("{} {}", s.registry, s.value)).collect();
            let cells = [&c.vendor, &c.code, &c.text, &c.probable_cause, &c.first_checks, &standard.join(", ")];
            cells.map(Clone::clone).into()
        })
        .collect();
    context.print(&table::rows(&keys, &rows, style));
    context.say(&format!("{}: {}", word(style.lang, "codes.tables"), document.tables.join(", ")));
    Ok(code)
}
