//! The SoapySDR driver through the real library against the module of `tests/soapy`; `tests/soapy/run.sh` runs it.
#![cfg(feature = "soapy")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

use std::time::{Duration, Instant};

use faultscope_instrument::driver::{Opened, open};
use faultscope_instrument::live::{Live, Loss, Next, StreamOptions};
use faultscope_instrument::{DeviceError, ErrorKind, discover};

const WAIT: Duration = Duration::from_secs(20);

fn radio(args: &str, options: StreamOptions) -> Result<Live, DeviceError> {
    let address = format!(
        "soapy:driver=faultscope_test,{args}?freq=100M&rate=1M&gain=20&antenna=RX&ppm=1&bias=on&bandwidth=800k"
    );
    match open(&address, options)? {
        Opened::Stream(live) => Ok(live),
        _ => panic!("a radio is a stream"),
    }
}

/// Takes frames and checks each against its place: I = (k % 1000) / 1000. Returns how many came, and how it ended.
fn take(live: &Live, most: u64) -> (u64, Option<DeviceError>) {
    let mut taken = 0;
    while taken < most {
        match live.next(WAIT) {
            Ok(Next::Block(block)) => {
                for (k, frame) in block.bytes.as_chunks::<8>().0.iter().enumerate() {
                    let i = f32::from_le_bytes(frame[..4].try_into().unwrap());
                    let place = (block.start + k as u64) % 1000;
                    assert!((f64::from(i) - place as f64 / 1000.0).abs() < 1e-6, "{i} at {place}");
                }
                taken += block.bytes.len() as u64 / 8;
                live.recycle(block);
            }
            Ok(Next::Quiet | Next::End) => return (taken, None),
            Err(e) => return (taken, Some(e)),
        }
    }
    (taken, None)
}

fn waiting() -> StreamOptions {
    StreamOptions { wait_for_room: true, ..StreamOptions::default() }
}

#[test]
#[ignore = "needs the module: tests/soapy/run.sh"]
fn samples_are_at_their_place_and_the_radio_is_found() {
    let live = radio("pace=0", waiting()).unwrap();
    assert_eq!(take(&live, 3_000_000).1, None);
    assert!(!live.losses().any(), "{:?}", live.losses());
    assert!(live.info().instrument.contains("faultscope test radio"));
    assert!(discover::devices().iter().any(|f| f.address.starts_with("soapy:driver=faultscope_test")));
}

#[test]
#[ignore = "needs the module: tests/soapy/run.sh"]
fn losses_are_counted_to_the_sample_whether_they_are_told_or_not() {
    for fault in ["overflow", "silent"] {
        let live = radio(&format!("pace=0,fault={fault},after=500000,lost=50001"), waiting()).unwrap();
        // Gaps lie in front of frames 500 000 and 1 000 000 of those that come.
        take(&live, 1_400_000);
        let losses = live.losses();
        let (gaps, lost) = losses.of(Loss::TimeStamps);
        assert!(gaps >= 2 && lost == gaps * 50_001, "{fault}: {losses:?}");
        let told = losses.of(Loss::Overflow).0;
        assert!(if fault == "overflow" { told >= 2 } else { told == 0 }, "{fault}: {losses:?}");
    }
}

#[test]
#[ignore = "needs the module: tests/soapy/run.sh"]
fn a_time_out_is_tried_again_a_stall_and_an_error_end_the_stream() {
    let live = radio("pace=0,fault=timeout,after=200000", waiting()).unwrap();
    assert_eq!(take(&live, 500_000).1, None);
    assert!(live.losses().time_outs >= 2);
    let live = radio("pace=0,fault=error,after=200000", waiting()).unwrap();
    let (taken, error) = take(&live, u64::MAX);
    assert_eq!((taken, error.unwrap().kind), (200_000, ErrorKind::Closed));
    let begun = Instant::now();
    let live = radio("pace=0,fault=stall,after=200000", waiting()).unwrap();
    let (taken, error) = take(&live, u64::MAX);
    assert_eq!((taken, error.unwrap().kind), (200_000, ErrorKind::Closed));
    // The watchdog: 3 s, and much room for a loaded machine.
    assert!((3.0..20.0).contains(&begun.elapsed().as_secs_f64()));
}

#[test]
#[ignore = "needs the module: tests/soapy/run.sh"]
fn a_radio_may_be_unplugged_and_plugged_in_again() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("gone");
    let args = format!("pace=0,gone={}", gone.display());
    let live = radio(&args, StreamOptions { reconnect: Some(WAIT), ..waiting() }).unwrap();
    take(&live, 100_000);
    std::fs::write(&gone, "").unwrap();
    // Other arguments, because SoapySDR hands out an open device again for the same ones.
    assert_eq!(radio(&format!("{args},second=1"), waiting()).err().unwrap().kind, ErrorKind::NotFound);
    std::thread::sleep(Duration::from_millis(300));
    std::fs::remove_file(&gone).unwrap();
    let begun = Instant::now();
    while live.losses().of(Loss::Reconnected).0 == 0 && begun.elapsed() < WAIT {
        if let Ok(Next::Block(block)) = live.next(WAIT) {
            live.recycle(block);
        }
    }
    assert_eq!(live.losses().of(Loss::Reconnected).0, 1);
    assert!(matches!(live.next(WAIT), Ok(Next::Block(_))));
}

#[test]
#[ignore = "needs the module: tests/soapy/run.sh"]
fn what_the_radio_refuses_is_told() {
    for (address, kind) in [
        ("soapy:driver=faultscope_test?freq=1M&rate=1M&gain=99", ErrorKind::Unsupported),
        ("soapy:driver=faultscope_test?freq=1M&rate=1M&antenna=TX", ErrorKind::Unsupported),
        ("soapy:driver=no_such_driver?freq=1M&rate=1M", ErrorKind::NotFound),
        ("soapy:driver=faultscope_test?rate=1M", ErrorKind::Address),
    ] {
        let error = open(address, waiting()).err().unwrap();
        assert_eq!(error.kind, kind, "{address}: {error}");
    }
}

/// A thousand runs with random faults at random places: every sample at its place, every loss counted to the sample,
/// every end within the watchdog; the next radio works. `tests/soapy/run.sh thousand`
#[test]
#[ignore = "takes minutes: tests/soapy/run.sh thousand"]
fn a_thousand_faults() {
    // Xorshift (Marsaglia): the same faults in every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for run in 0..1000u64 {
        let (after, lost) = (1 + random(200_000), 1 + random(100_000));
        // A stall costs the three seconds of the watchdog and a time-out half a second, so there are fewer of them.
        let fault = match run % 50 {
            0 => "stall",
            1 | 2 => "timeout",
            k if k % 4 == 0 => "overflow",
            k if k % 4 == 1 => "silent",
            k if k % 4 == 2 => "error",
            _ => "none",
        };
        let begun = Instant::now();
        // The number of the run, because SoapySDR hands out an open device again for the same arguments.
        let live = radio(&format!("pace=0,fault={fault},after={after},lost={lost},run={run}"), waiting()).unwrap();
        let most = if fault == "timeout" { after + 1 } else { 400_000 };
        let (taken, error) = take(&live, most);
        let losses = live.losses();
        let (gaps, gone) = losses.of(Loss::TimeStamps);
        match fault {
            "stall" | "error" => {
                assert_eq!((taken, error.unwrap().kind), (after, ErrorKind::Closed), "{fault} at {after}");
            }
            "overflow" | "silent" => {
                assert!(error.is_none() && gone == gaps * lost, "{fault} at {after}, {lost}: {losses:?}");
                assert!(gaps >= (taken - 1) / after, "{fault} at {after}, {lost}: {taken} {losses:?}");
            }
            _ => assert!(error.is_none() && losses.lost() == 0 && taken >= most.min(400_000), "{fault}: {losses:?}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{fault} took {:?}", begun.elapsed());
    }
}
