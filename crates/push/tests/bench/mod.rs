//! A case on its way to a loopback server: its queue, what was written down about it, and a clock that does not make anybody wait.
#![allow(dead_code, reason = "each test uses its part")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use faultscope_push::{
    Delivered, Entry, Kind, Profile, Progress, PushError, Queue, Secrets, Sender, Settings, Subject, SubjectFile,
    TicketRef,
};
use serde_json::json;

use super::server::model::{SECRET, USER};
use super::server::{Model, Server};

pub(crate) const SYSTEMS: [&str; 8] =
    ["glpi", "itop", "jira", "osticket", "servicenow", "tmf621", "tmf621-v4", "zammad"];
pub(crate) const UUID: &str = "0199c0de-0000-7000-8000-00000000abcd";

/// The case for which everything is kept that a store would keep.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) queue: Queue,
    pub(crate) server: Server,
    pub(crate) profile: Profile,
    pub(crate) secret: String,
    pub(crate) book: Book,
}

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) now_s: i64,
    pub(crate) patient: bool,
    pub(crate) waited: Vec<u64>,
    pub(crate) linked: Vec<(TicketRef, bool)>,
    /// How many times the store says no before it takes a ticket's number.
    pub(crate) refusals: u32,
}

impl Sender for Book {
    fn now_s(&self) -> i64 {
        self.now_s
    }

    fn wait(&mut self, time: Duration) -> bool {
        if self.patient {
            self.waited.push(time.as_secs());
            self.now_s += i64::try_from(time.as_secs()).unwrap();
        }
        self.patient
    }

    fn linked(&mut self, ticket: &TicketRef, made: bool) -> Result<(), PushError> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(PushError::new(Kind::Storage, "no room left", ""));
        }
        if self.linked.last().is_none_or(|(known, _)| known != ticket) {
            self.linked.push((ticket.clone(), made));
        }
        Ok(())
    }
}

/// A profile that ships, with what it needs, in a hurry.
pub(crate) fn profile(system: &str, url: &str) -> Profile {
    let own = format!("extends = \"{system}\"\ntimeout_s = 1\nsettle_s = 0\nlargest_answer_bytes = 200000\n");
    let needed =
        [("customer", "a@example.com"), ("organization", "Demo"), ("email", "a@example.com"), ("project", "FAULT")];
    let profile = Profile::from_toml(&own).unwrap();
    let values = needed.into_iter().filter(|(name, _)| profile.values.contains_key(*name));
    let values: BTreeMap<String, String> = values.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    profile.with(&Settings { base_url: Some(url.to_owned()), values }).unwrap()
}

pub(crate) fn subject(state: &str) -> Subject {
    let ticket = |key: &str, id: serde_json::Value| {
        let files = json!([{"name": "FS-2026-0001-8.html", "content": "Zm9vYmFy"}]);
        let update = json!({"status": state, "name": "Cell 3 \"down\"", "attachment": files});
        let mut create = update.clone();
        create["description"] = json!("no power");
        create["severity"] = json!("Critical");
        create["ticketType"] = json!("incident");
        create[key] = id;
        json!({"create": create, "update": update})
    };
    let fields = json!({
        "case": {
            "id": "FS-2026-0001", "uuid": UUID, "title": "Cell 3 \"down\" \\ 基站", "summary": format!("no power\n\nfaultscope {UUID} <b>"),
            "priority": "P2", "state": state, "severity": "Critical", "contact": "Anna", "root_cause": "", "updated_at": "2026-11-22T17:00:00Z",
        },
        "tmf621": {
            "v4": ticket("externalId", json!(UUID)),
            "v5": ticket("externalIdentifier", json!([{"id": UUID}])),
        },
    });
    let file =
        SubjectFile { name: "FS-2026-0001-8.html".into(), media_type: "text/html".into(), bytes: b"foobar".to_vec() };
    Subject { uuid: UUID.into(), fields: fields.as_object().unwrap().clone(), files: vec![file] }
}

impl Bench {
    pub(crate) fn new(system: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::new(&dir.path().join("store.push"));
        let server = Server::start(Model::new(system));
        let profile = profile(system, &server.url);
        let book = Book { now_s: 1_000_000, ..Book::default() };
        Self { dir, queue, server, profile, secret: SECRET.into(), book }
    }

    /// Asks for the push and sends it, as the command does; the ticket that the case knows goes along.
    pub(crate) fn push(&mut self, state: &str) -> Result<Delivered, PushError> {
        let mut new = Entry::new("FS-2026-0001", &self.profile.id, "p", self.book.now_s);
        new.progress.ticket = self.book.linked.last().map(|(ticket, _)| ticket.clone());
        let entry = self.queue.ask(new).unwrap();
        self.send(&entry, state)
    }

    /// Sends what is in the queue.
    pub(crate) fn retry(&mut self, state: &str) -> Result<Delivered, PushError> {
        let entry = self.entry().unwrap();
        self.send(&entry, state)
    }

    fn send(&mut self, entry: &Entry, state: &str) -> Result<Delivered, PushError> {
        let (profile, secret) = (&self.profile, self.secret.clone());
        let env = move |name: &str| {
            Some(if name.ends_with("_USER") { USER.to_owned() } else { secret.clone() })
                .filter(|_| !name.ends_with("APP_TOKEN"))
        };
        faultscope_push::send(
            &self.queue,
            entry,
            profile,
            &subject(state),
            &|| Secrets::load(profile, &env),
            &mut self.book,
        )
    }

    pub(crate) fn entry(&self) -> Option<Entry> {
        self.queue.get(&format!("FS-2026-0001@{}", self.profile.id)).unwrap()
    }

    pub(crate) fn progress(&self) -> Progress {
        self.entry().unwrap().progress
    }

    pub(crate) fn tickets(&self) -> usize {
        self.server.model(|m| m.tickets.len())
    }

    /// No file that was written holds the secret, a session, or what is made of them.
    pub(crate) fn no_secret_on_disk(&self) {
        look(self.dir.path());
    }
}

pub(crate) fn leaks(text: &str) -> bool {
    [SECRET, "c2VjcmV0", "cHVzaEBleGFtcGxl", "session-83af"].iter().any(|s| text.contains(s))
}

fn look(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path);
        } else {
            assert!(!leaks(&String::from_utf8_lossy(&std::fs::read(&path).unwrap())), "{}", path.display());
        }
    }
}
