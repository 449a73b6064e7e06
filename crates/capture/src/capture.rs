//! The capture: the traces of one file or file pair, where every field came from, and the reasons for doubt.

use std::path::{Path, PathBuf};

use faultscope_signal::SweptSpectrum;
use serde::{Deserialize, Serialize};

use crate::{CaptureError, Caveat, Digest, OpenOptions, Trace, digest_file};

/// Where one field of a capture came from: `sample_rate_hz` from `option --rate`, `header fmt`, `file name` ...
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FieldOrigin {
    /// The field's JSON name.
    pub field: String,
    /// Its origin in words.
    pub origin: String,
}

/// What is known of the instrument and the moment, all optional.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Provenance {
    /// RFC 3339 time of the first sample.
    pub start_time: Option<String>,
    /// Instrument or recorder, as the file names it.
    pub instrument: Option<String>,
    /// Free text of the file (description, comment, header block).
    pub description: Option<String>,
    /// Where each field came from.
    pub origins: Vec<FieldOrigin>,
    /// Metadata kept as found, for writers and reports (SigMF object, CSV header block ...).
    pub metadata: serde_json::Value,
}

impl Provenance {
    /// Notes where a field came from; the last word on a field wins.
    pub fn note(&mut self, field: &str, origin: impl Into<String>) {
        self.origins.retain(|o| o.field != field);
        self.origins.push(FieldOrigin { field: field.to_owned(), origin: origin.into() });
    }
}

/// The traces of one file, with everything needed to judge how far to trust them.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    /// The file that holds the samples (for a SigMF pair the `.sigmf-data` file).
    pub path: PathBuf,
    /// All files that make up the capture, `path` first (SigMF: data, then meta).
    pub files: Vec<PathBuf>,
    /// `sigmf/cf32_le`, `wav/pcm16`, `raw/cu8`, `csv/keysight` ...
    pub format: String,
    /// The channels, all of them; `--channel` chooses by `select`.
    pub traces: Vec<Trace>,
    /// What the file holds instead of samples: levels over frequency. A capture has traces or spectra, never both.
    pub spectra: Vec<SweptSpectrum>,
    /// Origin of every field.
    pub provenance: Provenance,
    /// Reasons to trust less.
    pub caveats: Vec<Caveat>,
}

impl Capture {
    /// SHA-256 of the file that holds the samples.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn digest(&self) -> Result<Digest, CaptureError> {
        match self.traces.iter().find_map(|t| t.samples.bytes_of(&self.path)) {
            Some(bytes) => Ok(Digest::of(bytes)),
            None => digest_file(&self.path),
        }
    }

    /// Applies the options every format shares: channel, probe, scale, I/Q swap, centre, start and duration.
    ///
    /// # Errors
    /// When a channel is not there, or start and duration lie outside the record.
    pub fn apply(mut self, options: &OpenOptions) -> Result<Self, CaptureError> {
        if !self.spectra.is_empty() {
            return self.apply_to_spectra(options);
        }
        if let Some(wanted) = &options.channel {
            let index = self.channel_index(wanted)?;
            self.traces = vec![self.traces.swap_remove(index)];
        }
        for trace in &mut self.traces {
            view::apply(trace, options, &mut self.provenance, &self.path)?;
        }
        Ok(self)
    }

    /// Of an exported spectrum only the trace can be chosen: the other options are about samples.
    fn apply_to_spectra(mut self, options: &OpenOptions) -> Result<Self, CaptureError> {
        let channel = options.channel.clone();
        if *options != (OpenOptions { channel: channel.clone(), ..OpenOptions::default() }) {
            let what = "this file holds a spectrum, not samples: of the options for captures only --channel applies";
            let hint = "leave out --rate, --center, --start, --duration, --probe, --scale and --swap-iq";
            return Err(CaptureError::options(&self.path, what, hint));
        }
        if let Some(wanted) = channel {
            let index = self.channel_index(&wanted)?;
            self.spectra = vec![self.spectra.swap_remove(index)];
        }
        Ok(self)
    }

    fn channel_index(&self, wanted: &str) -> Result<usize, CaptureError> {
        let names = self.traces.iter().map(|t| t.name.as_str()).chain(self.spectra.iter().map(|s| s.name.as_str()));
        let names: Vec<&str> = names.collect();
        let by_name = names.iter().position(|n| n.eq_ignore_ascii_case(wanted));
        let by_number = wanted.parse::<usize>().ok().filter(|n| (1..=names.len()).contains(n)).map(|n| n - 1);
        by_name.or(by_number).ok_or_else(|| {
            CaptureError::options(
                &self.path,
                format!("there is no channel '{wanted}'"),
                format!("channels are: {} (or 1 to {})", names.join(", "), names.len()),
            )
        })
    }

    /// The trace that a measurement takes when none is chosen: the first.
    #[must_use]
    pub fn main_trace(&self) -> Option<&Trace> {
        self.traces.first()
    }

    /// The file name without its folder, for tables.
    #[must_use]
    pub fn name(&self) -> String {
        file_name(&self.path)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

mod view {
    //! Probe, scale, swap, centre, start and duration applied to one trace.

    use std::path::Path;

    use faultscope_signal::{Record as _, Unit};

    use crate::{CaptureError, OpenOptions, Provenance, Trace};

    pub(super) fn apply(
        trace: &mut Trace,
        options: &OpenOptions,
        provenance: &mut Provenance,
        path: &Path,
    ) -> Result<(), CaptureError> {
        let factor = options.probe.unwrap_or(1.0) * options.scale_v.unwrap_or(1.0);
        if !(factor.is_finite() && factor != 0.0) {
            return Err(CaptureError::options(
                path,
                "--probe and --scale must be finite and not zero",
                "for a 10:1 probe that the instrument did not know of: --probe 10",
            ));
        }
        trace.gain *= factor;
        trace.full_scale = trace.full_scale.map(|f| f * factor.abs());
        trace.rails = trace.rails.map(|(a, b)| ((a * factor).min(b * factor), (a * factor).max(b * factor)));
        if options.scale_v.is_some() {
            trace.unit = Unit::Volt;
            provenance.note("unit", "option --scale");
        }
        if let Some(center) = options.center_hz {
            trace.center_hz = Some(center);
            provenance.note("center_hz", "option --center");
        }
        trace.swap_iq ^= options.swap_iq;
        window(trace, options, path)
    }

    fn window(trace: &mut Trace, options: &OpenOptions, path: &Path) -> Result<(), CaptureError> {
        let refuse = |what: String| {
            let hint = format!("the record is {:.6} s long", trace.duration_s());
            Err(CaptureError::options(path, what, hint))
        };
        let start = options.start_s.unwrap_or(0.0);
        if !(start >= 0.0 && start < trace.duration_s().max(f64::MIN_POSITIVE)) {
            return refuse(format!("--start {start} s is not inside the record"));
        }
        let first = (start * trace.sample_rate_hz).round() as u64;
        let left = trace.frames.saturating_sub(first);
        let frames = match options.duration_s {
            Some(d) if d.is_finite() && d > 0.0 => ((d * trace.sample_rate_hz).round() as u64).min(left),
            Some(d) => return refuse(format!("--duration {d} s is not above zero")),
            None => left,
        };
        trace.first += first;
        trace.frames = frames;
        Ok(())
    }
}
