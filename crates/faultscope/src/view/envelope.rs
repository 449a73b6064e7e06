//! A waveform reduced to columns of minimum and maximum.

use faultscope_signal::lanes::extremes;
use faultscope_signal::wide::wide;

/// Most columns of an envelope: several for each of the widest screen.
const MOST_COLUMNS: usize = 32_768;

/// The smallest and largest value of each column of one component.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Band {
    /// `I`, `Q`, or the name of the channel.
    pub name: String,
    /// Smallest value per column; NaN where a column holds no finite value.
    pub low: Vec<f64>,
    /// Largest value per column; NaN where a column holds no finite value.
    pub high: Vec<f64>,
}

/// A stretch of a waveform, reduced to columns of minimum and maximum, so that a narrow spike is never lost.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Envelope {
    /// First frame.
    pub first: u64,
    /// Number of frames that the columns cover.
    pub frames: u64,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// One band per component: one for real records, I and Q for I/Q.
    pub bands: Vec<Band>,
}

impl Envelope {
    /// Columns without a value: at most `columns`, and no more than frames.
    pub(super) fn empty(names: Vec<String>, sample_rate_hz: f64, first: u64, frames: u64, columns: usize) -> Self {
        let width = usize::try_from(frames).unwrap_or(usize::MAX).min(columns.clamp(1, MOST_COLUMNS));
        let none = vec![f64::NAN; width];
        let bands = names.into_iter().map(|name| Band { name, low: none.clone(), high: none.clone() }).collect();
        Self { first, frames, sample_rate_hz, bands }
    }

    /// Of values in memory, interleaved where there are several names.
    pub(crate) fn of_values(
        values: &[f32],
        names: Vec<String>,
        sample_rate_hz: f64,
        first: u64,
        columns: usize,
    ) -> Self {
        let parts = names.len().max(1);
        let mut envelope = Self::empty(names, sample_rate_hz, first, (values.len() / parts) as u64, columns);
        envelope.widen_fast(0, values);
        envelope
    }

    /// Takes further frames in, the first of which is so many behind the envelope's first.
    pub(super) fn widen(&mut self, from: u64, values: &[f64]) {
        let parts = self.bands.len().max(1);
        self.each_column(from, values, |bands, column, values| {
            for frame in values.chunks_exact(parts) {
                bands.iter_mut().zip(frame).for_each(|(band, value)| band.widen(column, *value));
            }
        });
    }

    /// The same for many frames of one or two components, side by side.
    pub(super) fn widen_fast(&mut self, from: u64, values: &[f32]) {
        let single = self.bands.len() == 1;
        self.each_column(from, values, |bands, column, values| {
            let [even, odd] = wide(
                #[inline(always)]
                || extremes(values),
            );
            let both = (even.0.min(odd.0), even.1.max(odd.1));
            let of = if single { [both, both] } else { [even, odd] };
            for (band, (low, high)) in bands.iter_mut().zip(of) {
                band.widen(column, f64::from(low));
                band.widen(column, f64::from(high));
            }
        });
    }

    /// Hands the values on column by column.
    fn each_column<T>(&mut self, from: u64, values: &[T], mut take: impl FnMut(&mut [Band], usize, &[T])) {
        let (width, all) = (self.columns() as u128, u128::from(self.frames.max(1)));
        let parts = self.bands.len().max(1);
        let mut rest = values;
        let mut at = u128::from(from);
        while !rest.is_empty() && width > 0 {
            let column = at * width / all;
            // The first frame of the next column.
            let end = ((column + 1) * all).div_ceil(width);
            let frames = usize::try_from(end - at).unwrap_or(usize::MAX);
            let (these, others) = rest.split_at(frames.saturating_mul(parts).min(rest.len()));
            take(&mut self.bands, usize::try_from(column).unwrap_or(usize::MAX), these);
            (rest, at) = (others, end);
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.bands.first().map_or(0, |b| b.low.len())
    }

    /// Whether every column is one sample.
    #[must_use]
    pub fn is_samples(&self) -> bool {
        self.columns() as u64 == self.frames
    }

    /// Time of a column in seconds from the first sample of the record: of the sample itself, or of the column's middle.
    #[must_use]
    pub fn time_s(&self, column: usize) -> f64 {
        let columns = self.columns().max(1) as f64;
        let within = if self.is_samples() { 0.0 } else { 0.5 };
        (self.first as f64 + (column as f64 + within) * self.frames as f64 / columns) / self.sample_rate_hz
    }

    /// Time of the first frame, and time just after the last one.
    #[must_use]
    pub fn range_s(&self) -> (f64, f64) {
        (self.first as f64 / self.sample_rate_hz, (self.first + self.frames) as f64 / self.sample_rate_hz)
    }
}

impl Band {
    fn widen(&mut self, column: usize, value: f64) {
        if !value.is_finite() {
            return;
        }
        if let (Some(low), Some(high)) = (self.low.get_mut(column), self.high.get_mut(column)) {
            *low = low.min(value);
            *high = high.max(value);
        }
    }
}
