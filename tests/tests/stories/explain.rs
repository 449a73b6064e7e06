//! `explain`: readings, causes, limits and measurements in two languages, and what is said of a word that names nothing.

use faultscope_tests::{faultscope, sample};

/// Every reading of real results is one that `explain` knows.
#[test]
fn every_reading_that_is_printed_is_explained() {
    let (rail, transmitter) = (sample("supply-before.sigmf-meta"), sample("tx-before.sigmf-meta"));
    let mut seen = 0;
    for (command, capture) in [
        ("ripple", &rail),
        ("transition", &rail),
        ("spurs", &rail),
        ("spurs", &transmitter),
        ("channel", &transmitter),
        ("modulation", &transmitter),
        ("phase-noise", &transmitter),
    ] {
        let document = faultscope(&[command, capture, "--json"]).json();
        for reading in document["captures"][0]["readings"].as_array().unwrap() {
            let topic = format!("{command}.{}", reading["id"].as_str().unwrap());
            let explained = faultscope(&["explain", &topic, "--json"]);
            assert_eq!(explained.code, 0, "{topic}: {}", explained.err);
            assert_eq!(explained.json()["topics"][0]["kind"], "reading", "{topic}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn causes_limits_and_measurements_are_explained_in_the_language_asked_for() {
    let en = faultscope(&["explain", "R01"]);
    assert!(
        en.code == 0 && en.out.contains("## Next check") && en.out.contains("measure the load current"),
        "{}",
        en.out
    );
    let zh = faultscope(&["explain", "R01", "--lang", "zh-CN"]);
    assert!(zh.out.contains("## 下一步检查") && zh.out.contains("储能（滤波）电容容量下降"), "{}", zh.out);
    let limit = faultscope(&["explain", "dc-48v#vpp", "--lang", "zh-CN", "--json"]).json();
    assert_eq!(limit["topics"][0]["id"], "dc-48v#vpp");
    assert_eq!(limit["language"], "zh-CN");
    let names: Vec<&str> =
        limit["topics"][0]["sections"].as_array().unwrap().iter().filter_map(|s| s["name"].as_str()).collect();
    for name in ["value", "clause", "region", "equipment", "confidence", "validity"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let whole = faultscope(&["explain", "ripple", "--lang", "zh-CN"]);
    assert!(whole.out.contains("## 测量内容") && whole.out.contains("`vpp`"), "{}", whole.out);
    let pack = faultscope(&["explain", "dc-48v"]);
    assert!(pack.code == 0 && pack.out.contains("`dc-48v#vpp`"), "{}", pack.out);
}

#[test]
fn a_word_that_names_nothing_is_wrong_usage_and_met_with_the_nearest_names() {
    let slip = faultscope(&["explain", "kurtosys"]);
    assert_eq!(slip.code, 2);
    assert!(slip.err.contains("kurtosys") && slip.err.contains("kurtosis") && slip.out.is_empty(), "{}", slip.err);
    let document = faultscope(&["explain", "kurtosys", "--json"]).json();
    assert!(document["error"]["hint"].as_str().unwrap().contains("kurtosis"));
}

#[test]
fn causes_of_ones_own_rules_are_explained_too() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own.toml");
    let rule = "version = '1'\n[[rule]]\nid = 'X9'\nmeasurement = 'ripple'\ncause = 'our own cause'\ndiscriminator = 'd'\n\
        rules_out = 'r'\nnext_check = 'n'\nsuspect_part = 'p'\nbasis = 'S'\nsource = 'us'\nprior = 2.0\n\
        require = [{ reading = 'vpp', above = 0.5 }]\n";
    std::fs::write(&own, rule).unwrap();
    let own = own.display().to_string();
    let shown = faultscope(&["explain", "X9", "--rules", &own, "--lang", "zh-CN"]);
    assert!(shown.out.contains("our own cause") && shown.out.contains("大于 0.5"), "{}{}", shown.out, shown.err);
    assert_eq!(faultscope(&["explain", "X9"]).code, 2);
}
