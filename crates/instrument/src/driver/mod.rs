//! The instruments: one plug per file or folder; one more costs its file and two lines here.

mod rtl_tcp;
mod simulated;

use crate::address::Address;
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Live, StreamOptions};

/// An instrument, opened.
pub enum Opened {
    /// Samples without an end.
    Stream(Live),
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
pub static ALL: &[&dyn Instrument] = &[&rtl_tcp::RtlTcp, &simulated::Simulated];

/// Opens the instrument of an address.
///
/// # Errors
/// When the address is wrong, names no driver, or the device cannot be reached.
pub fn open(address: &str, options: StreamOptions) -> Result<Opened, DeviceError> {
    let address = Address::parse(address)?;
    let instrument = ALL.iter().find(|i| i.accepts(&address)).ok_or_else(|| no_driver(&address))?;
    instrument.open(&address, options)
}

fn no_driver(address: &Address) -> DeviceError {
    let ids: Vec<&str> = ALL.iter().map(|i| i.id()).collect();
    let hint = format!("drivers are: {}", ids.join(" "));
    match address.get("driver") {
        Some(name) => {
            DeviceError::new(ErrorKind::Unsupported, format!("there is no driver '{name}' for {}", address.text), hint)
        }
        None => DeviceError::address(
            format!("{} does not say which driver", address.text),
            format!("add ?driver=NAME; {hint}"),
        ),
    }
}
