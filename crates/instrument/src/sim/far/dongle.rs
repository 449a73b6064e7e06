//! A simulated dongle behind an `rtl_tcp` server.

use std::io::Read as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Fault, Served, Stop, Wire, serve};
use crate::sim::SimError;

/// What the dongle receives: unsigned 8-bit I/Q, played in a circle.
#[derive(Debug, Clone)]
pub struct DongleSignal(pub Arc<Vec<u8>>);

impl DongleSignal {
    /// From I and Q against full scale, interleaved: code = value * 127.5 + 127.5.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        Self(Arc::new(values.iter().map(|v| (v * 127.5 + 127.5).round().clamp(0.0, 255.0) as u8).collect()))
    }
}

/// A dongle.
#[derive(Debug, Clone)]
pub struct Dongle {
    /// What it receives.
    pub signal: DongleSignal,
    /// How it behaves.
    pub fault: Fault,
    /// Send by the clock; otherwise as fast as it is taken.
    pub paced: bool,
    /// Streams only once so many commands have come; a real server does not wait, so the ordinary value is 0.
    pub after_commands: usize,
    /// Seed of the fault.
    pub seed: u64,
    /// Commands that came: number and argument.
    pub log: Arc<Mutex<Vec<(u8, u32)>>>,
}

/// Bytes sent at a time.
const CHUNK: usize = 8 << 10;

impl Dongle {
    /// A dongle that behaves.
    #[must_use]
    pub fn new(signal: DongleSignal) -> Self {
        Self { signal, fault: Fault::None, paced: true, after_commands: 0, seed: 1, log: Arc::default() }
    }

    /// Serves it.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn serve(self, port: u16) -> Result<Served, SimError> {
        serve("sim-dongle", port, move |stream, stop| {
            // The client has gone, or the fault ended the connection: both end the session.
            let _ = self.session(stream, stop);
        })
    }

    fn session(&self, mut stream: TcpStream, stop: &Stop) -> std::io::Result<()> {
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        let mut wire = Wire::new(stream.try_clone()?, self.fault, self.seed, stop);
        // `RTL0`, tuner type 5 (R820T), 29 gains.
        wire.send(b"RTL0\x00\x00\x00\x05\x00\x00\x00\x1d")?;
        stream.set_nonblocking(true)?;
        let (mut rate, mut test) = (2_048_000u32, false);
        let (mut command, mut counter, mut at) = (Vec::new(), 0u8, 0usize);
        let (mut begun, mut sent, mut commands) = (Instant::now(), 0u64, 0usize);
        while !stop.asked() {
            let mut bytes = [0; 64];
            match stream.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(n) => command.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
            while let Some([id, a, b, c, d]) = command.get(..5) {
                let (id, argument) = (*id, u32::from_be_bytes([*a, *b, *c, *d]));
                self.log.lock().unwrap_or_else(PoisonError::into_inner).push((id, argument));
                match id {
                    0x02 => {
                        rate = argument.max(1);
                        (begun, sent) = (Instant::now(), 0);
                    }
                    0x07 => test = argument == 1,
                    _ => {}
                }
                command.drain(..5);
                commands += 1;
            }
            if commands < self.after_commands {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let block: Vec<u8> = if test {
                (0..CHUNK).map(|k| counter.wrapping_add(k as u8)).collect()
            } else {
                let signal = &self.signal.0;
                (0..CHUNK).map(|k| signal.get((at + k) % signal.len().max(1)).copied().unwrap_or(127)).collect()
            };
            counter = counter.wrapping_add(CHUNK as u8);
            at = (at + CHUNK) % self.signal.0.len().max(1);
            stream.set_nonblocking(false)?;
            wire.send(&block)?;
            stream.set_nonblocking(true)?;
            sent += CHUNK as u64 / 2;
            if self.paced {
                let due = begun + Duration::from_secs_f64(sent as f64 / f64::from(rate));
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        }
        Ok(())
    }
}
