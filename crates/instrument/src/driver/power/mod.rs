//! SCPI supplies and electronic loads: their own volts or amperes as a slow record, and settings that are asked for.
//!
//! Opening reads and changes nothing. What an address names is set, read back, and refused where it does not come back;
//! output or input goes on last, only by `output=on` or `input=on`, and off again at the end unless `after=on` is written
//! or it was on before. A load's `step=LOW:HIGH` changes its current from here, `period=` apart: slow, but the edge is the
//! load's own, and an oscilloscope that triggers on it sees the step.

mod family;
#[cfg(test)]
mod tests;
mod wanted;

use std::time::{Duration, Instant};

use faultscope_signal::Unit;

use self::family::{Family, LOADS, Point, SUPPLIES};
use self::wanted::Wanted;
use super::meter::Readings;
use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Got, Live, Reader, StreamInfo, StreamOptions};
use crate::scpi::Scpi;
use crate::transport::{self, Link, SerialSettings};

/// The plug of supplies.
pub(super) struct Supply;
/// The plug of electronic loads.
pub(super) struct Load;

/// A setting has been taken when it comes back within this share of it and this many volts or amperes.
const SAME: (f64, f64) = (0.01, 0.02);

impl Instrument for Supply {
    fn id(&self) -> &'static str {
        "supply"
    }
    fn describe(&self) -> &'static str {
        "SCPI supplies (Rigol DP, Siglent SPD, SCPI-99 such as Keysight): rate, unit=V|A, channel; \
         sets only what is written: volt, curr, output=on|off, after=on"
    }
    fn accepts(&self, address: &Address) -> bool {
        accepts(address, self.id())
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        address.allow(&[&OWN[..], &["volt", "output"], &SerialSettings::KEYS[..]].concat())?;
        start(address, options, &SUPPLIES, &Wanted::supply(address)?, "output")
    }
}

impl Instrument for Load {
    fn id(&self) -> &'static str {
        "load"
    }
    fn describe(&self) -> &'static str {
        "SCPI electronic loads (Siglent SDL, Rigol DL, SCPI-99 such as Keysight): rate, unit=V|A; \
         sets only what is written: curr or step=LOW:HIGH with period, input=on|off, after=on"
    }
    fn accepts(&self, address: &Address) -> bool {
        accepts(address, self.id())
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        address.allow(&[&OWN[..], &["step", "period", "input"], &SerialSettings::KEYS[..]].concat())?;
        start(address, options, &LOADS, &Wanted::load(address)?, "input")
    }
}

/// Settings that both take.
const OWN: [&str; 7] = ["driver", "rate", "unit", "channel", "timeout", "curr", "after"];

fn accepts(address: &Address, id: &str) -> bool {
    matches!(address.scheme, Scheme::Serial | Scheme::Tcp) && address.get("driver") == Some(id)
}

fn start(
    address: &Address,
    options: StreamOptions,
    families: &'static [Family],
    wanted: &Wanted,
    switch: &'static str,
) -> Result<Opened, DeviceError> {
    let rate_hz = address.within("rate", 0.01, 1000.0)?.unwrap_or(5.0);
    let unit = super::lines::unit(address)?;
    let silence = Duration::from_secs_f64(address.within("timeout", 0.05, 60.0)?.unwrap_or(1.0));
    let channel = address.within("channel", 1.0, 9.0)?.unwrap_or(1.0) as u8;
    let mut scpi = Scpi::identify(Link::new(transport::open(address)?), silence)?;
    let family = family::of(families, &scpi).ok_or_else(|| DeviceError::protocol("no family"))?;
    if channel > family.channels {
        let what = format!("{} has no channel {channel} that this driver can reach", scpi.identity());
        return Err(DeviceError::address(what, format!("channels are 1 to {}", family.channels)));
    }
    if address.scheme == Scheme::Serial {
        family.remote.iter().try_for_each(|command| scpi.command(command))?;
    }
    let query = fill(if unit == Unit::Ampere { family.amps } else { family.volts }, channel, 0.0);
    let info = StreamInfo::numbers(scpi.identity().to_owned(), rate_hz, unit, address);
    let readings = Readings::new(scpi, query, rate_hz);
    let mut powered = Powered { readings, family, channel, switch, off: false, steps: None };
    powered.settle(wanted)?;
    // The first reading shows at once whether the question is understood.
    powered.readings.first()?;
    Ok(Opened::Stream(Live::start("power-reader", info, powered, options)?))
}

fn fill(template: &str, channel: u8, value: f64) -> String {
    template.replace("{n}", &channel.to_string()).replace("{v}", &value.to_string())
}

/// A load's change from one current to the other.
struct Steps {
    commands: [String; 2],
    half: Duration,
    next: Instant,
    place: usize,
}

/// A supply or load that is being read; dropped, it switches off what was switched on here.
struct Powered {
    readings: Readings,
    family: &'static Family,
    channel: u8,
    /// `output` or `input`, as people write it.
    switch: &'static str,
    /// Was off before and is to be off again.
    off: bool,
    steps: Option<Steps>,
}

impl Powered {
    fn scpi(&mut self) -> &mut Scpi {
        &mut self.readings.scpi
    }

    /// Sets what is wanted, each setting read back, and switches last.
    fn settle(&mut self, wanted: &Wanted) -> Result<(), DeviceError> {
        if !wanted.sets() && wanted.on.is_none() {
            return Ok(());
        }
        let was_on = self.is_on()?;
        if was_on && wanted.sets() && wanted.on.is_none() {
            let (name, switch) = (self.readings.scpi.name(), self.switch);
            let what = format!("the {switch} of {name} is on, so that a setting would act at once");
            return Err(DeviceError::address(what, format!("write {switch}=on if that is meant, or {switch}=off")));
        }
        if wanted.on == Some(false) && was_on {
            self.switch_to(false)?;
        }
        let family = self.family;
        if let (Some(function), true) = (&family.function, wanted.sets()) {
            self.constant_current(function)?;
        }
        // The limit before the voltage, so that no moment goes without one.
        if let Some(amps) = wanted.curr {
            self.set(&family.curr, amps)?;
        }
        if let Some(([low, high], half)) = wanted.step {
            self.set(&family.curr, high)?;
            self.set(&family.curr, low)?;
            let commands = [high, low].map(|amps| fill(family.curr.set, self.channel, amps));
            self.steps = Some(Steps { commands, half, next: Instant::now() + half, place: 0 });
        }
        if let (Some(volts), Some(point)) = (wanted.volt, &family.volt) {
            self.set(point, volts)?;
        }
        self.no_errors()?;
        if wanted.on == Some(true) && !was_on {
            self.off = true;
            self.switch_to(true)?;
            self.no_errors()?;
            self.off = !wanted.stays;
        }
        Ok(())
    }

    fn is_on(&mut self) -> Result<bool, DeviceError> {
        let (family, channel) = (self.family, self.channel);
        let answer = self.scpi().query(&fill(family.state, channel, 0.0))?;
        family.is_on(&answer, channel).ok_or_else(|| {
            let (name, switch) = (self.readings.scpi.name(), self.switch);
            let what = format!("{name} says '{answer}' when asked whether its {switch} is on");
            DeviceError::protocol(what)
        })
    }

    fn switch_to(&mut self, on: bool) -> Result<(), DeviceError> {
        let command = fill(if on { self.family.on } else { self.family.off }, self.channel, 0.0);
        self.scpi().command(&command)?;
        if self.is_on()? == on {
            return Ok(());
        }
        Err(self.refused(&command, "its state has not changed"))
    }

    fn set(&mut self, point: &Point, value: f64) -> Result<(), DeviceError> {
        let command = fill(point.set, self.channel, value);
        let query = fill(point.get, self.channel, value);
        self.scpi().command(&command)?;
        let got = self.scpi().number(&query)?;
        if (got - value).abs() <= SAME.0 * value + SAME.1 {
            return Ok(());
        }
        Err(self.refused(&command, &format!("it reads {got} back")))
    }

    fn constant_current(&mut self, function: &Point) -> Result<(), DeviceError> {
        self.scpi().command(function.set)?;
        let got = self.scpi().query(function.get)?.to_ascii_uppercase();
        if got.contains("CURR") || got.contains("CC") {
            return Ok(());
        }
        Err(self.refused(function.set, &format!("its function is '{got}'")))
    }

    fn no_errors(&mut self) -> Result<(), DeviceError> {
        let Some(query) = self.family.errors else { return Ok(()) };
        match self.scpi().errors(query)?.first().cloned() {
            None => Ok(()),
            Some(entry) => Err(self.refused("a setting", &entry)),
        }
    }

    fn refused(&mut self, command: &str, because: &str) -> DeviceError {
        let what = format!("{} did not take {command}: {because}", self.scpi().name());
        let hint = "ask for what its ranges and protections allow; nothing was left switched on that was off before";
        DeviceError::new(ErrorKind::Unsupported, what, hint)
    }
}

impl Reader for Powered {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        if let Some(steps) = &mut self.steps
            && Instant::now() >= steps.next
        {
            let command = steps.commands[steps.place % 2].clone();
            steps.place += 1;
            steps.next += steps.half;
            self.readings.scpi.command(&command)?;
        }
        let (off, switch) = (self.off, self.switch);
        self.readings.read(into).map_err(|e| match e.kind {
            ErrorKind::Timeout | ErrorKind::Protocol => e,
            _ if off => {
                DeviceError { hint: format!("its {switch} may still be on: look there first; {}", e.hint), ..e }
            }
            _ => e,
        })
    }
}

impl Drop for Powered {
    fn drop(&mut self) {
        if self.off {
            let command = fill(self.family.off, self.channel, 0.0);
            // The device may have gone: the error of the stream has said what to look at.
            let _ = self.scpi().command(&command);
        }
    }
}
