//! The workers without a window.

use std::time::{Duration, Instant};

use faultscope_door::Class;

use super::*;

/// Collects messages until the job is over.
fn until_over(workers: &mut Workers, job: JobId) -> Vec<Message> {
    let begun = Instant::now();
    let mut all = Vec::new();
    while begun.elapsed() < Duration::from_secs(60) {
        match workers.poll() {
            Some(Message::Over(id)) if id == job => return all,
            Some(message) => all.push(message),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("the job is not over; so far: {all:?}");
}

fn open(workers: &mut Workers, id: CaptureId, address: &str) -> (JobId, Progress) {
    workers.capture(CaptureJob::Open { id, source: Source::Simulated(address.into()) })
}

#[test]
fn a_capture_is_opened_drawn_and_measured_off_the_interface_thread() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    let mut workers = Workers::start(move || {
        count.fetch_add(1, Ordering::Relaxed);
        assert_eq!(std::thread::current().name(), Some("faultscope-captures"));
    });
    let (job, progress) = open(&mut workers, 7, "sim:tx-healthy");
    let messages = until_over(&mut workers, job);
    let [Message::Opened(7, path, viewer, facts), Message::Drawn(7, overview, levels)] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert_eq!(viewer.facts(), *facts);
    assert_eq!(overview.frames, facts.frames);
    assert_eq!(overview.bands.len(), 2);
    assert!(levels.db.iter().any(|v| v.is_finite()));
    // The spectrum leaves the frames out that no longer fill a transform.
    assert!(progress.fraction().is_some_and(|f| f > 0.6));
    let measure = CaptureJob::Measure { id: 7, path: path.clone(), by: None, request: Box::default() };
    let (job, _) = workers.capture(measure);
    let messages = until_over(&mut workers, job);
    let [Message::Measured(7, Some(result))] = &messages[..] else { panic!("{messages:?}") };
    assert!(result.spurs.is_some() && !result.readings.is_empty());
    assert!(woken.load(Ordering::Relaxed) >= 5, "every message wakes the interface");
    let path = path.clone();
    drop(workers);
    assert!(!path.exists(), "simulated captures go away with the workers");
}

#[test]
fn a_job_that_is_cancelled_before_it_begins_ends_without_a_result() {
    let mut workers = Workers::start(|| {});
    let (first, _) = open(&mut workers, 1, "sim:tx-healthy");
    let (second, progress) = open(&mut workers, 2, "sim:tx-healthy");
    progress.cancel();
    let messages = until_over(&mut workers, second);
    assert!(messages.iter().any(|m| matches!(m, Message::Over(id) if *id == first)));
    assert!(!messages.iter().any(|m| matches!(m, Message::Opened(2, ..) | Message::Drawn(2, ..))));
}

#[test]
fn a_failure_is_a_message_with_what_to_do() {
    let mut workers = Workers::start(|| {});
    let (job, _) = open(&mut workers, 3, "sim:no-such-model");
    let messages = until_over(&mut workers, job);
    let [Message::Failed(3, error)] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(error.class, Class::Usage);
    assert!(!error.hint.is_empty());
}

#[test]
fn many_jobs_never_block_the_interface_and_all_end() {
    let mut workers = Workers::start(|| {});
    let mut last = 0;
    for id in 0..200 {
        last = open(&mut workers, id, "sim:no-such-model").0;
    }
    let messages = until_over(&mut workers, last);
    assert_eq!(messages.iter().filter(|m| matches!(m, Message::Failed(..))).count(), 200);
}
