//! A team's store on a real PostgreSQL: the contract, several programs at once, teams that do not see each other's cases.
//!
//! `tests/postgres/run.sh` starts a server of its own and runs these; `FAULTSCOPE_POSTGRES_TEST` is the address of an empty database of
//! it, of a user who may make roles. The second program is this test binary again, told by `FAULTSCOPE_TEAM_CHILD` what to do.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

#[cfg(feature = "s3")]
mod bucket;
mod contract;
mod crash;
mod exchange;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use contract::{AT, Place, attach, call, note};
use faultscope_case::{Access, Filter, Sort, Store, StoreError, TeamStore};
use postgres::{Client, NoTls};

const CHILD: &str = "FAULTSCOPE_TEAM_CHILD";
const STORE: &str = "FAULTSCOPE_TEAM_STORE";

fn server() -> String {
    std::env::var("FAULTSCOPE_POSTGRES_TEST").expect("tests/postgres/run.sh starts a server and runs this")
}

/// What a program would be told by its environment.
fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The address of a new schema of the server, with an evidence folder.
fn address(keep: &tempfile::TempDir) -> (String, String) {
    let evidence = keep.path().join("evidence of all").display().to_string().replace('/', "%2F").replace(' ', "%20");
    address_with(keep, &evidence)
}

/// The same, with its evidence elsewhere.
fn address_with(keep: &tempfile::TempDir, evidence: &str) -> (String, String) {
    let schema =
        format!("t{}", keep.path().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), ""));
    let schema = schema.to_lowercase();
    let mut client = Client::connect(&server(), NoTls).unwrap();
    client.batch_execute(&format!("CREATE SCHEMA {schema}")).unwrap();
    (format!("{}&options=-csearch_path%3D{schema}&evidence={evidence}", server()), schema)
}

fn place() -> Place {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = address(&keep);
    TeamStore::init(&address, false, &env).unwrap();
    let replace = contract::in_folder(keep.path().join("evidence of all/evidence"));
    Place {
        open: Box::new(move || Box::new(TeamStore::open(&address, Access::Write, &env).unwrap())),
        replace,
        _keep: keep,
    }
}

contract!(place, #[ignore = "needs a server: tests/postgres/run.sh"]);

/// This binary again, to run `child_main` with the given task.
fn child(task: &str, address: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_main", "--exact", "--nocapture"]).env(CHILD, task).env(STORE, address);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// What the second program does; nothing when the tests are run as tests.
#[test]
fn child_main() {
    exchange::child_main();
    let (Ok(actor), Ok(address)) = (std::env::var(CHILD), std::env::var(STORE)) else { return };
    if let Some(name) = actor.strip_prefix("for ever ") {
        return crash::attach_for_ever(&address, name);
    }
    #[cfg(feature = "s3")]
    if actor == "large" {
        return bucket::store_a_large_file(&address);
    }
    let mut store = TeamStore::open(&address, Access::Write, &env).unwrap();
    for n in 0..1000 {
        let stored = store.append("FS-2026-0001", None, vec![note(&actor, &format!("{actor} {n}"))]).unwrap();
        writeln!(std::io::stdout(), "ack {}", stored[0].id).unwrap();
    }
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn two_programs_write_a_thousand_events_each_to_one_case_and_none_is_lost() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = address(&keep);
    TeamStore::init(&address, false, &env).unwrap();
    let mut store = TeamStore::open(&address, Access::Write, &env).unwrap();
    store.create(call("down")).unwrap();
    let children: Vec<_> = ["one", "two"].map(|actor| child(actor, &address).spawn().unwrap()).into();
    let mut acknowledged = Vec::new();
    for mut child in children {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        acknowledged.extend(lines.filter_map(|line| line.split("ack ").nth(1).map(str::to_owned)));
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(acknowledged.len(), 2000);
    let events = store.events("FS-2026-0001").unwrap();
    assert!(events.iter().zip(1u64..).all(|(event, seq)| event.seq == seq) && events.len() == 2001);
    for actor in ["one", "two"] {
        let own: Vec<_> = events.iter().filter(|e| e.actor == actor).map(|e| e.kind.clone()).collect();
        let expected: Vec<_> = (0..1000).map(|n| note(actor, &format!("{actor} {n}")).kind).collect();
        assert!(own == expected, "{actor}");
    }
    let proof = store.verify("FS-2026-0001").unwrap();
    assert!(proof.is_intact(), "{:?}", proof.differences);
    let have: std::collections::BTreeSet<_> = proof.have.into_iter().collect();
    assert!(acknowledged.iter().all(|id| have.contains(id)));
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn a_server_is_believed_by_its_certificate_and_its_name_only() {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = address(&keep);
    let authority = std::env::var("FAULTSCOPE_POSTGRES_CA").unwrap();
    let encrypted = format!("{address}&sslmode=verify-full");
    let trusted = format!("{encrypted}&sslrootcert={authority}");
    TeamStore::init(&trusted, false, &env).unwrap();
    let mut store = TeamStore::open(&trusted, Access::Write, &env).unwrap();
    store.create(call("down")).unwrap();
    let mut owner = Client::connect(&server(), NoTls).unwrap();
    let sql = "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE s.ssl AND a.application_name = 'faultscope'";
    assert!(owner.query_one(sql, &[]).unwrap().get::<_, i64>(0) > 0, "the connection is not encrypted");
    // Not signed by whom the system believes; signed, but for another name; a file that holds no certificate.
    assert_eq!(TeamStore::open(&encrypted, Access::Write, &env).unwrap_err().exit_code(), 5);
    let renamed = trusted.replace("@localhost:", "@127.0.0.1:");
    assert_eq!(TeamStore::open(&renamed, Access::Write, &env).unwrap_err().kind(), "unreachable");
    let not_one = format!("{encrypted}&sslrootcert={}", std::env::current_exe().unwrap().display());
    assert!([2, 3].contains(&TeamStore::open(&not_one, Access::Write, &env).unwrap_err().exit_code()));
}

/// A laptop's store and a team's.
fn laptop_and_team() -> (tempfile::TempDir, String, String) {
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = address(&keep);
    TeamStore::init(&address, false, &env).unwrap();
    let laptop = keep.path().join("laptop").display().to_string();
    (keep, laptop, address)
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn an_exchange_with_a_team_that_is_killed_loses_nothing_and_is_done_again() {
    let (_keep, laptop, team) = laptop_and_team();
    let (known, cut) = exchange::outlives(&laptop, &team, 6, 1);
    assert!(known > 100 && cut > 0, "{known} steps, {cut} kills in the middle");
}

/// `tests/postgres/run.sh kills`
#[test]
#[ignore = "minutes, and needs a server"]
fn many_kills_of_an_exchange_with_a_team() {
    exchange::outlives_many(laptop_and_team);
}

/// The address for another login of the same server; it trusts whoever comes.
fn of(address: &str, login: &str) -> String {
    address.replace("://postgres@", &format!("://{login}@"))
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn a_team_sees_its_own_cases_and_those_shared_with_it_a_lead_sees_all() {
    let keep = tempfile::tempdir().unwrap();
    let (address, schema) = address(&keep);
    TeamStore::init(&address, true, &env).unwrap();
    // Again, as an update would.
    TeamStore::init(&address, true, &env).unwrap();
    let mut owner = Client::connect(&format!("{}&options=-csearch_path%3D{schema}", server()), NoTls).unwrap();
    let login = |name: &str| format!("{name}_{schema}");
    for (name, role, team) in [
        ("li", "engineer", "north"),
        ("wang", "engineer", "south"),
        ("zhao", "reader", "north"),
        ("chen", "lead", "south"),
        ("nobody", "engineer", ""),
    ] {
        let login = login(name);
        owner.batch_execute(&format!("CREATE ROLE {login} LOGIN; GRANT faultscope_{role} TO {login}")).unwrap();
        if !team.is_empty() {
            owner.execute("INSERT INTO team_member VALUES ($1, $2)", &[&login, &team]).unwrap();
        }
    }
    let open = |name: &str| TeamStore::open(&of(&address, &login(name)), Access::Write, &env).unwrap();
    let (mut li, mut wang, mut zhao, chen) = (open("li"), open("wang"), open("zhao"), open("chen"));
    let north = li.create(call("of the north")).unwrap().case_id;
    attach(&mut li, &north, "a.wav", b"samples").unwrap();
    let south = wang.create(call("of the south")).unwrap().case_id;
    assert_ne!(north, south, "a number that one may not see is taken all the same");
    let sees = |store: &TeamStore| -> Vec<String> {
        let listed = store.list(&Filter::default(), Sort::Id, AT).unwrap();
        let ids: Vec<String> = listed.into_iter().map(|case| case.id).collect();
        assert_eq!(store.case_ids().unwrap(), ids);
        assert_eq!(store.heads().unwrap().len(), ids.len());
        ids
    };
    assert_eq!(sees(&li), [north.as_str()]);
    assert_eq!(sees(&zhao), [north.as_str()]);
    assert_eq!(sees(&wang), [south.as_str()]);
    assert_eq!(sees(&chen), [north.as_str(), &south]);
    for id in [&north, li.events(&north).unwrap()[0].id.as_str().to_owned().as_str()] as [&str; 2] {
        assert_eq!(wang.events(id).unwrap_err().kind(), "unknown_case");
        assert_eq!(wang.verify(id).unwrap_err().kind(), "unknown_case");
        assert_eq!(wang.append(id, None, vec![note("wang", "x")]).unwrap_err().kind(), "unknown_case");
    }
    // Nor past the program: no row of any table tells.
    let mut direct =
        Client::connect(&of(&format!("{}&options=-csearch_path%3D{schema}", server()), &login("wang")), NoTls).unwrap();
    for table in ["fault_case", "event"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE {table}::text LIKE '%of the north%'");
        assert_eq!(direct.query_one(&sql, &[]).unwrap().get::<_, i64>(0), 0, "{table}");
        assert!(owner.query_one(&sql, &[]).unwrap().get::<_, i64>(0) > 0, "{table}");
    }
    let stolen = "INSERT INTO event SELECT no, 99, 'x', 'x', '{}' FROM (VALUES (1), (2)) AS v (no)";
    assert!(direct.execute(stolen, &[]).is_err());
    assert!(direct.execute("UPDATE fault_case SET team = 'north'", &[]).is_err());
    assert!(direct.execute("INSERT INTO team_member VALUES (session_user, 'north')", &[]).is_err());
    assert!(direct.execute("INSERT INTO case_share SELECT 1, 'south'", &[]).is_err());
    // A reader reads; who is in no team can open no case that anybody would see.
    assert!(zhao.is_read_only() && zhao.verify(&north).unwrap().is_intact());
    let refused = zhao.append(&north, None, vec![note("zhao", "x")]).unwrap_err();
    assert_eq!((refused.kind(), refused.exit_code()), ("read_only", 5));
    let refused = open("nobody").create(call("x")).unwrap_err();
    assert_eq!((refused.kind(), refused.exit_code()), ("denied", 5), "{refused}");
    // Shared by a lead, both work on it.
    let mut lead =
        Client::connect(&of(&format!("{}&options=-csearch_path%3D{schema}", server()), &login("chen")), NoTls).unwrap();
    lead.execute("INSERT INTO case_share SELECT no, 'south' FROM fault_case WHERE id = $1", &[&north]).unwrap();
    assert_eq!(sees(&wang), [north.as_str(), &south]);
    wang.append(&north, None, vec![note("wang", "seen here too")]).unwrap();
    assert!(li.verify(&north).unwrap().is_intact() && li.events(&north).unwrap().len() == 3);
    lead.execute("DELETE FROM case_share", &[]).unwrap();
    assert_eq!(sees(&wang), [south.as_str()]);
    // A round is that of the team that used its plan first, with what was found.
    contract::try_inspect(&mut li).unwrap();
    assert_eq!((li.rounds().round_ids().unwrap().len(), chen.rounds().round_ids().unwrap().len()), (1, 1));
    assert!(zhao.rounds().verify_round("north").unwrap().events == 1);
    assert!(wang.rounds().round_ids().unwrap().is_empty() && wang.rounds().all_inspections(None).unwrap().is_empty());
    assert_eq!(direct.query("SELECT FROM round_event", &[]).unwrap().len(), 0);
    let refused = contract::try_inspect(&mut wang).unwrap_err();
    assert!(refused.kind() == "denied" && refused.to_string().contains("another team"), "{refused}");
    assert_eq!(contract::try_inspect(&mut zhao).unwrap_err().kind(), "read_only");
    lead.execute("INSERT INTO round_share SELECT no, 'south' FROM round_plan WHERE plan = 'north'", &[]).unwrap();
    contract::try_inspect(&mut wang).unwrap();
    assert!(li.rounds().verify_round("north").unwrap().is_intact());
    assert_eq!(li.rounds().all_inspections(None).unwrap().len(), 2);
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn a_store_from_before_there_were_rounds_is_brought_up_to_date_with_its_roles() {
    let keep = tempfile::tempdir().unwrap();
    let (address, schema) = address(&keep);
    TeamStore::init(&address, true, &env).unwrap();
    let mut owner = Client::connect(&format!("{}&options=-csearch_path%3D{schema}", server()), NoTls).unwrap();
    let login = format!("old_{schema}");
    owner
        .batch_execute(&format!(
            "CREATE ROLE {login} LOGIN; GRANT faultscope_engineer TO {login}; INSERT INTO team_member VALUES ('{login}', 'north');
             DROP TABLE round_share, round_event, round_plan CASCADE; DELETE FROM faultscope_version WHERE version = 2"
        ))
        .unwrap();
    let theirs = of(&address, &login);
    let error = TeamStore::open(&theirs, Access::Write, &env).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), ("older_store", 5));
    let migrated = TeamStore::migrate(&address).unwrap();
    assert_eq!((migrated.before, migrated.now), (Some(1), 2));
    let mut store = TeamStore::open(&theirs, Access::Write, &env).unwrap();
    contract::try_inspect(&mut store).unwrap();
    assert!(store.rounds().verify_round("north").unwrap().is_intact());
    // Row by row what stands beside an event follows from it.
    for change in
        ["tag = 'x'", "verdict = 'pass'", "done_ms = 1", "case_id = 'x'", "kind = 'raised'", "seq = 2", "id = 'x'"]
    {
        owner
            .batch_execute(&format!("CREATE TABLE old AS TABLE round_event; UPDATE round_event SET {change}"))
            .unwrap();
        assert!(!store.rounds().verify_round("north").unwrap().is_intact(), "{change}");
        owner.batch_execute("DELETE FROM round_event; INSERT INTO round_event TABLE old; DROP TABLE old").unwrap();
    }
    assert!(store.rounds().verify_round("north").unwrap().is_intact());
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn what_is_no_store_or_of_another_version_is_told_without_a_password() {
    let keep = tempfile::tempdir().unwrap();
    let (address, schema) = address(&keep);
    let mut owner = Client::connect(&format!("{}&options=-csearch_path%3D{schema}", server()), NoTls).unwrap();
    let secret = address.replace("postgres@", "postgres:geheim@");
    let refused = |address: &str, kind: &str| {
        let error: StoreError = TeamStore::open(address, Access::Create, &env).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{error}");
        assert!(!format!("{error} {error:?} {}", error.hint()).contains("geheim"), "{error:?}");
    };
    refused(&secret, "no_store");
    assert_eq!(TeamStore::migrate(&secret).unwrap_err().kind(), "no_store");
    owner.batch_execute("CREATE TABLE fault_case (x int)").unwrap();
    refused(&secret, "not_a_store");
    assert_eq!(TeamStore::init(&secret, false, &env).unwrap_err().kind(), "not_a_store");
    owner.batch_execute("DROP TABLE fault_case").unwrap();
    let without = secret.split("&evidence").next().unwrap();
    assert_eq!(TeamStore::init(without, false, &env).unwrap_err().exit_code(), 2);
    let made = TeamStore::init(&secret, false, &env).unwrap();
    assert_eq!((made.before, made.now), (None, 2));
    assert_eq!(TeamStore::migrate(without).unwrap().before, Some(2));
    // The folder is remembered; another one, or one that is not there, is not taken for it.
    drop(TeamStore::open(without, Access::Write, &env).unwrap());
    let elsewhere = |folder: &str| format!("{without}&evidence={}", keep.path().join(folder).display());
    std::fs::create_dir(keep.path().join("other")).unwrap();
    refused(&elsewhere("other"), "storage");
    refused(&elsewhere("none"), "storage");
    std::fs::write(keep.path().join("other/faultscope-evidence"), "of another").unwrap();
    refused(&elsewhere("other"), "not_a_store");
    owner.execute("INSERT INTO faultscope_version VALUES (99)", &[]).unwrap();
    refused(&secret, "newer_store");
    assert_eq!(TeamStore::init(&secret, false, &env).unwrap_err().kind(), "newer_store");
    owner.execute("DELETE FROM faultscope_version WHERE version = 99", &[]).unwrap();
    refused(&secret.replace("postgres:geheim@", "nobody_here:geheim@"), "denied");
    let (head, rest) = secret.split_once('?').unwrap();
    let (host, _) = head.rsplit_once('/').unwrap();
    refused(&format!("{host}/no_such_database?{rest}"), "unreachable");
    refused("postgres://li:geheim@127.0.0.1:1/team", "unreachable");
}

#[test]
#[ignore = "needs a server: tests/postgres/run.sh"]
fn a_lost_connection_is_made_anew_and_a_change_to_any_row_is_named() {
    let keep = tempfile::tempdir().unwrap();
    let (address, schema) = address(&keep);
    TeamStore::init(&address, false, &env).unwrap();
    let login = format!("cut_{schema}");
    let mut owner = Client::connect(&format!("{}&options=-csearch_path%3D{schema}", server()), NoTls).unwrap();
    owner.batch_execute(&format!("CREATE ROLE {login} LOGIN SUPERUSER")).unwrap();
    let mut store = TeamStore::open(&of(&address, &login), Access::Write, &env).unwrap();
    let id = store.create(call("down")).unwrap().case_id;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
    for n in 1..=5 {
        assert_eq!(owner.execute(cut, &[&login]).unwrap(), 1);
        store.append(&id, None, vec![note("li", "x")]).unwrap();
        assert_eq!(owner.execute(cut, &[&login]).unwrap(), 1);
        assert_eq!(store.events(&id).unwrap().len(), n + 1);
    }
    assert!(store.verify(&id).unwrap().is_intact());
    for change in [
        "UPDATE event SET body = replace(body, 'down', 'dawn') WHERE seq = 1",
        "UPDATE event SET hash = 'x' WHERE seq = 2",
        "UPDATE event SET id = 'x' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 6",
        "UPDATE event SET seq = 99 WHERE seq = 4",
        "UPDATE fault_case SET status = 'closed'",
        "UPDATE fault_case SET words = ''",
        "UPDATE fault_case SET number = 7",
        "UPDATE fault_case SET state = replace(state, 'Site 7', 'Site 8')",
    ] {
        owner
            .batch_execute(&format!(
                "CREATE TABLE old_event AS TABLE event; CREATE TABLE old_case AS TABLE fault_case; {change}"
            ))
            .unwrap();
        assert!(!store.verify(&id).unwrap().is_intact(), "{change}");
        owner
            .batch_execute(
                "DELETE FROM event; INSERT INTO event TABLE old_event; UPDATE fault_case f SET (status, words, number, state)
                    = (o.status, o.words, o.number, o.state) FROM old_case o; DROP TABLE old_event, old_case",
            )
            .unwrap();
    }
    assert!(store.verify(&id).unwrap().is_intact());
}
