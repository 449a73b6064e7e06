//! The shell against handhelds written from the firmware, over a socket and over a pseudo terminal.

use super::*;
use crate::sim::far::{FarTinySa, Fault, Served};

const QUERY: &str = "driver=tinysa&start=900M&stop=960M&points=101";

fn open(far: FarTinySa, more: &str) -> (Result<Box<dyn Sweep>, DeviceError>, Served) {
    let served = far.serve(0).unwrap();
    let text = format!("tcp://{}?{QUERY}{more}", served.address);
    let opened = Shells.open(&Address::parse(&text).unwrap(), StreamOptions::default());
    let sweep = opened.map(|o| match o {
        Opened::Sweep(sweep) => sweep,
        _ => panic!("a tinySA sweeps"),
    });
    (sweep, served)
}

#[test]
fn a_sweep_has_the_frequencies_and_levels_of_the_firmware() {
    for ultra in [false, true] {
        // floor(60 MHz / 101) = 594059 Hz: the divisor is the number of points.
        let line = 900_000_000.0 + 50.0 * 594_059.0;
        let (sweep, _far) = open(FarTinySa::new(ultra, vec![(line, -45.5)]), "&rbw=10&spur=on");
        let mut sweep = sweep.unwrap();
        assert!(sweep.identity().contains(if ultra { "ULTRA" } else { "tinySA v0.3" }));
        let trace = sweep.sweep().unwrap();
        assert_eq!((trace.unit, trace.level.len()), ("dBm", 101));
        assert_eq!((trace.frequency_hz[0], trace.frequency_hz[50]), (900e6, line));
        assert_eq!((trace.level[49], trace.level[50]), (-100.0, -45.5));
        let screen = sweep.screen().unwrap();
        assert_eq!(screen.rgb.len(), if ultra { 480 * 320 * 3 } else { 320 * 240 * 3 });
        assert_eq!(screen.rgb[..3], [255, 0, 0]);
        // And the next command still works.
        assert_eq!(sweep.sweep().unwrap(), trace);
    }
}

#[test]
fn data_that_look_like_the_protocol_do_no_harm() {
    // 0x7d7d is `}}`: (0x7d7d / 32) - 174; 0x6863 is `ch`.
    for raw in [0x7d7d_u16, 0x6863, 0x203e, 0x7878] {
        let level = f64::from(raw) / 32.0 - 174.0;
        let far = FarTinySa { floor_dbm: level, fault: Fault::Bytes, ..FarTinySa::new(true, vec![]) };
        let (sweep, _far) = open(far, "");
        assert!(sweep.unwrap().sweep().unwrap().level.iter().all(|l| *l == level));
    }
}

#[test]
fn a_network_analyser_gives_its_return_loss() {
    let (sweep, _far) = open(FarTinySa { vna: true, ..FarTinySa::new(false, vec![]) }, "");
    let trace = sweep.unwrap().sweep().unwrap();
    assert_eq!((trace.unit, trace.level.len(), trace.frequency_hz[100]), ("dB", 101, 960e6));
    assert!(trace.level.iter().all(|l| (l + 20.0).abs() < 1e-9));
}

#[test]
fn a_device_that_breaks_off_or_is_another_is_told() {
    for (fault, kinds) in [
        (Fault::End(200), &[ErrorKind::Closed][..]),
        (Fault::Stall(200), &[ErrorKind::Timeout]),
        (Fault::Garbage(200), &[ErrorKind::Protocol, ErrorKind::Timeout]),
    ] {
        let (sweep, _far) = open(FarTinySa { fault, ..FarTinySa::new(false, vec![]) }, "&timeout=0.2");
        let error = sweep.and_then(|mut s| s.sweep()).unwrap_err();
        assert!(kinds.contains(&error.kind), "{fault:?}: {error}");
    }
    let (sweep, _far) = open(FarTinySa { vna: true, ..FarTinySa::new(false, vec![]) }, "&rbw=10");
    assert_eq!(sweep.err().unwrap().kind, ErrorKind::Unsupported);
}

#[cfg(unix)]
#[test]
fn a_pseudo_terminal_does_for_a_serial_port() {
    use serialport::SerialPort as _;
    let (mut far, near) = serialport::TTYPort::pair().unwrap();
    let path = near.name().unwrap();
    far.set_timeout(Duration::from_millis(20)).unwrap();
    let writing = far.try_clone_native().unwrap();
    let stop = crate::sim::far::Stop::default();
    let device = FarTinySa::new(false, vec![]);
    std::thread::scope(|scope| {
        scope.spawn(|| device.session(far, writing, &stop));
        // Kept open: a terminal that nobody holds is hung up.
        let mut near = near;
        near.set_exclusive(false).unwrap();
        let held = std::fs::File::open(&path).unwrap();
        drop(near);
        let address = Address::parse(&format!("serial://{path}?{QUERY}")).unwrap();
        let opened = Shells.open(&address, StreamOptions::default());
        if let Ok(Opened::Sweep(mut sweep)) = opened {
            assert_eq!(sweep.sweep().unwrap().level, vec![-100.0; 101]);
        } else {
            stop.ask();
            panic!("{:?}", opened.err());
        }
        stop.ask();
        drop(held);
    });
}

/// A thousand runs with random faults: `cargo test --release -p faultscope-instrument --lib -- --ignored shell::tests::a_thousand`
#[test]
#[ignore = "takes minutes"]
fn a_thousand_faults() {
    let mut random = crate::random::Random::new(2026, 2);
    for run in 0..1000 {
        let after = (random.uniform() * 600.0) as u64;
        let fault = match run % 5 {
            0 => Fault::End(after),
            1 => Fault::Stall(after),
            2 => Fault::Garbage(after),
            3 => Fault::Drop(0.3 * random.uniform()),
            _ => Fault::Bytes,
        };
        let begun = std::time::Instant::now();
        let (sweep, _far) = open(FarTinySa { fault, seed: run, ..FarTinySa::new(false, vec![]) }, "&timeout=0.1");
        let outcome = sweep.and_then(|mut s| s.sweep());
        assert!(begun.elapsed() < Duration::from_secs(20), "{fault:?} took {:?}", begun.elapsed());
        if let Ok(trace) = outcome
            && !matches!(fault, Fault::Garbage(_))
        {
            assert_eq!(trace.level, vec![-100.0; 101], "{fault:?}");
        }
    }
}
