//! The profiles that ship are whole and refuse what they must; own ones extend them.

use std::collections::BTreeMap;

use super::*;

fn settings(url: &str, values: &[(&str, &str)]) -> Settings {
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Settings { base_url: Some(url.to_owned()), values }
}

#[test]
fn every_profile_that_ships_is_whole_and_says_what_it_rests_on() {
    for id in Profile::shipped() {
        let profile = Profile::built_in(id).unwrap();
        assert_eq!(profile.id, id);
        assert!(profile.base_url.is_empty(), "{id}: everybody has their own");
        assert!(!profile.source.is_empty() && !profile.uncertain.is_empty(), "{id}");
        for tag in ["en", "zh-CN"] {
            assert!(!profile.about[tag].is_empty(), "{id} {tag}");
        }
        assert!(!profile.auth.secrets.is_empty(), "{id}");
        assert_eq!(profile.find.is_none(), id == "osticket", "only osTicket cannot be searched");
        // No secret reaches a body, a path or a query: only the templates of authentication see it.
        for (name, step) in profile.steps().filter(|(name, _)| *name != StepName::Login) {
            let all = [Some(&step.path), step.json.as_ref()].into_iter().flatten();
            let all = all.chain(step.query.values()).chain(step.headers.values());
            assert!(all.into_iter().all(|t| !t.contains("secret")), "{id} {}", name.name());
        }
    }
    assert_eq!(Profile::shipped().count(), 8);
    let error = Profile::built_in("remedy").unwrap_err();
    assert!(error.hint.contains("glpi, itop, jira, osticket, servicenow, tmf621, tmf621-v4, zammad"), "{}", error.hint);
}

#[test]
fn an_own_profile_changes_one_that_ships() {
    let own = "extends = \"zammad\"\nid = \"helpdesk\"\nbase_url = \"https://help.example.com\"\n[values]\ncustomer = \"a@b.c\"\n";
    let profile = Profile::from_toml(own).unwrap().with(&Settings::default()).unwrap();
    assert_eq!((profile.id.as_str(), profile.title.as_str()), ("helpdesk", "Zammad"));
    assert_eq!((&profile.values["group"], &profile.values["customer"]), (&"Users".into(), &"a@b.c".into()));
    assert_eq!(profile.create, Profile::built_in("zammad").unwrap().create);
    assert_eq!(crate::Secrets::variable(&profile.id, "token"), "FAULTSCOPE_HELPDESK_TOKEN");
    assert_eq!(crate::Secrets::variable("tmf621-v4", "app-token"), "FAULTSCOPE_TMF621_V4_APP_TOKEN");
    let v4 = Profile::built_in("tmf621-v4").unwrap();
    assert_eq!(v4.find.unwrap().query["externalIdentifier.id"], "");
}

#[test]
fn what_is_wrong_with_a_profile_is_said() {
    let base = "extends = \"zammad\"\n";
    for (text, why) in [
        ("", "missing field"),
        ("extends = \"nothing\"", "no profile `nothing`"),
        ("extends = 3", "extends"),
        ("x = [", ""),
        (&format!("{base}id = \"../x\""), "an id is made of"),
        (&format!("{base}colour = 3"), "colour"),
        (&format!("{base}timeout_s = 0"), "timeout_s"),
        (&format!("{base}largest_answer_bytes = 99999999999"), "64 MiB"),
        (&format!("{base}[map.priority]\nby = \"priority\"\n[map.priority.to]\n"), ""),
        (&format!("{base}[map.other]\nby = \"state\"\nto = {{ acknowledged = 1 }}"), "says nothing of `inProgress`"),
        (&format!("{base}[map.other]\nby = \"mood\"\nto = {{}}"), "mood"),
        (&format!("{base}[values]\ngroup = [1]"), "`group`"),
        (&format!("{base}[create]\nmethod = \"DELETE\""), "method"),
        (&format!("{base}[create]\nmethod = \"GET\""), "GET carries no body"),
        (&format!("{base}[create]\nraw = true"), "more than one body"),
        (&format!("{base}[create]\npath = \"api\""), "begins with /"),
        (&format!("{base}[create]\nid = \"id\""), "JSON pointer"),
        (&format!("{base}[find]\nurl = \"https://elsewhere.example.com\""), "one of `path` and `url`"),
        (&format!("{base}[find]\nraw = true"), "GET carries no body"),
    ] {
        match Profile::from_toml(text) {
            Err(e) => {
                assert!(e.kind == crate::Kind::Profile && e.what.contains(why) && !e.hint.is_empty(), "{text}: {e}")
            }
            Ok(_) => assert!(why.is_empty(), "{text} is taken"),
        }
    }
}

#[test]
fn what_is_missing_is_asked_for_and_secrets_stay_on_safe_ways() {
    let zammad = || Profile::built_in("zammad").unwrap();
    let error = zammad().with(&Settings::default()).unwrap_err();
    assert!(error.hint.contains("--url"), "{}", error.hint);
    let error = zammad().with(&settings("https://h.example.com", &[])).unwrap_err();
    assert!(error.what.contains("`customer`") && error.hint.contains("--set customer="), "{error} {}", error.hint);
    let error = zammad().with(&settings("https://h.example.com", &[("colour", "red")])).unwrap_err();
    assert!(error.hint.contains("customer, group"), "{}", error.hint);
    for url in [
        "https://h.example.com",
        "https://h.example.com:8443/x",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
        "http://localhost",
    ] {
        zammad().with(&settings(url, &[("customer", "a@b.c")])).unwrap();
    }
    for url in [
        "http://h.example.com",
        "http://127.0.0.1.example.com",
        "ftp://h.example.com",
        "h.example.com",
        "https://",
        "https://h/?a=b",
        "https://h/",
    ] {
        let error = zammad().with(&settings(url, &[("customer", "a@b.c")])).unwrap_err();
        assert_eq!(error.kind, crate::Kind::Profile, "{url}");
    }
    let error = zammad().with(&settings("https://me:hunter2@h.example.com", &[("customer", "a@b.c")])).unwrap_err();
    assert!(!format!("{error} {}", error.hint).contains("hunter2"), "{error}");
}

#[test]
fn secrets_come_from_the_environment_and_are_masked() {
    let profile = Profile::built_in("glpi").unwrap();
    let env = BTreeMap::from([("FAULTSCOPE_GLPI_USER_TOKEN", "q56hqk\n"), ("FAULTSCOPE_GLPI_APP_TOKEN", "")]);
    let look = |name: &str| env.get(name).map(|v| (*v).to_owned());
    let secrets = crate::Secrets::load(&profile, &look).unwrap();
    assert_eq!(secrets.mask("user_token q56hqk, q56hqk"), "user_token ***, ***");
    let error = crate::Secrets::load(&profile, &|_| None).err().unwrap();
    assert!(error.hint.contains("FAULTSCOPE_GLPI_USER_TOKEN"), "{}", error.hint);
    let error = crate::Secrets::load(&profile, &|_| Some("a\nsecret".into())).err().unwrap();
    assert!(!error.what.contains("secret"), "{error}");
}
