//! Windows whose spectrum says nothing of the unit: clipped ones, and those that samples are missing from.

use std::ops::Range;

use faultscope_capture::{Caveat, CaveatKind};
use faultscope_instrument::live::Losses;

use super::super::rule::Window;
use crate::Error;

/// The account of windows that rules about lines may not judge, nor learn from.
#[derive(Debug, Default)]
pub(super) struct Spoilt {
    /// Gaps and missing frames that were known when the last window was looked at.
    known: (u64, u64),
    clipped: Count,
    broken: Count,
    windows: u64,
}

#[derive(Debug, Default)]
struct Count {
    windows: u64,
    /// When the first began, and what was said of it.
    first: Option<(f64, String)>,
}

impl Count {
    fn add(&mut self, start_s: f64, detail: &str) {
        self.windows += 1;
        self.first.get_or_insert_with(|| (start_s, detail.to_owned()));
    }
}

impl Spoilt {
    /// Whether a window of these frames is spoilt, given what the stream has lost so far.
    ///
    /// A loss whose place is known spoils the window that it lies in; one that only the clock tells of spoils the window
    /// in which it is told.
    ///
    /// # Errors
    /// When the window cannot be read.
    pub(super) fn look(&mut self, window: &Window<'_>, span: &Range<u64>, losses: &Losses) -> Result<bool, Error> {
        let start_s = span.start as f64 / window.sample_rate_hz;
        let now = known(losses);
        let told = now != self.known;
        self.known = now;
        // A gap in front of the first frame is not inside.
        let inside = losses.gaps.iter().any(|gap| gap.at > span.start && gap.at < span.end);
        let closed = window.spoiled()?;
        if told || inside {
            self.broken.add(start_s, "samples were lost");
        }
        if let Some(gate) = &closed {
            self.clipped.add(start_s, &gate.detail);
        }
        let spoilt = told || inside || closed.is_some();
        self.windows += u64::from(spoilt);
        Ok(spoilt)
    }

    /// How many were.
    pub(super) fn windows(&self) -> u64 {
        self.windows
    }

    /// What it means for the watch, in which so many windows were looked at.
    pub(super) fn caveats(&self, of: u64) -> Vec<Caveat> {
        let counts = [(CaveatKind::Clipped, &self.clipped), (CaveatKind::LostSamples, &self.broken)];
        counts
            .into_iter()
            .filter_map(|(kind, count)| {
                let (start_s, detail) = count.first.as_ref()?;
                let n = count.windows;
                let detail = format!(
                    "{n} of {of} windows were not judged by rules about lines, the first at {start_s:.3} s: {detail}"
                );
                Some(Caveat::new(kind, detail))
            })
            .collect()
    }
}

/// Gaps, and frames that are missing without a place.
pub(super) fn known(losses: &Losses) -> (u64, u64) {
    (losses.counts.iter().map(|(_, gaps, _)| gaps).sum(), losses.missing.least)
}

#[cfg(test)]
mod tests {
    use faultscope_instrument::live::{Loss, Missing};
    use faultscope_signal::{Kind, Unit};

    use super::*;

    fn window(values: &[f32]) -> Window<'_> {
        let (kind, unit) = (Kind::Iq, Unit::FullScale);
        Window { values, kind, unit, sample_rate_hz: 1e3, center_hz: None, full_scale: Some(1.0) }
    }

    #[test]
    fn clipped_windows_and_those_with_a_loss_are_counted_with_the_first() {
        let (mut spoilt, mut losses) = (Spoilt::default(), Losses::new(1e3));
        // A tone that turns by a third of a circle; clipped, one of its three points lies at full scale.
        let tone = |amplitude: f32| -> Vec<f32> {
            let turn = [[1.0, 0.0], [-0.5, 0.866], [-0.5, -0.866]];
            turn.iter().cycle().take(300).flatten().map(|v: &f32| (v * amplitude).clamp(-1.0, 1.0)).collect()
        };
        let (good, clipped) = (tone(0.5), tone(1.5));
        let mut look =
            |values: &[f32], at: u64, losses: &Losses| spoilt.look(&window(values), &(at..at + 300), losses).unwrap();
        assert!(!look(&good, 0, &losses));
        assert!(look(&clipped, 300, &losses));
        assert!(!look(&good, 600, &losses));
        // An overflow without a number at frame 1300 is known before the windows come that lie in front of it.
        losses.note(Loss::Overflow, 1300, 0);
        assert!(look(&good, 900, &losses));
        assert!(look(&good, 1200, &losses));
        assert!(!look(&good, 1500, &losses));
        losses.missing = Missing { least: 5, most: 9 };
        assert!(look(&clipped, 1800, &losses));
        assert!(!look(&good, 2100, &losses));
        assert_eq!(spoilt.windows(), 4);
        let said: Vec<(CaveatKind, String)> = spoilt.caveats(8).into_iter().map(|c| (c.kind, c.detail)).collect();
        assert_eq!((said[0].0, said[1].0), (CaveatKind::Clipped, CaveatKind::LostSamples));
        assert!(said[0].1.starts_with("2 of 8 windows") && said[0].1.contains("0.300 s"), "{said:?}");
        assert!(said[1].1.starts_with("3 of 8 windows") && said[1].1.contains("0.900 s"), "{said:?}");
        assert!(Spoilt::default().caveats(8).is_empty());
    }
}
