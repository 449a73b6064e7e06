//! The driver against scopes that are written from the manuals' formulas, over a real socket.

use std::time::Instant;

use super::*;
use crate::sim::far::{FarScope, Fault, Maker, Served};

const MAKERS: [Maker; 8] = [
    Maker::Rigol,
    Maker::RigolDho,
    Maker::Siglent,
    Maker::SiglentLegacy,
    Maker::Keysight,
    Maker::Tektronix,
    Maker::TektronixMdo,
    Maker::GwInstek,
];
const RATE: f64 = 1e6;
const PER_DIV: f64 = 0.5;

/// A triangle of 0.8 V about 0.4 V: inside every converter whatever its offset.
fn volts() -> Vec<f64> {
    (0..2000).map(|i| 0.4 + 0.8 * (((i % 200) as f64 / 100.0 - 1.0).abs() - 0.5)).collect()
}

fn open(far: FarScope, timeout: f64) -> (Result<Box<dyn Acquire>, DeviceError>, Served) {
    let served = far.serve(0).unwrap();
    let text = format!("tcp://{}?driver=scope&timeout={timeout}", served.address);
    let opened = Scope.open(&Address::parse(&text).unwrap(), StreamOptions::default());
    let session = opened.map(|o| match o {
        Opened::Scope(session) => session,
        _ => panic!("a scope acquires"),
    });
    (session, served)
}

#[test]
fn every_family_gives_back_the_volts_it_was_given() {
    for maker in MAKERS {
        let (session, _far) = open(FarScope::new(maker, volts(), RATE, PER_DIV), 10.0);
        let shots = session.unwrap().acquire().unwrap();
        let shot = &shots[0];
        assert!(shot.caveats.is_empty(), "{maker:?}: {:?}", shot.caveats);
        assert_eq!(shot.waveform.data().len(), 2000, "{maker:?}");
        // Half a step of the coarsest converter, 25 codes a division, and the six printed digits.
        for (got, given) in shot.waveform.data().iter().zip(volts()) {
            assert!((got - given).abs() <= 0.5 * PER_DIV / 25.0 + 1e-5, "{maker:?}: {got} for {given}");
        }
        let rate = faultscope_signal::Record::sample_rate_hz(&shot.waveform);
        assert!((rate / RATE - 1.0).abs() < 1e-6, "{maker:?}: {rate}");
        // t = (0 - xreference) * step + xorigin and its like, from the numbers in the far end's preambles.
        let t0 = match maker {
            Maker::Rigol => Some(-3e-3),
            Maker::RigolDho => Some(0.0),
            Maker::Siglent => Some(-2.5e-3),
            Maker::SiglentLegacy => Some(2e-3 - 1e-3 * 14.0 / 2.0),
            Maker::Keysight => Some(-1e-3),
            Maker::Tektronix => Some(4e-3 - 100.0 * 1e-6),
            Maker::TektronixMdo => Some(4e-3),
            Maker::GwInstek => None,
        };
        assert!(t0.zip(shot.t0_s).is_none_or(|(a, b)| (a - b).abs() < 1e-9), "{maker:?}: {:?}", shot.t0_s);
        assert_eq!(t0.is_some(), shot.t0_s.is_some());
    }
}

#[test]
fn a_clipped_record_and_a_contradicting_display_are_told() {
    let far = FarScope::new(Maker::Rigol, vec![0.0, 9.0, 9.0, -9.0, 0.1], RATE, PER_DIV);
    let (session, _far) = open(far, 10.0);
    let shot = session.unwrap().acquire().unwrap().remove(0);
    assert!(shot.caveats.iter().any(|c| c.kind == CaveatKind::Clipped && c.detail.contains("3 of 5")));
    let far = FarScope { display: 1.05, ..FarScope::new(Maker::Keysight, volts(), RATE, PER_DIV) };
    let (session, _far) = open(far, 10.0);
    let shot = session.unwrap().acquire().unwrap().remove(0);
    assert!(shot.caveats.iter().any(|c| c.detail.contains("own display")), "{:?}", shot.caveats);
}

#[test]
fn an_instrument_that_breaks_off_is_told_and_never_believed() {
    for (fault, kinds) in [
        (Fault::End(0), &[ErrorKind::Closed][..]),
        (Fault::Stall(900), &[ErrorKind::Timeout, ErrorKind::Closed]),
        (Fault::End(900), &[ErrorKind::Closed]),
        (Fault::Garbage(70), &[ErrorKind::Protocol, ErrorKind::Timeout]),
    ] {
        let (session, _far) = open(FarScope { fault, ..FarScope::new(Maker::Rigol, volts(), RATE, PER_DIV) }, 0.2);
        let error = session.and_then(|mut s| s.acquire()).err().unwrap();
        assert!(kinds.contains(&error.kind), "{fault:?}: {error}");
    }
    // Every byte alone and every answer twice do no harm.
    for fault in [Fault::Bytes, Fault::Twice(60)] {
        let (session, _far) = open(FarScope { fault, ..FarScope::new(Maker::Tektronix, volts(), RATE, PER_DIV) }, 10.0);
        let shot = session.unwrap().acquire().unwrap().remove(0);
        assert!((shot.waveform.data()[0] - volts()[0]).abs() < 0.011, "{fault:?}");
    }
}

/// A thousand runs with random faults: no hang beyond the time-outs, no panic, no wrong volts.
/// `cargo test --release -p faultscope-instrument --lib -- --ignored scope::tests::a_thousand`
#[test]
#[ignore = "takes minutes"]
fn a_thousand_faults() {
    let mut random = crate::random::Random::new(2026, 1);
    for run in 0..1000 {
        let after = (random.uniform() * 3000.0) as u64;
        let fault = match run % 6 {
            0 => Fault::End(after),
            1 => Fault::Stall(after),
            2 => Fault::Garbage(after),
            3 => Fault::Twice(after),
            4 => Fault::Drop(0.3 * random.uniform()),
            _ => Fault::Bytes,
        };
        let maker = MAKERS[(random.uniform() * 8.0) as usize];
        let far = FarScope { fault, seed: run, ..FarScope::new(maker, volts(), RATE, PER_DIV) };
        let begun = Instant::now();
        let (session, _far) = open(far, 0.1);
        let outcome = session.and_then(|mut s| s.acquire());
        assert!(begun.elapsed() < Duration::from_secs(30), "{fault:?} {maker:?} took {:?}", begun.elapsed());
        // Garbage inside a block is not to be told from a signal, unless the instrument's own display contradicts.
        if let Ok(shots) = outcome
            && shots[0].caveats.is_empty()
            && !matches!(fault, Fault::Garbage(_))
        {
            for (got, given) in shots[0].waveform.data().iter().zip(volts()) {
                assert!((got - given).abs() <= 0.5 * PER_DIV / 25.0 + 1e-5, "{fault:?} {maker:?}: {got} for {given}");
            }
        }
    }
}
