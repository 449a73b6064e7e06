//! The drivers against simulated supplies and loads: expected readings are Ohm's law over the settings.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::driver::faults::Thousand;
use crate::live::Next;
use crate::sim::far::{FarPower, Fault, PowerMaker, Served};

const SUPPLIES: [PowerMaker; 3] = [PowerMaker::RigolSupply, PowerMaker::SiglentSupply, PowerMaker::KeysightSupply];
const LOADS: [PowerMaker; 3] = [PowerMaker::SiglentLoad, PowerMaker::RigolLoad, PowerMaker::KeysightLoad];

fn open(served: &Served, plug: &dyn Instrument, query: &str) -> Result<Live, DeviceError> {
    let text = format!("tcp://{}?driver={}&rate=200&timeout=2&{query}", served.address, plug.id());
    match plug.open(&Address::parse(text.trim_end_matches('&')).unwrap(), StreamOptions::default())? {
        Opened::Stream(live) => Ok(live),
        _ => panic!("no stream"),
    }
}

fn readings(live: &Live, n: usize) -> Vec<f64> {
    let mut values = Vec::new();
    while values.len() < n {
        match live.next(Duration::from_secs(10)).unwrap() {
            Next::Block(b) => values.push(f64::from(f32::from_le_bytes(b.bytes.try_into().unwrap()))),
            other => panic!("{other:?}"),
        }
    }
    values
}

fn near(values: &[f64], expected: f64) {
    assert!(values.iter().all(|v| (v - expected).abs() < 1e-3), "{values:?}, expected {expected}");
}

/// Waits for the far end to have taken what was sent last.
fn until(far: &FarPower, done: impl Fn(&FarPower) -> bool) {
    for _ in 0..500 {
        if done(far) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{:?}", far.state());
}

#[test]
fn opening_reads_and_changes_nothing() {
    for (makers, plug) in [(SUPPLIES, &Supply as &dyn Instrument), (LOADS, &Load)] {
        for maker in makers {
            for on in [false, true] {
                let far = FarPower::new(maker, vec![12.0], on);
                let before = far.state();
                let served = far.serve(0).unwrap();
                let live = open(&served, plug, "").unwrap();
                // A supply that is off has no volts; a load reads its rail either way, as it draws nothing.
                near(&readings(&live, 3), if on || plug.id() == "load" { 12.0 } else { 0.0 });
                drop(live);
                drop(served);
                let after = far.state();
                assert_eq!((after.on, after.volts, after.amps), (before.on, before.volts, before.amps), "{maker:?}");
                assert!(after.told.is_empty(), "{maker:?}: {:?}", after.told);
            }
        }
    }
}

#[test]
fn a_supply_is_set_switched_on_last_and_off_at_the_end() {
    for maker in SUPPLIES {
        let far = FarPower::new(maker, vec![5.0], false);
        let served = far.serve(0).unwrap();
        let live = open(&served, &Supply, "volt=12&curr=2&output=on").unwrap();
        near(&readings(&live, 3), 12.0);
        let told = far.state().told;
        assert!(told.len() == 3 && told[2].starts_with("OUTP") && told[2].ends_with("ON"), "{told:?}");
        assert!(told[0].contains("CURR") && told[1].contains("VOLT"), "{told:?}");
        drop(live);
        until(&far, |far| !far.state().on);
        // 12 V over 10 ohm; with a limit of 0.5 A the voltage falls to 5 V.
        let live = open(&served, &Supply, "volt=12&curr=2&output=on&unit=A&after=on").unwrap();
        near(&readings(&live, 3), 1.2);
        drop(live);
        let live = open(&served, &Supply, "volt=12&curr=0.5&output=on").unwrap();
        near(&readings(&live, 3), 5.0);
        drop(live);
        // It was on when the last one came: it stays on, until it is switched off.
        assert!(far.state().on);
        let live = open(&served, &Supply, "output=off").unwrap();
        near(&readings(&live, 3), 0.0);
        assert!(!far.state().on);
    }
}

#[test]
fn a_load_draws_its_current_or_steps_between_two() {
    for maker in LOADS {
        let far = FarPower::new(maker, vec![12.0], false);
        let served = far.serve(0).unwrap();
        // 2 A through 50 milliohm of the rail.
        let live = open(&served, &Load, "curr=2&input=on").unwrap();
        near(&readings(&live, 3), 11.9);
        assert!(far.state().constant_current);
        drop(live);
        until(&far, |far| !far.state().on);
        let live = open(&served, &Load, "step=1:10&period=0.2&input=on").unwrap();
        let values = readings(&live, 100);
        let (low, high) = (12.0 - 0.05, 12.0 - 0.5);
        assert!(values.iter().all(|v| (v - low).abs() < 1e-3 || (v - high).abs() < 1e-3), "{values:?}");
        let edges = values.windows(2).filter(|w| (w[0] - w[1]).abs() > 0.1).count();
        assert!(edges >= 2 && (values[0] - low).abs() < 1e-3, "{edges} edges");
        drop(live);
        until(&far, |far| !far.state().on);
    }
}

#[test]
fn what_would_act_unasked_or_is_not_taken_is_refused() {
    let far = FarPower::new(PowerMaker::KeysightSupply, vec![5.0], true);
    let served = far.serve(0).unwrap();
    let refused = |plug: &dyn Instrument, query: &str| open(&served, plug, query).err().unwrap();
    let error = refused(&Supply, "volt=12");
    assert!(error.what.contains("is on") && error.hint.contains("output=on"), "{error}");
    assert!(far.state().told.is_empty());
    for (plug, query, hint) in [
        (&Supply as &dyn Instrument, "output=on", "volt= and curr="),
        (&Supply, "output=on&volt=5", "volt= and curr="),
        (&Supply, "output=yes", "output=off"),
        (&Supply, "volt=-1", "between 0"),
        (&Supply, "after=on", "output=on"),
        (&Supply, "step=1:2", "settings are"),
        (&Supply, "channel=2&rate=5", "channels are 1 to 1"),
        (&Load, "input=on", "curr= or step="),
        (&Load, "step=1:2", "input=on"),
        (&Load, "step=2:2&input=on", "two different"),
        (&Load, "step=1:2&curr=1&input=on", "one of them"),
        (&Load, "period=1", "step="),
        (&Load, "volt=5", "settings are"),
    ] {
        let query = query.replace("&rate=5", "");
        let error = refused(plug, &query);
        assert_eq!(error.kind, ErrorKind::Address, "{query}: {error}");
        assert!(error.hint.contains(hint), "{query}: {}", error.hint);
    }
    assert!(far.state().told.is_empty(), "{:?}", far.state().told);

    // Beyond its ratings: the value does not come back, and the output was not switched on.
    let far = FarPower::new(PowerMaker::RigolSupply, vec![5.0], false);
    let served = far.serve(0).unwrap();
    let error = open(&served, &Supply, "volt=100&curr=1&output=on").err().unwrap();
    assert!(error.kind == ErrorKind::Unsupported && error.what.contains("100"), "{error}");
    assert!(!far.state().on && !far.state().told.iter().any(|c| c.starts_with("OUTP")), "{:?}", far.state());
}

#[cfg(unix)]
#[test]
fn a_supply_on_a_serial_port_is_brought_under_remote_control() {
    use serialport::SerialPort as _;
    let (mut far, near_end) = serialport::TTYPort::pair().unwrap();
    let path = near_end.name().unwrap();
    far.set_timeout(Duration::from_millis(20)).unwrap();
    let writing = far.try_clone_native().unwrap();
    let stop = crate::sim::far::Stop::default();
    let device = FarPower::new(PowerMaker::KeysightSupply, vec![3.3], true);
    std::thread::scope(|scope| {
        scope.spawn(|| device.session(far, writing, &stop));
        let mut near_end = near_end;
        near_end.set_exclusive(false).unwrap();
        // Kept open: a terminal that nobody holds is hung up.
        let held = std::fs::File::open(&path).unwrap();
        drop(near_end);
        let address = Address::parse(&format!("serial://{path}?driver=supply&rate=100")).unwrap();
        let outcome = Supply.open(&address, StreamOptions::default()).map(|opened| match opened {
            Opened::Stream(live) => readings(&live, 3),
            _ => Vec::new(),
        });
        stop.ask();
        near(&outcome.unwrap(), 3.3);
        assert_eq!(device.state().told, ["SYST:REM"]);
        drop(held);
    });
}

/// Supplies and loads that were still on when the driver had gone, although they could hear it to the end.
static LEFT_ON: AtomicUsize = AtomicUsize::new(0);

/// A thousand runs each with random faults: `cargo test -p faultscope-instrument --lib -- --ignored power::tests::a_thousand`
#[test]
#[ignore = "takes minutes"]
fn a_thousand_faults_of_a_supply() {
    let far = |reading: std::net::TcpStream, wire| thousand(PowerMaker::RigolSupply, reading, wire);
    let query = "driver=supply&rate=1k&timeout=0.05&volt=12&curr=2&output=on";
    Thousand { plug: &Supply, query, seed: 6, reach: 300.0, fault: Fault::Twice, far, value: 12.0, asks: true }.run();
    assert_eq!(LEFT_ON.load(Ordering::Relaxed), 0);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_faults_of_a_load() {
    let far = |reading: std::net::TcpStream, wire| thousand(PowerMaker::SiglentLoad, reading, wire);
    let query = "driver=load&rate=1k&timeout=0.05&curr=2&input=on";
    Thousand { plug: &Load, query, seed: 7, reach: 300.0, fault: Fault::Twice, far, value: 11.9, asks: true }.run();
    assert_eq!(LEFT_ON.load(Ordering::Relaxed), 0);
}

/// Plays the instrument. Where its own end did not break off it has heard all that was said: it must be off again.
fn thousand(maker: PowerMaker, reading: std::net::TcpStream, wire: crate::sim::far::Wire<std::net::TcpStream>) {
    let device = FarPower::new(maker, vec![12.0], false);
    let heard_all = device.talk(reading, wire, &crate::sim::far::Stop::default()).is_ok();
    LEFT_ON.fetch_add(usize::from(heard_all && device.state().on), Ordering::Relaxed);
}
