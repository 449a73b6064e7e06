//! What `watch` is asked for and what it prints.

use std::path::PathBuf;

use faultscope_capture::Caveat;
use faultscope_diagnose::Verdict;
use serde::{Deserialize, Serialize};

use super::super::{Ended, LossNotice, Rule};
use crate::Class;
use crate::result::InputError;

/// What to watch for.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchRequest {
    /// The source.
    pub address: String,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Folder of the recordings; nothing keeps none.
    pub folder: Option<PathBuf>,
    /// Seconds before an event that are kept.
    pub before_s: f64,
    /// Seconds after it.
    pub after_s: f64,
    /// Length of one window.
    pub window_s: f64,
    /// How long; nothing is until it is interrupted.
    pub duration_s: Option<f64>,
    /// Events after which it ends.
    pub most_events: Option<usize>,
    /// Bytes of recordings that are kept at most.
    pub keep_bytes: u64,
    /// How long a device that has gone is waited for.
    pub reconnect_s: f64,
    /// Bytes that wait in memory at most.
    pub ring_bytes: usize,
    /// Threads of one measurement.
    pub threads: usize,
    /// Where `new-spur` learns what is usual.
    pub learn: Learn,
}

/// Where the rule `new-spur` learns the lines that are no news.
#[derive(Debug, Clone, PartialEq)]
pub enum Learn {
    /// From the first seconds of the stream.
    Seconds(f64),
    /// From a capture of the same source with the same settings.
    File(PathBuf),
}

/// What `watch` prints at its end.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WatchDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The source.
    pub address: String,
    /// Maker and model, as the device says.
    pub instrument: String,
    /// Frames looked at.
    pub samples: u64,
    /// How long that took by the clock.
    pub elapsed_s: f64,
    /// Frames per second of the source.
    pub sample_rate_hz: f64,
    /// Windows judged.
    pub windows: u64,
    /// What happened.
    pub events: Vec<WatchEvent>,
    /// Frames that were lost, as far as it is known.
    pub lost_samples: u64,
    /// Rules that were never judged, because the watch ended before they had learnt.
    pub not_judged: Vec<String>,
    /// Windows that rules about lines did not judge, because they were clipped or samples were missing from them.
    pub invalid_windows: u64,
    /// `fail` with an event; `invalid` where windows were, or an event with a loss in it; `not_evaluated` where a rule was
    /// never judged or samples were lost.
    pub verdict: Verdict,
    /// Reasons to trust it less.
    pub caveats: Vec<Caveat>,
    /// How it ended.
    pub ended: Ended,
    /// What ended it early.
    pub error: Option<InputError>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WatchEvent {
    /// The rule.
    pub rule: String,
    /// From the start of the stream, by the source's clock.
    pub start_s: f64,
    /// The time of day.
    pub time: String,
    /// What was found.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Where in the spectrum, for the rules that look there.
    pub frequency_hz: Option<f64>,
    /// The recording; empty when there was no room or none was asked for.
    pub files: Vec<String>,
    /// The case it was attached to.
    pub case: Option<String>,
    /// `fail`, or `invalid` for a line that a loss of samples, told of shortly after it, may have made.
    pub verdict: Verdict,
}

impl WatchDocument {
    /// What the events and the doubts come to.
    pub(super) fn judged(&self) -> Verdict {
        let invalid = (self.invalid_windows > 0).then_some(Verdict::Invalid);
        let doubt = (self.lost_samples > 0 || !self.not_judged.is_empty()).then_some(Verdict::NotEvaluated);
        let events = self.events.iter().map(|e| e.verdict);
        Verdict::worst(events.chain(invalid).chain(doubt)).unwrap_or(Verdict::Pass)
    }

    /// The exit code: an event is a `fail`; a loss, windows that could not be judged, or a rule that never was, make
    /// silence doubtful.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.ended {
            Ended::DeviceGone => Class::Device.exit_code(),
            Ended::Storage => Class::Storage.exit_code(),
            Ended::Interrupted => Class::Interrupted.exit_code(),
            _ => match self.verdict {
                Verdict::Fail => 1,
                Verdict::Pass | Verdict::Margin => 0,
                Verdict::Invalid | Verdict::NotEvaluated => Class::Input.exit_code(),
            },
        }
    }
}

/// What is told of while a watch runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told<'a> {
    /// Something happened, and its recording is complete.
    Event(&'a WatchEvent),
    /// Samples were lost.
    Loss(&'a LossNotice),
}

/// One line of `watch --json` before the last, which is the [`WatchDocument`].
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WatchLine {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// `event` or `loss`: which of the two is there.
    pub line: String,
    /// What happened.
    pub event: Option<WatchEvent>,
    /// What was lost.
    pub loss: Option<LossNotice>,
}

impl From<Told<'_>> for WatchLine {
    fn from(told: Told<'_>) -> Self {
        let (line, event, loss) = match told {
            Told::Event(event) => ("event", Some(event.clone()), None),
            Told::Loss(loss) => ("loss", None, Some(loss.clone())),
        };
        Self { schema: "faultscope/1".into(), command: "watch".into(), line: line.into(), event, loss }
    }
}
