//! `simulate`: captures of known faults, with their truth.

use std::path::PathBuf;

use faultscope_door::schema::{FilesDocument, ModelSummary, ModelsDocument};
use faultscope_door::{Error, simulate};

use crate::args::SimulateArgs;
use crate::context::Context;

/// Runs `simulate`.
pub(crate) fn run(args: &SimulateArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let files = match (&args.samples, &args.model) {
        (Some(folder), _) => simulate::write_samples(folder, args.force)?,
        (None, Some(model)) => simulate::simulate(model, args.output.as_deref(), args.force)?,
        (None, None) => return list(context),
    };
    wrote("simulate", files, context)
}

fn list(context: &mut Context<'_>) -> Result<u8, Error> {
    let models: Vec<ModelSummary> = simulate::list().collect();
    if context.common.json {
        context.print_json(&ModelsDocument { schema: "faultscope/1".into(), models })?;
        return Ok(0);
    }
    for m in models {
        let cause = m.cause.as_deref().unwrap_or("-");
        context.print(&format!(
            "{:<24} {:<9} {cause:<5} {}\n{:40} severity: {}",
            m.id, m.domain, m.description, "", m.severity
        ));
    }
    Ok(0)
}

/// Names the files that a command wrote.
pub(crate) fn wrote(command: &str, files: Vec<PathBuf>, context: &mut Context<'_>) -> Result<u8, Error> {
    let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    if context.common.json {
        context.print_json(&FilesDocument { schema: "faultscope/1".into(), command: command.into(), files })?;
    } else {
        files.iter().for_each(|file| context.print(file));
    }
    Ok(0)
}
