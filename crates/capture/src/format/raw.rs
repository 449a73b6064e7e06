//! Raw samples without any header: what they are comes from options first, then from the file name, never from a guess.

use faultscope_signal::Kind;

use super::frames::{self, Interleave, Span};
use super::names::{self, NameFacts};
use super::{Format, Match, Probe};
use crate::{Capture, CaptureError, Caveat, CaveatKind, OpenOptions, Provenance};

/// Files of nothing but samples.
pub(super) struct Raw;

impl Format for Raw {
    fn id(&self) -> &'static str {
        "raw"
    }
    fn describe(&self) -> &'static str {
        "raw samples: .cu8 .cs8 .cs16 .cf32 .cfile .u8 .s16 .f32 ..., or any file with --format and --rate"
    }
    fn matches(&self, probe: &Probe) -> Match {
        let known = names::raw(&probe.name()).format.is_some();
        if known || names::AMBIGUOUS.contains(&probe.extension().as_str()) { Match::Name } else { Match::No }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let facts = names::raw(&probe.name());
        let mut provenance = Provenance::default();
        let mut caveats: Vec<Caveat> =
            facts.doubts.iter().map(|d| Caveat::new(CaveatKind::Inconsistent, d.clone())).collect();
        let Some((format, origin)) = names::format_of(&facts, options) else {
            return Err(unknown_format(probe, &facts, options));
        };
        provenance.note("format", origin);
        let stated = facts.rate_hz.as_ref().map(|(rate, origin)| (*rate, origin.as_str()));
        let rate = frames::sample_rate(&probe.path, options, stated, &mut provenance)?;
        let kind = if format.complex { Kind::Iq } else { Kind::Real };
        let interleave = Interleave { component: format.component, kind, channels: 1 };
        let (file, bytes) = frames::open_file(&probe.path)?;
        let span = Span { offset: 0, bytes };
        let mut traces = frames::traces(file, &probe.path, span, interleave, rate, &mut caveats)?;
        let center = center(&facts, kind, rate, &mut provenance, &mut caveats);
        traces.iter_mut().for_each(|trace| trace.center_hz = center);
        if let Some(start) = facts.start_time {
            provenance.note("start_time", "file name");
            provenance.start_time = Some(start);
        }
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("raw/{format}"),
            traces,
            provenance,
            caveats,
            ..Capture::default()
        })
    }
}

/// The centre frequency that the name gives; real samples have none.
fn center(
    facts: &NameFacts,
    kind: Kind,
    rate: f64,
    provenance: &mut Provenance,
    caveats: &mut Vec<Caveat>,
) -> Option<f64> {
    let (center, origin) = facts.center_hz.as_ref().filter(|_| kind == Kind::Iq)?;
    if *center == rate {
        let detail =
            format!("{center} Hz in the {origin} equals the sample rate and was not taken for the centre frequency");
        caveats.push(Caveat::new(CaveatKind::Ignored, detail));
        return None;
    }
    provenance.note("center_hz", origin.clone());
    Some(*center)
}

fn unknown_format(probe: &Probe, facts: &NameFacts, options: &OpenOptions) -> CaptureError {
    let extension = probe.extension();
    let what = if extension.is_empty() {
        "nothing says how the samples are stored".to_owned()
    } else {
        format!("'.{extension}' does not say how the samples are stored")
    };
    let rate = if facts.rate_hz.is_some() || options.rate_hz.is_some() { "" } else { " --rate 2.4M" };
    let hint = format!("add --format cu8{rate} (rtl_sdr writes cu8, HackRF cs8, USRP cs16, GNU Radio cf32)");
    CaptureError::unknown(&probe.path, what, hint)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use faultscope_signal::Record as _;

    use super::*;
    use crate::format::open;

    fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn options(format: Option<&str>, rate_hz: Option<f64>) -> OpenOptions {
        OpenOptions { format: format.map(|f| f.parse().unwrap()), rate_hz, ..OpenOptions::default() }
    }

    #[test]
    fn an_rtl_433_name_gives_everything_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "g001_433.92M_250k.cu8", &[0, 255, 255, 0, 7]);
        let capture = open(&path, &OpenOptions::default()).unwrap();
        let trace = capture.main_trace().unwrap();
        assert_eq!((capture.format.as_str(), trace.frames, trace.name.as_str()), ("raw/cu8", 2, "IQ"));
        assert_eq!((trace.sample_rate_hz, trace.center_hz), (250e3, Some(433.92e6)));
        let mut out = [0.0; 4];
        trace.read_f64(0, &mut out).unwrap();
        assert_eq!(out, [-1.0, 1.0, 1.0, -1.0]);
        assert_eq!(capture.caveats.len(), 1);
        assert_eq!(capture.caveats[0].kind, CaveatKind::Truncated);
        for field in ["format", "sample_rate_hz", "center_hz"] {
            assert!(capture.provenance.origins.iter().any(|o| o.field == field && o.origin.contains("file name")));
        }
    }

    #[test]
    fn options_win_over_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "g001_433.92M_250k.cu8", &[0; 64]);
        let mut options = options(Some("cs16"), Some(1e6));
        options.center_hz = Some(5.0);
        let capture = open(&path, &options).unwrap();
        let trace = capture.main_trace().unwrap();
        assert_eq!((trace.frames, trace.sample_rate_hz, trace.center_hz), (16, 1e6, Some(5.0)));
        let rate = capture.provenance.origins.iter().find(|o| o.field == "sample_rate_hz").unwrap();
        assert!(rate.origin.starts_with("option --rate") && rate.origin.contains("250000"), "{}", rate.origin);
    }

    #[test]
    fn nothing_is_guessed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.iq", "a.raw", "a.bin", "a.dat"] {
            let path = file(folder.path(), name, &[1; 64]);
            let error = open(&path, &OpenOptions::default()).unwrap_err();
            assert_eq!(error.kind(), "unknown", "{name}");
            assert!(error.hint().unwrap().contains("--format") && error.hint().unwrap().contains("--rate"));
            let error = open(&path, &options(Some("cs8"), None)).unwrap_err();
            assert!(error.to_string().contains("sample rate") && error.hint().unwrap().contains("--rate"));
            assert_eq!(open(&path, &options(Some("cs8"), Some(1.0))).unwrap().traces[0].frames, 32);
        }
        assert_eq!(open(&folder.path().join("a.bin"), &options(None, Some(1.0))).unwrap_err().kind(), "unknown");
    }

    #[test]
    fn a_rate_that_cannot_be_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "a.cu8", &[1; 64]);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1.1e12] {
            assert_eq!(open(&path, &options(None, Some(rate))).unwrap_err().kind(), "options", "{rate}");
        }
        let zero = file(folder.path(), "a_0k.cu8", &[1; 64]);
        assert_eq!(open(&zero, &OpenOptions::default()).unwrap_err().kind(), "malformed");
    }

    #[test]
    fn less_than_one_sample_is_an_error_and_a_rest_a_caveat() {
        let folder = tempfile::tempdir().unwrap();
        for length in 1..40usize {
            let path = file(folder.path(), "a.cf32", &vec![0; length]);
            match open(&path, &options(None, Some(1e3))) {
                Ok(capture) => {
                    assert_eq!(capture.traces[0].frames, length as u64 / 8);
                    assert_eq!(capture.caveats.is_empty(), length % 8 == 0);
                }
                Err(error) => assert!(length < 8 && error.kind() == "malformed"),
            }
        }
    }

    #[test]
    fn a_frequency_equal_to_the_rate_is_not_the_centre() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "L1_20211202_084700_4MHz_IQ.bin", &[0; 64]);
        let capture = open(&path, &options(Some("cs8"), Some(4e6))).unwrap();
        assert_eq!(capture.traces[0].center_hz, None);
        assert_eq!(capture.caveats[0].kind, CaveatKind::Ignored);
    }
}
