//! Where an interrupted run goes on: a file of finished results, one line each, that ends wherever the run ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Mutex;

use faultscope_capture::Digest;
use serde::{Deserialize, Serialize};

use super::document::CheckEntry;
use crate::{Class, Error};

const KIND: &str = "faultscope/check-state/1";

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    /// The first: what the results depend on besides the captures.
    Head { state: String, made_of: String },
    /// A finished result; `stamp` tells whether the files have changed since.
    Done { key: String, stamp: String, entry: Box<CheckEntry> },
    /// A result that was attached to a case.
    Attached { attached: String, case: String },
}

/// The file, and what it held.
pub(super) struct State {
    file: Mutex<File>,
    done: BTreeMap<String, (String, CheckEntry)>,
    attached: BTreeSet<(String, String)>,
}

impl State {
    /// Opens a state, or begins one. `made_of` is everything that a result depends on besides the capture.
    pub(super) fn open(path: &Path, made_of: &str) -> Result<Self, Error> {
        let trouble = |e: std::io::Error| storage(path, &e);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(trouble)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(trouble)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let made_of = Digest::of(made_of.as_bytes()).to_string();
        let mut state = Self { file: Mutex::new(file), done: BTreeMap::new(), attached: BTreeSet::new() };
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text.get(..whole).unwrap_or_default().lines();
        match lines.next().map(serde_json::from_str::<Line>) {
            None if text.is_empty() || text.starts_with("{\"state\"") => state.begin(path, &made_of)?,
            Some(Ok(Line::Head { state: kind, made_of: of })) if kind == KIND => {
                if of != made_of {
                    return Err(Error::usage(
                        format!("this state was made by another plan, version or option: {}", path.display()),
                        "name another file with --resume, or remove this one",
                    ));
                }
                lines.for_each(|line| state.take(line));
                state.cut(path, whole as u64)?;
            }
            _ => {
                let message = format!("this is no state of an interrupted check: {}", path.display());
                return Err(Error::usage(message, "name a new file with --resume"));
            }
        }
        Ok(state)
    }

    fn begin(&self, path: &Path, made_of: &str) -> Result<(), Error> {
        self.cut(path, 0)?;
        self.write(path, &Line::Head { state: KIND.into(), made_of: made_of.to_owned() })
    }

    /// What was cut off in the middle of a line is written again.
    fn cut(&self, path: &Path, length: u64) -> Result<(), Error> {
        let mut file = self.file.lock().map_err(|_| broken(path))?;
        file.set_len(length).map_err(|e| storage(path, &e))?;
        file.seek(SeekFrom::End(0)).map_err(|e| storage(path, &e))?;
        Ok(())
    }

    /// A line that cannot be read is a result that is computed again.
    fn take(&mut self, line: &str) {
        match serde_json::from_str(line) {
            Ok(Line::Done { key, stamp, entry }) => {
                self.done.insert(key, (stamp, *entry));
            }
            Ok(Line::Attached { attached, case }) => {
                self.attached.insert((attached, case));
            }
            _ => {}
        }
    }

    fn write(&self, path: &Path, line: &Line) -> Result<(), Error> {
        let text = serde_json::to_string(line).map_err(|e| Error::usage(e.to_string(), ""))?;
        let mut file = self.file.lock().map_err(|_| broken(path))?;
        file.write_all(format!("{text}\n").as_bytes()).map_err(|e| storage(path, &e))
    }

    /// A finished result, if its files are still the same.
    pub(super) fn finished(&self, key: &str, stamp: &str) -> Option<CheckEntry> {
        self.done.get(key).filter(|(old, _)| old == stamp).map(|(_, entry)| entry.clone())
    }

    /// Keeps a result, if it comes back from the file as it went in.
    pub(super) fn keep(&self, path: &Path, key: &str, stamp: &str, entry: &CheckEntry) -> Result<(), Error> {
        let text = serde_json::to_string(entry).map_err(|e| Error::usage(e.to_string(), ""))?;
        let back = serde_json::from_str::<CheckEntry>(&text).ok().and_then(|e| serde_json::to_string(&e).ok());
        if back.as_deref() != Some(text.as_str()) {
            return Ok(());
        }
        let entry = Box::new(entry.clone());
        self.write(path, &Line::Done { key: key.to_owned(), stamp: stamp.to_owned(), entry })
    }

    /// Whether a result is in the case already.
    pub(super) fn is_attached(&self, key: &str, case: &str) -> bool {
        self.attached.contains(&(key.to_owned(), case.to_owned()))
    }

    /// Notes that a result is in the case.
    pub(super) fn attach(&self, path: &Path, key: &str, case: &str) -> Result<(), Error> {
        self.write(path, &Line::Attached { attached: key.to_owned(), case: case.to_owned() })
    }
}

/// What tells whether a file has changed: its length and the time of its last change; of a pair both files.
pub(super) fn stamp(file: &Path) -> String {
    let twin = |from: &str, to: &str| file.extension().is_some_and(|e| e == from).then(|| file.with_extension(to));
    let pair = twin("sigmf-meta", "sigmf-data").or_else(|| twin("sigmf-data", "sigmf-meta"));
    let one = |path: &Path| {
        let Ok(meta) = path.metadata() else { return "-".to_owned() };
        let changed = meta.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
        format!("{}:{}", meta.len(), changed.map_or(0, |d| d.as_nanos()))
    };
    std::iter::once(one(file)).chain(pair.as_deref().map(one)).collect::<Vec<_>>().join(" ")
}

fn storage(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("the state of the check cannot be kept ({error}): {}", path.display());
    Error::new(Class::Storage, "io", message, "make room, or name another file with --resume")
}

fn broken(path: &Path) -> Error {
    storage(path, &std::io::Error::other("a worker broke off"))
}
