//! Streams over a scripted reader: losses, ends, coming back.

use std::collections::VecDeque;

use super::*;

enum Step {
    Frames(usize),
    Lost(u64, usize),
    Overflow,
    Fail(DeviceError),
    End,
}

struct Script {
    steps: VecDeque<Step>,
    reopened: bool,
}

impl Reader for Script {
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError> {
        match self.steps.pop_front() {
            Some(Step::Frames(n)) => into.resize(2 * n, 1),
            Some(Step::Lost(lost, n)) => {
                into.resize(2 * n, 1);
                return Ok(Got { lost, loss: Some(Loss::TimeStamps), end: false });
            }
            Some(Step::Overflow) => return Ok(Got { lost: 0, loss: Some(Loss::Overflow), end: false }),
            Some(Step::Fail(error)) => return Err(error),
            Some(Step::End) | None => return Ok(Got { end: true, ..Got::default() }),
        }
        Ok(Got::default())
    }
    fn reopen(&mut self) -> Result<(), DeviceError> {
        if self.reopened { Ok(()) } else { Err(DeviceError::closed("still away")) }
    }
}

fn live(steps: Vec<Step>, options: StreamOptions) -> Live {
    let info = StreamInfo {
        instrument: "script".into(),
        datatype: Datatype::Cu8,
        sample_rate_hz: 1e6,
        center_hz: None,
        unit: Unit::FullScale,
        settings: String::new(),
        paced: false,
        nominal_rate: false,
    };
    let reopened = options.reconnect.is_some();
    Live::start("script", info, Script { steps: steps.into(), reopened }, options).unwrap()
}

fn all(live: &Live) -> (Vec<(u64, usize)>, Option<DeviceError>) {
    let mut blocks = Vec::new();
    loop {
        match live.next(Duration::from_secs(20)) {
            Ok(Next::Block(b)) => blocks.push((b.start, b.bytes.len() / 2)),
            Ok(Next::Quiet | Next::End) => return (blocks, None),
            Err(e) => return (blocks, Some(e)),
        }
    }
}

#[test]
fn gaps_move_the_position_and_are_counted() {
    let steps = vec![Step::Frames(10), Step::Lost(5, 10), Step::Overflow, Step::Frames(3), Step::End];
    let live = live(steps, StreamOptions::default());
    assert_eq!(all(&live), (vec![(0, 10), (15, 10), (25, 3)], None));
    let losses = live.losses();
    assert_eq!((losses.of(Loss::TimeStamps), losses.of(Loss::Overflow)), ((1, 5), (1, 0)));
    assert_eq!((losses.lost(), losses.gaps[0].at), (5, 10));
    assert!(losses.caveats().iter().all(|c| c.kind == faultscope_capture::CaveatKind::LostSamples));
}

#[test]
fn a_time_out_is_tried_again_and_anything_else_ends_the_stream_after_what_came() {
    let gone = DeviceError::closed("gone");
    let steps =
        vec![Step::Frames(1), Step::Fail(DeviceError::timeout("late")), Step::Frames(2), Step::Fail(gone.clone())];
    let live = live(steps, StreamOptions::default());
    assert_eq!(all(&live), (vec![(0, 1), (1, 2)], Some(gone)));
    assert_eq!(live.losses().time_outs, 1);
}

#[test]
fn a_device_that_comes_back_leaves_a_gap() {
    let steps = vec![Step::Frames(1), Step::Fail(DeviceError::closed("gone")), Step::Frames(2), Step::End];
    let options = StreamOptions { reconnect: Some(Duration::from_secs(60)), ..StreamOptions::default() };
    let live = live(steps, options);
    let (blocks, error) = all(&live);
    assert_eq!((blocks.len(), error), (2, None));
    assert_eq!(live.losses().of(Loss::Reconnected).0, 1);
}

#[test]
fn a_ring_that_is_full_drops_and_counts_or_waits() {
    let options = StreamOptions { ring_bytes: 100, ..StreamOptions::default() };
    let steps = || (0..20).map(|_| Step::Frames(25)).chain([Step::End]).collect::<Vec<_>>();
    let slow = live(steps(), options);
    while !slow.thread.as_ref().unwrap().is_finished() {
        std::thread::yield_now();
    }
    assert_eq!(all(&slow).0, [(0, 25), (25, 25)]);
    assert_eq!(slow.losses().of(Loss::RingFull), (18, 450));
    let waiting = live(steps(), StreamOptions { wait_for_room: true, ..options });
    assert_eq!(all(&waiting).0.len(), 20);
    assert!(!waiting.losses().any());
}
