//! Round plans by name or path, or those in the folder of the store, and the check plan that each point asks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use faultscope_case::round::{Point, RoundError, RoundPlan, Standing, standing};

use crate::check::Plan;
use crate::limits::{is_path, read};
use crate::{Class, Error};

impl From<RoundError> for Error {
    fn from(error: RoundError) -> Self {
        Self::new(Class::Usage, "configuration", error.what, error.hint)
    }
}

/// A round plan and where it is from.
#[derive(Debug, Clone)]
pub struct Round {
    /// The plan.
    pub plan: RoundPlan,
    /// Its file, or its name where it ships with the program.
    pub source: String,
    folder: PathBuf,
}

impl Round {
    /// What measures a point; paths count from the folder of the round plan.
    ///
    /// # Errors
    /// When its check plan, its measurement or a limit pack is not there or not valid.
    pub fn check_plan(&self, point: &Point) -> Result<Plan, Error> {
        let plan = match (&point.check, &point.measurement) {
            (Some(name), _) if is_path(name) => Plan::load(&self.folder.join(name).display().to_string()),
            (Some(name), _) => Plan::load(name),
            (None, measurement) => {
                let id = format!("{}/{}", self.plan.round.id, point.tag);
                Plan::single(&id, measurement.as_deref().unwrap_or_default(), &point.limits, &self.folder)
            }
        };
        let plan = plan.map_err(|e| self.at(point, &e))?;
        if plan.steps.iter().all(|step| step.packs.is_empty()) {
            let e = Error::new(Class::Usage, "configuration", "its check plan names no limits", "name limit packs");
            return Err(self.at(point, &e));
        }
        Ok(plan)
    }

    /// Where its points stand at a time (RFC 3339) where nothing was ever recorded.
    ///
    /// # Errors
    /// When `at` is not a time.
    pub fn never_done(&self, at: &str) -> Result<Vec<Standing>, Error> {
        let now = at.parse().map_err(|_| Error::usage(format!("'{at}' is no time"), "2026-11-26T14:05:00+01:00"))?;
        Ok(standing(&self.plan, &BTreeMap::new(), now))
    }

    /// Checks what every point asks for.
    ///
    /// # Errors
    /// For the first point whose check plan, measurement or pack cannot be used.
    pub fn check(&self) -> Result<(), Error> {
        let mut known: Vec<&Point> = Vec::new();
        for point in &self.plan.points {
            let same =
                |p: &&Point| (&p.check, &p.measurement, &p.limits) == (&point.check, &point.measurement, &point.limits);
            if !known.iter().any(same) {
                self.check_plan(point)?;
                known.push(point);
            }
        }
        Ok(())
    }

    fn at(&self, point: &Point, error: &Error) -> Error {
        let message = format!("the round plan {}: point '{}': {}", self.source, point.tag, error.message);
        Error::new(error.class, &error.kind, message, error.hint.clone())
    }
}

/// A plan that ships with the program, or one from a `.toml` file.
///
/// # Errors
/// When there is no such plan or file, or it is not valid.
pub fn load(name_or_path: &str) -> Result<Round, Error> {
    let source = name_or_path.to_owned();
    if !is_path(name_or_path) {
        return Ok(Round { plan: RoundPlan::built_in(name_or_path)?, source, folder: PathBuf::new() });
    }
    let text = read(name_or_path, "round plan", "faultscope round show base-station prints a pattern")?;
    let folder = Path::new(name_or_path).parent().unwrap_or(Path::new("")).to_owned();
    Ok(Round { plan: RoundPlan::parse(&text, name_or_path)?, source, folder })
}

/// The plans that are named, else those in the folder `rounds` of a store.
///
/// # Errors
/// When one is not valid, or two have the same id.
pub fn in_use(names: &[String], store: &Path) -> Result<Vec<Round>, Error> {
    let names = if names.is_empty() { in_folder(&store.join("rounds"))? } else { names.to_vec() };
    let mut rounds: Vec<Round> = Vec::with_capacity(names.len());
    for name in names {
        let round = load(&name)?;
        if let Some(other) = rounds.iter().find(|r| r.plan.round.id == round.plan.round.id) {
            let message = format!("two round plans have the id '{}': {}, {name}", round.plan.round.id, other.source);
            return Err(Error::new(Class::Usage, "configuration", message, "keep one of them, or give it another id"));
        }
        rounds.push(round);
    }
    Ok(rounds)
}

fn in_folder(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |e: std::io::Error| {
        let message = format!("the folder of round plans cannot be read ({e}): {}", folder.display());
        Error::new(Class::Storage, "io", message, "check the folder's owner and its mode")
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            names.push(path.display().to_string());
        }
    }
    names.sort();
    Ok(names)
}

/// The plan and the point that a tag names.
///
/// # Errors
/// When no plan in use has it, or several have.
pub fn find<'a>(rounds: &'a [Round], tag: &str) -> Result<(&'a Round, &'a Point), Error> {
    /// So many tags are named to choose from.
    const MOST: usize = 12;
    let found: Vec<_> = rounds.iter().filter_map(|r| Some((r, r.plan.point(tag)?))).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] if rounds.is_empty() => Err(no_plan()),
        [] => {
            let tags = rounds.iter().flat_map(|r| &r.plan.points).map(|p| p.tag.as_str());
            let (mut tags, count) = (tags.clone().take(MOST).collect::<Vec<_>>().join(", "), tags.count());
            if count > MOST {
                tags.push_str(", ...");
            }
            Err(Error::usage(format!("no point has the tag '{}'", tag.trim()), format!("points are: {tags}")))
        }
        several => {
            let plans: Vec<&str> = several.iter().map(|(r, _)| r.source.as_str()).collect();
            let message = format!("several round plans have a point '{}': {}", tag.trim(), plans.join(", "));
            Err(Error::usage(message, "name one of them with --plan"))
        }
    }
}

/// What to say where no plan is in use.
#[must_use]
pub fn no_plan() -> Error {
    Error::usage(
        "no round plan is in use",
        "name one with --plan FILE, or put it into the folder `rounds` of the store; round show base-station prints a pattern",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_points_of_shipped_plans_ask_for_is_there() {
        for id in RoundPlan::built_in_ids() {
            load(id).unwrap().check().unwrap();
        }
    }

    #[test]
    fn a_point_says_what_is_not_there_and_paths_count_from_the_plan() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let head = "[round]\nid='own'\nversion='1'\ntitle='t'\nstart='2026-01-01'\n[[point]]\ntag='P1'\ntitle='x'\ninterval='30d'\n";
        let check = |what: &str| {
            write("own.toml", &format!("{head}{what}"));
            load(&dir.path().join("own.toml").display().to_string()).unwrap().check()
        };
        write(
            "visit.toml",
            "[plan]\nid='v'\nversion='1'\n[[role]]\nid='r'\n[[step]]\nid='s'\nrole='r'\nmeasurement='ripple'\nlimits=['dc-48v']\n",
        );
        check("check='./visit.toml'").unwrap();
        write(
            "visit.toml",
            "[plan]\nid='v'\nversion='1'\n[[role]]\nid='r'\n[[step]]\nid='s'\nrole='r'\nmeasurement='ripple'\n",
        );
        for (what, why) in [
            ("check='./visit.toml'", "no limits"),
            ("check='no-such'", "no check plan"),
            ("check='./gone.toml'", "gone.toml"),
            ("measurement='riple'\nlimits=['dc-48v']", "'riple'"),
            ("measurement='ripple'\nlimits=['no-pack']", "no-pack"),
            ("measurement='spurs'\nlimits=['dc-48v']", "for spurs"),
        ] {
            let e = check(what).unwrap_err();
            assert!(e.message.contains("'P1'") && e.message.contains(why) && !e.hint.is_empty(), "{what}: {e:?}");
        }
    }

    #[test]
    fn plans_lie_in_the_store_and_their_ids_are_unique() {
        let dir = tempfile::tempdir().unwrap();
        assert!(in_use(&[], dir.path()).unwrap().is_empty());
        let text = include_str!("../../../case/rounds/base-station.toml");
        std::fs::create_dir(dir.path().join("rounds")).unwrap();
        std::fs::write(dir.path().join("rounds/a.toml"), text).unwrap();
        let rounds = in_use(&[], dir.path()).unwrap();
        assert_eq!(find(&rounds, "bts-supply ").unwrap().1.tag, "BTS-SUPPLY");
        assert!(find(&rounds, "nowhere").unwrap_err().hint.contains("BTS-VISIT"));
        assert!(find(&[], "nowhere").unwrap_err().hint.contains("--plan"));
        std::fs::write(dir.path().join("rounds/b.toml"), text).unwrap();
        assert!(in_use(&[], dir.path()).unwrap_err().message.contains("a.toml"));
        std::fs::write(
            dir.path().join("rounds/b.toml"),
            text.replace("\"base-station\"\nversion", "\"south\"\nversion"),
        )
        .unwrap();
        let rounds = in_use(&[], dir.path()).unwrap();
        assert!(find(&rounds, "BTS-SUPPLY").unwrap_err().hint.contains("--plan"));
    }
}
