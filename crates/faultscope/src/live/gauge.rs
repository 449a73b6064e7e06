//! The readings of a live source: its last samples, measured and judged now and then on a thread of their own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use faultscope_diagnose::measurement::{self, Measured, Settings};
use faultscope_diagnose::{Finding, Gate, LimitSet, Reading, judge, judge::applies};
use faultscope_instrument::live::StreamInfo;

use super::rule::Window;
use crate::Error;
use crate::analyse::measurement_of;

/// What was measured of a live source at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauged {
    /// The measurement.
    pub measurement: &'static str,
    /// Seconds that were measured.
    pub seconds: f64,
    /// Readings.
    pub readings: Vec<Reading>,
    /// What the limits say of them.
    pub findings: Vec<Finding>,
    /// Quality gates of these samples.
    pub gates: Vec<Gate>,
    /// Why nothing could be measured.
    pub error: Option<Error>,
}

/// Samples to measure.
struct Job {
    values: Vec<f32>,
    packs: Vec<LimitSet>,
}

/// The thread that measures, and when it is asked again.
pub(super) struct Gauge {
    jobs: SyncSender<Job>,
    answers: Receiver<Gauged>,
    every: Duration,
    asked: Instant,
    busy: bool,
    packs: Vec<LimitSet>,
}

impl Gauge {
    /// A gauge for a stream; nothing where no measurement fits or there is no thread to be had.
    pub(super) fn start(info: &StreamInfo, every: Duration) -> Option<Self> {
        let measurement = measurement_of(info.datatype.kind(), info.unit)?;
        let (jobs, work) = sync_channel::<Job>(1);
        let (sender, answers) = sync_channel(1);
        let info = info.clone();
        let body = move || {
            for job in work {
                if sender.send(gauged(measurement, &info, &job)).is_err() {
                    break;
                }
            }
        };
        std::thread::Builder::new().name("faultscope-gauge".into()).spawn(body).ok()?;
        Some(Self { jobs, answers, every, asked: Instant::now(), busy: false, packs: Vec::new() })
    }

    /// Judges by these packs from now on.
    pub(super) fn judge_by(&mut self, packs: Vec<LimitSet>) {
        self.packs = packs;
    }

    /// Whether samples are wanted: a gauge that is still at work waits for the next time.
    pub(super) fn is_due(&self) -> bool {
        !self.busy && self.asked.elapsed() >= self.every
    }

    /// Hands samples over.
    pub(super) fn measure(&mut self, values: Vec<f32>) {
        self.asked = Instant::now();
        self.busy = self.jobs.try_send(Job { values, packs: self.packs.clone() }).is_ok();
    }

    /// The answer, when it has come.
    pub(super) fn answer(&mut self) -> Option<Gauged> {
        let answer = self.answers.try_recv().ok()?;
        self.busy = false;
        Some(answer)
    }
}

fn gauged(measurement: &'static str, info: &StreamInfo, job: &Job) -> Gauged {
    let window = Window { values: &job.values, ..Window::like(info) };
    let seconds = (job.values.len() / info.datatype.kind().components()) as f64 / info.sample_rate_hz;
    let none =
        Gauged { measurement, seconds, readings: Vec::new(), findings: Vec::new(), gates: Vec::new(), error: None };
    let Some(plug) = measurement::by_id(measurement) else { return none };
    match plug.measure(&window.trace(), &[], &Settings::default()) {
        Ok(measured) => Gauged::of(measured, seconds, &job.packs),
        Err(error) => Gauged { error: Some(crate::opened::measure_error(error)), ..none },
    }
}

impl Gauged {
    /// A measurement, judged by those of the packs that have a limit for it.
    pub(super) fn of(measured: Measured, seconds: f64, packs: &[LimitSet]) -> Self {
        let measurement = measured.measurement;
        let packs: Vec<LimitSet> =
            packs.iter().filter(|p| applies(measurement, std::slice::from_ref(p))).cloned().collect();
        let findings = judge(&measured, &packs);
        Self { measurement, seconds, readings: measured.readings, findings, gates: measured.gates, error: None }
    }
}
