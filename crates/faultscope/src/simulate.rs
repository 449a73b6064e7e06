//! Simulated faults as files: a SigMF recording with annotations, and its truth beside it.

use std::path::{Path, PathBuf};

use faultscope_capture::sigmf::{self, Annotation, Datatype, Recording};
use faultscope_instrument::sim::{self, SAMPLES, SimError, Simulated};
use faultscope_signal::Record as _;
use serde_json::Map;

use crate::convert::write_error;
use crate::{Class, Error};

impl From<SimError> for Error {
    fn from(error: SimError) -> Self {
        Self::usage(error.what, error.hint)
    }
}

/// The fault models: name, one line, domain.
pub fn models() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    sim::ALL.iter().map(|m| (m.id(), m.describe(), m.domain().name()))
}

/// The same with cause and meaning of the severity, in the shape of the JSON output.
pub fn list() -> impl Iterator<Item = crate::schema::ModelSummary> {
    sim::ALL.iter().map(|m| crate::schema::ModelSummary {
        id: m.id().into(),
        description: m.describe().into(),
        domain: m.domain().name().into(),
        cause: m.cause().map(str::to_owned),
        severity: m.severity().into(),
    })
}

/// Writes the recording of a `sim:` address (or a bare model name) as `base.sigmf-data`, `.sigmf-meta`, `.truth.json`.
///
/// # Errors
/// When the address names no model or a setting out of range, or the files cannot be written.
pub fn simulate(address: &str, base: Option<&Path>, overwrite: bool) -> Result<Vec<PathBuf>, Error> {
    let full = if address.starts_with(sim::SCHEME) { address.to_owned() } else { format!("{}{address}", sim::SCHEME) };
    let target = sim::parse(&full)?;
    let simulated = target.model.generate(&target.scenario)?;
    let base = base.map_or_else(|| PathBuf::from(target.model.id()), Path::to_owned);
    write(&simulated, &base, overwrite)
}

/// Writes every recording of the worked example into a folder.
///
/// # Errors
/// When the folder cannot be made or the files cannot be written.
pub fn write_samples(folder: &Path, overwrite: bool) -> Result<Vec<PathBuf>, Error> {
    std::fs::create_dir_all(folder).map_err(|e| storage(folder, &e))?;
    let mut files = Vec::new();
    for sample in SAMPLES {
        files.extend(write(&sample.generate()?, &folder.join(sample.stem), overwrite)?);
    }
    Ok(files)
}

fn write(simulated: &Simulated, base: &Path, overwrite: bool) -> Result<Vec<PathBuf>, Error> {
    let recording = recording(simulated, overwrite);
    let written = sigmf::write(base, &simulated.waveform, &recording);
    let (data, meta) = written.map_err(|e| write_error(e, overwrite))?;
    let truth = meta.with_extension("truth.json");
    let text = serde_json::to_string_pretty(&simulated.truth).map_err(|e| Error::usage(e.to_string(), ""))?;
    std::fs::write(&truth, text + "\n").map_err(|e| storage(&truth, &e))?;
    Ok(vec![data, meta, truth])
}

fn recording(simulated: &Simulated, overwrite: bool) -> Recording {
    let rate = simulated.waveform.sample_rate_hz();
    let annotations = simulated.truth.annotations.iter().map(|a| Annotation {
        sample_start: (a.start_s * rate).round() as u64,
        sample_count: a.duration_s.map(|d| (d * rate).round().max(1.0) as u64),
        frequency_hz: a.low_hz.zip(a.high_hz),
        label: Some(a.label.clone()),
        comment: Some(a.comment.clone()),
        generator: Some("faultscope simulate".into()),
        uuid: None,
        extra: Map::new(),
    });
    let mut recording = Recording::of(&simulated.waveform);
    recording.datatype = datatype(simulated.datatype, recording.datatype);
    recording.description = Some(simulated.description.clone());
    recording.hw = Some(format!("faultscope simulated instrument, model {}", simulated.truth.model));
    recording.annotations = annotations.collect();
    recording.overwrite = overwrite;
    if let Some(dbm) = simulated.full_scale_dbm {
        recording.extra.insert("faultscope:full_scale_dbm".into(), dbm.into());
    }
    recording
}

fn datatype(name: &str, otherwise: Datatype) -> Datatype {
    name.parse().unwrap_or(otherwise)
}

fn storage(path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        Class::Storage,
        "io",
        format!("cannot write ({error}): {}", path.display()),
        "check room and mode of the folder, or name another",
    )
}
