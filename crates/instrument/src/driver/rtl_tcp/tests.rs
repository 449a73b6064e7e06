//! The client against a dongle that is written from the protocol, over a real socket.

use super::*;
use crate::error::ErrorKind;
use crate::live::Next;
use crate::sim::far::{Dongle, DongleSignal, Fault, Served};

const WAIT: Duration = Duration::from_secs(20);

/// Codes 0, 1, 2 ... 249 over and over: every byte says its place.
fn ramp() -> DongleSignal {
    DongleSignal(std::sync::Arc::new((0..250).collect()))
}

fn dongle(fault: Fault) -> (Dongle, Served) {
    // An unpaced far end would fill the socket with old samples before it reads the first command.
    let dongle = Dongle { fault, paced: false, after_commands: 8, ..Dongle::new(ramp()) };
    let served = dongle.clone().serve(0).unwrap();
    (dongle, served)
}

fn open(served: &Served, more: &str, options: StreamOptions) -> Result<Live, DeviceError> {
    let text = format!("rtltcp://{}?freq=100M&rate=250001{more}", served.address);
    match RtlTcp.open(&Address::parse(&text)?, options)? {
        Opened::Stream(live) => Ok(live),
        _ => panic!("a dongle is a stream"),
    }
}

fn take(live: &Live, bytes: usize) -> Result<Vec<u8>, DeviceError> {
    let mut taken = Vec::new();
    while taken.len() < bytes {
        match live.next(WAIT)? {
            Next::Block(block) => {
                taken.extend_from_slice(&block.bytes);
                live.recycle(block);
            }
            Next::Quiet | Next::End => panic!("the dongle is silent"),
        }
    }
    Ok(taken)
}

#[test]
fn samples_come_byte_for_byte_and_the_commands_are_those_of_the_protocol() {
    let (dongle, served) = dongle(Fault::None);
    let options = StreamOptions { wait_for_room: true, ..StreamOptions::default() };
    let live = open(&served, "&gain=49.6&ppm=-3&bias=on", options).unwrap();
    assert!(live.info().instrument.contains("R820T"));
    assert_eq!((live.info().sample_rate_hz, live.info().center_hz), (250_001.0, Some(100e6)));
    let bytes = take(&live, 500_000).unwrap();
    assert!(bytes.windows(2).all(|w| w[1] == if w[0] == 249 { 0 } else { w[0] + 1 }));
    drop(live);
    // Numbers of the commands as in the protocol: 02 rate, 05 ppm, 01 centre, 03 gain mode, 04 gain, 0e bias tee.
    let log = dongle.log.lock().unwrap().clone();
    for expected in
        [(2, 250_001), (5, 0xffff_fffd), (1, 100_000_000), (3, 1), (4, 496), (8, 0), (10, 0), (14, 1), (7, 0)]
    {
        assert!(log.contains(&expected), "{expected:?} in {log:?}");
    }
}

#[test]
fn the_counter_of_the_test_mode_proves_loss_and_the_absence_of_loss() {
    let options = StreamOptions { wait_for_room: true, ..StreamOptions::default() };
    let (_, good) = dongle(Fault::None);
    let live = open(&good, "&test=on", options).unwrap();
    take(&live, 300_000).unwrap();
    assert!(!live.losses().any(), "{:?}", live.losses());
    // Dropped writes of 8192 bytes are 32 whole turns of the counter, so the wire drops odd pieces.
    let mut counter = Counter::default();
    let sent: Vec<u8> = (0..100_000u32).map(|k| k as u8).collect();
    // Samples from before the test mode come first; after them every jump is a loss.
    assert_eq!(counter.jumps(&[9, 9, 1, 7]), 0);
    assert_eq!(counter.jumps(&sent[..50_000]), 0);
    assert_eq!(counter.jumps(&sent[50_007..]), 1);
    // A server that ignores the command never counts: that must not read as a proof.
    assert!(Counter::default().jumps(&vec![128; 3_000_000]) > 0);
}

#[test]
fn an_end_is_told_after_what_came_and_a_server_that_returns_is_used_again() {
    let (_, served) = dongle(Fault::End(200_000));
    let options = StreamOptions { wait_for_room: true, ..StreamOptions::default() };
    let live = open(&served, "", options).unwrap();
    let error = take(&live, usize::MAX).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Closed);
    let options = StreamOptions { reconnect: Some(WAIT), ..options };
    let live = open(&served, "", options).unwrap();
    take(&live, 400_000).unwrap();
    assert!(live.losses().of(Loss::Reconnected).0 >= 1);
}

#[test]
fn what_is_no_server_and_what_is_out_of_range_is_refused() {
    let (_, garbage) = dongle(Fault::Garbage(0));
    assert_eq!(open(&garbage, "", StreamOptions::default()).err().unwrap().kind, ErrorKind::Protocol);
    let (_, stalled) = dongle(Fault::End(7));
    assert_eq!(open(&stalled, "", StreamOptions::default()).err().unwrap().kind, ErrorKind::Closed);
    for (query, what) in [
        ("rate=2M", "frequency"),
        ("freq=1G&rate=500k", "500000"),
        ("freq=9G", "freq"),
        ("freq=1G&gain=high", "gain"),
        ("freq=1G&bias=maybe", "bias"),
        ("freq=1G&color=red", "color"),
    ] {
        let error = Settings::of(&Address::parse(&format!("rtltcp://127.0.0.1:1?{query}")).unwrap()).unwrap_err();
        assert!(error.what.contains(what) && error.kind == ErrorKind::Address, "{query}: {error}");
    }
}

/// A thousand runs with random faults: every sample at its place, every end within the watchdog.
/// `cargo test -p faultscope-instrument --lib -- --ignored rtl_tcp::tests::a_thousand`
#[test]
#[ignore = "takes minutes"]
fn a_thousand_faults() {
    let mut random = crate::random::Random::new(2026, 3);
    let options = StreamOptions { wait_for_room: true, ..StreamOptions::default() };
    for run in 0..1000 {
        let after = (random.uniform() * 400_000.0) as u64;
        // A stall costs the three seconds of the watchdog, so there are fewer of them.
        let fault = match run % 25 {
            0 => Fault::Stall(after),
            k if k % 2 == 0 => Fault::Garbage(after),
            _ => Fault::End(after),
        };
        let (_, served) = dongle(fault);
        let begun = std::time::Instant::now();
        let Ok(live) = open(&served, "", options) else { continue };
        let (mut last, mut taken, mut ended) = (None, 0, false);
        while taken < 500_000 && !ended {
            match live.next(WAIT) {
                Ok(Next::Block(block)) => {
                    taken += block.bytes.len();
                    for byte in &block.bytes {
                        let follows = last.is_none_or(|l: u8| *byte == if l == 249 { 0 } else { l.wrapping_add(1) });
                        assert!(follows || matches!(fault, Fault::Garbage(_)), "{fault:?}");
                        last = Some(*byte);
                    }
                }
                Ok(Next::Quiet | Next::End) => panic!("{fault:?}: silent beyond the watchdog"),
                Err(_) => ended = true,
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{fault:?} took {:?}", begun.elapsed());
    }
}
