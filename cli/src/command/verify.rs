//! `case verify`: chain, digests, findings computed again, signatures.

use faultscope_door::cases::{
    Access, Again, AgainState, DifferenceKind, Signature, SignatureState, Verification, VerifyDocument, VerifyOptions,
};
use faultscope_door::paper::words::{self, Lang, fill};
use faultscope_door::{Error, limits};

use super::{case::desk, signing};
use crate::args::CaseVerifyArgs;
use crate::context::Context;

/// Runs it.
pub(crate) fn run(args: &CaseVerifyArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let options = VerifyOptions {
        packs: args.limits.iter().map(|name| limits::load(name)).collect::<Result<_, _>>()?,
        threads: context.threads(),
        keys: signing::keys(&args.keys, context).ok(),
    };
    let watch = context.watch("verify");
    let verification = desk(context, Access::Read)?.verify(&args.id, &options, watch.as_ref())?;
    drop(watch);
    let document = VerifyDocument { schema: "faultscope/1".into(), verified: vec![verification] };
    let code = document.exit_code();
    if context.common.json {
        context.print_json(&document)?;
        return Ok(code);
    }
    let lang = context.lang()?;
    for verification in &document.verified {
        if args.list {
            verification.have.iter().for_each(|step| context.print(&format!("have {step}")));
        }
        told(&args.id, verification, lang).iter().for_each(|line| context.print(line));
    }
    Ok(code)
}

/// What was found, in words.
pub(crate) fn told(id: &str, verification: &Verification, lang: Lang) -> Vec<String> {
    // Findings and signatures that differ are told below, with why.
    let of_store = verification
        .differences
        .iter()
        .filter(|d| !matches!(d.kind, DifferenceKind::FindingChanged | DifferenceKind::SignatureInvalid));
    let mut lines: Vec<String> = of_store.map(|d| format!("{id}: {}: {}", d.at, d.detail)).collect();
    if lines.is_empty() {
        lines.push(fill(lang, "verify.consistent", &[("id", id)]));
    }
    let sum = &verification.recomputed;
    if sum.findings > 0 {
        let numbers = [sum.findings, sum.recomputed, sum.same, sum.differs, sum.not_evaluated].map(|n| n.to_string());
        let names = ["all", "again", "same", "differs", "not"];
        let values = names.into_iter().zip(numbers.iter().map(String::as_str)).chain([("id", id)]);
        lines.push(fill(lang, "verify.findings", &values.collect::<Vec<_>>()));
    }
    lines.extend(sum.answers.iter().filter(|a| a.state != AgainState::Same).map(|a| answer(id, a, lang)));
    lines.extend(verification.signatures.iter().map(|s| signature(id, s, lang)));
    lines
}

fn answer(id: &str, answer: &Again, lang: Lang) -> String {
    let key = if answer.state == AgainState::Differs { "verify.differs" } else { "verify.not_evaluated" };
    let why = answer.why.map(|why| words::find_or(lang, "verify", why.name())).unwrap_or_default();
    let event = answer.event.to_string();
    let values =
        [("id", id), ("event", &event), ("finding", &answer.finding), ("why", &why), ("detail", &answer.detail)];
    fill(lang, key, &values)
}

fn signature(id: &str, signature: &Signature, lang: Lang) -> String {
    let key = match signature.state {
        SignatureState::Valid => "verify.signed",
        SignatureState::UnknownKey => "verify.signed_unknown",
        SignatureState::Invalid => "verify.signed_invalid",
    };
    let (event, covers, of) = (signature.event.to_string(), signature.covers.to_string(), signature.of.to_string());
    let by = signature.signed_by.as_deref().unwrap_or(&signature.name);
    let values = [
        ("id", id),
        ("event", &event),
        ("name", by),
        ("key", &signature.public_key),
        ("at", &signature.at),
        ("covers", &covers),
        ("of", &of),
    ];
    fill(lang, key, &values)
}
