//! The folder of keys: the engineer's own private key, and the public keys of everybody whose signature is known here.
//!
//! `NAME.key` (mode 0600, no passphrase: whoever can read it signs as its owner) and `NAME.pub`, one line each. A name that is
//! not in this folder is nobody's. The folder lies outside the store, which is copied and shared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{Disk, Files as _, safe_name};
use crate::sign::{SigningKey, is_public_key, unhex};
use crate::{StoreError, event};

const PRIVATE: &str = "faultscope-signing-key-1";
const PUBLIC: &str = "ed25519";

/// A public key with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PublicKey {
    /// Whose.
    pub name: String,
    /// 64 lower-case hexadecimal digits.
    pub public_key: String,
    /// Whether the private key is here, too.
    pub own: bool,
}

impl PublicKey {
    /// The line that is handed to others: `ed25519 KEY NAME`.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{PUBLIC} {} {}", self.public_key, self.name)
    }
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Keys {
    dir: PathBuf,
}

impl Keys {
    /// The keys in a folder, which need not be there yet.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Where the private key of a name is.
    #[must_use]
    pub fn private_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{}.key", safe_name(name)))
    }

    fn public_path(&self, name: &str) -> PathBuf {
        self.dir.join(format!("{}.pub", safe_name(name)))
    }

    /// Makes a key for a name.
    ///
    /// # Errors
    /// When the name has a key already, or the folder cannot be written; then nothing is there that was not there before.
    pub fn create(&self, name: &str) -> Result<PublicKey, StoreError> {
        let name = self.proper(name)?;
        if self.private_path(&name).exists() || self.public_path(&name).exists() {
            return Err(invalid(format!("{name} has a key already: {}", self.dir.display())));
        }
        let key = SigningKey::generate()?;
        let public = PublicKey { name: name.clone(), public_key: key.public_key(), own: true };
        self.save(&self.private_path(&name), &format!("{PRIVATE} {}\n", key.secret()), true)?;
        self.save(&self.public_path(&name), &format!("{}\n", public.line()), false)?;
        Ok(public)
    }

    /// Makes somebody's public key known: the line that `case key show` prints there.
    ///
    /// # Errors
    /// When it is no such line, the name has another key here already, or the folder cannot be written.
    pub fn add(&self, line: &str) -> Result<PublicKey, StoreError> {
        let mut key = read_line(line).ok_or_else(|| {
            invalid(format!("this is no public key: `{}`; `ed25519 KEY NAME` is wanted", event::one_line(line)))
        })?;
        key.name = self.proper(&key.name)?;
        if let Some(known) = self.all()?.into_iter().find(|k| k.name == key.name || k.public_key == key.public_key) {
            if (&known.name, &known.public_key) == (&key.name, &key.public_key) {
                return Ok(known);
            }
            return Err(invalid(format!("{} is known here with the key {}", known.name, known.public_key)));
        }
        self.save(&self.public_path(&key.name), &format!("{}\n", key.line()), false)?;
        Ok(key)
    }

    /// The private key of a name.
    ///
    /// # Errors
    /// When there is none, it cannot be read, or others can read it.
    pub fn private(&self, name: &str) -> Result<SigningKey, StoreError> {
        let path = self.private_path(name);
        let text = fs::read_to_string(&path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => invalid(format!("{name} has no key: make one with `case key new`")),
            _ => StoreError::io("reading the key", &path, &e),
        })?;
        if others_can_read(&path) {
            return Err(invalid(format!("others can read the private key: set its mode to 0600: {}", path.display())));
        }
        let secret = text.trim().strip_prefix(PRIVATE).and_then(|rest| unhex(rest.trim()));
        secret
            .map(SigningKey::from_secret)
            .ok_or_else(|| invalid(format!("this is no private key of this program: {}", path.display())))
    }

    /// Every key that is known, by name.
    ///
    /// # Errors
    /// When the folder or a key in it cannot be read.
    pub fn all(&self) -> Result<Vec<PublicKey>, StoreError> {
        let failed = |path: &Path, e: &io::Error| StoreError::io("reading the keys", path, e);
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(failed(&self.dir, &e)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| failed(&self.dir, &e))?.path();
            if path.extension().is_none_or(|e| e != "pub") {
                continue;
            }
            let text = fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
            let key = read_line(&text).ok_or_else(|| invalid(format!("this is no public key: {}", path.display())))?;
            found.push(PublicKey { own: self.private_path(&key.name).exists(), ..key });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Names by public key: what [`crate::sign::check`] takes.
    ///
    /// # Errors
    /// As for [`Keys::all`].
    pub fn names(&self) -> Result<BTreeMap<String, String>, StoreError> {
        Ok(self.all()?.into_iter().map(|k| (k.public_key, k.name)).collect())
    }

    /// A name that can be a file's, too, so that two names never share one.
    fn proper(&self, name: &str) -> Result<String, StoreError> {
        let name = event::one_line(name);
        if name.is_empty() || safe_name(&name) != name {
            return Err(invalid(format!("`{name}` cannot be the name of a key: letters, digits, spaces, - _ and .")));
        }
        Ok(name)
    }

    /// Flushed before it stands under its name: a key that is half there would be no key.
    fn save(&self, path: &Path, text: &str, secret: bool) -> Result<(), StoreError> {
        let failed = |e: io::Error| StoreError::io("writing the key", path, &e);
        fs::create_dir_all(&self.dir).map_err(failed)?;
        let part = path.with_extension(format!("{}.part", crate::files::unique()));
        let written = new_file(&part, secret)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&part, path))
            .and_then(|()| Disk.sync_dir(&self.dir));
        written.map_err(|e| {
            let _ = fs::remove_file(&part);
            failed(e)
        })
    }
}

fn invalid(what: String) -> StoreError {
    StoreError::Invalid { what }
}

fn read_line(line: &str) -> Option<PublicKey> {
    let (key, name) = line.trim().strip_prefix(PUBLIC)?.trim_start().split_once(' ')?;
    let name = event::one_line(name);
    (is_public_key(key) && !name.is_empty()).then(|| PublicKey { name, public_key: key.to_owned(), own: false })
}

/// Made with its mode, so that nobody reads it in between.
fn new_file(path: &Path, secret: bool) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    options.open(path)
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

/// Where files have no modes, the folder is the user's own.
#[cfg(not(unix))]
fn others_can_read(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_is_its_owners_alone_and_signs_what_its_public_half_proves() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::new(&dir.path().join("keys"));
        assert_eq!(keys.all().unwrap(), []);
        assert!(keys.private("chen").unwrap_err().to_string().contains("case key new"));
        let public = keys.create("chen").unwrap();
        let signed = keys.private("chen").unwrap().sign("u", "h", "chen", "t");
        assert!(crate::sign::is_right("u", &signed) && signed.public_key == public.public_key);
        assert_eq!(keys.create("chen").unwrap_err().exit_code(), 2);
        assert_eq!(keys.private("chen").unwrap().public_key(), public.public_key, "the first key is still there");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = keys.private_path("chen");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(keys.private("chen").unwrap_err().to_string().contains("0600"));
        }
        for name in ["", " ", "../x", "a/b", "a:b"] {
            assert!(keys.create(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn somebody_elses_key_becomes_known_by_its_line_and_is_never_replaced() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (here, there) = (Keys::new(here.path()), Keys::new(there.path()));
        let own = here.create("陈工").unwrap();
        let line = there.create("lin").unwrap().line();
        let known = here.add(&format!("{line}\n")).unwrap();
        assert_eq!((known.name.as_str(), known.own), ("lin", false));
        assert_eq!(here.add(&line).unwrap(), known, "twice is once");
        let names: Vec<_> = here.all().unwrap().into_iter().map(|k| (k.name, k.own)).collect();
        assert_eq!(names, [("lin".to_owned(), false), ("陈工".to_owned(), true)]);
        // Neither another key under a known name nor a known key under another name.
        let other = format!("ed25519 {} lin", SigningKey::generate().unwrap().public_key());
        let alias = format!("ed25519 {} boss", own.public_key);
        for bad in [&other, &alias, "ed25519 00 lin", "", &line.replace("ed25519", "rsa")] {
            assert_eq!(here.add(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert_eq!(here.names().unwrap().len(), 2);
    }
}
