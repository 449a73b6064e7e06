//! `.sdriq`, the recordings of SDRangel: a header of 32 bytes with its checksum, then I/Q of 16 or 24 bits.

use faultscope_signal::Kind;
use serde_json::json;

use super::crc::crc32;
use super::frames::{self, Interleave, Span};
use super::{Format, Match, Probe};
use crate::samples::Component;
use crate::time::{Moment, from_unix};
use crate::{Capture, CaptureError, OpenOptions, Provenance};

/// SDRangel recordings.
pub(super) struct SdrIq;

/// Bytes of the header, and how many of them the checksum covers.
const HEADER: usize = 32;
const COVERED: usize = 28;

/// A start beyond this many seconds (the year 5138) is in milliseconds, as later versions write it.
const SECONDS: u64 = 100_000_000_000;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    rate: u32,
    center: u64,
    start: u64,
    bits: u32,
    sum: u32,
    computed: u32,
}

impl Header {
    fn parse(head: &[u8]) -> Option<Self> {
        let covered = head.get(..COVERED)?;
        let long = |at: usize| head.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        let wide = |at: usize| head.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        Some(Self {
            rate: long(0)?,
            center: wide(4)?,
            start: wide(12)?,
            bits: long(20)?,
            sum: long(COVERED)?,
            computed: crc32(covered),
        })
    }

    fn is_whole(self) -> bool {
        self.sum == self.computed
    }

    /// How numbers are stored, and the factor that makes full scale of the largest.
    fn samples(self) -> Option<(Component, f64)> {
        match self.bits {
            16 => Some((Component::I16Le, 1.0)),
            // 24 bits at the low end of 32.
            24 => Some((Component::I32Le, 256.0)),
            _ => None,
        }
    }

    fn start(self) -> Option<String> {
        let moment = if self.start > SECONDS {
            Moment { second: self.start / 1000, milli: (self.start % 1000) as u16 }
        } else {
            Moment { second: self.start, milli: 0 }
        };
        (self.start > 0).then(|| from_unix(moment)).flatten()
    }
}

impl Format for SdrIq {
    fn id(&self) -> &'static str {
        "sdriq"
    }
    fn describe(&self) -> &'static str {
        "SDRangel .sdriq, 16 and 24 bits"
    }
    fn matches(&self, probe: &Probe) -> Match {
        let whole = Header::parse(&probe.head).is_some_and(|h| h.is_whole() && h.samples().is_some());
        match (whole, probe.extension() == "sdriq") {
            (true, _) => Match::Certain,
            (false, true) => Match::Name,
            (false, false) => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let path = &probe.path;
        let hint = "the header is damaged; if you know the samples, state --format cs16 and --rate to read them as raw";
        let header = Header::parse(&probe.head).ok_or_else(|| {
            let what = format!("{} bytes are less than the {HEADER} of an .sdriq header", probe.head.len());
            CaptureError::malformed(path, what, "the recording is cut off; record it again")
        })?;
        if !header.is_whole() {
            let what = format!(
                "the checksum of the .sdriq header is {:08x}, its bytes give {:08x}",
                header.sum, header.computed
            );
            return Err(CaptureError::malformed(path, what, hint));
        }
        let (component, gain) = header.samples().ok_or_else(|| {
            let what = format!("the .sdriq header says samples of {} bits; 16 and 24 are possible", header.bits);
            CaptureError::malformed(path, what, hint)
        })?;
        let mut provenance = Provenance::default();
        let mut caveats = Vec::new();
        let stated = Some((f64::from(header.rate), "header sample rate"));
        let rate = frames::sample_rate(path, options, stated, &mut provenance)?;
        let (file, size) = frames::open_file(path)?;
        let span = Span { offset: HEADER as u64, bytes: size.saturating_sub(HEADER as u64) };
        let interleave = Interleave { component, kind: Kind::Iq, channels: 1 };
        let mut traces = frames::traces(file, path, span, interleave, rate, &mut caveats)?;
        for trace in &mut traces {
            trace.center_hz = Some(header.center as f64);
            trace.gain = gain;
            // The rails of 24 bits, whatever the container holds.
            trace.full_scale = if gain == 1.0 { component.full_scale() } else { Component::I24Le.full_scale() };
        }
        provenance.note("format", "header sample size");
        provenance.note("center_hz", "header centre frequency");
        provenance.start_time = header.start();
        if provenance.start_time.is_some() {
            provenance.note("start_time", "header start");
        }
        provenance.instrument = Some("SDRangel".to_owned());
        provenance.metadata = json!({ "sdriq": { "start": header.start, "bits": header.bits } });
        let format = format!("sdriq/cs{}", header.bits);
        Ok(Capture {
            files: vec![path.clone()],
            path: path.clone(),
            format,
            traces,
            provenance,
            caveats,
            ..Capture::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use faultscope_signal::Record as _;

    use super::*;
    use crate::format::{damage, open};

    /// A recording after the published layout: u32 rate, u64 centre, u64 start, u32 bits, u32 zero, u32 CRC-32.
    fn recording(rate: u32, center: u64, start: u64, bits: u32, samples: &[u8]) -> Vec<u8> {
        let mut out = rate.to_le_bytes().to_vec();
        out.extend(center.to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend(bits.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(crc32(&out).to_le_bytes());
        out.extend(samples);
        out
    }

    fn capture(bytes: &[u8]) -> Result<Capture, CaptureError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sdriq");
        std::fs::write(&path, bytes).unwrap();
        open(&path, &OpenOptions::default())
    }

    #[test]
    fn sixteen_bits_with_a_start_in_seconds() {
        let samples: Vec<u8> = [16_384i16, -32_768, 0, 32_767].iter().flat_map(|v| v.to_le_bytes()).collect();
        // 2021-01-01T00:00:00Z is 1609459200 seconds after 1970 began.
        let capture = capture(&recording(2_400_000, 5_800_000_000, 1_609_459_200, 16, &samples)).unwrap();
        let trace = capture.main_trace().unwrap();
        assert_eq!((capture.format.as_str(), trace.frames), ("sdriq/cs16", 2));
        assert_eq!((trace.sample_rate_hz, trace.center_hz), (2.4e6, Some(5.8e9)));
        assert_eq!(capture.provenance.start_time.as_deref(), Some("2021-01-01T00:00:00Z"));
        let mut out = [0.0; 4];
        trace.read_f64(0, &mut out).unwrap();
        assert_eq!(out, [0.5, -1.0, 0.0, 32_767.0 / 32_768.0]);
        assert!(capture.caveats.is_empty());
    }

    #[test]
    fn twenty_four_bits_with_a_start_in_milliseconds() {
        let samples: Vec<u8> = [4_194_304i32, -8_388_608].iter().flat_map(|v| v.to_le_bytes()).collect();
        let capture = capture(&recording(96_000, 0, 1_609_459_200_250, 24, &samples)).unwrap();
        let trace = capture.main_trace().unwrap();
        let mut out = [0.0; 2];
        trace.read_f64(0, &mut out).unwrap();
        assert_eq!(out, [0.5, -1.0]);
        assert_eq!(trace.full_scale, Some(8_388_607.0 / 8_388_608.0));
        assert_eq!(capture.provenance.start_time.as_deref(), Some("2021-01-01T00:00:00.250Z"));
    }

    #[test]
    fn a_damaged_header_is_refused_and_says_how_to_go_on() {
        let mut bytes = recording(2_400_000, 100, 0, 16, &[0; 64]);
        bytes[2] ^= 1;
        let error = capture(&bytes).unwrap_err();
        assert!(error.to_string().contains("checksum") && error.hint().unwrap().contains("--format"), "{error}");
        let error = capture(&recording(2_400_000, 100, 0, 12, &[0; 64])).unwrap_err();
        assert!(error.to_string().contains("12 bits"), "{error}");
        let error = capture(&recording(0, 100, 0, 16, &[0; 64])).unwrap_err();
        assert_eq!(error.kind(), "malformed");
        assert_eq!(capture(&recording(1, 1, 1, 16, &[])).unwrap_err().kind(), "malformed");
    }

    #[test]
    fn cut_and_flipped_bytes_never_panic() {
        damage::survives("x.sdriq", &recording(2_400_000, 100_000_000, 1_609_459_200, 16, &[7; 4096]));
    }
}
