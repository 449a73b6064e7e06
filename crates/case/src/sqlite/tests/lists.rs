//! Lists of many cases: what is overdue is found by the index, without reading events.

use super::*;

/// A store with copies of one case's state, each due at another time; only the first has events.
fn many(profile: &str, count: i64) -> (tempfile::TempDir, SqliteStore) {
    let (dir, mut store, _) = fresh();
    let mut state = done(store.tables("reading").state(1));
    let mut opened = state.opened.clone();
    opened.terms = Some(crate::Profile::from_toml(profile).unwrap().terms(Priority::P3));
    let tx = begin(&mut store.connection).unwrap();
    let mut tables = SqliteTables { connection: &tx, dir: Path::new(""), doing: "writing" };
    for number in 2..=count {
        let minute = number * 60_000;
        let at = clock::text_ms(clock::parse_ms("2026-01-01T00:00:00Z").unwrap() + minute);
        let event = NewEvent { at, ..new(EventKind::Opened(Box::new(opened.clone()))) };
        let event = Event::seal(event, &ids::text(2026, number), 1, GENESIS).unwrap();
        state = State::first(&event).unwrap();
        done(tables.insert_case(&state.id, 2026, number, &state));
    }
    tx.commit().unwrap();
    (dir, store)
}

const OFFICE: &str = include_str!("../../../profiles/business-hours.toml");

#[test]
fn a_list_names_what_is_overdue_without_reading_events() {
    let (_dir, store) = many(OFFICE, 300);
    let filter = Filter { overdue: true, limit: Some(50), ..Filter::default() };
    let listed = store.list(&filter, Sort::NextClock, "2030-01-01T00:00:00Z").unwrap();
    assert_eq!((listed.len(), &listed[0].id), (50, &ids::text(2026, 2)));
    assert_eq!(store.overdue("2030-01-01T00:00:00Z", None).unwrap().len(), 300);
    // By the index, from its start to now.
    let (sql, values) = list::sql_of(&filter, Sort::NextClock, 0, None);
    let plan: Vec<String> = {
        let mut statement = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    };
    assert_eq!(plan.len(), 1, "nothing is sorted: {plan:?}");
    assert!(plan[0].starts_with("SEARCH fault_case USING INDEX"), "{plan:?}");
}

/// `cargo test --release -p faultscope-case --lib -- --ignored --nocapture list_of_100_000`
#[test]
#[ignore = "measures; a minute in a debug build"]
fn list_of_100_000() {
    let (_dir, store) = many(OFFICE, 100_000);
    let overdue = |limit| Filter { overdue: true, unclosed: true, limit, ..Filter::default() };
    let open = |limit| Filter { unclosed: true, limit, ..Filter::default() };
    let wang = Filter { assignee: Some("wang".into()), priority: Some(Priority::P1), ..open(None) };
    let now = "2026-02-01T00:00:00Z";
    for (what, filter) in [
        ("next 50", open(Some(50))),
        ("overdue, 50", overdue(Some(50))),
        ("overdue, all", overdue(None)),
        ("of somebody, P1", wang),
        ("words, 50", Filter { text: Some("nothing".into()), ..open(Some(50)) }),
        ("all", open(None)),
    ] {
        let start = std::time::Instant::now();
        let count = store.list(&filter, Sort::NextClock, now).unwrap().len();
        println!("{what}: {count} cases in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    }
}

fn plan(store: &SqliteStore, sql: &str, values: &[list::Value]) -> Vec<String> {
    let mut statement = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn words_are_looked_for_in_the_order_of_the_list_from_an_index_alone() {
    let (_dir, store) = many(OFFICE, 300);
    let found = plan(&store, tables::WORDED, &[]);
    assert_eq!(found.len(), 1, "nothing is sorted: {found:?}");
    assert!(found[0].contains("COVERING INDEX case_by_due_words"), "{found:?}");
    // A list that ends early is the beginning of the whole one, in every order and with every other condition.
    let now = "2026-06-01T00:00:00Z";
    for sort in [Sort::NextClock, Sort::Updated, Sort::Opened, Sort::Priority, Sort::Id] {
        for (unclosed, priority) in [(false, None), (true, None), (false, Some(Priority::P1))] {
            let filter = |text: Option<&str>, limit| Filter {
                text: text.map(str::to_owned),
                limit,
                unclosed,
                priority,
                ..Filter::default()
            };
            let ids = |filter| store.list(&filter, sort, now).unwrap().into_iter().map(|c| c.id).collect::<Vec<_>>();
            // All cases are at one site, and a part of the id tells some apart.
            let by_hand: Vec<String> = ids(filter(None, None)).into_iter().filter(|id| id.contains("-01")).collect();
            let whole = ids(filter(Some("fs-2026-01 SITE"), None));
            assert_eq!(whole, by_hand, "{sort:?} {unclosed} {priority:?}");
            assert_eq!(ids(filter(Some("site fs-2026-01"), Some(7))), whole[..whole.len().min(7)], "{sort:?}");
        }
    }
}

#[test]
fn an_entry_of_the_library_goes_with_its_case_and_what_changed_is_due() {
    let (_dir, mut store, id) = fresh();
    let other = store.create(call()).unwrap().case_id;
    let close = || {
        let closure = crate::Closure {
            code: crate::ClosureCode::Solved,
            remedy: "x".into(),
            confirmed_by: None,
            satisfaction: None,
        };
        new(EventKind::Closed(Box::new(crate::Closed { root_cause: "y".into(), closure })))
    };
    let entry = |store: &SqliteStore, id: &str, words: &str| Entry {
        case_id: id.to_owned(),
        events: store.events(id).unwrap().len() as u64,
        words: words.into(),
        signature: words.as_bytes().to_vec(),
        body: words.into(),
    };
    for id in [&id, &other] {
        store.append(id, None, vec![close()]).unwrap();
    }
    assert_eq!(store.library_lacks(1).unwrap(), [id.clone(), other.clone()]);
    let entries = [entry(&store, &id, "alpha"), entry(&store, &other, "beta")];
    store.library_keep(1, &entries).unwrap();
    store.library_filled(1).unwrap();
    let found = |store: &SqliteStore, text: &str| {
        let found = store.library(1, text, None).unwrap();
        store.library_briefs(&found).unwrap().into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert!(store.library_lacks(1).unwrap().is_empty());
    assert_eq!((found(&store, "ALPH"), found(&store, "")), (vec![id.clone()], vec![other.clone(), id.clone()]));
    // Reopened it is no closed case, closed again it is due; what was made of it before is not believed any more.
    let old = entry(&store, &id, "old");
    store.append(&id, None, vec![new(EventKind::Reopened { reason: "again".into() })]).unwrap();
    assert_eq!((found(&store, ""), store.library_lacks(1).unwrap().len()), (vec![other.clone()], 0));
    store.append(&id, None, vec![close()]).unwrap();
    assert_eq!(store.library_lacks(1).unwrap(), std::slice::from_ref(&id));
    store.library_keep(1, &[old]).unwrap();
    assert_eq!((found(&store, "old").len(), store.library_lacks(1).unwrap().len()), (0, 1));
    store.library_keep(1, &[entry(&store, &id, "gamma")]).unwrap();
    assert_eq!((found(&store, "gamma"), store.library_lacks(1).unwrap().len()), (vec![id.clone()], 0));
    // The highest scores, the latest among equals; what scores less than the least that counts is not asked for again.
    let all = store.library(1, "", None).unwrap();
    let ranked = |most| store.library_ranked(&all, most, &|s, _| (s != b"gamma").then_some(0.5)).unwrap().len();
    assert_eq!((ranked(0), ranked(1), ranked(9)), (0, 1, 1));
    assert_eq!(store.library_ranked(&all, 1, &|_, _| Some(0.5)).unwrap(), all[..1]);
    // Another version makes all of them anew.
    assert_eq!(store.library_lacks(2).unwrap().len(), 2);
    store.library_keep(2, &[entry(&store, &id, "delta")]).unwrap();
    store.library_filled(2).unwrap();
    assert_eq!(store.library_lacks(2).unwrap(), [other]);
}
