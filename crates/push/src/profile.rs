//! Profiles: how a system takes tickets, as data; those that ship with the program, and own ones that may extend them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::PushError;

mod check;
mod step;

pub(crate) use check::{may_be_told, scalar};
pub(crate) use step::Part;
pub use step::{Confidence, Step, StepName};

/// The profiles that ship, by id.
const SHIPPED: [(&str, &str); 8] = [
    ("glpi", include_str!("../profiles/glpi.toml")),
    ("itop", include_str!("../profiles/itop.toml")),
    ("jira", include_str!("../profiles/jira.toml")),
    ("osticket", include_str!("../profiles/osticket.toml")),
    ("servicenow", include_str!("../profiles/servicenow.toml")),
    ("tmf621", include_str!("../profiles/tmf621.toml")),
    ("tmf621-v4", include_str!("../profiles/tmf621-v4.toml")),
    ("zammad", include_str!("../profiles/zammad.toml")),
];

/// How a system takes tickets.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Short name; part of the names of the environment variables.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The system.
    pub title: String,
    /// What to know before using it, by language.
    pub about: BTreeMap<String, String>,
    /// Where its facts come from.
    pub source: String,
    /// What is not checked against documentation or a system.
    #[serde(default)]
    pub uncertain: Vec<String>,
    /// `https://host[/path]`, without a slash at its end; empty where everybody has their own.
    #[serde(default)]
    pub base_url: String,
    /// A file of certificates (PEM) of authorities that are trusted instead of the public ones.
    #[serde(default)]
    pub ca_file: String,
    /// How long one request may take, answer included, s.
    #[serde(default = "defaults::timeout")]
    pub timeout_s: u64,
    /// Largest answer that is read, bytes.
    #[serde(default = "defaults::answer")]
    pub largest_answer_bytes: u64,
    /// Largest file that is sent, bytes.
    #[serde(default = "defaults::file")]
    pub largest_file_bytes: u64,
    /// How long a new ticket may take to be found by a search, s.
    #[serde(default)]
    pub settle_s: u64,
    /// Settings that templates use; an empty one has to be given by whoever sends.
    #[serde(default)]
    pub values: BTreeMap<String, Value>,
    /// Words and numbers of the system for ours.
    #[serde(default)]
    pub map: BTreeMap<String, Mapping>,
    /// How it knows who asks.
    #[serde(default)]
    pub auth: Auth,
    /// Looks for the ticket of a case; without it an unclear outcome has to be looked at by somebody.
    pub find: Option<Step>,
    /// Makes the ticket.
    pub create: Step,
    /// Brings it up to date; without it the system takes no changes.
    pub update: Option<Step>,
    /// Lists the files of a ticket.
    pub attached: Option<Step>,
    /// Adds a file; without it files travel within `create` and `update`.
    pub attach: Option<Step>,
    /// The ticket's page, after the base URL: a template.
    #[serde(default)]
    pub page: String,
}

/// Words of the system for ours.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// Which field of the case: `priority`, `state` or `severity`.
    pub by: String,
    /// For each of its words the system's.
    pub to: BTreeMap<String, Value>,
}

/// How the system knows who asks.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// Secrets by name.
    pub secrets: BTreeMap<String, Wanted>,
    /// Headers of every request, templates over `secret` and `session`; one that comes out empty is not sent.
    pub headers: BTreeMap<String, String>,
    /// Fields of every form, likewise.
    pub fields: BTreeMap<String, String>,
    /// Begins a session.
    pub login: Option<Step>,
    /// What to take from its answer, by JSON pointer.
    pub session: BTreeMap<String, String>,
    /// Ends the session.
    pub logout: Option<Step>,
}

/// A secret that is wanted.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What it is.
    pub about: String,
    /// Whether it works without.
    #[serde(default)]
    pub optional: bool,
}

/// What whoever sends gives beside the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Another base URL.
    #[serde(default)]
    pub base_url: Option<String>,
    /// Other values.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

mod defaults {
    pub(super) const fn timeout() -> u64 {
        30
    }
    pub(super) const fn answer() -> u64 {
        4 << 20
    }
    pub(super) const fn file() -> u64 {
        5_000_000
    }
}

impl Profile {
    /// Ids of the profiles that ship.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(id, _)| *id)
    }

    /// The profile of an id that ships.
    ///
    /// # Errors
    /// When none of that id ships.
    pub fn built_in(id: &str) -> Result<Self, PushError> {
        let table = shipped_table(id)?;
        read(table)
    }

    /// A profile of TOML text; with `extends = "ID"` it changes one that ships.
    ///
    /// # Errors
    /// When the text is no profile, or one that would send what it should not.
    pub fn from_toml(text: &str) -> Result<Self, PushError> {
        let mut own: toml::Table = toml::from_str(text).map_err(|e| PushError::profile(e.to_string()))?;
        let Some(base) = own.remove("extends") else { return read(own) };
        let base = base.as_str().ok_or_else(|| PushError::profile("`extends` names a profile that ships"))?;
        let mut table = shipped_table(base)?;
        overlay(&mut table, own);
        read(table)
    }

    /// With the base URL and values that are given.
    ///
    /// # Errors
    /// A value that the profile does not have, one that it needs and is not there, or a URL that secrets may not be sent to.
    pub fn with(mut self, settings: &Settings) -> Result<Self, PushError> {
        if let Some(url) = &settings.base_url {
            self.base_url.clone_from(url);
        }
        for (name, value) in &settings.values {
            let known = self.values.keys().cloned().collect::<Vec<_>>().join(", ");
            let place = self.values.get_mut(name).ok_or_else(|| {
                PushError::new(
                    crate::Kind::Profile,
                    format!("{} has no value `{name}`", self.id),
                    format!("it has these: {known}"),
                )
            })?;
            *place = match place {
                // A number stays one: systems tell 3 from "3".
                Value::Number(_) => value.parse::<i64>().map_or_else(|_| Value::from(value.as_str()), Value::from),
                _ => Value::from(value.as_str()),
            };
        }
        self.ready()?;
        Ok(self)
    }

    /// Its steps, in the order in which they are taken.
    pub fn steps(&self) -> impl Iterator<Item = (StepName, &Step)> {
        let all = [
            (StepName::Login, self.auth.login.as_ref()),
            (StepName::Find, self.find.as_ref()),
            (StepName::Create, Some(&self.create)),
            (StepName::Update, self.update.as_ref()),
            (StepName::Attached, self.attached.as_ref()),
            (StepName::Attach, self.attach.as_ref()),
            (StepName::Logout, self.auth.logout.as_ref()),
        ];
        all.into_iter().filter_map(|(name, step)| step.map(|step| (name, step)))
    }

    /// What to know before using it, in a language, else in English.
    #[must_use]
    pub fn about(&self, tag: &str) -> &str {
        self.about.get(tag).or_else(|| self.about.get("en")).map_or("", String::as_str)
    }
}

fn shipped_table(id: &str) -> Result<toml::Table, PushError> {
    let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == id) else {
        let known = Profile::shipped().collect::<Vec<_>>().join(", ");
        let hint = format!("these ship: {known}; your own is named by the path of its .toml file");
        return Err(PushError::new(crate::Kind::Profile, format!("no profile `{id}` ships with the program"), hint));
    };
    let mut own: toml::Table = toml::from_str(text).map_err(|e| PushError::profile(format!("{id}: {e}")))?;
    match own.remove("extends") {
        None => Ok(own),
        Some(base) => {
            let mut table = shipped_table(base.as_str().unwrap_or_default())?;
            overlay(&mut table, own);
            Ok(table)
        }
    }
}

fn read(table: toml::Table) -> Result<Profile, PushError> {
    let profile: Profile = table.try_into().map_err(|e: toml::de::Error| PushError::profile(e.to_string()))?;
    profile.check()?;
    Ok(profile)
}

/// Tables are laid over each other; everything else is replaced.
fn overlay(base: &mut toml::Table, own: toml::Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => overlay(below, above),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests;
