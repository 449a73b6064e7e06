//! WAV: RIFF, RF64 and BW64, with the chunks in which SDR programs keep centre frequency and start.

mod chunks;
mod radio;

use faultscope_signal::Kind;

use self::chunks::{Encoding, Wave};
use self::radio::Radio;
use super::frames::{self, Interleave};
use super::{Format, Match, Probe, names};
use crate::{Capture, CaptureError, Notes, OpenOptions, Provenance, Trace};

/// WAV files of any size.
pub(super) struct Wav;

impl Format for Wav {
    fn id(&self) -> &'static str {
        "wav"
    }
    fn describe(&self) -> &'static str {
        "WAV, RF64, BW64: PCM 8/16/24/32, float 32/64; stereo as I/Q with an auxi or rcvr chunk or an SDR program's name"
    }
    fn matches(&self, probe: &Probe) -> Match {
        let riff = ["RIFF", "RF64", "BW64", "RIFX"].iter().any(|id| probe.head.starts_with(id.as_bytes()));
        match (riff && probe.head.get(8..12) == Some(b"WAVE"), probe.extension().as_str()) {
            (true, _) => Match::Certain,
            (false, "wav" | "rf64" | "bw64") => Match::Name,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut caveats = Vec::new();
        let mut provenance = Provenance::default();
        let wave = chunks::read(&file, size, &probe.path, &mut caveats)?;
        let notes: Option<Notes> = wave.notes.as_deref().and_then(|n| serde_json::from_slice(n).ok());
        let rate = f64::from(wave.encoding.rate);
        // The header holds whole hertz; our own notes hold the rate in full.
        let exact = notes.as_ref().and_then(|n| n.sample_rate_hz).filter(|hz| (hz - rate).abs() <= 0.5);
        let rate = exact.unwrap_or(rate);
        let rate = frames::sample_rate(&probe.path, options, Some((rate, "fmt chunk")), &mut provenance)?;
        provenance.note("format", "fmt chunk");
        let radio = Radio::gather(&wave, &names::wav(&probe.name()), rate, &mut caveats);
        let pair = Pair::decide(&wave.encoding, &radio, options, &mut provenance);
        let interleave = pair.interleave(&wave.encoding);
        let mut traces = frames::traces(file, &probe.path, wave.data, interleave, rate, &mut caveats)?;
        pair.name(&mut traces, options);
        for trace in &mut traces {
            trace.full_scale = wave.encoding.full_scale();
        }
        radio.describe(&mut traces, &mut provenance);
        if let ([trace], Some(notes)) = (traces.as_mut_slice(), notes) {
            notes.apply(trace, &mut provenance, "fscp chunk");
        }
        provenance.metadata = metadata(&wave, &radio);
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("wav/{}", wave.encoding),
            traces,
            provenance,
            caveats,
            ..Capture::default()
        })
    }
}

fn metadata(wave: &Wave, radio: &Radio) -> serde_json::Value {
    serde_json::json!({
        "container": wave.container,
        "channels": wave.encoding.channels,
        "valid_bits": wave.encoding.valid_bits,
        "chunks": radio.metadata,
    })
}

/// What the channels of a file are.
///
/// Two channels are I and Q when a chunk or the name of an SDR program says so, or `--channel iq` is asked for;
/// `--channel i` and `--channel q` read the two as real channels whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    Iq,
    Components,
    Channels,
}

impl Pair {
    fn decide(encoding: &Encoding, radio: &Radio, options: &OpenOptions, provenance: &mut Provenance) -> Self {
        if encoding.channels != 2 {
            return Self::Channels;
        }
        let wanted = options.channel.as_deref().unwrap_or_default().to_ascii_lowercase();
        let (pair, origin) = match (wanted.as_str(), radio.iq.as_deref()) {
            ("iq" | "i/q", _) => (Self::Iq, "option --channel iq"),
            ("i" | "q", _) => (Self::Components, "option --channel: one of the two channels as a real signal"),
            (_, Some(reason)) => (Self::Iq, reason),
            (_, None) => (Self::Channels, "two real channels, as nothing says I/Q; --channel iq reads them as a pair"),
        };
        provenance.note("kind", origin);
        pair
    }

    fn interleave(self, encoding: &Encoding) -> Interleave {
        let (kind, channels) = if self == Self::Iq { (Kind::Iq, 1) } else { (Kind::Real, encoding.channels) };
        Interleave { component: encoding.component, kind, channels }
    }

    /// Gives the traces the names by which `--channel` asked for them.
    fn name(self, traces: &mut [Trace], options: &OpenOptions) {
        match (self, traces) {
            (Self::Components, [i, q]) => (i.name, q.name) = ("I".to_owned(), "Q".to_owned()),
            (Self::Iq, [iq]) if options.channel.as_deref().is_some_and(|c| c.eq_ignore_ascii_case("i/q")) => {
                iq.name = "I/Q".to_owned();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
