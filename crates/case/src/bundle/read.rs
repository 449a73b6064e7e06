//! Reading a bundle: nothing in it is believed before all of it was looked at, and nothing is ever unpacked by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::Digest as _;
use zip::{CompressionMethod, ZipArchive};

use super::{CASE, DIGEST, EVENTS, EVIDENCE, MANIFEST, MARK, Manifest, ManifestCase, REPORT, VERSION, comment, limits};
use crate::event::{EventKind, GENESIS, one_line};
use crate::ledger::ids;
use crate::source::{Place, Source};
use crate::{Event, Evidence, StoreError, canonical, files};

/// The fixed part of the zip's end record.
const END: u64 = 22;

/// A bundle that was looked at from the first byte to the last and found sound.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    zip: ZipArchive<File>,
    manifest: Manifest,
    index: Vec<Place>,
}

type Checked<T> = Result<T, String>;

impl Bundle {
    /// Opens a bundle and checks all of it: its own digest, its entries, the digest of each, the chain of the events and that
    /// exactly the evidence they name is there. Writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Source`] when the file cannot be read, [`StoreError::NotABundle`] when it is something else or of another
    /// version, [`StoreError::BadBundle`] when anything in it differs or would do harm.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let read = |e: io::Error| StoreError::Source { name: path.display().to_string(), reason: e.to_string() };
        let bad = |what: String| StoreError::BadBundle { what, path: path.to_owned() };
        let mut file = File::open(path).map_err(read)?;
        if file.metadata().map_err(read)?.is_dir() {
            return Err(read(io::ErrorKind::IsADirectory.into()));
        }
        sealed(&mut file, path).map_err(|e| e.unwrap_or_else(read))?;
        let entries = directory(&mut file).map_err(bad)?;
        let mut zip = ZipArchive::new(file).map_err(|e| bad(format!("its directory cannot be read ({e})")))?;
        if zip.len() as u64 != entries {
            return Err(bad("two of its entries have the same name".into()));
        }
        if zip.offset() != 0 {
            return Err(bad("something stands before its first entry".into()));
        }
        if zip.has_overlapping_files().map_err(|e| bad(e.to_string()))? {
            return Err(bad("its entries overlap".into()));
        }
        let manifest = manifest(&mut zip).map_err(bad)?;
        entries_of(&mut zip, &manifest).map_err(bad)?;
        let mut bundle = Self { path: path.to_owned(), zip, manifest, index: Vec::new() };
        bundle.index = bundle.chain().map_err(bad)?;
        Ok(bundle)
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the events as a chain, and the evidence that they name.
    fn chain(&mut self) -> Checked<Vec<Place>> {
        let manifest = self.manifest.clone();
        let entry = self.zip.by_name(EVENTS).map_err(|e| e.to_string())?;
        let mut reader = BufReader::with_capacity(1 << 16, entry);
        let mut chain = Chain::new(&manifest);
        while let Some(event) = next_event(&mut reader)? {
            let at = chain.index.len() + 1;
            chain.push(&event).map_err(|why| format!("event {at}: {why}"))?;
        }
        chain.end()
    }
}

impl Source for Bundle {
    fn case(&self) -> &ManifestCase {
        &self.manifest.case
    }

    fn index(&self) -> &[Place] {
        &self.index
    }

    fn each_event(&mut self, take: &mut dyn FnMut(Event) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let (path, index) = (self.path.clone(), &self.index);
        let bad = |what: String| StoreError::BadBundle { what, path: path.clone() };
        let entry = self.zip.by_name(EVENTS).map_err(|e| bad(e.to_string()))?;
        let mut reader = BufReader::with_capacity(1 << 16, entry);
        for place in index {
            let event = next_event(&mut reader).map_err(bad)?.filter(|e| e.hash == place.hash && e.is_intact());
            let event = event.ok_or_else(|| bad("it changed while it was read".into()))?;
            take(event.beside(place.side_of))?;
        }
        Ok(())
    }

    fn evidence(&self) -> Vec<(String, u64)> {
        self.manifest.evidence()
    }

    fn read_evidence(
        &mut self,
        sha256: &str,
        take: &mut dyn FnMut(&mut dyn Read) -> Result<Evidence, StoreError>,
    ) -> Result<Evidence, StoreError> {
        let path = self.path.clone();
        let bad = |e: zip::result::ZipError| StoreError::BadBundle { what: e.to_string(), path };
        let mut entry = self.zip.by_name(&format!("{EVIDENCE}{sha256}")).map_err(bad)?;
        take(&mut entry)
    }

    fn bad(&self, what: &str) -> StoreError {
        StoreError::BadBundle { what: what.to_owned(), path: self.path.clone() }
    }
}

/// Checks events in memory as those of a bundle are checked: where each stands, or what is wrong.
pub(crate) fn check_chain(manifest: &Manifest, events: &[Event]) -> Result<Vec<Place>, String> {
    let mut chain = Chain::new(manifest);
    for (event, at) in events.iter().zip(1..) {
        chain.push(event).map_err(|why| format!("event {at}: {why}"))?;
    }
    chain.end()
}

/// The events as far as they were read.
struct Chain<'a> {
    manifest: &'a Manifest,
    index: Vec<Place>,
    known: BTreeSet<String>,
    ids: BTreeSet<String>,
    head: String,
    seq: u64,
    /// What the last `merged` event is still waited for, last first, and its head.
    waiting: Vec<String>,
    other: Option<String>,
    evidence: BTreeMap<String, u64>,
}

impl<'a> Chain<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        Self {
            manifest,
            index: Vec::new(),
            known: BTreeSet::new(),
            ids: BTreeSet::new(),
            head: GENESIS.to_owned(),
            seq: 0,
            waiting: Vec::new(),
            other: None,
            evidence: BTreeMap::new(),
        }
    }

    fn push(&mut self, event: &Event) -> Checked<()> {
        let refuse = |why: &str| Err(why.to_owned());
        if self.index.len() >= limits::MOST_EVENTS {
            return Err(format!("there are more than {}", limits::MOST_EVENTS));
        }
        if !event.is_intact() {
            return refuse("content and hash do not belong together");
        }
        let case = &self.manifest.case;
        let id = uuid::Uuid::parse_str(&event.id).is_ok_and(|u| u.to_string() == event.id);
        if !id || event.case_id != case.id || event.actor != one_line(&event.actor) {
            return refuse("its id, its case or its actor is not as this program writes it");
        }
        if crate::clock::parse_ms(&event.at).is_none() {
            return refuse("its time is not RFC 3339");
        }
        self.evidence(event)?;
        let first = self.index.is_empty();
        if matches!(event.kind, EventKind::Opened(_)) != first || (first && event.id != case.uuid) {
            return refuse("a case is opened by its first event, and by no other");
        }
        let side_of = match self.waiting.pop() {
            Some(hash) if hash == event.hash && self.known.contains(&event.prev_hash) => Some(self.seq),
            Some(_) => return refuse("it is not the event that was merged, or follows none that is known"),
            None => {
                if event.prev_hash != self.head || event.seq != self.seq + 1 {
                    return refuse("it does not follow the event before it");
                }
                (self.head, self.seq) = (event.hash.clone(), event.seq);
                None
            }
        };
        if !self.known.insert(event.hash.clone()) || !self.ids.insert(event.id.clone()) {
            return refuse("it is there twice");
        }
        self.index.push(Place { hash: event.hash.clone(), side_of });
        if let (None, EventKind::Merged(merged)) = (side_of, &event.kind) {
            self.waiting = merged.events.iter().rev().cloned().collect();
            self.other = Some(merged.head.clone());
        }
        if self.waiting.is_empty() && self.other.take().is_some_and(|head| !self.known.contains(&head)) {
            return refuse("the last event of the other side is not there");
        }
        Ok(())
    }

    fn evidence(&mut self, event: &Event) -> Checked<()> {
        let EventKind::Attached(attached) = &event.kind else { return Ok(()) };
        for e in &attached.evidence {
            if !canonical::is_digest(&e.sha256) || e.name != files::safe_name(&e.name) {
                return Err("a file it attaches has no proper digest or name".into());
            }
            if *self.evidence.entry(e.sha256.clone()).or_insert(e.size) != e.size {
                return Err("it gives a file another size than an event before it".into());
            }
        }
        Ok(())
    }

    fn end(self) -> Checked<Vec<Place>> {
        let case = &self.manifest.case;
        if !self.waiting.is_empty() || self.head != case.head || self.index.len() as u64 != case.events {
            return Err("events are missing at the end, or there are more than the manifest says".into());
        }
        let listed =
            self.manifest.files.iter().filter_map(|f| Some((f.path.strip_prefix(EVIDENCE)?.to_owned(), f.size)));
        if self.evidence != listed.collect() {
            return Err("its evidence is not exactly what its events name".into());
        }
        Ok(self.index)
    }
}

/// Checks the digest that the comment of the zip ends in.
fn sealed(file: &mut File, path: &Path) -> Result<(), Result<StoreError, io::Error>> {
    let not = |what: String| Ok(StoreError::NotABundle { what, path: path.to_owned() });
    let length = file.seek(SeekFrom::End(0)).map_err(Err)?;
    let tail_length = length.min(160);
    file.seek(SeekFrom::Start(length - tail_length)).map_err(Err)?;
    let mut tail = Vec::new();
    file.take(tail_length).read_to_end(&mut tail).map_err(Err)?;
    let tail = String::from_utf8_lossy(&tail).into_owned();
    let Some((_, said)) = tail.rsplit_once(MARK) else {
        return Err(not("this is no bundle of a case, or its end is missing".into()));
    };
    let Some((version, digest)) = said.split_once(DIGEST) else {
        return Err(not("this is no bundle of a case that this program knows".into()));
    };
    if version != VERSION.to_string() {
        let version = one_line(version);
        return Err(not(format!("the bundle has version {version}, this program knows version {VERSION}")));
    }
    file.rewind().map_err(Err)?;
    let hash = limits::hash(&mut file.take(length.saturating_sub(64))).map_err(Err)?;
    if canonical::hex(&hash.finalize()) == digest {
        return Ok(());
    }
    let what = "its content is not what its digest says: it was changed or damaged on the way".to_owned();
    Err(Ok(StoreError::BadBundle { what, path: path.to_owned() }))
}

/// Looks at the end record before anything is read by it; the number of entries.
fn directory(file: &mut File) -> Checked<u64> {
    let trouble = |e: io::Error| format!("it cannot be read ({e})");
    let length = file.seek(SeekFrom::End(0)).map_err(trouble)?;
    let after = comment(VERSION).len() as u64 + 64;
    let at = length.checked_sub(after + END).ok_or("it is too short")?;
    file.seek(SeekFrom::Start(at)).map_err(trouble)?;
    let mut end = [0u8; END as usize];
    file.read_exact(&mut end).map_err(trouble)?;
    let short = |n: usize| u64::from(u16::from_le_bytes([end[n], end[n + 1]]));
    let long = |n: usize| u64::from(u32::from_le_bytes([end[n], end[n + 1], end[n + 2], end[n + 3]]));
    if end[..4] != *b"PK\x05\x06" || short(20) != after || short(4) != 0 || short(6) != 0 || short(8) != short(10) {
        return Err("the record at its end is not as this program writes it".into());
    }
    let (mut entries, mut size) = (short(10), long(12));
    if entries == 0xFFFF || size == 0xFFFF_FFFF || long(16) == 0xFFFF_FFFF {
        // The record of large archives stands before its locator, which stands before the end record.
        let at = at.checked_sub(20 + 56).ok_or("it is too short")?;
        file.seek(SeekFrom::Start(at)).map_err(trouble)?;
        let mut large = [0u8; 56];
        file.read_exact(&mut large).map_err(trouble)?;
        let number = |n: usize| large.get(n..n + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
        if large[..4] != *b"PK\x06\x06" {
            return Err("the record of large archives is not where this program writes it".into());
        }
        (entries, size) = (number(32), number(40));
    }
    file.rewind().map_err(trouble)?;
    if entries > limits::MOST_ENTRIES || size > limits::MOST_DIRECTORY {
        return Err(format!("it has more than {} entries", limits::MOST_ENTRIES));
    }
    Ok(entries)
}

fn manifest(zip: &mut ZipArchive<File>) -> Checked<Manifest> {
    let entry = zip.by_name(MANIFEST).map_err(|_| "it has no manifest".to_owned())?;
    if limits::is_bomb(entry.compressed_size(), entry.size()) {
        return Err("its manifest unpacks to far more than text does".into());
    }
    let mut bytes = Vec::new();
    entry.take(limits::MOST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|e| format!("its manifest: {e}"))?;
    if bytes.len() as u64 > limits::MOST_MANIFEST {
        return Err("its manifest is too large".into());
    }
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|e| format!("its manifest cannot be read ({e})"))?;
    if manifest.format != "faultscope-case" || manifest.version != VERSION {
        return Err("its manifest is of another format or version than the bundle".into());
    }
    if ids::parts(&manifest.case.id).is_none() {
        return Err("its case has no number as stores give them".into());
    }
    Ok(manifest)
}

/// Every entry is one that the manifest lists, a plain file, no larger than it says, and of the digest it says.
fn entries_of(zip: &mut ZipArchive<File>, manifest: &Manifest) -> Checked<()> {
    let mut listed: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    for file in &manifest.files {
        let own = [EVENTS, CASE, REPORT].contains(&file.path.as_str());
        let evidence = file.path.strip_prefix(EVIDENCE).is_some_and(|d| d == file.sha256 && canonical::is_digest(d));
        if !own && !evidence {
            return Err(stray(&file.path));
        }
        if listed.insert(&file.path, (&file.sha256, file.size)).is_some() {
            return Err(format!("its manifest lists {} twice", file.path));
        }
    }
    if ![EVENTS, CASE, REPORT].iter().all(|own| listed.contains_key(own)) {
        return Err("its manifest lists no events, no case or no report".into());
    }
    for n in 0..zip.len() {
        let mut entry = zip.by_index(n).map_err(|e| format!("entry {}: {e}", n + 1))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if entry.is_symlink() || entry.unix_mode().is_some_and(|m| !matches!(m & 0o170_000, 0 | 0o100_000)) {
            return Err(format!("its entry `{}` is a link or another special file", one_line(&name)));
        }
        let expected = listed.remove(name.as_str());
        if name != MANIFEST && expected.is_none() {
            return Err(stray(&name));
        }
        let stored = entry.compression() == CompressionMethod::Stored;
        if entry.encrypted() || entry.is_dir() || !(stored || entry.compression() == CompressionMethod::Deflated) {
            return Err(format!("its entry {name} is encrypted, a folder, or packed in another way"));
        }
        let Some((sha256, size)) = expected else { continue };
        let evidence = name.starts_with(EVIDENCE);
        if (evidence && !stored) || limits::is_bomb(entry.compressed_size(), size) {
            return Err(format!("its entry {name} would unpack to far more than was sent"));
        }
        // One byte more than stated is enough to know.
        let mut content = (&mut entry).take(size.saturating_add(1));
        let hash = limits::hash(&mut content).map_err(|e| format!("its entry {name} cannot be unpacked ({e})"))?;
        let read = size.saturating_add(1) - content.limit();
        if read != size || canonical::hex(&hash.finalize()) != sha256 {
            return Err(format!("its entry {name} is not what the manifest says"));
        }
    }
    match listed.keys().next() {
        Some(missing) => Err(format!("{missing} is missing")),
        None => Ok(()),
    }
}

/// Says what is wrong with a name that no bundle has.
fn stray(name: &str) -> String {
    let shown = one_line(name);
    let outside =
        name.split(['/', '\\']).any(|part| part == "..") || name.starts_with(['/', '\\']) || name.contains([':', '\\']);
    if outside {
        format!("its entry `{shown}` leads out of the bundle")
    } else {
        format!("its entry `{shown}` belongs to no bundle")
    }
}

/// The next line as an event; nothing at the end.
fn next_event(reader: &mut impl io::BufRead) -> Checked<Option<Event>> {
    let mut line = Vec::new();
    let most = crate::event::MAX_EVENT_BYTES as u64 + 102;
    reader.take(most).read_until(b'\n', &mut line).map_err(|e| format!("its events cannot be unpacked ({e})"))?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err("one of its events is too large, or cut off".into());
    }
    limits::line(&line).map_err(|why| format!("one of its events {why}"))?;
    serde_json::from_slice(&line).map(Some).map_err(|e| format!("one of its events cannot be read ({e})"))
}
