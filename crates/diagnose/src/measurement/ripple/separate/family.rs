//! A family of lines over all blocks: its frequency, amplitudes and averaged cycle.

use faultscope_signal::comb::{Complex64, Cycle};

/// A family's sums: amplitudes squared by order, frequency, and phasors relative to the strongest line.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct FamilySums {
    weight: f64,
    frequency: f64,
    frequency_square: f64,
    squares: Vec<f64>,
    aligned: Vec<Complex64>,
}

impl FamilySums {
    pub(super) fn add(&mut self, frequency: f64, phasors: &[Complex64], orders: &[u32], main: usize, weight: f64) {
        self.squares.resize(phasors.len(), 0.0);
        self.aligned.resize(phasors.len(), Complex64::default());
        self.weight += weight;
        self.frequency += weight * frequency;
        self.frequency_square += weight * frequency * frequency;
        // Turned in time so that the main line has phase 0: the cycle is averaged synchronously.
        let turn = phasors.get(main).map_or(0.0, |c| c.arg()) / orders.get(main).map_or(1.0, |&k| f64::from(k));
        for (i, c) in phasors.iter().enumerate() {
            self.squares[i] += weight * c.norm_sqr();
            let back = orders.get(i).map_or(0.0, |&k| f64::from(k)) * turn;
            self.aligned[i] += weight * c * Complex64::from_polar(1.0, -back);
        }
    }

    pub(in super::super) fn frequency(&self) -> f64 {
        self.frequency / self.weight
    }

    /// Spread of the frequency over the blocks.
    pub(in super::super) fn wander(&self) -> f64 {
        (self.frequency_square / self.weight - self.frequency().powi(2)).max(0.0).sqrt()
    }

    /// Root mean square over time of each line's peak amplitude.
    pub(in super::super) fn amplitudes(&self) -> Vec<f64> {
        self.squares.iter().map(|s| (s / self.weight).sqrt()).collect()
    }

    /// The synchronously averaged cycle.
    pub(in super::super) fn cycle(&self, orders: &[u32]) -> Cycle {
        let phasors: Vec<Complex64> = self.aligned.iter().map(|c| c / self.weight).collect();
        Cycle::new(orders, &phasors)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.weight <= 0.0
    }
}
