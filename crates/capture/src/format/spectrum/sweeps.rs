//! Many sweeps over the same frequencies, summed as they are read: memory by the points of one sweep, not by their number.

use std::collections::BTreeMap;

use faultscope_signal::quantity::{db_from_power, power_from_db};
use faultscope_signal::{SweptSpectrum, Unit};

use super::MAX_POINTS;

/// The points from one frequency to another that are swept at once.
struct Block {
    low_hz: f64,
    high_hz: f64,
    passes: u64,
    points: Vec<Point>,
}

#[derive(Clone, Copy)]
struct Point {
    power: f64,
    high: f64,
    low: f64,
    count: u32,
}

impl Point {
    const EMPTY: Self = Self { power: 0.0, high: f64::NEG_INFINITY, low: f64::INFINITY, count: 0 };

    fn add(&mut self, level: f64) {
        // A level that is no number says nothing; minus infinity is no power at all, and counts.
        if level.is_nan() || level == f64::INFINITY {
            return;
        }
        self.power += power_from_db(level);
        self.high = self.high.max(level);
        self.low = self.low.min(level);
        self.count = self.count.saturating_add(1);
    }

    fn average(self) -> f64 {
        match self.count {
            0 => f64::NAN,
            // One level is its own average, to the last digit.
            1 => self.high,
            n => db_from_power(self.power / f64::from(n)),
        }
    }
}

/// Why a block could not be taken in.
pub(super) enum Refused {
    /// The same frequencies had another number of points before.
    Uneven(usize),
    /// All blocks together have too many points.
    TooMany,
}

/// The sum of all sweeps.
#[derive(Default)]
pub(super) struct Sweeps {
    /// By the bits of the lower edge, whose order is that of the frequencies: they are not negative.
    blocks: BTreeMap<u64, Block>,
    points: usize,
}

impl Sweeps {
    /// Takes in levels of evenly spaced points that begin at `low_hz` and whose last step ends at `high_hz`.
    pub(super) fn add(&mut self, low_hz: f64, high_hz: f64, levels: &[f64]) -> Result<(), Refused> {
        let points = &mut self.points;
        if !self.blocks.contains_key(&low_hz.to_bits()) {
            *points = points.saturating_add(levels.len());
            if *points > MAX_POINTS {
                return Err(Refused::TooMany);
            }
        }
        let block = self.blocks.entry(low_hz.to_bits()).or_insert_with(|| Block {
            low_hz,
            high_hz,
            passes: 0,
            points: vec![Point::EMPTY; levels.len()],
        });
        if block.points.len() != levels.len() || block.high_hz != high_hz {
            return Err(Refused::Uneven(block.points.len()));
        }
        block.passes += 1;
        block.points.iter_mut().zip(levels).for_each(|(p, level)| p.add(*level));
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// One spectrum of all blocks from low to high, and the points that were left out because blocks overlap.
    pub(super) fn finish(self, unit: Unit) -> (SweptSpectrum, usize) {
        let sweeps = self.blocks.values().map(|b| b.passes).max().unwrap_or(0);
        let several = sweeps > 1;
        let (mut frequency_hz, mut average, mut max, mut min) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut span, mut left_out) = ((f64::NAN, f64::NAN), 0);
        for block in self.blocks.into_values() {
            let step = (block.high_hz - block.low_hz) / block.points.len() as f64;
            for (k, point) in block.points.into_iter().enumerate() {
                let hz = block.low_hz + k as f64 * step;
                // A thousandth of a step is rounding of the edges, not an overlap.
                if frequency_hz.last().is_some_and(|last| hz <= last + 1e-3 * step) {
                    left_out += 1;
                    continue;
                }
                frequency_hz.push(hz);
                average.push(point.average());
                let known = |level: f64| if point.count > 0 { level } else { f64::NAN };
                if several {
                    max.push(known(point.high));
                    min.push(known(point.low));
                }
            }
            span = (if span.0.is_nan() { block.low_hz } else { span.0 }, span.1.max(block.high_hz));
        }
        let spectrum = SweptSpectrum {
            span_hz: span,
            max_db: several.then_some(max),
            min_db: several.then_some(min),
            sweeps,
            ..SweptSpectrum::single("", frequency_hz, average, unit)
        };
        (spectrum, left_out)
    }
}
