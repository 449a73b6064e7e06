//! The instruments: one plug per file or folder; one more costs its file and two lines here.

#[cfg(test)]
mod faults;
mod lines;
mod meter;
mod power;
mod rtl_tcp;
mod scope;
mod served;
mod shell;
mod simulated;
#[cfg(feature = "soapy")]
mod soapy;

use faultscope_capture::Caveat;
use faultscope_signal::Waveform;

use crate::address::Address;
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Live, StreamOptions};

/// An instrument, opened.
pub enum Opened {
    /// Samples without an end.
    Stream(Live),
    /// Records of finite length, one a channel.
    Scope(Box<dyn Acquire>),
    /// Levels over frequency.
    Sweep(Box<dyn Sweep>),
}

/// Levels over frequency.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Points.
    pub frequency_hz: Vec<f64>,
    /// Level of each.
    pub level: Vec<f64>,
    /// `dBm`, or `dB` for the reflection of a network analyser.
    pub unit: &'static str,
}

/// The picture of an instrument's screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screen {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue of each, from the top left on.
    pub rgb: Vec<u8>,
}

/// An instrument that sweeps.
pub trait Sweep: Send {
    /// Model and firmware.
    fn identity(&self) -> &str;
    /// One sweep.
    ///
    /// # Errors
    /// When the instrument breaks off or answers with what cannot be.
    fn sweep(&mut self) -> Result<Trace, DeviceError>;
    /// What its screen shows.
    ///
    /// # Errors
    /// As [`Sweep::sweep`].
    fn screen(&mut self) -> Result<Screen, DeviceError>;
}

/// One channel's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// `CH1`.
    pub name: String,
    /// Volts.
    pub waveform: Waveform,
    /// Time of the first point from the trigger, where the instrument tells it.
    pub t0_s: Option<f64>,
    /// Reasons to trust it less.
    pub caveats: Vec<Caveat>,
}

/// An instrument that takes records of finite length.
pub trait Acquire: Send {
    /// Vendor, model, serial, firmware.
    fn identity(&self) -> &str;
    /// Takes what is on the screen.
    ///
    /// # Errors
    /// When the instrument breaks off or answers with what cannot be.
    fn acquire(&mut self) -> Result<Vec<Shot>, DeviceError>;
}

/// A kind of instrument.
pub trait Instrument: Sync {
    /// Its id, which `driver=` takes.
    fn id(&self) -> &'static str;
    /// One line: what it is and which settings it takes.
    fn describe(&self) -> &'static str;
    /// Whether it is meant by an address.
    fn accepts(&self, address: &Address) -> bool;
    /// Opens it.
    ///
    /// # Errors
    /// When a setting is wrong or the device cannot be reached.
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError>;
}

/// Every instrument.
pub static ALL: &[&dyn Instrument] = &[
    &rtl_tcp::RtlTcp,
    &scope::Scope,
    &shell::Shells,
    &lines::Lines,
    &meter::Meter,
    &power::Supply,
    &power::Load,
    #[cfg(feature = "soapy")]
    &soapy::Soapy,
    &served::Served,
    &simulated::Simulated,
];

/// Opens the instrument of an address.
///
/// # Errors
/// When the address is wrong, names no driver, or the device cannot be reached.
pub fn open(address: &str, options: StreamOptions) -> Result<Opened, DeviceError> {
    let address = Address::parse(address)?;
    let instrument = ALL.iter().find(|i| i.accepts(&address)).ok_or_else(|| no_driver(&address))?;
    instrument.open(&address, options)
}

#[cfg(feature = "soapy")]
pub(crate) use soapy::devices as soapy_devices;

fn no_driver(address: &Address) -> DeviceError {
    let ids: Vec<&str> = ALL.iter().map(|i| i.id()).collect();
    let hint = format!("drivers are: {}", ids.join(" "));
    match address.get("driver") {
        None if address.scheme == crate::address::Scheme::Soapy => {
            let hint = "build it with --features soapy (apt install libsoapysdr-dev libclang-dev pkg-config)";
            DeviceError::new(ErrorKind::Unsupported, "this build has no SoapySDR", hint)
        }
        Some(name) => DeviceError::address(format!("there is no driver '{name}' for {}", address.text), hint),
        None => DeviceError::address(
            format!("{} does not say which driver", address.text),
            format!("add ?driver=NAME; {hint}"),
        ),
    }
}
