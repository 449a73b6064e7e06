//! The queue on disk: which case is to go where, written before anything is sent, kept until it is there.
//!
//! An entry is an intention, not a copy: what is sent is the case as it then stands. It holds no secret.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::error::{Kind, PushError};
use crate::profile::Settings;

/// Largest entry that is read.
const LARGEST: u64 = 1 << 20;
/// Version of the entries.
const FORMAT: u32 = 1;
/// First and longest wait between two tries, s.
const WAITS: (u64, u64) = (60, 3600);
/// Longest wait that another system may ask for, s.
const LONGEST_ASKED: u64 = 24 * 3600;

/// A ticket in another system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TicketRef {
    /// The id that requests name it by.
    pub id: String,
    /// The number that people see.
    pub number: String,
    /// Its page; empty where there is none.
    pub url: String,
}

/// How far a push has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The ticket, once it is known.
    pub ticket: Option<TicketRef>,
    /// Since when a ticket may be there of which nothing was heard, seconds since 1970.
    pub creating_since_s: Option<i64>,
    /// Whether the ticket was made by this push.
    pub made: bool,
    /// Names of the files that have arrived.
    pub attached: Vec<String>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// It is tried again by itself.
    Waiting,
    /// The other side said no: something has to be changed first.
    Refused,
    /// Somebody has to look whether the ticket is there.
    Unsettled,
}

impl EntryState {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Refused => "refused",
            Self::Unsettled => "unsettled",
        }
    }
}

/// A push that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    format: u32,
    /// `FS-2026-0001@zammad`.
    pub id: String,
    /// The case, as this store numbers it.
    pub case_id: String,
    /// The profile as it was named: an id, or the path of a file.
    pub profile: String,
    /// What was given beside it.
    pub settings: Settings,
    /// Whether the bundle goes along.
    pub bundle: bool,
    /// Tag of the language of its words.
    pub lang: String,
    /// How often it was asked for: what was asked for while it was being sent is sent again.
    pub asked: u64,
    /// When it was asked for first, seconds since 1970.
    pub asked_at_s: i64,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried again, seconds since 1970.
    pub next_at_s: i64,
    /// Where it stands.
    pub state: EntryState,
    /// What went wrong last.
    pub error: String,
    /// What to do about it.
    pub hint: String,
    /// How far it has come.
    pub progress: Progress,
}

impl Entry {
    /// A new one.
    #[must_use]
    pub fn new(case_id: &str, profile_id: &str, profile: &str, now_s: i64) -> Self {
        Self {
            format: FORMAT,
            id: format!("{case_id}@{profile_id}"),
            case_id: case_id.to_owned(),
            profile: profile.to_owned(),
            settings: Settings::default(),
            bundle: false,
            lang: "en".into(),
            asked: 1,
            asked_at_s: now_s,
            tries: 0,
            next_at_s: now_s,
            state: EntryState::Waiting,
            error: String::new(),
            hint: String::new(),
            progress: Progress::default(),
        }
    }

    /// Somebody has looked: the ticket has this number, or there is none.
    pub fn settle(&mut self, number: Option<&str>) {
        self.state = EntryState::Waiting;
        self.progress.creating_since_s = None;
        if let Some(number) = number {
            let (id, number) = (number.to_owned(), number.to_owned());
            self.progress.ticket = Some(TicketRef { id, number, url: String::new() });
            self.progress.made = true;
        }
    }

    /// Writes down what went wrong, and when it is tried again.
    pub fn failed(&mut self, error: &PushError, now_s: i64) {
        self.tries = self.tries.saturating_add(1);
        self.error.clone_from(&error.what);
        self.hint.clone_from(&error.hint);
        self.state = match error.kind {
            Kind::Unsettled => EntryState::Unsettled,
            // A full disk says nothing about the other side.
            kind if kind.passes() || kind == Kind::Storage => EntryState::Waiting,
            _ => EntryState::Refused,
        };
        let doubled = WAITS.0.saturating_mul(1 << self.tries.saturating_sub(1).min(10)).min(WAITS.1);
        let wait = error.wait_s.map_or(doubled, |asked| asked.min(LONGEST_ASKED));
        self.next_at_s = now_s.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
    }
}

/// The folder of entries.
#[derive(Debug, Clone)]
pub struct Queue {
    dir: PathBuf,
}

/// Nobody else sends while it lives.
#[derive(Debug)]
pub struct Sending(#[allow(dead_code, reason = "held, not read")] File);

impl Queue {
    /// The queue in a folder, which need not be there yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// All entries, the oldest first, and the names of files that are none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn all(&self) -> Result<(Vec<Entry>, Vec<String>), PushError> {
        let failed = |e: io::Error| PushError::storage("reading the queue", &self.dir, &e);
        let listed = match fs::read_dir(&self.dir) {
            Ok(listed) => listed,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            Err(e) => return Err(failed(e)),
        };
        let (mut entries, mut broken) = (Vec::new(), Vec::new());
        for file in listed {
            let path = file.map_err(failed)?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name.starts_with('.') || !name.ends_with(".json") {
                continue;
            }
            match read(&path) {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => {}
                Err(_) => broken.push(name),
            }
        }
        entries.sort_by(|a, b| (a.asked_at_s, &a.id).cmp(&(b.asked_at_s, &b.id)));
        broken.sort();
        Ok((entries, broken))
    }

    /// An entry.
    ///
    /// # Errors
    /// When its file cannot be read or is none.
    pub fn get(&self, id: &str) -> Result<Option<Entry>, PushError> {
        read(&self.path(id))
    }

    /// Writes down that a case is to go somewhere; durable when it returns. One that is there already is asked for once more.
    ///
    /// # Errors
    /// When it is there already with other settings, or the folder cannot be written.
    pub fn ask(&self, new: Entry) -> Result<Entry, PushError> {
        self.make_folder()?;
        let _lock = self.lock()?;
        self.sweep();
        let Some(known) = read(&self.path(&new.id))? else {
            self.write(&new)?;
            return Ok(new);
        };
        if known.settings != new.settings || known.profile != new.profile {
            let what = format!("{} is in the queue with other settings", new.id);
            return Err(PushError::new(Kind::Profile, what, format!("`push drop {}` takes it out", new.id)));
        }
        let (bundle, lang) = (known.bundle || new.bundle, new.lang);
        let entry = Entry { asked: known.asked.saturating_add(1), bundle, lang, state: EntryState::Waiting, ..known };
        self.write(&entry)?;
        Ok(entry)
    }

    /// Changes an entry, if it is still there; durable when it returns.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Entry)) -> Result<Option<Entry>, PushError> {
        let _lock = self.lock()?;
        let Some(mut entry) = read(&self.path(id))? else { return Ok(None) };
        change(&mut entry);
        self.write(&entry)?;
        Ok(Some(entry))
    }

    /// Takes an entry out that is done; one that was asked for again in the meantime stays, and has its files still to send.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn finish(&self, done: &Entry) -> Result<(), PushError> {
        let _lock = self.lock()?;
        match read(&self.path(&done.id))? {
            Some(entry) if entry.asked == done.asked => self.remove(&done.id),
            Some(entry) => self.write(&Entry { tries: 0, error: String::new(), hint: String::new(), ..entry }),
            None => Ok(()),
        }
    }

    /// Takes an entry out, whatever it is, while nobody sends it; whether it was there.
    ///
    /// # Errors
    /// When somebody sends for longer than `patience`, or the folder cannot be written.
    pub fn drop_entry(&self, id: &str, patience: Duration) -> Result<bool, PushError> {
        if !self.path(id).is_file() {
            return Ok(false);
        }
        let _sending = self.sending(patience)?;
        let _lock = self.lock()?;
        let there = self.path(id).is_file();
        if there {
            self.remove(id)?;
        }
        Ok(there)
    }

    /// Waits until nobody else sends.
    ///
    /// # Errors
    /// When somebody else does so for longer than `patience`.
    pub fn sending(&self, patience: Duration) -> Result<Sending, PushError> {
        self.make_folder()?;
        let path = self.dir.join("sending.lock");
        let file = open_lock(&path)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Sending(file)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    let what = format!("another program is sending: {}", self.dir.display());
                    return Err(PushError::new(Kind::Locked, what, "it stays in the queue; wait, then `push retry`"));
                }
                Err(TryLockError::Error(e)) => return Err(PushError::storage("locking the queue", &path, &e)),
            }
        }
    }

    fn make_folder(&self) -> Result<(), PushError> {
        let failed = |e: io::Error| PushError::storage("creating the queue", &self.dir, &e);
        if self.dir.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.dir).map_err(failed)?;
        match self.dir.parent().filter(|p| cfg!(unix) && !p.as_os_str().is_empty()) {
            Some(parent) => File::open(parent).and_then(|d| d.sync_all()).map_err(failed),
            None => Ok(()),
        }
    }

    /// Held for one change of a file, never while something is sent.
    fn lock(&self) -> Result<File, PushError> {
        let path = self.dir.join("lock");
        let file = open_lock(&path)?;
        file.lock().map_err(|e| PushError::storage("locking the queue", &path, &e))?;
        Ok(file)
    }

    /// With the lock held: what a killed program left half-written.
    fn sweep(&self) {
        for file in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|e| e == "tmp") {
                let _ = fs::remove_file(file.path());
            }
        }
    }

    /// A file name of an id: what could leave the folder cannot.
    fn path(&self, id: &str) -> PathBuf {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_~@.".contains(c);
        let name: String =
            id.trim_start_matches('.').chars().map(|c| if plain(c) { c } else { '_' }).take(200).collect();
        self.dir.join(format!("{name}.json"))
    }

    fn write(&self, entry: &Entry) -> Result<(), PushError> {
        let path = self.path(&entry.id);
        let failed = |e: &dyn std::fmt::Display| PushError::storage("writing the queue", &path, e);
        let text = serde_json::to_vec_pretty(entry).map_err(|e| failed(&e))?;
        faultscope_report::write_file(&path, &text).map_err(|e| failed(&e))
    }

    fn remove(&self, id: &str) -> Result<(), PushError> {
        let path = self.path(id);
        let failed = |e: io::Error| PushError::storage("taking out of the queue", &path, &e);
        fs::remove_file(&path).map_err(failed)?;
        if cfg!(unix) { File::open(&self.dir).and_then(|d| d.sync_all()).map_err(failed) } else { Ok(()) }
    }
}

fn open_lock(path: &Path) -> Result<File, PushError> {
    let open = File::options().create(true).truncate(false).write(true).open(path);
    open.map_err(|e| PushError::storage("locking the queue", path, &e))
}

fn read(path: &Path) -> Result<Option<Entry>, PushError> {
    let failed = |e: &dyn std::fmt::Display| PushError::storage("reading the queue", path, e);
    let text = match fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(&e)),
        Ok(meta) if meta.len() > LARGEST => return Err(failed(&"the file is too large for an entry")),
        Ok(_) => fs::read(path).map_err(|e| failed(&e))?,
    };
    let entry: Entry = serde_json::from_slice(&text).map_err(|e| failed(&e))?;
    if entry.format == FORMAT { Ok(Some(entry)) } else { Err(failed(&"the entry is of another version")) }
}

#[cfg(test)]
mod tests;
