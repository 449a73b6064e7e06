//! Items of check lists as evidence: beside signals, alone, once for a case, and bad rules on them.

use super::*;

fn answer(item: &str, result: crate::Answer) -> crate::CheckedItem {
    crate::CheckedItem { item: item.into(), ask: "a".into(), result, note: "seen on site".into(), ..Default::default() }
}

/// Causes of captures and answers together, as rule, confidence and what they rest on.
fn with_answers(captures: &[&Measured], answers: &[crate::CheckedItem]) -> Vec<Cause> {
    let set: Vec<Examined<'_>> = captures.iter().map(|m| Examined::new("dc", m, &[])).collect();
    let inspected: Vec<_> = answers.iter().map(|item| crate::Inspected { list: "power-plant", item }).collect();
    RuleSet::built_in().unwrap().diagnose_with(&set, &inspected)
}

fn confidence(causes: &[Cause], rule: &str) -> f64 {
    causes.iter().find(|c| c.rule == rule).map_or(0.0, |c| c.confidence)
}

/// Ripple alone cannot tell a dried-out capacitor from a higher load; a look at the capacitor can.
#[test]
fn a_bulging_capacitor_lifts_the_capacitor_above_the_load_and_a_good_one_lowers_it() {
    use crate::{Answer, RestsOn};
    // Little above the threshold, so that confidence has room to move.
    let weak = measured("ripple", &rectifier(0.04, 0.0, 0.40), vec![]);
    let alone = with_answers(&[&weak], &[]);
    assert!((confidence(&alone, "R01") - confidence(&alone, "R01a")).abs() < 1e-12, "{alone:#?}");
    let bulging = with_answers(&[&weak], &[answer("capacitor-bulging", Answer::Fail)]);
    assert!(confidence(&bulging, "R01") > confidence(&alone, "R01"));
    assert!(confidence(&bulging, "R01a") < confidence(&alone, "R01a"));
    let first = &bulging[0];
    assert_eq!((first.rule.as_str(), first.rests_on), ("R01", RestsOn::Both));
    assert_eq!(
        (first.checks[0].checked.item.as_str(), first.checks[0].checked.result),
        ("capacitor-bulging", Answer::Fail)
    );
    assert!(first.checks[0].checked.note == "seen on site" && !first.readings.is_empty());
    let good = with_answers(&[&weak], &[answer("capacitor-bulging", Answer::Pass)]);
    assert!(confidence(&good, "R01") < confidence(&alone, "R01"));
    assert!(confidence(&good, "R01a") > confidence(&good, "R01"));
    // The measurement that the class names tells the load, and takes it away.
    let loaded = with_answers(&[&weak], &[answer("load-current", Answer::Fail)]);
    assert_eq!(loaded[0].rule, "R01a");
    let normal = with_answers(&[&weak], &[answer("load-current", Answer::Pass)]);
    assert!(confidence(&normal, "R01") > confidence(&normal, "R01a"));
    // What was not done says nothing, and leaves no trace.
    assert_eq!(with_answers(&[&weak], &[answer("capacitor-bulging", Answer::NotDone)]), alone);
}

/// The log-odds of an answer are those of the rule, once, however many captures meet it.
#[test]
fn answers_count_once_for_a_case() {
    let odds = |p: f64| (p / (1.0 - p)).ln();
    let own = "require=[{reading='vpp',above=0.0}]\nevidence=[{item='fan',is='fail',met=1.0,unmet=-1.0}]\n";
    let rules = one_rule(own).unwrap();
    let m = measured("ripple", &[("vpp", 1.0)], vec![]);
    let set = [Examined::new("a", &m, &[]), Examined::new("b", &m, &[])];
    for (result, want) in [(crate::Answer::Fail, 1.0), (crate::Answer::Pass, -1.0), (crate::Answer::NotDone, 0.0)] {
        let item = answer("fan", result);
        let rules = RuleSet { rules: vec![Rule { prior: 1.0, ..rules.rules[0].clone() }], ..rules.clone() };
        let got = rules.diagnose_with(&set, &[crate::Inspected { list: "l", item: &item }])[0].confidence;
        assert!((odds(got) - 1.0 - want).abs() < 0.06, "{result:?}: {got}");
    }
    // The last answer stands.
    let (first, last) = (answer("fan", crate::Answer::Fail), answer("fan", crate::Answer::Pass));
    let both = [&first, &last].map(|item| crate::Inspected { list: "l", item });
    let one = [crate::Inspected { list: "l", item: &last }];
    assert_eq!(rules.diagnose_with(&set, &both), rules.diagnose_with(&set, &one));
}

/// A case without any capture is ranked by its answers, and every cause says so.
#[test]
fn answers_alone_name_causes_and_say_that_no_signal_does() {
    use crate::{Answer, RestsOn};
    assert!(with_answers(&[], &[]).is_empty());
    let passes =
        ["capacitor-bulging", "fuses-breakers", "fan-running", "connector-water"].map(|i| answer(i, Answer::Pass));
    assert!(with_answers(&[], &passes).is_empty(), "{:#?}", with_answers(&[], &passes));
    let found = with_answers(&[], &[answer("capacitor-bulging", Answer::Fail), answer("fan-running", Answer::Fail)]);
    assert_eq!(found[0].rule, "R01");
    assert!(found.iter().any(|c| c.rule == "I02") && found.iter().all(|c| c.rule != "R01a"), "{found:#?}");
    for cause in &found {
        assert_eq!(cause.rests_on, RestsOn::Inspection, "{}", cause.rule);
        assert!(!cause.checks.is_empty() && cause.readings.is_empty() && cause.because.is_empty(), "{}", cause.rule);
    }
    // Signals speak for what inspection found: a low carrier beside a wet connector.
    let wet = answer("connector-water", Answer::Fail);
    let dry = with_answers(&[], std::slice::from_ref(&wet));
    let radio = measured("spurs", &[("carrier_level", 37.0), ("worst_spur", -75.0)], vec![]);
    let site = LimitSet::parse(include_str!("../../../../../samples/site-tx.toml"), "site").unwrap();
    let findings = crate::judge(&radio, &[site]);
    let set = [Examined::new("tx", &radio, &findings)];
    let low = RuleSet::built_in().unwrap().diagnose_with(&set, &[crate::Inspected { list: "l", item: &wet }]);
    assert!(confidence(&low, "I03") > confidence(&dry, "I03"), "{low:#?}");
    assert!(
        low.iter()
            .any(|c| c.rule == "S19" && c.rests_on == RestsOn::Both && c.checks[0].checked.item == "connector-water")
    );
}

#[test]
fn a_rule_on_items_says_what_is_wrong_with_it() {
    for (conditions, what) in [
        ("require=[{item='fan'}]\n", "goes with the answer"),
        ("require=[{item='fan',is='not_done'}]\n", "goes with the answer"),
        ("require=[{reading='vpp',above=1.0,is='fail'}]\n", "goes with the answer"),
        ("require=[{item='fan',is='fail',above=1.0}]\n", "no value"),
        ("require=[{item='fan',is='fail',reading='vpp'}]\n", "on what"),
    ] {
        let e = one_rule(conditions).unwrap_err();
        assert!(e.what.contains(what) && !e.hint.is_empty(), "{conditions}: {} / {}", e.what, e.hint);
    }
    let idle = format!(
        "version='1'\n[[rule]]\n{}require=[{{reading='vpp',above=1.0}}]\n",
        RULE.replace("ripple", "inspection")
    );
    assert!(RuleSet::parse(&idle, "x").unwrap_err().what.contains("requires no item"));
}
