//! What is done to cases, and the fields that each step takes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use faultscope_door::cases::{ActionKind, ClosureCode, EscalationLevel, Form, Priority, Sort, Status};

use super::{Captures, Carrier, Limits, SupplyLines};

/// The fields of a new case.
#[derive(Debug, Clone, Args)]
pub struct CaseOpenArgs {
    /// One line: what is wrong.
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// Whose equipment.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub customer: String,
    /// Where.
    #[arg(long, value_name = "PLACE", default_value = "")]
    pub site: String,
    /// Kind of equipment: "base station".
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub equipment: String,
    /// Maker's model.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub model: String,
    /// Serial number.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub serial: String,
    /// Asset or inspection tag.
    #[arg(long, value_name = "ID", default_value = "")]
    pub tag: String,
    /// What is wrong, in the customer's words.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub symptom: String,
    /// Whom to call back.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub contact: String,
    /// P1 (service down) to P4 (request).
    #[arg(long, value_name = "P1..P4", default_value = "P3", value_parser = priority)]
    pub priority: Priority,
    /// A service profile of your own (or FAULTSCOPE_SLA); the one that ships without.
    #[arg(long, value_name = "FILE")]
    pub sla: Option<String>,
}

fn sort(text: &str) -> Result<Sort, String> {
    match text {
        "clock" => Ok(Sort::NextClock),
        "updated" => Ok(Sort::Updated),
        "opened" => Ok(Sort::Opened),
        "priority" => Ok(Sort::Priority),
        "id" => Ok(Sort::Id),
        _ => Err(format!("'{text}' is no order; choose one of clock updated opened priority id")),
    }
}

/// An RFC 3339 time.
pub(crate) fn time(text: &str) -> Result<String, String> {
    faultscope_door::is_time(text)
        .then(|| text.to_owned())
        .ok_or_else(|| format!("'{text}' is no time such as 2026-11-26T14:05:00+01:00"))
}

fn priority(text: &str) -> Result<Priority, String> {
    [Priority::P1, Priority::P2, Priority::P3, Priority::P4]
        .into_iter()
        .find(|p| p.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("'{text}' is not a priority; choose one of P1 P2 P3 P4"))
}

/// Which cases to list.
#[derive(Debug, Clone, Default, Args)]
pub struct CaseListArgs {
    /// Closed ones too.
    #[arg(long)]
    pub all: bool,
    /// Only those with a clock that has run out.
    #[arg(long)]
    pub overdue: bool,
    /// Only those of this priority.
    #[arg(long, value_name = "P1..P4", value_parser = priority)]
    pub priority: Option<Priority>,
    /// Only those of this status; may be given more than once.
    #[arg(long, value_name = "STATUS", value_parser = named::<Status>)]
    pub status: Vec<Status>,
    /// Only those that this person has.
    #[arg(long, value_name = "NAME")]
    pub assignee: Option<String>,
    /// clock (what runs out next), updated, opened, priority or id.
    #[arg(long, value_name = "BY", default_value = "clock", value_parser = sort)]
    pub sort: Sort,
    /// With these words in id, title, customer, site, symptom, serial or tag.
    #[arg(long, value_name = "WORDS")]
    pub text: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
}

/// What to attach to a case.
#[derive(Debug, Clone, Args)]
pub struct CaseAttachArgs {
    /// The case.
    pub id: String,
    /// Captures, which are measured, and any other files, which are kept as they are.
    #[command(flatten)]
    pub captures: Captures,
    /// The limits.
    #[command(flatten)]
    pub limits: Limits,
    /// auto (by what the capture is), spurs, ripple, transition, channel, modulation, phase-noise, or none.
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub measure: String,
    /// What it shows: "supply before", "supply after"; captures of one name before and after are compared.
    #[arg(long, value_name = "TEXT")]
    pub role: Option<String>,
    /// Do not look for the ripple of the case's supplies in the sidebands of its transmitters.
    #[arg(long)]
    pub no_link: bool,
}

/// What to look for between the captures of a case.
#[derive(Debug, Clone, Args)]
pub struct CaseLinkArgs {
    /// The case.
    pub id: String,
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
    /// Frequencies that are known.
    #[command(flatten)]
    pub lines: SupplyLines,
}

/// A check list as it was answered.
#[derive(Debug, Clone, Args)]
pub struct CaseChecklistArgs {
    /// The case.
    pub id: String,
    /// The check list: a name (`checklist list`) or the path of a .toml file.
    pub list: String,
    /// How an item came out: ITEM=pass, ITEM=fail, or ITEM=na (not done); may be given more than once.
    #[arg(long = "item", value_name = "ITEM=RESULT", required = true)]
    pub items: Vec<String>,
    /// What was seen at an item; may be given more than once.
    #[arg(long = "note", value_name = "ITEM=WORDS")]
    pub notes: Vec<String>,
    /// About the list as a whole.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub remark: String,
    /// Diagnosis rules of your own, added to those that ship with the program.
    #[arg(long = "rules", value_name = "FILE")]
    pub rules: Vec<PathBuf>,
}

/// How a case ended.
#[derive(Debug, Clone, Args)]
pub struct CaseCloseArgs {
    /// The case.
    pub id: String,
    /// What was wrong.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub root_cause: String,
    /// What removed it.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub remedy: String,
    /// solved, no-fault-found, duplicate or withdrawn.
    #[arg(long, value_name = "HOW", default_value = "solved", value_parser = closure)]
    pub code: ClosureCode,
    /// Who of the customer's people confirmed it.
    #[arg(long, value_name = "NAME")]
    pub confirmed_by: Option<String>,
    /// How content the customer is: 1 (bad) to 5 (good).
    #[arg(long, value_name = "1..5")]
    pub satisfaction: Option<u8>,
}

fn closure(text: &str) -> Result<ClosureCode, String> {
    match text.to_ascii_lowercase().replace('_', "-").as_str() {
        "solved" => Ok(ClosureCode::Solved),
        "no-fault-found" => Ok(ClosureCode::NoFaultFound),
        "duplicate" => Ok(ClosureCode::Duplicate),
        "withdrawn" => Ok(ClosureCode::Withdrawn),
        _ => Err(format!("'{text}' is not an ending; choose one of solved no-fault-found duplicate withdrawn")),
    }
}

/// A word of the case room, by its JSON name; dashes do for underscores.
fn named<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let name = text.to_ascii_lowercase().replace('-', "_");
    // The parser names the words that would do.
    serde_json::from_value(name.into()).map_err(|e| e.to_string())
}

/// Service profiles.
#[derive(Debug, Subcommand)]
pub enum SlaCommand {
    /// Prints a profile: clocks by priority, calendars, reasons to pause, who is told.
    Show {
        /// A profile of your own (or FAULTSCOPE_SLA); the one that ships without.
        #[arg(value_name = "FILE")]
        file: Option<String>,
    },
    /// Says what is wrong with a profile, or that it can be used.
    Check {
        /// The profile.
        #[arg(value_name = "FILE")]
        file: String,
    },
}

/// What is done to cases.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Opens a case and prints its id.
    Open(CaseOpenArgs),
    /// Lists cases, the next clock to run out first.
    List(CaseListArgs),
    /// Lists cases with these words, closed ones too (`library search` looks into causes, remedies and notes as well).
    Search {
        /// Words that must all be in id, title, customer, site, symptom, serial or tag.
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// At most so many.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Counts cases by status, cause, part, equipment and month; clocks kept or not; units that failed again.
    Stats,
    /// Shows a case: facts, clocks, findings, evidence, timeline.
    Show {
        /// The case.
        id: String,
        /// Diagnosis rules of your own, added to those that ship with the program.
        #[arg(long = "rules", value_name = "FILE")]
        rules: Vec<PathBuf>,
    },
    /// Measures captures and attaches them with their findings; other files are attached as they are.
    Attach(CaseAttachArgs),
    /// Writes down the results of a check list: inspection, start-up and function tests.
    Checklist(CaseChecklistArgs),
    /// Holds the supplies of a case beside its transmitters: which sidebands are ripple; `attach` does so by itself.
    Link(CaseLinkArgs),
    /// Adds a note.
    Note {
        /// The case.
        id: String,
        /// The words.
        text: String,
    },
    /// Closes a case.
    Close(CaseCloseArgs),
    /// Opens a closed case again.
    Reopen {
        /// The case.
        id: String,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Gives a case to somebody, or with nobody named back to the queue.
    Assign {
        /// The case.
        id: String,
        /// Who.
        to: Option<String>,
    },
    /// Changes the priority; the clocks follow, counted from the opening.
    Priority {
        /// The case.
        id: String,
        /// P1 to P4.
        #[arg(value_parser = priority)]
        to: Priority,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// The service profile that the case's clocks come from, where it is not the one that ships (or FAULTSCOPE_SLA).
        #[arg(long, value_name = "FILE")]
        sla: Option<String>,
    },
    /// Lets clocks stand still for a reason that the service profile knows: waiting_for_parts, no_access ...
    Pause {
        /// The case.
        id: String,
        /// The reason, which says which clocks stand still.
        #[arg(long, value_name = "REASON")]
        reason: String,
        /// In words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Lets the clocks go on.
    Resume {
        /// The case.
        id: String,
        /// In words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Shows the clocks that ran out; with --escalate writes down who is told of them, for a job that runs every few minutes.
    Overdue {
        /// Write down, once for each clock and level, that engineer, specialist, manager and maker are told.
        #[arg(long)]
        escalate: bool,
        /// At most so many cases, the first to run out first.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Shows a service profile, or checks one of your own.
    #[command(subcommand)]
    Sla(SlaCommand),
    /// Writes down how content the customer is, after closing.
    FollowUp {
        /// The case.
        id: String,
        /// In words.
        text: String,
        /// 1 (bad) to 5 (good).
        #[arg(long, value_name = "1..5")]
        satisfaction: Option<u8>,
    },
    /// Changes the status: assigned, in_progress or cleared.
    Status {
        /// The case.
        id: String,
        /// The new status.
        #[arg(value_parser = named::<Status>)]
        to: Status,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Hands a case to somebody who knows or may more.
    Escalate {
        /// The case.
        id: String,
        /// engineer, specialist, manager or maker.
        #[arg(value_parser = named::<EscalationLevel>)]
        level: EscalationLevel,
        /// To whom.
        #[arg(long, value_name = "NAME")]
        to: Option<String>,
        /// The other side's case number.
        #[arg(long, value_name = "NUMBER")]
        reference: Option<String>,
        /// Why.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Writes down what was done.
    Action {
        /// The case.
        id: String,
        /// contact, inspection, function_test, measurement, part_replaced, dispatched, arrived, confirmed ...
        #[arg(value_parser = named::<ActionKind>)]
        kind: ActionKind,
        /// In words.
        text: String,
        /// The part that was replaced.
        #[arg(long, value_name = "NAME")]
        part: Option<String>,
        /// When it was done, where that was not just now: 2026-11-26T14:05:00+01:00.
        #[arg(long, value_name = "TIME", value_parser = time)]
        at: Option<String>,
    },
    /// Writes a case as one file, for e-mail or a stick: events, evidence, a report that opens in a browser; or for other systems.
    Export {
        /// The case.
        id: String,
        /// For another system, as JSON: tmf621 (trouble ticket, version 5), tmf621-v4, alarms (3GPP alarm records).
        #[arg(long, value_name = "FORM")]
        to: Option<Form>,
        /// Where to write it.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        /// Replace a file that is there.
        #[arg(long)]
        force: bool,
    },
    /// Takes a bundle into the store; what both sides wrote is kept.
    Import {
        /// The bundle that `case export` wrote.
        file: PathBuf,
    },
    /// Checks the chain of events, every digest and every signature, and computes every finding again from its capture.
    Verify(CaseVerifyArgs),
    /// Signs all that a case holds so far; what comes later is not covered, and does not change the signature.
    Sign(CaseSignArgs),
    /// Keys to sign with, and whose are known here.
    #[command(subcommand)]
    Key(CaseKeyCommand),
}

/// What to verify.
#[derive(Debug, Clone, Args)]
pub struct CaseVerifyArgs {
    /// The case.
    pub id: String,
    /// Print `have ID` for every acknowledged step that is there.
    #[arg(long)]
    pub list: bool,
    /// A limit pack of your own that findings were judged by, where it was not kept with them; may be given more than once.
    #[arg(long, value_name = "PACK")]
    pub limits: Vec<String>,
    /// The folder of keys (default: `FAULTSCOPE_KEYS`, else the user's data directory).
    #[arg(long, value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
}

/// Who signs what.
#[derive(Debug, Clone, Args)]
pub struct CaseSignArgs {
    /// The case.
    pub id: String,
    /// Whose key (default: the user).
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The folder of keys (default: `FAULTSCOPE_KEYS`, else the user's data directory).
    #[arg(long, value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
}

/// What is done with keys.
#[derive(Debug, Clone, Subcommand)]
pub enum CaseKeyCommand {
    /// Makes a key. Its private half stays in a file that only you can read; it has no passphrase.
    New {
        /// Whose (default: the user).
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The folder of keys (default: `FAULTSCOPE_KEYS`, else the user's data directory).
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
    },
    /// Shows the public keys that are known here: what others need to know your signature.
    Show {
        /// Whose; all when not given.
        name: Option<String>,
        /// The folder of keys (default: `FAULTSCOPE_KEYS`, else the user's data directory).
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
    },
    /// Makes the public key of somebody else known here. Have it from them, not with the case.
    Add {
        /// The key, 64 hexadecimal digits.
        key: String,
        /// Whose.
        name: String,
        /// The folder of keys (default: `FAULTSCOPE_KEYS`, else the user's data directory).
        #[arg(long, value_name = "FOLDER")]
        keys: Option<PathBuf>,
    },
}
