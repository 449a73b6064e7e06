//! What every format of plain binary samples shares: the sample rate's origin, whole frames, one trace per channel.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use faultscope_signal::{Kind, Unit};

use crate::samples::{Component, FileSamples, Held, Layout};
use crate::{CaptureError, Caveat, CaveatKind, OpenOptions, Provenance, Trace};

/// Most interleaved channels that are believed; beyond that the header is damaged.
pub(super) const MAX_CHANNELS: usize = 1024;

/// Highest sample rate that is believed, in Hz; SigMF's own bound.
const MAX_RATE_HZ: f64 = 1e12;

/// How the numbers of a file follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interleave {
    /// The type of one number.
    pub(super) component: Component,
    /// Real or I/Q, for every channel.
    pub(super) kind: Kind,
    /// Channels that follow each other frame by frame; at least 1.
    pub(super) channels: usize,
}

impl Interleave {
    /// Bytes of one frame of all channels.
    pub(super) const fn frame_bytes(self) -> usize {
        self.component.bytes() * self.kind.components() * self.channels
    }
}

/// A run of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First byte.
    pub(super) offset: u64,
    /// How many.
    pub(super) bytes: u64,
}

/// Whether a rate can be one: finite, above zero, at most 1 THz.
fn plausible(rate_hz: f64) -> bool {
    rate_hz > 0.0 && rate_hz <= MAX_RATE_HZ
}

/// The sample rate: the option wins over what the file or its name states; the origin is noted either way.
///
/// # Errors
/// `Options` when the option is not a rate, `Malformed` when the file's own is not, `Unknown` when there is none.
pub(super) fn sample_rate(
    path: &Path,
    options: &OpenOptions,
    stated: Option<(f64, &str)>,
    provenance: &mut Provenance,
) -> Result<f64, CaptureError> {
    if let Some(rate) = options.rate_hz {
        if !plausible(rate) {
            let hint = "a rate in Hz above zero, at most 1e12, for instance --rate 2.4M";
            return Err(CaptureError::options(path, format!("--rate {rate} is not a sample rate"), hint));
        }
        let origin = match stated {
            Some((other, origin)) if other != rate => format!("option --rate ({origin} says {other} Hz)"),
            _ => "option --rate".to_owned(),
        };
        provenance.note("sample_rate_hz", origin);
        return Ok(rate);
    }
    match stated {
        Some((rate, origin)) if plausible(rate) => {
            provenance.note("sample_rate_hz", origin);
            Ok(rate)
        }
        Some((rate, origin)) => Err(CaptureError::malformed(
            path,
            format!("the sample rate {rate} Hz ({origin}) cannot be right"),
            "state the true one: --rate 2.4M",
        )),
        None => Err(CaptureError::unknown(path, "the sample rate is not known", "add it, for instance --rate 2.4M")),
    }
}

/// One trace per channel over the whole frames in `span`, unit full scale; a rest of a frame becomes a caveat.
///
/// # Errors
/// `Malformed` when there is not one whole frame.
pub(super) fn traces(
    file: File,
    path: &Path,
    span: Span,
    interleave: Interleave,
    rate_hz: f64,
    caveats: &mut Vec<Caveat>,
) -> Result<Vec<Trace>, CaptureError> {
    let frame = interleave.frame_bytes();
    let (frames, rest) = (span.bytes / frame as u64, span.bytes % frame as u64);
    if frames == 0 {
        let what = format!("there is no whole sample in {} bytes of sample data", span.bytes);
        return Err(CaptureError::malformed(path, what, "the recording is empty or cut off; record it again"));
    }
    if rest > 0 {
        let detail = format!("the data end inside a sample: {rest} bytes of {frame} are there and were left out");
        caveats.push(Caveat::new(CaveatKind::Truncated, detail));
    }
    let (file, held) = (Arc::new(file), Held::default());
    let name = path.display().to_string();
    let own = interleave.component.bytes() * interleave.kind.components();
    Ok((0..interleave.channels)
        .map(|channel| {
            let layout = Layout {
                component: interleave.component,
                offset: span.offset + (channel * own) as u64,
                stride: frame,
                components: interleave.kind.components(),
                frames,
            };
            let samples = Arc::new(FileSamples::new(Arc::clone(&file), name.clone(), layout).held(&held));
            let mut trace =
                Trace::new(channel_name(interleave, channel), samples, interleave.kind, rate_hz, Unit::FullScale);
            trace.full_scale = interleave.component.full_scale();
            trace
        })
        .collect())
}

/// `IQ` for the one I/Q channel of a file, `CH1`, `CH2` ... otherwise.
fn channel_name(interleave: Interleave, channel: usize) -> String {
    match (interleave.kind, interleave.channels) {
        (Kind::Iq, 1) => "IQ".to_owned(),
        _ => format!("CH{}", channel + 1),
    }
}

/// Opens a file for positional reads and tells its size now.
///
/// # Errors
/// When it cannot be opened.
pub(super) fn open_file(path: &Path) -> Result<(File, u64), CaptureError> {
    let file = File::open(path).map_err(|e| CaptureError::io(path, e))?;
    let size = file.metadata().map_err(|e| CaptureError::io(path, e))?.len();
    Ok((file, size))
}
