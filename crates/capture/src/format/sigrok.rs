//! sigrok session files (`.sr`): a ZIP archive with `metadata` and the analogue channels as single-precision numbers.
//!
//! Layout: sigrok project, *File format:sigrok/v2*. Channel files are `analog-<device>-<channel>-<part>`. They are
//! compressed, so that their numbers go to an unlinked temporary file and are read by position from there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::sync::Arc;

use faultscope_signal::{Kind, Unit};
use zip::ZipArchive;

use super::scope;
use super::{Format, Match, Probe, frames};
use crate::samples::{Component, FileSamples, Layout};
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, Trace};

/// sigrok and PulseView sessions.
pub(super) struct Sigrok;

/// Longest `metadata` that is read.
const MAX_METADATA: u64 = 1 << 20;
/// Bytes that all channels of one file may unpack to; beyond it the archive is taken for a trap.
const MAX_UNPACKED: u64 = 16 << 30;

impl Format for Sigrok {
    fn id(&self) -> &'static str {
        "sigrok"
    }
    fn describe(&self) -> &'static str {
        "sigrok .sr (analogue channels)"
    }
    fn matches(&self, probe: &Probe) -> Match {
        match (probe.head.starts_with(b"PK\x03\x04"), probe.extension() == "sr") {
            (true, true) => Match::Certain,
            (false, true) => Match::Name,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, _) = frames::open_file(&probe.path)?;
        let mut archive = ZipArchive::new(file).map_err(|e| damaged(probe, &e.to_string()))?;
        let metadata = metadata(&mut archive, probe)?;
        let parts = parts(&archive);
        if parts.is_empty() {
            let hint = "logic channels have no levels to measure; record an analogue channel";
            return Err(CaptureError::unsupported(&probe.path, "the session holds logic channels only", hint));
        }
        let mut provenance = Provenance::default();
        let stated = metadata.get("samplerate").and_then(|text| rate(text)).map(|rate| (rate, "metadata samplerate"));
        let rate = frames::sample_rate(&probe.path, options, stated, &mut provenance)?;
        let mut traces = Vec::new();
        let mut left = MAX_UNPACKED;
        for (channel, names) in &parts {
            let (file, bytes) = unpack(&mut archive, names, &mut left, probe)?;
            let name = metadata.get(&format!("analog{channel}")).cloned().unwrap_or_else(|| format!("CH{channel}"));
            let layout = Layout { component: Component::F32Le, offset: 0, stride: 4, components: 1, frames: bytes / 4 };
            if layout.frames == 0 {
                return Err(damaged(probe, &format!("{name} holds no sample")));
            }
            let samples = Arc::new(FileSamples::new(Arc::new(file), probe.path.display().to_string(), layout));
            traces.push(Trace::new(name, samples, Kind::Real, rate, Unit::Volt));
        }
        scope::note(&mut provenance, "metadata", None, &traces);
        provenance.note("unit", "volt, as sigrok's drivers write; the file names no unit");
        let caveat = Caveat::new(CaveatKind::Uncalibrated, "the file names no unit; its values are taken as volts");
        provenance.metadata = serde_json::json!(metadata);
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: "sigrok/f32".to_owned(),
            traces,
            provenance,
            caveats: vec![caveat],
            ..Capture::default()
        })
    }
}

fn damaged(probe: &Probe, what: &str) -> CaptureError {
    CaptureError::malformed(&probe.path, format!("the session archive is damaged: {what}"), "save the session again")
}

/// `key=value` of every section; keys of the one device that sessions have do not collide.
fn metadata(archive: &mut ZipArchive<File>, probe: &Probe) -> Result<BTreeMap<String, String>, CaptureError> {
    let entry = archive.by_name("metadata").map_err(|e| damaged(probe, &format!("metadata: {e}")))?;
    let mut text = Vec::new();
    entry.take(MAX_METADATA).read_to_end(&mut text).map_err(|e| damaged(probe, &format!("metadata: {e}")))?;
    let text = String::from_utf8_lossy(&text);
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
}

/// `50 MHz`, `2.0 MHz`, `8000000`.
fn rate(text: &str) -> Option<f64> {
    let text = text.trim().trim_end_matches("Hz").trim();
    let (number, factor) = match text.chars().last()? {
        'k' => (text.trim_end_matches('k'), 1e3),
        'M' => (text.trim_end_matches('M'), 1e6),
        'G' => (text.trim_end_matches('G'), 1e9),
        _ => (text, 1.0),
    };
    number.trim().parse::<f64>().ok().map(|value| value * factor)
}

/// The parts of each channel in order.
fn parts(archive: &ZipArchive<File>) -> BTreeMap<u32, Vec<String>> {
    let mut found: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
    for name in archive.file_names().flatten() {
        let numbers = name.strip_prefix("analog-1-").and_then(|rest| rest.split_once('-'));
        if let Some((channel, part)) = numbers.and_then(|(c, p)| Some((c.parse().ok()?, p.parse().ok()?))) {
            found.entry(channel).or_default().insert(part, name.to_string());
        }
    }
    found.into_iter().map(|(channel, parts)| (channel, parts.into_values().collect())).collect()
}

/// Unpacks the parts of a channel one behind the other.
fn unpack(
    archive: &mut ZipArchive<File>,
    names: &[String],
    left: &mut u64,
    probe: &Probe,
) -> Result<(File, u64), CaptureError> {
    let io = |e: io::Error| CaptureError::io(&probe.path, e);
    let mut file = tempfile::tempfile().map_err(io)?;
    let mut total = 0;
    let mut block = vec![0u8; 64 * 1024];
    for name in names {
        let mut entry = archive.by_name(name).map_err(|e| damaged(probe, &format!("{name}: {e}")))?;
        loop {
            let n = entry.read(&mut block).map_err(|e| damaged(probe, &format!("{name}: {e}")))?;
            let Some(part) = block.get(..n).filter(|part| !part.is_empty()) else { break };
            *left = left.checked_sub(n as u64).ok_or_else(|| {
                damaged(probe, &format!("its channels unpack to more than {} GiB", MAX_UNPACKED >> 30))
            })?;
            file.write_all(part).map_err(io)?;
            total += n as u64;
        }
    }
    Ok((file, total))
}

#[cfg(test)]
mod tests;
