//! Every reason for which a finding is another one, or cannot be told, is made to happen.

use std::path::PathBuf;

use faultscope_diagnose::Verdict;

use super::*;
use crate::cases::{Access, Measure, examine};
use crate::{Unwatched, limits};

const OWN: &str = "[pack]\nid = 'own'\nversion = '3'\ntitle = 't'\nsource = 's'\nauthor = 'a'\nvalid_from = '2026-01-01'\n\
    [[limit]]\nid = 'vpp'\nmeasurement = 'ripple'\nreading = 'vpp'\nupper = 0.1\nunit = 'V'\nclause = '1'\n\
    confidence = 'S'\nseverity = 'major'\n\
    [[limit]]\nid = 'off'\nmeasurement = 'ripple'\nreading = 'dc'\nupper = -40.0\nunit = 'V'\nclause = '2'\n\
    confidence = 'U'\nseverity = 'major'\nenabled = false\n";

struct Bench {
    dir: tempfile::TempDir,
    desk: Desk,
    id: String,
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(Some(&dir.path().join("store").display().to_string()), Access::Create, "chen").unwrap();
    let opened = serde_json::from_value(serde_json::json!({"title": "hums", "priority": "P3"})).unwrap();
    let id = desk.create(opened).unwrap().id;
    Bench { dir, desk, id }
}

fn sample() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/supply-before.sigmf-meta"))
}

impl Bench {
    fn own_pack(&self, limit: &str) -> LimitSet {
        let path = self.dir.path().join("own.toml");
        std::fs::write(&path, OWN).unwrap();
        limits::load(&format!("{}{limit}", path.display())).unwrap()
    }

    /// Measures the sample, lets `change` at the result, attaches it, and verifies.
    fn attach(&mut self, packs: Vec<LimitSet>, change: impl FnOnce(&mut CaptureResult)) -> Verification {
        let request = Request { packs, ..Request::default() };
        let (files, result) = examine(&sample(), Measure::By("ripple"), &request, &Unwatched).unwrap();
        let mut result = result.unwrap();
        change(&mut result);
        self.desk.attach(&self.id, &files, Some(&result), None).unwrap();
        self.verify(&VerifyOptions::default())
    }

    fn verify(&self, options: &VerifyOptions) -> Verification {
        self.desk.verify(&self.id, options, &Unwatched).unwrap()
    }
}

fn shipped() -> Vec<LimitSet> {
    vec![LimitSet::built_in("dc-48v").unwrap()]
}

/// Answers that are not `same`.
fn others(verification: &Verification) -> Vec<(AgainState, Option<Why>, &str)> {
    let answers = verification.recomputed.answers.iter().filter(|a| a.state != AgainState::Same);
    answers.map(|a| (a.state, a.why, a.detail.as_str())).collect()
}

#[test]
fn what_was_attached_comes_out_the_same_to_the_last_byte_and_so_does_what_an_own_pack_says() {
    let mut bench = bench();
    let packs = vec![LimitSet::built_in("dc-48v").unwrap(), bench.own_pack("")];
    let found = bench.attach(packs, |_| ());
    std::fs::remove_file(bench.dir.path().join("own.toml")).unwrap();
    assert!(found.is_intact() && found.recomputed.findings > 5, "{found:?}");
    assert!(found.recomputed.answers.iter().all(|a| a.state == AgainState::Same && a.detail.is_empty()), "{found:?}");
    // A channel whose width was left open is found again, not given.
    let tx = sample().with_file_name("tx-before.sigmf-meta");
    let request = Request { packs: vec![LimitSet::built_in("bs-channel").unwrap()], ..Request::default() };
    let (files, result) = examine(&tx, Measure::By("channel"), &request, &Unwatched).unwrap();
    bench.desk.attach(&bench.id, &files, result.as_ref(), None).unwrap();
    let found = bench.verify(&VerifyOptions::default());
    assert!(found.recomputed.answers.iter().any(|a| a.finding.starts_with("channel/")) && others(&found).is_empty());
    // A disabled limit that was asked for by name is asked for again, and the others of its pack are not.
    let pack = vec![bench.own_pack("#off")];
    let found = bench.attach(pack, |r| assert_eq!(r.findings.len(), 1));
    assert!(others(&found).is_empty() && found.is_intact(), "{found:?}");
}

#[test]
fn a_finding_that_the_capture_does_not_give_is_named() {
    let mut bench = bench();
    let found = bench.attach(shipped(), |r| r.findings[0].value = r.findings[0].value.map(|v| v * 1.01));
    assert!(matches!(others(&found)[..], [(AgainState::Differs, Some(Why::ProgramChanged), _)]), "{found:?}");
    assert_eq!(found.differences.len(), 1);
    assert!(found.differences[0].at.contains("event 2"), "{found:?}");
    let found = bench.attach(shipped(), |r| {
        let failed = r.findings.iter_mut().find(|f| f.verdict == Verdict::Fail).unwrap();
        failed.verdict = Verdict::Pass;
    });
    assert_eq!(others(&found).len(), 2, "a verdict turned green is another verdict: {found:?}");
}

#[test]
fn the_limit_pack_is_named_where_it_is_the_pack() {
    let mut bench = bench();
    let upper = |r: &mut CaptureResult, by: f64| {
        let limit = r.findings.iter_mut().find_map(|f| f.limit.as_mut().filter(|l| l.upper.is_some())).unwrap();
        limit.upper = limit.upper.map(|u| u + by);
    };
    let found = bench.attach(shipped(), |r| upper(r, 1.0));
    assert!(matches!(others(&found)[..], [(AgainState::Differs, Some(Why::LimitPackChanged), _)]), "{found:?}");
    // Another version that demands the same: the same answer, and the version is told.
    let mut bench = self::bench();
    let found = bench.attach(shipped(), |r| {
        r.settings.limit_packs = vec!["dc-48v@0.9".into()];
        r.findings.iter_mut().filter_map(|f| f.limit.as_mut()).for_each(|l| l.pack_version = "0.9".into());
    });
    assert!(found.is_intact() && others(&found).is_empty());
    assert!(found.recomputed.answers.iter().all(|a| a.detail.contains("version 1.0")), "{found:?}");
    // An own pack that was not kept, as by older versions, and that somebody has after all.
    let mut bench = self::bench();
    let own = bench.own_pack("");
    let found = bench.attach(vec![own.clone()], |r| r.settings.own_packs.clear());
    assert!(matches!(others(&found)[..], [(AgainState::NotEvaluated, Some(Why::LimitPackMissing), _)]), "{found:?}");
    assert!(found.is_intact());
    let found = bench.verify(&VerifyOptions { packs: vec![own], ..VerifyOptions::default() });
    assert!(others(&found).is_empty() && found.recomputed.same == 1, "{found:?}");
}

#[test]
fn what_cannot_be_computed_again_is_never_taken_for_the_same() {
    let mut bench = bench();
    let all = |found: &Verification, why: Why| {
        let others = others(found);
        assert!(!others.is_empty() && found.recomputed.same == 0, "{found:?}");
        assert!(others.iter().all(|o| (o.0, o.1) == (AgainState::NotEvaluated, Some(why))), "{found:?}");
    };
    all(&bench.attach(shipped(), |r| r.settings.measurement = None), Why::Settings);
    let mut bench = self::bench();
    all(&bench.attach(shipped(), |r| r.settings.open.channel = Some("no such".into())), Why::Settings);
    let mut bench = self::bench();
    let others = |r: &mut CaptureResult| r.findings.iter_mut().for_each(|f| f.measurement = "compare".into());
    all(&bench.attach(shipped(), others), Why::SeveralCaptures);
    // Samples of another capture under the result of this one.
    let mut bench = self::bench();
    let other: faultscope_capture::Digest = serde_json::from_value(serde_json::json!("0".repeat(64))).unwrap();
    all(&bench.attach(shipped(), |r| r.sha256 = Some(other)), Why::DataChanged);
    // A stored file that was changed: the file is named once, its findings are not known.
    let mut bench = self::bench();
    bench.attach(shipped(), |_| ());
    let sha256 = bench.desk.case(&bench.id).unwrap().evidence[0].sha256.clone();
    let place = bench.desk.store.evidence_path(&sha256).unwrap();
    let mut bytes = std::fs::read(&place).unwrap();
    bytes[7] ^= 1;
    std::fs::remove_file(&place).unwrap();
    std::fs::write(&place, bytes).unwrap();
    let found = bench.verify(&VerifyOptions::default());
    assert_eq!(found.differences.len(), 1, "{found:?}");
    all(&found, Why::DataChanged);
}
