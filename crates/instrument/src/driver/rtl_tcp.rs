//! The `rtl_tcp` client: header, five-byte commands, unsigned 8-bit I/Q.
//!
//! Protocol: rtl_tcp of osmocom rtl-sdr. The stream has no framing and no sign of a loss, so arrival is supervised;
//! `test=on` makes the dongle send an 8-bit counter, whose jumps prove a loss.

use std::time::Duration;

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::Unit;

use crate::address::{Address, Scheme};
use crate::driver::{Instrument, Opened};
use crate::error::DeviceError;
use crate::live::{Got, Live, Loss, Reader, StreamInfo, StreamOptions};
use crate::transport::{Link, Patience, Tcp};

/// The plug.
pub(super) struct RtlTcp;

const KEYS: [&str; 8] = ["freq", "rate", "gain", "ppm", "bias", "agc", "offset", "test"];
const TUNERS: [&str; 7] = ["unknown tuner", "E4000", "FC0012", "FC0013", "FC2580", "R820T", "R828D"];
/// Bytes read at a time.
const CHUNK: usize = 32 << 10;
/// Samples that were under way when the settings changed.
const SETTLE_S: f64 = 0.1;
const SILENCE: Duration = Duration::from_millis(500);

impl Instrument for RtlTcp {
    fn id(&self) -> &'static str {
        "rtl_tcp"
    }
    fn describe(&self) -> &'static str {
        "rtl_tcp servers (RTL-SDR dongles): freq, rate, gain (dB or auto), ppm, bias, agc, offset, test"
    }
    fn accepts(&self, address: &Address) -> bool {
        address.scheme == Scheme::RtlTcp
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let settings = Settings::of(address)?;
        let (link, tuner) = settings.connect()?;
        let info = StreamInfo {
            instrument: format!("RTL-SDR ({tuner}) through rtl_tcp"),
            datatype: Datatype::Cu8,
            sample_rate_hz: settings.rate_hz,
            center_hz: Some(settings.freq_hz),
            unit: Unit::FullScale,
            settings: address.text.clone(),
            paced: true,
            nominal_rate: false,
        };
        let counter = settings.test.then(Counter::default);
        let reader = Stream { settings, link, odd: None, counter };
        Ok(Opened::Stream(Live::start("rtl_tcp-reader", info, reader, options)?))
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Settings {
    host: String,
    port: u16,
    freq_hz: f64,
    rate_hz: f64,
    /// In tenths of a dB; nothing is automatic.
    gain: Option<i32>,
    ppm: i32,
    bias: bool,
    agc: bool,
    offset: bool,
    test: bool,
}

impl Settings {
    fn of(address: &Address) -> Result<Self, DeviceError> {
        address.allow(&KEYS)?;
        let (host, port) = address.host_port(Some(1234))?;
        let freq_hz = address.within("freq", 1.0, 4_294_967_295.0)?.ok_or_else(|| {
            DeviceError::address(format!("{} does not say a frequency", address.text), "add ?freq=2140M")
        })?;
        let rate_hz = address.number("rate")?.unwrap_or(2_048_000.0);
        if !((225_001.0..=300_000.0).contains(&rate_hz) || (900_001.0..=3_200_000.0).contains(&rate_hz)) {
            let what = format!("an RTL-SDR cannot sample at {rate_hz} Hz");
            return Err(DeviceError::address(what, "rate must lie in 225001 to 300000 or in 900001 to 3200000"));
        }
        let gain = match address.get("gain") {
            None | Some("auto") => None,
            Some(_) => address.within("gain", -10.0, 60.0)?.map(|db| (db * 10.0).round() as i32),
        };
        Ok(Self {
            host,
            port,
            freq_hz: freq_hz.round(),
            rate_hz: rate_hz.round(),
            gain,
            ppm: address.within("ppm", -1000.0, 1000.0)?.unwrap_or(0.0).round() as i32,
            bias: switch(address, "bias")?,
            agc: switch(address, "agc")?,
            offset: switch(address, "offset")?,
            test: switch(address, "test")?,
        })
    }

    /// Commands, in the order sent.
    fn commands(&self) -> Vec<[u8; 5]> {
        let mut sent = vec![
            command(0x02, self.rate_hz as u32),
            command(0x05, self.ppm.cast_unsigned()),
            command(0x01, self.freq_hz as u32),
            command(0x03, u32::from(self.gain.is_some())),
        ];
        sent.extend(self.gain.map(|tenths| command(0x04, tenths.cast_unsigned())));
        sent.push(command(0x08, u32::from(self.agc)));
        sent.push(command(0x0a, u32::from(self.offset)));
        sent.push(command(0x0e, u32::from(self.bias)));
        sent.push(command(0x07, u32::from(self.test)));
        sent
    }

    fn connect(&self) -> Result<(Link, &'static str), DeviceError> {
        let mut link = Link::new(Box::new(Tcp::connect(&self.host, self.port)?));
        let header = link.exact(12, Patience::of(Duration::from_secs(3)))?;
        let [b'R', b'T', b'L', b'0', t0, t1, t2, t3, ..] = header[..] else {
            return Err(DeviceError::protocol(format!("what listens at {} is no rtl_tcp server", link.name())));
        };
        let number = u32::from_be_bytes([t0, t1, t2, t3]) as usize;
        let tuner = TUNERS.get(number).copied().unwrap_or(TUNERS[0]);
        for command in self.commands() {
            link.send(&command)?;
        }
        let old = (SETTLE_S * self.rate_hz) as usize * 2;
        link.exact(old, Patience::of(SILENCE).for_bytes(old))?;
        Ok((link, tuner))
    }
}

/// A command: number and big-endian argument.
fn command(id: u8, argument: u32) -> [u8; 5] {
    let [a, b, c, d] = argument.to_be_bytes();
    [id, a, b, c, d]
}

pub(super) fn switch(address: &Address, key: &str) -> Result<bool, DeviceError> {
    match address.get(key) {
        None | Some("off" | "0") => Ok(false),
        Some("on" | "1") => Ok(true),
        Some(other) => {
            Err(DeviceError::address(format!("{key} is '{other}', which is not on or off"), format!("write {key}=on")))
        }
    }
}

struct Stream {
    settings: Settings,
    link: Link,
    /// An I without its Q.
    odd: Option<u8>,
    counter: Option<Counter>,
}

impl Reader for Stream {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        into.extend(self.odd.take());
        let head = into.len();
        if let Err(error) = self.link.some(into, CHUNK, SILENCE) {
            self.odd = into.pop().filter(|_| head > 0);
            return Err(error);
        }
        let jumps = self.counter.as_mut().map_or(0, |c| c.jumps(&into[head..]));
        if into.len() % 2 == 1 {
            self.odd = into.pop();
        }
        Ok(Got { loss: (jumps > 0).then_some(Loss::Counter), ..Got::default() })
    }

    fn reopen(&mut self) -> Result<(), DeviceError> {
        self.link = self.settings.connect()?.0;
        self.odd = None;
        self.counter = self.counter.as_ref().map(|_| Counter::default());
        Ok(())
    }
}

/// Bytes in order after which the counter is believed to run.
const IN_STEP: u64 = 1024;
/// Bytes that may come before it does: what was sampled before the command took effect.
const OUT_OF_STEP: u64 = 2 << 20;

/// Follows the counter of the test mode.
#[derive(Debug, Default)]
struct Counter {
    last: Option<u8>,
    seen: u64,
    run: u64,
    in_step: bool,
}

impl Counter {
    /// Places where a byte is not one more than the byte before, once the counter runs or should.
    fn jumps(&mut self, bytes: &[u8]) -> u64 {
        let mut jumps = 0;
        for byte in bytes {
            let jump = self.last.is_some_and(|last| last.wrapping_add(1) != *byte);
            self.seen += 1;
            self.run = if jump { 0 } else { self.run + 1 };
            self.in_step |= self.run >= IN_STEP || self.seen > OUT_OF_STEP;
            jumps += u64::from(jump && self.in_step);
            self.last = Some(*byte);
        }
        jumps
    }
}

#[cfg(test)]
mod tests;
