//! The serial transport: ports, USB-CDC devices and pseudo terminals.

use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::time::Duration;

use serialport::{DataBits, FlowControl, Parity, SerialPort, StopBits};

use super::{CONNECT, Transport};
use crate::address::Address;
use crate::error::{DeviceError, ErrorKind, permission_hint};

/// Settings of a port: `baud=115200`, `frame=8n1`, `flow=none|hardware|software`, `dtr=on|off`.
#[derive(Debug, Clone, PartialEq)]
pub struct SerialSettings {
    /// Symbols per second.
    pub baud: u32,
    /// Data bits.
    pub data_bits: DataBits,
    /// Parity.
    pub parity: Parity,
    /// Stop bits.
    pub stop_bits: StopBits,
    /// Hand-shake.
    pub flow: FlowControl,
    /// Level of DTR on opening; nothing leaves it to the system.
    pub dtr: Option<bool>,
}

impl Default for SerialSettings {
    fn default() -> Self {
        Self {
            baud: 115_200,
            data_bits: DataBits::Eight,
            parity: Parity::None,
            stop_bits: StopBits::One,
            flow: FlowControl::None,
            dtr: None,
        }
    }
}

impl SerialSettings {
    /// The keys that [`SerialSettings::of`] looks at.
    pub const KEYS: [&'static str; 4] = ["baud", "frame", "flow", "dtr"];

    /// The settings of an address.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn of(address: &Address) -> Result<Self, DeviceError> {
        let mut settings = Self::default();
        if let Some(baud) = address.within("baud", 50.0, 20e6)? {
            settings.baud = baud as u32;
        }
        if let Some(frame) = address.get("frame") {
            settings.frame(frame)?;
        }
        settings.flow = match address.get("flow") {
            None | Some("none") => FlowControl::None,
            Some("hardware") => FlowControl::Hardware,
            Some("software") => FlowControl::Software,
            Some(other) => return Err(bad("flow", other, "none, hardware or software")),
        };
        settings.dtr = match address.get("dtr") {
            None => None,
            Some("on") => Some(true),
            Some("off") => Some(false),
            Some(other) => return Err(bad("dtr", other, "on or off")),
        };
        Ok(settings)
    }

    fn frame(&mut self, text: &str) -> Result<(), DeviceError> {
        let refuse = || bad("frame", text, "data bits, parity, stop bits: 8n1, 7e1, 8n2");
        let [bits, parity, stop] = text.as_bytes() else { return Err(refuse()) };
        self.data_bits = match bits {
            b'5' => DataBits::Five,
            b'6' => DataBits::Six,
            b'7' => DataBits::Seven,
            b'8' => DataBits::Eight,
            _ => return Err(refuse()),
        };
        self.parity = match parity.to_ascii_lowercase() {
            b'n' => Parity::None,
            b'e' => Parity::Even,
            b'o' => Parity::Odd,
            _ => return Err(refuse()),
        };
        self.stop_bits = match stop {
            b'1' => StopBits::One,
            b'2' => StopBits::Two,
            _ => return Err(refuse()),
        };
        Ok(())
    }
}

fn bad(key: &str, value: &str, wanted: &str) -> DeviceError {
    DeviceError::address(format!("{key} is '{value}', which is not {wanted}"), format!("write {key}= and {wanted}"))
}

/// An open port.
pub struct Serial {
    port: Box<dyn SerialPort>,
    name: String,
    patience: Option<Duration>,
}

impl Serial {
    /// Opens a port for this program alone.
    ///
    /// # Errors
    /// When it is not there, not allowed or in use.
    pub fn open(path: &str, settings: &SerialSettings) -> Result<Self, DeviceError> {
        let builder = serialport::new(path, settings.baud)
            .data_bits(settings.data_bits)
            .parity(settings.parity)
            .stop_bits(settings.stop_bits)
            .flow_control(settings.flow)
            .timeout(CONNECT);
        let builder = match settings.dtr {
            Some(level) => builder.dtr_on_open(level),
            None => builder,
        };
        let port = builder.open().map_err(|e| opening(path, &e))?;
        Ok(Self { port, name: path.to_owned(), patience: None })
    }
}

fn opening(path: &str, error: &serialport::Error) -> DeviceError {
    match error.kind {
        serialport::ErrorKind::Io(kind) => {
            let text = std::io::Error::new(kind, error.description.clone());
            DeviceError::opening(path, &text)
        }
        // The library says "no device" both for a port that is not there and for one that is taken.
        serialport::ErrorKind::NoDevice if std::path::Path::new(path).exists() => {
            let what = format!("cannot open {path}: {error}");
            match std::fs::File::open(path).map_err(|e| e.kind()) {
                Err(Io::PermissionDenied) => DeviceError::new(ErrorKind::Permission, what, permission_hint(path)),
                _ => DeviceError::new(ErrorKind::Busy, what, "close the other program that uses it"),
            }
        }
        serialport::ErrorKind::NoDevice => DeviceError::new(
            ErrorKind::NotFound,
            format!("cannot open {path}: {error}"),
            "faultscope devices lists the ports that are there",
        ),
        _ => DeviceError::new(ErrorKind::NotFound, format!("cannot open {path}: {error}"), "check name and settings"),
    }
}

impl Transport for Serial {
    fn read(&mut self, out: &mut [u8], patience: Duration) -> Result<usize, DeviceError> {
        let patience = patience.max(Duration::from_millis(1));
        if self.patience != Some(patience) {
            self.port.set_timeout(patience).map_err(|e| DeviceError::closed(format!("{}: {e}", self.name)))?;
            self.patience = Some(patience);
        }
        loop {
            match self.port.read(out) {
                // A port that is ready and has nothing has been hung up.
                Ok(0) => return Err(DeviceError::closed(format!("{} was unplugged", self.name))),
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == Io::Interrupted => {}
                Err(e) if matches!(e.kind(), Io::TimedOut | Io::WouldBlock) => {
                    return Err(DeviceError::timeout(format!("{} sent nothing for {patience:?}", self.name)));
                }
                Err(e) => return Err(DeviceError::closed(format!("{} was unplugged or closed: {e}", self.name))),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        self.port.write_all(bytes).map_err(|e| match e.kind() {
            Io::TimedOut | Io::WouldBlock => DeviceError::timeout(format!("{} takes no bytes", self.name)),
            _ => DeviceError::closed(format!("{} was unplugged or closed: {e}", self.name)),
        })
    }

    fn name(&self) -> &str {
        &self.name
    }
}
