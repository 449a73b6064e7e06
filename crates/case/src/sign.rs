//! Signatures of engineers: Ed25519 (RFC 8032) over the head of the chain, and so over all that came before it.
//!
//! A signature is an event of its own. It signs the hash of the event before it, which binds all earlier ones; what is appended
//! later does not touch it and is not covered by it. What is signed is the canonical JSON of `type`, `case`, `head`, `name`,
//! `public_key` and `at`, so that it can be taken for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signer as _, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::event::{Event, EventKind, Signed};
use crate::verify::{DifferenceKind, Verification};
use crate::{StoreError, canonical};

const TYPE: &str = "faultscope case signature 1";

/// A private key.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(of {})", self.public_key())
    }
}

impl SigningKey {
    /// A new key, from the random numbers of the operating system.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate() -> Result<Self, StoreError> {
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).map_err(|e| StoreError::Io {
            doing: "making a key".into(),
            reason: format!("the system gives no random numbers: {e}"),
            path: std::path::PathBuf::new(),
        })?;
        Ok(Self::from_secret(secret))
    }

    /// The key of 32 secret bytes.
    #[must_use]
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&secret))
    }

    /// The secret, for its file.
    pub(crate) fn secret(&self) -> String {
        canonical::hex(&self.0.to_bytes())
    }

    /// Its public key, 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn public_key(&self) -> String {
        canonical::hex(self.0.verifying_key().as_bytes())
    }

    /// Signs a case (by the id of its first event) up to the event of hash `head`.
    #[must_use]
    pub fn sign(&self, uuid: &str, head: &str, name: &str, at: &str) -> Signed {
        let mut signed = Signed {
            name: crate::event::one_line(name),
            public_key: self.public_key(),
            at: at.to_owned(),
            head: head.to_owned(),
            signature: String::new(),
        };
        signed.signature = canonical::hex(&self.0.sign(statement(uuid, &signed).as_bytes()).to_bytes());
        signed
    }
}

/// What is signed.
fn statement(uuid: &str, signed: &Signed) -> String {
    let Signed { name, public_key, at, head, .. } = signed;
    canonical::text(&json!({
        "type": TYPE, "case": uuid, "head": head, "name": name, "public_key": public_key, "at": at,
    }))
}

/// Whether a text is an Ed25519 public key.
#[must_use]
pub fn is_public_key(text: &str) -> bool {
    public(text).is_some()
}

fn public(text: &str) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(&unhex(text)?).ok().filter(|key| !key.is_weak())
}

/// Bytes of lower-case hexadecimal digits, exactly as many as are wanted.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0u8; N];
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Whether the signature is one of this key over this case and head.
#[must_use]
pub fn is_right(uuid: &str, signed: &Signed) -> bool {
    let Some((key, signature)) = public(&signed.public_key).zip(unhex::<64>(&signed.signature)) else { return false };
    let signature = ed25519_dalek::Signature::from_bytes(&signature);
    key.verify_strict(statement(uuid, signed).as_bytes(), &signature).is_ok()
}

/// What a signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureState {
    /// Made with a known key over exactly the events before it, which are what they were.
    Valid,
    /// Made over exactly the events before it, but nobody here knows whose key it is: it may be anybody's.
    UnknownKey,
    /// Not made over the events before it, or one of those is not what it was.
    Invalid,
}

/// One signature, looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Signature {
    /// Number of its event in the case's own chain.
    pub event: u64,
    /// What it is worth.
    pub state: SignatureState,
    /// Whose key it is, where that is known; `null` otherwise.
    pub signed_by: Option<String>,
    /// The name that the signer gave.
    pub name: String,
    /// The public key.
    pub public_key: String,
    /// When, RFC 3339, by the signer's clock.
    pub at: String,
    /// How many events it covers: the one before it and all that this one follows, what was merged there included.
    pub covers: u64,
    /// How many events the case has, merged ones included.
    pub of: u64,
}

/// Looks at every signature of a case; those that are wrong become differences. `known`: names by public key.
pub fn check(out: &mut Verification, events: &[Event], known: &BTreeMap<String, String>) {
    let Some(uuid) = events.first().map(|e| e.id.clone()) else { return };
    let sound: BTreeSet<&str> = out.have.iter().map(String::as_str).collect();
    let by_hash: BTreeMap<&str, &Event> = events.iter().map(|e| (e.hash.as_str(), e)).collect();
    let mut found = Vec::new();
    for event in events {
        let EventKind::Signed(signed) = &event.kind else { continue };
        let covered = covered(&signed.head, &by_hash);
        let whole = covered.as_ref().is_some_and(|all| all.iter().all(|e| sound.contains(e.id.as_str())));
        let right = whole && sound.contains(event.id.as_str()) && signed.head == event.prev_hash;
        let signed_by = known.get(&signed.public_key).cloned();
        let state = match (right && is_right(&uuid, signed), &signed_by) {
            (false, _) => SignatureState::Invalid,
            (true, None) => SignatureState::UnknownKey,
            (true, Some(_)) => SignatureState::Valid,
        };
        found.push(Signature {
            event: event.place(),
            state,
            signed_by,
            name: signed.name.clone(),
            public_key: signed.public_key.clone(),
            at: signed.at.clone(),
            covers: covered.map_or(0, |all| all.len() as u64),
            of: events.len() as u64,
        });
    }
    for signature in found.iter().filter(|s| s.state == SignatureState::Invalid) {
        let detail = format!("the signature in the name of {} is not one of the events before it", signature.name);
        out.differs(DifferenceKind::SignatureInvalid, format!("event {}", signature.event), detail);
    }
    out.signatures = found;
}

/// The event of a hash and all that it follows, what was merged there included; nothing where one of them is not there.
fn covered<'a>(head: &'a str, by_hash: &BTreeMap<&'a str, &'a Event>) -> Option<Vec<&'a Event>> {
    let (mut waiting, mut seen, mut found) = (vec![head], BTreeSet::new(), Vec::new());
    while let Some(hash) = waiting.pop() {
        if hash == crate::event::GENESIS || !seen.insert(hash) {
            continue;
        }
        let event = *by_hash.get(hash)?;
        waiting.push(&event.prev_hash);
        if let EventKind::Merged(merged) = &event.kind {
            waiting.extend(merged.events.iter().map(String::as_str));
        }
        found.push(event);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2: secret key, public key, signature of the one byte 0x72.
    #[test]
    fn keys_and_signatures_are_those_of_rfc_8032() {
        let secret = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
        let key = SigningKey::from_secret(secret);
        assert_eq!(key.public_key(), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signature = canonical::hex(&key.0.sign(&[0x72]).to_bytes());
        assert_eq!(
            signature,
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
    }

    #[test]
    fn every_word_of_the_statement_counts_and_keys_of_small_order_are_none() {
        let key = SigningKey::generate().unwrap();
        let signed = key.sign("uuid", "head", "chen", "2026-03-01T08:00:00Z");
        assert!(is_right("uuid", &signed));
        assert!(!is_right("other", &signed));
        let other = SigningKey::generate().unwrap();
        for change in [
            Signed { head: "heae".into(), ..signed.clone() },
            Signed { name: "lin".into(), ..signed.clone() },
            Signed { at: "2026-03-01T08:00:01Z".into(), ..signed.clone() },
            Signed { public_key: other.public_key(), ..signed.clone() },
            Signed { signature: "0".repeat(128), ..signed.clone() },
            Signed { signature: String::new(), ..signed.clone() },
            Signed { signature: signed.signature.to_uppercase(), ..signed.clone() },
        ] {
            assert!(!is_right("uuid", &change), "{change:?}");
        }
        // The neutral element: every message would be signed by it.
        assert!(!is_public_key(&format!("01{}", "0".repeat(62))));
        assert!(is_public_key(&other.public_key()) && !is_public_key("é") && !is_public_key(""));
    }
}
