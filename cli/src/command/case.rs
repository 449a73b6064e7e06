//! `case ...`: opening, listing, showing, attaching, noting, closing, sending.

use std::path::{Path, PathBuf};

use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::{
    self, Access, Action, ActionKind, Case, CaseDocument, CaseLinkRequest, CaseLinked, Clash, Closed, Closure, Desk,
    Equipment, EventKind, ExportDocument, Form, HORIZON_DAYS, Measure, Opened, Outcome, PartReplaced, UnitTrend,
};
use faultscope_door::diagnose::{Cause, Settings, Verdict};
use faultscope_door::{CaptureResult, Class, Error, Request, inputs, limits, rules};

use crate::args::{CaseAttachArgs, CaseCloseArgs, CaseCommand, CaseLinkArgs, CaseListArgs, CaseOpenArgs};
use crate::command::library::warning;
use crate::command::{checklist, clocks, signing, verify};
use crate::context::Context;
use crate::show;

/// Runs a case command.
pub(crate) fn run(command: &CaseCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    match command {
        CaseCommand::Open(args) => open(args, context),
        CaseCommand::List(args) => clocks::list(args, context),
        CaseCommand::Stats => clocks::stats(context),
        CaseCommand::Overdue { escalate, limit } => clocks::overdue(*escalate, *limit, context),
        CaseCommand::Sla(command) => clocks::sla(command, context),
        CaseCommand::Search { words, limit } => {
            let text = Some(words.join(" "));
            clocks::list(&CaseListArgs { all: true, text, limit: *limit, ..CaseListArgs::default() }, context)
        }
        CaseCommand::Show { id, rules: files } => {
            let mut desk = desk(context, Access::Read)?;
            use_rules(&mut desk, files)?;
            let (case, causes) = (desk.case(id)?, desk.causes(id, context.lang()?)?);
            let warnings = desk.warnings(&case.equipment.serial, HORIZON_DAYS)?;
            print(context, case, causes, warnings)
        }
        CaseCommand::Attach(args) => attach(args, context),
        CaseCommand::Checklist(args) => checklist::answer(args, context),
        CaseCommand::Link(args) => link(args, context),
        CaseCommand::Note { id, text } => change(context, id, EventKind::Noted { text: text.clone() }),
        CaseCommand::Close(args) => close(args, context),
        CaseCommand::Reopen { id, reason } => change(context, id, EventKind::Reopened { reason: reason.clone() }),
        CaseCommand::Assign { id, to } => change(context, id, EventKind::Assigned { to: to.clone() }),
        CaseCommand::Pause { id, reason, note } => {
            let mut desk = desk(context, Access::Write)?;
            let case = desk.pause(id, reason, note)?;
            finish(desk, case, "clocks paused in", context)
        }
        CaseCommand::Resume { id, note } => {
            let mut desk = desk(context, Access::Write)?;
            let case = desk.resume(id, note)?;
            finish(desk, case, "clocks go on in", context)
        }
        CaseCommand::FollowUp { id, text, satisfaction } => {
            let (action, satisfaction) = (ActionKind::FollowUp, *satisfaction);
            let action = Action { action, text: text.clone(), part: None, done_at: None, satisfaction };
            change(context, id, EventKind::Action(Box::new(action)))
        }
        CaseCommand::Priority { id, to, reason, sla } => {
            let mut desk = desk(context, Access::Write)?;
            desk.use_profile(clocks::profile(sla.as_deref(), context)?);
            let case = desk.change_priority(id, *to, reason.clone())?;
            finish(desk, case, "noted in", context)
        }
        CaseCommand::Status { id, to, reason } => {
            change(context, id, EventKind::StatusChanged { to: *to, reason: reason.clone() })
        }
        CaseCommand::Escalate { id, level, to, reference, reason } => {
            let (level, to, reference) = (*level, to.clone(), reference.clone());
            change(context, id, EventKind::Escalated { level, to, reference, reason: reason.clone() })
        }
        CaseCommand::Action { id, kind, text, part, at } => {
            let part =
                part.clone().map(|name| PartReplaced { name, old_serial: String::new(), new_serial: String::new() });
            let action = Action { action: *kind, text: text.clone(), part, done_at: at.clone(), satisfaction: None };
            change(context, id, EventKind::Action(Box::new(action)))
        }
        CaseCommand::Export { id, to: Some(form), out, force } => export_as(id, *form, out, *force, context),
        CaseCommand::Export { id, to: None, out, force } => export(id, out, *force, context),
        CaseCommand::Import { file } => import(file, context),
        CaseCommand::Verify(args) => verify::run(args, context),
        CaseCommand::Sign(args) => signing::sign(args, context),
        CaseCommand::Key(command) => signing::key(command, context),
    }
}

/// A bundle.
fn export(id: &str, out: &Path, force: bool, context: &mut Context<'_>) -> Result<u8, Error> {
    let desk = desk(context, Access::Read)?;
    let document = desk.export(id, out, force, context.lang()?)?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        context.print(&document.file);
        let ExportDocument { case_id, events, evidence, bytes, sha256, .. } = &document;
        context.say(&format!("{case_id}: {events} events, {evidence} files, {bytes} bytes, SHA-256 {sha256}"));
    }
    Ok(0)
}

/// A ticket or alarms.
fn export_as(id: &str, form: Form, out: &Path, force: bool, context: &mut Context<'_>) -> Result<u8, Error> {
    let document = desk(context, Access::Read)?.export_as(id, form, out, force, context.lang()?)?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        context.print(&document.file);
        context.say(&format!("{}: {}, {} bytes", document.case_id, document.form, document.bytes));
    }
    Ok(0)
}

/// The store that the options name, and who works on it.
pub(crate) fn desk(context: &Context<'_>, access: Access) -> Result<Desk, Error> {
    Desk::open(place(context).as_deref(), access, actor(context))
}

/// Where the store is, as the options or the environment say.
pub(crate) fn place(context: &Context<'_>) -> Option<String> {
    context.common.store.clone().or_else(|| context.env("FAULTSCOPE_STORE").map(str::to_owned))
}

/// Rules of the user, where there are any.
pub(crate) fn use_rules(desk: &mut Desk, files: &[PathBuf]) -> Result<(), Error> {
    if !files.is_empty() {
        desk.use_rules(rules::load(files)?);
    }
    Ok(())
}

/// The user's name as the system gives it.
pub(crate) fn actor<'a>(context: &'a Context<'_>) -> &'a str {
    context.env("USER").or_else(|| context.env("USERNAME")).unwrap_or("engineer")
}

fn open(args: &CaseOpenArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let profile = clocks::profile(args.sla.as_deref(), context)?;
    let mut desk = desk(context, Access::Create)?;
    desk.use_profile(profile);
    let case = desk.create(Opened {
        title: args.title.clone(),
        customer: args.customer.clone(),
        site: args.site.clone(),
        equipment: Equipment {
            kind: args.equipment.clone(),
            model: args.model.clone(),
            serial: args.serial.clone(),
            tag: args.tag.clone(),
        },
        symptom: args.symptom.clone(),
        contact: args.contact.clone(),
        priority: args.priority,
        terms: None,
    })?;
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    if context.common.json {
        context.print_json(&CaseDocument::new(case))?;
    } else {
        // The id alone, so that scripts can take it.
        context.print(&case.id);
    }
    Ok(0)
}

fn attach(args: &CaseAttachArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let measure = match args.measure.as_str() {
        "auto" => Measure::Auto,
        "none" => Measure::Nothing,
        "spurs" => Measure::By("spurs"),
        "ripple" => Measure::By("ripple"),
        "transition" => Measure::By("transition"),
        "channel" => Measure::By("channel"),
        "modulation" => Measure::By("modulation"),
        "phase-noise" => Measure::By("phase-noise"),
        other => {
            return Err(Error::usage(
                format!("'{other}' is no measurement"),
                "--measure auto, none, spurs, ripple, transition, channel, modulation or phase-noise",
            ));
        }
    };
    let packs = args.limits.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?;
    let request = Request {
        open: OpenOptions::from(&args.captures.open),
        settings: Settings::default(),
        packs,
        lang: context.lang()?,
        skip_digest: false,
    };
    let mut desk = desk(context, Access::Write)?;
    let seen = desk.case(&args.id)?.version;
    let inputs = inputs::expand(&args.captures.captures, context.stdin())?;
    let mut results = Vec::new();
    for file in &inputs.files {
        let watch = context.watch("attach");
        let (files, result) = cases::examine(file, measure, &request, watch.as_ref())?;
        drop(watch);
        desk.attach(&args.id, &files, result.as_ref(), args.role.clone())?;
        context.acknowledge(&desk.take_durable());
        results.extend(result);
    }
    let linked = if args.no_link {
        CaseLinked::default()
    } else {
        let new = desk.attached_since(&args.id, seen)?;
        let request = CaseLinkRequest { settings: threads(context), lang: request.lang };
        let watch = context.watch("link");
        desk.link_case(&args.id, Some(&new), &request, watch.as_ref())?
    };
    context.acknowledge(&desk.take_durable());
    let case = desk.case(&args.id)?;
    desk.close()?;
    report_attached(context, case, &results, &linked)
}

fn threads(context: &Context<'_>) -> Settings {
    Settings { threads: context.threads(), ..Settings::default() }
}

/// `case link`.
fn link(args: &CaseLinkArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let settings = Settings { carrier_hz: args.carrier.hz, ..args.lines.into_settings(threads(context)) };
    let request = CaseLinkRequest { settings, lang: context.lang()? };
    let mut desk = desk(context, Access::Write)?;
    let watch = context.watch("link");
    let linked = desk.link_case(&args.id, None, &request, watch.as_ref())?;
    drop(watch);
    context.acknowledge(&desk.take_durable());
    let (case, causes) = (desk.case(&args.id)?, desk.causes(&args.id, context.lang()?)?);
    desk.close()?;
    linked.failed.iter().for_each(|e| context.complain(e));
    if context.common.json {
        context.print_json(&CaseDocument::new(case).with_causes(causes))?;
    } else {
        for result in &linked.found {
            show::result(result, true, context)?;
        }
        let (found, compared, known) = (linked.found.len(), linked.compared, linked.known);
        context.print(&format!("{found} links in {compared} pairs of captures; {known} are in the case already"));
    }
    Ok(if linked.failed.is_empty() { 0 } else { 3 })
}

fn report_attached(
    context: &mut Context<'_>,
    case: Case,
    results: &[CaptureResult],
    linked: &CaseLinked,
) -> Result<u8, Error> {
    // A link was not asked for and judges nothing by itself: the limits of the captures say what failed.
    let verdict = Verdict::worst(results.iter().filter_map(CaptureResult::verdict));
    if context.common.json {
        context.print_json(&CaseDocument::new(case))?;
    } else {
        for result in results.iter().chain(&linked.found) {
            show::result(result, true, context)?;
        }
        context.say(&format!("attached to {}", case.id));
    }
    Ok(match verdict {
        Some(Verdict::Fail) => 1,
        Some(Verdict::Invalid | Verdict::NotEvaluated) => 3,
        _ => 0,
    })
}

fn change(context: &mut Context<'_>, id: &str, kind: EventKind) -> Result<u8, Error> {
    let mut desk = desk(context, Access::Write)?;
    let case = desk.append(id, None, kind)?;
    finish(desk, case, "noted in", context)
}

/// Says that a change is durable, closes the store, and prints the case or a short message.
fn finish(mut desk: Desk, case: Case, said: &str, context: &mut Context<'_>) -> Result<u8, Error> {
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    if context.common.json {
        context.print_json(&CaseDocument::new(case))?;
    } else {
        context.say(&format!("{said} {}", case.id));
    }
    Ok(0)
}

fn close(args: &CaseCloseArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let closed = Closed {
        root_cause: args.root_cause.clone(),
        closure: Closure {
            code: args.code,
            remedy: args.remedy.clone(),
            confirmed_by: args.confirmed_by.clone(),
            satisfaction: args.satisfaction,
        },
    };
    let mut desk = desk(context, Access::Write)?;
    let case = desk.close_case(&args.id, closed)?;
    finish(desk, case, "closed", context)
}

fn import(file: &Path, context: &mut Context<'_>) -> Result<u8, Error> {
    let mut desk = desk(context, Access::Create)?;
    let document = desk.import(file)?;
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    let imported = &document.imported;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        context.print(&imported.case_id);
        let done = match imported.outcome {
            Outcome::New => "a new case",
            Outcome::Nothing => "nothing new",
            Outcome::Advanced => "gone on",
            Outcome::Merged => "merged with what was here",
        };
        let (events, evidence) = (imported.events.len(), imported.evidence);
        context.say(&format!("{}: {done}; {events} events and {evidence} files are new", imported.case_id));
    }
    for clash in &imported.clashes {
        let Clash { field, who, when, other_who, other_when } = clash;
        let message = format!(
            "{}: {who} changed the {field} at {when}, {other_who} elsewhere at {other_when}; the former stays",
            imported.case_id
        );
        let hint = "look at the case and decide; both are in its timeline";
        context.complain(&Error::new(Class::Conflict, "conflict", message, hint));
    }
    Ok(document.exit_code())
}

fn print(context: &mut Context<'_>, case: Case, causes: Vec<Cause>, warnings: Vec<UnitTrend>) -> Result<u8, Error> {
    if context.common.json {
        context.print_json(&CaseDocument { warnings, ..CaseDocument::new(case).with_causes(causes) })?;
    } else {
        let text = show::case(&case, context)?;
        context.print(&text);
        let style = context.style()?;
        show::causes(&causes, style, context);
        warnings.iter().for_each(|t| context.print(&warning(t, style.lang)));
    }
    Ok(0)
}
