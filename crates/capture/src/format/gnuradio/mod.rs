//! GNU Radio's files with metadata headers (file_meta_sink), inline or in a file of their own (`.hdr`).

mod header;
mod joined;
mod pmt;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use faultscope_signal::{Kind, Unit};
use serde_json::json;

use self::header::{FIXED, Header, LONGEST};
use self::joined::Joined;
use super::frames;
use super::{Format, Match, Probe};
use crate::samples::{FileSamples, Layout, Samples, read_up_to};
use crate::time::{Moment, from_unix};
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, Trace};

/// GNU Radio metadata files.
pub(super) struct GnuRadio;

/// Segments of a file at most: one a second for a day are fewer.
const MAX_SEGMENTS: usize = 100_000;

/// Two times that differ by less than this many samples follow each other without a gap.
const GAP_SAMPLES: f64 = 2.0;

/// A header and where its samples lie in the data file.
struct Segment {
    header: Header,
    offset: u64,
    bytes: u64,
}

impl Format for GnuRadio {
    fn id(&self) -> &'static str {
        "gnuradio"
    }
    fn describe(&self) -> &'static str {
        "GNU Radio metadata files, headers inline or detached (.hdr)"
    }
    fn matches(&self, probe: &Probe) -> Match {
        let inside = Header::parse(&probe.head).is_some();
        if inside || detached(&probe.path).is_some_and(|p| head_of(&p).is_some()) { Match::Certain } else { Match::No }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let files = Files::locate(&probe.path);
        let mut caveats = Vec::new();
        let segments = files.segments(&mut caveats)?;
        let segments = continuous(segments, &mut caveats);
        let Some(first) = segments.first() else {
            let what = "there is no metadata header in the file";
            return Err(CaptureError::malformed(&files.headers, what, "record it again"));
        };
        let mut provenance = Provenance::default();
        let rate = first.header.rate_hz;
        let rate = frames::sample_rate(&files.headers, options, Some((rate, "header rx_rate")), &mut provenance)?;
        let trace = files.trace(&segments, rate, &mut caveats)?;
        describe(&first.header, &trace, &mut provenance);
        let width = trace.full_scale.map_or("f", |_| "s");
        let bits = first.header.component().map_or(0, |c| c.bytes() * 8);
        let format = format!("gnuradio/{}{width}{bits}", if first.header.complex { "c" } else { "" });
        let mut all = vec![files.data.clone(), files.headers];
        all.dedup();
        Ok(Capture {
            path: files.data,
            files: all,
            format,
            traces: vec![trace],
            provenance,
            caveats,
            ..Capture::default()
        })
    }
}

/// The file of headers that stands beside a data file: its whole name and `.hdr`.
fn detached(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_os_string();
    name.push(".hdr");
    Some(path.with_file_name(name)).filter(|p| p.is_file())
}

fn head_of(path: &Path) -> Option<Header> {
    let file = File::open(path).ok()?;
    let mut head = vec![0; FIXED];
    (read_up_to(&file, &mut head, 0).ok()? == FIXED).then(|| Header::parse(&head))?
}

/// The file of samples and the file of headers, which may be one.
struct Files {
    data: PathBuf,
    headers: PathBuf,
}

impl Files {
    fn locate(path: &Path) -> Self {
        if let Some(headers) = detached(path) {
            return Self { data: path.to_owned(), headers };
        }
        let bare = path.extension().filter(|e| e.eq_ignore_ascii_case("hdr")).map(|_| path.with_extension(""));
        match bare.filter(|data| data.is_file()) {
            Some(data) => Self { data, headers: path.to_owned() },
            None => Self { data: path.to_owned(), headers: path.to_owned() },
        }
    }

    fn is_detached(&self) -> bool {
        self.data != self.headers
    }

    fn segments(&self, caveats: &mut Vec<Caveat>) -> Result<Vec<Segment>, CaptureError> {
        let (file, end) = frames::open_file(&self.headers)?;
        let (_, room) = frames::open_file(&self.data)?;
        let (mut at, mut offset) = (0u64, 0u64);
        let mut segments = Vec::new();
        let mut block = vec![0; LONGEST];
        while at < end && segments.len() < MAX_SEGMENTS {
            let n = read_up_to(&file, &mut block, at).map_err(|e| CaptureError::io(&self.headers, e))?;
            let Some(header) = block.get(..n).and_then(Header::parse) else {
                let detail = format!("from byte {at} on there is no metadata header; the rest was left out");
                caveats.push(Caveat::new(CaveatKind::TrailingData, detail));
                break;
            };
            // A header that claims to be shorter than it is would make the walk stand still.
            let length = header.length.max(FIXED as u64);
            let start = if self.is_detached() { offset } else { at.saturating_add(length) };
            let bytes = taken(&header, room.saturating_sub(start), caveats);
            at = at.saturating_add(length).saturating_add(if self.is_detached() { 0 } else { bytes });
            offset = offset.saturating_add(bytes);
            segments.push(Segment { header, offset: start, bytes });
        }
        if segments.is_empty() {
            let what = "the file begins with no GNU Radio metadata header";
            return Err(CaptureError::malformed(&self.headers, what, "for bare samples state --format and --rate"));
        }
        Ok(segments)
    }

    fn trace(&self, segments: &[Segment], rate: f64, caveats: &mut Vec<Caveat>) -> Result<Trace, CaptureError> {
        let refuse = |what: String| {
            let hint = "if you know the samples, state --format and --rate to read them as raw";
            CaptureError::unsupported(&self.headers, what, hint)
        };
        let header = segments.first().map(|s| &s.header).ok_or_else(|| refuse("there is no header".into()))?;
        let component =
            header.component().ok_or_else(|| refuse(format!("items of type {} are no samples", header.kind)))?;
        let kind = if header.complex { Kind::Iq } else { Kind::Real };
        let frame = component.bytes() * kind.components();
        if header.item_bytes != frame as u64 {
            return Err(refuse(format!("items of {} bytes are vectors, not samples of {frame}", header.item_bytes)));
        }
        let (file, _) = frames::open_file(&self.data)?;
        let (file, name) = (Arc::new(file), self.data.display().to_string());
        let part = |s: &Segment| -> Arc<dyn Samples> {
            let frames = s.bytes / frame as u64;
            let layout = Layout { component, offset: s.offset, stride: frame, components: kind.components(), frames };
            Arc::new(FileSamples::new(Arc::clone(&file), name.clone(), layout))
        };
        let samples = Arc::new(Joined::new(segments.iter().map(part), kind.components()));
        if samples.frames() == 0 {
            let what = "there is no whole sample behind the metadata header";
            return Err(CaptureError::malformed(
                &self.data,
                what,
                "the recording is empty or cut off; record it again",
            ));
        }
        let rest: u64 = segments.iter().map(|s| s.bytes % frame as u64).sum();
        if rest > 0 {
            let detail = format!("segments end inside a sample: {rest} bytes were left out");
            caveats.push(Caveat::new(CaveatKind::Truncated, detail));
        }
        let name = if header.complex { "IQ" } else { "CH1" };
        let mut trace = Trace::new(name, samples, kind, rate, Unit::FullScale);
        trace.full_scale = component.full_scale();
        trace.center_hz = header.center_hz.filter(|_| header.complex);
        Ok(trace)
    }
}

/// The bytes of a segment that are there; a header without a length was never finished.
fn taken(header: &Header, there: u64, caveats: &mut Vec<Caveat>) -> u64 {
    if header.bytes == 0 && there > 0 {
        let detail = format!("the last header was never finished; all {there} bytes to the end of the file were taken");
        caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
        return there;
    }
    if header.bytes > there {
        let detail = format!("a header promises {} bytes of samples, the file holds {there}", header.bytes);
        caveats.push(Caveat::new(CaveatKind::Truncated, detail));
    }
    header.bytes.min(there)
}

/// The segments from the first up to where rate, type or centre change; gaps in time between them are lost samples.
fn continuous(mut segments: Vec<Segment>, caveats: &mut Vec<Caveat>) -> Vec<Segment> {
    let Some(first) = segments.first().map(|s| s.header.clone()) else { return segments };
    let same = |h: &Header| {
        (h.rate_hz, h.kind, h.complex, h.item_bytes, h.center_hz)
            == (first.rate_hz, first.kind, first.complex, first.item_bytes, first.center_hz)
    };
    if let Some(at) = segments.iter().position(|s| !same(&s.header)) {
        let detail = format!(
            "segment {} of {} has another rate, type or centre; only those before it are used",
            at + 1,
            segments.len()
        );
        caveats.push(Caveat::new(CaveatKind::Ignored, detail));
        segments.truncate(at);
    }
    let gaps = segments.windows(2).filter(|pair| {
        let [a, b] = pair else { return false };
        let frames = a.bytes as f64 / a.header.item_bytes.max(1) as f64;
        let known = a.header.seconds().zip(b.header.seconds());
        known.is_some_and(|(a_s, b_s)| (b_s - a_s) * first.rate_hz - frames > GAP_SAMPLES)
    });
    match gaps.count() {
        0 => {}
        n => {
            let detail =
                format!("{n} segments begin later than the samples before them last: samples were lost (rx_time)");
            caveats.push(Caveat::new(CaveatKind::LostSamples, detail));
        }
    }
    segments
}

fn describe(header: &Header, trace: &Trace, provenance: &mut Provenance) {
    provenance.note("format", "header type and cplx");
    if trace.center_hz.is_some() {
        provenance.note("center_hz", "header rx_freq");
    }
    // A source without a clock leaves the time at zero.
    let time = header.time.filter(|(second, _)| *second > 0);
    let text = time.and_then(|(second, part)| from_unix(Moment { second, milli: (part * 1000.0) as u16 }));
    if let Some(start) = text {
        provenance.start_time = Some(start);
        provenance.note("start_time", "header rx_time");
    }
    provenance.metadata = json!({ "gnuradio": header.extra });
}
