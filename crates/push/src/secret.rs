//! Secrets: taken from the environment, held in memory, never written, masked wherever a text could repeat them.

use std::collections::BTreeMap;

use crate::error::{Kind, PushError};
use crate::profile::Profile;

/// What stands where a secret would.
pub(crate) const MASK: &str = "***";

/// Below this a value is not masked: the text would be full of holes, and it is no secret.
const SHORTEST: usize = 4;

/// The secrets of one profile, and what was derived from them.
#[derive(Default)]
pub struct Secrets {
    named: BTreeMap<String, String>,
    /// Everything that must not be repeated, the longest first.
    hidden: Vec<String>,
    /// Whether masks stand in the place of the values.
    masked: bool,
}

impl Secrets {
    /// The name of the environment variable of a secret: `FAULTSCOPE_ZAMMAD_TOKEN`.
    #[must_use]
    pub fn variable(profile: &str, name: &str) -> String {
        let part = |t: &str| t.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        format!("FAULTSCOPE_{}_{}", part(profile), part(name))
    }

    /// The secrets that a profile asks for, by `env`, which answers for a variable's name.
    ///
    /// # Errors
    /// When one is missing that is not optional, or holds what cannot stand in a header.
    pub fn load(profile: &Profile, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, PushError> {
        let mut secrets = Self::default();
        for (name, wanted) in &profile.auth.secrets {
            let variable = Self::variable(&profile.id, name);
            let value = env(&variable).map(|v| v.trim().to_owned()).unwrap_or_default();
            if value.is_empty() && !wanted.optional {
                let what = format!("{} needs a secret: {}", profile.id, wanted.about);
                return Err(PushError::new(
                    Kind::Secret,
                    what,
                    format!("set it in the environment variable {variable}"),
                ));
            }
            if value.contains(char::is_control) {
                let what = format!("{variable} holds line breaks or control characters");
                return Err(PushError::new(Kind::Secret, what, "set it again, on one line"));
            }
            secrets.hide(&value);
            secrets.named.insert(name.clone(), value);
        }
        Ok(secrets)
    }

    /// The same profile without its secrets, for showing what would be sent.
    #[must_use]
    pub(crate) fn masked(profile: &Profile) -> Self {
        let named = profile.auth.secrets.keys().map(|name| (name.clone(), MASK.to_owned())).collect();
        Self { named, hidden: Vec::new(), masked: true }
    }

    /// Keeps a value from being repeated.
    pub(crate) fn hide(&mut self, value: &str) {
        if value.len() >= SHORTEST && !self.masked && !self.hidden.iter().any(|h| h == value) {
            self.hidden.push(value.to_owned());
            self.hidden.sort_by_key(|h| std::cmp::Reverse(h.len()));
        }
    }

    /// What a template of authentication made; of masks that it encoded, only a mask is left.
    #[must_use]
    pub(crate) fn made(&self, template: &str, value: String) -> String {
        if self.masked && template.contains("|b64") && !value.is_empty() {
            let scheme = value.split_once(' ').map_or("", |(scheme, _)| scheme);
            return format!("{scheme} {MASK}").trim().to_owned();
        }
        value
    }

    /// By name, for templates of authentication.
    pub(crate) fn named(&self) -> &BTreeMap<String, String> {
        &self.named
    }

    /// A text in which no secret stands.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        self.hidden.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }
}
