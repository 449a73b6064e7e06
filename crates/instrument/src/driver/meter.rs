//! SCPI multimeters, and one question of any instrument: readings at a steady pace, as a slow record.

use std::time::{Duration, Instant};

use faultscope_signal::Unit;

use super::{Instrument, Opened};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::{Got, Live, Loss, Reader, StreamInfo, StreamOptions};
use crate::scpi::Scpi;
use crate::transport::{self, Link, SerialSettings};

/// The plug.
pub(super) struct Meter;

/// What a family is told and asked.
struct Family {
    /// How the vendor in `*IDN?` begins, in upper case.
    vendor: &'static str,
    /// How its models begin; an empty one is any.
    model: &'static str,
    /// Commands that bring it under remote control.
    setup: &'static [&'static str],
    /// Command that selects volts, and the question for a reading.
    volts: (&'static str, &'static str),
    /// The same for amperes.
    amps: (&'static str, &'static str),
}

const FAMILIES: [Family; 5] = [
    Family {
        vendor: "OWON",
        model: "XDM",
        setup: &["SYST:REM"],
        volts: ("CONF:VOLT:DC", "MEAS1?"),
        amps: ("CONF:CURR:DC", "MEAS1?"),
    },
    Family {
        vendor: "GW",
        model: "GDM",
        setup: &["SYST:REM"],
        volts: ("CONF:VOLT:DC", "VAL1?"),
        amps: ("CONF:CURR:DC", "VAL1?"),
    },
    Family { vendor: "RIGOL", model: "DP", setup: &[], volts: ("", "MEAS:VOLT? CH1"), amps: ("", "MEAS:CURR? CH1") },
    Family { vendor: "SIGLENT", model: "SDL", setup: &[], volts: ("", "MEAS:VOLT?"), amps: ("", "MEAS:CURR?") },
    // Agilent and Keysight, and what speaks like them.
    Family {
        vendor: "",
        model: "",
        setup: &["SYST:REM"],
        volts: ("CONF:VOLT:DC", "READ?"),
        amps: ("CONF:CURR:DC", "READ?"),
    },
];

impl Instrument for Meter {
    fn id(&self) -> &'static str {
        "meter"
    }
    fn describe(&self) -> &'static str {
        "SCPI multimeters (Owon, GW Instek, Keysight) and anything else that answers a question with a number: \
         rate, unit=V|A, read=QUERY"
    }
    fn accepts(&self, address: &Address) -> bool {
        matches!(address.scheme, Scheme::Serial | Scheme::Tcp) && address.get("driver") == Some("meter")
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let own = ["driver", "rate", "unit", "read", "timeout"];
        address.allow(&[&own[..], &SerialSettings::KEYS[..]].concat())?;
        let rate_hz = address.within("rate", 0.01, 1000.0)?.unwrap_or(5.0);
        let unit = super::lines::unit(address)?;
        // Short of the watchdog, so that a slow reading is a gap and not an end.
        let silence = Duration::from_secs_f64(address.within("timeout", 0.05, 60.0)?.unwrap_or(1.0));
        let mut scpi = Scpi::identify(Link::new(transport::open(address)?), silence)?;
        let (vendor, model) = (scpi.part(0), scpi.part(1));
        let fits = |f: &&Family| vendor.starts_with(f.vendor) && model.starts_with(f.model);
        let family = FAMILIES.iter().find(fits).unwrap_or(&FAMILIES[FAMILIES.len() - 1]);
        let (select, query) = if unit == Unit::Ampere { family.amps } else { family.volts };
        for command in family.setup.iter().chain([&select]).filter(|c| !c.is_empty()) {
            scpi.command(command)?;
        }
        let query = address.get("read").unwrap_or(query).to_owned();
        let info = StreamInfo::numbers(scpi.identity().to_owned(), rate_hz, unit, address);
        let mut reader = Readings::new(scpi, query, rate_hz);
        // The first reading settles the range; it also shows at once whether the question is understood.
        reader.first()?;
        Ok(Opened::Stream(Live::start("meter-reader", info, reader, options)?))
    }
}

/// One question asked at a steady pace.
pub(super) struct Readings {
    pub(super) scpi: Scpi,
    query: String,
    rate_hz: f64,
    begun: Instant,
    ticks: u64,
}

impl Readings {
    pub(super) fn new(scpi: Scpi, query: String, rate_hz: f64) -> Self {
        Self { scpi, query, rate_hz, begun: Instant::now(), ticks: 0 }
    }

    /// Asks once, and lets the pace begin.
    pub(super) fn first(&mut self) -> Result<(), DeviceError> {
        self.scpi.number(&self.query)?;
        (self.begun, self.ticks) = (Instant::now(), 0);
        Ok(())
    }
}

impl Reader for Readings {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        let due = self.begun + Duration::from_secs_f64(self.ticks as f64 / self.rate_hz);
        std::thread::sleep(due.saturating_duration_since(Instant::now()).min(Duration::from_millis(500)));
        if Instant::now() < due {
            return Ok(Got::default());
        }
        // Ticks that passed while the last reading took its time are lost.
        let now = (self.begun.elapsed().as_secs_f64() * self.rate_hz) as u64;
        let lost = now.saturating_sub(self.ticks);
        self.ticks = now + 1;
        match self.scpi.number(&self.query) {
            Ok(value) => {
                into.extend_from_slice(&(value as f32).to_le_bytes());
                Ok(Got { lost, loss: (lost > 0).then_some(Loss::TimeStamps), end: false })
            }
            // Overload or an error text: this reading is none, the next may be one.
            Err(e) if e.kind == ErrorKind::Protocol => {
                Ok(Got { lost: lost + 1, loss: Some(Loss::Unreadable), end: false })
            }
            Err(e) => {
                self.ticks = now;
                Err(e)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::Next;
    use std::io::{BufRead as _, BufReader, Write as _};

    #[test]
    fn readings_come_at_their_pace_and_what_is_no_reading_is_a_gap() {
        // Overload (9.9E37), an error text and a late second answer must not come through as volts.
        let answers = ["1.25", "2.5", "+9.9E+37", "-113,\"Undefined header\"", "3.5\n77", "4.5"];
        let far = crate::sim::far::serve("meter", 0, move |mut stream, _| {
            let mut asked = 0;
            let reading = BufReader::new(stream.try_clone().unwrap());
            for line in reading.lines().map_while(Result::ok) {
                let answer = match line.as_str() {
                    "*IDN?" => "OWON,XDM1041,23120001,V4.2.0",
                    "MEAS1?" => {
                        asked += 1;
                        answers.get(asked - 1).copied().unwrap_or("5")
                    }
                    _ => continue,
                };
                let _ = stream.write_all(format!("{answer}\n").as_bytes());
            }
        })
        .unwrap();
        let address = Address::parse(&format!("tcp://{}?driver=meter&rate=100&timeout=10", far.address)).unwrap();
        let Ok(Opened::Stream(live)) = Meter.open(&address, StreamOptions::default()) else { panic!("no stream") };
        assert!(live.info().instrument.starts_with("OWON"));
        let mut values = Vec::new();
        while values.len() < 4 {
            match live.next(Duration::from_secs(10)).unwrap() {
                Next::Block(b) => values.push(f32::from_le_bytes(b.bytes.try_into().unwrap())),
                other => panic!("{other:?}"),
            }
        }
        // The first reading is the one that settles.
        assert_eq!(values, [2.5, 3.5, 4.5, 5.0]);
        assert_eq!(live.losses().of(Loss::Unreadable).0, 2);
    }

    /// A thousand runs with random faults: `cargo test -p faultscope-instrument --lib -- --ignored meter::tests::a_thousand`
    #[test]
    #[ignore = "takes minutes"]
    fn a_thousand_faults() {
        use crate::driver::faults::Thousand;
        use crate::sim::far::{Fault, Wire};
        let far = |reading, mut wire: Wire<std::net::TcpStream>| {
            for line in BufReader::new(reading).lines().map_while(Result::ok) {
                let answer: &[u8] = match line.as_str() {
                    "*IDN?" => b"OWON,XDM1041,23120001,V4.2.0\n",
                    "MEAS1?" => b"1.25E+00\n",
                    _ => continue,
                };
                if wire.send(answer).is_err() {
                    return;
                }
            }
        };
        let (plug, query) = (&Meter, "driver=meter&rate=1k&timeout=0.05");
        Thousand { plug, query, seed: 5, reach: 200.0, fault: Fault::Twice, far, value: 1.25, asks: true }.run();
    }
}
