//! `demo`: the worked example on the sample captures, through the same verbs as every other command.

use std::path::{Path, PathBuf};

use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::examine;
use faultscope_door::cases::{
    Access, CaseDocument, Closed, Closure, ClosureCode, Desk, Equipment, EventKind, Measure, Opened, Priority,
};
use faultscope_door::diagnose::{Settings, Verdict};
use faultscope_door::schema::DemoDocument;
use faultscope_door::{CaptureResult, Class, Error, Request, Unwatched, limits, report, simulate};

use super::case::actor;
use crate::args::DemoArgs;
use crate::context::Context;
use crate::show;

/// One step of the story: what is said, which capture, which limits, which role.
struct Step {
    says: &'static str,
    capture: &'static str,
    limits: &'static [&'static str],
    role: &'static str,
}

const STEPS: [Step; 4] = [
    Step {
        says: "The base station does not start. The supply, as found:",
        capture: "supply-before",
        limits: &["dc-48v"],
        role: "supply before",
    },
    Step {
        says: "The power module's reservoir capacitor was replaced. The supply, repaired:",
        capture: "supply-after",
        limits: &["dc-48v"],
        role: "supply after",
    },
    Step {
        says: "It starts, but nobody can call. The transmitter, as found:",
        capture: "tx-before",
        limits: &["tx-generic", "site-tx.toml"],
        role: "transmit before",
    },
    Step {
        says: "The power amplifier was replaced. The transmitter, repaired:",
        capture: "tx-after",
        limits: &["tx-generic", "site-tx.toml"],
        role: "transmit after",
    },
];

/// Runs `demo`.
pub(crate) fn run(args: &DemoArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let folder = folder(args)?;
    let samples = samples(args, &folder)?;
    let store = folder.join("store");
    let mut desk = Desk::open(Some(&store.display().to_string()), Access::Create, actor(context))?;
    let case = desk.create(opened())?;
    let mut verdict = None;
    for step in &STEPS {
        if step.role.ends_with("after") {
            let text = step.says.split(". ").next().unwrap_or(step.says).to_owned();
            desk.append(&case.id, None, EventKind::Noted { text })?;
        }
        let result = play(step, &samples, &case.id, &mut desk, context)?;
        verdict = Verdict::worst(verdict.into_iter().chain(result.verdict()));
    }
    let case = desk.close_case(&case.id, closed())?;
    let page =
        report::write(&desk, &case.id, &folder.join("report.html"), context.lang()?, &report::Edition::default())?;
    desk.close()?;
    let (page, store) = (page.display().to_string(), store.display().to_string());
    if context.common.json {
        context.print_json(&DemoDocument {
            schema: CaseDocument::new(case.clone()).schema,
            case,
            store,
            report: page,
        })?;
    } else {
        let text = show::case(&case, context)?;
        context.print(&format!("\n{text}"));
        context.print(&format!("report: {page}\nstore:  {store}"));
    }
    // The story holds failed limits, so its exit code is that of a failed limit.
    Ok(if verdict == Some(Verdict::Fail) { 1 } else { 3 })
}

fn play(
    step: &Step,
    samples: &Path,
    id: &str,
    desk: &mut Desk,
    context: &mut Context<'_>,
) -> Result<CaptureResult, Error> {
    let packs = step.limits.iter().map(|name| pack(name, samples)).collect::<Result<_, _>>()?;
    let request = Request {
        open: OpenOptions::default(),
        settings: Settings::default(),
        packs,
        lang: context.lang()?,
        skip_digest: false,
    };
    let file = samples.join(format!("{}.sigmf-meta", step.capture));
    let (files, result) = examine(&file, Measure::Auto, &request, &Unwatched)?;
    let result = result.ok_or_else(|| {
        Error::new(
            Class::Input,
            "malformed",
            format!("the sample was not measured: {}", file.display()),
            "write the samples again",
        )
    })?;
    desk.attach(id, &files, Some(&result), Some(step.role.to_owned()))?;
    if !context.common.json {
        context.print(&format!("\n{}", step.says));
        show::result(&result, true, context)?;
    }
    Ok(result)
}

/// A pack by name, or a file beside the samples.
fn pack(name: &str, samples: &Path) -> Result<faultscope_door::diagnose::LimitSet, Error> {
    if Path::new(name).extension().is_some_and(|e| e == "toml") {
        return limits::load(&samples.join(name).display().to_string());
    }
    limits::load(name)
}

fn folder(args: &DemoArgs) -> Result<PathBuf, Error> {
    let trouble = |e: std::io::Error| {
        Error::new(
            Class::Storage,
            "io",
            format!("the demo has no folder to work in: {e}"),
            "name one with --output FOLDER",
        )
    };
    match &args.output {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(trouble)?;
            Ok(folder.clone())
        }
        None => {
            let folder = std::env::temp_dir().join(format!("faultscope-demo-{}", std::process::id()));
            std::fs::create_dir_all(&folder).map_err(trouble)?;
            Ok(folder)
        }
    }
}

/// The folder with the samples: the one named, the source tree's, or a new one simulated from the same seeds.
fn samples(args: &DemoArgs, folder: &Path) -> Result<PathBuf, Error> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join("samples")).unwrap_or_default();
    match &args.samples {
        Some(named) => Ok(named.clone()),
        None if tree.join("supply-before.sigmf-meta").is_file() => Ok(tree),
        None => {
            let made = folder.join("samples");
            simulate::write_samples(&made, true)?;
            Ok(made)
        }
    }
}

fn opened() -> Opened {
    Opened {
        title: "Base station 17 down, no calls".into(),
        customer: "Example Mobile".into(),
        site: "Hill 17".into(),
        equipment: Equipment {
            kind: "base station".into(),
            model: "BTS-900".into(),
            serial: "BTS-900-0417".into(),
            tag: "13.56-00A7".into(),
        },
        symptom: "communication interrupted; the housing was knocked, the power lamp is off".into(),
        contact: String::new(),
        priority: Priority::P1,
        terms: None,
    }
}

fn closed() -> Closed {
    Closed {
        root_cause:
            "reservoir capacitor of the power module leaky; after that, final stage of the power amplifier failed"
                .into(),
        closure: Closure {
            code: ClosureCode::Solved,
            remedy: "capacitor and power amplifier replaced; both measured again".into(),
            confirmed_by: None,
            satisfaction: None,
        },
    }
}
