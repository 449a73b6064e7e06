//! A request as it goes over the wire: a step of a profile with everything filled in.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::{Deserialize, Serialize};

use crate::deliver::SubjectFile;
use crate::error::PushError;
use crate::profile::{Part, Profile, Step, StepName};
use crate::secret::Secrets;
use crate::template::{Templates, context, percent};

/// Longest body text that is shown of a request.
const SHOWN: usize = 20_000;

/// A request, filled in.
pub(crate) struct Sent {
    /// Which step.
    pub(crate) step: StepName,
    /// Its method.
    pub(crate) method: String,
    /// Where it goes.
    pub(crate) url: String,
    /// Its headers.
    pub(crate) headers: Vec<(String, String)>,
    /// Its body; empty where there is none.
    pub(crate) body: Vec<u8>,
}

/// A request as it is shown before it is sent: no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Planned {
    /// Which step.
    pub step: StepName,
    /// Its method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body as text, shortened where it is long; of a file only its beginning.
    pub body: String,
    /// The size of the body.
    pub body_bytes: u64,
}

/// What fills in requests: the profile, its secrets, its session.
pub(crate) struct Maker<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) secrets: Secrets,
    pub(crate) session: BTreeMap<String, String>,
    templates: Templates,
}

impl<'a> Maker<'a> {
    pub(crate) fn new(profile: &'a Profile, secrets: Secrets) -> Self {
        Self { profile, secrets, session: BTreeMap::new(), templates: Templates::new() }
    }

    /// A step over what templates see, with the file that it carries.
    pub(crate) fn request(
        &mut self,
        name: StepName,
        step: &Step,
        seen: &Value,
        file: Option<&SubjectFile>,
    ) -> Result<Sent, PushError> {
        let about = self.about_who_asks();
        let templates = &self.templates;
        let at = |what: &str| format!("{} {what}", name.name());
        let mut url = match step.url.is_empty() {
            true => format!("{}{}", self.profile.base_url, templates.path(&at("path"), &step.path, seen)?),
            false => templates.text(&at("url"), &step.url, &about)?,
        };
        if !step.url.is_empty() {
            crate::profile::may_be_told(&url)?;
        }
        for (key, template) in &step.query {
            let value = templates.text(&at("query"), template, seen)?;
            if !value.is_empty() {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&format!("{}={}", percent(key), percent(&value)));
            }
        }
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        let (kind, body) = self.body(name, step, seen, &about, file)?;
        if !kind.is_empty() {
            headers.push(("Content-Type".into(), kind));
        }
        for (key, template) in &step.headers {
            set(&mut headers, key, self.templates.text(&at("header"), template, seen)?);
        }
        for (key, template) in &self.profile.auth.headers {
            // A session is begun with secrets, and used without them: what is not there yet is not sent.
            let value = self.secrets.made(template, self.templates.text("auth header", template, &about)?);
            if !value.trim().is_empty() {
                self.secrets.hide(&value);
                value.split(' ').filter(|word| word.len() >= 16).for_each(|word| self.secrets.hide(word));
                set(&mut headers, key, value);
            }
        }
        Ok(Sent { step: name, method: step.method.clone(), url, headers, body })
    }

    /// What templates of authentication see; names that the session does not have yet are empty.
    fn about_who_asks(&self) -> Value {
        let session: BTreeMap<&str, &str> = self
            .profile
            .auth
            .session
            .keys()
            .map(|name| (name.as_str(), self.session.get(name).map_or("", String::as_str)))
            .collect();
        context(
            serde_json::json!({ "secret": self.secrets.named(), "session": session, "values": self.profile.values }),
        )
    }

    /// The body and its media type.
    fn body(
        &self,
        name: StepName,
        step: &Step,
        seen: &Value,
        about: &Value,
        file: Option<&SubjectFile>,
    ) -> Result<(String, Vec<u8>), PushError> {
        let at = |what: &str| format!("{} {what}", name.name());
        let form = |fields: &mut dyn Iterator<Item = (String, String)>| {
            let pairs: Vec<String> = fields.map(|(k, v)| format!("{}={}", percent(&k), percent(&v))).collect();
            ("application/x-www-form-urlencoded".to_owned(), pairs.join("&").into_bytes())
        };
        // A log-in is the one step whose body may hold secrets.
        let seen = if name == StepName::Login { about } else { seen };
        let mut fields = Vec::new();
        if step.form.is_some() || step.json_field.is_some() {
            for (key, template) in &self.profile.auth.fields {
                fields.push((key.clone(), self.templates.text("auth field", template, about)?));
            }
        }
        if let Some(template) = &step.json {
            let json = self.templates.json(&at("body"), template, seen)?.to_string();
            return Ok(match &step.json_field {
                Some(field) => form(&mut fields.into_iter().chain([(field.clone(), json)])),
                None => ("application/json".into(), json.into_bytes()),
            });
        }
        if let Some(templates) = &step.form {
            for (key, template) in templates {
                fields.push((key.clone(), self.templates.text(&at("form"), template, seen)?));
            }
            return Ok(form(&mut fields.into_iter()));
        }
        match (file, &step.multipart) {
            (Some(file), Some(parts)) => self.multipart(name, parts, seen, file),
            (Some(file), None) if step.raw => Ok((file.media_type.clone(), file.bytes.clone())),
            _ => Ok((String::new(), Vec::new())),
        }
    }

    /// Several parts (RFC 7578), between boundaries that stand in none of them.
    fn multipart(
        &self,
        name: StepName,
        parts: &[Part],
        seen: &Value,
        file: &SubjectFile,
    ) -> Result<(String, Vec<u8>), PushError> {
        let mut written: Vec<(String, Vec<u8>)> = Vec::new();
        for part in parts {
            let quoted = |t: &str| t.replace(['"', '\\', '\r', '\n'], "_");
            written.push(match &part.json {
                Some(template) => {
                    let json = self.templates.json(name.name(), template, seen)?.to_string();
                    let head = format!(
                        "Content-Disposition: form-data; name=\"{}\"\r\nContent-Type: application/json",
                        quoted(&part.name)
                    );
                    (head, json.into_bytes())
                }
                None => {
                    let head = format!(
                        "Content-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {}",
                        quoted(&part.name),
                        quoted(&file.name),
                        quoted(&file.media_type)
                    );
                    (head, file.bytes.clone())
                }
            });
        }
        let stands_in = |boundary: &str| written.iter().any(|(_, bytes)| contains(bytes, boundary.as_bytes()));
        let boundary = (0u32..).map(|n| format!("faultscope-{n:08x}")).find(|b| !stands_in(b)).unwrap_or_default();
        let mut body = Vec::new();
        for (head, bytes) in &written {
            body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Ok((format!("multipart/form-data; boundary={boundary}"), body))
    }

    /// A template over what a step sees, as plain text.
    pub(crate) fn text(&self, place: &str, template: &str, seen: &Value) -> Result<String, PushError> {
        self.templates.text(place, template, seen)
    }

    /// The request as it may be shown.
    pub(crate) fn shown(&self, sent: &Sent) -> Planned {
        let text = String::from_utf8_lossy(&sent.body);
        let kept: String = text.chars().take(SHOWN).collect();
        let body = if kept.len() < text.len() { format!("{kept}...") } else { kept };
        Planned {
            step: sent.step,
            method: sent.method.clone(),
            url: self.secrets.mask(&sent.url),
            headers: sent.headers.iter().map(|(k, v)| (k.clone(), self.secrets.mask(v))).collect(),
            body: self.secrets.mask(&body),
            body_bytes: sent.body.len() as u64,
        }
    }
}

fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    !wanted.is_empty() && bytes.windows(wanted.len()).any(|w| w == wanted)
}
