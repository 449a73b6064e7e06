//! Waterfalls: levels over time and frequency, with both axes, of records of any length.

use ndarray::Array2;

use crate::record::Record;
use crate::spectrum::{
    BlockSum, Float, Keep, Precision, Spectrum, SpectrumSettings, Start, Total, Worker, all_skipped, check, hop,
};
use crate::threads::{Progress, Stop, in_order};

/// Largest picture: 32 MiB of levels.
const MAX_CELLS: usize = 8 << 20;

/// How to make a waterfall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaterfallSettings {
    /// Segments: length, window and overlap.
    pub spectrum: SpectrumSettings,
    /// Rows of the picture; a record with fewer segments gives fewer.
    pub rows: usize,
    /// Segments that a row averages at most, from its beginning; all that fall into it when absent.
    pub segments_per_row: Option<u64>,
    /// Precision of samples and transform.
    pub precision: Precision,
    /// Threads; 0 is one per core. The result does not depend on it.
    pub threads: usize,
}

/// Levels over time (rows) and frequency (columns).
#[derive(Debug, Clone, PartialEq)]
pub struct Waterfall {
    /// Mean level of each row and bin, in the frame's level unit; NaN in rows without one finite segment.
    pub level_db: Array2<f32>,
    /// When each row begins, in seconds from the beginning of the record.
    pub start_s: Vec<f64>,
    /// Seconds that each row's segments cover.
    pub covered_s: Vec<f64>,
    /// Units and frequency axis of the columns, and the mean over all rows.
    pub frame: Spectrum,
}

/// The waterfall of a whole record. Memory does not grow with it.
///
/// # Errors
/// When the settings do not fit the record, the picture would have more than 2^23 cells, the record cannot be read or
/// holds no segment of finite values, or `progress` asks to stop.
pub fn waterfall(record: &dyn Record, settings: WaterfallSettings, progress: &dyn Progress) -> Result<Waterfall, Stop> {
    check(record, &settings.spectrum)?;
    match settings.precision {
        Precision::F32 => run::<f32>(record, settings, progress),
        Precision::F64 => run::<f64>(record, settings, progress),
    }
}

/// Which segments fall into which row.
struct Rows {
    segments: u64,
    rows: u64,
    per_row: u64,
}

impl Rows {
    fn of(&self, row: u64) -> std::ops::Range<u64> {
        let edge = |row: u64| (u128::from(self.segments) * u128::from(row) / u128::from(self.rows)) as u64;
        let first = edge(row);
        first..edge(row + 1).min(first.saturating_add(self.per_row))
    }
}

fn run<T: Float>(record: &dyn Record, settings: WaterfallSettings, progress: &dyn Progress) -> Result<Waterfall, Stop> {
    let hop = hop(&settings.spectrum) as u64;
    let segments = (record.frames() - settings.spectrum.fft as u64) / hop + 1;
    let rows = (settings.rows as u64).min(segments);
    let start = Start::<T>::new(record, settings.spectrum)?;
    let bins = start.engine.bins();
    if rows == 0 || (rows as usize).saturating_mul(bins) > MAX_CELLS {
        return Err(Stop::failed(format!(
            "a waterfall of {rows} rows and {bins} bins is not possible; choose at least one row and at most \
             {MAX_CELLS} cells in all"
        )));
    }
    let plan = Rows { segments, rows, per_row: settings.segments_per_row.unwrap_or(u64::MAX).max(1) };
    let mut picture = Picture { levels: Vec::with_capacity(rows as usize * bins), total: Total::new(bins) };
    in_order(
        rows,
        settings.threads,
        progress,
        || (Worker::new(&start.engine, Keep::Mean), BlockSum::<T>::default()),
        |(worker, block), row, sum: &mut Total| {
            sum.start(bins);
            sum.add_segments(plan.of(row), worker, block)
        },
        |_, sum| picture.add(&start, sum),
    )?;
    if picture.total.segments == 0 {
        return Err(all_skipped(&picture.total));
    }
    let rate = record.sample_rate_hz();
    let covered = |r: std::ops::Range<u64>| ((r.end - r.start - 1) * hop + settings.spectrum.fft as u64) as f64 / rate;
    Ok(Waterfall {
        level_db: Array2::from_shape_vec((rows as usize, bins), picture.levels)
            .map_err(|e| Stop::failed(e.to_string()))?,
        start_s: (0..rows).map(|row| (plan.of(row).start * hop) as f64 / rate).collect(),
        covered_s: (0..rows).map(|row| covered(plan.of(row))).collect(),
        frame: start.finish_mean(&picture.total),
    })
}

struct Picture {
    levels: Vec<f32>,
    total: Total,
}

impl Picture {
    fn add<T: Float>(&mut self, start: &Start<'_, T>, row: &Total) {
        let scale = start.scale() / row.segments as f64;
        let level = |power: f64| if row.segments == 0 { f32::NAN } else { start.frame.level_db(power * scale) as f32 };
        self.levels.extend((0..row.power.len()).map(|i| level(row.power[start.engine.place(i)])));
        self.total.add_total(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantity::Unit;
    use crate::record::Waveform;
    use crate::threads::Silent;
    use crate::window::Window;
    use num_complex::Complex64;
    use std::f64::consts::TAU;

    fn settings(fft: usize, rows: usize, threads: usize) -> WaterfallSettings {
        WaterfallSettings {
            spectrum: SpectrumSettings { fft, window: Window::Hann, overlap: 0.5 },
            rows,
            segments_per_row: None,
            precision: Precision::F32,
            threads,
        }
    }

    /// A tone that hops from bin 10 to bin -20 half-way, with odd and even transform lengths.
    fn hopping(n: usize) -> Waveform {
        let half = 50 * n;
        let data: Vec<Complex64> = (0..2 * half)
            .map(|i| {
                let k = if i < half { 10.0 } else { -20.0 };
                Complex64::from_polar(0.5, TAU * (k * i as f64 / n as f64).fract())
            })
            .collect();
        Waveform::iq(&data, 1e6, None).unwrap()
    }

    #[test]
    fn a_hopping_tone_is_where_and_when_it_was() {
        for n in [128, 101] {
            let record = hopping(n);
            let w = waterfall(&record, settings(n, 20, 1), &Silent).unwrap();
            assert_eq!(w.level_db.dim(), (20, n));
            for (row, start) in w.start_s.iter().enumerate() {
                let k = if row < 10 { 10.0 } else { -20.0 };
                let bin = w.frame.bin_of_offset(k * w.frame.bin_hz()).round() as usize;
                // One segment at the beginning of the second half still holds half of the first tone.
                let tolerance = if row == 9 || row == 10 { 0.5 } else { 1e-3 };
                let level = f64::from(w.level_db[(row, bin)]);
                assert!((level + 6.0206).abs() < tolerance, "{n} {row}: {level}");
                let exact = record.duration_s() * row as f64 / 20.0;
                assert!((start - exact).abs() < n as f64 / 1e6, "{n} {row}: {start}");
            }
        }
    }

    #[test]
    fn threads_do_not_change_it_and_the_rows_average_to_the_spectrum() {
        let record = hopping(128);
        let one = waterfall(&record, settings(128, 33, 1), &Silent).unwrap();
        for threads in [2, 3] {
            assert_eq!(waterfall(&record, settings(128, 33, threads), &Silent).unwrap(), one);
        }
        let spectrum = crate::spectrum::average(&record, settings(128, 1, 1).spectrum).unwrap();
        assert_eq!(one.frame.segments, spectrum.segments);
        for (a, b) in one.frame.mean.iter().zip(&spectrum.mean) {
            assert!((a - b).abs() <= 1e-5 * b + 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn sparse_rows_short_records_and_rows_of_nan() {
        let record = hopping(128);
        let sparse = WaterfallSettings { segments_per_row: Some(2), ..settings(128, 10, 1) };
        let w = waterfall(&record, sparse, &Silent).unwrap();
        assert_eq!(w.frame.segments, 20);
        assert!(w.covered_s.iter().all(|s| (s - 192e-6).abs() < 1e-12));

        let mut data = vec![1.0; 640];
        data[300..400].fill(f64::NAN);
        let record = Waveform::real(data, 1e3, Unit::Volt).unwrap();
        let w = waterfall(&record, settings(64, 1000, 1), &Silent).unwrap();
        // Segments begin every 32 samples: 19 of them, of which those that touch 300..400 hold no level.
        assert_eq!(w.level_db.dim(), (19, 33));
        for row in 0..19 {
            let touched = row * 32 < 400 && row * 32 + 64 > 300;
            assert_eq!(w.level_db[(row, 0)].is_nan(), touched, "{row}");
        }
        assert!(waterfall(&record, settings(64, 0, 1), &Silent).is_err());
    }
}
