//! The verb "sign": an engineer's signature under all that a case holds so far.

use std::path::PathBuf;

use faultscope_case::keys::{Keys, PublicKey};
use serde::{Deserialize, Serialize};

use super::{Case, Desk, EventKind};
use crate::{Class, Error};

/// How often somebody else may write between looking and signing.
const TRIES: usize = 20;

/// The JSON document of `case key`.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeysDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The keys that were asked for.
    pub keys: Vec<PublicKey>,
}

/// The folder of keys in the user's data directory.
///
/// # Errors
/// When the system names no such directory.
pub fn default_keys() -> Result<PathBuf, Error> {
    directories::ProjectDirs::from("", "", "faultscope").map(|dirs| dirs.data_dir().join("keys")).ok_or_else(|| {
        let message = "the system names no data directory for this user";
        Error::new(Class::Storage, "no_keys", message, "name a folder with --keys")
    })
}

impl Desk {
    /// Signs all events that a case has, with the private key of `name`.
    ///
    /// # Errors
    /// Unknown case, no key of that name, or a store that cannot be written.
    pub fn sign(&mut self, id: &str, keys: &Keys, name: &str) -> Result<Case, Error> {
        let key = keys.private(name)?;
        let mut tries = 0;
        loop {
            let case = self.case(id)?;
            let signed = key.sign(&case.uuid, &case.head, name, &crate::now());
            match self.append(id, None, EventKind::Signed(Box::new(signed))) {
                // Somebody else wrote in the meantime: the signature is to cover that, too.
                Err(_) if tries < TRIES && self.store.case(id, &crate::now())?.head != case.head => tries += 1,
                other => return other,
            }
        }
    }
}
