//! A thousand runs of a streaming driver against a far end with random faults: every end within its time, no wrong value.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::{Instrument, Opened};
use crate::address::Address;
use crate::live::{Next, StreamOptions};
use crate::random::Random;
use crate::sim::far::{Fault, Wire, serve};

/// What is run a thousand times.
pub(super) struct Thousand<'a> {
    pub(super) plug: &'a dyn Instrument,
    /// The setting behind `?`.
    pub(super) query: &'a str,
    pub(super) seed: u64,
    /// Bytes within which a fault begins.
    pub(super) reach: f64,
    /// The fault beside stalls, ends and single bytes.
    pub(super) fault: fn(u64) -> Fault,
    /// Plays the instrument.
    pub(super) far: fn(TcpStream, Wire<TcpStream>),
    /// The only value that it sends.
    pub(super) value: f32,
    /// Opening may fail: the driver asks something first.
    pub(super) asks: bool,
}

impl Thousand<'_> {
    pub(super) fn run(&self) {
        let mut random = Random::new(2026, self.seed);
        for run in 0..1000 {
            let after = (random.uniform() * self.reach) as u64;
            // A stall costs the three seconds of the watchdog, so there are fewer of them.
            let fault = match run % 25 {
                0 => Fault::Stall(after),
                k if k % 3 == 0 => (self.fault)(after),
                k if k % 3 == 1 => Fault::End(after),
                _ => Fault::Bytes,
            };
            let far = self.far;
            let session = move |stream: TcpStream, stop: &_| {
                let Ok(reading) = stream.try_clone() else { return };
                far(reading, Wire::new(stream, fault, run, stop));
            };
            let served = serve("faults", 0, session).unwrap();
            let begun = Instant::now();
            self.listen(&format!("tcp://{}?{}", served.address, self.query), fault);
            assert!(begun.elapsed() < Duration::from_secs(20), "{fault:?} took {:?}", begun.elapsed());
        }
    }

    fn listen(&self, address: &str, fault: Fault) {
        let live = match self.plug.open(&Address::parse(address).unwrap(), StreamOptions::default()) {
            Ok(Opened::Stream(live)) => live,
            Err(_) if self.asks => return,
            _ => panic!("{fault:?}: no stream"),
        };
        // One reading a block where it is asked for; twenty of them reach beyond every fault.
        for _ in 0..if self.asks { 20 } else { 250 } {
            let Ok(Next::Block(block)) = live.next(Duration::from_secs(10)) else { return };
            let mut values = block.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
            // Random digits are numbers, too: of those nothing can be told.
            assert!(matches!(fault, Fault::Garbage(_)) || values.all(|v| v == self.value), "{fault:?}");
        }
    }
}
