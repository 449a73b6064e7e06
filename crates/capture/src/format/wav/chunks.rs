//! The walk over the chunks of a RIFF file: what is where, and what the header says that the file does not hold.

use std::fmt;
use std::fs::File;
use std::path::Path;

use super::frames::{MAX_CHANNELS, Span};
use crate::export::NOTES;
use crate::samples::{Component, read_up_to};
use crate::{CaptureError, Caveat, CaveatKind};

/// Chunks walked at most: real files have fewer than twenty.
const MAX_CHUNKS: usize = 4096;

/// Bytes kept of a metadata chunk at most; `auxi` has 164, its XML form a few thousand.
const MAX_KEPT: u64 = 64 * 1024;

/// The size that stands for "see ds64", or for "never finished".
const UNSET: u64 = 0xFFFF_FFFF;

/// How the samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Encoding {
    pub(super) component: Component,
    pub(super) channels: usize,
    pub(super) rate: u32,
    /// Bits that carry the signal, left-justified in the component.
    pub(super) valid_bits: u16,
}

impl Encoding {
    /// Magnitude at which the converter saturates, with the unused low bits of a wider container taken into account.
    pub(super) fn full_scale(&self) -> Option<f64> {
        let stored = self.component.full_scale()?;
        let bits = self.component.bytes() * 8;
        let narrower = usize::from(self.valid_bits) < bits && self.valid_bits > 1 && bits > 8;
        Some(if narrower { 1.0 - 2f64.powi(1 - i32::from(self.valid_bits)) } else { stored })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = matches!(self.component, Component::F32Le | Component::F64Le);
        write!(f, "{}{}", if float { "float" } else { "pcm" }, self.component.bytes() * 8)
    }
}

/// What the walk found.
#[derive(Debug)]
pub(super) struct Wave {
    /// `RIFF`, `RF64` or `BW64`.
    pub(super) container: &'static str,
    pub(super) encoding: Encoding,
    /// The samples: inside the file, whatever the header says.
    pub(super) data: Span,
    /// Content of `auxi`.
    pub(super) auxi: Option<Vec<u8>>,
    /// Content of `rcvr`.
    pub(super) rcvr: Option<Vec<u8>>,
    /// Content of the chunk with our own notes.
    pub(super) notes: Option<Vec<u8>>,
}

struct Walk<'a> {
    file: &'a File,
    size: u64,
    path: &'a Path,
    wide: bool,
    ds64: Option<u64>,
    encoding: Option<Encoding>,
    data: Option<Span>,
    auxi: Option<Vec<u8>>,
    rcvr: Option<Vec<u8>>,
    notes: Option<Vec<u8>>,
}

/// Walks over all chunks of a WAV file of `size` bytes.
///
/// # Errors
/// `Malformed` when it is not one, or has no `fmt ` or `data` chunk; `Unsupported` for encodings other than plain
/// PCM and float.
pub(super) fn read(file: &File, size: u64, path: &Path, caveats: &mut Vec<Caveat>) -> Result<Wave, CaptureError> {
    let container = container(file, path)?;
    let wide = container != "RIFF";
    let mut walk =
        Walk { file, size, path, wide, ds64: None, encoding: None, data: None, auxi: None, rcvr: None, notes: None };
    walk.run(caveats)?;
    let hint = "the file is cut off or damaged; if the samples are intact, state --format and --rate to read it as raw";
    let encoding =
        walk.encoding.ok_or_else(|| CaptureError::malformed(path, "the WAV file has no 'fmt ' chunk", hint))?;
    let data = walk.data.ok_or_else(|| CaptureError::malformed(path, "the WAV file has no 'data' chunk", hint))?;
    Ok(Wave { container, encoding, data, auxi: walk.auxi, rcvr: walk.rcvr, notes: walk.notes })
}

fn container(file: &File, path: &Path) -> Result<&'static str, CaptureError> {
    let mut head = [0; 12];
    let n = read_up_to(file, &mut head, 0).map_err(|e| CaptureError::io(path, e))?;
    match (&head[..4], &head[8..], n) {
        (b"RIFF", b"WAVE", 12) => Ok("RIFF"),
        (b"RF64", b"WAVE", 12) => Ok("RF64"),
        (b"BW64", b"WAVE", 12) => Ok("BW64"),
        (b"RIFX", b"WAVE", 12) => Err(CaptureError::unsupported(
            path,
            "a big-endian WAV file (RIFX) is not read",
            "convert it to an ordinary WAV file, for instance with SoX",
        )),
        _ => Err(CaptureError::malformed(
            path,
            "this is not a WAV file: it does not begin with RIFF ... WAVE",
            "if it holds raw samples, say which: --format cs16 --rate 2.4M",
        )),
    }
}

impl Walk<'_> {
    fn run(&mut self, caveats: &mut Vec<Caveat>) -> Result<(), CaptureError> {
        let mut at = 12u64;
        for _ in 0..MAX_CHUNKS {
            let mut head = [0; 8];
            let n = read_up_to(self.file, &mut head, at).map_err(|e| CaptureError::io(self.path, e))?;
            if n == 0 {
                return Ok(());
            }
            let [a, b, c, d, size @ ..] = head;
            let id = [a, b, c, d];
            if n < 8 || !id.iter().all(|b| (0x20..0x7f).contains(b)) {
                self.rest(at, caveats);
                return Ok(());
            }
            let stated = u64::from(u32::from_le_bytes(size));
            let length = self.chunk(id, at + 8, stated, caveats)?;
            // Chunks begin at even offsets; the pad byte is not counted in the size.
            at = at.saturating_add(8).saturating_add(length).saturating_add(length % 2);
        }
        let what = format!("the WAV file has more than {MAX_CHUNKS} chunks");
        Err(CaptureError::malformed(self.path, what, "it is damaged; state --format and --rate to read it as raw"))
    }

    /// Bytes that are no chunk: worth a word when they follow the samples.
    fn rest(&self, at: u64, caveats: &mut Vec<Caveat>) {
        let rest = self.size.saturating_sub(at);
        if self.data.is_some() && rest > 0 {
            let detail =
                format!("{rest} bytes after the samples (from byte {at}) belong to no chunk and were left out");
            caveats.push(Caveat::new(CaveatKind::TrailingData, detail));
        }
    }

    /// Takes one chunk in; returns its true length.
    fn chunk(&mut self, id: [u8; 4], at: u64, stated: u64, caveats: &mut Vec<Caveat>) -> Result<u64, CaptureError> {
        match &id {
            b"ds64" if self.wide => {
                let content = self.content(at, stated)?;
                self.ds64 = content.get(8..16).and_then(|b| b.try_into().ok()).map(u64::from_le_bytes);
            }
            b"fmt " if self.encoding.is_none() => {
                self.encoding = Some(encoding(&self.content(at, stated)?, self.path)?)
            }
            b"auxi" => self.auxi = Some(self.content(at, stated)?),
            b"rcvr" => self.rcvr = Some(self.content(at, stated)?),
            NOTES => self.notes = Some(self.content(at, stated)?),
            b"data" if self.data.is_none() => {
                let bytes = self.data_length(at, stated, caveats)?;
                self.data = Some(Span { offset: at, bytes });
                return Ok(bytes);
            }
            _ => {}
        }
        Ok(stated)
    }

    fn content(&self, at: u64, stated: u64) -> Result<Vec<u8>, CaptureError> {
        let length = stated.min(MAX_KEPT).min(self.size.saturating_sub(at));
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        let n = read_up_to(self.file, &mut bytes, at).map_err(|e| CaptureError::io(self.path, e))?;
        bytes.truncate(n);
        Ok(bytes)
    }

    /// The true length of the samples: the header is believed only as far as the file agrees.
    fn data_length(&self, at: u64, stated: u64, caveats: &mut Vec<Caveat>) -> Result<u64, CaptureError> {
        let there = self.size.saturating_sub(at);
        let promised = match self.ds64 {
            Some(long) if stated == UNSET => long,
            _ => stated,
        };
        let unfinished = promised == UNSET || promised == u64::MAX || (promised == 0 && !self.is_empty_data(at)?);
        if unfinished && there > 0 {
            let detail = format!(
                "the recorder never wrote the length into the header; all {there} bytes to the end of the file were taken"
            );
            caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
            return Ok(there);
        }
        if promised > there {
            let detail = format!("the header promises {promised} bytes of samples, the file holds {there}");
            caveats.push(Caveat::new(CaveatKind::Truncated, detail));
            return Ok(there);
        }
        // A 32-bit size wraps around above 4 GiB; the file still holds the samples.
        let wraps = if self.wide { 0 } else { (there - promised) >> 32 };
        if wraps > 0 {
            let length = promised + (wraps << 32);
            let detail = format!(
                "the 32-bit length in the header ({promised}) has wrapped around: the file holds {length} bytes of samples"
            );
            caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
            return Ok(length);
        }
        Ok(promised)
    }

    /// Whether a data chunk of length 0 is truly empty: a chunk that fits follows, or nothing does.
    fn is_empty_data(&self, at: u64) -> Result<bool, CaptureError> {
        const KNOWN: [&[u8; 4]; 7] = [b"LIST", b"auxi", b"rcvr", b"bext", b"id3 ", b"JUNK", b"fmt "];
        let mut head = [0; 8];
        let n = read_up_to(self.file, &mut head, at).map_err(|e| CaptureError::io(self.path, e))?;
        let [a, b, c, d, size @ ..] = head;
        let fits = u64::from(u32::from_le_bytes(size)) <= self.size.saturating_sub(at + 8);
        Ok(n == 0 || (n == 8 && KNOWN.contains(&&[a, b, c, d]) && fits))
    }
}

/// Reads a `fmt ` chunk: plain or extensible.
fn encoding(fmt: &[u8], path: &Path) -> Result<Encoding, CaptureError> {
    let word = |at: usize| fmt.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let long = |at: usize| fmt.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let hint = "the header is damaged; if you know the samples, state --format and --rate to read them as raw";
    let (Some(tag), Some(channels), Some(rate), Some(align), Some(bits)) =
        (word(0), word(2), long(4), word(12), word(14))
    else {
        let what = format!("the 'fmt ' chunk has {} bytes, at least 16 are needed", fmt.len());
        return Err(CaptureError::malformed(path, what, hint));
    };
    const EXTENSIBLE: u16 = 0xFFFE;
    let (tag, valid_bits) = match (tag, word(18), word(24)) {
        (EXTENSIBLE, Some(valid), Some(sub)) => (sub, if valid == 0 { bits } else { valid }),
        (EXTENSIBLE, ..) => {
            return Err(CaptureError::malformed(path, "the extensible 'fmt ' chunk is cut off", hint));
        }
        _ => (tag, bits),
    };
    let component = component(tag, bits).ok_or_else(|| unsupported(tag, bits, path))?;
    let channels = usize::from(channels);
    if channels == 0 || channels > MAX_CHANNELS || usize::from(align) != channels * component.bytes() {
        let what = format!("the 'fmt ' chunk contradicts itself: {channels} channels of {bits} bits in {align} bytes");
        return Err(CaptureError::malformed(path, what, hint));
    }
    Ok(Encoding { component, channels, rate, valid_bits: valid_bits.min(bits) })
}

/// The stored type; 12 bits lie left-justified in 16, as the format demands.
fn component(tag: u16, bits: u16) -> Option<Component> {
    match (tag, bits) {
        (1, 1..=8) => Some(Component::U8),
        (1, 9..=16) => Some(Component::I16Le),
        (1, 17..=24) => Some(Component::I24Le),
        (1, 25..=32) => Some(Component::I32Le),
        (3, 32) => Some(Component::F32Le),
        (3, 64) => Some(Component::F64Le),
        _ => None,
    }
}

fn unsupported(tag: u16, bits: u16, path: &Path) -> CaptureError {
    let name = match tag {
        1 => "PCM",
        2 | 17 => "ADPCM",
        3 => "float",
        6 => "A-law",
        7 => "mu-law",
        0x55 => "MP3",
        _ => "an unknown coding",
    };
    let what = format!("WAV with {name} of {bits} bits (format tag {tag}) is not read");
    CaptureError::unsupported(path, what, "save it as 16-, 24- or 32-bit PCM or as float")
}
