//! The best of what the fault library found, while it is read.

use crate::store::Found;

/// The best so far; cut down to `most` now and then, which costs less than at every step.
pub(crate) struct Best {
    most: usize,
    kept: Vec<(f64, Found)>,
    least: f64,
}

impl Best {
    /// At most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, kept: Vec::new(), least: f64::NEG_INFINITY }
    }

    /// What is below this cannot be among them any more.
    pub(crate) fn least(&self) -> f64 {
        self.least
    }

    /// Takes one with its score, if it has one that counts.
    pub(crate) fn take(&mut self, found: Found, score: Option<f64>) {
        let Some(score) = score.filter(|score| *score >= self.least) else { return };
        self.kept.push((score, found));
        if self.kept.len() >= self.most.saturating_mul(2).saturating_add(32) {
            self.sort();
            if let Some((least, _)) = self.kept.last() {
                self.least = *least;
            }
        }
    }

    fn sort(&mut self) {
        self.kept.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.0.cmp(&a.1.0)));
        self.kept.truncate(self.most);
    }

    /// The highest score first, among equals the latest case.
    pub(crate) fn ranked(mut self) -> Vec<Found> {
        self.sort();
        self.kept.into_iter().map(|(_, found)| found).collect()
    }
}
