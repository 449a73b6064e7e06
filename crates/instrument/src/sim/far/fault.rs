//! Bad behaviour of a far end: bytes dropped, stalls, garbage, early ends, late and double answers.

use std::io::{self, Write};
use std::time::Duration;

use super::Stop;
use crate::random::Random;
use crate::sim::SimError;

/// What goes wrong, and after how many bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Nothing.
    None,
    /// This share of the writes is dropped.
    Drop(f64),
    /// After so many bytes nothing more is sent, while the connection stays.
    Stall(u64),
    /// After so many bytes random ones are sent instead.
    Garbage(u64),
    /// After so many bytes the connection is closed: unplugged.
    End(u64),
    /// After so many bytes every answer waits so long.
    Late(u64, Duration),
    /// After so many bytes every write is sent twice.
    Twice(u64),
    /// Every byte travels alone.
    Bytes,
}

impl Fault {
    /// Reads `drop:0.01`, `stall:1000`, `garbage:1000`, `end:1000`, `late:1000`, `twice:1000`, `bytes` or `none`.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn parse(text: &str) -> Result<Self, SimError> {
        let (kind, number) = text.split_once(':').unwrap_or((text, "0"));
        let value = number.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        let after = value.map(|v| v as u64);
        let fault = match (kind, value, after) {
            ("none", ..) => Some(Self::None),
            ("drop", Some(share), _) if share <= 1.0 => Some(Self::Drop(share)),
            ("stall", _, Some(n)) => Some(Self::Stall(n)),
            ("garbage", _, Some(n)) => Some(Self::Garbage(n)),
            ("end", _, Some(n)) => Some(Self::End(n)),
            ("late", _, Some(n)) => Some(Self::Late(n, Duration::from_millis(700))),
            ("twice", _, Some(n)) => Some(Self::Twice(n)),
            ("bytes", ..) => Some(Self::Bytes),
            _ => None,
        };
        fault.ok_or_else(|| {
            let hint = "write drop:0.01, stall:1000, garbage:1000, end:1000, late:1000, twice:1000, bytes or none";
            SimError::new(format!("'{text}' is no bad behaviour"), hint)
        })
    }
}

/// A writer with a fault.
pub struct Wire<W> {
    inner: W,
    fault: Fault,
    sent: u64,
    random: Random,
    stop: Stop,
}

impl<W: Write> Wire<W> {
    /// Over a writer.
    pub fn new(inner: W, fault: Fault, seed: u64, stop: &Stop) -> Self {
        Self { inner, fault, sent: 0, random: Random::new(seed, 77), stop: stop.clone() }
    }

    /// Sends bytes, or what the fault makes of them.
    ///
    /// # Errors
    /// When the other side has gone, or the fault ends the connection.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let split =
            |after: u64| usize::try_from(after.saturating_sub(self.sent)).unwrap_or(usize::MAX).min(bytes.len());
        match self.fault {
            Fault::None => self.write(bytes),
            Fault::Drop(share) if self.random.uniform() < share => Ok(()),
            Fault::Drop(_) => self.write(bytes),
            Fault::Bytes => bytes.chunks(1).try_for_each(|byte| self.write(byte)),
            Fault::Stall(after) => {
                let n = split(after);
                self.write(&bytes[..n])?;
                while n < bytes.len() && !self.stop.asked() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                if n < bytes.len() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
            }
            Fault::Garbage(after) => {
                let mut changed = bytes.to_vec();
                for byte in &mut changed[split(after)..] {
                    *byte = (self.random.next_u64() >> 56) as u8;
                }
                self.write(&changed)
            }
            Fault::End(after) => {
                let n = split(after);
                self.write(&bytes[..n])?;
                if n < bytes.len() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
            }
            Fault::Late(after, delay) => {
                if self.sent >= after {
                    std::thread::sleep(delay);
                }
                self.write(bytes)
            }
            Fault::Twice(after) => {
                let twice = self.sent >= after;
                self.write(bytes)?;
                if twice { self.write(bytes) } else { Ok(()) }
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.sent += bytes.len() as u64;
        self.inner.flush()
    }
}
