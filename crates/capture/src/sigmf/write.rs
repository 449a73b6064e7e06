//! The writer of SigMF recordings: samples streamed in blocks, both files complete on the disk or not there at all.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use faultscope_signal::{Kind, Record, Unit};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha512};

use super::hex;
use crate::CaptureError;

/// Numbers converted at a time.
const BLOCK: usize = 65_536;

/// Longest `core:label`; viewers show it beside the mark.
const LABEL: usize = 20;

/// The sample types that other programs read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datatype {
    /// I/Q, single precision: any record, nothing lost.
    Cf32Le,
    /// I/Q, 16 bits: full scale is 32768.
    Ci16Le,
    /// I/Q, 8 bits signed: full scale is 128.
    Ci8,
    /// I/Q, 8 bits with zero at 127.5.
    Cu8,
    /// Real, single precision: volts of an oscilloscope.
    Rf32Le,
}

impl Datatype {
    /// The value of `core:datatype`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cf32Le => "cf32_le",
            Self::Ci16Le => "ci16_le",
            Self::Ci8 => "ci8",
            Self::Cu8 => "cu8",
            Self::Rf32Le => "rf32_le",
        }
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Rf32Le => Kind::Real,
            _ => Kind::Iq,
        }
    }

    /// Steps per unit and lowest and highest code of the integer types.
    const fn codes(self) -> Option<(f32, f32, f32)> {
        match self {
            Self::Ci16Le => Some((32_768.0, -32_768.0, 32_767.0)),
            Self::Ci8 => Some((128.0, -128.0, 127.0)),
            // Codes less 127.5: the half that is added before rounding down makes 0 to 255 of it.
            Self::Cu8 => Some((127.5, -127.5, 127.5)),
            Self::Cf32Le | Self::Rf32Le => None,
        }
    }
}

/// A mark in a recording, for instance a finding.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotation {
    /// First sample, counted from the first of the recording.
    pub sample_start: u64,
    /// Length in samples; nothing means to the end.
    pub sample_count: Option<u64>,
    /// Lower and upper edge in Hz: absolute where the recording has a centre, else baseband.
    pub frequency_hz: Option<(f64, f64)>,
    /// A few words; cut at 20 characters, the whole then goes into an empty comment.
    pub label: Option<String>,
    /// Free text.
    pub comment: Option<String>,
    /// What made the mark.
    pub generator: Option<String>,
    /// RFC 4122 id.
    pub uuid: Option<String>,
    /// Further keys with their name space: `faultscope:kind`, `faultscope:value` ...
    pub extra: Map<String, Value>,
}

/// What is written besides the samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Sample type in the file.
    pub datatype: Datatype,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Centre frequency.
    pub center_hz: Option<f64>,
    /// Unit of the values; anything but full scale needs a float type.
    pub unit: Unit,
    /// `core:description`.
    pub description: Option<String>,
    /// RFC 3339 time of the first sample, in UTC and ending in `Z`.
    pub datetime: Option<String>,
    /// `core:hw`.
    pub hw: Option<String>,
    /// Marks; sorted by their start on writing.
    pub annotations: Vec<Annotation>,
    /// Further keys of `global` with their name space (`faultscope:t0_s`, keys kept from another file); those that
    /// the writer makes itself win over them.
    pub extra: Map<String, Value>,
    /// Further keys of the one capture.
    pub capture_extra: Map<String, Value>,
    /// Replace files that are there.
    pub overwrite: bool,
}

impl Recording {
    /// What a record tells of itself: its rate, centre, unit, bandwidth and calibration, as floats.
    #[must_use]
    pub fn of(record: &dyn Record) -> Self {
        let mut extra = Map::new();
        let mut keep = |key: &str, value: Option<f64>| {
            if let Some(value) = value.filter(|v| v.is_finite()) {
                extra.insert(key.to_owned(), number(value));
            }
        };
        keep("faultscope:full_scale", record.full_scale());
        keep("faultscope:full_scale_dbm", record.full_scale_dbm());
        keep("faultscope:bandwidth_limit_hz", record.bandwidth_hz());
        Self {
            datatype: if record.kind() == Kind::Iq { Datatype::Cf32Le } else { Datatype::Rf32Le },
            sample_rate_hz: record.sample_rate_hz(),
            center_hz: record.center_hz(),
            unit: record.unit(),
            description: None,
            datetime: None,
            hw: None,
            annotations: Vec::new(),
            extra,
            capture_extra: Map::new(),
            overwrite: false,
        }
    }

    /// Takes over what another recording said of the same samples: `metadata` is its whole SigMF object.
    ///
    /// Unknown keys, annotations and the first capture are kept; what this recording or the record itself says wins.
    /// Positions are taken as they are, so the record must start where the other recording did.
    pub fn keep(&mut self, metadata: &Value) {
        // These follow from the record as it is now: scaled, swapped, in its own unit.
        const DERIVED: [&str; 5] = [
            "faultscope:unit",
            "faultscope:full_scale",
            "faultscope:full_scale_dbm",
            "faultscope:bandwidth_limit_hz",
            "faultscope:swap_iq",
        ];
        let global = metadata.get("global").and_then(Value::as_object);
        let offset = global.and_then(|g| g.get("core:offset")).and_then(Value::as_u64).unwrap_or(0);
        let kept =
            global.into_iter().flatten().filter(|(key, _)| is_namespaced(key) && !DERIVED.contains(&key.as_str()));
        for (key, value) in kept {
            self.extra.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let first = metadata.pointer("/captures/0").and_then(Value::as_object);
        for (key, value) in first.into_iter().flatten() {
            match (key.as_str(), value.as_str()) {
                ("core:frequency" | "core:sample_start", _) => {}
                ("core:datetime", time) => {
                    self.datetime = self.datetime.take().or(time.filter(|t| is_utc(t)).map(str::to_owned));
                }
                _ if is_namespaced(key) => _ = self.capture_extra.entry(key.clone()).or_insert_with(|| value.clone()),
                _ => {}
            }
        }
        let marks = metadata.get("annotations").and_then(Value::as_array).into_iter().flatten();
        self.annotations.extend(marks.filter_map(Value::as_object).map(|mark| Annotation::kept(mark, offset)));
    }
}

impl Annotation {
    /// A mark of another file, with all its keys.
    fn kept(mark: &Map<String, Value>, offset: u64) -> Self {
        let start = mark.get("core:sample_start").and_then(Value::as_u64).unwrap_or(offset);
        let extra = mark.iter().filter(|(key, _)| is_namespaced(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        Self { sample_start: start.saturating_sub(offset), extra, ..Self::default() }
    }
}

/// Writes `<base>.sigmf-data` and `<base>.sigmf-meta`; returns their paths in this order.
///
/// `base` may carry one of the two extensions. Both files are written under temporary names in the same folder and
/// flushed to the disk before they get their own, data first: after a failure or a power cut there is no metadata
/// file without its samples. The same record and recording give the same bytes.
///
/// # Errors
/// `Options` when record and recording do not fit or the files are there already; `Io` when the disk is full or the
/// folder cannot be written to, with nothing left behind; `Malformed` when the record cannot be read.
pub fn write(base: &Path, record: &dyn Record, recording: &Recording) -> Result<(PathBuf, PathBuf), CaptureError> {
    let (data_path, meta_path) = paths(base);
    check(&data_path, record, recording)?;
    for path in [&data_path, &meta_path] {
        if !recording.overwrite && path.exists() {
            return Err(exists(path));
        }
    }
    let mut data = temporary(&data_path)?;
    let written = samples(data.as_file_mut(), &data_path, record, recording.datatype)?;
    let mut meta = temporary(&meta_path)?;
    let mut text = serde_json::to_vec_pretty(&metadata(recording, &written))
        .map_err(|e| write_error(&meta_path, io::Error::other(e)))?;
    text.push(b'\n');
    meta.write_all(&text).map_err(|e| write_error(&meta_path, e))?;
    for (file, path) in [(&data, &data_path), (&meta, &meta_path)] {
        file.as_file().sync_all().map_err(|e| write_error(path, e))?;
    }
    place(data, &data_path, recording.overwrite)?;
    if let Err(error) = place(meta, &meta_path, recording.overwrite) {
        if !recording.overwrite {
            // Ours, and of no use alone; the first error is the one to tell.
            let _ = std::fs::remove_file(&data_path);
        }
        return Err(error);
    }
    sync_folder(&data_path)?;
    Ok((data_path, meta_path))
}

fn paths(base: &Path) -> (PathBuf, PathBuf) {
    let extension = base.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let stem = match extension.as_deref() {
        Some("sigmf-data" | "sigmf-meta" | "sigmf") => base.with_extension(""),
        _ => base.to_owned(),
    };
    // `with_extension` would take the last part of `12.5V` for an extension.
    let with = |extension: &str| {
        let mut name = stem.clone().into_os_string();
        name.push(extension);
        PathBuf::from(name)
    };
    (with(".sigmf-data"), with(".sigmf-meta"))
}

fn check(path: &Path, record: &dyn Record, recording: &Recording) -> Result<(), CaptureError> {
    let refuse = |what: String, hint: &str| Err(CaptureError::options(path, what, hint));
    let Recording { datatype, sample_rate_hz, .. } = recording;
    if record.kind() != datatype.kind() {
        return refuse(format!("{} does not fit the record", datatype.name()), "I/Q takes c types, a waveform rf32_le");
    }
    if !(sample_rate_hz.is_finite() && *sample_rate_hz > 0.0) {
        return refuse(format!("a sample rate of {sample_rate_hz} Hz cannot be written"), "it must be above zero");
    }
    if recording.center_hz.is_some_and(|c| !c.is_finite()) {
        return refuse("the centre frequency is not a finite number".to_owned(), "leave it out if it is not known");
    }
    if recording.unit != Unit::FullScale && datatype.codes().is_some() {
        return refuse(format!("{} cannot hold {}", datatype.name(), recording.unit), "write it as cf32_le");
    }
    if recording.datetime.as_deref().is_some_and(|t| !is_utc(t)) {
        let what = format!("'{}' is not a UTC time of RFC 3339", recording.datetime.as_deref().unwrap_or_default());
        return refuse(what, "for instance 2026-11-22T09:30:00.000Z");
    }
    let own = recording.annotations.iter().map(|a| &a.extra);
    let keys = own.chain([&recording.extra, &recording.capture_extra]).flat_map(|map| map.keys());
    if let Some(key) = keys.into_iter().find(|key| !is_namespaced(key)) {
        return refuse(format!("'{key}' is not a SigMF key"), "a key is name space, colon, name: faultscope:kind");
    }
    let edges = recording.annotations.iter().filter_map(|a| a.frequency_hz);
    if edges.into_iter().any(|(low, high)| !(low.is_finite() && high.is_finite() && low <= high)) {
        return refuse("the edges of an annotation are not ascending frequencies".to_owned(), "give lower, then upper");
    }
    Ok(())
}

/// `YYYY-MM-DDTHH:MM:SS[.fff]Z`.
fn is_utc(text: &str) -> bool {
    let Some((head, tail)) = text.split_at_checked(19) else { return false };
    let shape = head.bytes().zip(*b"0000-00-00T00:00:00").all(|(b, pattern)| match pattern {
        b'0' => b.is_ascii_digit(),
        other => b == other,
    });
    let fraction = tail.strip_suffix('Z').is_some_and(|f| {
        f.is_empty() || f.strip_prefix('.').is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    });
    shape && fraction
}

fn is_namespaced(key: &str) -> bool {
    let word = |w: &str| {
        w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && w.bytes().next().is_some_and(|b| !b.is_ascii_digit())
    };
    key.split_once(':').is_some_and(|(space, name)| word(space) && word(name))
}

fn temporary(path: &Path) -> Result<tempfile::NamedTempFile, CaptureError> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".faultscope-").suffix(".part");
    #[cfg(unix)]
    {
        // The rights that any new file gets; a temporary file would be readable by its owner only.
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder).map_err(|e| write_error(path, e))
}

/// What is known once the samples are out.
struct Written {
    sha512: String,
    clipped: u64,
}

fn samples(
    file: &mut std::fs::File,
    path: &Path,
    record: &dyn Record,
    datatype: Datatype,
) -> Result<Written, CaptureError> {
    let per_frame = record.kind().components();
    let mut values = vec![0f32; BLOCK];
    let mut bytes = Vec::with_capacity(4 * BLOCK);
    let mut hash = Sha512::new();
    let (mut at, mut clipped) = (0u64, 0u64);
    while at < record.frames() {
        let stopped = |what: String| CaptureError::malformed(path, what, "nothing was written");
        let n = record.read_f32(at, &mut values).map_err(|e| stopped(e.to_string()))?;
        let Some(block) = values.get(..n * per_frame).filter(|block| !block.is_empty()) else {
            return Err(stopped(format!("the record ended at sample {at} of {}", record.frames())));
        };
        clipped += encode(block, datatype, &mut bytes).ok_or_else(|| {
            let what = format!("there are samples that are no numbers after sample {at}; {} has none", datatype.name());
            CaptureError::options(path, what, "write it as cf32_le")
        })?;
        hash.update(&bytes);
        file.write_all(&bytes).map_err(|e| write_error(path, e))?;
        at += n as u64;
    }
    if at == 0 {
        return Err(CaptureError::options(path, "the record is empty", "there is nothing to write"));
    }
    Ok(Written { sha512: hex(&hash.finalize()), clipped })
}

/// Replaces `bytes` by the stored form; returns how many numbers did not fit, nothing if one is no number.
fn encode(block: &[f32], datatype: Datatype, bytes: &mut Vec<u8>) -> Option<u64> {
    bytes.clear();
    let Some((steps, low, high)) = datatype.codes() else {
        block.iter().for_each(|v| bytes.extend_from_slice(&v.to_le_bytes()));
        return Some(0);
    };
    let mut clipped = 0;
    for value in block {
        if value.is_nan() {
            return None;
        }
        let scaled = value * steps;
        clipped += u64::from(scaled < low - 0.5 || scaled > high + 0.5);
        let code = scaled.clamp(low, high);
        match datatype {
            Datatype::Ci16Le => bytes.extend_from_slice(&(code.round() as i16).to_le_bytes()),
            Datatype::Ci8 => bytes.extend_from_slice(&(code.round() as i8).to_le_bytes()),
            _ => bytes.push((code + 127.5).round() as u8),
        }
    }
    Some(clipped)
}

fn metadata(recording: &Recording, written: &Written) -> Value {
    let mut global = recording.extra.clone();
    let mut set = |key: &str, value: Value| global.insert(key.to_owned(), value);
    set("core:datatype", recording.datatype.name().into());
    set("core:version", "1.2.0".into());
    set("core:sample_rate", number(recording.sample_rate_hz));
    set("core:sha512", written.sha512.clone().into());
    set("core:recorder", format!("faultscope {}", env!("CARGO_PKG_VERSION")).into());
    if let Some(text) = &recording.description {
        set("core:description", text.clone().into());
    }
    if let Some(text) = &recording.hw {
        set("core:hw", text.clone().into());
    }
    if recording.unit != Unit::FullScale {
        set("faultscope:unit", recording.unit.symbol().into());
    }
    if written.clipped > 0 {
        let before = recording.extra.get("faultscope:clipped_samples").and_then(Value::as_u64).unwrap_or(0);
        set("faultscope:clipped_samples", before.saturating_add(written.clipped).into());
    }
    // Keys of another data file that are not true of this one.
    for key in [
        "core:offset",
        "core:dataset",
        "core:trailing_bytes",
        "core:metadata_only",
        "core:num_channels",
        "core:collection",
    ] {
        global.remove(key);
    }
    let extensions = extensions(&global);
    global.insert("core:extensions".to_owned(), extensions);
    let mut annotations: Vec<&Annotation> = recording.annotations.iter().collect();
    annotations.sort_by_key(|a| a.sample_start);
    let annotations: Vec<Value> = annotations.into_iter().map(annotation).collect();
    json!({ "global": global, "captures": [capture(recording)], "annotations": annotations })
}

/// Our extension behind those that the kept keys came with.
fn extensions(global: &Map<String, Value>) -> Value {
    let kept = global.get("core:extensions").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut all: Vec<Value> =
        kept.into_iter().filter(|e| e.get("name").and_then(Value::as_str) != Some("faultscope")).collect();
    all.push(json!({ "name": "faultscope", "version": env!("CARGO_PKG_VERSION"), "optional": true }));
    Value::Array(all)
}

fn capture(recording: &Recording) -> Value {
    let mut capture = recording.capture_extra.clone();
    for key in ["core:header_bytes", "core:global_index"] {
        capture.remove(key);
    }
    capture.insert("core:sample_start".to_owned(), 0.into());
    if let Some(center) = recording.center_hz {
        capture.insert("core:frequency".to_owned(), number(center));
    }
    if let Some(datetime) = &recording.datetime {
        capture.insert("core:datetime".to_owned(), datetime.clone().into());
    }
    Value::Object(capture)
}

fn annotation(annotation: &Annotation) -> Value {
    let mut object = annotation.extra.clone();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            object.insert(key.to_owned(), value);
        }
    };
    let long = annotation.label.as_ref().filter(|label| label.chars().count() > LABEL);
    let text = |text: &Option<String>| text.clone().map(Value::from);
    set("core:sample_start", Some(annotation.sample_start.into()));
    set("core:sample_count", annotation.sample_count.map(Value::from));
    set("core:freq_lower_edge", annotation.frequency_hz.map(|(low, _)| number(low)));
    set("core:freq_upper_edge", annotation.frequency_hz.map(|(_, high)| number(high)));
    set("core:label", annotation.label.as_ref().map(|label| label.chars().take(LABEL).collect::<String>().into()));
    set("core:comment", text(&annotation.comment).or_else(|| long.cloned().map(Value::from)));
    set("core:generator", text(&annotation.generator));
    set("core:uuid", text(&annotation.uuid));
    Value::Object(object)
}

/// A JSON number, without a fraction where it has none: `2400000`, not `2400000.0`.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { Value::from(value as i64) } else { Value::from(value) }
}

fn place(file: tempfile::NamedTempFile, path: &Path, overwrite: bool) -> Result<(), CaptureError> {
    let placed = if overwrite { file.persist(path) } else { file.persist_noclobber(path) };
    placed.map(drop).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => write_error(path, e.error),
    })
}

/// Makes the new names survive a power cut; only Unix lets a folder be flushed.
fn sync_folder(path: &Path) -> Result<(), CaptureError> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(|e| write_error(path, e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn exists(path: &Path) -> CaptureError {
    CaptureError::options(
        path,
        "the file is there already and was not replaced",
        "choose another name, or ask to overwrite",
    )
}

fn write_error(path: &Path, source: io::Error) -> CaptureError {
    let what = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full, nothing was written".to_owned(),
        io::ErrorKind::FileTooLarge => "the file would be too large for this disk, nothing was written".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to write here".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        io::ErrorKind::NotFound => "the folder to write into is not there".to_owned(),
        _ => format!("cannot write ({source})"),
    };
    CaptureError::Io { what, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
