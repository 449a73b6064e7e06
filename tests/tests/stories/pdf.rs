//! Reports as PDF, read back by another program: the same figures in both languages, every font embedded, one sheet for the customer.

use std::path::Path;
use std::process::{Command, Stdio};

use faultscope_tests::faultscope;

/// What a program of Debian's `poppler-utils` prints; `None` where it is not installed and not demanded.
fn poppler(program: &str, words: &[&str]) -> Option<String> {
    let output = Command::new(program).args(words).stdin(Stdio::null()).output();
    let demanded = std::env::var_os("FAULTSCOPE_REQUIRE_PDFTOTEXT").is_some();
    assert!(output.is_ok() || !demanded, "{program} is not installed (Debian: poppler-utils)");
    let output = output.ok()?;
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// Numbers with their units, sorted: languages differ in words and in their order only.
fn figures(text: &str) -> Vec<String> {
    const UNITS: [&str; 11] = ["mV", "uV", "V", "dBm", "dBc", "dB", "kHz", "MHz", "Hz", "ms", "s"];
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found: Vec<String> = words
        .windows(2)
        .filter_map(|pair| {
            let number = &pair[0][pair[0]
                .rfind(|c: char| !"-.0123456789".contains(c))
                .map_or(0, |at| at + pair[0][at..].chars().next().map_or(0, char::len_utf8))..];
            let unit = pair[1].split(|c: char| !c.is_alphanumeric() || !c.is_ascii()).next()?;
            (number.ends_with(|c: char| c.is_ascii_digit()) && UNITS.contains(&unit))
                .then(|| format!("{number} {unit}"))
        })
        .collect();
    found.sort();
    found
}

/// The text of one report of the worked example, its fonts and pages checked on the way.
fn printed(folder: &Path, whom: &str, lang: &str) -> Option<String> {
    let store = folder.join("store").display().to_string();
    let pdf = folder.join(format!("{whom}-{lang}.pdf")).display().to_string();
    let outcome =
        faultscope(&["report", "FS-2026-0001", "--store", &store, "--lang", lang, "--for", whom, "--output", &pdf]);
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let fonts = poppler("pdffonts", &[&pdf])?;
    assert!(fonts.lines().count() > 2, "{fonts}");
    // Embedded, as a subset, with the way back to text.
    assert!(fonts.lines().skip(2).all(|font| font.contains("yes yes yes")), "{fonts}");
    if whom == "customer" {
        let about = poppler("pdfinfo", &[&pdf])?;
        assert!(about.lines().any(|line| line.split_whitespace().eq(["Pages:", "1"])), "{about}");
    }
    poppler("pdftotext", &["-raw", "-enc", "UTF-8", &pdf, "-"])
}

#[test]
fn another_program_reads_the_same_figures_in_both_languages() {
    let dir = tempfile::tempdir().unwrap();
    let played = faultscope(&["demo", "--output", &dir.path().display().to_string()]);
    assert_eq!(played.code, 1, "a limit failed in the story: {}", played.err);
    if poppler("pdftotext", &["-v"]).is_none() {
        println!("skipped: no pdftotext");
        return;
    }
    for whom in ["engineer", "customer"] {
        let (Some(english), Some(chinese)) = (printed(dir.path(), whom, "en"), printed(dir.path(), whom, "zh-CN"))
        else {
            return;
        };
        assert!(figures(&english).len() > 10, "hardly a figure can be read for the {whom}:\n{english}");
        assert_eq!(figures(&english), figures(&chinese), "{whom}");
        assert!(whom != "engineer" || chinese.contains("故障报告"), "{chinese}");
    }
}
