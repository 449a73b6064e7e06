//! Which role a capture has: by the command line, by its metadata, by its name, in that order.

use std::path::Path;

use faultscope_capture::OpenOptions;
use serde_json::Value;

use super::plan::Plan;
use crate::Error;
use crate::inputs::matches;

/// `ROLE=PATTERN` of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleOption {
    /// The role.
    pub role: String,
    /// A file, or a pattern of its name or its path.
    pub pattern: String,
}

impl std::str::FromStr for RoleOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((role, pattern)) if !role.is_empty() && !pattern.is_empty() => {
                Ok(Self { role: role.to_owned(), pattern: pattern.to_owned() })
            }
            _ => Err(format!("'{text}' is not ROLE=FILE")),
        }
    }
}

/// Refuses options for roles that the plan does not have.
pub(super) fn check(plan: &Plan, options: &[RoleOption]) -> Result<(), Error> {
    let roles: Vec<&str> = plan.roles.iter().map(|r| r.id.as_str()).collect();
    match options.iter().find(|o| !roles.contains(&o.role.as_str())) {
        Some(o) => Err(Error::usage(
            format!("the plan has no role '{}'", o.role),
            format!("its roles are: {}", roles.join(", ")),
        )),
        None => Ok(()),
    }
}

/// The role of a capture, if it has one.
pub(super) fn of(plan: &Plan, options: &[RoleOption], file: &Path) -> Option<String> {
    let path = file.to_string_lossy();
    let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = |pattern: &str| pattern == path || matches(pattern, &name) || matches(pattern, &path);
    let said = options.iter().find(|o| fits(&o.pattern)).map(|o| o.role.clone());
    let known = |role: &String| plan.roles.iter().any(|r| r.id == *role);
    let named = || plan.roles.iter().find(|r| r.files.iter().any(|p| matches(p, &name))).map(|r| r.id.clone());
    said.or_else(|| stated(file).filter(known)).or_else(named)
}

/// What the metadata of a SigMF recording say: `faultscope:role`, or an annotation labelled `role:ROLE`.
fn stated(file: &Path) -> Option<String> {
    let extension = file.extension()?.to_str()?;
    if !["sigmf-meta", "sigmf-data", "sigmf"].contains(&extension) {
        return None;
    }
    let capture = faultscope_capture::open(file, &OpenOptions::default()).ok()?;
    role_in(&capture.provenance.metadata)
}

fn role_in(metadata: &Value) -> Option<String> {
    let own = metadata.pointer("/global/faultscope:role").and_then(Value::as_str);
    let label = |a: &Value| a.get("core:label")?.as_str()?.strip_prefix("role:").map(str::to_owned);
    let annotated = || metadata.get("annotations")?.as_array()?.iter().find_map(label);
    own.map(str::to_owned).or_else(annotated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan() -> Plan {
        Plan::load("base-station-visit").unwrap()
    }

    #[test]
    fn the_command_line_wins_over_the_name() {
        let option: RoleOption = "idle=*/tx-before.sigmf-meta".parse().unwrap();
        let of = |options: &[RoleOption], file: &str| super::of(&plan(), options, Path::new(file));
        assert_eq!(of(&[], "a/tx-before.csv").as_deref(), Some("transmit"));
        assert_eq!(of(&[option], "a/tx-before.sigmf-meta").as_deref(), Some("idle"));
        assert_eq!(of(&[], "a/photo.csv"), None);
        assert!("idle".parse::<RoleOption>().is_err() && "=x".parse::<RoleOption>().is_err());
        let other: RoleOption = "other=x".parse().unwrap();
        assert!(check(&plan(), &[other]).unwrap_err().hint.contains("supply"));
    }

    #[test]
    fn metadata_may_say_it_in_two_places() {
        assert_eq!(role_in(&json!({"global": {"faultscope:role": "supply"}})).as_deref(), Some("supply"));
        let annotated = json!({"global": {}, "annotations": [{"core:label": "x"}, {"core:label": "role:idle"}]});
        assert_eq!(role_in(&annotated).as_deref(), Some("idle"));
        assert_eq!(role_in(&Value::Null), None);
    }
}
