//! Entries are kept, counted and taken out; what is damaged is named and hurts nobody else.

use super::*;

fn queue() -> (tempfile::TempDir, Queue) {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::new(&dir.path().join("store.push"));
    (dir, queue)
}

#[test]
fn an_entry_stays_until_it_is_done_and_is_asked_for_again_in_between() {
    let (_dir, queue) = queue();
    assert_eq!(queue.all().unwrap(), (vec![], vec![]));
    let entry = queue.ask(Entry::new("FS-2026-0001", "zammad", "zammad", 100)).unwrap();
    assert_eq!(entry.id, "FS-2026-0001@zammad");
    let sent = queue.change(&entry.id, |e| e.progress.made = true).unwrap().unwrap();
    // Somebody asks again while it is being sent: it is not lost when the first is done.
    let again = queue.ask(Entry { bundle: true, ..Entry::new("FS-2026-0001", "zammad", "zammad", 200) }).unwrap();
    assert_eq!((again.asked, again.asked_at_s, again.bundle, again.progress.made), (2, 100, true, true));
    queue.finish(&sent).unwrap();
    assert_eq!(queue.get(&entry.id).unwrap().unwrap().asked, 2);
    queue.finish(&again).unwrap();
    assert_eq!(queue.get(&entry.id).unwrap(), None);
    queue.finish(&again).unwrap();
    assert!(queue.change(&entry.id, |_| ()).unwrap().is_none());
}

#[test]
fn other_settings_are_not_mixed_into_an_entry() {
    let (_dir, queue) = queue();
    queue.ask(Entry::new("FS-2026-0001", "zammad", "zammad", 100)).unwrap();
    let settings = Settings { base_url: Some("https://other.example.com".into()), ..Settings::default() };
    let error = queue.ask(Entry { settings, ..Entry::new("FS-2026-0001", "zammad", "zammad", 100) }).unwrap_err();
    assert!(error.kind == Kind::Profile && error.hint.contains("push drop FS-2026-0001@zammad"), "{error}");
    assert!(queue.drop_entry("FS-2026-0001@zammad", Duration::ZERO).unwrap());
    assert!(!queue.drop_entry("FS-2026-0001@zammad", Duration::ZERO).unwrap());
}

#[test]
fn waits_double_up_to_an_hour_and_what_is_asked_for_is_honoured() {
    let mut entry = Entry::new("c", "p", "p", 0);
    let busy = PushError::new(Kind::Busy, "429", "");
    let waits: Vec<i64> = (0..8)
        .map(|_| {
            entry.failed(&busy, 1000);
            entry.next_at_s - 1000
        })
        .collect();
    assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600]);
    entry.failed(&PushError { wait_s: Some(5), ..busy.clone() }, 1000);
    assert_eq!((entry.next_at_s, entry.state), (1005, EntryState::Waiting));
    entry.failed(&PushError { wait_s: Some(u64::MAX), ..busy }, i64::MAX - 5);
    assert_eq!(entry.next_at_s, i64::MAX);
    for (kind, state) in [
        (Kind::Refused, EntryState::Refused),
        (Kind::Secret, EntryState::Refused),
        (Kind::Storage, EntryState::Waiting),
        (Kind::Unsettled, EntryState::Unsettled),
    ] {
        entry.failed(&PushError::new(kind, "", ""), 0);
        assert_eq!(entry.state, state);
    }
}

#[test]
fn a_damaged_entry_is_named_and_the_others_go_on() {
    let (_dir, queue) = queue();
    queue.ask(Entry::new("FS-2026-0001", "glpi", "glpi", 1)).unwrap();
    for (name, text) in [("a.json", "{"), ("b.json", ""), ("c.json", "[1]"), ("d.json", "{\"format\": 1}")] {
        fs::write(queue.dir().join(name), text).unwrap();
    }
    let whole = fs::read_to_string(queue.dir().join("FS-2026-0001@glpi.json")).unwrap();
    fs::write(queue.dir().join("e.json"), whole.replace("\"format\": 1", "\"format\": 2")).unwrap();
    fs::write(queue.dir().join("f.json"), vec![b' '; 2 << 20]).unwrap();
    fs::write(queue.dir().join(".g.json.1-0.tmp"), "{").unwrap();
    let (entries, broken) = queue.all().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(broken, ["a.json", "b.json", "c.json", "d.json", "e.json", "f.json"]);
    // What a killed program left half-written goes with the next change.
    queue.ask(Entry::new("FS-2026-0002", "glpi", "glpi", 1)).unwrap();
    assert!(!queue.dir().join(".g.json.1-0.tmp").exists());
}

#[test]
fn no_id_leaves_the_folder_and_one_program_sends_at_a_time() {
    let (_dir, queue) = queue();
    for id in ["../../x", "/etc/x", "a/b", "..", ""] {
        assert_eq!(queue.path(id).parent(), Some(queue.dir()), "{id}");
        assert!(!queue.drop_entry(id, Duration::ZERO).unwrap());
    }
    let held = queue.sending(Duration::ZERO).unwrap();
    let error = queue.sending(Duration::from_millis(60)).unwrap_err();
    assert!(error.kind == Kind::Locked && error.kind.passes(), "{error}");
    drop(held);
    queue.sending(Duration::ZERO).unwrap();
}
