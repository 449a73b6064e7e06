//! Exchanging two stores under kills: the trial, whatever the stores are built on.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use faultscope_case::sync::{By, Synced, sync};
use faultscope_case::{Access, SqliteStore, Store};

use crate::contract::{AT, attach, call, note};

pub(crate) const CHILD: &str = "FAULTSCOPE_SYNC_CHILD";

pub(crate) const BY: By<'static> = By { at: AT, actor: "sync", tool: "t" };

/// Opens the store at an address as a program would that comes back after a fall.
pub(crate) fn open(address: &str) -> Box<dyn Store> {
    #[cfg(feature = "postgres")]
    if address.starts_with("postgres:") {
        return Box::new(
            faultscope_case::TeamStore::open(address, Access::Write, &|name| std::env::var(name).ok()).unwrap(),
        );
    }
    Box::new(SqliteStore::open(address.as_ref(), Access::Create).unwrap())
}

pub(crate) fn exchange(here: &str, there: &str) -> Synced {
    sync(open(here).as_mut(), open(there).as_mut(), BY, &mut |_| {}).unwrap()
}

/// What the second program does; nothing when the tests are run as tests.
pub(crate) fn child_main() {
    let Ok(addresses) = std::env::var(CHILD) else { return };
    let (here, there) = addresses.split_once('\n').unwrap();
    let (mut here, mut there) = (open(here), open(there));
    say("ready");
    sync(here.as_mut(), there.as_mut(), BY, &mut |ids| ids.iter().for_each(|id| say(id))).unwrap();
    say("done");
}

pub(crate) fn say(what: &str) {
    tell(&format!("ack {what}"));
}

pub(crate) fn tell(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// This binary again, exchanging the two stores.
fn child(here: &str, there: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child_main", "--exact", "--nocapture"]).env(CHILD, format!("{here}\n{there}"));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// Work on every case of a store, and a new one; the ids of the events and the digests of the files that were acknowledged.
fn work(address: &str, actor: &str, round: usize) -> (Vec<String>, Vec<String>) {
    let mut store = open(address);
    let (mut events, mut files) = (vec![store.create(call(&format!("{actor} {round}"))).unwrap().id], Vec::new());
    for id in store.case_ids().unwrap().into_iter().rev().take(6) {
        for n in 0..2 {
            let stored = store.append(&id, None, vec![note(actor, &format!("{round} {n}"))]).unwrap();
            events.extend(stored.into_iter().map(|e| e.id));
        }
        let bytes = format!("{actor} {round} {id} ").repeat(3000);
        let event = attach(store.as_mut(), &id, "a.wav", bytes.as_bytes()).unwrap();
        events.push(event.id);
        files.push(store.case(&id, AT).unwrap().evidence.pop().unwrap().sha256);
    }
    (events, files)
}

/// Everything that a store can prove: events, and files that are what they were.
fn proved(address: &str, at: &str) -> BTreeSet<String> {
    let store = open(address);
    let mut have = BTreeSet::new();
    for id in store.case_ids().unwrap() {
        let proof = store.verify(&id).unwrap();
        assert!(proof.is_intact(), "{at}: {:?}", proof.differences);
        have.extend(proof.have);
        have.extend(store.case(&id, AT).unwrap().evidence.into_iter().map(|e| e.sha256));
    }
    have
}

/// How often something is killed in a long run: `FAULTSCOPE_KILLS`, else `usual`.
pub(crate) fn kills(usual: usize) -> usize {
    std::env::var("FAULTSCOPE_KILLS").map_or(usual, |n| n.parse().unwrap())
}

/// Knuth's MMIX generator: any will do.
pub(crate) fn random(last: u64) -> u64 {
    last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// Kills exchanges of new stores, ten of each pair, and says what came of it.
pub(crate) fn outlives_many(fresh: impl Fn() -> (tempfile::TempDir, String, String)) {
    let (mut known, mut cut) = (0, 0);
    let kills = kills(100);
    for seed in 0..kills.div_ceil(10) {
        let (_keep, here, there) = fresh();
        let (steps, middle) = outlives(&here, &there, 10.min(kills - 10 * seed), seed as u64);
        (known, cut) = (known + steps, cut + middle);
    }
    let said = format!("{kills} kills, {cut} in the middle of the exchange, {known} acknowledged steps, none lost");
    tell(&said);
}

/// Kills an exchange at `rounds` moments; how many steps had been acknowledged before, and how often the kill
/// came after the first step and before the end.
pub(crate) fn outlives(here: &str, there: &str, rounds: usize, seed: u64) -> (usize, usize) {
    let (mut chance, mut cut) = (seed, 0);
    let mut known = [BTreeSet::new(), BTreeSet::new()];
    for round in 0..rounds {
        for (n, address, actor) in [(0, here, "field"), (1, there, "office")] {
            let (events, files) = work(address, actor, round);
            known[n].extend(events);
            known[n].extend(files);
        }
        let mut other = child(here, there);
        let lines = BufReader::new(other.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = lines.filter_map(|line| line.split("ack ").nth(1).map(str::to_owned));
        assert_eq!(said.next().as_deref(), Some("ready"));
        chance = random(chance);
        // Between two of its steps, wherever that is: after some were acknowledged, and a while.
        let mut acknowledged: Vec<String> = said.by_ref().take(usize::try_from((chance >> 33) % 20).unwrap()).collect();
        std::thread::sleep(std::time::Duration::from_micros((chance >> 40) % 15_000));
        other.kill().unwrap();
        acknowledged.extend(said);
        other.wait().unwrap();
        if acknowledged.last().is_some_and(|last| last == "done") {
            acknowledged.pop();
        } else {
            cut += usize::from(!acknowledged.is_empty());
        }
        let at = format!("round {round}");
        let have = [proved(here, &at), proved(there, &at)];
        for (known, have) in known.iter().zip(&have) {
            let lost: Vec<_> = known.difference(have).collect();
            assert!(lost.is_empty(), "{at}: {lost:?}");
        }
        for id in acknowledged {
            assert!(have[0].contains(&id) || have[1].contains(&id), "{at}: {id} was acknowledged and is nowhere");
        }
    }
    exchange(here, there);
    let again = exchange(here, there);
    assert!(again.exchanged.is_empty() && again.unchanged == again.cases, "{again:?}");
    let [ours, theirs] = known;
    let all: BTreeSet<String> = ours.union(&theirs).cloned().collect();
    let have = [proved(here, "end"), proved(there, "end")];
    assert_eq!(have[0], have[1]);
    assert!(all.is_subset(&have[0]), "{:?}", all.difference(&have[0]).collect::<Vec<_>>());
    (all.len(), cut)
}
