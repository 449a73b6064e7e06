//! What a SigMF recording says besides its samples, and the metadata object that is made of it.

use std::path::Path;

use faultscope_signal::{Kind, Record, Unit};
use serde_json::{Map, Value, json};

use crate::{CaptureError, Component};

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

    /// How one number is stored.
    #[must_use]
    pub const fn component(self) -> Component {
        match self {
            Self::Cf32Le | Self::Rf32Le => Component::F32Le,
            Self::Ci16Le => Component::I16Le,
            Self::Ci8 => Component::I8,
            Self::Cu8 => Component::U8,
        }
    }

    /// Bytes of one frame.
    #[must_use]
    pub const fn frame_bytes(self) -> usize {
        self.component().bytes() * self.kind().components()
    }

    /// I/Q or real.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Rf32Le => Kind::Real,
            _ => Kind::Iq,
        }
    }

    /// Steps per unit and lowest and highest code of the integer types.
    pub(super) const fn codes(self) -> Option<(f32, f32, f32)> {
        match self {
            Self::Ci16Le => Some((32_768.0, -32_768.0, 32_767.0)),
            Self::Ci8 => Some((128.0, -128.0, 127.0)),
            // Before 127.5 is added, which makes codes 0 to 255 of it.
            Self::Cu8 => Some((127.5, -127.5, 127.5)),
            Self::Cf32Le | Self::Rf32Le => None,
        }
    }
}

impl std::str::FromStr for Datatype {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Cf32Le, Self::Ci16Le, Self::Ci8, Self::Cu8, Self::Rf32Le];
        let known = all.iter().map(|d| d.name()).collect::<Vec<_>>().join(" ");
        all.into_iter()
            .find(|d| d.name() == text)
            .ok_or_else(|| format!("'{text}' is not a type that other programs read; choose one of {known}"))
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

/// What is known once the samples are out.
pub(super) struct Written {
    pub(super) sha512: String,
    pub(super) clipped: u64,
}

/// Refuses what cannot become a valid recording, before anything is written.
pub(super) fn check(path: &Path, record: &dyn Record, recording: &Recording) -> Result<(), CaptureError> {
    if record.kind() != recording.datatype.kind() {
        let what = format!("{} does not fit the record", recording.datatype.name());
        return Err(CaptureError::options(path, what, "I/Q takes c types, a waveform rf32_le"));
    }
    check_recording(path, recording)
}

/// The part of it that needs no samples.
pub(super) fn check_recording(path: &Path, recording: &Recording) -> Result<(), CaptureError> {
    let refuse = |what: String, hint: &str| Err(CaptureError::options(path, what, hint));
    let Recording { datatype, sample_rate_hz, .. } = recording;
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
pub(crate) fn is_utc(text: &str) -> bool {
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

/// The whole SigMF object.
pub(super) fn metadata(recording: &Recording, written: &Written) -> Value {
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
