//! What SDR programs add to a WAV file: the `auxi` and `rcvr` chunks and the tokens of the file name.

use faultscope_signal::Kind;
use serde_json::{Value, json};

use super::chunks::Wave;
use crate::format::names::NameFacts;
use crate::{Caveat, CaveatKind, Provenance, Trace};

/// 2^32: the step by which a 32-bit centre frequency wraps.
const WRAP: f64 = 4_294_967_296.0;

/// Names give whole kilohertz, cut off or rounded.
const NAME_STEP_HZ: f64 = 1000.0;

/// Centre, start and the reason to take two channels for I and Q.
#[derive(Debug, Default)]
pub(super) struct Radio {
    /// Why a stereo file holds I and Q, where something says so.
    pub(super) iq: Option<String>,
    /// The chunks as found.
    pub(super) metadata: Value,
    center: Option<(f64, String)>,
    start: Option<(String, String)>,
}

impl Radio {
    /// Puts chunks and name together: chunks first, the name where they are silent, a caveat where they differ.
    pub(super) fn gather(wave: &Wave, name: &NameFacts, rate_hz: f64, caveats: &mut Vec<Caveat>) -> Self {
        caveats.extend(name.doubts.iter().map(|d| Caveat::new(CaveatKind::Inconsistent, d.clone())));
        let mut radio = Self::default();
        if let Some(chunk) = &wave.auxi {
            radio.auxi(chunk);
        } else if let Some(chunk) = &wave.rcvr {
            radio.rcvr(chunk, wave.encoding.rate, caveats);
        }
        radio.name(name, rate_hz, caveats);
        radio
    }

    /// The `auxi` chunk: binary as SpectraVue made it, or the XML of SDR Console.
    fn auxi(&mut self, chunk: &[u8]) {
        self.iq = Some("auxi chunk".to_owned());
        if chunk.starts_with(b"<\0") || chunk.starts_with(b"\xff\xfe<\0") {
            return self.xml(chunk);
        }
        let long = |at: usize| chunk.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
        let start = system_time(chunk);
        self.metadata = json!({ "auxi": {
            "start": start, "center_hz": long(32), "ad_rate_hz": long(36), "if_hz": long(40), "bandwidth_hz": long(44),
        }});
        self.center = long(32).filter(|hz| *hz > 0).map(|hz| (f64::from(hz), "auxi chunk".to_owned()));
        self.start = start.map(|s| (s, "auxi chunk, taken as UTC".to_owned()));
    }

    fn xml(&mut self, chunk: &[u8]) {
        let units: Vec<u16> = chunk.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
        let text = String::from_utf16_lossy(&units).trim_start_matches('\u{feff}').trim_end_matches('\0').to_owned();
        let attribute = text.split("RadioCenterFreq=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.center = attribute
            .and_then(|hz| hz.parse().ok())
            .filter(|hz: &f64| hz.is_finite() && *hz > 0.0)
            .map(|hz| (hz, "auxi chunk (XML)".to_owned()));
        self.metadata = json!({ "auxi": { "xml": text } });
    }

    /// The `rcvr` chunk of the Perseus receiver.
    fn rcvr(&mut self, chunk: &[u8], rate: u32, caveats: &mut Vec<Caveat>) {
        const RATES: [u32; 4] = [125_000, 250_000, 500_000, 1_000_000];
        self.iq = Some("rcvr chunk".to_owned());
        let long = |at: usize| chunk.get(at..at + 4).and_then(|b| b.try_into().ok()).map(i32::from_le_bytes);
        let (center, index, time) = (long(0), long(4), long(8));
        self.metadata = json!({ "rcvr": { "center_hz": center, "rate_index": index, "time_t": time } });
        self.center = center.filter(|hz| *hz > 0).map(|hz| (f64::from(hz), "rcvr chunk".to_owned()));
        let told = index.and_then(|i| usize::try_from(i).ok()).and_then(|i| RATES.get(i));
        if let Some(told) = told.filter(|told| **told != rate) {
            let detail =
                format!("the rcvr chunk says {told} samples per second, the fmt chunk {rate}; fmt was believed");
            caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
        }
    }

    fn name(&mut self, name: &NameFacts, rate_hz: f64, caveats: &mut Vec<Caveat>) {
        if let Some(start) = &name.start_time {
            self.start = Some((start.clone(), "file name".to_owned()));
        }
        // A frequency below half the rate may be a test tone; above, it can only be where the receiver was tuned.
        let tuned = name.center_hz.as_ref().filter(|(hz, _)| name.iq || self.iq.is_some() || *hz > rate_hz / 2.0);
        if self.iq.is_none() && (name.iq || tuned.is_some()) {
            self.iq = Some("file name of an SDR program".to_owned());
        }
        let Some((told, origin)) = tuned else { return };
        match &mut self.center {
            None => self.center = Some((*told, origin.clone())),
            Some((center, source)) => {
                let wraps = ((told - *center) / WRAP).round().max(0.0);
                let unwrapped = *center + wraps * WRAP;
                if (unwrapped - told).abs() > NAME_STEP_HZ {
                    let detail =
                        format!("the {source} says {center} Hz, the {origin} {told} Hz; the chunk was believed");
                    caveats.push(Caveat::new(CaveatKind::Inconsistent, detail));
                } else if wraps > 0.0 {
                    *center = unwrapped;
                    source.push_str(", its 32 bits unwrapped by the file name");
                }
            }
        }
    }

    /// Writes centre and start into the traces and the provenance.
    pub(super) fn describe(&self, traces: &mut [Trace], provenance: &mut Provenance) {
        if let Some((center, origin)) = &self.center {
            let mut used = false;
            for trace in traces.iter_mut().filter(|t| t.kind == Kind::Iq) {
                trace.center_hz = Some(*center);
                used = true;
            }
            if used {
                provenance.note("center_hz", origin.clone());
            }
        }
        if let Some((start, origin)) = &self.start {
            provenance.start_time = Some(start.clone());
            provenance.note("start_time", origin.clone());
        }
    }
}

/// A Windows SYSTEMTIME at the head of the chunk as RFC 3339; nothing when it is not a date.
fn system_time(chunk: &[u8]) -> Option<String> {
    let word = |at: usize| chunk.get(2 * at..2 * at + 2).and_then(|b| b.try_into().ok()).map(u16::from_le_bytes);
    let (year, month, day) = (word(0)?, word(1)?, word(3)?);
    let (hour, minute, second, milli) = (word(4)?, word(5)?, word(6)?, word(7)?);
    let valid = (1990..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && milli < 1000;
    valid.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"))
}
