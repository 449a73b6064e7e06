//! `store init | migrate | check | sync`: the store itself, on this machine or a team's.

use clap::{Args, Subcommand};
use faultscope_door::cases::{self, Access, Clash, StoreCheckDocument, SyncDocument};
use faultscope_door::paper::words::{Lang, fill};
use faultscope_door::{Class, Error};

use super::case::desk;
use crate::context::Context;

/// What is done with a store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Makes the store: a folder, or the tables of a team's in PostgreSQL (--store postgres://...?evidence=FOLDER, or =s3://BUCKET).
    Init(StoreInitArgs),
    /// Brings the tables of a store to the version of this program.
    Migrate,
    /// Proves every case of the store: chain, what is kept beside it, every file of its evidence.
    Check,
    /// Exchanges events and evidence with another store, both ways, without overwriting anything on either side.
    Sync(StoreSyncArgs),
}

/// How a store is made.
#[derive(Debug, Clone, Args)]
pub struct StoreInitArgs {
    /// Also the roles faultscope_reader, faultscope_engineer and faultscope_lead, and the policies by which a team sees its own cases
    /// and those shared with it.
    #[arg(long)]
    pub roles: bool,
}

/// With whom to exchange.
#[derive(Debug, Clone, Args)]
pub struct StoreSyncArgs {
    /// The other store: a folder, or postgres://...
    #[arg(value_name = "OTHER")]
    pub other: String,
}

/// Runs a command on the store.
pub(crate) fn run(command: &StoreCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let place = context.common.store.clone().or_else(|| context.env("FAULTSCOPE_STORE").map(str::to_owned));
    let made = match command {
        StoreCommand::Init(args) => cases::init_store(place.as_deref(), args.roles)?,
        StoreCommand::Migrate => cases::migrate_store(place.as_deref())?,
        StoreCommand::Check => return check(context),
        StoreCommand::Sync(args) => return sync(&args.other, context),
    };
    if context.common.json {
        context.print_json(&made)?;
        return Ok(0);
    }
    let version = made.version.to_string();
    let before = made.before.map(|v| v.to_string()).unwrap_or_default();
    let key = match made.before {
        None => "store.made",
        Some(before) if before == made.version => "store.current",
        Some(_) => "store.migrated",
    };
    let values = [("place", made.place.as_str()), ("version", &version), ("before", &before)];
    context.print(&fill(context.lang()?, key, &values));
    Ok(0)
}

fn check(context: &mut Context<'_>) -> Result<u8, Error> {
    let desk = desk(context, Access::Read)?;
    let document = desk.check_store()?;
    desk.close()?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        let StoreCheckDocument { place, version, cases, events, evidence, differing, .. } = &document;
        for verification in differing {
            for difference in &verification.differences {
                context.print(&format!("{}: {}: {}", verification.case_id, difference.at, difference.detail));
            }
        }
        let wrong = differing.len() as u64;
        let numbers =
            [u64::try_from(*version).unwrap_or_default(), *cases, *events, *evidence, wrong].map(|n| n.to_string());
        let names = ["version", "cases", "events", "files", "wrong"];
        let mut values: Vec<_> = names.into_iter().zip(numbers.iter().map(String::as_str)).collect();
        values.push(("place", place));
        let key = if wrong == 0 { "store.sound" } else { "store.differs" };
        context.print(&fill(context.lang()?, key, &values));
    }
    Ok(document.exit_code())
}

fn sync(other: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut desk = desk(context, Access::Write)?;
    let document = desk.sync(other, &mut |events| context.acknowledge(events))?;
    desk.close()?;
    let lang = context.lang()?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        exchanged(&document, lang).iter().for_each(|line| context.print(line));
    }
    for one in &document.synced.exchanged {
        if let Some(error) = &one.error {
            let message =
                format!("{}: {}", if one.case_id.is_empty() { &one.other_id } else { &one.case_id }, error.message);
            context.complain(&Error::new(Class::Integrity, &error.kind, message, fill(lang, "store.refused", &[])));
        }
        for Clash { field, who, when, other_who, other_when } in &one.clashes {
            let values = [
                ("id", one.case_id.as_str()),
                ("field", field),
                ("who", who),
                ("when", when),
                ("other", other_who),
                ("other_when", other_when),
            ];
            let message = fill(lang, "store.clash", &values);
            context.complain(&Error::new(Class::Conflict, "conflict", message, fill(lang, "store.decide", &[])));
        }
    }
    Ok(document.exit_code())
}

fn exchanged(document: &SyncDocument, lang: Lang) -> Vec<String> {
    let synced = &document.synced;
    let mut lines = Vec::new();
    for one in synced.exchanged.iter().filter(|one| one.error.is_none()) {
        let numbers = [one.received.len() as u64, one.received_files, one.sent.len() as u64, one.sent_files];
        let numbers = numbers.map(|n| n.to_string());
        let names = ["received", "received_files", "sent", "sent_files"];
        let mut values: Vec<_> = names.into_iter().zip(numbers.iter().map(String::as_str)).collect();
        values.extend([("id", one.case_id.as_str()), ("other", &one.other_id)]);
        lines.push(fill(lang, "store.exchanged", &values));
    }
    let numbers = [synced.cases, synced.unchanged].map(|n| n.to_string());
    let values = [
        ("cases", numbers[0].as_str()),
        ("unchanged", &numbers[1]),
        ("place", &document.place),
        ("other", &document.other),
    ];
    lines.push(fill(lang, "store.synced", &values));
    lines
}
