//! A push from log-in to the last file: the ticket is looked for before it is made, and each step is written down once it is done.

use serde_json::{Map, Value, json};

use crate::answer::{accepted, created, found, lists, seen};
use crate::error::{Kind, PushError};
use crate::http::Client;
use crate::profile::{Profile, Step, StepName};
use crate::queue::{Progress, TicketRef};
use crate::request::{Maker, Planned};
use crate::secret::Secrets;
use crate::template::context;

/// What is to be told: JSON that templates see, and files.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The key that the ticket is found by: the case's UUID.
    pub uuid: String,
    /// What templates see; `case` among it.
    pub fields: Map<String, Value>,
    /// The files.
    pub files: Vec<SubjectFile>,
}

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectFile {
    /// Its name, which no other file of the case has.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Where each step is written down, and the time comes from.
pub(crate) trait Ledger {
    /// Seconds since 1970.
    fn now_s(&self) -> i64;
    /// Keeps how far it has come; durable when it returns.
    ///
    /// # Errors
    /// When that cannot be done; then nothing more is sent.
    fn save(&mut self, progress: &Progress) -> Result<(), PushError>;
    /// The ticket is known: made just now, or found. Told again after a failure in between.
    ///
    /// # Errors
    /// As for [`Ledger::save`].
    fn linked(&mut self, ticket: &TicketRef, made: bool) -> Result<(), PushError>;
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The ticket.
    pub ticket: TicketRef,
    /// Whether it was made just now.
    pub made: bool,
}

/// One push on its way.
pub(crate) struct Delivery<'a> {
    profile: &'a Profile,
    subject: &'a Subject,
    maker: Maker<'a>,
    client: Client,
    progress: Progress,
}

impl<'a> Delivery<'a> {
    /// A push that has come as far as `progress`.
    ///
    /// # Errors
    /// A file that the system does not take, or certificates that cannot be read.
    pub(crate) fn new(
        profile: &'a Profile,
        subject: &'a Subject,
        secrets: Secrets,
        progress: Progress,
    ) -> Result<Self, PushError> {
        check_sizes(profile, subject)?;
        let client = Client::new(profile)?;
        Ok(Self { profile, subject, maker: Maker::new(profile, secrets), client, progress })
    }

    /// Sends what is left to send.
    ///
    /// # Errors
    /// What went wrong, with no secret in it; what was done is written down.
    pub(crate) fn run(mut self, ledger: &mut dyn Ledger) -> Result<Delivered, PushError> {
        let outcome = self.settled(ledger.now_s()).and_then(|()| self.login()).and_then(|()| {
            let outcome = self.steps(ledger);
            if let (Some(logout), false) = (&self.profile.auth.logout, self.maker.session.is_empty()) {
                // A session that is not ended ends by itself.
                let _ = self.send(StepName::Logout, logout, None, None);
            }
            outcome
        });
        outcome.map_err(|e| e.map(|text| self.maker.secrets.mask(text)))
    }

    /// After an outcome that nobody knows: whether a search may tell by now, or somebody has to.
    fn settled(&self, now_s: i64) -> Result<(), PushError> {
        let Some(since) = self.progress.creating_since_s.filter(|_| self.progress.ticket.is_none()) else {
            return Ok(());
        };
        if self.profile.find.is_none() {
            let what = format!("a ticket may have been made in {}, which cannot be searched", self.profile.title);
            let hint = "look there: `push retry ID --found NUMBER` if it is, `push retry ID --not-found` if it is not";
            return Err(PushError::new(Kind::Unsettled, what, hint));
        }
        let left = since.saturating_add(i64::try_from(self.profile.settle_s).unwrap_or(0)).saturating_sub(now_s);
        match u64::try_from(left) {
            Ok(left) if left > 0 => {
                let what = format!(
                    "{} needs up to {} s until a new ticket is found",
                    self.profile.title, self.profile.settle_s
                );
                let error = PushError::new(Kind::Settling, what, "it stays in the queue; `push retry` looks again");
                Err(PushError { wait_s: Some(left), ..error })
            }
            _ => Ok(()),
        }
    }

    fn login(&mut self) -> Result<(), PushError> {
        let Some(login) = &self.profile.auth.login else { return Ok(()) };
        let body = self.send(StepName::Login, login, None, None)?;
        for (name, pointer) in &self.profile.auth.session {
            let Some(value) = body.pointer(pointer).and_then(Value::as_str).filter(|v| !v.is_empty()) else {
                let what = format!("{} answers to `login` without {name} at {pointer}", self.profile.title);
                return Err(PushError::new(Kind::Answer, what, "check the URL; a portal may be in between"));
            };
            self.maker.secrets.hide(value);
            self.maker.session.insert(name.clone(), value.to_owned());
        }
        Ok(())
    }

    fn steps(&mut self, ledger: &mut dyn Ledger) -> Result<Delivered, PushError> {
        let known = self.progress.ticket.clone();
        let (ticket, made) = match known {
            Some(ticket) => (ticket, false),
            None => self.find_or_make(ledger)?,
        };
        ledger.linked(&ticket, made || self.progress.made)?;
        match &self.profile.update {
            _ if made => {}
            Some(update) => drop(self.send(StepName::Update, update, Some(&ticket), None)?),
            None if self.progress.made => {}
            None => {
                let what = format!(
                    "{} takes no changes of a ticket: {} stays as it was sent",
                    self.profile.title, ticket.number
                );
                return Err(PushError::new(
                    Kind::Refused,
                    what,
                    "tell the other side by hand; `push drop` takes it out",
                ));
            }
        }
        self.attach(&ticket, made, ledger)?;
        Ok(Delivered { ticket, made: made || self.progress.made })
    }

    fn find_or_make(&mut self, ledger: &mut dyn Ledger) -> Result<(TicketRef, bool), PushError> {
        if let Some(find) = &self.profile.find {
            let body = self.send(StepName::Find, find, None, None)?;
            let proof = match &find.proof {
                Some(template) => self.maker.text("find proof", template, &self.seen(None, None))?,
                None => self.subject.uuid.clone(),
            };
            if let Some(ticket) = found(&body, find, &proof, &self.profile.title)? {
                return self.known(ticket, false, ledger).map(|ticket| (ticket, false));
            }
        }
        // Written down before it is sent: whoever is killed now has to look before making another one.
        self.progress.creating_since_s = Some(ledger.now_s());
        ledger.save(&self.progress)?;
        let create = &self.profile.create;
        let made = self.send(StepName::Create, create, None, None);
        match made.and_then(|body| created(&body, create, &self.profile.title)) {
            Ok(ticket) => self.known(ticket, true, ledger).map(|ticket| (ticket, true)),
            Err(e) => {
                if !e.unclear {
                    self.progress.creating_since_s = None;
                    ledger.save(&self.progress)?;
                }
                Err(e)
            }
        }
    }

    /// Writes down which ticket it is.
    fn known(&mut self, ticket: TicketRef, made: bool, ledger: &mut dyn Ledger) -> Result<TicketRef, PushError> {
        let page = self.maker.text("page", &self.profile.page, &self.seen(Some(&ticket), None))?;
        let url = if page.is_empty() { page } else { format!("{}{page}", self.profile.base_url) };
        let ticket = TicketRef { url, ..ticket };
        self.progress = Progress { ticket: Some(ticket.clone()), creating_since_s: None, made, attached: Vec::new() };
        ledger.save(&self.progress)?;
        Ok(ticket)
    }

    fn attach(&mut self, ticket: &TicketRef, new: bool, ledger: &mut dyn Ledger) -> Result<(), PushError> {
        let Some(attach) = &self.profile.attach else { return Ok(()) };
        let subject = self.subject;
        let left: Vec<_> = subject.files.iter().filter(|f| !self.progress.attached.contains(&f.name)).collect();
        // One of them may have arrived although nothing was heard of it.
        let there = match &self.profile.attached {
            Some(step) if !new && !left.is_empty() => {
                Some((step, self.send(StepName::Attached, step, Some(ticket), None)?))
            }
            _ => None,
        };
        for file in left {
            let arrived = match &there {
                Some((step, body)) => lists(body, step, &file.name, &self.profile.title)?,
                None => false,
            };
            if !arrived {
                self.send(StepName::Attach, attach, Some(ticket), Some(file))?;
            }
            self.progress.attached.push(file.name.clone());
            ledger.save(&self.progress)?;
        }
        Ok(())
    }

    fn send(
        &mut self,
        name: StepName,
        step: &Step,
        ticket: Option<&TicketRef>,
        file: Option<&crate::SubjectFile>,
    ) -> Result<Value, PushError> {
        let seen = self.seen(ticket, file);
        let request = self.maker.request(name, step, &seen, file)?;
        let answer = self.client.send(&request);
        let outcome = answer.and_then(|answer| accepted(&answer, name, step, &self.profile.title));
        outcome.map_err(|e| if step.reads(name) { PushError { unclear: false, ..e } } else { e })
    }

    fn seen(&self, ticket: Option<&TicketRef>, file: Option<&SubjectFile>) -> minijinja::Value {
        view(self.profile, self.subject, ticket, file)
    }
}

/// What templates see: the fields, the profile's values and words, the ticket, the files.
fn view(
    profile: &Profile,
    subject: &Subject,
    ticket: Option<&TicketRef>,
    file: Option<&SubjectFile>,
) -> minijinja::Value {
    let case = subject.fields.get("case");
    let word = |by: &str| case.and_then(|c| c.get(by)).and_then(Value::as_str).unwrap_or_default().to_owned();
    let map: Map<String, Value> = profile
        .map
        .iter()
        .map(|(name, m)| (name.clone(), m.to.get(&word(&m.by)).cloned().unwrap_or_default()))
        .collect();
    // Where files have a request of their own, they do not travel in the others.
    let inside = subject.files.iter().filter(|_| profile.attach.is_none());
    let mut all = subject.fields.clone();
    all.insert("values".into(), json!(profile.values));
    all.insert("map".into(), Value::Object(map));
    all.insert("files".into(), inside.map(described).collect());
    if let Some(file) = file {
        all.insert("file".into(), described(file));
    }
    all.insert("ticket".into(), seen(ticket));
    context(all)
}

fn described(file: &SubjectFile) -> Value {
    json!({
        "name": file.name, "media_type": file.media_type, "size": file.bytes.len(),
        "base64": faultscope_report::base64(&file.bytes),
    })
}

fn check_sizes(profile: &Profile, subject: &Subject) -> Result<(), PushError> {
    let large = |f: &&SubjectFile| f.bytes.len() as u64 > profile.largest_file_bytes;
    match subject.files.iter().find(large) {
        Some(f) => {
            let what = format!(
                "{} has {} bytes, {} is the limit of profile {}",
                f.name,
                f.bytes.len(),
                profile.largest_file_bytes,
                profile.id
            );
            Err(PushError::new(
                Kind::Profile,
                what,
                "send it without --bundle, or raise largest_file_bytes in a profile of your own",
            ))
        }
        None => Ok(()),
    }
}

/// The requests of a push as they would be sent, no secret in them; of what only an answer tells, its name stands there.
///
/// # Errors
/// When a template cannot be filled in.
pub fn plan(profile: &Profile, subject: &Subject, known: Option<&TicketRef>) -> Result<Vec<Planned>, PushError> {
    check_sizes(profile, subject)?;
    let mut maker = Maker::new(profile, Secrets::masked(profile));
    maker.session = profile.auth.session.keys().map(|name| (name.clone(), crate::secret::MASK.to_owned())).collect();
    let wanted = |name: StepName| match name {
        StepName::Find | StepName::Create => known.is_none(),
        StepName::Update | StepName::Attached => known.is_some(),
        _ => true,
    };
    let mut all = Vec::new();
    for (name, step) in profile.steps().filter(|(name, _)| wanted(*name)) {
        let files: Vec<Option<&SubjectFile>> = match name {
            StepName::Attach => subject.files.iter().map(Some).collect(),
            _ => vec![None],
        };
        for file in files {
            let request = maker.request(name, step, &view(profile, subject, known, file), file)?;
            all.push(maker.shown(&request));
        }
    }
    Ok(all)
}
