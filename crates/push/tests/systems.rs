//! Every profile against a server that behaves as its system's documentation says: made, found, brought up to date, with its files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod bench;
mod server;

use std::time::Duration;

use bench::{Bench, SYSTEMS, UUID, leaks, subject};
use faultscope_push::{EntryState, Kind, StepName, plan};
use server::{Fault, Reply};

#[test]
fn a_ticket_is_made_once_and_then_brought_up_to_date() {
    for system in SYSTEMS {
        let mut bench = Bench::new(system);
        let delivered = bench.push("inProgress").unwrap_or_else(|e| panic!("{system}: {e}"));
        assert!(delivered.made && !delivered.ticket.number.is_empty(), "{system}");
        assert_eq!((bench.tickets(), bench.entry()), (1, None), "{system}");
        let (ticket, number) = bench.server.model(|m| (m.tickets[0].clone(), delivered.ticket.number.clone()));
        // RFC 4648: foobar is Zm9vYmFy; where the file is sent as it is, it arrives as it is.
        let content = ticket.files[0].1.as_str();
        assert!(ticket.files.len() == 1 && ticket.files[0].0 == "FS-2026-0001-8.html", "{system}");
        assert!(
            content == "Zm9vYmFy" || (content == "foobar" && ["glpi", "jira", "servicenow"].contains(&system)),
            "{system}: {content}"
        );
        let all = ticket.fields.to_string();
        assert!(all.contains(r#"Cell 3 \"down\""#) && all.contains(UUID), "{system}: {all}");
        match system {
            "zammad" => assert_eq!((number.as_str(), ticket.fields["priority"].as_str()), ("84711", Some("3 high"))),
            "servicenow" => assert_eq!((number.as_str(), ticket.fields["urgency"].as_str()), ("INC0004711", Some("1"))),
            "jira" => {
                assert_eq!((number.as_str(), ticket.fields["priority"]["name"].as_str()), ("FAULT-4711", Some("High")))
            }
            "itop" => assert_eq!((number.as_str(), ticket.fields["impact"].as_str()), ("R-004711", Some("1"))),
            "glpi" => assert_eq!((number.as_str(), ticket.fields["urgency"].as_u64()), ("4711", Some(4))),
            _ => assert_eq!(number, "4711"),
        }
        assert_eq!(
            delivered.ticket.url.starts_with(&bench.server.url),
            !["osticket", "tmf621", "tmf621-v4"].contains(&system),
            "{system}"
        );

        let again = bench.push("resolved");
        assert_eq!(bench.tickets(), 1, "{system}");
        if system == "osticket" {
            let error = again.unwrap_err();
            assert!(error.kind == Kind::Refused && error.what.contains("takes no changes"), "{error}");
            continue;
        }
        assert!(!again.unwrap().made, "{system}");
        let (updates, files) = bench.server.model(|m| (m.tickets[0].updates, m.tickets[0].files.len()));
        assert_eq!(updates, 1, "{system}");
        // GLPI and iTop do not tell the names of files; elsewhere one that is there is not sent again.
        assert_eq!(files, if ["glpi", "itop"].contains(&system) { 2 } else { 1 }, "{system}");
        assert_eq!(bench.book.linked.len(), 1, "{system}");
        bench.no_secret_on_disk();
        assert_eq!(bench.server.model(|m| m.open_sessions), 0, "{system}");
    }
}

#[test]
fn a_ticket_that_this_machine_does_not_know_of_is_found() {
    for system in SYSTEMS.into_iter().filter(|s| *s != "osticket") {
        let mut bench = Bench::new(system);
        bench.push("inProgress").unwrap();
        bench.book.linked.clear();
        let delivered = bench.push("held").unwrap();
        assert_eq!((bench.tickets(), delivered.made), (1, false), "{system}");
        assert!(!bench.book.linked[0].1, "{system}: it was found, not made");
    }
}

#[test]
fn somebody_elses_ticket_is_never_taken() {
    // A search that answers with what only resembles: the ticket is not ours, and a new one is made.
    for (system, other) in [
        ("zammad", r#"[{"id": 1, "number": "1", "title": "FS-2026-00011: another"}]"#),
        ("servicenow", r#"{"result": [{"sys_id": "1", "number": "INC1", "correlation_id": "another"}]}"#),
        ("tmf621", r#"[{"id": "1", "externalIdentifier": [{"id": "another"}]}]"#),
    ] {
        let mut bench = Bench::new(system);
        let other = other.to_owned();
        bench
            .server
            .faults(move |r| if r.writes() { Fault::None } else { Fault::Instead(Reply::new(200, other.as_bytes())) });
        assert!(bench.push("inProgress").unwrap().made, "{system}");
    }
}

#[test]
fn a_wrong_secret_is_refused_and_named_without_being_told() {
    for system in SYSTEMS {
        let mut bench = Bench::new(system);
        bench.secret = "wr0ng-t0k3n-4711".into();
        bench.book.patient = true;
        let error = bench.push("inProgress").unwrap_err();
        assert_eq!((error.kind, bench.tickets()), (Kind::Refused, 0), "{system}: {error}");
        assert!(bench.book.waited.is_empty(), "{system}: no is no");
        let entry = bench.entry().unwrap();
        assert_eq!(entry.state, EntryState::Refused, "{system}");
        assert_eq!(entry.progress.creating_since_s, None, "{system}: a clear no leaves nothing open");
        let told = format!("{error}{}{}{}", error.hint, entry.error, entry.hint);
        assert!(!told.contains("wr0ng"), "{system}: {told}");
        bench.secret = server::model::SECRET.into();
        assert!(bench.retry("inProgress").unwrap().made, "{system}");
    }
}

#[test]
fn an_answer_that_repeats_the_secret_does_not_pass_it_on() {
    let mut bench = Bench::new("servicenow");
    bench.server.faults(|r| Fault::Instead(Reply::new(400, format!("bad request: {:?}", r.headers))));
    let error = bench.push("inProgress").unwrap_err();
    assert!(error.what.contains("***") && !leaks(&error.what), "{error}");
    bench.no_secret_on_disk();
}

#[test]
fn what_passes_is_tried_again_and_what_is_asked_for_is_waited_for() {
    for system in SYSTEMS {
        let mut bench = Bench::new(system);
        bench.book.patient = true;
        bench.server.next_write(Fault::Instead(Reply::new(429, "slow down").with("Retry-After", "7")));
        assert!(bench.push("inProgress").unwrap().made, "{system}");
        assert_eq!((bench.tickets(), bench.book.waited.as_slice()), (1, &[7][..]), "{system}");
    }
    // More than a moment is left to the queue.
    let mut bench = Bench::new("zammad");
    bench.book.patient = true;
    bench.server.faults(|_| Fault::Instead(Reply::new(503, "").with("Retry-After", "120")));
    assert_eq!(bench.push("inProgress").unwrap_err().kind, Kind::Busy);
    let entry = bench.entry().unwrap();
    assert_eq!((entry.next_at_s, entry.state, bench.book.waited.len()), (1_000_120, EntryState::Waiting, 0));
}

#[test]
fn trouble_of_the_other_side_passes() {
    for system in SYSTEMS.into_iter().filter(|s| *s != "osticket") {
        let mut bench = Bench::new(system);
        bench.book.patient = true;
        bench.server.next_write(Fault::Instead(Reply::new(500, "oops")));
        bench.push("inProgress").unwrap_or_else(|e| panic!("{system}: {e}"));
        assert_eq!((bench.tickets(), bench.book.waited.as_slice()), (1, &[1][..]), "{system}");
    }
}

/// Whatever happens to the answer: the ticket is there once, and known.
#[test]
fn a_ticket_that_was_made_without_a_word_is_found_not_made_again() {
    let faults = [
        Fault::DropAfter,
        Fault::Half,
        Fault::After(Reply::new(500, "oops")),
        Fault::After(Reply::new(504, "")),
        Fault::After(Reply::new(200, "<html>log in to the hotel's network</html>")),
        Fault::After(Reply::new(201, "{}")),
        Fault::After(Reply::new(201, "")),
        Fault::Huge,
    ];
    for system in SYSTEMS {
        for fault in &faults {
            let mut bench = Bench::new(system);
            bench.server.next_write(fault.clone());
            let first = bench.push("inProgress").unwrap_err();
            assert_eq!(bench.tickets(), 1, "{system} {fault:?}");
            assert!(bench.progress().creating_since_s.is_some(), "{system} {fault:?}: {first}");
            if system == "osticket" {
                settle_by_hand(&mut bench);
                continue;
            }
            bench.retry("inProgress").unwrap_or_else(|e| panic!("{system} {fault:?}: {e}"));
            let (tickets, files) = bench.server.model(|m| (m.tickets.len(), m.tickets[0].files.len()));
            assert_eq!((tickets, files, bench.book.linked.len()), (1, 1, 1), "{system} {fault:?}");
            bench.no_secret_on_disk();
        }
    }
}

/// Where nothing can be searched, somebody says what is there; until then nothing is sent.
fn settle_by_hand(bench: &mut Bench) {
    let asked = bench.server.seen().len();
    let error = bench.retry("inProgress").unwrap_err();
    assert!(error.kind == Kind::Unsettled && error.hint.contains("--found"), "{error}");
    assert_eq!(bench.entry().unwrap().state, EntryState::Unsettled);
    assert_eq!(bench.server.seen().len(), asked, "nothing was sent");
    let id = bench.entry().unwrap().id;
    bench.queue.change(&id, |e| e.settle(Some("4711"))).unwrap();
    let delivered = bench.retry("inProgress").unwrap();
    assert_eq!((delivered.ticket.number.as_str(), bench.tickets(), bench.entry()), ("4711", 1, None));
}

#[test]
fn silence_after_the_ticket_was_made_ends_in_time() {
    for (system, fault) in [("zammad", Fault::Hang(Duration::from_secs(3))), ("tmf621", Fault::Trickle)] {
        let mut bench = Bench::new(system);
        bench.server.next_write(fault);
        let begun = std::time::Instant::now();
        let error = bench.push("inProgress").unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable, "{system}: {error}");
        assert!(begun.elapsed() < Duration::from_millis(2900), "{system}: the time-out is 1 s");
        assert_eq!(bench.retry("inProgress").map(|d| d.made), Ok(false), "{system}");
        assert_eq!(bench.tickets(), 1, "{system}");
    }
}

#[test]
fn a_new_ticket_is_looked_for_only_once_it_can_be_found() {
    let mut bench = Bench::new("jira");
    bench.profile.settle_s = 60;
    bench.server.next_write(Fault::DropAfter);
    bench.push("inProgress").unwrap_err();
    let asked = bench.server.seen().len();
    let error = bench.retry("inProgress").unwrap_err();
    assert_eq!((error.kind, error.wait_s, bench.server.seen().len()), (Kind::Settling, Some(60), asked));
    bench.book.now_s += 60;
    assert!(!bench.retry("inProgress").unwrap().made);
    assert_eq!(bench.tickets(), 1);
}

#[test]
fn a_redirect_is_not_followed_and_its_place_hears_nothing() {
    let elsewhere = server::Server::start(server::Model::new("zammad"));
    for system in SYSTEMS {
        let mut bench = Bench::new(system);
        let target = format!("{}/stolen", elsewhere.url);
        bench.server.faults(move |_| Fault::Instead(Reply::new(302, "").with("Location", &target)));
        let error = bench.push("inProgress").unwrap_err();
        assert!(error.kind == Kind::Refused && error.what.contains("/stolen"), "{system}: {error}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn nobody_there_is_waited_for_and_nothing_is_lost() {
    let mut bench = Bench::new("glpi");
    bench.profile.base_url = "http://127.0.0.1:1".into();
    let error = bench.push("inProgress").unwrap_err();
    assert!(error.kind == Kind::Unreachable && !error.unclear, "{error}");
    bench.profile.base_url = bench.server.url.clone();
    assert!(bench.retry("inProgress").unwrap().made);
    // Encryption that the other side does not speak: it never sees a request.
    let mut bench = Bench::new("zammad");
    bench.profile.base_url = bench.server.url.replace("http:", "https:");
    let error = bench.push("inProgress").unwrap_err();
    assert!(matches!(error.kind, Kind::Unreachable | Kind::Answer), "{error}");
    let told: Vec<u8> = bench.server.seen().into_iter().flat_map(|r| r.body).collect();
    assert!(!leaks(&String::from_utf8_lossy(&told)) && bench.tickets() == 0);
}

#[test]
fn a_file_that_was_not_heard_of_is_looked_for() {
    for system in ["zammad", "jira", "servicenow"] {
        let mut bench = Bench::new(system);
        let mut writes = 0;
        bench.server.faults(move |r| {
            writes += u32::from(r.writes());
            if r.writes() && writes == 2 { Fault::DropAfter } else { Fault::None }
        });
        bench.push("inProgress").unwrap_err();
        assert_eq!(bench.book.linked.len(), 1, "{system}: the ticket is known already");
        bench.retry("inProgress").unwrap();
        assert_eq!(bench.server.model(|m| (m.tickets.len(), m.tickets[0].files.len())), (1, 1), "{system}");
    }
}

#[test]
fn what_is_shown_is_what_is_sent() {
    for system in SYSTEMS {
        let mut bench = Bench::new(system);
        let shown = plan(&bench.profile, &subject("inProgress"), None).unwrap();
        bench.push("inProgress").unwrap();
        let sent = bench.server.seen();
        assert_eq!(shown.len(), sent.len(), "{system}");
        for (plan, sent) in shown.iter().zip(&sent) {
            let (path, query) = plan
                .url
                .trim_start_matches(&bench.server.url)
                .split_once('?')
                .unwrap_or((plan.url.trim_start_matches(&bench.server.url), ""));
            assert_eq!((&plan.method, server::pairs(query).len()), (&sent.method, sent.query.len()), "{system}");
            assert!(!leaks(&format!("{plan:?}")), "{system}");
            let basic = plan.headers.get("Authorization").filter(|v| v.starts_with("Basic"));
            assert!(basic.is_none_or(|v| v == "Basic ***"), "{system}: {basic:?}");
            // The ticket's id and secrets are not known before: everything else is the same, byte by byte.
            if !matches!(plan.step, StepName::Attach) {
                assert_eq!(path, sent.path, "{system}");
                let body = String::from_utf8_lossy(&sent.body).replace(server::model::SECRET, "***");
                let body = body.replace("push%40example.com", "%2A%2A%2A");
                assert_eq!(plan.body.replace("%2A%2A%2A", "***"), body.replace("%2A%2A%2A", "***"), "{system}");
            }
        }
        let known = &bench.book.linked[0].0;
        let later = plan(&bench.profile, &subject("closed"), Some(known)).unwrap();
        assert!(later.iter().all(|p| !matches!(p.step, StepName::Find | StepName::Create)), "{system}");
    }
}

#[test]
fn a_log_in_elsewhere_is_a_profile_too() {
    // OAuth 2 client credentials (RFC 6749, section 4.4): a form to another server, its token as bearer.
    let tokens = server::Server::start(server::Model::new("none"));
    let answer = format!(r#"{{"access_token": "{}", "token_type": "bearer"}}"#, server::model::SECRET);
    tokens.faults(move |r| {
        let form = server::pairs(&String::from_utf8_lossy(&r.body));
        let right = [("client_id", "push"), ("client_secret", "hush-hush-hush"), ("grant_type", "client_credentials")];
        assert_eq!(form, right.map(|(k, v)| (k.to_owned(), v.to_owned())));
        Fault::Instead(Reply::new(200, answer.as_bytes()))
    });
    let own = format!(
        "extends = \"tmf621\"\nid = \"oss\"\n[auth]\nheaders = {{ Authorization = \"{{% if session.token %}}Bearer {{{{ session.token }}}}{{% endif %}}\" }}\n\
         session = {{ token = \"/access_token\" }}\n[auth.secrets]\ntoken = {{ about = \"unused\", optional = true }}\n\
         client_secret = {{ about = \"client secret\" }}\n[auth.login]\nconfidence = \"documented\"\nmethod = \"POST\"\nurl = \"{}/token\"\n\
         form = {{ grant_type = \"client_credentials\", client_id = \"push\", client_secret = \"{{{{ secret.client_secret }}}}\" }}\n",
        tokens.url
    );
    let mut bench = Bench::new("tmf621");
    let settings = faultscope_push::Settings { base_url: Some(bench.server.url.clone()), ..Default::default() };
    bench.profile = faultscope_push::Profile::from_toml(&own).unwrap().with(&settings).unwrap();
    bench.secret = "hush-hush-hush".into();
    assert!(bench.push("inProgress").unwrap().made);
    bench.no_secret_on_disk();
}
