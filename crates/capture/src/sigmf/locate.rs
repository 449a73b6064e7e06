//! Where the metadata and the samples of a SigMF recording lie: a pair of files, or two members of a tar archive.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::meta::Metadata;
use crate::samples::read_up_to;
use crate::{CaptureError, Caveat, CaveatKind};

/// Largest metadata that are parsed.
pub(crate) const MAX_META: u64 = 64 << 20;

/// Archive members looked at; a recording has two.
const MAX_MEMBERS: usize = 65_536;

/// The metadata of a recording as bytes, and what is needed to find its samples.
#[derive(Debug)]
pub(crate) struct Located {
    /// The JSON text.
    pub(crate) meta: Vec<u8>,
    /// The file that holds the metadata; for messages.
    pub(crate) meta_path: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// `.sigmf-meta` next to `.sigmf-data`.
    Pair,
    /// An archive: its members, and the stem of the recording inside.
    Archive { members: Vec<Member>, stem: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    name: String,
    offset: u64,
    bytes: u64,
}

/// The samples of a recording: a run of bytes in a file.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// Finds the metadata that belong to `path`: itself, its sibling, or a member of the archive.
///
/// # Errors
/// When they are missing, too large, or an archive holds no recording or more than one.
pub(crate) fn locate(path: &Path) -> Result<Located, CaptureError> {
    match path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).as_deref() {
        Some("sigmf-data") => {
            let meta_path = sibling(path, "sigmf-meta");
            if !meta_path.is_file() {
                let what = format!("the metadata file {} that belongs to these samples is missing", name(&meta_path));
                let hint = "copy it next to the data, or state --format and --rate to read the samples as raw";
                return Err(CaptureError::malformed(path, what, hint));
            }
            Ok(Located { meta: read_meta(&meta_path)?, meta_path, source: Source::Pair })
        }
        Some("sigmf") => archive(path),
        _ => Ok(Located { meta: read_meta(path)?, meta_path: path.to_owned(), source: Source::Pair }),
    }
}

impl Located {
    /// Opens the samples.
    ///
    /// # Errors
    /// When they are missing or empty, or the metadata name a file outside the recording's folder.
    pub(crate) fn open_data(&self, metadata: &Metadata, caveats: &mut Vec<Caveat>) -> Result<Data, CaptureError> {
        let dataset = metadata.text("core:dataset");
        if let Some(dataset) = dataset.filter(|d| d.contains(['/', '\\', '\0']) || matches!(*d, "" | "." | "..")) {
            let what = format!("core:dataset '{}' is not the name of a file next to it", shorten(dataset));
            return Err(CaptureError::malformed(&self.meta_path, what, "move the data file next to the metadata"));
        }
        match &self.source {
            Source::Pair => self.pair(dataset),
            Source::Archive { members, stem } => self.member(members, stem, dataset, caveats),
        }
    }

    fn pair(&self, dataset: Option<&str>) -> Result<Data, CaptureError> {
        let path = match dataset {
            Some(dataset) => self.meta_path.with_file_name(dataset),
            None => sibling(&self.meta_path, "sigmf-data"),
        };
        let file = match File::open(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let what = format!("the data file {} that these metadata describe is missing", name(&path));
                return Err(CaptureError::malformed(&self.meta_path, what, "copy it next to the metadata file"));
            }
            other => other.map_err(|e| CaptureError::io(&path, e))?,
        };
        let meta = file.metadata().map_err(|e| CaptureError::io(&path, e))?;
        if !meta.is_file() {
            return Err(CaptureError::io(&path, std::io::Error::from(std::io::ErrorKind::IsADirectory)));
        }
        if meta.len() == 0 {
            return Err(CaptureError::malformed(
                &path,
                "the data file is empty",
                "record it again; 0 bytes were saved",
            ));
        }
        Ok(Data { bytes: meta.len(), offset: 0, file, path })
    }

    fn member(
        &self,
        members: &[Member],
        stem: &str,
        dataset: Option<&str>,
        caveats: &mut Vec<Caveat>,
    ) -> Result<Data, CaptureError> {
        let path = self.meta_path.clone();
        let wanted = match (dataset, stem.rsplit_once('/')) {
            (Some(dataset), Some((folder, _))) => format!("{folder}/{dataset}"),
            (Some(dataset), None) => dataset.to_owned(),
            (None, _) => format!("{stem}.sigmf-data"),
        };
        let Some(member) = members.iter().find(|m| m.name == wanted) else {
            let what = format!("the archive holds no '{}', which its metadata describe", shorten(&wanted));
            return Err(CaptureError::malformed(&path, what, "make the archive again with both files in it"));
        };
        let (file, size) = open(&path)?;
        let there = size.saturating_sub(member.offset);
        if there < member.bytes {
            let detail = format!("the archive is cut off: {there} of {} bytes of samples are there", member.bytes);
            caveats.push(Caveat::new(CaveatKind::Truncated, detail));
        }
        Ok(Data { file, path, offset: member.offset, bytes: member.bytes.min(there) })
    }
}

fn open(path: &Path) -> Result<(File, u64), CaptureError> {
    let file = File::open(path).map_err(|e| CaptureError::io(path, e))?;
    let size = file.metadata().map_err(|e| CaptureError::io(path, e))?.len();
    Ok((file, size))
}

fn sibling(path: &Path, extension: &str) -> PathBuf {
    let lower = path.with_extension(extension);
    let upper = path.with_extension(extension.to_ascii_uppercase());
    if !lower.exists() && upper.exists() { upper } else { lower }
}

fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A text from a file, short enough for a message.
fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

fn too_large(path: &Path, bytes: u64) -> CaptureError {
    let what = format!("the SigMF metadata have {bytes} bytes; more than {MAX_META} are not read");
    CaptureError::unsupported(path, what, "split the recording, or remove annotations")
}

fn read_meta(path: &Path) -> Result<Vec<u8>, CaptureError> {
    let (file, size) = open(path)?;
    if size > MAX_META {
        return Err(too_large(path, size));
    }
    let mut text = Vec::new();
    // The limit holds even if the file grows meanwhile.
    file.take(MAX_META).read_to_end(&mut text).map_err(|e| CaptureError::io(path, e))?;
    Ok(text)
}

fn archive(path: &Path) -> Result<Located, CaptureError> {
    let members = members(path)?;
    let recordings: Vec<&Member> = members.iter().filter(|m| m.name.ends_with(".sigmf-meta")).collect();
    let meta = match recordings.as_slice() {
        [one] => (*one).clone(),
        [] => {
            let what = "the archive holds no .sigmf-meta file";
            return Err(CaptureError::malformed(path, what, "a SigMF archive is an uncompressed tar of both files"));
        }
        several => {
            let names: Vec<String> = several.iter().take(8).map(|m| shorten(&m.name)).collect();
            let more = if several.len() > 8 { " ..." } else { "" };
            let what = format!("the archive holds {} recordings: {}{more}", several.len(), names.join(", "));
            return Err(CaptureError::unsupported(path, what, "unpack it (tar -xf) and open one of them"));
        }
    };
    if meta.bytes > MAX_META {
        return Err(too_large(path, meta.bytes));
    }
    let (file, size) = open(path)?;
    let mut text = vec![0; usize::try_from(meta.bytes.min(size)).unwrap_or(0)];
    let n = read_up_to(&file, &mut text, meta.offset).map_err(|e| CaptureError::io(path, e))?;
    text.truncate(n);
    let stem = meta.name.trim_end_matches(".sigmf-meta").to_owned();
    Ok(Located { meta: text, meta_path: path.to_owned(), source: Source::Archive { members, stem } })
}

/// The plain files of a tar archive with the places of their contents; nothing is extracted.
fn members(path: &Path) -> Result<Vec<Member>, CaptureError> {
    let broken = |e: &std::io::Error| {
        let what = format!("the .sigmf archive cannot be read as a tar ({})", shorten(&e.to_string()));
        CaptureError::malformed(path, what, "a SigMF archive is an uncompressed tar; the file may be cut off")
    };
    let (file, _) = open(path)?;
    let mut archive = tar::Archive::new(file);
    let mut members = Vec::new();
    for entry in archive.entries_with_seek().map_err(|e| broken(&e))?.take(MAX_MEMBERS) {
        let entry = match entry {
            Ok(entry) => entry,
            // A tail that is no tar does not hide the members before it.
            Err(_) if !members.is_empty() => break,
            Err(e) => return Err(broken(&e)),
        };
        if entry.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
            members.push(Member { name, offset: entry.raw_file_position(), bytes: entry.size() });
        }
    }
    Ok(members)
}
