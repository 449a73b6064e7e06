//! WAV: float or 16 bits, `RF64` where 32 bits of length do not do, with the `auxi` chunk of SDR programs for I/Q.

use std::path::Path;

use faultscope_signal::{Kind, Record, Unit};

use super::blocks;
use crate::output::{save, write_error};
use crate::{CaptureError, Notes};

/// The chunk that holds our notes; other programs step over it.
pub(crate) const NOTES: &[u8; 4] = b"fscp";

/// Bytes of the `auxi` chunk as SpectraVue laid it out.
const AUXI: usize = 164;

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WavSamples {
    /// 32-bit float: nothing is lost, volts stay volts.
    Float,
    /// 16-bit integers of full scale.
    Pcm16,
}

impl WavSamples {
    const fn bytes(self) -> u64 {
        match self {
            Self::Float => 4,
            Self::Pcm16 => 2,
        }
    }
}

/// Writes a record as WAV: one channel for a real record, left I and right Q for I/Q.
///
/// # Errors
/// `Options` when the file is there already, or rate or unit do not fit; `Io` when the disk is full or not writable;
/// `Malformed` when the record cannot be read. Nothing is left behind then.
pub fn write_wav(
    path: &Path,
    record: &dyn Record,
    samples: WavSamples,
    notes: &Notes,
    overwrite: bool,
) -> Result<(), CaptureError> {
    let refuse = |what: String, hint: &str| Err(CaptureError::options(path, what, hint));
    let rate = record.sample_rate_hz().round();
    if !(1.0..=f64::from(u32::MAX)).contains(&rate) {
        return refuse(format!("a WAV file holds no rate of {rate} Hz"), "write a .sigmf-meta pair");
    }
    if samples == WavSamples::Pcm16 && record.unit() != Unit::FullScale {
        return refuse(format!("16 bits of full scale cannot hold {}", record.unit()), "write it as rf32_le");
    }
    // The rails of 16 bits are those of the file, whatever the source had.
    let full_scale = notes.full_scale.filter(|_| samples == WavSamples::Float);
    let notes = &Notes { full_scale, ..notes.clone() };
    let head = Head { rate: rate as u32, kind: record.kind(), samples, frames: record.frames() };
    let bytes = head.bytes(notes);
    save(path, overwrite, |file| {
        file.write_all(&bytes).map_err(|e| write_error(path, e))?;
        let mut out = Vec::new();
        blocks(
            path,
            record,
            |at, values: &mut [f32]| record.read_f32(at, values),
            |at, values| {
                out.clear();
                encode(values, samples, &mut out).ok_or_else(|| {
                    let what = format!("there are samples that are no numbers after sample {at}; 16 bits have none");
                    CaptureError::options(path, what, "write them as float")
                })?;
                file.write_all(&out).map_err(|e| write_error(path, e))
            },
        )?;
        if head.data_bytes() % 2 == 1 { file.write_all(&[0]).map_err(|e| write_error(path, e)) } else { Ok(()) }
    })
}

fn encode(values: &[f32], samples: WavSamples, out: &mut Vec<u8>) -> Option<()> {
    match samples {
        WavSamples::Float => values.iter().for_each(|v| out.extend(v.to_le_bytes())),
        WavSamples::Pcm16 => {
            for value in values {
                (!value.is_nan()).then_some(())?;
                let code = (value * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
                out.extend(code.to_le_bytes());
            }
        }
    }
    Some(())
}

/// Everything in front of the samples.
struct Head {
    rate: u32,
    kind: Kind,
    samples: WavSamples,
    frames: u64,
}

impl Head {
    fn frame_bytes(&self) -> u64 {
        self.kind.components() as u64 * self.samples.bytes()
    }

    fn data_bytes(&self) -> u64 {
        self.frames.saturating_mul(self.frame_bytes())
    }

    fn bytes(&self, notes: &Notes) -> Vec<u8> {
        const UNSET: u32 = u32::MAX;
        let mut chunks = chunk(b"fmt ", &self.fmt());
        if self.samples == WavSamples::Float {
            let frames = u32::try_from(self.frames).unwrap_or(UNSET);
            chunks.extend(chunk(b"fact", &frames.to_le_bytes()));
        }
        if self.kind == Kind::Iq {
            chunks.extend(chunk(b"auxi", &self.auxi(notes)));
        }
        chunks.extend(chunk(NOTES, &notes.to_line()));
        let data = self.data_bytes();
        // WAVE, the chunks, the header of the samples, and their pad byte.
        let riff = 4 + chunks.len() as u64 + 8 + data + data % 2;
        let mut out = Vec::with_capacity(chunks.len() + 64);
        match (u32::try_from(riff), u32::try_from(data)) {
            (Ok(riff), Ok(data)) => {
                out.extend(b"RIFF");
                out.extend(riff.to_le_bytes());
                out.extend(b"WAVE");
                out.extend(chunks);
                out.extend(b"data");
                out.extend(data.to_le_bytes());
            }
            _ => {
                const DS64: u64 = 28;
                let mut long = (riff + 8 + DS64).to_le_bytes().to_vec();
                long.extend(data.to_le_bytes());
                long.extend(self.frames.to_le_bytes());
                long.extend(0u32.to_le_bytes());
                out.extend(b"RF64");
                out.extend(UNSET.to_le_bytes());
                out.extend(b"WAVE");
                out.extend(chunk(b"ds64", &long));
                out.extend(chunks);
                out.extend(b"data");
                out.extend(UNSET.to_le_bytes());
            }
        }
        out
    }

    fn fmt(&self) -> Vec<u8> {
        let (tag, bits) = match self.samples {
            WavSamples::Float => (3u16, 32u16),
            WavSamples::Pcm16 => (1, 16),
        };
        let channels = self.kind.components() as u16;
        let align = channels * bits / 8;
        let mut out = tag.to_le_bytes().to_vec();
        out.extend(channels.to_le_bytes());
        out.extend(self.rate.to_le_bytes());
        out.extend(self.rate.wrapping_mul(u32::from(align)).to_le_bytes());
        out.extend(align.to_le_bytes());
        out.extend(bits.to_le_bytes());
        if self.samples == WavSamples::Float {
            // Formats other than PCM state the size of their extension.
            out.extend(0u16.to_le_bytes());
        }
        out
    }

    /// Start as SYSTEMTIME, centre in 32 bits as far as it fits; our own notes hold both in full.
    fn auxi(&self, notes: &Notes) -> Vec<u8> {
        let mut out = notes.start_time.as_deref().and_then(system_time).unwrap_or_default().to_vec();
        out.resize(32, 0);
        let center = notes.center_hz.filter(|hz| (0.0..=f64::from(u32::MAX)).contains(hz)).unwrap_or(0.0);
        out.extend((center.round() as u32).to_le_bytes());
        out.extend(self.rate.to_le_bytes());
        out.resize(AUXI, 0);
        out
    }
}

fn chunk(id: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = id.to_vec();
    // Only headers and notes: far below 4 GiB.
    out.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend(content);
    out.resize(out.len() + content.len() % 2, 0);
    out
}

/// `2021-01-01T00:00:00.250Z` as year, month, day of week, day, hour, minute, second, millisecond.
fn system_time(text: &str) -> Option<[u8; 16]> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let milli = text.get(20..23).and_then(|m| m.parse::<u16>().ok()).unwrap_or(0);
    let weekday = weekday(year, month, day)?;
    let fields = [year, month, weekday, day, part(11, 13)?, part(14, 16)?, part(17, 19)?, milli];
    let mut out = [0; 16];
    out.as_chunks_mut::<2>().0.iter_mut().zip(fields).for_each(|(slot, field)| *slot = field.to_le_bytes());
    Some(out)
}

/// Day of the week, Sunday 0, of the Gregorian calendar (T. Sakamoto's table of month offsets).
fn weekday(year: u16, month: u16, day: u16) -> Option<u16> {
    const OFFSETS: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let offset = OFFSETS.get(usize::from(month.checked_sub(1)?))?;
    let year = u32::from(if month < 3 { year.checked_sub(1)? } else { year });
    Some(((year + year / 4 - year / 100 + year / 400 + offset + u32::from(day)) % 7) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Above 4 GiB the lengths stand in a ds64 chunk; the file is a sparse one of 8 GiB.
    #[test]
    fn what_is_too_long_for_32_bits_is_an_rf64() {
        let frames = 1u64 << 30;
        let head = Head { rate: 1_000_000, kind: Kind::Iq, samples: WavSamples::Float, frames };
        let bytes = head.bytes(&Notes { iq: true, ..Notes::default() });
        assert!(bytes.starts_with(b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0"));
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let total = bytes.len() as u64 + 8 * frames;
        assert_eq!((long(20), long(28), long(36)), (total - 8, 8 * frames, frames));
        assert!(bytes.ends_with(b"data\xff\xff\xff\xff"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.wav");
        std::fs::write(&path, &bytes).unwrap();
        std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(total).unwrap();
        let capture = crate::open(&path, &crate::OpenOptions::default()).unwrap();
        assert_eq!((capture.traces[0].frames, capture.caveats.len()), (frames, 0));
        let short = Head { frames: 1 << 28, ..head };
        assert!(short.bytes(&Notes::default()).starts_with(b"RIFF"));
    }

    /// Known days: the first of 1970 a Thursday, a leap day, the turn of the century.
    #[test]
    fn days_of_the_week() {
        for ((year, month, day), expected) in
            [((1970, 1, 1), 4), ((2024, 2, 29), 4), ((2000, 1, 1), 6), ((2026, 11, 22), 0)]
        {
            assert_eq!(weekday(year, month, day), Some(expected));
        }
        assert_eq!(weekday(2000, 0, 1), None);
    }
}
