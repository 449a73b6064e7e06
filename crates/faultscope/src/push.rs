//! The verb "push": a case sent to a ticket system by way of a queue, what is still in it, and the profiles there are.

mod document;
mod profiles;
mod subject;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faultscope_case::{EventKind, Ticketed};
use faultscope_push::{Entry, EntryState, Kind, Profile, PushError, Queue, Secrets, Sender, Settings, TicketRef};
use faultscope_report::words::Lang;

use crate::cases::{Case, Desk};
use crate::{Class, Error, Watch};

pub use document::{PushDocument, PushPlanDocument, PushProfilesDocument, PushQueueDocument, PushState, Pushed};
pub use document::{PushProfile, PushSecret, PushStep, Queued};
pub use faultscope_push::{Confidence, Planned, StepName};
pub use profiles::{load, profiles};

/// Answers for an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where a case is to go.
#[derive(Debug, Clone, Default)]
pub struct PushRequest {
    /// A profile that ships, or the path of one's own.
    pub profile: String,
    /// Another base URL.
    pub url: Option<String>,
    /// Other values, by name.
    pub values: Vec<(String, String)>,
    /// Whether the bundle goes along.
    pub bundle: bool,
    /// Language of the words.
    pub lang: Lang,
    /// Whether it is tried once only, and left to the queue then.
    pub once: bool,
}

/// What somebody saw who looked for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It is there, with this number.
    Found(String),
    /// It is not there.
    NotFound,
}

impl From<PushError> for Error {
    fn from(error: PushError) -> Self {
        Self::new(class(error.kind), error.kind.name(), error.what, error.hint)
    }
}

const fn class(kind: Kind) -> Class {
    match kind {
        Kind::Profile | Kind::Secret | Kind::Refused => Class::Usage,
        Kind::Unreachable | Kind::Busy | Kind::Answer | Kind::Settling => Class::Device,
        Kind::Unsettled => Class::Input,
        Kind::Locked | Kind::Storage => Class::Storage,
    }
}

impl Desk {
    /// The queue of this store: a folder beside it, because a copy of the store is not to send anything.
    fn queue(&self) -> Queue {
        let mut name = self.dir().file_name().unwrap_or_default().to_owned();
        name.push(".push");
        Queue::new(&self.dir().with_file_name(name))
    }

    /// Writes down that a case is to go to a ticket system, then sends it. What cannot be sent now stays in the queue, and the
    /// document says why.
    ///
    /// # Errors
    /// Before anything is written: an unknown case, a profile that cannot be used, a missing secret; or a queue that cannot be written.
    pub fn push(
        &mut self,
        id: &str,
        request: &PushRequest,
        env: Environment<'_>,
        watch: &dyn Watch,
    ) -> Result<PushDocument, Error> {
        let case = self.case(id)?;
        let (named, profile) = profiles::ready(request)?;
        Secrets::load(&profile, env)?;
        let ticket = known(&case, &profile);
        if let Some(ticket) = ticket.as_ref().filter(|_| profile.update.is_none()) {
            let message = format!("{} takes no changes: ticket {} stays as it was sent", profile.title, ticket.number);
            return Err(Error::usage(message, "tell the other side by hand"));
        }
        let queue = self.queue();
        let mut entry = Entry::new(&case.id, &profile.id, &named, now_s());
        entry.settings = request.settings();
        (entry.bundle, entry.lang) = (request.bundle, request.lang.tag().to_owned());
        entry.progress.ticket = ticket;
        let entry = queue.ask(entry)?;
        let pushed = self.send(&queue, &entry, env, watch, request.once)?;
        Ok(PushDocument::new(vec![pushed], Vec::new()))
    }

    /// What would be sent, with no secret in it; nothing is sent or written.
    ///
    /// # Errors
    /// An unknown case, or a profile that cannot be used.
    pub fn push_plan(&self, id: &str, request: &PushRequest) -> Result<PushPlanDocument, Error> {
        let case = self.case(id)?;
        let (_, profile) = profiles::ready(request)?;
        let subject = self.subject(&case.id, request.bundle, request.lang)?;
        let requests = faultscope_push::plan(&profile, &subject, known(&case, &profile).as_ref())?;
        Ok(PushPlanDocument { schema: "faultscope/1".into(), case_id: case.id, profile: profile.id, requests })
    }

    /// What is still to be sent.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub fn push_queue(&self) -> Result<PushQueueDocument, Error> {
        let (entries, broken) = self.queue().all()?;
        let queue = entries.iter().map(Queued::from).collect();
        Ok(PushQueueDocument { schema: "faultscope/1".into(), queue, broken })
    }

    /// Sends what is in the queue: an entry by its id, or all that are due. With `seen`, first writes down what somebody saw.
    ///
    /// # Errors
    /// An entry that is not there, one that is not unsettled where `seen` is given, or a queue that cannot be read.
    pub fn push_retry(
        &mut self,
        id: Option<&str>,
        seen: Option<&Seen>,
        env: Environment<'_>,
        watch: &dyn Watch,
    ) -> Result<PushDocument, Error> {
        let queue = self.queue();
        let (mut entries, broken) = queue.all()?;
        if let Some(id) = id {
            entries.retain(|e| e.id == id);
            let entry = entries.first_mut().ok_or_else(|| not_there(id))?;
            if let Some(seen) = seen {
                *entry = settle(&queue, entry, seen)?;
            }
        } else {
            let now = now_s();
            entries.retain(|e| e.state == EntryState::Waiting && e.next_at_s <= now);
        }
        let mut pushed = Vec::new();
        for entry in entries {
            if watch.cancelled() {
                break;
            }
            pushed.push(self.send(&queue, &entry, env, watch, id.is_none())?);
        }
        Ok(PushDocument::new(pushed, broken))
    }

    /// Takes an entry out of the queue; a ticket that was made stays.
    ///
    /// # Errors
    /// When there is no such entry, or the queue cannot be written.
    pub fn push_drop(&self, id: &str) -> Result<(), Error> {
        if self.queue().drop_entry(id, Duration::from_secs(10))? { Ok(()) } else { Err(not_there(id)) }
    }

    /// Sends one entry; what goes wrong on the way is part of the answer.
    fn send(
        &mut self,
        queue: &Queue,
        entry: &Entry,
        env: Environment<'_>,
        watch: &dyn Watch,
        once: bool,
    ) -> Result<Pushed, Error> {
        let outcome = self.deliver(queue, entry, env, watch, once);
        let left = queue.get(&entry.id)?;
        Ok(Pushed::new(entry, left.as_ref(), outcome))
    }

    fn deliver(
        &mut self,
        queue: &Queue,
        entry: &Entry,
        env: Environment<'_>,
        watch: &dyn Watch,
        once: bool,
    ) -> Result<faultscope_push::Delivered, Error> {
        let prepared = profiles::ready(&PushRequest::of(entry)).and_then(|(_, profile)| {
            let subject = self.subject(&entry.case_id, entry.bundle, entry.lang.parse().unwrap_or_default())?;
            Ok((profile, subject))
        });
        let (profile, subject) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                // A profile that was moved away is not tried for every few minutes.
                let kind = if error.class == Class::Storage { Kind::Storage } else { Kind::Profile };
                let told = PushError::new(kind, error.message.clone(), error.hint.clone());
                queue.change(&entry.id, |e| e.failed(&told, now_s()))?;
                return Err(error);
            }
        };
        let (case_id, place) = (entry.case_id.clone(), (profile.id.clone(), profile.base_url.clone()));
        let mut sender = Postman { desk: self, case_id, place, watch, once };
        let secrets = || Secrets::load(&profile, env);
        Ok(faultscope_push::send(queue, entry, &profile, &subject, &secrets, &mut sender)?)
    }
}

impl PushRequest {
    fn settings(&self) -> Settings {
        Settings { base_url: self.url.clone(), values: self.values.iter().cloned().collect() }
    }

    fn of(entry: &Entry) -> Self {
        Self {
            profile: entry.profile.clone(),
            url: entry.settings.base_url.clone(),
            values: entry.settings.values.clone().into_iter().collect(),
            ..Self::default()
        }
    }
}

fn settle(queue: &Queue, entry: &Entry, seen: &Seen) -> Result<Entry, Error> {
    let open = entry.progress.creating_since_s.is_some() && entry.progress.ticket.is_none();
    if !open {
        return Err(Error::usage(format!("of {} everything is known", entry.id), "push retry ID sends it"));
    }
    let number = match seen {
        Seen::Found(number) => Some(number.as_str()),
        Seen::NotFound => None,
    };
    queue.change(&entry.id, |e| e.settle(number))?.ok_or_else(|| not_there(&entry.id))
}

fn not_there(id: &str) -> Error {
    Error::usage(format!("there is no `{id}` in the queue"), "push queue lists what there is")
}

/// The ticket that a case has in a system.
fn known(case: &Case, profile: &Profile) -> Option<TicketRef> {
    let same = |t: &&Ticketed| t.profile == profile.id && t.base_url == profile.base_url;
    let last = case.tickets.iter().rev().map(|t| &t.ticket).find(same)?;
    Some(TicketRef { id: last.id.clone(), number: last.number.clone(), url: last.url.clone() })
}

/// Seconds since 1970.
fn now_s() -> i64 {
    crate::now().parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second)
}

/// The path of a profile's own file as it is found from anywhere.
fn absolute(path: &str) -> String {
    std::path::absolute(Path::new(path)).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

/// Writes tickets into their case, and lets time go by.
struct Postman<'a> {
    desk: &'a mut Desk,
    case_id: String,
    /// Profile and base URL.
    place: (String, String),
    watch: &'a dyn Watch,
    once: bool,
}

impl Sender for Postman<'_> {
    fn now_s(&self) -> i64 {
        now_s()
    }

    fn wait(&mut self, time: Duration) -> bool {
        let begun = Instant::now();
        while !self.once && !self.watch.cancelled() {
            match time.saturating_sub(begun.elapsed()) {
                Duration::ZERO => return true,
                left => std::thread::sleep(left.min(Duration::from_millis(100))),
            }
        }
        false
    }

    fn linked(&mut self, ticket: &TicketRef, made: bool) -> Result<(), PushError> {
        let stored = |e: Error| PushError::new(Kind::Storage, e.message, e.hint);
        let (profile, base_url) = self.place.clone();
        let case = self.desk.case(&self.case_id).map_err(stored)?;
        let same = |t: &Ticketed| t.profile == profile && t.base_url == base_url && t.id == ticket.id;
        if case.tickets.iter().any(|t| same(&t.ticket)) {
            return Ok(());
        }
        let TicketRef { id, number, url } = ticket.clone();
        let event = EventKind::Ticketed(Box::new(Ticketed { profile, base_url, id, number, url, made }));
        self.desk.append(&self.case_id, None, event).map(drop).map_err(stored)
    }
}
