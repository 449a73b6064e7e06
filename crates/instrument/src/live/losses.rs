//! The account of what a stream lost, and the caveats that a capture made of it carries.

use faultscope_capture::{Caveat, CaveatKind};

use super::Missing;

/// Gaps whose places are kept.
const MOST_GAPS: usize = 64;

/// What told of a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// The time stamps of the device jumped.
    TimeStamps,
    /// The device said that it overflowed.
    Overflow,
    /// Our ring was full: the analysis was too slow.
    RingFull,
    /// The device went and came back.
    Reconnected,
    /// The counter of the test mode jumped.
    Counter,
    /// Lines or readings that were none.
    Unreadable,
}

impl Loss {
    /// Its name in results.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::TimeStamps => "time_stamps",
            Self::Overflow => "overflow",
            Self::RingFull => "ring_full",
            Self::Reconnected => "reconnected",
            Self::Counter => "counter",
            Self::Unreadable => "unreadable",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::TimeStamps => "jump of the time stamps",
            Self::Overflow => "overflow reported by the device",
            Self::RingFull => "ring full because the computer was too slow",
            Self::Reconnected => "device gone and back",
            Self::Counter => "jump of the test counter",
            Self::Unreadable => "unreadable line or reading",
        }
    }
}

/// One gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// First missing frame, from the start of the stream by the device's clock.
    pub at: u64,
    /// How many; 0 when the device did not say.
    pub frames: u64,
    /// What told of it.
    pub loss: Loss,
}

/// What a stream lost so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Losses {
    rate_hz: f64,
    /// Number of gaps and frames lost in them, for each kind that occurred.
    pub counts: Vec<(Loss, u64, u64)>,
    /// The first gaps.
    pub gaps: Vec<Gap>,
    /// Reads that brought nothing in time.
    pub time_outs: u64,
    /// Frames that are missing by our clock, beyond those in the gaps.
    pub missing: Missing,
}

impl Losses {
    /// Nothing yet.
    #[must_use]
    pub const fn new(rate_hz: f64) -> Self {
        Self { rate_hz, counts: Vec::new(), gaps: Vec::new(), time_outs: 0, missing: Missing { least: 0, most: 0 } }
    }

    /// Notes a gap.
    pub fn note(&mut self, loss: Loss, at: u64, frames: u64) {
        match self.counts.iter_mut().find(|(kind, ..)| *kind == loss) {
            Some((_, gaps, lost)) => {
                *gaps += 1;
                *lost = lost.saturating_add(frames);
            }
            None => self.counts.push((loss, 1, frames)),
        }
        if self.gaps.len() < MOST_GAPS {
            self.gaps.push(Gap { at, frames, loss });
        }
    }

    /// Gaps and frames lost of one kind.
    #[must_use]
    pub fn of(&self, loss: Loss) -> (u64, u64) {
        self.counts.iter().find(|(kind, ..)| *kind == loss).map_or((0, 0), |(_, gaps, lost)| (*gaps, *lost))
    }

    /// Frames lost, as far as it is known: at least so many.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.counts.iter().map(|(.., lost)| lost).sum::<u64>().saturating_add(self.missing.least)
    }

    /// Whether anything was lost.
    #[must_use]
    pub fn any(&self) -> bool {
        !self.counts.is_empty() || self.missing.least > 0
    }

    /// The reasons to trust a capture of this stream less.
    #[must_use]
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats: Vec<Caveat> = self
            .counts
            .iter()
            .map(|(loss, gaps, lost)| {
                let kind = if *loss == Loss::Unreadable { CaveatKind::Inconsistent } else { CaveatKind::LostSamples };
                Caveat::new(kind, format!("{lost} samples lost in {gaps} gaps while recording: {}", loss.words()))
            })
            .collect();
        if self.missing.least > 0 {
            let Missing { least, most } = self.missing;
            let seconds = |frames: u64| frames as f64 / self.rate_hz;
            let detail = format!(
                "{least} to {most} samples ({:.3} to {:.3} s) did not arrive, by this computer's clock; where is not known",
                seconds(least),
                seconds(most),
            );
            caveats.push(Caveat::new(CaveatKind::LostSamples, detail));
        }
        if self.time_outs > 0 && self.any() {
            let detail = format!("{} reads of the device timed out", self.time_outs);
            caveats.push(Caveat::new(CaveatKind::LostSamples, detail));
        }
        caveats
    }
}
