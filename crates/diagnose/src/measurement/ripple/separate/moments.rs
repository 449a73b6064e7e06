//! Moments of a stream.

use faultscope_signal::lanes::{self, dot, fourth};

/// Moments of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(in super::super) struct Moments {
    pub(in super::super) n: f64,
    pub(super) sum: f64,
    squares: f64,
    fourth: f64,
}

impl Moments {
    /// Of so many zeros.
    pub(super) fn zeros(n: usize) -> Self {
        Self { n: n as f64, ..Self::default() }
    }

    /// Of a slice.
    #[inline(always)]
    pub(super) fn of(values: &[f64]) -> Self {
        Self { n: values.len() as f64, sum: lanes::sum(values), squares: dot(values, values), fourth: fourth(values) }
    }

    #[inline(always)]
    pub(super) fn merge(&mut self, other: Self) {
        self.n += other.n;
        self.sum += other.sum;
        self.squares += other.squares;
        self.fourth += other.fourth;
    }

    pub(in super::super) fn mean_square(&self) -> f64 {
        if self.n > 0.0 { self.squares / self.n } else { 0.0 }
    }

    pub(in super::super) fn variance(&self) -> f64 {
        if self.n > 0.0 { (self.mean_square() - (self.sum / self.n).powi(2)).max(0.0) } else { 0.0 }
    }

    /// Fourth moment over the square of the second; 0 of nothing.
    pub(in super::super) fn kurtosis(&self) -> f64 {
        let square = self.mean_square();
        if square > 0.0 { self.fourth / self.n / (square * square) } else { 0.0 }
    }
}
