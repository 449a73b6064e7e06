//! A server that is killed with all of its processes while two programs attach to one case: nothing acknowledged is lost.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use faultscope_case::{Access, Store as _, StoreError, TeamStore};

use crate::contract::{AT, attach, call, note};
use crate::exchange::{kills, random, say, tell};
use crate::{address, child, env};

const CASE: &str = "FS-2026-0001";

/// What the two programs do: a file, a note, and again, whatever becomes of the server; they say what was acknowledged, and how often
/// they were told no.
pub(crate) fn attach_for_ever(address: &str, name: &str) {
    let mut store = None;
    for n in 0u64.. {
        let done = step(&mut store, address, name, n);
        match done {
            Ok(words) => say(&words),
            // The server is gone; what became of the step is unknown, and not said.
            Err(error) => {
                assert_eq!(error.exit_code(), 5, "{error}");
                say(&format!("refused {}", error.kind()));
                store = None;
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

fn step(store: &mut Option<TeamStore>, address: &str, name: &str, n: u64) -> Result<String, StoreError> {
    let store = match store {
        Some(store) => store,
        None => store.insert(TeamStore::open(address, Access::Write, &env)?),
    };
    let file = format!("{name} {n} ").repeat(500);
    let attached = attach(store, CASE, "a.wav", file.as_bytes())?;
    let noted = store.append(CASE, None, vec![note(name, &format!("{n}"))])?;
    let faultscope_case::EventKind::Attached(files) = &attached.kind else { unreachable!() };
    Ok(format!("stored {} {} {}", attached.id, files.evidence[0].sha256, noted[0].id))
}

/// One of the two, and what it says.
fn program(address: &str, name: &str) -> (std::process::Child, Receiver<String>) {
    let mut program = child(&format!("for ever {name}"), address).spawn().unwrap();
    let out = BufReader::new(program.stdout.take().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        for line in lines.filter_map(|line| line.split("ack ").nth(1).map(str::to_owned)) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    (program, told)
}

/// What the programs said so far.
#[derive(Default)]
struct Told {
    /// Ids of events and digests of files that were acknowledged.
    known: BTreeSet<String>,
    steps: u64,
    refused: u64,
}

impl Told {
    /// Whether it was a step that was acknowledged.
    fn take(&mut self, line: &str) -> bool {
        let Some(stored) = line.strip_prefix("stored ") else {
            self.refused += 1;
            return false;
        };
        self.known.extend(stored.split(' ').map(str::to_owned));
        self.steps += 1;
        true
    }
}

/// `tests/postgres/run.sh crashes`
#[test]
#[ignore = "kills the server: tests/postgres/run.sh runs it by itself"]
fn a_server_that_is_killed_under_two_programs_loses_nothing_acknowledged() {
    let crash = std::env::var("FAULTSCOPE_POSTGRES_CRASH").unwrap();
    let keep = tempfile::tempdir().unwrap();
    let (address, _) = address(&keep);
    TeamStore::init(&address, false, &env).unwrap();
    let open = || TeamStore::open(&address, Access::Write, &env).unwrap();
    open().create(call("down")).unwrap();
    let mut programs = ["one", "two"].map(|name| program(&address, name));
    let mut told = Told::default();
    let mut chance = 1;
    let kills = kills(50);
    for round in 0..kills {
        // Both are at work again.
        for (_, said) in &programs {
            let until = Instant::now() + Duration::from_secs(60);
            loop {
                let line = said.recv_timeout(until - Instant::now()).expect("it goes on after the server came back");
                if told.take(&line) {
                    break;
                }
            }
        }
        chance = random(chance);
        std::thread::sleep(Duration::from_micros((chance >> 40) % 400_000));
        assert!(Command::new(&crash).status().unwrap().success());
        for line in programs.iter().flat_map(|(_, said)| said.try_iter()) {
            told.take(&line);
        }
        let store = open();
        let proof = store.verify(CASE).unwrap();
        assert!(proof.is_intact(), "round {round}: {:?}", proof.differences);
        let mut have: BTreeSet<String> = proof.have.into_iter().collect();
        have.extend(store.case(CASE, AT).unwrap().evidence.into_iter().map(|e| e.sha256));
        let lost: Vec<_> = told.known.difference(&have).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
    for (program, _) in &mut programs {
        assert!(program.try_wait().unwrap().is_none(), "both are still at work");
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let Told { steps, refused, .. } = told;
    let said = format!(
        "{kills} kills of the server, {steps} steps of two events and a file acknowledged, {refused} refused, none lost"
    );
    tell(&said);
}
