//! Service profiles: by path or the one that ships, shown, and the clocks of a case by the one in use.

use std::collections::BTreeMap;

use faultscope_case::{Priority, Profile, ProfileError, Remark, Step, Term};
use serde::{Deserialize, Serialize};

use super::{Case, Desk, EventKind, Paused, Resumed};
use crate::Error;
use crate::limits::read;

/// The JSON document of `case sla show` and `case sla check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SlaDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// Id of the service profile.
    pub profile: String,
    /// Its version.
    pub version: String,
    /// Where its figures come from.
    pub source: String,
    /// Its clocks, by priority.
    pub sla_clocks: Vec<SlaClock>,
    /// Its calendars.
    pub calendars: BTreeMap<String, SlaCalendar>,
    /// Reasons to pause, each with the clocks that it stops.
    pub pauses: BTreeMap<String, Vec<String>>,
    /// Who is told of a clock that ran out, and when.
    pub escalation: Vec<Step>,
    /// What can be kept but is probably not meant.
    pub remarks: Vec<Remark>,
}

/// A clock of one priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SlaClock {
    /// For which priority.
    pub priority: Priority,
    /// What is promised.
    #[serde(flatten)]
    pub term: Term,
    /// In words.
    pub note: String,
}

/// A calendar as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SlaCalendar {
    /// Its time zone.
    pub zone: String,
    /// Hours by days of the week.
    pub hours: BTreeMap<String, String>,
    /// Hours of dates that are different.
    pub holidays: BTreeMap<String, String>,
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        Self::usage(error.to_string(), "case sla show prints the profile that ships; its file is the pattern")
    }
}

impl SlaDocument {
    /// What a profile says.
    #[must_use]
    pub fn new(profile: &Profile) -> Self {
        let clocks = Priority::ALL.into_iter().flat_map(|priority| {
            let note = |term: &Term| profile.clocks.iter().find(|c| c.term.name == term.name).map(|c| c.note.clone());
            let terms = profile.terms(priority).clocks.into_iter();
            terms.map(move |term| SlaClock { priority, note: note(&term).unwrap_or_default(), term })
        });
        let calendars = profile.calendars.iter().map(|(name, calendar)| {
            let (hours, holidays) = calendar.as_written();
            (name.clone(), SlaCalendar { zone: calendar.zone().to_owned(), hours, holidays })
        });
        Self {
            schema: "faultscope/1".into(),
            profile: profile.id.clone(),
            version: profile.version.clone(),
            source: profile.source.clone(),
            sla_clocks: clocks.collect(),
            calendars: calendars.collect(),
            pauses: profile.pauses.clone(),
            escalation: profile.escalation.clone(),
            remarks: profile.remarks(),
        }
    }
}

/// The service profile of a file; the one that ships where none is named.
///
/// # Errors
/// When there is no such file, or its profile cannot be kept.
pub fn sla_profile(path: Option<&str>) -> Result<Profile, Error> {
    match path {
        None => Ok(Profile::shipped()?),
        Some(path) => {
            let text = read(path, "service profile", "case sla show prints the profile that ships")?;
            Profile::from_toml(&text).map_err(|e| Error::from(e).at(path))
        }
    }
}

impl Desk {
    /// Takes clocks from another service profile than the one that ships with the program.
    pub fn use_profile(&mut self, profile: Profile) {
        self.profile = Some(profile);
    }

    /// The service profile in use.
    pub(super) fn profile(&self) -> Result<Profile, Error> {
        self.profile.clone().map_or_else(|| sla_profile(None), Ok)
    }

    /// Changes the priority of a case, and its clocks with it.
    ///
    /// # Errors
    /// When the clocks of the case come from another profile than the one in use; else as for [`Desk::append`].
    pub fn change_priority(&mut self, id: &str, to: Priority, reason: String) -> Result<Case, Error> {
        let profile = self.profile()?;
        if let Some(own) = self.case(id)?.sla.filter(|own| own.profile != profile.id) {
            let message = format!(
                "the clocks of {id} come from the service profile `{}`, version {}, not from `{}`",
                own.profile, own.version, profile.id
            );
            return Err(Error::usage(message, "name its file with --sla"));
        }
        let terms = Some(profile.terms(to));
        self.append(id, None, EventKind::PriorityChanged { to, reason, terms })
    }

    /// Stops the clocks of a case that the reason stops.
    ///
    /// # Errors
    /// As for [`Desk::append`].
    pub fn pause(&mut self, id: &str, reason: &str, note: &str) -> Result<Case, Error> {
        let reason = reason.trim().to_ascii_lowercase().replace('-', "_");
        self.append(id, None, EventKind::Paused(Box::new(Paused { reason, note: note.to_owned() })))
    }

    /// Lets all clocks of a case that stand still go on.
    ///
    /// # Errors
    /// As for [`Desk::append`].
    pub fn resume(&mut self, id: &str, note: &str) -> Result<Case, Error> {
        let open = self.case(id)?.pauses.into_iter().filter(|pause| pause.until.is_none());
        let pauses = open.map(|pause| pause.id).collect();
        self.append(id, None, EventKind::Resumed(Box::new(Resumed { pauses, note: note.to_owned() })))
    }
}
