//! The simulated source in this process: a fault model played for ever, at its own rate or as fast as it is taken.

use std::time::{Duration, Instant};

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::{Kind, Record as _, Unit};

use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::error::DeviceError;
use crate::live::{Got, Live, Reader, StreamInfo, StreamOptions};
use crate::sim::{self, SimError};

/// The plug.
pub(super) struct Simulated;

/// Bytes handed out at a time.
const CHUNK: usize = 256 << 10;

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
        "a fault model as a live source: sim:MODEL with the settings of simulate, and pace=off for full speed"
    }
    fn accepts(&self, address: &Address) -> bool {
        address.scheme == Scheme::Sim && !address.place.contains('/')
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let paced = !matches!(address.get("pace"), Some("off" | "0"));
        let played = Played::of(address)?;
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
        let reader = Source { played, at: 0, begun: paced.then(Instant::now), sent: 0 };
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
            address.settings().filter(|(k, _)| *k != "pace").map(|(k, v)| format!("{k}={v}")).collect();
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

struct Source {
    played: Played,
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
        into.extend_from_slice(part);
        self.at = if part.len() == left.len() { 0 } else { self.at + part.len() };
        self.sent += (part.len() / frame) as u64;
        if let Some(begun) = self.begun {
            let due = begun + Duration::from_secs_f64(self.sent as f64 / self.played.rate_hz);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        Ok(Got::default())
    }
}
