//! SigMF recordings, 1.2 and before: a pair of files (either of them) or a `.sigmf` archive, every sample type.

use faultscope_signal::{Kind, Unit};

use super::frames::{self, Interleave, MAX_CHANNELS, Span};
use super::{Format, Match, Probe};
use crate::sigmf::{Located, Metadata, Segment, locate};
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, Trace};

/// SigMF recordings.
pub(super) struct SigMf;

impl Format for SigMf {
    fn id(&self) -> &'static str {
        "sigmf"
    }
    fn describe(&self) -> &'static str {
        "SigMF: .sigmf-meta with .sigmf-data (either of the two), .sigmf archives; all sample types, both byte orders"
    }
    fn matches(&self, probe: &Probe) -> Match {
        match probe.extension().as_str() {
            // The data half has no signature; its extension is used for nothing else.
            "sigmf-meta" | "sigmf-data" | "sigmf" | "sigmf-collection" => Match::Certain,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        if probe.extension() == "sigmf-collection" {
            let what = "this is a collection, a list of recordings without samples";
            return Err(CaptureError::unsupported(&probe.path, what, "open one of the recordings that it lists"));
        }
        let located = locate(&probe.path)?;
        let mut caveats = Vec::new();
        let metadata = Metadata::parse(&located.meta, &located.meta_path, &mut caveats)?;
        Reading { located, metadata, caveats, provenance: Provenance::default() }.capture(options)
    }
}

/// What is gathered while one recording is opened.
struct Reading {
    located: Located,
    metadata: Metadata,
    caveats: Vec<Caveat>,
    provenance: Provenance,
}

impl Reading {
    fn capture(mut self, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let path = self.located.meta_path.clone();
        self.refuse_what_has_no_samples()?;
        let (interleave, format) = self.interleave()?;
        let data = self.located.open_data(&self.metadata, &mut self.caveats)?;
        let stated = self.metadata.number("core:sample_rate").map(|rate| (rate, "core:sample_rate"));
        let rate = frames::sample_rate(&path, options, stated, &mut self.provenance)?;
        let segments = self.metadata.segments(&path, &mut self.caveats)?;
        let frame = interleave.frame_bytes() as u64;
        let inside = self.span(data.bytes, &segments, frame)?;
        let span = Span { offset: data.offset + inside.offset, bytes: inside.bytes };
        let mut traces = frames::traces(data.file, &data.path, span, interleave, rate, &mut self.caveats)?;
        self.describe(&mut traces, segments.first());
        self.caveats.extend(self.metadata.recorded_caveats());
        let mut files = vec![data.path.clone(), path];
        files.dedup();
        self.provenance.metadata = self.metadata.into_value();
        Ok(Capture {
            path: data.path,
            files,
            format: format!("sigmf/{format}"),
            traces,
            provenance: self.provenance,
            caveats: self.caveats,
            ..Capture::default()
        })
    }

    fn doubt(&mut self, kind: CaveatKind, detail: impl Into<String>) {
        self.caveats.push(Caveat::new(kind, detail));
    }

    fn refuse_what_has_no_samples(&self) -> Result<(), CaptureError> {
        let path = &self.located.meta_path;
        if self.metadata.global("core:metadata_only").and_then(serde_json::Value::as_bool) == Some(true) {
            let what = "the recording consists of metadata only (core:metadata_only): there are no samples to read";
            return Err(CaptureError::unsupported(path, what, "open the file that holds the samples"));
        }
        if let Some(name) = self.metadata.unknown_requirement() {
            let what = format!("the recording requires the SigMF extension '{name}', which is not known here");
            let hint = "if the samples are plain, open the .sigmf-data file with --format and --rate";
            return Err(CaptureError::unsupported(path, what, hint));
        }
        Ok(())
    }

    fn interleave(&mut self) -> Result<(Interleave, String), CaptureError> {
        let path = self.located.meta_path.clone();
        let (stored, text) = self.metadata.datatype(&path)?;
        let text = text.to_owned();
        if stored.order_missing {
            let detail = format!("core:datatype '{text}' does not say the byte order; little endian was taken");
            self.doubt(CaveatKind::Inconsistent, detail);
        }
        let channels = self.metadata.count("core:num_channels", 1, &path)?;
        if channels == 0 || channels > MAX_CHANNELS as u64 {
            let what = format!("core:num_channels is {channels}; 1 to {MAX_CHANNELS} are possible");
            return Err(CaptureError::malformed(&path, what, "mend the metadata file"));
        }
        self.provenance.note("format", "core:datatype");
        let channels = usize::try_from(channels).unwrap_or(1);
        Ok((Interleave { component: stored.component, kind: stored.kind, channels }, text))
    }

    /// The bytes of the data that belong together: without header and trailer, and up to the first break.
    fn span(&mut self, bytes: u64, segments: &[Segment], frame: u64) -> Result<Span, CaptureError> {
        let path = self.located.meta_path.clone();
        let trailing = self.metadata.count("core:trailing_bytes", 0, &path)?;
        let first = segments.first();
        let skipped = first.map_or(0, |s| s.start);
        let offset = skipped
            .checked_mul(frame)
            .and_then(|b| b.checked_add(first.map_or(0, |s| s.header_bytes)))
            .filter(|offset| offset.checked_add(trailing).is_some_and(|used| used < bytes))
            .ok_or_else(|| {
                let what = format!("sample_start, header_bytes and trailing_bytes leave no samples of {bytes} bytes");
                CaptureError::malformed(
                    &path,
                    what,
                    "metadata and data do not belong together, or the data are cut off",
                )
            })?;
        if skipped > 0 {
            let detail = format!("{skipped} samples before the first capture have no metadata and were left out");
            self.doubt(CaveatKind::Ignored, detail);
        }
        let span = Span { offset, bytes: bytes - offset - trailing };
        let frames = self.judge(segments, skipped, span.bytes / frame);
        Ok(match frames {
            Some(frames) => Span { bytes: frames * frame, ..span },
            None => span,
        })
    }

    /// Looks at the captures after the first; returns the frames up to where they stop being one record.
    fn judge(&mut self, segments: &[Segment], skipped: u64, frames: u64) -> Option<u64> {
        let first = segments.first()?;
        let (inside, past): (Vec<&Segment>, Vec<&Segment>) =
            segments.iter().skip(1).partition(|s| s.start.saturating_sub(skipped) < frames);
        if !past.is_empty() {
            let detail = format!("{} captures start after the end of the data and were ignored", past.len());
            self.doubt(CaveatKind::Ignored, detail);
        }
        let breaks = |s: &&&Segment| s.header_bytes > 0 || (s.center_hz.is_some() && s.center_hz != first.center_hz);
        let cut = inside.iter().find(breaks).map(|s| (s.start.saturating_sub(skipped), s.center_hz));
        if let Some((at, center)) = cut.filter(|(at, _)| *at > 0) {
            let center = center.map_or_else(|| "no centre".to_owned(), |c| format!("{c} Hz"));
            let detail = format!(
                "from sample {at} on the recording goes on as another capture ({center}); only the part before is used"
            );
            self.doubt(CaveatKind::Ignored, detail);
        } else if !inside.is_empty() {
            let detail = format!("the recording has {} captures; they are read as one record", inside.len() + 1);
            self.doubt(CaveatKind::Ignored, detail);
        }
        let end = cut.map_or(frames, |(at, _)| at);
        self.count_losses(segments, skipped, end);
        cut.map(|(at, _)| at).filter(|at| *at > 0)
    }

    /// A hardware counter that runs ahead of the sample index tells of samples that were lost.
    fn count_losses(&mut self, segments: &[Segment], skipped: u64, end: u64) {
        let counted = segments.iter().filter(|s| s.start.saturating_sub(skipped) < end.max(1));
        let pairs: Vec<(u64, u64)> = counted.filter_map(|s| Some((s.start, s.global_index?))).collect();
        let (mut lost, mut gaps) = (0u64, 0u64);
        for pair in pairs.windows(2) {
            let [(start, index), (next_start, next_index)] = pair else { continue };
            let gap = next_index.saturating_sub(*index).saturating_sub(next_start - start);
            lost = lost.saturating_add(gap);
            gaps += u64::from(gap > 0);
        }
        if lost > 0 {
            let detail = format!("{lost} samples were lost in {gaps} gaps while recording (core:global_index)");
            self.doubt(CaveatKind::LostSamples, detail);
        }
    }

    fn describe(&mut self, traces: &mut [Trace], first: Option<&Segment>) {
        let unit = self.unit(traces);
        let number = |key: &str| self.metadata.number(key);
        let (full_scale, t0_s) = (number("faultscope:full_scale"), number("faultscope:t0_s"));
        let (bandwidth_hz, full_scale_dbm) =
            (number("faultscope:bandwidth_limit_hz"), number("faultscope:full_scale_dbm"));
        let swap_iq = self.metadata.global("faultscope:swap_iq").and_then(serde_json::Value::as_bool) == Some(true);
        let center_hz = first.and_then(|s| s.center_hz);
        for trace in traces.iter_mut() {
            trace.unit = unit;
            trace.t0_s = t0_s;
            trace.bandwidth_hz = bandwidth_hz.filter(|hz| *hz > 0.0);
            trace.full_scale_dbm = full_scale_dbm;
            trace.full_scale = trace.full_scale.or(full_scale.filter(|f| *f > 0.0));
            if trace.kind == Kind::Iq {
                trace.center_hz = center_hz;
                trace.swap_iq = swap_iq;
            }
        }
        let provenance = &mut self.provenance;
        if center_hz.is_some() {
            provenance.note("center_hz", "core:frequency");
        }
        provenance.start_time = first.and_then(|s| s.datetime.clone());
        if provenance.start_time.is_some() {
            provenance.note("start_time", "core:datetime");
        }
        if let Some(factor) = self.metadata.number("faultscope:probe_factor") {
            provenance.note("probe", format!("faultscope:probe_factor {factor}, already in the stored values"));
        }
        provenance.instrument = self.metadata.instrument();
        provenance.description = self.metadata.text("core:description").map(str::to_owned);
    }

    /// The unit of the values: only floats can be in volts or amperes, as integers have no stated step.
    fn unit(&mut self, traces: &[Trace]) -> Unit {
        let integers = traces.first().is_some_and(|t| t.full_scale.is_some());
        match self.metadata.unit() {
            Ok(Unit::FullScale) => Unit::FullScale,
            Ok(unit) if integers => {
                let detail =
                    format!("faultscope:unit {unit} was not used: integer samples have no stated step; --scale");
                self.doubt(CaveatKind::Ignored, detail);
                Unit::FullScale
            }
            Ok(unit) => {
                self.provenance.note("unit", "faultscope:unit");
                unit
            }
            Err(other) => {
                self.doubt(CaveatKind::Ignored, format!("faultscope:unit '{other}' is not V or A and was not used"));
                Unit::FullScale
            }
        }
    }
}

#[cfg(test)]
mod tests;
