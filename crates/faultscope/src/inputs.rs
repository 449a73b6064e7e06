//! Captures as the user names them: files, folders, patterns and standard input, expanded in a fixed order.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{Class, Error};

/// A list of inputs; dropping it removes what standard input was spooled to.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The files, in the order given; folders and patterns sorted by name.
    pub files: Vec<PathBuf>,
    spooled: Option<tempfile::TempPath>,
}

/// Expands what the user named. A name that matches nothing stays in the list, so that it is reported.
///
/// # Errors
/// When nothing was named, a folder cannot be listed or holds nothing, or standard input cannot be kept.
pub fn expand(names: &[String], stdin: &mut dyn Read) -> Result<Inputs, Error> {
    let mut inputs = Inputs::default();
    for name in names {
        inputs.add(name, stdin)?;
    }
    Ok(inputs)
}

/// The same, but a name that leads nowhere stands beside the files, with why, and the others still count.
///
/// # Errors
/// When standard input cannot be kept.
pub fn expand_all(names: &[String], stdin: &mut dyn Read) -> Result<(Inputs, Vec<(String, Error)>), Error> {
    let (mut inputs, mut unfound) = (Inputs::default(), Vec::new());
    for name in names {
        match inputs.add(name, stdin) {
            Err(error) if error.class == Class::Input => unfound.push((name.clone(), error)),
            other => other?,
        }
    }
    Ok((inputs, unfound))
}

impl Inputs {
    fn add(&mut self, name: &str, stdin: &mut dyn Read) -> Result<(), Error> {
        match name {
            "-" => self.spool(stdin),
            _ if Path::new(name).is_dir() => self.folder(Path::new(name)),
            _ if is_pattern(name) && !Path::new(name).exists() => self.pattern(name),
            _ => {
                self.push(PathBuf::from(name));
                Ok(())
            }
        }
    }

    fn push(&mut self, path: PathBuf) {
        if !self.files.contains(&path) {
            self.files.push(path);
        }
    }

    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        let found = list(folder)?;
        if found.is_empty() {
            return Err(Error::new(
                Class::Input,
                "io",
                format!("the folder holds no captures: {}", folder.display()),
                "name a folder with captures in it",
            ));
        }
        found.into_iter().for_each(|path| self.push(path));
        Ok(())
    }

    fn pattern(&mut self, pattern: &str) -> Result<(), Error> {
        let path = Path::new(pattern);
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let fits = |p: &PathBuf| p.file_name().is_some_and(|n| matches(&name, &n.to_string_lossy()));
        let mut found: Vec<PathBuf> = visible(folder).unwrap_or_default().into_iter().filter(fits).collect();
        one_of_a_pair(&mut found);
        if found.is_empty() {
            return Err(Error::new(
                Class::Input,
                "io",
                format!("nothing matches {pattern}"),
                "patterns take * and ? in the file name; quote them",
            ));
        }
        found.into_iter().for_each(|p| self.push(p));
        Ok(())
    }

    fn spool(&mut self, stdin: &mut dyn Read) -> Result<(), Error> {
        let trouble = |e: std::io::Error| {
            Error::new(
                Class::Storage,
                "io",
                format!("standard input cannot be kept: {e}"),
                "make room in the temporary folder",
            )
        };
        if self.spooled.is_some() {
            return Err(Error::usage("standard input (-) is named twice", "name it once"));
        }
        let mut file = tempfile::Builder::new().prefix("stdin-").tempfile().map_err(trouble)?;
        std::io::copy(stdin, file.as_file_mut()).map_err(trouble)?;
        let path = file.into_temp_path();
        self.push(path.to_path_buf());
        self.spooled = Some(path);
        Ok(())
    }
}

/// Endings of files that lie beside captures and are plainly none; a pattern or a name still reaches them.
const NO_CAPTURES: [&str; 14] =
    ["json", "jsonl", "xml", "prom", "toml", "md", "html", "png", "svg", "jpg", "jpeg", "bmp", "pdf", "log"];

/// The captures of a folder, sorted: hidden files and files that are plainly none are left out, and of a SigMF pair
/// only the metadata file is kept.
fn list(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = visible(folder)?;
    let none = |p: &PathBuf| {
        p.extension().is_some_and(|e| NO_CAPTURES.contains(&e.to_string_lossy().to_ascii_lowercase().as_str()))
    };
    found.retain(|p| !none(p));
    one_of_a_pair(&mut found);
    Ok(found)
}

/// Takes the second file of a pair out of a sorted list that holds the first: SigMF data beside metadata, headers of
/// GNU Radio beside their data.
fn one_of_a_pair(files: &mut Vec<PathBuf>) {
    let all = files.clone();
    let other = |p: &PathBuf| match p.extension().and_then(|e| e.to_str()) {
        Some("sigmf-data") => Some(p.with_extension("sigmf-meta")),
        Some("hdr") => Some(p.with_extension("")),
        _ => None,
    };
    files.retain(|p| other(p).is_none_or(|first| all.binary_search(&first).is_err()));
}

/// The files of a folder that are not hidden, sorted.
fn visible(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let trouble = |e: std::io::Error| {
        Error::new(
            Class::Input,
            "io",
            format!("the folder cannot be listed ({e}): {}", folder.display()),
            "check its mode",
        )
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_file() && !hidden {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether `text` matches a pattern of literal characters, `?` (one) and `*` (any number).
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut pi, mut ti) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while ti < t.len() {
        match p.get(pi) {
            Some('*') => {
                star = Some((pi, ti));
                pi += 1;
            }
            Some(c) if *c == '?' || *c == t[ti] => {
                pi += 1;
                ti += 1;
            }
            _ => match star {
                // Let the last star take one character more.
                Some((sp, st)) => {
                    star = Some((sp, st + 1));
                    pi = sp + 1;
                    ti = st + 1;
                }
                None => return false,
            },
        }
    }
    p[pi..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_shell_would() {
        for (pattern, text, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.wav", false),
            ("a?c*", "abcdef", true),
            ("*b*c", "xxbyyc", true),
            ("*b*c", "xxbyyd", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn folders_are_sorted_and_a_pair_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.sigmf-meta", "a.sigmf-data", ".hidden", "c.sigmf-data"] {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        let inputs = expand(&[dir.path().display().to_string()], &mut std::io::empty()).unwrap();
        let names: Vec<_> = inputs.files.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.sigmf-meta", "b.csv", "c.sigmf-data"]);
        let error = expand(&[dir.path().join("*.wav").display().to_string()], &mut std::io::empty()).unwrap_err();
        assert_eq!(error.class, Class::Input);
    }

    #[test]
    fn standard_input_is_spooled_to_a_file_and_removed() {
        let inputs = expand(&["-".into()], &mut &b"samples"[..]).unwrap();
        let path = inputs.files[0].clone();
        assert_eq!(std::fs::read(&path).unwrap(), b"samples");
        drop(inputs);
        assert!(!path.exists());
    }
}
