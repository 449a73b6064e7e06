//! Line protocols of microcontroller boards: numbers per line, with an optional header and time column.
//!
//! Accepted: `v`, `v1,v2`, `v1;v2`, `v1\tv2`, `label:v1,label2:v2`; lines that begin with `#` and one line of names are
//! passed over. Throughput decides what can be seen: 115200 baud carries about 1.6 kS/s of seven-character lines.

use std::time::{Duration, Instant};

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::Unit;

use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Got, Live, Loss, Reader, StreamInfo, StreamOptions};
use crate::scpi::number;
use crate::transport::{self, Link, Patience, SerialSettings};

/// The plug.
pub(super) struct Lines;

const LONGEST: usize = 4096;
const PATIENCE: Patience = Patience::of(Duration::from_millis(500));
/// Longest time that lines are gathered into one block.
const GATHER: Duration = Duration::from_millis(50);
/// Of so many lines one may be bad; more means a wrong baud rate.
const GOOD_PER_BAD: u64 = 100;
/// Lines before that is judged.
const JUDGED: u64 = 50;
/// Lines that give the rate of a time column.
const TIMED: usize = 50;

impl Instrument for Lines {
    fn id(&self) -> &'static str {
        "lines"
    }
    fn describe(&self) -> &'static str {
        "boards that print numbers per line: rate or time=us|ms (first column), column=1.., scale (V per unit), unit=V|A"
    }
    fn accepts(&self, address: &Address) -> bool {
        matches!(address.scheme, Scheme::Serial | Scheme::Tcp) && address.get("driver") == Some("lines")
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let own = ["driver", "rate", "time", "column", "scale", "unit"];
        address.allow(&[&own[..], &SerialSettings::KEYS[..]].concat())?;
        let time_s = match address.get("time") {
            None => None,
            Some("us") => Some(1e-6),
            Some("ms") => Some(1e-3),
            Some(other) => return Err(DeviceError::address(format!("time is '{other}'"), "write time=us or time=ms")),
        };
        let rate = address.within("rate", 1e-3, 1e6)?;
        if rate.is_none() && time_s.is_none() {
            let hint = "add rate=1k (lines per second), or time=us when the first column is a time";
            return Err(DeviceError::address(format!("{} does not say a rate", address.text), hint));
        }
        let unit = unit(address)?;
        let column = address.within("column", 1.0, 64.0)?.unwrap_or(1.0) as usize - 1;
        let scale = address.number("scale")?.unwrap_or(1.0);
        let mut source = Source {
            link: Link::new(transport::open(address)?),
            column: column + usize::from(time_s.is_some()),
            scale,
            good: 0,
            bad: 0,
            begun: false,
            failed: None,
        };
        let rate_hz = match (rate, time_s) {
            (Some(rate), _) => rate,
            (None, Some(tick)) => source.measure_rate(tick)?,
            (None, None) => 1.0,
        };
        let info = StreamInfo {
            instrument: format!("board on {}", source.link.name()),
            datatype: Datatype::Rf32Le,
            sample_rate_hz: rate_hz,
            center_hz: None,
            unit,
            settings: address.text.clone(),
            paced: false,
            nominal_rate: time_s.is_none(),
        };
        Ok(Opened::Stream(Live::start("lines-reader", info, source, options)?))
    }
}

pub(super) fn unit(address: &Address) -> Result<Unit, DeviceError> {
    match address.get("unit") {
        None | Some("V") => Ok(Unit::Volt),
        Some("A") => Ok(Unit::Ampere),
        Some(other) => {
            Err(DeviceError::address(format!("unit is '{other}'"), "write unit=V or unit=A; scale= converts"))
        }
    }
}

struct Source {
    link: Link,
    column: usize,
    scale: f64,
    good: u64,
    bad: u64,
    /// The first line after opening is a part of one.
    begun: bool,
    /// What ended the last block, told after it.
    failed: Option<DeviceError>,
}

impl Source {
    /// The next line with numbers, or nothing for one without.
    fn numbers(&mut self, patience: Patience) -> Result<Option<Vec<f64>>, DeviceError> {
        let line = match self.link.line(LONGEST, patience) {
            Ok(line) => line,
            Err(e) if e.kind == ErrorKind::Protocol => "?".to_owned(),
            Err(e) => return Err(e),
        };
        if !std::mem::replace(&mut self.begun, true) || line.trim().is_empty() || line.starts_with('#') {
            return Ok(Some(Vec::new()));
        }
        let numbers = parse(&line);
        match &numbers {
            Some(_) => self.good += 1,
            // Names of columns in front of the first number.
            None if self.good == 0 && self.bad == 0 && line.chars().any(|c| c.is_ascii_alphabetic()) => {
                return Ok(Some(Vec::new()));
            }
            None => self.bad += 1,
        }
        if self.bad * GOOD_PER_BAD > self.good + self.bad && self.good + self.bad >= JUDGED {
            let what =
                format!("{} of {} lines from {} are no numbers", self.bad, self.good + self.bad, self.link.name());
            return Err(DeviceError::new(ErrorKind::Protocol, what, "check the baud rate, and what the board prints"));
        }
        Ok(numbers)
    }

    /// Rate from the time column: its span over the first lines.
    fn measure_rate(&mut self, tick_s: f64) -> Result<f64, DeviceError> {
        let mut times: Vec<f64> = Vec::new();
        let begun = Instant::now();
        while times.len() < TIMED && begun.elapsed() < Duration::from_secs(10) {
            if let Some(Some(time)) = self.numbers(Patience::of(Duration::from_secs(3)))?.map(|n| n.first().copied()) {
                times.push(time);
            }
        }
        let rising = times.windows(2).all(|w| w[1] > w[0]);
        match (times.first(), times.last()) {
            (Some(first), Some(last)) if rising && times.len() > 1 => {
                Ok((times.len() - 1) as f64 / ((last - first) * tick_s))
            }
            _ => Err(DeviceError::protocol("the first column does not rise, so it is no time")),
        }
    }
}

impl Reader for Source {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let (begun, mut patience, mut lost) = (Instant::now(), PATIENCE, 0);
        while begun.elapsed() < GATHER {
            let numbers = match self.numbers(patience) {
                Err(e) if !into.is_empty() => {
                    self.failed = Some(e).filter(|e| !e.is_timeout());
                    break;
                }
                other => other?,
            };
            match numbers {
                Some(numbers) if numbers.is_empty() => {}
                Some(numbers) if numbers.len() > self.column => {
                    into.extend_from_slice(&((numbers[self.column] * self.scale) as f32).to_le_bytes());
                }
                // The place of a line that was none is known only in front of or behind a block.
                _ => {
                    lost += 1;
                    break;
                }
            }
            patience = Patience::of(Duration::from_millis(10));
        }
        Ok(Got { lost, loss: (lost > 0).then_some(Loss::Unreadable), end: false })
    }
}

/// The numbers of a line; nothing when one of its parts is none.
fn parse(line: &str) -> Option<Vec<f64>> {
    let parts = line.trim().split([',', ';', '\t', ' ']).filter(|p| !p.is_empty());
    parts.map(|part| number(part.rsplit(':').next().unwrap_or(part))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Next;
    use std::io::Write as _;

    /// The values that come of a text, sent over a socket in odd pieces.
    fn received(text: &'static str, query: &str) -> (Vec<f32>, Result<Live, DeviceError>) {
        let sent = move |mut stream: std::net::TcpStream, _: &_| {
            for piece in text.as_bytes().chunks(7) {
                let _ = stream.write_all(piece);
            }
        };
        let far = crate::sim::far::serve("lines", 0, sent).unwrap();
        let address = Address::parse(&format!("tcp://{}?driver=lines&{query}", far.address)).unwrap();
        let live = match Lines.open(&address, StreamOptions::default()) {
            Ok(Opened::Stream(live)) => live,
            other => return (Vec::new(), Err(other.err().unwrap())),
        };
        let mut values = Vec::new();
        while let Ok(Next::Block(block)) = live.next(Duration::from_secs(10)) {
            values.extend(block.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)));
        }
        (values, Ok(live))
    }

    #[test]
    fn numbers_are_taken_from_their_column_and_the_rest_is_passed_over() {
        let text = "part of a line\n# comment\nvolts,amps\n1.5,2\n\n2.5;3\r\n3.5\t4\nu:4.5,i:5\n";
        let (values, live) = received(text, "rate=10&scale=2");
        assert_eq!(values, [3.0, 5.0, 7.0, 9.0]);
        assert!(live.unwrap().info().nominal_rate);
        assert_eq!(received(text, "rate=10&column=2").0, [2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn a_bad_line_is_counted_as_a_lost_sample() {
        let (values, live) = received("x\n1\n2\n3x\n4\n", "rate=10");
        assert_eq!(values, [1.0, 2.0, 4.0]);
        assert_eq!(live.unwrap().losses().of(Loss::Unreadable), (1, 1));
    }

    #[test]
    fn what_says_no_rate_is_refused() {
        for (query, what) in [("unit=V", "rate"), ("rate=1&unit=K", "unit"), ("time=s", "time")] {
            let error = received("", query).1.err().unwrap();
            assert!(error.what.contains(what) && error.kind == ErrorKind::Address, "{query}: {error}");
        }
    }

    /// A thousand runs with random faults: `cargo test -p faultscope-instrument --lib -- --ignored lines::tests::a_thousand`
    #[test]
    #[ignore = "takes minutes"]
    fn a_thousand_faults() {
        use crate::sim::far::{Fault, Wire, serve};
        let mut random = crate::random::Random::new(2026, 4);
        for run in 0..1000 {
            let after = (random.uniform() * 900.0) as u64;
            // A stall costs the three seconds of the watchdog, so there are fewer of them.
            let fault = match run % 25 {
                0 => Fault::Stall(after),
                k if k % 3 == 0 => Fault::Garbage(after),
                k if k % 3 == 1 => Fault::End(after),
                _ => Fault::Bytes,
            };
            let far = serve("lines", 0, move |stream, stop| {
                let mut wire = Wire::new(stream, fault, run, stop);
                let _ = (0..200).try_for_each(|_| wire.send(b"1.25\n"));
            });
            let far = far.unwrap();
            let begun = Instant::now();
            let address = Address::parse(&format!("tcp://{}?driver=lines&rate=1k", far.address)).unwrap();
            let Ok(Opened::Stream(live)) = Lines.open(&address, StreamOptions::default()) else { panic!("{fault:?}") };
            while let Ok(Next::Block(block)) = live.next(Duration::from_secs(10)) {
                let values = block.bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
                assert!(matches!(fault, Fault::Garbage(_)) || values.into_iter().all(|v| v == 1.25), "{fault:?}");
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{fault:?} took {:?}", begun.elapsed());
        }
    }
}
