//! `push`: cases to ticket systems, what waits in the queue, and the profiles there are.

use clap::{Args, Subcommand};
use faultscope_door::Error;
use faultscope_door::cases::Access;
use faultscope_door::paper::table;
use faultscope_door::paper::words::{Lang, fill, find_or, word};
use faultscope_door::push::{
    self, Confidence, Planned, PushDocument, PushProfile, PushRequest, PushState, Pushed, Queued, Seen,
};

use crate::command::case::desk;
use crate::context::Context;

/// Options of `push`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct PushArgs {
    /// Queue and profiles.
    #[command(subcommand)]
    pub command: Option<PushCommand>,
    /// The case.
    #[arg(value_name = "CASE", required = true)]
    pub id: Option<String>,
    /// The profile: one that ships (`push profiles`), or the path of your own.
    #[arg(long, value_name = "PROFILE", required = true)]
    pub to: Option<String>,
    /// Where the system is, where the profile does not say it: https://tickets.example.com.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A value that the profile takes; may be given more than once. Never a secret: those come from the environment.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub values: Vec<(String, String)>,
    /// Send the bundle (events, evidence, report) along with the report.
    #[arg(long)]
    pub bundle: bool,
    /// Show what would be sent, secrets masked; nothing is sent or written.
    #[arg(long)]
    pub dry_run: bool,
    /// Try once, and leave the rest to the queue.
    #[arg(long)]
    pub once: bool,
}

/// What is done with the queue and with profiles.
#[derive(Debug, Clone, Subcommand)]
pub enum PushCommand {
    /// Lists what is not sent yet.
    Queue,
    /// Sends what is due, or one entry at once; for a job that runs every few minutes.
    Retry {
        /// The entry: FS-2026-0001@zammad.
        #[arg(value_name = "ID")]
        id: Option<String>,
        /// Somebody has looked: the ticket is there, with this number.
        #[arg(long, value_name = "NUMBER", requires = "id", conflicts_with = "not_found")]
        found: Option<String>,
        /// Somebody has looked: the ticket is not there.
        #[arg(long, requires = "id")]
        not_found: bool,
    },
    /// Takes an entry out of the queue; a ticket that was made stays.
    Drop {
        /// The entry: FS-2026-0001@zammad.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Lists the profiles that ship with the program.
    Profiles,
    /// Shows a profile: its requests, values, secrets, and what is uncertain about it.
    Show {
        /// One that ships, or the path of your own.
        #[arg(value_name = "PROFILE")]
        profile: String,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' is not NAME=VALUE")),
    }
}

/// `push`.
pub(crate) fn run(args: &PushArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    match &args.command {
        None => case(args, context),
        Some(PushCommand::Queue) => queue(context),
        Some(PushCommand::Retry { id, found, not_found }) => {
            let seen = found.clone().map(Seen::Found).or_else(|| not_found.then_some(Seen::NotFound));
            let watch = context.watch("push");
            let mut desk = desk(context, Access::Write)?;
            let document = desk.push_retry(id.as_deref(), seen.as_ref(), &|name| secret(context, name), &*watch);
            context.acknowledge(&desk.take_durable());
            let document = document?;
            desk.close()?;
            told(&document, context)
        }
        Some(PushCommand::Drop { id }) => {
            desk(context, Access::Read)?.push_drop(id)?;
            let text = fill(context.lang()?, "push.dropped", &[("id", id)]);
            context.say(&text);
            if context.common.json { queue(context) } else { Ok(0) }
        }
        Some(PushCommand::Profiles) => profiles(&[], context),
        Some(PushCommand::Show { profile }) => profiles(std::slice::from_ref(profile), context),
    }
}

fn secret(context: &Context<'_>, name: &str) -> Option<String> {
    context.env(name).map(str::to_owned)
}

fn case(args: &PushArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let (Some(id), Some(profile)) = (args.id.as_deref(), args.to.clone()) else {
        return Err(Error::usage("a case and a profile are wanted", "push CASE --to PROFILE"));
    };
    let (url, values) = (args.url.clone(), args.values.clone());
    let request = PushRequest { profile, url, values, bundle: args.bundle, lang: context.lang()?, once: args.once };
    if args.dry_run {
        let plan = desk(context, Access::Read)?.push_plan(id, &request)?;
        if context.common.json {
            context.print_json(&plan)?;
        } else {
            plan.requests.iter().for_each(|r| planned(r, context));
        }
        return Ok(0);
    }
    let watch = context.watch("push");
    let mut desk = desk(context, Access::Write)?;
    let document = desk.push(id, &request, &|name| secret(context, name), &*watch);
    context.acknowledge(&desk.take_durable());
    let document = document?;
    desk.close()?;
    told(&document, context)
}

fn planned(request: &Planned, context: &mut Context<'_>) {
    context.print(&format!("{} {}", request.method, request.url));
    for (name, value) in &request.headers {
        context.print(&format!("{name}: {value}"));
    }
    context.print(&format!("\n{}\n", request.body));
}

/// What came of it: results on standard output, what went wrong on standard error.
fn told(document: &PushDocument, context: &mut Context<'_>) -> Result<u8, Error> {
    let lang = context.lang()?;
    if context.common.json {
        context.print_json(document)?;
    } else if document.pushed.is_empty() {
        context.say(word(lang, "push.nothing_due"));
    }
    for pushed in &document.pushed {
        if let Some(error) = &pushed.error {
            let class = faultscope_door::Class::Device;
            context.complain(&Error::new(class, &error.kind, error.message.clone(), error.hint.clone()));
        }
        if !context.common.json {
            let line = line(pushed, lang);
            context.print(&line);
        }
    }
    for name in &document.broken {
        let text = fill(lang, "push.broken", &[("file", name)]);
        context.say(&text);
    }
    Ok(document.exit_code())
}

fn line(pushed: &Pushed, lang: Lang) -> String {
    let ticket = pushed.ticket.as_ref();
    let number = ticket.map_or("-", |t| t.number.as_str());
    let values = [
        ("id", pushed.id.as_str()),
        ("number", number),
        ("url", ticket.map_or("", |t| t.url.as_str())),
        ("next", pushed.next_at.as_deref().unwrap_or("-")),
    ];
    let key = match pushed.state {
        PushState::Sent if pushed.made => "push.made",
        PushState::Sent => "push.updated",
        PushState::Waiting => "push.waiting",
        PushState::Refused => "push.refused",
        PushState::Unsettled => "push.unsettled",
    };
    fill(lang, key, &values).trim_end().to_owned()
}

fn queue(context: &mut Context<'_>) -> Result<u8, Error> {
    let document = desk(context, Access::Read)?.push_queue()?;
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let style = context.style()?;
    let row = |q: &Queued| {
        let state = find_or(style.lang, "push.state", q.state.name());
        let ticket = q.ticket.as_ref().map_or("-", |t| t.number.as_str()).to_owned();
        vec![q.id.clone(), state, ticket, q.next_at.clone().unwrap_or("-".into()), q.error.clone()]
    };
    let keys = ["push.entry", "report.status", "push.ticket", "push.next", "push.error"];
    context.print(&table::rows(&keys, &document.queue.iter().map(row).collect::<Vec<_>>(), style));
    for name in &document.broken {
        let text = fill(style.lang, "push.broken", &[("file", name)]);
        context.say(&text);
    }
    Ok(0)
}

fn profiles(names: &[String], context: &mut Context<'_>) -> Result<u8, Error> {
    let document = push::profiles(names)?;
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    let style = context.style()?;
    if names.is_empty() {
        let row = |p: &PushProfile| vec![p.id.clone(), p.title.clone(), about(p, style.lang)];
        let rows: Vec<Vec<String>> = document.profiles.iter().map(row).collect();
        context.print(&table::rows(&["push.profile", "push.system", "push.about"], &rows, style));
        return Ok(0);
    }
    for profile in &document.profiles {
        show(profile, style, context);
    }
    Ok(0)
}

fn about(profile: &PushProfile, lang: Lang) -> String {
    profile.about.get(lang.tag()).or_else(|| profile.about.get("en")).cloned().unwrap_or_default()
}

fn show(profile: &PushProfile, style: table::Style, context: &mut Context<'_>) {
    let lang = style.lang;
    context.print(&format!("{} {}: {}\n{}\n", profile.id, profile.version, profile.title, about(profile, lang)));
    let confidence = |c: Confidence| match c {
        Confidence::Documented => word(lang, "push.documented").to_owned(),
        Confidence::Remembered => word(lang, "push.remembered").to_owned(),
    };
    let steps = profile
        .steps
        .iter()
        .map(|s| vec![s.step.name().to_owned(), format!("{} {}", s.method, s.path), confidence(s.confidence)]);
    context.print(&table::rows(&["push.step", "push.request", "push.confidence"], &steps.collect::<Vec<_>>(), style));
    let values = profile.values.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        vec![name.clone(), if value.is_empty() { word(lang, "push.wanted").to_owned() } else { value }]
    });
    context.print(&table::rows(&["push.value", "push.default"], &values.collect::<Vec<_>>(), style));
    let secrets = profile.secrets.iter().map(|s| {
        let optional = if s.optional { word(lang, "push.optional") } else { word(lang, "push.wanted") };
        vec![s.variable.clone(), s.about.clone(), optional.to_owned()]
    });
    context.print(&table::rows(&["push.secret", "push.about", "report.status"], &secrets.collect::<Vec<_>>(), style));
    context.print(&format!("{}: {}", word(lang, "push.source"), profile.source));
    for what in &profile.uncertain {
        context.print(&format!("{}: {what}", word(lang, "push.uncertain")));
    }
}
