//! The fast path: segments of a record in blocks, through one transform, into sums, holds and level cells.

use super::kernel::{self, Float, Plan, Transform};
use super::levels::Histogram;
use super::pair::{self, Pairs};
use super::{SpectrumSettings, hop};
use crate::record::{Kind, Record, RecordError};
use crate::wide::{Aligned, wide};

/// Segments a block: their powers are summed in the precision of the transform.
const BLOCK_SEGMENTS: u64 = 64;
/// Numbers a block reads at once, unless a single segment is longer.
const BLOCK_NUMBERS: u64 = 1 << 19;
/// Segments of a record from which the second plan costs less than the pairs save.
const WORTH_PAIRS: u64 = 256;
/// A record whose mean is this many times its rms around it loses too much in single precision.
const OFFSET_RATIO: f64 = 16.0;

/// What the first block tells about the size of the samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Probe {
    /// Mean of a real record; 0 for I/Q.
    pub(crate) mean: f64,
    /// Rms around `mean`, per frame.
    pub(crate) rms: f64,
    /// Largest magnitude around `mean`, per frame.
    pub(crate) peak: f64,
}

impl Probe {
    /// Looks at the first frames of the record; values that are not finite are left out.
    pub(crate) fn take(record: &dyn Record, frames: u64) -> Result<Self, RecordError> {
        let c = record.kind().components();
        let frames = usize::try_from(frames.min(BLOCK_NUMBERS / 4)).unwrap_or(0);
        let mut data = vec![0.0; frames * c];
        let got = record.read_f64(0, &mut data)? * c;
        data.truncate(got);
        data.retain(|v| v.is_finite());
        let count = (data.len().max(1)) as f64;
        let mean = if record.kind() == Kind::Real { data.iter().sum::<f64>() / count } else { 0.0 };
        let square = data.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        let peak = data.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
        let scale = (c as f64).sqrt();
        Ok(Self { mean, rms: square.sqrt() * scale, peak: peak * scale })
    }

    /// A power of two near the samples' size, so that powers stay inside single precision whatever the unit.
    fn unit(&self) -> f64 {
        let size = if self.rms > 0.0 { self.rms } else { self.mean.abs() };
        if size.is_normal() { size.log2().round().clamp(-900.0, 900.0).exp2() } else { 1.0 }
    }
}

/// How powers become cells of the histogram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellRule {
    pub(crate) per_octave: f32,
    pub(crate) origin: f32,
    pub(crate) last: u8,
}

/// Everything that the segments of one analysis share.
pub(crate) struct Engine<'a, T: Float> {
    record: &'a dyn Record,
    n: usize,
    hop: usize,
    components: usize,
    window: Vec<T>,
    plan: Plan<T>,
    /// The window's own bins times the offset, put back after the transform.
    offset_bins: Vec<T>,
    /// Taken off in the windowing loop.
    offset: T,
    /// Taken off while reading in double precision, when single would round the rest away.
    wide_offset: Option<f64>,
    /// Powers are in units of this squared.
    pub(crate) unit: f64,
    block_segments: u64,
}

/// How much of a segment's power is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Keep<'a> {
    Mean,
    Holds,
    Levels(&'a Histogram, CellRule),
}

/// The sum of one block.
#[derive(Debug, Default)]
pub(crate) struct BlockSum<T> {
    pub(crate) power: Vec<T>,
    pub(crate) segments: u64,
    pub(crate) skipped: u64,
    pub(crate) non_finite: u64,
}

impl<'a, T: Float> Engine<'a, T> {
    pub(crate) fn new(record: &'a dyn Record, settings: &SpectrumSettings, probe: &Probe) -> Self {
        let n = settings.fft;
        let components = record.kind().components();
        let coefficients = settings.window.shared(n);
        let unit = probe.unit();
        let scale = 1.0 / (coefficients.iter().sum::<f64>() * unit);
        let mean = if record.kind() == Kind::Real { probe.mean } else { 0.0 };
        let wide = size_of::<T>() == size_of::<f32>() && mean.abs() > OFFSET_RATIO * probe.rms;
        let hop = hop(settings);
        let window: Vec<T> =
            coefficients.iter().flat_map(|w| std::iter::repeat_n(T::of(w * scale), components)).collect();
        let room = (BLOCK_NUMBERS / components as u64).saturating_sub(n as u64) / hop as u64 + 1;
        Self {
            record,
            n,
            hop,
            components,
            plan: Plan::new(record.kind(), n, &window),
            window,
            offset_bins: offset_bins(settings, &coefficients, mean * scale),
            offset: T::of(if wide { 0.0 } else { mean }),
            wide_offset: wide.then_some(mean),
            unit,
            // An even number, so that all real segments find a partner.
            block_segments: if room > 1 { room.min(BLOCK_SEGMENTS) & !1 } else { room },
        }
    }

    pub(crate) fn bins(&self) -> usize {
        if self.components == 1 { self.n / 2 + 1 } else { self.n }
    }

    pub(crate) fn block_segments(&self) -> u64 {
        self.block_segments
    }

    /// Where the engine keeps the `i`-th bin of a spectrum, whose negative frequencies (of I/Q) come first.
    pub(crate) fn place(&self, i: usize) -> usize {
        let bins = self.bins();
        let bin = if self.components == 1 { i } else { (i + bins.div_ceil(2)) % bins };
        pair::place(bin, bins, self.plan.groups())
    }

    /// One value a bin in the order of [`place`](Self::place), by whole runs; nothing where the bins do not come in such.
    pub(crate) fn display<V: Copy + Default>(&self, values: &[V]) -> Option<Vec<V>> {
        let (bins, groups) = (self.bins(), self.plan.groups());
        let mut out = if groups == 1 { values.to_vec() } else { pair::in_order(values)? };
        if self.components != 1 {
            out.rotate_left(bins.div_ceil(2));
        }
        (out.len() == bins).then_some(out)
    }

    /// Halves the bins of a real record that have no twin, 0 Hz and half the rate, so that all are doubled alike later.
    fn halve_single_bins(&self, power: &mut [T]) {
        if self.components != 1 {
            return;
        }
        let half = T::of(0.5);
        if let Some(first) = power.first_mut() {
            *first = *first * half;
        }
        if let (true, Some(last)) = (self.n.is_multiple_of(2), power.last_mut()) {
            *last = *last * half;
        }
    }
}

/// What an offset taken off the samples would have put into the lowest bins: `offset * W[k]` inside the main lobe.
///
/// The windows are symmetric about their middle, so their transforms are real. Beyond the main lobe a sum of cosines has
/// nothing, and what a Kaiser window would leak there is better left out.
fn offset_bins<T: Float>(settings: &SpectrumSettings, coefficients: &[f64], offset: f64) -> Vec<T> {
    if offset == 0.0 {
        return Vec::new();
    }
    let n = coefficients.len();
    let lobe = (settings.window.main_lobe_bins().ceil() as usize).min(n / 2 + 1);
    let line = |k: usize| -> f64 {
        let step = std::f64::consts::TAU / n as f64;
        coefficients.iter().enumerate().map(|(i, w)| w * (step * (i * k % n) as f64).cos()).sum()
    };
    (0..lobe).map(|k| T::of(offset * line(k))).collect()
}

/// One thread's buffers and holds.
pub(crate) struct Worker<'a, T: Float> {
    engine: &'a Engine<'a, T>,
    keep: Keep<'a>,
    transform: Transform<T>,
    /// For the mean of a real record.
    pairs: Option<Pairs<T>>,
    samples: Aligned<T>,
    /// The block's samples where the record lends them, in place of `samples`.
    lent: Option<&'a [T]>,
    wide: Vec<f64>,
    power: Vec<T>,
    block_max: Vec<T>,
    block_min: Vec<T>,
    cells: Vec<u8>,
    /// Highest and lowest power per bin; empty unless kept.
    pub(crate) max: Vec<T>,
    pub(crate) min: Vec<T>,
}

impl<'a, T: Float> Worker<'a, T> {
    pub(crate) fn new(engine: &'a Engine<'a, T>, keep: Keep<'a>) -> Self {
        let bins = engine.bins();
        let held = if matches!(keep, Keep::Mean) { 0 } else { bins };
        let rows = if matches!(keep, Keep::Levels(..)) { engine.block_segments as usize } else { 0 };
        let segments = engine.record.frames().saturating_sub(engine.n as u64) / engine.hop as u64;
        let paired = held == 0 && engine.components == 1 && segments >= WORTH_PAIRS;
        Self {
            engine,
            keep,
            transform: Transform::new(engine.plan.clone(), engine.n),
            pairs: if paired { Pairs::new(&engine.window) } else { None },
            samples: Aligned::new(0),
            lent: None,
            wide: Vec::new(),
            power: vec![T::default(); bins],
            block_max: vec![T::default(); held],
            block_min: vec![T::INFINITY; held],
            cells: vec![0; rows * bins],
            max: vec![T::default(); held],
            min: vec![T::INFINITY; held],
        }
    }

    /// Sums the power of `segments` segments from number `first` on.
    pub(crate) fn block(&mut self, first: u64, segments: u64, sum: &mut BlockSum<T>) -> Result<(), RecordError> {
        let (start, segments) = (first * self.engine.hop as u64, segments as usize);
        self.read(start, (segments - 1) * self.engine.hop + self.engine.n)?;
        self.sum_all(segments, sum);
        if !wide(|| kernel::all_finite(&sum.power)) {
            self.sum_finite(segments, sum);
            sum.non_finite = self.count_non_finite(start, segments);
        }
        self.commit(start, sum);
        Ok(())
    }

    pub(crate) fn block_segments(&self) -> u64 {
        self.engine.block_segments
    }

    fn read(&mut self, start: u64, frames: usize) -> Result<(), RecordError> {
        let numbers = frames * self.engine.components;
        self.lent = match self.engine.wide_offset {
            None => T::lend(self.engine.record, start, numbers),
            Some(_) => None,
        };
        if self.lent.is_some() {
            return Ok(());
        }
        self.samples.resize(numbers);
        let got = if let Some(offset) = self.engine.wide_offset {
            self.wide.resize(numbers, 0.0);
            let got = self.engine.record.read_f64(start, &mut self.wide)?;
            for (narrow, wide) in self.samples.iter_mut().zip(&self.wide) {
                *narrow = T::of(wide - offset);
            }
            got
        } else {
            T::read(self.engine.record, start, &mut self.samples)?
        };
        if got < frames {
            return Err(RecordError::new(format!(
                "the record ends at sample {} although it should hold {}; was it cut while being read?",
                start + got as u64,
                self.engine.record.frames()
            )));
        }
        Ok(())
    }

    /// Every segment, without looking for values that are not finite.
    fn sum_all(&mut self, segments: usize, sum: &mut BlockSum<T>) {
        self.clear(sum);
        let engine = self.engine;
        let paired = self.pairs.as_mut().map_or(0, |pairs| {
            let of = (self.lent.unwrap_or(&self.samples), engine.hop, segments);
            pairs.add(&mut sum.power, of, (engine.offset, &engine.offset_bins))
        });
        for segment in paired..segments {
            self.transform(segment);
            if let Keep::Mean = self.keep {
                wide(|| kernel::add_power(&mut sum.power, self.transform.bins()));
            } else {
                self.write_power();
                self.take(segment, &mut sum.power);
            }
        }
        if let Keep::Mean = self.keep {
            self.engine.halve_single_bins(&mut sum.power);
        }
        sum.segments = segments as u64;
    }

    /// The careful way, for a block that holds something not finite: segments that do are left out.
    fn sum_finite(&mut self, segments: usize, sum: &mut BlockSum<T>) {
        self.clear(sum);
        for segment in 0..segments {
            self.transform(segment);
            self.write_power();
            if kernel::all_finite(&self.power) {
                self.take(sum.segments as usize, &mut sum.power);
                sum.segments += 1;
            } else {
                sum.skipped += 1;
            }
        }
    }

    /// Values that are not finite among the frames that no later block reads again.
    fn count_non_finite(&self, start: u64, segments: usize) -> u64 {
        let engine = self.engine;
        let next = start + (segments * engine.hop) as u64;
        let last = next + engine.n as u64 > engine.record.frames();
        let samples = self.lent.unwrap_or(&self.samples);
        let own = if last { samples.len() } else { segments * engine.hop * engine.components };
        samples.iter().take(own).filter(|v| !v.finite()).count() as u64
    }

    fn clear(&mut self, sum: &mut BlockSum<T>) {
        sum.power.clear();
        sum.power.resize(self.engine.bins(), T::default());
        (sum.segments, sum.skipped, sum.non_finite) = (0, 0, 0);
        self.block_max.fill(T::default());
        self.block_min.fill(T::INFINITY);
    }

    fn transform(&mut self, segment: usize) {
        let from = segment * self.engine.hop * self.engine.components;
        let window = &self.engine.window;
        let samples = self.lent.unwrap_or(&self.samples);
        self.transform.run(&samples[from..from + window.len()], window, self.engine.offset);
        for (bin, offset) in self.transform.bins_mut().iter_mut().zip(&self.engine.offset_bins) {
            bin.re = bin.re + *offset;
        }
    }

    fn write_power(&mut self) {
        wide(|| kernel::write_power(&mut self.power, self.transform.bins()));
        self.engine.halve_single_bins(&mut self.power);
    }

    /// Takes the powers of one segment into the block; `row` is its row of level cells.
    fn take(&mut self, row: usize, sum: &mut [T]) {
        let bins = self.power.len();
        if self.block_max.is_empty() {
            wide(|| kernel::add(sum, &self.power));
        } else {
            wide(|| kernel::hold(sum, &mut self.block_max, &mut self.block_min, &self.power));
        }
        if let Keep::Levels(_, rule) = self.keep {
            let cells = &mut self.cells[row * bins..(row + 1) * bins];
            wide(|| kernel::level_cells(cells, &self.power, rule.per_octave, rule.origin, rule.last));
        }
    }

    /// The block is sound: takes it into the holds and the histogram.
    fn commit(&mut self, start: u64, sum: &BlockSum<T>) {
        merge_holds((&mut self.max, &mut self.min), (&self.block_max, &self.block_min));
        if let Keep::Levels(histogram, _) = self.keep {
            let rows = &self.cells[..sum.segments as usize * self.power.len()];
            // Threads that begin at different tiles seldom wait for each other.
            histogram.count(rows, (start / self.engine.n as u64) as usize);
        }
    }
}

/// Takes holds into others, bin by bin.
pub(crate) fn merge_holds<T: Float>((max, min): (&mut [T], &mut [T]), (other_max, other_min): (&[T], &[T])) {
    for (m, &o) in max.iter_mut().zip(other_max) {
        *m = if o > *m { o } else { *m };
    }
    for (m, &o) in min.iter_mut().zip(other_min) {
        *m = if o < *m { o } else { *m };
    }
}
