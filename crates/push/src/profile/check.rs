//! What a profile must not be: incomplete, or one that sends secrets where everybody reads them.

use serde_json::Value;

use super::{Profile, Step, StepName};
use crate::error::{Kind, PushError};

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "PATCH"];
const PRIORITIES: [&str; 4] = ["P1", "P2", "P3", "P4"];
/// The states of a case in the words of TMF621.
const STATES: [&str; 7] = ["acknowledged", "inProgress", "pending", "held", "resolved", "closed", "cancelled"];
const SEVERITIES: [&str; 4] = ["Critical", "Major", "Minor", "Warning"];

/// What a text says of itself must be enough to be used, whatever is given beside it.
impl Profile {
    pub(super) fn check(&self) -> Result<(), PushError> {
        let wrong = |what: String| Err(PushError::profile(format!("{what}: profile `{}`", self.id)));
        if self.id.is_empty() || !self.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            return wrong("an id is made of a-z, 0-9 and -".into());
        }
        if !(1..=600).contains(&self.timeout_s) || self.largest_answer_bytes > 64 << 20 || self.settle_s > 3600 {
            return wrong("timeout_s is 1 to 600, largest_answer_bytes at most 64 MiB, settle_s at most 3600".into());
        }
        if self.largest_file_bytes > 100 << 20 {
            return wrong("largest_file_bytes is at most 100 MiB".into());
        }
        for (name, mapping) in &self.map {
            let words = match mapping.by.as_str() {
                "priority" => &PRIORITIES[..],
                "state" => &STATES[..],
                "severity" => &SEVERITIES[..],
                other => return wrong(format!("`map.{name}` is by `{other}`, not by priority, state or severity")),
            };
            if let Some(missing) = words.iter().find(|word| !mapping.to.contains_key(**word)) {
                return wrong(format!("`map.{name}` says nothing of `{missing}`"));
            }
        }
        if let Some((name, _)) = self.values.iter().find(|(_, v)| !(v.is_string() || v.is_i64() || v.is_boolean())) {
            return wrong(format!("the value `{name}` is no text, whole number or true/false"));
        }
        self.steps().try_for_each(|(name, step)| self.check_step(name, step))
    }

    fn check_step(&self, name: StepName, step: &Step) -> Result<(), PushError> {
        let wrong =
            |what: &str| Err(PushError::profile(format!("{what}: step `{}` of profile `{}`", name.name(), self.id)));
        let bodies = [step.json.is_some(), step.form.is_some(), step.multipart.is_some(), step.raw];
        let pointers = [&step.list, &step.id, &step.number].into_iter().flatten();
        match () {
            () if !METHODS.contains(&step.method.as_str()) => wrong("the method is none of GET, POST, PUT, PATCH"),
            () if bodies.iter().filter(|b| **b).count() > 1 => wrong("there is more than one body"),
            () if step.method == "GET" && bodies.contains(&true) => wrong("GET carries no body"),
            () if step.json_field.is_some() && step.json.is_none() => wrong("`json_field` without `json`"),
            () if step.url.is_empty() == step.path.is_empty() => wrong("one of `path` and `url` is wanted"),
            () if !step.url.is_empty() && name != StepName::Login => wrong("only a log-in has a URL of its own"),
            () if !step.path.is_empty() && !step.path.starts_with('/') => wrong("a path begins with /"),
            () if pointers.into_iter().any(|p| !p.is_empty() && !p.starts_with('/')) => {
                wrong("a JSON pointer begins with /")
            }
            () if matches!(name, StepName::Find | StepName::Attached) && step.list.is_none() => {
                wrong("`list` says where the tickets, or files, are")
            }
            () if matches!(name, StepName::Find | StepName::Create) && step.id.is_none() && !step.plain => {
                wrong("`id` says where the ticket's id is")
            }
            () if (step.raw || step.multipart.is_some()) && name != StepName::Attach => {
                wrong("only `attach` carries a file")
            }
            () => Ok(()),
        }
    }

    /// What has to be given is there, and the place may be told secrets.
    pub(super) fn ready(&self) -> Result<(), PushError> {
        let refused = |what: String, hint: &str| Err(PushError::new(Kind::Profile, what, hint));
        if self.base_url.is_empty() {
            let what = format!("nothing says where {} is", self.title);
            return refused(
                what,
                "give --url https://HOST, or base_url in a profile of your own that `extends` this one",
            );
        }
        may_be_told(&self.base_url)?;
        if let Some((name, _)) = self.values.iter().find(|(_, v)| v.as_str() == Some("")) {
            let what = format!("{} needs the value `{name}`", self.id);
            return refused(what, &format!("give --set {name}=..., or set it under [values] in a profile of your own"));
        }
        Ok(())
    }
}

/// Secrets travel encrypted, or not further than this machine.
pub(crate) fn may_be_told(url: &str) -> Result<(), PushError> {
    let refused = |what: &str| {
        Err(PushError::new(Kind::Profile, format!("{what}: {url}"), "give a URL as in https://tickets.example.com"))
    };
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return refused("this is no URL") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return refused("this is no URL") };
    if authority.as_str().contains('@') {
        // The URL is not repeated: what stands before the @ may be a password.
        let hint = "take name and password out; they belong in the environment";
        return Err(PushError::new(Kind::Profile, "a URL with a name or password in it is not used", hint));
    }
    if uri.query().is_some() || url.contains('#') || url.ends_with('/') {
        return refused("a base URL has no query, no # and no slash at its end");
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(authority.host()) => Ok(()),
        "http" => refused("secrets are not sent without encryption; only this machine is spoken to by http"),
        _ => refused("this is no https URL"),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A value as a text that a URL or a number field takes.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
