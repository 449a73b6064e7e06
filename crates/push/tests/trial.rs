//! Random faults, one after the other, in every system: never two tickets for one case, never a lost one, no secret in any file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]
#![allow(clippy::print_stdout, reason = "what was tried is said")]

mod bench;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench::{Bench, SYSTEMS};
use faultscope_push::EntryState;
use server::{Fault, Reply};

/// Marsaglia's xorshift64: the same faults for the same seed.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

fn fault(random: &mut Random) -> Fault {
    match random.below(24) {
        0 => Fault::DropBefore,
        1 => Fault::DropAfter,
        2 => Fault::Half,
        3 => Fault::Huge,
        4 => Fault::Instead(Reply::new(500, "oops")),
        5 => Fault::After(Reply::new(502, "")),
        6 => Fault::Instead(Reply::new(429, "").with("Retry-After", "5")),
        7 => Fault::Instead(Reply::new(503, "").with("Retry-After", "600")),
        8 => Fault::After(Reply::new(200, "<html>portal</html>")),
        9 => Fault::Instead(Reply::new(200, "<html>portal</html>")),
        10 => Fault::After(Reply::new(201, "{}")),
        11 => Fault::Instead(Reply::new(401, "no")),
        12 => Fault::Instead(Reply::new(302, "").with("Location", "https://portal.example.com/login")),
        13 => Fault::After(Reply::new(200, "")),
        14 => Fault::Instead(Reply::new(200, "{}")),
        15 if random.below(20) == 0 => Fault::Hang(Duration::from_millis(1500)),
        _ => Fault::None,
    }
}

/// One case through `faults` faults at most, then good weather; how many faults it met.
fn trial(system: &str, seed: u64, faults: u64) -> u64 {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut bench = Bench::new(system);
    bench.book.refusals = u32::try_from(random.below(3)).unwrap();
    bench.book.patient = random.below(2) == 0;
    let met = Arc::new(AtomicU64::new(0));
    let (mut dice, count) = (random.clone(), Arc::clone(&met));
    bench.server.faults(move |_| {
        let fault = if count.load(Ordering::Relaxed) < faults { fault(&mut dice) } else { Fault::None };
        if !matches!(fault, Fault::None) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        fault
    });
    let mut outcome = bench.push("inProgress");
    for _ in 0..200 {
        assert!(bench.tickets() <= 1, "{system} {seed}: two tickets");
        bench.no_secret_on_disk();
        match &outcome {
            Ok(_) => break,
            Err(error) => assert!(!bench::leaks(&format!("{error} {}", error.hint)), "{system} {seed}: {error}"),
        }
        let entry = bench.entry().unwrap_or_else(|| panic!("{system} {seed}: lost"));
        if entry.state == EntryState::Unsettled {
            // Somebody looks, and says what is there.
            let there = bench.server.model(|m| m.tickets.first().map(|t| t.id.to_string()));
            bench.queue.change(&entry.id, |e| e.settle(there.as_deref())).unwrap();
        }
        bench.book.now_s += 4000;
        outcome = if random.below(3) == 0 { bench.push("inProgress") } else { bench.retry("inProgress") };
    }
    let delivered = outcome.unwrap_or_else(|e| panic!("{system} {seed}: {e}"));
    let (tickets, files) = bench.server.model(|m| (m.tickets.clone(), m.tickets[0].files.len()));
    assert_eq!((tickets.len(), bench.book.linked.len(), bench.entry()), (1, 1, None), "{system} {seed}");
    assert!(delivered.ticket.id.ends_with(&tickets[0].id.to_string()), "{system} {seed}");
    assert!(files >= 1, "{system} {seed}: the file is lost");
    // Systems that tell which files they have get each of them once.
    assert!(files == 1 || ["glpi", "itop"].contains(&system), "{system} {seed}: {files} files");
    met.load(Ordering::Relaxed)
}

fn trials(each: u64, first_seed: u64) -> u64 {
    SYSTEMS.into_iter().map(|system| (0..each).map(|n| trial(system, first_seed + n, 8)).sum::<u64>()).sum()
}

#[test]
fn random_faults_neither_double_nor_lose_a_ticket() {
    let met = trials(3, 1);
    assert!(met > 24, "{met} faults are too few to say anything");
}

/// `cargo test --release -p faultscope-push --test trial -- --ignored --nocapture`: more than 1000 faults, in some minutes.
#[test]
#[ignore = "long"]
fn a_thousand_random_faults_neither_double_nor_lose_a_ticket() {
    let met = trials(40, 1000);
    println!("{met} faults in {} pushes", 40 * SYSTEMS.len());
    assert!(met >= 1000);
}
