//! One pass over a record: mean, holds, percentiles and persistence together.

use std::ops::Range;

use ndarray::Array2;

use super::engine::{BlockSum, CellRule, Engine, Keep, Probe, Worker, merge_holds};
use super::kernel::Float;
use super::levels::{Histogram, percentile_cell};
use super::size::MAX_FFT;
use super::{LevelScale, Options, Persistence, Precision, Spectrum, SpectrumSettings, Traces, effective_averages, hop};
use crate::quantity::{db_from_power, power_from_db};
use crate::record::{Kind, Record, RecordError};
use crate::threads::{Progress, Silent, Stop, in_order};
use crate::wide::wide;

/// Counters that a histogram may have: 16 MiB of them, which exist twice while they are put in order.
const MAX_COUNTERS: usize = 4 << 20;
/// Frames that tell the size of the samples.
pub(super) const SHORT_LOOK: u64 = 1 << 13;
/// Blocks whose sums a thread adds up before it hands them on: sums that go from one core to another cost as much as some of
/// their transforms. Short records are shared out in at least so many runs.
const RUN_BLOCKS: u64 = 8;
const LEAST_RUNS: u64 = 64;
/// Range of the histogram when the caller names none.
const RANGE_DB: f64 = 128.0;

/// The averaged spectrum of a whole record.
///
/// # Errors
/// When the record is shorter than one transform, cannot be read, or holds no segment of finite values.
pub fn average(record: &dyn Record, settings: SpectrumSettings) -> Result<Spectrum, RecordError> {
    Ok(analyze(record, settings, &Options::default(), &Silent)?)
}

/// The spectrum of a whole record with all traces that `options` asks for, in one pass.
///
/// Memory does not grow with the record: below 64 MiB for transforms up to 2^18 points.
///
/// # Errors
/// When the settings do not fit the record or each other, the record cannot be read or holds no segment of finite
/// values, or `progress` asks to stop.
pub fn analyze(
    record: &dyn Record,
    settings: SpectrumSettings,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Spectrum, Stop> {
    check(record, &settings)?;
    match options.precision {
        Precision::F32 => run::<f32>(record, settings, options, progress),
        Precision::F64 => run::<f64>(record, settings, options, progress),
    }
}

/// Refuses settings that do not fit the record.
pub(crate) fn check(record: &dyn Record, settings: &SpectrumSettings) -> Result<(), RecordError> {
    let n = settings.fft;
    if !(2..=MAX_FFT).contains(&n) {
        return Err(RecordError::new(format!(
            "a transform of {n} points is not on offer; choose 2 to {MAX_FFT}, or zoom into a band"
        )));
    }
    if !(0.0..1.0).contains(&settings.overlap) {
        return Err(RecordError::new(format!(
            "an overlap of {} is not possible; choose 0 to below 1, 0.5 as a rule",
            settings.overlap
        )));
    }
    if record.frames() < n as u64 {
        return Err(RecordError::new(format!(
            "a transform of {n} points does not fit a record of {} samples; choose a shorter one",
            record.frames()
        )));
    }
    Ok(())
}

fn run<T: Float>(
    record: &dyn Record,
    settings: SpectrumSettings,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Spectrum, Stop> {
    let traces = &options.traces;
    check_traces(traces)?;
    let levels = !traces.percentiles.is_empty() || traces.persistence;
    // Without levels or an offset to find, the beginning tells enough: only a power of two is taken from it.
    let look = if levels || record.kind() == Kind::Real { 64 * settings.fft as u64 } else { SHORT_LOOK };
    let start = Start::<T>::with(record, settings, Probe::take(record, look)?);
    let histogram = start.histogram(traces)?;
    let keep = match &histogram {
        Some((histogram, scale)) => Keep::Levels(histogram, start.rule(*scale)),
        None if traces.max || traces.min => Keep::Holds,
        None => Keep::Mean,
    };
    let engine = &start.engine;
    let block = engine.block_segments();
    let segments = (record.frames() - settings.fft as u64) / hop(&settings) as u64 + 1;
    let mut total = Total::new(engine.bins());
    // By the length of the record: the order of the additions must not depend on the number of threads.
    let run = (segments.div_ceil(block) / LEAST_RUNS).clamp(1, RUN_BLOCKS) * block;
    let workers = in_order(
        segments.div_ceil(run),
        options.threads,
        progress,
        || (Worker::new(engine, keep), BlockSum::default()),
        |(worker, sum), piece, part: &mut Total| {
            part.start(engine.bins());
            part.add_segments(piece * run..segments.min((piece + 1) * run), worker, sum)
        },
        |_, part| total.add_total(part),
    )?;
    let mut holds = (vec![T::default(); engine.bins()], vec![T::INFINITY; engine.bins()]);
    for (worker, _) in &workers {
        merge_holds((&mut holds.0, &mut holds.1), (&worker.max, &worker.min));
    }
    drop(workers);
    start.finish(total, holds, histogram, traces)
}

fn check_traces(traces: &Traces) -> Result<(), Stop> {
    if let Some(p) = traces.percentiles.iter().find(|p| !(0.0..=100.0).contains(*p)) {
        return Err(Stop::failed(format!("a percentile of {p} is not possible; choose 0 to 100")));
    }
    match traces.scale {
        Some(s)
            if !((2..=256).contains(&s.cells)
                && s.cell_db > 0.0
                && s.cell_db.is_finite()
                && s.bottom_db.is_finite()) =>
        {
            Err(Stop::failed(format!(
                "a level scale of {} cells of {} dB from {} dB is not possible; choose 2 to 256 cells above 0 dB",
                s.cells, s.cell_db, s.bottom_db
            )))
        }
        _ => Ok(()),
    }
}

/// The running sum over blocks, in double precision.
#[derive(Debug, Default)]
pub(crate) struct Total {
    pub(crate) power: Vec<f64>,
    pub(crate) segments: u64,
    pub(crate) skipped: u64,
    pub(crate) non_finite: u64,
}

impl Total {
    pub(crate) fn new(bins: usize) -> Self {
        Self { power: vec![0.0; bins], segments: 0, skipped: 0, non_finite: 0 }
    }

    /// Adds the power of consecutive segments, block by block; `block` is room for the sum of one.
    pub(crate) fn add_segments<T: Float>(
        &mut self,
        segments: Range<u64>,
        worker: &mut Worker<'_, T>,
        block: &mut BlockSum<T>,
    ) -> Result<(), RecordError> {
        let mut first = segments.start;
        while first < segments.end {
            let count = worker.block_segments().min(segments.end - first);
            worker.block(first, count, block)?;
            self.add(block);
            first += count;
        }
        Ok(())
    }

    fn add<T: Float>(&mut self, block: &BlockSum<T>) {
        wide(
            #[inline(always)]
            || {
                for (sum, p) in self.power.iter_mut().zip(&block.power) {
                    *sum += p.to_f64();
                }
            },
        );
        self.segments += block.segments;
        self.skipped += block.skipped;
        self.non_finite += block.non_finite;
    }

    pub(crate) fn add_total(&mut self, other: &Self) {
        wide(
            #[inline(always)]
            || {
                for (sum, p) in self.power.iter_mut().zip(&other.power) {
                    *sum += p;
                }
            },
        );
        self.segments += other.segments;
        self.skipped += other.skipped;
        self.non_finite += other.non_finite;
    }

    /// Begins anew, with so many bins.
    pub(crate) fn start(&mut self, bins: usize) {
        self.power.clear();
        self.power.resize(bins, 0.0);
        (self.segments, self.skipped, self.non_finite) = (0, 0, 0);
    }
}

/// An analysis that is ready to run: the engine, and the spectrum's frame to put results into.
pub(crate) struct Start<'a, T: Float> {
    pub(crate) engine: Engine<'a, T>,
    pub(crate) frame: Spectrum,
    probe: Probe,
    full_scale: Option<f64>,
}

impl<'a, T: Float> Start<'a, T> {
    pub(crate) fn new(record: &'a dyn Record, settings: SpectrumSettings) -> Result<Self, RecordError> {
        let probe = Probe::take(record, 64 * settings.fft as u64)?;
        Ok(Self::with(record, settings, probe))
    }

    pub(super) fn with(record: &'a dyn Record, settings: SpectrumSettings, probe: Probe) -> Self {
        let frame = Spectrum {
            kind: record.kind(),
            unit: record.unit(),
            full_scale_dbm: record.full_scale_dbm(),
            center_hz: record.center_hz(),
            sample_rate_hz: record.sample_rate_hz(),
            settings,
            segments: 0,
            skipped: 0,
            non_finite: 0,
            effective_averages: 0.0,
            mean: Vec::new(),
            max: None,
            min: None,
            percentiles: Vec::new(),
            persistence: None,
        };
        Self { engine: Engine::new(record, &settings, &probe), frame, probe, full_scale: record.full_scale() }
    }

    /// What the engine's powers are multiplied by: its unit, and both halves of a real record's spectrum.
    pub(crate) fn scale(&self) -> f64 {
        let halves = if self.frame.kind == Kind::Real { 2.0 } else { 1.0 };
        self.engine.unit * self.engine.unit * halves
    }

    /// The counters that the traces need, with their scale.
    fn histogram(&self, traces: &Traces) -> Result<Option<(Histogram, LevelScale)>, Stop> {
        if traces.percentiles.is_empty() && !traces.persistence {
            return Ok(None);
        }
        let bins = self.engine.bins();
        let room = MAX_COUNTERS / bins;
        let fitting = if room >= 2 { 1 << room.ilog2() } else { 0 };
        let scale = match traces.scale {
            Some(scale) if scale.cells <= room => scale,
            None if fitting >= 64 => self.scale_from_probe(fitting.min(256)),
            _ => {
                return Err(Stop::failed(format!(
                    "percentiles and persistence of {bins} bins need too many counters; choose a transform of at most \
                     {} points or fewer level cells, or zoom into a band",
                    MAX_COUNTERS / 64
                )));
            }
        };
        Ok(Some((Histogram::new(bins, scale.cells), scale)))
    }

    /// From a little above what the first block, or the converter, can show as a line, down over `RANGE_DB`.
    fn scale_from_probe(&self, cells: usize) -> LevelScale {
        let halves = if self.frame.kind == Kind::Real { 0.5 } else { 1.0 };
        let level = |peak: f64| self.frame.level_db(peak * peak * halves);
        let peak = level(if self.probe.peak > 0.0 { self.probe.peak } else { self.probe.mean.abs() });
        let ceiling = self.full_scale.map(level).filter(|c| c.is_finite() && self.frame.kind == Kind::Iq);
        let top = ceiling.map_or(peak + 10.0, |c| (c + 2.0).min(peak + 20.0));
        let top = if top.is_finite() { top.ceil() } else { 0.0 };
        LevelScale { bottom_db: top - RANGE_DB, cell_db: RANGE_DB / cells as f64, cells }
    }

    fn rule(&self, scale: LevelScale) -> CellRule {
        let zero = self.frame.level_db(self.scale());
        CellRule {
            per_octave: (db_from_power(2.0) / scale.cell_db) as f32,
            origin: ((zero - scale.bottom_db) / scale.cell_db) as f32,
            last: u8::try_from(scale.cells - 1).unwrap_or(u8::MAX),
        }
    }

    fn finish(
        self,
        total: Total,
        (max, min): (Vec<T>, Vec<T>),
        histogram: Option<(Histogram, LevelScale)>,
        traces: &Traces,
    ) -> Result<Spectrum, Stop> {
        if total.segments == 0 {
            return Err(all_skipped(&total));
        }
        let scale = self.scale();
        let held = |values: Vec<T>| {
            let values: Vec<f64> = values.into_iter().map(|p| p.to_f64() * scale).collect();
            in_display_order(&self.engine, &values, 1)
        };
        let (max, min) = (held(max), held(min));
        let counted =
            histogram.map(|(h, scale)| (in_display_order(&self.engine, &h.into_counts(), scale.cells), scale));
        let mut spectrum = self.finish_mean(&total);
        if let Some((counts, scale)) = counted {
            spectrum.percentiles = traces
                .percentiles
                .iter()
                .map(|&p| (p, percentile(&spectrum, &counts, scale, (&min, &max), p)))
                .collect();
            if traces.persistence {
                let shape = (spectrum.mean.len(), scale.cells);
                let counts = Array2::from_shape_vec(shape, counts).map_err(|e| Stop::failed(e.to_string()))?;
                spectrum.persistence = Some(Persistence { counts, scale });
            }
        }
        spectrum.max = traces.max.then_some(max);
        spectrum.min = traces.min.then_some(min);
        Ok(spectrum)
    }

    /// The spectrum that holds the mean only.
    pub(crate) fn finish_mean(self, total: &Total) -> Spectrum {
        let scale = self.scale() / total.segments as f64;
        let mean: Vec<f64> = total.power.iter().map(|p| p * scale).collect();
        Spectrum {
            segments: total.segments,
            skipped: total.skipped,
            non_finite: total.non_finite,
            effective_averages: effective_averages(&self.frame.settings, total.segments),
            mean: in_display_order(&self.engine, &mean, 1),
            ..self.frame
        }
    }
}

/// Sorts what the engine kept, `width` values a bin, as a spectrum is.
pub(super) fn in_display_order<T: Float, V: Copy + Default>(
    engine: &Engine<'_, T>,
    values: &[V],
    width: usize,
) -> Vec<V> {
    if width == 1
        && let Some(out) = engine.display(values)
    {
        return out;
    }
    (0..engine.bins()).flat_map(|i| &values[engine.place(i) * width..][..width]).copied().collect()
}

fn percentile(
    spectrum: &Spectrum,
    counts: &[u32],
    scale: LevelScale,
    (min, max): (&[f64], &[f64]),
    percent: f64,
) -> Vec<f64> {
    let offset = spectrum.level_db(1.0);
    let rows = counts.chunks_exact(scale.cells);
    rows.zip(min.iter().zip(max))
        .map(|(row, (&min, &max))| match percentile_cell(row, percent) {
            _ if percent <= 0.0 => min,
            _ if percent >= 100.0 => max,
            // The holds are exact, and bound what the outermost cells can only count.
            Some(cell) => power_from_db(scale.level_db(cell) - offset).clamp(min, max.max(min)),
            None => min,
        })
        .collect()
}

pub(crate) fn all_skipped(total: &Total) -> Stop {
    Stop::failed(format!(
        "all {} segments hold values that are not finite ({} of them), so there is no spectrum; \
         take a record without NaN, or a shorter transform",
        total.skipped, total.non_finite
    ))
}
