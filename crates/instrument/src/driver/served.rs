//! Simulated instruments behind their real drivers: `sim:dongle/MODEL`, `sim:scope/MODEL`, `sim:tinysa/MODEL`,
//! `sim:supply/MODEL`, `sim:load/MODEL`.
//!
//! A far end is served on the loopback interface and the driver of the real instrument is pointed at it, so that the
//! whole way is used; `fault=drop:0.01|stall:N|garbage:N|end:N|late:N|twice:N|bytes` makes it misbehave.

use faultscope_signal::{Record as _, Unit};

use super::{Acquire, Instrument, Opened, Screen, Shot, Sweep, Trace};
use crate::address::{Address, Scheme};
use crate::error::DeviceError;
use crate::live::StreamOptions;
use crate::sim::far::{Dongle, DongleSignal, FarPower, FarScope, FarTinySa, Fault, Maker, PowerMaker, Served as Far};
use crate::sim::{self, Simulated};

/// The plug.
pub(super) struct Served;

impl Instrument for Served {
    fn id(&self) -> &'static str {
        "sim-far"
    }
    fn describe(&self) -> &'static str {
        "simulated instruments behind real drivers: sim:dongle/MODEL, sim:scope/MODEL, sim:tinysa/MODEL, \
         sim:supply/MODEL, sim:load/MODEL, with fault="
    }
    fn accepts(&self, address: &Address) -> bool {
        address.scheme == Scheme::Sim && address.place.contains('/')
    }
    fn open(&self, address: &Address, options: StreamOptions) -> Result<Opened, DeviceError> {
        let (kind, model) = address.place.split_once('/').unwrap_or_default();
        let fault = address.get("fault").map_or(Ok(Fault::None), Fault::parse)?;
        match kind {
            "dongle" => dongle(simulate(address, model, "rate=1M")?, fault, options),
            "scope" => scope(&simulate(address, model, "")?, fault, options),
            "tinysa" => tinysa(&simulate(address, model, "")?, fault, options),
            "supply" => power(address, model, PowerMaker::RigolSupply, fault, options),
            "load" => power(address, model, PowerMaker::SiglentLoad, fault, options),
            _ => Err(DeviceError::address(
                format!("there is no simulated '{kind}'"),
                "write sim:dongle/MODEL, sim:scope/MODEL, sim:tinysa/MODEL, sim:supply/MODEL or sim:load/MODEL",
            )),
        }
    }
}

fn simulate(address: &Address, model: &str, default: &str) -> Result<Simulated, DeviceError> {
    simulate_by(address, model, default, |key| key != "fault")
}

/// The model with those settings of an address that are meant for it.
fn simulate_by(
    address: &Address,
    model: &str,
    default: &str,
    meant: impl Fn(&str) -> bool,
) -> Result<Simulated, DeviceError> {
    let settings = address.settings().filter(|(k, _)| meant(k));
    let mut query: Vec<String> = settings.map(|(k, v)| format!("{k}={v}")).collect();
    if address.get("rate").is_none() && !default.is_empty() {
        query.push(default.to_owned());
    }
    let target = sim::parse(&format!("{}{model}?{}", sim::SCHEME, query.join("&")))?;
    Ok(target.model.generate(&target.scenario)?)
}

fn wrong_kind(what: &str) -> DeviceError {
    DeviceError::address(what.to_owned(), "faultscope simulate lists the models with their kind")
}

fn dongle(simulated: Simulated, fault: Fault, options: StreamOptions) -> Result<Opened, DeviceError> {
    let waveform = &simulated.waveform;
    let center =
        waveform.center_hz().ok_or_else(|| wrong_kind("a dongle needs a model of a transmitter or receiver"))?;
    let far = Dongle { fault, ..Dongle::new(DongleSignal::of(waveform.data())) }.serve(0)?;
    let address = format!("rtltcp://{}?freq={center}&rate={}", far.address, waveform.sample_rate_hz());
    match super::open(&address, options)? {
        Opened::Stream(live) => Ok(Opened::Stream(live.with_guard(Box::new(far)))),
        other => Ok(other),
    }
}

/// Divisions that the signal may fill on each side of the middle of a 12-bit scope.
const DIVISIONS: f64 = 4.0;

fn scope(simulated: &Simulated, fault: Fault, options: StreamOptions) -> Result<Opened, DeviceError> {
    let waveform = &simulated.waveform;
    if waveform.unit() != Unit::Volt {
        return Err(wrong_kind("an oscilloscope needs a model of a supply"));
    }
    let largest = waveform.data().iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    let scope =
        FarScope::new(Maker::RigolDho, waveform.data().to_vec(), waveform.sample_rate_hz(), largest / DIVISIONS);
    let far = FarScope { fault, ..scope }.serve(0)?;
    match super::open(&format!("tcp://{}?driver=scope", far.address), options)? {
        Opened::Scope(inner) => Ok(Opened::Scope(Box::new(Held { inner, _far: far }))),
        other => Ok(other),
    }
}

fn tinysa(simulated: &Simulated, fault: Fault, options: StreamOptions) -> Result<Opened, DeviceError> {
    let (Some(center), rate) = (simulated.waveform.center_hz(), simulated.waveform.sample_rate_hz()) else {
        return Err(wrong_kind("a tinySA needs a model of a transmitter or receiver"));
    };
    // Without a calibration 0 dBFS is shown as 0 dBm.
    let full_scale = simulated.full_scale_dbm.unwrap_or(0.0);
    let truth = &simulated.truth;
    let carrier = truth.carrier.iter().map(|c| (c.frequency_hz, c.level_dbfs + full_scale));
    let others = truth.lines.iter().filter_map(|l| Some((l.frequency_hz, l.level_dbfs? + full_scale)));
    let far = FarTinySa { fault, ..FarTinySa::new(true, carrier.chain(others).collect()) }.serve(0)?;
    let (start, stop) = (center - rate / 2.0, center + rate / 2.0);
    let address = format!("tcp://{}?driver=tinysa&start={start}&stop={stop}&points=450", far.address);
    match super::open(&address, options)? {
        Opened::Sweep(inner) => Ok(Opened::Sweep(Box::new(Held { inner, _far: far }))),
        other => Ok(other),
    }
}

/// Settings of a supply or load that are the instrument's, not the model's.
const POWER_KEYS: [&str; 11] =
    ["rate", "unit", "channel", "timeout", "volt", "curr", "output", "after", "step", "period", "input"];
/// A supply or load takes so long for one reading, one period of the mains.
const READING_S: f64 = 0.02;

/// Readings of the model's rail: a supply that runs, or a load that draws nothing yet.
fn power(
    address: &Address,
    model: &str,
    maker: PowerMaker,
    fault: Fault,
    options: StreamOptions,
) -> Result<Opened, DeviceError> {
    let simulated = simulate_by(address, model, "", |key| key != "fault" && !POWER_KEYS.contains(&key))?;
    let waveform = &simulated.waveform;
    if waveform.unit() != Unit::Volt {
        return Err(wrong_kind("a supply or a load needs a model of a supply"));
    }
    let window = ((READING_S * waveform.sample_rate_hz()) as usize).max(1);
    // The terminals are connected the way round that reads positive.
    let mean = |part: &[f64]| (part.iter().sum::<f64>() / part.len() as f64).abs();
    let rail = waveform.data().chunks_exact(window.min(waveform.data().len())).map(mean).collect();
    let supply = maker == PowerMaker::RigolSupply;
    let mut far = FarPower::new(maker, rail, supply);
    far.fault = fault;
    let served = far.serve(0)?;
    let driver = if supply { "supply" } else { "load" };
    let settings = address.settings().filter(|(k, _)| POWER_KEYS.contains(k));
    let query: String = settings.map(|(k, v)| format!("&{k}={v}")).collect();
    match super::open(&format!("tcp://{}?driver={driver}{query}", served.address), options)? {
        Opened::Stream(live) => Ok(Opened::Stream(live.with_guard(Box::new(served)))),
        other => Ok(other),
    }
}

/// An instrument and the far end that it talks to.
struct Held<T> {
    inner: T,
    _far: Far,
}

impl Acquire for Held<Box<dyn Acquire>> {
    fn identity(&self) -> &str {
        self.inner.identity()
    }
    fn acquire(&mut self) -> Result<Vec<Shot>, DeviceError> {
        self.inner.acquire()
    }
}

impl Sweep for Held<Box<dyn Sweep>> {
    fn identity(&self) -> &str {
        self.inner.identity()
    }
    fn sweep(&mut self) -> Result<Trace, DeviceError> {
        self.inner.sweep()
    }
    fn screen(&mut self) -> Result<Screen, DeviceError> {
        self.inner.screen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::open;
    use crate::live::Next;
    use std::time::Duration;

    #[test]
    fn a_supply_reaches_the_scope_and_a_carrier_the_analyser() {
        let Ok(Opened::Scope(mut scope)) = open("sim:scope/supply-healthy", StreamOptions::default()) else {
            panic!("no scope")
        };
        let shot = scope.acquire().unwrap().remove(0);
        let mean = shot.waveform.data().iter().sum::<f64>() / shot.waveform.data().len() as f64;
        // The plant of the scenario has -53.5 V; a healthy one is within 2 %.
        assert!((mean + 53.5).abs() < 1.1, "{mean}");
        let Ok(Opened::Sweep(mut sweep)) = open("sim:tinysa/tx-healthy", StreamOptions::default()) else {
            panic!("no analyser")
        };
        let trace = sweep.sweep().unwrap();
        let top = trace.level.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
        // 940 MHz + 37.5 kHz, within a step of 500 kHz / 450.
        assert!((trace.frequency_hz[top] - 940.0375e6).abs() < 1200.0, "{}", trace.frequency_hz[top]);
    }

    #[test]
    fn a_rail_reaches_a_supply_and_a_load() {
        let first = |address: &str| {
            let Ok(Opened::Stream(live)) = open(address, StreamOptions::default()) else { panic!("{address}") };
            match live.next(Duration::from_secs(20)).unwrap() {
                Next::Block(b) => f32::from_le_bytes(b.bytes.try_into().unwrap()),
                other => panic!("{other:?}"),
            }
        };
        // The plant of the scenario has -53.5 V within 2 %; 20 A through the 50 milliohm of its rail are one volt less.
        let rail = first("sim:supply/supply-healthy?rate=50");
        assert!((rail - 53.5).abs() < 1.1, "{rail}");
        assert!((first("sim:load/supply-healthy?rate=50") - rail).abs() < 0.1);
        let loaded = first("sim:load/supply-healthy?rate=50&curr=20&input=on");
        assert!((rail - 1.0 - loaded).abs() < 0.1, "{rail} {loaded}");
        assert!((first("sim:supply/supply-healthy?rate=50&volt=12&curr=5&output=on") - 12.0).abs() < 0.1);
        for address in ["sim:supply/tx-healthy", "sim:load/supply-healthy?input=on", "sim:supply/supply-healthy?volt=1"]
        {
            assert!(open(address, StreamOptions::default()).is_err(), "{address}");
        }
    }

    #[test]
    fn a_dongle_streams_its_model_and_wrong_kinds_are_refused() {
        let Ok(Opened::Stream(live)) = open("sim:dongle/tx-healthy?duration=0.1", StreamOptions::default()) else {
            panic!("no dongle")
        };
        assert_eq!((live.info().sample_rate_hz, live.info().center_hz), (1e6, Some(940e6)));
        assert!(matches!(live.next(Duration::from_secs(20)), Ok(Next::Block(_))));
        for address in
            ["sim:dongle/supply-healthy?rate=1M&duration=0.1", "sim:scope/tx-healthy", "sim:teapot/tx-healthy"]
        {
            assert!(open(address, StreamOptions::default()).is_err(), "{address}");
        }
        assert!(open("sim:scope/supply-healthy?fault=end:100", StreamOptions::default()).is_ok());
        assert!(open("sim:scope/supply-healthy?fault=noise", StreamOptions::default()).is_err());
    }
}
