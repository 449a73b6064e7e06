//! Push profiles by name or by path, and what is shown of them.

use std::path::Path;

use faultscope_push::{Profile, Secrets};

use super::document::{PushProfile, PushProfilesDocument, PushSecret, PushStep};
use super::{PushRequest, absolute};
use crate::Error;
use crate::limits::{is_path, read};

/// A profile that ships, or one of a `.toml` file.
///
/// # Errors
/// When there is none of that name or path, or it cannot be used.
pub fn load(name_or_path: &str) -> Result<Profile, Error> {
    if !is_path(name_or_path) {
        return Ok(Profile::built_in(name_or_path)?);
    }
    let text = read(name_or_path, "push profile", "push profiles lists those that ship")?;
    let mut profile = Profile::from_toml(&text).map_err(|e| Error::from(e).at(name_or_path))?;
    if !profile.ca_file.is_empty() {
        // Counted from the profile, which may be used from anywhere.
        let folder = Path::new(name_or_path).parent().unwrap_or(Path::new(""));
        profile.ca_file = absolute(&folder.join(&profile.ca_file).display().to_string());
    }
    Ok(profile)
}

/// The profile of a request with all that it needs, and its name as it is found again later.
pub(super) fn ready(request: &PushRequest) -> Result<(String, Profile), Error> {
    let profile = load(&request.profile)?.with(&request.settings())?;
    let name = if is_path(&request.profile) { absolute(&request.profile) } else { request.profile.clone() };
    Ok((name, profile))
}

/// What there is to know of profiles: of those named, or of all that ship.
///
/// # Errors
/// As for [`load`].
pub fn profiles(names: &[String]) -> Result<PushProfilesDocument, Error> {
    let all = match names {
        [] => Profile::shipped().map(load).collect::<Result<Vec<_>, _>>()?,
        names => names.iter().map(|name| load(name)).collect::<Result<Vec<_>, _>>()?,
    };
    Ok(PushProfilesDocument { schema: "faultscope/1".into(), profiles: all.into_iter().map(shown).collect() })
}

fn shown(profile: Profile) -> PushProfile {
    let secret = |(name, wanted): (&String, &faultscope_push::Wanted)| PushSecret {
        name: name.clone(),
        variable: Secrets::variable(&profile.id, name),
        about: wanted.about.clone(),
        optional: wanted.optional,
    };
    let secrets = profile.auth.secrets.iter().map(secret).collect();
    let step = |(step, s): (faultscope_push::StepName, &faultscope_push::Step)| PushStep {
        step,
        method: s.method.clone(),
        path: if s.url.is_empty() { s.path.clone() } else { s.url.clone() },
        confidence: s.confidence,
    };
    let steps = profile.steps().map(step).collect();
    PushProfile {
        searchable: profile.find.is_some(),
        updates: profile.update.is_some(),
        secrets,
        steps,
        id: profile.id,
        version: profile.version,
        title: profile.title,
        about: profile.about,
        source: profile.source,
        uncertain: profile.uncertain,
        base_url: profile.base_url,
        values: profile.values,
    }
}
