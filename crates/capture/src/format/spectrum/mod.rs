//! Spectrum exports: rtl_power, hackrf_sweep, tinySA, SignalVu, Touchstone of one port, and tables of frequency and level.

mod columns;
mod hackrf;
mod lines;
mod power_table;
mod signalvu;
mod sweeps;
#[cfg(test)]
mod tests;
mod tinysa;
mod touchstone;
mod unit;

use faultscope_signal::SweptSpectrum;
use serde_json::Value;

use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance};

/// Spectrum exports of every dialect.
pub(super) struct Export;

/// Points of one spectrum at most: 6 GHz in steps of 6 kHz are fewer.
const MAX_POINTS: usize = 1 << 20;

/// Spectra of one file at most.
const MAX_SPECTRA: usize = 64;

/// What a dialect reads from a file.
#[derive(Debug, Default)]
struct Content {
    /// `rtl_power`, `touchstone` ...
    dialect: &'static str,
    spectra: Vec<SweptSpectrum>,
    /// Where the unit of the levels is stated; nothing when it is assumed (a caveat says so then).
    unit_origin: Option<String>,
    instrument: Option<String>,
    description: Option<String>,
    metadata: Value,
    caveats: Vec<Caveat>,
}

impl Content {
    fn caveat(&mut self, kind: CaveatKind, detail: impl Into<String>) {
        self.caveats.push(Caveat::new(kind, detail));
    }
}

/// A dialect: whether a file is its own, and how to read it.
struct Dialect {
    matches: fn(&Probe) -> Match,
    read: fn(&Probe) -> Result<Content, CaptureError>,
}

/// Every dialect, most specific first.
const ALL: &[Dialect] = &[
    Dialect { matches: touchstone::matches, read: touchstone::read },
    Dialect { matches: signalvu::matches, read: signalvu::read },
    Dialect { matches: power_table::matches, read: power_table::read },
    Dialect { matches: hackrf::matches, read: hackrf::read },
    Dialect { matches: columns::matches, read: columns::read },
    Dialect { matches: tinysa::matches, read: tinysa::read },
];

fn choose(probe: &Probe) -> Option<(&'static Dialect, Match)> {
    let rated = ALL.iter().map(|d| (d, (d.matches)(probe))).filter(|(_, sure)| *sure > Match::No);
    rated.rev().max_by_key(|(_, sure)| *sure)
}

impl Format for Export {
    fn id(&self) -> &'static str {
        "spectrum"
    }
    fn describe(&self) -> &'static str {
        "spectrum exports: rtl_power, hackrf_sweep (CSV, binary), tinySA, SignalVu, Touchstone .s1p, frequency and level"
    }
    fn matches(&self, probe: &Probe) -> Match {
        choose(probe).map_or(Match::No, |(_, sure)| sure)
    }
    fn open(&self, probe: &Probe, _options: &OpenOptions) -> Result<Capture, CaptureError> {
        let path = &probe.path;
        let dialect = choose(probe).map(|(dialect, _)| dialect);
        let content = dialect.map(|d| (d.read)(probe)).transpose()?.unwrap_or_default();
        if content.spectra.iter().all(|s| s.frequency_hz.is_empty()) {
            let hint = "the file holds a header at most; export the spectrum again";
            return Err(CaptureError::malformed(path, "there is no point of a spectrum in the file", hint));
        }
        let mut provenance = Provenance {
            instrument: content.instrument,
            description: content.description,
            metadata: content.metadata,
            ..Provenance::default()
        };
        provenance.note("format", format!("content: {}", content.dialect));
        provenance.note("center_hz", "middle of the span");
        if let Some(origin) = content.unit_origin {
            provenance.note("unit", origin);
        }
        Ok(Capture {
            path: path.clone(),
            files: vec![path.clone()],
            format: format!("spectrum/{}", content.dialect),
            spectra: content.spectra,
            provenance,
            caveats: content.caveats,
            ..Capture::default()
        })
    }
}

/// The refusal of a spectrum with too many points.
fn too_many(probe: &Probe) -> CaptureError {
    let what = format!("the spectrum has more than {MAX_POINTS} points");
    CaptureError::unsupported(&probe.path, what, "export it with wider steps, or in several parts")
}

/// Refuses an axis that does not rise from point to point.
fn rising(probe: &Probe, frequency_hz: &[f64], line: impl Fn(usize) -> u64) -> Result<(), CaptureError> {
    let bad = |i: &usize| {
        let now = frequency_hz.get(*i).copied().unwrap_or(f64::NAN);
        let before = i.checked_sub(1).and_then(|b| frequency_hz.get(b)).copied();
        !(now.is_finite() && now >= 0.0 && before.is_none_or(|b| b < now))
    };
    match (0..frequency_hz.len()).find(bad) {
        None => Ok(()),
        Some(i) => {
            let what = format!("the frequency in line {} is not above the one before", line(i));
            Err(CaptureError::malformed(&probe.path, what, "export one sweep, from low to high"))
        }
    }
}
