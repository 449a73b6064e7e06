//! Rules against readings made up by hand: ranking, ramps, exclusions, classes, gates, sets of captures, bad files.

use faultscope_signal::Unit;

use super::*;
use crate::finding::{Cause, Finding};
use crate::gate::{Gate, GateState};
use crate::limit::LimitSet;
use crate::measurement::{Behaviour, Detail, Measured, Noise, Origin, Settings, Spur, SpursDetail};
use crate::reading::Reading;

fn measured(measurement: &'static str, readings: &[(&str, f64)], spurs: Vec<Spur>) -> Measured {
    let noise = Noise { density_db_per_hz: 0.0, floor: vec![] };
    let detail = SpursDetail { carrier: None, noise, spurs, level_unit: Unit::Dbfs, rbw_hz: 1.0 };
    let unit = |id: &str| match id {
        "vpp" | "dc" => Unit::Volt,
        "carrier_level" => Unit::Dbm,
        "spur_level" | "worst_spur" => Unit::Dbc,
        _ => Unit::One,
    };
    Measured {
        measurement,
        settings: Settings::default(),
        gates: vec![],
        readings: readings.iter().map(|(id, v)| Reading::new(id, *v, unit(id))).collect(),
        detail: Detail::Spurs(detail),
    }
}

fn spur(origin: Origin, level_dbc: f64) -> Spur {
    Spur {
        frequency_hz: 1e6,
        offset_hz: 1e6,
        level_db: level_dbc,
        level_dbc: Some(level_dbc),
        snr_db: 30.0,
        false_alarm_probability: 0.0,
        origin,
        order: None,
        of: vec![],
        persistent: Some(true),
        behaviour: Some(Behaviour::Steady),
        drift_hz_per_s: None,
    }
}

/// Readings of a single-phase rectifier; the ratios are those of the simulated circuit of the diagnosis tables.
fn rectifier(dc_percent: f64, h1_h2: f64, h4_h2: f64) -> Vec<(&'static str, f64)> {
    let top = h1_h2.max(1.0);
    vec![
        ("mains_share", 0.99),
        ("mains_dc", dc_percent),
        ("mains_h1_h2", h1_h2),
        ("mains_h1_top", h1_h2 / top),
        ("mains_h2_top", 1.0 / top),
        ("mains_h4_h2", h4_h2),
        ("mains_h6_h2", 0.17),
        ("mains_high_h2", 0.015),
        ("vpp", 53.5 * dc_percent / 35.0),
        ("dc", -53.5),
    ]
}

fn causes(m: &Measured, packs: &[&str]) -> (Vec<Cause>, Vec<Finding>) {
    let packs: Vec<LimitSet> = packs.iter().map(|p| LimitSet::built_in(p).unwrap()).collect();
    let mut findings = crate::judge(m, &packs);
    let causes = RuleSet::built_in().unwrap().explain("a", m, &mut findings);
    (causes, findings)
}

#[test]
fn the_rules_that_ship_are_valid_and_every_class_names_rules() {
    let rules = RuleSet::built_in().unwrap();
    assert!(rules.rules.len() >= 50, "{}", rules.rules.len());
    for class in &rules.classes {
        assert!(class.members.len() >= 2 && !class.because.is_empty() && !class.tell_apart.is_empty(), "{}", class.id);
        assert!(class.members.iter().all(|m| rules.rules.iter().any(|r| r.id == *m)), "{}", class.id);
    }
}

#[test]
fn a_weak_reservoir_and_an_open_diode_are_told_apart() {
    let (weak, findings) = causes(&measured("ripple", &rectifier(0.09, 0.0, 0.385), vec![]), &["dc-48v"]);
    assert_eq!(weak[0].rule, "R01");
    assert!(weak[0].readings.iter().any(|r| r.id == "mains_h4_h2" && r.capture == "a"));
    // 53.5 V x 0.09 / 35 is 0.138 V: inside 0.2 V, so that no finding is cited.
    assert!(weak[0].because.is_empty() && findings.iter().all(|f| f.causes.is_empty()));
    let (open, _) = causes(&measured("ripple", &rectifier(0.2, 2.19, 0.34), vec![]), &["dc-48v"]);
    assert_eq!(open[0].rule, "R03");
    assert!(open[0].because.iter().any(|id| id.starts_with("ripple/vpp")), "{:?}", open[0].because);
}

#[test]
fn a_failed_limit_makes_its_cause_surer_and_carries_it() {
    let rule = |packs: &[&str]| {
        let (all, findings) = causes(&measured("ripple", &rectifier(0.05, 2.19, 0.34), vec![]), packs);
        (all.into_iter().find(|c| c.rule == "R03").unwrap().confidence, findings)
    };
    let (without, _) = rule(&[]);
    let strong = measured("ripple", &rectifier(0.2, 2.19, 0.34), vec![]);
    let (_, findings) = causes(&strong, &["dc-48v"]);
    let vpp = findings.iter().find(|f| f.reading == "vpp").unwrap();
    assert_eq!(vpp.causes[0].rule, "R03");
    assert!(without > 0.9);
}

#[test]
fn what_cannot_be_told_apart_says_so_and_names_what_would() {
    let (all, _) = causes(&measured("ripple", &rectifier(0.09, 0.0, 0.385), vec![]), &[]);
    let reservoir = all.iter().find(|c| c.rule == "R01").unwrap();
    assert_eq!(reservoir.alike, ["R25"]);
    assert!(reservoir.tell_apart.contains("load current"));
    let (image, _) = causes(&measured("spurs", &[("worst_spur", -30.0)], vec![spur(Origin::Image, -30.0)]), &[]);
    assert!(image.iter().any(|c| c.rule == "S05" && c.alike == ["A02"] && c.tell_apart.contains("retune")));
}

#[test]
fn a_healthy_rectifier_gets_no_cause() {
    let (all, _) = causes(&measured("ripple", &rectifier(0.026, 0.0, 0.40), vec![]), &["dc-48v"]);
    assert!(all.is_empty(), "{all:?}");
}

fn transmitter(level_dbm: f64, worst: f64) -> (Vec<Cause>, Vec<Finding>) {
    let m = measured("spurs", &[("carrier_level", level_dbm), ("worst_spur", worst), ("spur_level", worst)], vec![]);
    let site = LimitSet::parse(include_str!("../../../../samples/site-tx.toml"), "site").unwrap();
    let mut findings = crate::judge(&m, &[site, LimitSet::built_in("tx-generic").unwrap()]);
    let causes = RuleSet::built_in().unwrap().explain("a", &m, &mut findings);
    (causes, findings)
}

/// Rated 43 +- 2 dB: the set-up is suspected before the unit where the manuals say so, and not where they do not.
#[test]
fn the_set_up_comes_before_the_unit() {
    let first = |level: f64, worst: f64| transmitter(level, worst).0.first().map(|c| (c.rule.clone(), c.kind));
    assert_eq!(first(48.0, -75.0), Some(("U01".into(), CauseKind::SetUp)));
    assert_eq!(first(40.8, -75.0), Some(("U03".into(), CauseKind::SetUp)));
    assert_eq!(first(10.0, -75.0), Some(("U04".into(), CauseKind::SetUp)));
    assert_eq!(first(37.0, -75.0), Some(("S19".into(), CauseKind::Unit)));
    assert_eq!(first(37.0, -45.0), Some(("S18".into(), CauseKind::Unit)));
    assert_eq!(first(43.0, -75.0), None);
    // The unit stays on the list behind the set-up.
    let (all, _) = transmitter(40.8, -75.0);
    assert!(all.iter().any(|c| c.rule == "S19"));
}

#[test]
fn closed_gates_leave_only_causes_that_rest_on_them() {
    let mut m = measured("spurs", &[("worst_spur", -20.0)], vec![spur(Origin::Image, -20.0)]);
    m.gates = vec![Gate::new("clipping", GateState::Fail, "7 %")];
    let (all, _) = causes(&m, &[]);
    assert_eq!(all.iter().map(|c| c.rule.as_str()).collect::<Vec<_>>(), ["S22"]);
    m.gates = vec![Gate::new("lost_samples", GateState::Fail, "12")];
    assert!(causes(&m, &[]).0.is_empty());
}

#[test]
fn captures_of_one_unit_add_up_and_a_good_one_takes_nothing_away() {
    let rules = RuleSet::built_in().unwrap();
    let weak = measured("ripple", &rectifier(0.046, 0.0, 0.385), vec![]);
    let good = measured("ripple", &rectifier(0.010, 0.0, 0.40), vec![]);
    let look = |set: &[(&str, &Measured)]| {
        let set: Vec<Examined<'_>> = set.iter().map(|(name, m)| Examined::new(name, m, &[])).collect();
        rules.diagnose(&set).into_iter().find(|c| c.rule == "R01").map(|c| (c.confidence, c.readings.len()))
    };
    let one = look(&[("before", &weak)]).unwrap();
    let two = look(&[("before", &weak), ("again", &weak)]).unwrap();
    assert!(two.0 > one.0 && two.1 == 2 * one.1, "{one:?} {two:?}");
    // 0.010 % does not meet the requirement: the repaired unit says nothing about what was wrong before.
    assert_eq!(look(&[("before", &weak), ("after", &good)]), Some(one));
}

#[test]
fn the_supply_speaks_for_sidebands_of_the_same_unit() {
    let rules = RuleSet::built_in().unwrap();
    let radio = measured("spurs", &[("mains_pair", -70.0)], vec![]);
    let confidence = |supply: &Measured| {
        let set = [Examined::new("tx", &radio, &[]), Examined::new("dc", supply, &[])];
        rules.diagnose(&set).into_iter().find(|c| c.rule == "S03").unwrap().confidence
    };
    let rippling = measured("ripple", &rectifier(0.09, 0.0, 0.385), vec![]);
    let quiet = measured("ripple", &[("mains_share", 0.1)], vec![]);
    assert!(confidence(&rippling) > confidence(&quiet));
}

const RULE: &str = "id='X1'\nmeasurement='ripple'\ncause='c'\ndiscriminator='d'\nrules_out='r'\nnext_check='n'\n\
                    suspect_part='p'\nbasis='S'\nsource='s'\nprior=0.0\n";

fn one_rule(conditions: &str) -> Result<RuleSet, crate::PackError> {
    RuleSet::parse(&format!("version='1'\n[[rule]]\n{RULE}{conditions}"), "own.toml")
}

/// The weight runs evenly from unmet to met between `above` and `sure`: the probability is its logistic.
#[test]
fn a_ramp_is_even_in_log_odds() {
    let rules = one_rule(
        "require=[{reading='vpp',above=0.0}]\nevidence=[{reading='vpp',above=1.0,sure=2.0,met=3.0,unmet=0.0}]\n",
    )
    .unwrap();
    for (vpp, odds) in [(0.5, 0.0_f64), (1.5, 1.5), (1.8, 2.4), (5.0, 3.0)] {
        let m = measured("ripple", &[("vpp", vpp)], vec![]);
        let got = rules.diagnose(&[Examined::new("a", &m, &[])])[0].confidence;
        let want = 1.0 / (1.0 + (-odds).exp());
        assert!((got - want).abs() < 0.006, "{vpp}: {got} instead of {want}");
    }
}

#[test]
fn a_user_rule_replaces_one_of_the_same_id() {
    let own = one_rule("require=[{reading='vpp',above=0.0}]\n").unwrap();
    let mut again = own.clone();
    again.rules[0].cause = "another".into();
    let both = RuleSet::built_in().unwrap().with(own).with(again);
    let found: Vec<&Rule> = both.rules.iter().filter(|r| r.id == "X1").collect();
    assert_eq!((found.len(), found[0].cause.as_str()), (1, "another"));
    assert_eq!(both.version, "2.1+1+1");
}

#[test]
fn a_rule_file_says_where_it_is_wrong() {
    let good = "require=[{reading='vpp',above=1.0}]\n";
    let cases = [
        ("require=[]\n", "requires nothing"),
        ("require=[{reading='vpp'}]\n", "compared with nothing"),
        ("require=[{above=1.0}]\n", "on what"),
        ("require=[{reading='vpp',spur='image',above=1.0}]\n", "on what"),
        ("require=[{reading='vpp',above=2.0,below=1.0}]\n", "nothing lies between"),
        ("require=[{reading='vpp',above=1.0,met=2.0}]\n", "only in evidence"),
        ("require=[{reading='vpp',above=1.0}]\nevidence=[{reading='vpp',above=1.0}]\n", "adds nothing"),
        ("require=[{reading='vpp',above=1.0,sure=0.5}]\n", "sure lies below"),
        ("require=[{reading='vpp',above=nan}]\n", "not finite"),
        ("require=[{reading='vpp',above=1.0,colour='red'}]\n", "colour"),
        ("require=[{spur='gremlin',above=1.0}]\n", "gremlin"),
    ];
    assert!(one_rule(good).is_ok());
    for (conditions, what) in cases {
        let e = one_rule(conditions).unwrap_err();
        assert!(e.what.contains(what) && !e.hint.is_empty(), "{conditions}: {} / {}", e.what, e.hint);
    }
    let twice = format!("version='1'\n[[rule]]\n{RULE}{good}[[rule]]\n{RULE}{good}");
    assert!(RuleSet::parse(&twice, "x").unwrap_err().what.contains("twice"));
    let strange = format!("version='1'\n[[rule]]\n{}{good}", RULE.replace("ripple", "tea-leaves"));
    assert!(RuleSet::parse(&strange, "x").unwrap_err().what.contains("tea-leaves"));
    assert!(RuleSet::parse("version=1", "x").is_err() && RuleSet::parse("[[[", "x").is_err());
}

#[test]
fn what_is_no_rail_has_no_rectifier_to_blame() {
    let mut readings = rectifier(0.09, 0.0, 0.385);
    readings.push(("ripple_factor", 120.0));
    assert!(causes(&measured("ripple", &readings, vec![]), &[]).0.is_empty());
    let mut m = measured("ripple", &rectifier(0.09, 0.0, 0.385), vec![]);
    m.gates = vec![Gate::new("waveform", GateState::Warn, "two states")];
    assert!(causes(&m, &[]).0.is_empty());
    let refused = RuleSet::parse("version='1'\n[[guard]]\nmeasurement='ripple'\nbecause='b'\nwhen=[{}]\n", "g");
    assert!(refused.unwrap_err().what.contains("guard"));
}
