//! Every topic is explained in both languages, and what is said is what the data says.

use super::*;

fn one(word: &str, lang: Lang) -> Explained {
    let rules = RuleSet::built_in().unwrap();
    let found = knowledge::find(word, &rules).unwrap();
    assert!(!found.is_empty(), "{word}");
    explain(&found[0], &rules, lang).unwrap()
}

fn text<'a>(e: &'a Explained, name: &str) -> &'a str {
    &e.sections.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("{} has no {name}", e.id)).text
}

#[test]
fn every_name_is_explained_in_both_languages_under_known_headings() {
    let rules = RuleSet::built_in().unwrap();
    for name in knowledge::names(&rules).unwrap() {
        for topic in knowledge::find(&name, &rules).unwrap() {
            for lang in [Lang::En, Lang::ZhCn] {
                let e = explain(&topic, &rules, lang).unwrap();
                assert!(e.sections.len() >= 2, "{name}");
                for s in &e.sections {
                    assert!(s.heading != "?" && !s.text.is_empty(), "{name}: {}", s.name);
                    assert!(!s.text.contains('?') || s.text.contains("? "), "{name}: {}", s.text);
                }
                let names: Vec<&str> = e.sections.iter().map(|s| s.name.as_str()).collect();
                let least: &[&str] = match e.kind.as_str() {
                    "measurement" | "reading" => &["measures", "can_mean", "confirm", "reference"],
                    "cause" => &["what", "required", "rules_out", "next_check", "suspect_part", "basis", "reference"],
                    "class" => &["members", "what", "tell_apart"],
                    "pack" => &["what", "region", "equipment", "validity", "limits", "reference"],
                    _ => &["what", "value", "clause", "region", "equipment", "validity", "confidence", "reference"],
                };
                assert!(least.iter().all(|l| names.contains(l)), "{name} ({lang}): {names:?}");
            }
        }
    }
}

#[test]
fn a_cause_says_what_its_rule_says() {
    let rules = RuleSet::built_in().unwrap();
    let rule = rules.rules.iter().find(|r| r.id == "R02").unwrap();
    let e = one("R02", Lang::En);
    assert_eq!(text(&e, "next_check"), rule.next_check);
    assert!(text(&e, "required").contains("`mains_h4_h2` (4th over 2nd mains harmonic) above 0.42"), "{e:#?}");
    // evidence: above 0.42, sure 0.44, met 2.5, unmet -2.0
    assert!(
        text(&e, "evidence").contains("above 0.42, fully from 0.44 on: +2.5 where it holds, -2 where not"),
        "{e:#?}"
    );
    let zh = one("r02", Lang::ZhCn);
    assert!(text(&zh, "next_check").contains("ESR 表"));
    assert!(text(&zh, "evidence").contains("大于 0.42，到 0.44 为完全成立"), "{zh:#?}");
    assert!(text(&one("R01", Lang::ZhCn), "tell_apart").contains("负载电流"));
}

#[test]
fn a_reading_names_causes_and_limits_and_a_limit_its_figure() {
    let e = one("ripple.vpp", Lang::En);
    assert_eq!((e.kind.as_str(), e.id.as_str()), ("reading", "ripple.vpp"));
    assert!(text(&e, "causes").contains("R01: reservoir capacitor"));
    let limits = text(&e, "limits").to_owned();
    let first = limits.split('`').nth(1).unwrap();
    let limit = one(first, Lang::En);
    let (pack, id) = first.split_once('#').unwrap();
    let data = LimitSet::built_in(pack).unwrap().limits.into_iter().find(|l| l.id == id).unwrap();
    assert_eq!(text(&limit, "clause"), data.clause);
    assert!(text(&limit, "value").contains(&compact(data.upper.unwrap(), data.unit)), "{limit:#?}");
    let markdown = limit.markdown();
    assert!(markdown.starts_with(&format!("# {first}: ")) && markdown.contains("\n## Clause\n"), "{markdown}");
}
