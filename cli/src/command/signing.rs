//! `case key` and `case sign`: keys of engineers, and their signatures.

use std::path::PathBuf;

use faultscope_door::Error;
use faultscope_door::cases::{Access, CaseDocument, Keys, KeysDocument, PublicKey, default_keys};
use faultscope_door::paper::words::fill;

use super::case::{actor, desk};
use crate::args::{CaseKeyCommand, CaseSignArgs};
use crate::context::Context;

/// The folder of keys: as given, else by the environment, else the user's own.
pub(crate) fn keys(given: &Option<PathBuf>, context: &Context<'_>) -> Result<Keys, Error> {
    let named = given.clone().or_else(|| context.env("FAULTSCOPE_KEYS").map(PathBuf::from));
    Ok(Keys::new(&named.map_or_else(default_keys, Ok)?))
}

/// `case key`.
pub(crate) fn key(command: &CaseKeyCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let shown = match command {
        CaseKeyCommand::New { name, keys: folder } => {
            let keys = keys(folder, context)?;
            let name = name.clone().unwrap_or_else(|| actor(context).to_owned());
            let made = keys.create(&name)?;
            let path = keys.private_path(&made.name).display().to_string();
            let said = fill(context.lang()?, "sign.made", &[("path", &path)]);
            context.say(&said);
            vec![made]
        }
        CaseKeyCommand::Show { name, keys: folder } => {
            let mut all = keys(folder, context)?.all()?;
            all.retain(|k| name.as_ref().is_none_or(|name| *name == k.name));
            if let (Some(name), true) = (name, all.is_empty()) {
                return Err(Error::usage(format!("no key of {name} is known here"), "case key show lists all"));
            }
            all
        }
        CaseKeyCommand::Add { key, name, keys: folder } => {
            vec![keys(folder, context)?.add(&format!("ed25519 {key} {name}"))?]
        }
    };
    if context.common.json {
        context.print_json(&KeysDocument { schema: "faultscope/1".into(), keys: shown })?;
    } else {
        shown.iter().for_each(|key: &PublicKey| context.print(&key.line()));
    }
    Ok(0)
}

/// `case sign`.
pub(crate) fn sign(args: &CaseSignArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let keys = keys(&args.keys, context)?;
    let name = args.name.clone().unwrap_or_else(|| actor(context).to_owned());
    let mut desk = desk(context, Access::Write)?;
    let case = desk.sign(&args.id, &keys, &name)?;
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    if context.common.json {
        context.print_json(&CaseDocument::new(case))?;
    } else {
        let covers = case.version.saturating_sub(1).to_string();
        let said = fill(context.lang()?, "sign.signed", &[("id", &case.id), ("name", &name), ("covers", &covers)]);
        context.print(&said);
    }
    Ok(0)
}
