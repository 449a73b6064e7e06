//! Transports: bytes to and from an instrument over a serial port, a pseudo terminal or a TCP socket, one trait for all.

mod link;
mod serial;
mod tcp;

use std::time::Duration;

pub use link::{Link, Patience};
pub use serial::{Serial, SerialSettings};
pub use tcp::Tcp;

use crate::address::{Address, Scheme};
use crate::error::DeviceError;

/// A way for bytes. A pseudo terminal is a serial port.
pub trait Transport: Send {
    /// Waits for at least one byte, at most `patience`; returns how many came, never 0.
    ///
    /// # Errors
    /// A time-out, which may be tried again, or `Closed`, which may not.
    fn read(&mut self, out: &mut [u8], patience: Duration) -> Result<usize, DeviceError>;
    /// Sends all bytes.
    ///
    /// # Errors
    /// When the other end takes nothing in time or has gone.
    fn write(&mut self, bytes: &[u8]) -> Result<(), DeviceError>;
    /// For messages: the port or the host.
    fn name(&self) -> &str;
}

/// Longest wait for a connection or for room in a send buffer.
pub(crate) const CONNECT: Duration = Duration::from_secs(3);

/// Opens the transport of a `serial:` or `tcp:` address.
///
/// # Errors
/// When the address is wrong or the device cannot be opened.
pub fn open(address: &Address) -> Result<Box<dyn Transport>, DeviceError> {
    match address.scheme {
        Scheme::Serial => Ok(Box::new(Serial::open(&address.place, &SerialSettings::of(address)?)?)),
        Scheme::Tcp | Scheme::RtlTcp => {
            let (host, port) = address.host_port((address.scheme == Scheme::RtlTcp).then_some(1234))?;
            Ok(Box::new(Tcp::connect(&host, port)?))
        }
        Scheme::Soapy | Scheme::Sim => {
            let what = format!("{} is no way for plain bytes", address.text);
            Err(DeviceError::address(what, "write serial:// or tcp://"))
        }
    }
}
