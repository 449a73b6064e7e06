//! What the desktop app had open, kept beside the store so that it is there again after the next start, or a crash.

use std::path::{Path, PathBuf};

use faultscope_report::write_file;
use serde::{Deserialize, Serialize};

use crate::cases::default_store;
use crate::{Class, Error};

/// Longest file that is read: the paths of far more captures than the app opens.
const LONGEST: u64 = 1 << 20;

/// What was open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// Captures, as they were named: paths, or `sim:` addresses.
    pub captures: Vec<String>,
    /// The one on the screen, counted from 0.
    pub present: Option<usize>,
    /// The live source. It is offered, not connected: nothing is sent to an instrument unasked.
    pub live: Option<String>,
    /// Addresses of live sources that were used, the latest first.
    pub recent: Vec<String>,
    /// Limit packs.
    pub limits: Vec<String>,
    /// The open case.
    pub case: Option<String>,
}

impl Session {
    /// The session of a store; nothing where there is none, or none that can be read.
    #[must_use]
    pub fn load(store: Option<&str>) -> Option<Self> {
        let path = place(store)?;
        let fits = std::fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= LONGEST);
        let text = fits.then(|| std::fs::read(&path).ok()).flatten()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps the session of a store: at every moment the file is the old one or the new one.
    ///
    /// # Errors
    /// When the folder of the store cannot be written, or the store is not a folder.
    pub fn save(&self, store: Option<&str>) -> Result<(), Error> {
        let refused = |what: String| Error::new(Class::Storage, "io", what, "the session is not restored next time");
        let Some(path) = place(store) else { return Err(refused("the store is not a folder".into())) };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|e| refused(format!("{e}: {}", folder.display())))?;
        }
        let text = serde_json::to_vec_pretty(self).map_err(|e| refused(e.to_string()))?;
        Ok(write_file(&path, &text)?)
    }
}

/// The file beside the folder of a store.
fn place(store: Option<&str>) -> Option<PathBuf> {
    let dir = match store {
        Some(url) if url.contains("://") => return None,
        Some(folder) => Path::new(folder).to_owned(),
        None => default_store().ok()?,
    };
    let mut name = dir.file_name()?.to_owned();
    name.push(".session.json");
    Some(dir.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_comes_back_as_it_was_and_a_broken_one_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("new").join("store").display().to_string();
        assert_eq!(Session::load(Some(&store)), None);
        let session = Session {
            captures: vec!["/x/a.csv".into(), "sim:tx-healthy".into()],
            present: Some(1),
            live: Some("rtltcp://h:1234".into()),
            recent: vec!["rtltcp://h:1234".into(), "sim:tx-healthy".into()],
            limits: vec!["dc-48v".into()],
            case: Some("FS-1".into()),
        };
        session.save(Some(&store)).unwrap();
        assert_eq!(Session::load(Some(&store)), Some(session));
        assert!(!Path::new(&store).exists(), "the session makes no store");
        let file = dir.path().join("new").join("store.session.json");
        for broken in [&b"{"[..], b"[1]", b"\xff\xfe", b""] {
            std::fs::write(&file, broken).unwrap();
            assert_eq!(Session::load(Some(&store)), None);
        }
        // Fields of a later version do no harm, missing ones are empty.
        std::fs::write(&file, br#"{"captures":["a"],"later":1}"#).unwrap();
        assert_eq!(Session::load(Some(&store)).unwrap().captures, ["a"]);
        assert!(Session::default().save(Some("postgres://h/d")).is_err());
    }
}
