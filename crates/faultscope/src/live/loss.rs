//! Losses told of while a recording or a watch runs, not only at its end.

use faultscope_instrument::live::Losses;
use serde::{Deserialize, Serialize};

/// Seconds of the stream between one notice and the next.
const PAUSE_S: f64 = 1.0;

/// What a stream has lost so far, told of while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LossNotice {
    /// When it was told: seconds since the start of the stream, by the samples that had come.
    pub start_s: f64,
    /// Frames lost since the start: at least so many.
    pub lost_samples: u64,
    /// Frames lost since the start if none that is missing is merely late.
    pub lost_samples_most: u64,
    /// Gaps whose place is known.
    pub gaps: u64,
    /// What told of it: `arrival`, `time_stamps`, `overflow`, `ring_full`, `reconnected`, `counter`, `unreadable`.
    pub told_by: Vec<String>,
}

/// What was told already.
#[derive(Debug, Default)]
pub(super) struct Account {
    lost: u64,
    gaps: u64,
    at_s: Option<f64>,
}

impl Account {
    /// A notice when more was lost than was told of: the first at once, others not closer than a second.
    pub(super) fn news(&mut self, losses: &Losses, at_s: f64) -> Option<LossNotice> {
        let (lost, gaps) = (losses.lost(), losses.counts.iter().map(|(_, gaps, _)| gaps).sum());
        let more = lost > self.lost || gaps > self.gaps;
        if !more || self.at_s.is_some_and(|told| at_s - told < PAUSE_S) {
            return None;
        }
        *self = Self { lost, gaps, at_s: Some(at_s) };
        let missing = losses.missing;
        let told_by = losses.counts.iter().map(|(loss, ..)| loss.id()).chain((missing.least > 0).then_some("arrival"));
        Some(LossNotice {
            start_s: at_s,
            lost_samples: lost,
            lost_samples_most: lost + missing.most.saturating_sub(missing.least),
            gaps,
            told_by: told_by.map(str::to_owned).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use faultscope_instrument::live::{Loss, Missing};

    use super::*;

    #[test]
    fn the_first_loss_is_told_at_once_and_the_next_after_a_pause() {
        let (mut account, mut losses) = (Account::default(), Losses::new(1e6));
        assert_eq!(account.news(&losses, 5.0), None);
        losses.note(Loss::Overflow, 10, 0);
        let first = account.news(&losses, 5.1).unwrap();
        assert_eq!((first.gaps, first.lost_samples, first.told_by), (1, 0, vec!["overflow".to_owned()]));
        assert_eq!(account.news(&losses, 9.0), None);
        losses.missing = Missing { least: 100, most: 150 };
        let second = account.news(&losses, 9.1).unwrap();
        assert_eq!((second.lost_samples, second.lost_samples_most), (100, 150));
        assert_eq!(second.told_by, ["overflow", "arrival"]);
        losses.missing = Missing { least: 200, most: 250 };
        assert_eq!(account.news(&losses, 10.0), None);
        assert_eq!(account.news(&losses, 10.2).unwrap().lost_samples, 200);
    }
}
