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
    if context.common.json {
        let models = simulate::models()
            .map(|(id, description, domain)| ModelSummary {
                id: id.into(),
                description: description.into(),
                domain: domain.into(),
            })
            .collect();
        context.print_json(&ModelsDocument { schema: "faultscope/1".into(), models })?;
        return Ok(0);
    }
    for (id, description, domain) in simulate::models() {
        context.print(&format!("{id:<22} {domain:<9} {description}"));
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
