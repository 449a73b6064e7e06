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
    assert_eq!(store.overdue("2030-01-01T00:00:00Z").unwrap().len(), 300);
    // By the index, from its start to now.
    let (sql, values) = list::sql_of(&filter, Sort::NextClock, 0, "instr");
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
