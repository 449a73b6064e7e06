//! Pages that other programs can read: figures in both languages, one page for the customer, nothing that was redacted.

use std::process::Command;

use serde_json::json;

use super::font::Fonts;
use super::ink::Ink;
use super::{render, set};
use crate::document::{Audience, Document};
use crate::fixture::{figures, report, section};
use crate::input::ReportInput;
use crate::picture::{WIDE_PLACES, wide_font_file};
use crate::redact::{Redaction, Secret};
use crate::words::Lang;
use faultscope_diagnose::Verdict;

fn document(input: &ReportInput, audience: Audience) -> Document {
    Document::of(input, audience, &Redaction::default())
}

/// The text as `pdftotext` (Debian: poppler-utils) reads it; `None` where there is no such program and none is demanded.
fn text_of(pdf: &[u8], name: &str) -> Option<String> {
    let file = std::env::temp_dir().join(format!("faultscope-{}-{name}.pdf", std::process::id()));
    std::fs::write(&file, pdf).unwrap();
    let read = Command::new("pdftotext").args(["-raw", "-enc", "UTF-8"]).arg(&file).arg("-").output();
    std::fs::remove_file(&file).unwrap();
    let demanded = std::env::var_os("FAULTSCOPE_REQUIRE_PDFTOTEXT").is_some();
    assert!(read.is_ok() || !demanded, "pdftotext is not installed");
    let read = read.ok()?;
    assert!(read.status.success() && read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
    Some(String::from_utf8(read.stdout).unwrap())
}

fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    text.matches("/Type/Page").count() - text.matches("/Type/Pages").count()
}

#[test]
fn both_languages_hold_the_same_figures_and_those_of_the_html() {
    if wide_font_file().is_none() {
        return;
    }
    for audience in [Audience::Engineer, Audience::Customer] {
        let of = |lang| {
            let pdf = render(&document(&report(lang), audience)).unwrap();
            text_of(&pdf, &format!("figures-{lang}-{audience:?}")).map(|t| figures(&t))
        };
        let (Some(english), Some(chinese)) = (of(Lang::En), of(Lang::ZhCn)) else { return };
        assert_eq!(english, chinese, "{audience:?}");
        assert!(english.contains_key("1.52 V") && english.contains_key("200 mV"), "{english:?}");
        // Every text of the document is on the page, whatever the layout did to it.
        let mut told = std::collections::BTreeMap::new();
        document(&report(Lang::En), audience).each_text(&mut |text| {
            for (figure, count) in figures(text) {
                *told.entry(figure).or_insert(0) += count;
            }
        });
        for figure in told.keys() {
            assert!(english.contains_key(figure), "{figure} is not in the PDF: {english:?}");
        }
    }
}

#[test]
fn words_can_be_searched_in_both_languages() {
    if wide_font_file().is_none() {
        return;
    }
    let pdf = render(&document(&report(Lang::ZhCn), Audience::Engineer)).unwrap();
    let Some(text) = text_of(&pdf, "search") else { return };
    for needed in ["故障报告", "不合格", "维修前后对比", "Northern Rail", "≤ 200 mV", "±"] {
        assert!(text.contains(needed), "{needed} cannot be found in {text}");
    }
}

/// Outlines in TrueType (WenQuanYi) and in CFF (Noto) are embedded differently.
#[test]
fn every_font_of_this_system_can_be_embedded() {
    for place in WIDE_PLACES {
        let Ok(file) = std::fs::read(place) else { continue };
        let document = document(&report(Lang::ZhCn), Audience::Engineer);
        let pdf = set(&document, Ink::new(Fonts::with(file))).unwrap();
        assert!(pdf.len() < 400_000, "{place}: only what is used is embedded, not {} bytes", pdf.len());
        if let Ok(folder) = std::env::var("FAULTSCOPE_PICTURES") {
            let name = place.rsplit(['/', '\\']).next().unwrap_or_default();
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.pdf")), &pdf).unwrap();
        }
        let Some(text) = text_of(&pdf, "fonts") else { continue };
        assert!(text.contains("故障报告") && text.contains("维修前后对比"), "{place}: {text}");
    }
}

#[test]
fn no_glyph_is_missing() {
    if wide_font_file().is_none() {
        return;
    }
    let mut fonts = Fonts::new();
    let question = fonts.glyph('?');
    for (lang, audience) in
        [(Lang::En, Audience::Engineer), (Lang::ZhCn, Audience::Engineer), (Lang::ZhCn, Audience::Customer)]
    {
        document(&report(lang), audience).each_text(&mut |text| {
            for c in text.chars().filter(|c| *c != '?' && !c.is_control()) {
                let glyph = fonts.glyph(c);
                assert!(glyph != question && glyph.id != 0, "no font has {c}, in {text}");
            }
        });
    }
}

#[test]
fn every_word_of_the_program_has_its_glyphs() {
    if wide_font_file().is_none() {
        return;
    }
    let mut fonts = Fonts::new();
    let question = fonts.glyph('?');
    for c in crate::words::every_character().filter(|c| *c != '?' && !c.is_control()) {
        assert!(fonts.glyph(c) != question, "no font has {c}");
    }
}

#[test]
fn chinese_without_a_chinese_font_is_an_error_not_a_box() {
    let mut input = report(Lang::En);
    let english = render(&document(&input, Audience::Engineer));
    assert!(english.is_ok(), "English needs no font of the system");
    if let Some(case) = &mut input.case {
        case["symptom"] = json!("无发射功率");
    }
    let chinese = render(&document(&input, Audience::Engineer));
    assert_eq!(chinese.is_ok(), wide_font_file().is_some());
    if let Err(e) = chinese {
        assert!(e.hint().contains("fonts-noto-cjk"), "{e}");
    }
}

#[test]
fn the_customers_page_is_one_page_however_much_there_is() {
    assert_eq!(pages(&render(&document(&report(Lang::En), Audience::Customer)).unwrap()), 1);
    let english = "a long sentence about everything that was seen, heard and smelt on site; ".repeat(30);
    let chinese = "现场所见所闻与所做的一切都详细写在这里，没有遗漏；".repeat(30);
    one_page(Lang::En, &english);
    if wide_font_file().is_some() {
        one_page(Lang::ZhCn, &chinese);
    }
}

fn one_page(lang: Lang, words: &str) {
    let mut input = report(lang);
    let case = input.case.as_mut().unwrap();
    let action = json!({"at": "2026-11-22T10:00:00.123Z", "actor": words, "action": "part_replaced", "text": words,
                        "part": {"name": words, "old_serial": words, "new_serial": words}});
    case["actions"] = json!(vec![action; 40]);
    let clock = json!({"name": "arrive_dispatch", "due": "2026-11-22T12:00:00Z", "met_at": null, "state": "late"});
    case["clocks"] = json!(vec![clock; 12]);
    for field in ["title", "symptom", "customer", "site", "assignee", "root_cause"] {
        case[field] = json!(words);
    }
    case["closure"] = json!({"code": "solved", "remedy": words});
    for n in 0..12 {
        input.sections.push(section(&format!("rail {n} before"), 1.5, Verdict::Fail, lang));
        input.sections.push(section(&format!("rail {n} after"), 0.1, Verdict::Pass, lang));
        let overlay = input.overlays[0].1.clone();
        input.overlays.push((n, overlay));
    }
    let pdf = render(&document(&input, Audience::Customer)).unwrap();
    assert_eq!(pages(&pdf), 1);
    assert!(pages(&render(&document(&input, Audience::Engineer)).unwrap()) > 10);
}

#[test]
fn what_is_redacted_is_neither_on_the_pages_nor_in_the_properties() {
    let mut input = report(Lang::En);
    input.case.as_mut().unwrap()["title"] = json!("Northern Rail, SN4711 down");
    input.sections[0].capture.file = "northern-rail-sn-4711.wav".into();
    let wanted = [Secret::Names, Secret::Serials, Secret::Site];
    let redaction = Redaction::of(input.case.as_ref().unwrap(), &wanted, &[], &[], &[], Lang::En);
    let pdf = render(&Document::of(&input, Audience::Engineer, &redaction)).unwrap();
    let bytes = String::from_utf8_lossy(&pdf).to_lowercase();
    let text = text_of(&pdf, "redacted").unwrap_or_default().to_lowercase();
    for secret in ["northern", "4711", "hill 17", "li wei", "h17-3"] {
        assert!(!bytes.contains(secret) && !text.contains(secret), "{secret}");
    }
    assert!(text.is_empty() || text.contains("[customer]"));
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let once = || render(&document(&report(Lang::En), Audience::Engineer)).unwrap();
    assert_eq!(once(), once());
}

#[test]
#[ignore = "writes reports to look at into the folder named by FAULTSCOPE_PICTURES"]
fn pages_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var("FAULTSCOPE_PICTURES").unwrap());
    for (lang, audience) in [(Lang::En, Audience::Engineer), (Lang::ZhCn, Audience::Customer)] {
        let pdf = render(&document(&report(lang), audience)).unwrap();
        crate::write_file(&folder.join(format!("report-{lang}-{audience:?}.pdf")), &pdf).unwrap();
    }
}
