//! The live source on the screen: how it stands, its last picture, what was held, and its waterfall.

use faultscope_door::Error;
use faultscope_door::live::{Ended, Flow, Source};
use faultscope_door::view::Envelope;

use super::single::Single;
use super::table::Table;
use crate::plot::{Heat, Levels};
use crate::worker::{LiveFrame, LiveNews};

/// Rows of the waterfall: half a minute at ten a second, and more than the picture is high.
const ROWS: usize = 320;
/// Seconds without a sample after which a source counts as silent.
pub(crate) const SILENT_S: f64 = 1.5;
/// Decibels that the top or the bottom of the picture may be off before it moves.
const SLACK_DB: f64 = 12.0;

/// How a live source stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    /// Asked for, and no answer yet.
    Connecting,
    /// Samples come.
    Running,
    /// It ended as it should.
    Ended,
    /// It could not be opened, or has gone.
    Gone(Error),
}

/// A live source.
#[derive(Debug)]
pub(crate) struct Live {
    /// Number of the connection: news of an older one are not its.
    pub(crate) session: u64,
    /// Its address.
    pub(crate) address: String,
    /// How it stands.
    pub(crate) stage: Stage,
    /// What it is, once known.
    pub(crate) source: Option<Source>,
    /// The last spectrum.
    pub(crate) levels: Option<Levels>,
    /// The highest level since it was connected or the hold was begun anew.
    pub(crate) held_db: Vec<f64>,
    /// The last samples.
    pub(crate) waveform: Envelope,
    /// Levels over time.
    pub(crate) heat: Option<Heat>,
    /// Frames that came.
    pub(crate) samples: u64,
    /// Seconds without a sample.
    pub(crate) quiet_s: f64,
    /// Share of values at full scale in the last picture, and the largest so far.
    pub(crate) clipped: (f64, f64),
    /// Frames lost.
    pub(crate) lost_samples: u64,
    /// Gaps.
    pub(crate) gaps: u64,
    /// Seconds that a pin keeps.
    pub(crate) kept_s: f64,
    /// Its readings and limits since it was connected.
    pub(crate) table: Table,
    /// The frame that is gone back to; what comes now when not given.
    pub(crate) back: Option<u64>,
    /// The frame after the last one that is shown, and after the last that came.
    pub(crate) shown_end: u64,
    pub(crate) end: u64,
    /// Whether the pictures stand still; what comes is kept all the same.
    pub(crate) paused: bool,
    /// Whether the highest levels are drawn.
    pub(crate) hold: bool,
    /// What was asked of a source of single records.
    pub(crate) single: Single,
    /// Pins under way.
    pub(crate) pinning: usize,
    /// Range of the spectrum on the screen; everything when not given.
    pub(crate) view: Option<(f64, f64)>,
}

impl Live {
    /// A source that is being connected.
    pub(crate) fn new(session: u64, address: String) -> Self {
        Self {
            session,
            address,
            stage: Stage::Connecting,
            source: None,
            levels: None,
            held_db: Vec::new(),
            waveform: Envelope::default(),
            heat: None,
            samples: 0,
            quiet_s: 0.0,
            clipped: (0.0, 0.0),
            lost_samples: 0,
            gaps: 0,
            kept_s: 0.0,
            table: Table::default(),
            back: None,
            shown_end: 0,
            end: 0,
            paused: false,
            hold: true,
            single: Single::default(),
            pinning: 0,
            view: None,
        }
    }

    /// Whether it may still bring samples.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Connecting | Stage::Running)
    }

    /// Whether it is there but silent: unplugged, or stalled.
    pub(crate) fn is_silent(&self) -> bool {
        self.stage == Stage::Running && self.is_stream() && self.quiet_s >= SILENT_S
    }

    /// Whether samples come by themselves.
    pub(crate) fn is_stream(&self) -> bool {
        self.source.as_ref().is_none_or(|s| s.flow == Flow::Stream)
    }

    /// Seconds between what is shown and what comes.
    pub(crate) fn ago_s(&self) -> f64 {
        let rate = self.source.as_ref().map_or(1.0, |s| s.sample_rate_hz);
        self.end.saturating_sub(self.shown_end) as f64 / rate
    }

    /// The frame that came so many seconds before the last; nothing for none.
    pub(super) fn frame_ago(&self, seconds: f64) -> Option<u64> {
        let rate = self.source.as_ref()?.sample_rate_hz;
        (seconds > 0.0).then(|| self.end.saturating_sub((seconds * rate) as u64))
    }

    /// The measurement that is made of it.
    pub(crate) fn measurement(&self) -> Option<&'static str> {
        self.source.as_ref().and_then(|s| s.measurement)
    }

    /// Whether there is something to pin.
    pub(crate) fn can_pin(&self) -> bool {
        self.is_open() && self.kept_s > 0.0
    }

    /// Takes news in; what was pinned is returned, to be opened.
    pub(super) fn take(&mut self, news: LiveNews) -> Taken {
        match news {
            LiveNews::Begun(source) => {
                self.stage = Stage::Running;
                self.source = Some(*source);
            }
            LiveNews::Frame(frame) => {
                // The same record on another channel is no new one.
                if frame.samples > self.samples {
                    self.single.came();
                }
                self.show(*frame);
            }
            LiveNews::ReadFailed(error) => {
                self.single.failed(error.clone());
                return Taken::Failed(error);
            }
            LiveNews::Gauged(gauged) => self.table.take(&gauged),
            LiveNews::Pinned(path) => {
                self.pinning = self.pinning.saturating_sub(1);
                return Taken::Pinned(path);
            }
            LiveNews::PinFailed(error) => {
                self.pinning = self.pinning.saturating_sub(1);
                return Taken::Failed(error);
            }
            LiveNews::Over(Ok(Ended::Interrupted | Ended::Complete | Ended::SourceEnded)) => self.stage = Stage::Ended,
            LiveNews::Over(Ok(ended)) => {
                let error = Error::usage(format!("the source ended: {ended:?}"), "connect again");
                self.stage = Stage::Gone(error);
            }
            LiveNews::Over(Err(error)) => {
                self.stage = Stage::Gone(error.clone());
                return Taken::Failed(error);
            }
        }
        Taken::Nothing
    }

    fn show(&mut self, frame: LiveFrame) {
        self.samples = frame.samples;
        self.quiet_s = frame.quiet_s;
        self.clipped = (frame.clipped, self.clipped.1.max(frame.clipped));
        (self.lost_samples, self.gaps, self.kept_s) = (frame.lost_samples, frame.gaps, frame.kept_s);
        (self.shown_end, self.end) = (frame.shown_end, frame.end);
        if self.paused {
            return;
        }
        self.waveform = frame.waveform;
        let Some(levels) = frame.levels else { return };
        if self.held_db.len() == levels.max_db.len() {
            self.held_db.iter_mut().zip(&levels.max_db).for_each(|(held, db)| *held = held.max(*db));
        } else {
            self.held_db.clone_from(&levels.max_db);
        }
        // What was gone back to is in the waterfall already.
        let row = if self.back.is_some() { Vec::new() } else { frame.row };
        if self.heat.as_ref().is_none_or(|h| h.columns() != row.len()) && !row.is_empty() {
            self.heat = Some(Heat::new(row.len(), ROWS));
        }
        self.heat.iter_mut().for_each(|heat| heat.push(&row));
        self.levels = Some(self.steady(levels));
    }

    /// The same with the heights of the picture before, unless they no longer fit: a picture that jumps cannot be read.
    fn steady(&self, mut levels: Levels) -> Levels {
        let Some(before) = &self.levels else { return levels };
        let near = |a: f64, b: f64| (a - b).abs() <= SLACK_DB;
        let higher = levels.top_db > before.top_db + 3.0;
        if !higher && near(levels.top_db, before.top_db) && near(levels.bottom_db, before.bottom_db) {
            (levels.top_db, levels.bottom_db) = (before.top_db, before.bottom_db);
        }
        levels
    }
}

/// What news of a live source leave to be done.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing.
    Nothing,
    /// A file to be opened.
    Pinned(std::path::PathBuf),
    /// Something to be said.
    Failed(Error),
}

/// Whether an address names an instrument and not a file.
pub(crate) fn is_instrument(address: &str) -> bool {
    // A simulated instrument behind its driver is no capture either.
    let served = address.strip_prefix("sim:").is_some_and(|sim| sim.split('?').next().is_some_and(|s| s.contains('/')));
    served || ["rtltcp:", "soapy:", "serial:", "tcp:"].iter().any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(row: Vec<f32>, quiet_s: f64) -> LiveNews {
        LiveNews::Frame(Box::new(LiveFrame {
            levels: None,
            row,
            waveform: Envelope::default(),
            samples: 10,
            quiet_s,
            clipped: 0.25,
            lost_samples: 3,
            gaps: 1,
            kept_s: 2.0,
            shown_end: 10,
            end: 10,
        }))
    }

    #[test]
    fn what_was_lost_and_clipped_is_shown_while_the_picture_stands_still() {
        let mut live = Live::new(1, "sim:x".into());
        assert!(live.is_open() && !live.can_pin());
        live.paused = true;
        live.take(frame(vec![-50.0; 4], 0.0));
        assert_eq!((live.lost_samples, live.gaps, live.clipped.1), (3, 1, 0.25));
        assert!(live.can_pin() && live.heat.is_none());
    }

    #[test]
    fn a_source_without_samples_is_silent_and_one_that_broke_off_is_gone() {
        let mut live = Live::new(1, "sim:x".into());
        live.stage = Stage::Running;
        live.take(frame(vec![-50.0; 4], 5.0));
        assert!(live.is_silent());
        live.take(frame(vec![-50.0; 4], 0.0));
        assert!(!live.is_silent());
        let taken = live.take(LiveNews::Over(Err(Error::usage("gone", "plug it in"))));
        assert!(matches!(taken, Taken::Failed(_)) && !live.is_open());
    }

    #[test]
    fn instruments_are_told_from_files() {
        assert!(is_instrument("sim:scope/supply-healthy?rate=20k") && !is_instrument("sim:tx-healthy?file=a/b"));
        assert!(is_instrument("rtltcp://h:1") && is_instrument("serial:///dev/ttyUSB0"));
        assert!(!is_instrument("/tmp/a.csv") && !is_instrument("sim:tx-healthy") && !is_instrument("C:/a.wav"));
    }
}
