//! The raw TCP transport.

use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::{CONNECT, Transport};
use crate::error::DeviceError;

/// A connected socket.
#[derive(Debug)]
pub struct Tcp {
    stream: TcpStream,
    name: String,
    patience: Option<Duration>,
}

impl Tcp {
    /// Connects; every address of the name is tried, each for 3 s at most.
    ///
    /// # Errors
    /// When the name is not known or nobody answers.
    pub fn connect(host: &str, port: u16) -> Result<Self, DeviceError> {
        let name = format!("{host}:{port}");
        let addresses = (host, port).to_socket_addrs().map_err(|e| DeviceError::opening(&name, &e))?;
        let mut last = std::io::Error::from(Io::NotFound);
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Self::over(stream, name),
                Err(error) => last = error,
            }
        }
        Err(DeviceError::opening(&name, &last))
    }

    /// Over a connected stream.
    ///
    /// # Errors
    /// When the system refuses the options.
    pub fn over(stream: TcpStream, name: String) -> Result<Self, DeviceError> {
        // Commands are short and wait for an answer.
        let set = stream.set_nodelay(true).and_then(|()| stream.set_write_timeout(Some(CONNECT)));
        set.map_err(|e| DeviceError::opening(&name, &e))?;
        Ok(Self { stream, name, patience: None })
    }
}

impl Transport for Tcp {
    fn read(&mut self, out: &mut [u8], patience: Duration) -> Result<usize, DeviceError> {
        // A time-out of zero would mean "for ever".
        let patience = patience.max(Duration::from_millis(1));
        if self.patience != Some(patience) {
            self.stream
                .set_read_timeout(Some(patience))
                .map_err(|e| DeviceError::closed(format!("{}: {e}", self.name)))?;
            self.patience = Some(patience);
        }
        loop {
            match self.stream.read(out) {
                Ok(0) => return Err(DeviceError::closed(format!("{} closed the connection", self.name))),
                Ok(n) => return Ok(n),
                Err(e) if e.kind() == Io::Interrupted => {}
                Err(e) if matches!(e.kind(), Io::TimedOut | Io::WouldBlock) => {
                    return Err(DeviceError::timeout(format!("{} sent nothing for {patience:?}", self.name)));
                }
                Err(e) => return Err(DeviceError::closed(format!("the connection to {} broke off: {e}", self.name))),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        self.stream.write_all(bytes).map_err(|e| match e.kind() {
            Io::TimedOut | Io::WouldBlock => DeviceError::timeout(format!("{} takes no bytes", self.name)),
            _ => DeviceError::closed(format!("the connection to {} broke off: {e}", self.name)),
        })
    }

    fn name(&self) -> &str {
        &self.name
    }
}
