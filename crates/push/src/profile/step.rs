//! One request of a profile: where it goes, what it carries, and what its answer says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which request of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// Begins a session.
    Login,
    /// Looks for the ticket.
    Find,
    /// Makes it.
    Create,
    /// Brings it up to date.
    Update,
    /// Lists its files.
    Attached,
    /// Adds a file.
    Attach,
    /// Ends the session.
    Logout,
}

impl StepName {
    /// The name in a profile.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Find => "find",
            Self::Create => "create",
            Self::Update => "update",
            Self::Attached => "attached",
            Self::Attach => "attach",
            Self::Logout => "logout",
        }
    }
}

/// How far a step is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the maker's documentation.
    Documented,
    /// From memory, not checked: try it on a test system first.
    Remembered,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How far it is trusted.
    pub confidence: Confidence,
    /// GET, POST, PUT or PATCH.
    pub method: String,
    /// After the base URL: a template whose values are percent-encoded.
    #[serde(default)]
    pub path: String,
    /// The whole URL instead, for log-ins that live elsewhere.
    #[serde(default)]
    pub url: String,
    /// Parameters of the query: templates; one that comes out empty is not sent.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers: templates.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A JSON body: a template.
    pub json: Option<String>,
    /// The JSON body travels as this field of a form.
    pub json_field: Option<String>,
    /// A form: templates.
    pub form: Option<BTreeMap<String, String>>,
    /// A body of several parts.
    pub multipart: Option<Vec<Part>>,
    /// The body is the file itself.
    #[serde(default)]
    pub raw: bool,
    /// What must stand in the answer.
    pub ok: Option<Expect>,
    /// What stands in an answer without a ticket, where the list is then missing.
    pub empty: Option<Expect>,
    /// Where the list of tickets is in the answer, by JSON pointer.
    pub list: Option<String>,
    /// Where the ticket's id is, in the answer or in an element of the list.
    pub id: Option<String>,
    /// Where the number is that people see.
    pub number: Option<String>,
    /// The answer is the ticket's number as plain text.
    #[serde(default)]
    pub plain: bool,
    /// What a ticket that was found must contain, to be ours: a template. The case's UUID where it is not stated.
    pub proof: Option<String>,
}

/// A value at a place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// JSON pointer.
    pub pointer: String,
    /// What must stand there.
    pub value: Value,
}

/// One part of a body of several.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// A JSON template; without one it is the file.
    pub json: Option<String>,
}

impl Step {
    /// Whether it changes nothing on the other side.
    pub(crate) fn reads(&self, name: StepName) -> bool {
        matches!(name, StepName::Login | StepName::Find | StepName::Attached | StepName::Logout)
    }
}
