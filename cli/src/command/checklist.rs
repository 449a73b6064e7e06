//! `checklist list | show | check`, and `case checklist`: what is looked at and tried beside the signals.

use faultscope_door::Error;
use faultscope_door::cases::{Access, CaseDocument, EventKind};
use faultscope_door::checklist::{self, ChecklistSummary, ChecklistsCheckDocument, ChecklistsDocument};
use faultscope_door::diagnose::{CheckList, Verdict};
use faultscope_door::paper::table;
use faultscope_door::paper::words::{fill, find_or};

use crate::args::{CaseChecklistArgs, ChecklistCommand};
use crate::command::case;
use crate::context::Context;
use crate::show;

/// Runs a `checklist` command.
pub(crate) fn run(command: &ChecklistCommand, context: &mut Context<'_>) -> Result<u8, Error> {
    let (names, whole): (Vec<String>, bool) = match command {
        ChecklistCommand::Check { lists } => return check(lists, context),
        ChecklistCommand::List { files } => {
            (CheckList::built_in_ids().map(str::to_owned).chain(files.iter().cloned()).collect(), false)
        }
        ChecklistCommand::Show { list } => (vec![list.clone()], true),
    };
    let lists = names.iter().map(|name| checklist::load(name)).collect::<Result<Vec<_>, _>>()?;
    let lang = context.lang()?;
    if context.common.json {
        let checklists = lists.iter().map(|l| ChecklistSummary::new(l, whole, lang)).collect();
        let (schema, language) = ("faultscope/1".into(), lang.tag().into());
        context.print_json(&ChecklistsDocument { schema, language, checklists })?;
        return Ok(0);
    }
    for list in &lists {
        let head = &list.list;
        context.print(&format!("{:<20} {:<5} {}", head.id, head.version, list.title(lang.tag())));
        if whole {
            show(list, context)?;
        }
    }
    Ok(0)
}

fn show(list: &CheckList, context: &mut Context<'_>) -> Result<(), Error> {
    let style = context.style()?;
    let tag = style.lang.tag();
    for section in &list.sections {
        context.print(&format!("\n{}", section.text.get(tag).unwrap_or(&section.title)));
        let items = list.items.iter().filter(|i| i.section == section.id);
        let row = |item: &faultscope_door::diagnose::checklist::Item| {
            let words = item.words(tag);
            vec![item.id.clone(), words.ask, words.how]
        };
        let rows: Vec<Vec<String>> = items.map(row).collect();
        context.print(&table::rows(&["checklist.item", "checklist.ask", "checklist.how"], &rows, style));
    }
    Ok(())
}

fn check(lists: &[String], context: &mut Context<'_>) -> Result<u8, Error> {
    let checked_lists = lists.iter().map(|name| checklist::check(name)).collect::<Result<Vec<_>, _>>()?;
    if context.common.json {
        context.print_json(&ChecklistsCheckDocument { schema: "faultscope/1".into(), checked_lists })?;
        return Ok(0);
    }
    let lang = context.lang()?;
    for list in &checked_lists {
        let count = list.count.to_string();
        context.print(&fill(lang, "checklist.valid", &[("list", &list.checklist), ("count", &count)]));
        if !list.unused.is_empty() {
            context.print(&format!("  {}", fill(lang, "checklist.unused", &[("items", &list.unused.join(", "))])));
        }
    }
    Ok(0)
}

/// Runs `case checklist`: the answers become one event of the case.
pub(crate) fn answer(args: &CaseChecklistArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let list = checklist::load(&args.list)?;
    let checked = checklist::answer(&list, &args.items, &args.notes, &args.remark)?;
    let lang = context.lang()?;
    let verdict = Verdict::worst(checked.items.iter().map(|i| i.result.verdict()));
    let results: Vec<(String, &str)> =
        checked.items.iter().map(|i| (i.words(lang.tag()).to_owned(), i.result.name())).collect();
    let mut desk = case::desk(context, Access::Write)?;
    case::use_rules(&mut desk, &args.rules)?;
    let case = desk.append(&args.id, None, EventKind::Checked(Box::new(checked.clone())))?;
    let causes = desk.causes(&args.id, lang)?;
    context.acknowledge(&desk.take_durable());
    desk.close()?;
    if context.common.json {
        context.print_json(&CaseDocument::new(case).with_causes(causes))?;
    } else {
        for (ask, result) in results {
            context.print(&format!("{}: {ask}", find_or(lang, "answer", result)));
        }
        let style = context.style()?;
        show::causes(&causes, style, context);
        context.say(&format!("noted in {}", case.id));
    }
    Ok(match verdict {
        Some(Verdict::Fail) => 1,
        Some(Verdict::NotEvaluated) => 3,
        _ => 0,
    })
}
