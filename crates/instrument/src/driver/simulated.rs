//! The simulated source in this process: a fault model played for ever, at its own rate or as fast as it is taken.

use std::time::{Duration, Instant};

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::{Kind, Record as _, Unit};

use super::{Instrument, Opened};
use crate::address::{Address, Scheme, number};
use crate::error::DeviceError;
use crate::live::{Got, Live, Reader, StreamInfo, StreamOptions};
use crate::sim::{self, SimError};

/// The plug.
pub(super) struct Simulated;

/// Bytes handed out at a time.
const CHUNK: usize = 256 << 10;

/// Settings that are not the model's.
const OURS: [&str; 2] = ["pace", "spur"];

impl From<SimError> for DeviceError {
    fn from(error: SimError) -> Self {
        Self::address(error.what, error.hint)
    }
}

impl Instrument for Simulated {
    fn id(&self) -> &'static str {
        "sim"
    }
    fn describe(&self) -> &'static str {
        "a fault model as a live source: sim:MODEL with the settings of simulate, pace=off for full speed, and \
         spur=SECONDS:OFFSET:DBFS for a line that begins in mid-stream"
    }
    fn accepts(&self, address: &Address) -> bool {
        address.scheme == Scheme::Sim && !address.place.contains('/')
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let paced = !matches!(address.get("pace"), Some("off" | "0"));
        let played = Played::of(address)?;
        let late = address.get("spur").map(|text| Late::parse(text, &played)).transpose()?;
        let info = StreamInfo {
            instrument: format!("faultscope simulated instrument, model {}", address.place),
            datatype: played.datatype,
            sample_rate_hz: played.rate_hz,
            center_hz: played.center_hz,
            unit: played.unit,
            settings: address.text.clone(),
            // Its clock is ours: what does not arrive was not asked for.
            paced: false,
            nominal_rate: false,
        };
        let reader = Source { played, late, at: 0, begun: paced.then(Instant::now), sent: 0 };
        let options = StreamOptions { wait_for_room: true, ..options };
        Ok(Opened::Stream(Live::start("sim-source", info, reader, options)?))
    }
}

/// A simulated record in stored form. It is played in a circle: the defaults of every model hold whole periods of their
/// carrier and of the mains, other lines jump once a turn.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) datatype: Datatype,
    pub(crate) rate_hz: f64,
    pub(crate) center_hz: Option<f64>,
    pub(crate) unit: Unit,
    pub(crate) bytes: Vec<u8>,
}

impl Played {
    fn of(address: &Address) -> Result<Self, DeviceError> {
        let query: Vec<String> =
            address.settings().filter(|(k, _)| !OURS.contains(k)).map(|(k, v)| format!("{k}={v}")).collect();
        let target = sim::parse(&format!("{}{}?{}", sim::SCHEME, address.place, query.join("&")))?;
        let simulated = target.model.generate(&target.scenario)?;
        let record = &simulated.waveform;
        let datatype = if record.kind() == Kind::Iq { Datatype::Ci16Le } else { Datatype::Rf32Le };
        let mut bytes = Vec::with_capacity(record.data().len() * datatype.component().bytes());
        for value in record.data() {
            match datatype {
                Datatype::Ci16Le => {
                    let code = (value * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
                    bytes.extend_from_slice(&code.to_le_bytes());
                }
                _ => bytes.extend_from_slice(&(*value as f32).to_le_bytes()),
            }
        }
        let rate_hz = record.sample_rate_hz();
        Ok(Self { datatype, rate_hz, center_hz: record.center_hz(), unit: record.unit(), bytes })
    }
}

/// A line that begins in mid-stream: what a loose connector or a second transmitter does.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Late {
    /// First frame that has it.
    from: u64,
    turns_per_frame: f64,
    amplitude: f64,
}

impl Late {
    /// Reads `SECONDS:OFFSET:DBFS`, as in `2:100k:-50`.
    fn parse(text: &str, played: &Played) -> Result<Self, DeviceError> {
        let wrong = |what: String| DeviceError::address(what, "write spur=2:100k:-50, for sources of I/Q");
        if played.datatype != Datatype::Ci16Le {
            return Err(wrong(format!("the spur '{text}' needs a source of I/Q")));
        }
        let parts: Vec<f64> = text.split(':').map(|part| number("spur", part)).collect::<Result<_, _>>()?;
        match parts[..] {
            [seconds, offset_hz, dbfs]
                if (0.0..=1e6).contains(&seconds) && offset_hz.abs() < played.rate_hz / 2.0 && dbfs <= 0.0 =>
            {
                Ok(Self {
                    from: (seconds * played.rate_hz) as u64,
                    turns_per_frame: offset_hz / played.rate_hz,
                    amplitude: 10f64.powf(dbfs / 20.0) * 32_768.0,
                })
            }
            _ => Err(wrong(format!("the spur '{text}' is not time, offset inside the band and level"))),
        }
    }

    /// Adds the line to 16-bit I/Q whose first frame is number `first` of the stream.
    fn add(&self, bytes: &mut [u8], first: u64) {
        for (k, frame) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let n = first + k as u64;
            if n < self.from {
                continue;
            }
            // Whole turns are taken off first, so that the phase stays exact for days.
            let phase = std::f64::consts::TAU * (self.turns_per_frame * n as f64).fract();
            let [i0, i1, q0, q1] = *frame;
            let add = |code: [u8; 2], value: f64| {
                (f64::from(i16::from_le_bytes(code)) + value).round().clamp(-32_768.0, 32_767.0) as i16
            };
            let [i, q] = [add([i0, i1], self.amplitude * phase.cos()), add([q0, q1], self.amplitude * phase.sin())];
            let ([i0, i1], [q0, q1]) = (i.to_le_bytes(), q.to_le_bytes());
            *frame = [i0, i1, q0, q1];
        }
    }
}

struct Source {
    played: Played,
    late: Option<Late>,
    at: usize,
    begun: Option<Instant>,
    sent: u64,
}

impl Reader for Source {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        let frame = self.played.datatype.frame_bytes();
        let tick = (self.played.rate_hz * 0.02) as usize * frame;
        let wanted = if self.begun.is_some() { tick.clamp(frame, CHUNK) } else { CHUNK };
        let left = self.played.bytes.get(self.at..).unwrap_or_default();
        let part = &left[..wanted.min(left.len())];
        let before = into.len();
        into.extend_from_slice(part);
        if let Some(late) = &self.late {
            late.add(into.get_mut(before..).unwrap_or_default(), self.sent);
        }
        self.at = if part.len() == left.len() { 0 } else { self.at + part.len() };
        self.sent += (part.len() / frame) as u64;
        if let Some(begun) = self.begun {
            let due = begun + Duration::from_secs_f64(self.sent as f64 / self.played.rate_hz);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        Ok(Got::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::open;
    use crate::live::Next;

    fn values(address: &str, frames: usize) -> Vec<[f64; 2]> {
        let Ok(Opened::Stream(live)) = open(address, StreamOptions::default()) else { panic!("no source") };
        let mut out = Vec::new();
        while out.len() < frames {
            let Ok(Next::Block(block)) = live.next(Duration::from_secs(60)) else { panic!("no block") };
            let value = |low: u8, high: u8| f64::from(i16::from_le_bytes([low, high])) / 32_768.0;
            out.extend(block.bytes.as_chunks::<4>().0.iter().map(|[a, b, c, d]| [value(*a, *b), value(*c, *d)]));
        }
        out
    }

    #[test]
    fn a_late_spur_is_the_difference_to_the_same_source_without_it() {
        let plain = values("sim:tx-healthy?pace=off&duration=0.1", 20_000);
        let late = values("sim:tx-healthy?pace=off&duration=0.1&spur=20m:100k:-40", 20_000);
        for (n, (p, l)) in plain.iter().zip(&late).enumerate().take(20_000) {
            // At 500 kS/s 100 kHz are a fifth of a turn a frame; 20 ms are 10 000 frames.
            let (s, c) = (std::f64::consts::TAU * n as f64 / 5.0).sin_cos();
            let amplitude = if n < 10_000 { 0.0 } else { 0.01 };
            assert!((l[0] - p[0] - amplitude * c).abs() < 1e-4 && (l[1] - p[1] - amplitude * s).abs() < 1e-4, "{n}");
        }
        for bad in ["2", "2:300k:-40", "2:1k:3", "2:1k:x", "-1:1k:-3"] {
            assert!(open(&format!("sim:tx-healthy?spur={bad}"), StreamOptions::default()).is_err(), "{bad}");
        }
        assert!(open("sim:supply-healthy?spur=2:1k:-40", StreamOptions::default()).is_err());
    }
}
