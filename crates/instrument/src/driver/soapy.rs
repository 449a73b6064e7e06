//! Radios of every maker through SoapySDR, behind the cargo feature `soapy`: one device, one thread, gaps by time stamps.
//!
//! A device that overflows need not say how much was lost, and one that loses silently says nothing: the time stamps of
//! the blocks are compared with the number of samples. A driver whose time stamps jitter by more than a sample would
//! show gaps that are none; none is known to, and none has been tried on hardware.

use std::time::Duration;

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::Unit;
use num_complex::Complex;
use soapysdr::{Device, Direction::Rx, ErrorCode, RxStream};

use super::rtl_tcp::switch;
use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::discover::{Availability, Found};
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Got, Live, Loss, Reader, StreamInfo, StreamOptions};

/// The plug.
pub(super) struct Soapy;

const KEYS: [&str; 8] = ["freq", "rate", "gain", "bandwidth", "antenna", "ppm", "bias", "channel"];
/// Frames read at a time at most.
const CHUNK: usize = 32 << 10;
const SILENCE: Duration = Duration::from_millis(200);

impl Instrument for Soapy {
    fn id(&self) -> &'static str {
        "soapy"
    }
    fn describe(&self) -> &'static str {
        "radios through SoapySDR: freq, rate, gain (dB or auto), bandwidth, antenna, ppm, bias, channel"
    }
    fn accepts(&self, address: &Address) -> bool {
        address.scheme == Scheme::Soapy
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let settings = Settings::of(address)?;
        let radio = settings.open()?;
        let info = StreamInfo {
            instrument: radio.name.clone(),
            datatype: Datatype::Cf32Le,
            sample_rate_hz: radio.rate_hz,
            center_hz: Some(settings.freq_hz),
            unit: Unit::FullScale,
            settings: address.text.clone(),
            paced: true,
            nominal_rate: false,
        };
        let reader = Source {
            settings,
            rate_hz: radio.rate_hz,
            radio: Some(radio),
            buffer: vec![Complex::default(); CHUNK],
            clock: None,
        };
        Ok(Opened::Stream(Live::start("soapy-reader", info, reader, options)?))
    }
}

/// The radios that SoapySDR finds.
pub(crate) fn devices() -> Vec<Found> {
    let Ok(found) = soapysdr::enumerate("") else { return Vec::new() };
    let found = found.iter().map(|args| {
        let label = args.get("label").unwrap_or("radio");
        let keys = ["driver", "serial"].iter().filter_map(|k| args.get(k).map(|v| format!("{k}={v}")));
        Found {
            address: format!("soapy:{}?freq=HZ&rate=HZ", keys.collect::<Vec<_>>().join(",")),
            description: format!("{label} through SoapySDR"),
            availability: Availability::Ready,
            hint: String::new(),
        }
    });
    found.collect()
}

struct Settings {
    args: String,
    freq_hz: f64,
    rate_hz: f64,
    gain_db: Option<f64>,
    bandwidth_hz: Option<f64>,
    antenna: Option<String>,
    ppm: Option<f64>,
    bias: bool,
    channel: usize,
}

impl Settings {
    fn of(address: &Address) -> Result<Self, DeviceError> {
        address.allow(&KEYS)?;
        let need = |key: &str, example: &str| {
            address.within(key, 1.0, 1e12)?.ok_or_else(|| {
                DeviceError::address(format!("{} does not say {key}", address.text), format!("add {key}={example}"))
            })
        };
        Ok(Self {
            args: address.place.clone(),
            freq_hz: need("freq", "2140M")?,
            rate_hz: need("rate", "2.4M")?,
            gain_db: match address.get("gain") {
                None | Some("auto") => None,
                Some(_) => address.within("gain", -100.0, 200.0)?,
            },
            bandwidth_hz: address.within("bandwidth", 1.0, 1e12)?,
            antenna: address.get("antenna").map(str::to_owned),
            ppm: address.within("ppm", -1000.0, 1000.0)?,
            bias: switch(address, "bias")?,
            channel: address.within("channel", 0.0, 63.0)?.unwrap_or(0.0) as usize,
        })
    }

    fn open(&self) -> Result<Radio, DeviceError> {
        let refused = |what: &str, e: &soapysdr::Error| {
            let text = format!("{what} was refused by soapy:{}: {}", self.args, e.message);
            DeviceError::new(
                ErrorKind::Unsupported,
                text,
                "faultscope devices lists the radios; SoapySDRUtil --probe their ranges",
            )
        };
        let device = Device::new(self.args.as_str()).map_err(|e| {
            let what = format!("no radio for soapy:{}: {}", self.args, e.message);
            let hint = "faultscope devices lists what is there; the SoapySDR module of the radio must be installed";
            DeviceError::new(ErrorKind::NotFound, what, hint)
        })?;
        let c = self.channel;
        if let Some(antenna) = &self.antenna {
            device.set_antenna(Rx, c, antenna.as_str()).map_err(|e| refused("the antenna", &e))?;
        }
        device.set_sample_rate(Rx, c, self.rate_hz).map_err(|e| refused("the rate", &e))?;
        if let Some(bandwidth) = self.bandwidth_hz {
            device.set_bandwidth(Rx, c, bandwidth).map_err(|e| refused("the bandwidth", &e))?;
        }
        if let Some(ppm) = self.ppm {
            device.set_component_frequency(Rx, c, "CORR", ppm, ()).map_err(|e| refused("ppm", &e))?;
        }
        device.set_frequency(Rx, c, self.freq_hz, ()).map_err(|e| refused("the frequency", &e))?;
        match self.gain_db {
            Some(gain) => {
                // A radio without automatic gain refuses to switch it off.
                let _ = device.set_gain_mode(Rx, c, false);
                device.set_gain(Rx, c, gain).map_err(|e| refused("the gain", &e))?;
            }
            None => {
                let _ = device.set_gain_mode(Rx, c, true);
            }
        }
        if self.bias {
            device.write_setting("biastee", "true").map_err(|e| refused("the bias tee", &e))?;
        }
        let rate_hz = device.sample_rate(Rx, c).ok().filter(|r| *r > 0.0).unwrap_or(self.rate_hz);
        let name = device.hardware_key().unwrap_or_else(|_| self.args.clone());
        let mut stream = device.rx_stream::<Complex<f32>>(&[c]).map_err(|e| refused("a stream", &e))?;
        stream.activate(None).map_err(|e| refused("streaming", &e))?;
        Ok(Radio { stream, _device: device, rate_hz, name: format!("{name} through SoapySDR") })
    }
}

/// An open radio; the stream goes before the device.
struct Radio {
    stream: RxStream<Complex<f32>>,
    _device: Device,
    rate_hz: f64,
    name: String,
}

struct Source {
    settings: Settings,
    rate_hz: f64,
    radio: Option<Radio>,
    buffer: Vec<Complex<f32>>,
    /// Time stamp that the next block ought to have.
    clock: Option<i64>,
}

impl Source {
    /// Frames that are missing in front of a block, by its time stamp.
    fn gap(&mut self, stamp_ns: i64, frames: usize) -> u64 {
        let nanos = |frames: f64| (frames * 1e9 / self.rate_hz).round() as i64;
        // A driver without time stamps gives 0.
        let missing =
            self.clock.filter(|_| stamp_ns > 0).map_or(0.0, |due| (stamp_ns - due) as f64 * self.rate_hz / 1e9);
        self.clock = (stamp_ns > 0).then(|| stamp_ns.saturating_add(nanos(frames as f64)));
        missing.round().max(0.0) as u64
    }
}

impl Reader for Source {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        let Some(radio) = &mut self.radio else { return Err(DeviceError::closed("the radio has gone")) };
        match radio.stream.read(&mut [&mut self.buffer[..]], SILENCE.as_micros() as i64) {
            Ok(frames) => {
                let stamp = radio.stream.time_ns();
                let lost = if frames > 0 { self.gap(stamp, frames) } else { 0 };
                into.extend_from_slice(bytemuck::cast_slice(&self.buffer[..frames]));
                Ok(Got { lost, loss: (lost > 0).then_some(Loss::TimeStamps), end: false })
            }
            Err(e) if e.code == ErrorCode::Timeout => {
                Err(DeviceError::timeout(format!("soapy:{} sent nothing for {SILENCE:?}", self.settings.args)))
            }
            // How much was lost is told by the next time stamp.
            Err(e) if e.code == ErrorCode::Overflow => Ok(Got { lost: 0, loss: Some(Loss::Overflow), end: false }),
            Err(e) => Err(DeviceError::closed(format!("soapy:{} broke off: {e}", self.settings.args))),
        }
    }

    fn reopen(&mut self) -> Result<(), DeviceError> {
        // The old one must have let go before the same device is opened again.
        self.radio = None;
        self.clock = None;
        self.radio = Some(self.settings.open()?);
        Ok(())
    }
}
