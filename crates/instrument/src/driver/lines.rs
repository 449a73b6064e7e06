//! Line protocols of microcontroller boards: numbers per line, with an optional header and time column.
//!
//! Accepted: `v`, `v1,v2`, `v1;v2`, `v1\tv2`, `label:v1,label2:v2`, and a JSON object per line. `#unit:mV rate:2000` in
//! front gives unit and rate; other lines that begin with `#` and one line of names are passed over. Throughput decides what can be seen: 115200 baud carries about 1.6 kS/s of seven-character lines.

use std::time::{Duration, Instant};

use faultscope_signal::Unit;

use self::line::{Column, Header, Row};
use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Got, Live, Loss, Reader, StreamInfo, StreamOptions};
use crate::transport::{self, Link, Patience, SerialSettings};

mod line;

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
/// Lines in front of the first numbers, and how long they are waited for.
const HEADER_LINES: usize = 64;
const HEADER_WAIT: Duration = Duration::from_secs(3);

impl Instrument for Lines {
    fn id(&self) -> &'static str {
        "lines"
    }
    fn describe(&self) -> &'static str {
        "boards that print numbers per line: rate or time=us|ms (first column), column=1..|NAME, \
         scale (V per unit), unit=V|A; JSON objects and #unit:mV rate:2000"
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
        let mut rate = address.within("rate", 1e-3, 1e6)?;
        let stated = address.get("unit").map(|_| unit(address)).transpose()?;
        let column = Column::parse(address.get("column").unwrap_or("1"), time_s.is_some())?;
        let mut source = Source {
            link: Link::new(transport::open(address)?),
            column,
            scale: address.number("scale")?.unwrap_or(1.0),
            good: 0,
            bad: 0,
            begun: false,
            header: Header::default(),
            in_use: None,
            pending: None,
            failed: None,
        };
        // A unit or a rate that the address does not give may stand in front of the numbers.
        if stated.is_none() || (rate.is_none() && time_s.is_none()) {
            source.read_header();
            rate = rate.or(source.header.rate_hz.filter(|_| time_s.is_none()));
        }
        let (unit, factor) = stated.map_or_else(|| source.header.unit.unwrap_or((Unit::Volt, 1.0)), |u| (u, 1.0));
        source.scale *= if address.get("scale").is_none() { factor } else { 1.0 };
        source.in_use = stated.is_none().then_some((unit, factor));
        let rate_hz = match (rate, time_s) {
            (Some(rate), _) => rate,
            (None, Some(tick)) => source.measure_rate(tick)?,
            (None, None) => {
                let hint = "add rate=1k (lines per second), or time=us when the first column is a time";
                return Err(DeviceError::address(format!("{} does not say a rate", address.text), hint));
            }
        };
        let info = StreamInfo {
            nominal_rate: time_s.is_none(),
            ..StreamInfo::numbers(format!("board on {}", source.link.name()), rate_hz, unit, address)
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
    column: Column,
    scale: f64,
    good: u64,
    bad: u64,
    /// The first line after opening is a part of one.
    begun: bool,
    header: Header,
    /// The unit of the header, or the one that is taken without: another one in mid-stream would make wrong numbers.
    in_use: Option<(Unit, f64)>,
    /// The first numbers, read while the header was looked for.
    pending: Option<Row>,
    /// What ended the last block, told after it.
    failed: Option<DeviceError>,
}

impl Source {
    /// The next line with numbers (an empty row for one that is passed over), or nothing for a bad one.
    fn row(&mut self, patience: Patience) -> Result<Option<Row>, DeviceError> {
        if let Some(row) = self.pending.take() {
            return Ok(Some(row));
        }
        let line = match self.link.line(LONGEST, patience) {
            Ok(line) => line,
            Err(e) if e.kind == ErrorKind::Protocol => "?".to_owned(),
            Err(e) => return Err(e),
        };
        if let Some(comment) = line.trim_start().strip_prefix('#') {
            self.begun = true;
            self.header.note(comment);
            return self.same_unit().map(|()| Some(Row::default()));
        }
        if !std::mem::replace(&mut self.begun, true) || line.trim().is_empty() {
            return Ok(Some(Row::default()));
        }
        let row = Row::parse(&line);
        match &row {
            Some(_) => self.good += 1,
            // Names of columns in front of the first number.
            None if self.good == 0 && self.bad == 0 && line.chars().any(|c| c.is_ascii_alphabetic()) => {
                return Ok(Some(Row::default()));
            }
            None => self.bad += 1,
        }
        if self.bad * GOOD_PER_BAD > self.good + self.bad && self.good + self.bad >= JUDGED {
            let what =
                format!("{} of {} lines from {} are no numbers", self.bad, self.good + self.bad, self.link.name());
            return Err(DeviceError::new(ErrorKind::Protocol, what, "check the baud rate, and what the board prints"));
        }
        Ok(row)
    }

    fn same_unit(&self) -> Result<(), DeviceError> {
        match (self.in_use, self.header.unit) {
            (Some(used), Some(now)) if used != now => {
                let what = format!("{} changed its unit in mid-stream", self.link.name());
                Err(DeviceError::new(ErrorKind::Protocol, what, "record again, or say unit= and scale= in the address"))
            }
            _ => Ok(()),
        }
    }

    /// Reads up to the first numbers, which stay for the next call of `row`.
    fn read_header(&mut self) {
        let begun = Instant::now();
        for _ in 0..HEADER_LINES {
            match self.row(Patience::of(Duration::from_secs(1))) {
                Ok(Some(row)) if !row.is_empty() => {
                    self.pending = Some(row);
                    return;
                }
                // What is wrong with the connection is told by the stream, after what came before.
                Err(e) if !e.is_timeout() => return,
                _ if begun.elapsed() > HEADER_WAIT => return,
                _ => {}
            }
        }
    }

    /// Rate from the time column: its span over the first lines.
    fn measure_rate(&mut self, tick_s: f64) -> Result<f64, DeviceError> {
        let mut times: Vec<f64> = Vec::new();
        let begun = Instant::now();
        while times.len() < TIMED && begun.elapsed() < Duration::from_secs(10) {
            times.extend(self.row(Patience::of(Duration::from_secs(3)))?.and_then(|row| row.first()));
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
            let row = match self.row(patience) {
                Err(e) if !into.is_empty() => {
                    self.failed = Some(e).filter(|e| !e.is_timeout());
                    break;
                }
                other => other?,
            };
            match row {
                Some(row) if row.is_empty() => {}
                Some(row) if row.get(&self.column).is_some() => {
                    let value = row.get(&self.column).unwrap_or(f64::NAN);
                    into.extend_from_slice(&((value * self.scale) as f32).to_le_bytes());
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
    fn json_objects_and_headers_are_understood() {
        let text = "\"i\":1}\n#unit:mV rate:2000\n{\"v\":1250,\"i\":2}\n{\"i\": 3, \"v\": -5e2}\n{\"v\":null,\"i\":4}\n{\"v\":1\n";
        let (values, live) = received(text, "column=v");
        assert_eq!(values, [1.25, -0.5]);
        let live = live.unwrap();
        assert_eq!((live.info().sample_rate_hz, live.info().unit), (2000.0, Unit::Volt));
        // Neither null nor a line that is cut is a zero.
        assert_eq!(live.losses().of(Loss::Unreadable), (2, 2));
        // By number as printed; the address has the last word on rate, unit and scale.
        let (values, live) = received("#unit:mA rate:10\n{\"z\":1,\"a\":2}\n", "column=2&rate=5&unit=V&scale=3");
        assert_eq!((values, live.unwrap().info().sample_rate_hz), (vec![6.0], 5.0));
        let (values, live) = received("x\n# made by hand\n# unit: uA\n1\n2\n#unit:A\n3\n", "rate=10");
        assert_eq!((values, live.unwrap().info().unit), (vec![1e-6, 2e-6], Unit::Ampere));
        assert!(received("#unit:mV\n1\n2\n", "unit=V").1.err().unwrap().what.contains("rate"));
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
        use crate::driver::faults::Thousand;
        use crate::sim::far::Fault;
        let far = |_, mut wire: crate::sim::far::Wire<_>| {
            let _ = (0..200).try_for_each(|_| wire.send(b"1.25\n"));
        };
        let (plug, query) = (&Lines, "driver=lines&rate=1k");
        Thousand { plug, query, seed: 4, reach: 900.0, fault: Fault::Garbage, far, value: 1.25, asks: false }.run();
    }
}
