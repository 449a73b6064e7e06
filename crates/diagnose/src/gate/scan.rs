//! One streaming pass over a record for what spoils it: samples that are not finite, samples at full scale, no samples.

use faultscope_signal::record::lent_or_read;
use faultscope_signal::wide::wide;
use faultscope_signal::{Kind, Record, RecordError};

use super::{Gate, GateState};

/// Above this share of samples at full scale a record is clipped (receiver artefact A13 of the reference tables).
const CLIPPED_SHARE: f64 = 1e-4;
/// A record without a stated full scale counts as flat-topped when its extreme value is this much commoner than the
/// next one; an unclipped quantised sine reaches 2.4 at most, because its top code is sqrt(2) - 1 times wider.
const PILE_UP: u64 = 5;
const BLOCK_FRAMES: usize = 32 * 1024;
/// Frames read at once: they stay in the cache while they are looked at.
const PIECE_FRAMES: usize = BLOCK_FRAMES / 4;

/// How much of the record is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Every sample.
    Full,
    /// At most this many blocks of 32768 frames, evenly spaced: for overviews of very long records.
    Blocks(u64),
}

/// What the pass saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// Frames looked at.
    pub frames: u64,
    /// Frames in the record.
    pub total: u64,
    /// Numbers that are NaN or infinite.
    pub non_finite: u64,
    /// Numbers at or beyond the stated full scale, or in the pile at the extremes when none is stated.
    pub at_full_scale: u64,
    /// Smallest finite number.
    pub min: f64,
    /// Largest finite number.
    pub max: f64,
    /// The gates `finite`, `clipping` and, for an empty record, `length`.
    pub gates: Vec<Gate>,
}

/// Scans a record.
///
/// # Errors
/// When the record cannot be read.
pub fn scan(record: &dyn Record, coverage: Coverage) -> Result<Scan, RecordError> {
    let c = record.kind().components();
    let mut piece = vec![0f32; PIECE_FRAMES * c];
    let mut state = State::new(record.rails());
    let blocks = record.frames().div_ceil(BLOCK_FRAMES as u64);
    let wanted = match coverage {
        Coverage::Full => blocks,
        Coverage::Blocks(most) => blocks.min(most.max(1)),
    };
    for i in 0..wanted {
        let index = if wanted == blocks { i } else { i * (blocks - 1) / (wanted - 1).max(1) };
        for start in (0..BLOCK_FRAMES).step_by(PIECE_FRAMES) {
            let values = lent_or_read(record, index * BLOCK_FRAMES as u64 + start as u64, &mut piece)?;
            state.take(values);
            state.frames += (values.len() / c) as u64;
        }
    }
    Ok(state.finish(record))
}

struct State {
    rails: Option<(f32, f32)>,
    frames: u64,
    non_finite: u64,
    at_full_scale: u64,
    top: Extreme,
    bottom: Extreme,
}

impl State {
    fn new(rails: Option<(f64, f64)>) -> Self {
        // A hair inside, so that rounding to single precision does not hide the last code.
        let rails = rails.map(|(low, high)| {
            let hair = 1e-6 * low.abs().max(high.abs());
            ((low + hair) as f32, (high - hair) as f32)
        });
        Self { rails, frames: 0, non_finite: 0, at_full_scale: 0, top: Extreme::default(), bottom: Extreme::default() }
    }

    fn take(&mut self, values: &[f32]) {
        if let Some((lo, hi)) = finite_bounds(values) {
            return self.take_finite(values, lo, hi);
        }
        let finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
        self.non_finite += (values.len() - finite.len()) as u64;
        if let Some((lo, hi)) = finite_bounds(&finite) {
            self.take_finite(&finite, lo, hi);
        }
    }

    fn take_finite(&mut self, values: &[f32], lo: f32, hi: f32) {
        if let Some((low, high)) = self.rails
            && (hi >= high || lo <= low)
        {
            self.at_full_scale += values.iter().filter(|v| **v >= high || **v <= low).count() as u64;
        }
        self.top.take(values, hi, 1.0);
        self.bottom.take(values, -lo, -1.0);
    }

    fn finish(self, record: &dyn Record) -> Scan {
        let numbers = (self.frames * record.kind().components() as u64).max(1);
        let at_full_scale =
            if self.rails.is_some() { self.at_full_scale } else { self.top.pile(numbers) + self.bottom.pile(numbers) };
        let (min, max) = (-f64::from(self.bottom.first.0), f64::from(self.top.first.0));
        let at_full_scale = if min < max { at_full_scale } else { 0 };
        let mut gates = vec![self.finite_gate(), self.clipping_gate(record, at_full_scale, numbers)];
        if self.frames == 0 {
            gates.push(Gate::new("length", GateState::Fail, "the record holds no samples"));
        }
        let total = record.frames();
        if self.frames < total {
            let share = 100.0 * self.frames as f64 / total as f64;
            gates.iter_mut().for_each(|g| g.detail = format!("{} ({share:.2} % of the record looked at)", g.detail));
        }
        Scan { frames: self.frames, total, non_finite: self.non_finite, at_full_scale, min, max, gates }
    }

    fn finite_gate(&self) -> Gate {
        match self.non_finite {
            0 => Gate::new("finite", GateState::Ok, "every sample is a finite number"),
            n => Gate::new("finite", GateState::Fail, format!("{n} samples are NaN or infinite")),
        }
    }

    fn clipping_gate(&self, record: &dyn Record, count: u64, numbers: u64) -> Gate {
        let share = count as f64 / numbers as f64;
        let detail = match self.rails {
            Some(_) => format!("{count} of {numbers} samples at full scale ({:.4} %)", 100.0 * share),
            None if count > 0 => format!("{count} of {numbers} samples piled up at the extreme values (flat tops)"),
            None => "no flat tops; the file states no full scale".to_owned(),
        };
        let state = match (share > CLIPPED_SHARE, self.rails.is_some() || record.kind() == Kind::Iq) {
            (false, _) => GateState::Ok,
            (true, true) => GateState::Fail,
            // A clean logic-like waveform piles up too, so a real record without a stated full scale is only doubtful.
            (true, false) => GateState::Warn,
        };
        Gate::new("clipping", state, detail)
    }
}

/// Smallest and largest value, or nothing when a value is not finite.
fn finite_bounds(values: &[f32]) -> Option<(f32, f32)> {
    wide(
        #[inline(always)]
        || bounds(values),
    )
}

/// Lanes side by side, so that it vectorises.
#[inline(always)]
fn bounds(values: &[f32]) -> Option<(f32, f32)> {
    const LANES: usize = 16;
    let (mut lo, mut hi) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    // The bits of a magnitude, read as a whole number: those of infinity and NaN are the largest.
    let mut size = [0i32; LANES];
    let mut take = |k: usize, v: f32| {
        let bits = (v.to_bits() & 0x7fff_ffff).cast_signed();
        lo[k] = if v < lo[k] { v } else { lo[k] };
        hi[k] = if v > hi[k] { v } else { hi[k] };
        size[k] = if bits > size[k] { bits } else { size[k] };
    };
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (k, v) in chunk.iter().enumerate() {
            take(k, *v);
        }
    }
    rest.iter().enumerate().for_each(|(k, v)| take(k, *v));
    let finite = size.iter().all(|s| *s < f32::INFINITY.to_bits().cast_signed());
    finite.then(|| {
        let low = lo.into_iter().fold(f32::INFINITY, f32::min);
        (low, hi.into_iter().fold(f32::NEG_INFINITY, f32::max))
    })
}

/// The two largest distinct values so far and how often each came.
struct Extreme {
    first: (f32, u64),
    second: (f32, u64),
}

impl Default for Extreme {
    fn default() -> Self {
        Self { first: (f32::NEG_INFINITY, 0), second: (f32::NEG_INFINITY, 0) }
    }
}

impl Extreme {
    /// `sign` -1 turns it into the two smallest; `largest` is the block's largest signed value.
    fn take(&mut self, values: &[f32], largest: f32, sign: f32) {
        if largest < self.second.0 {
            return;
        }
        // Most pieces hold nothing so large.
        let holds = |piece: &&[f32], second: f32| piece.iter().map(|v| u32::from(v * sign >= second)).sum::<u32>() > 0;
        for piece in values.chunks(64) {
            if holds(&piece, self.second.0) {
                self.take_piece(piece, sign);
            }
        }
    }

    fn take_piece(&mut self, values: &[f32], sign: f32) {
        for v in values.iter().map(|v| v * sign) {
            if v < self.second.0 {
                continue;
            }
            if v > self.first.0 {
                self.second = std::mem::replace(&mut self.first, (v, 1));
            } else if v == self.first.0 {
                self.first.1 += 1;
            } else if v > self.second.0 {
                self.second = (v, 1);
            } else if v == self.second.0 {
                self.second.1 += 1;
            }
        }
    }

    fn pile(&self, numbers: u64) -> u64 {
        let (first, second) = (self.first.1, self.second.1.max(1));
        let common = first >= 10 && first as f64 > CLIPPED_SHARE / 2.0 * numbers as f64;
        if common && first > PILE_UP * second { first } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faultscope_signal::{Unit, Waveform};
    use std::f64::consts::TAU;

    fn sine(n: usize, amplitude: f64, round: Option<f64>, clip: f64) -> Waveform {
        let data = (0..n)
            .map(|i| amplitude * (TAU * i as f64 * 0.012_360_679_775).sin())
            .map(|v| round.map_or(v, |step| (v / step).round() * step).clamp(-clip, clip))
            .collect();
        Waveform::real(data, 1e3, Unit::FullScale).unwrap()
    }

    fn state(scan: &Scan, gate: &str) -> GateState {
        scan.gates.iter().find(|g| g.gate == gate).unwrap().state
    }

    #[test]
    fn samples_at_the_stated_full_scale_are_counted() {
        let data: Vec<f64> = (0..100_000).map(|i| if i < 11 { -1.0 } else { 0.25 }).collect();
        let record = Waveform::real(data, 1.0, Unit::Volt).unwrap().with_full_scale(1.0);
        let seen = scan(&record, Coverage::Full).unwrap();
        assert_eq!(seen.at_full_scale, 11);
        assert_eq!(state(&seen, "clipping"), GateState::Fail);
        assert_eq!((seen.min, seen.max), (-1.0, 0.25));
    }

    /// A record whose converter reaches from 1 V to 5 V.
    struct Offset(Waveform);

    impl Record for Offset {
        fn kind(&self) -> Kind {
            self.0.kind()
        }
        fn sample_rate_hz(&self) -> f64 {
            self.0.sample_rate_hz()
        }
        fn center_hz(&self) -> Option<f64> {
            None
        }
        fn unit(&self) -> Unit {
            self.0.unit()
        }
        fn frames(&self) -> u64 {
            self.0.frames()
        }
        fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
            self.0.read_f64(start, out)
        }
        fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
            self.0.read_f32(start, out)
        }
        fn rails(&self) -> Option<(f64, f64)> {
            Some((1.0, 5.0))
        }
    }

    #[test]
    fn rails_that_an_offset_moves_are_the_rails() {
        let seen = |data: Vec<f64>| {
            let record = Offset(Waveform::real(data, 1.0, Unit::Volt).unwrap());
            scan(&record, Coverage::Full).unwrap().at_full_scale
        };
        // 4.9 V is beyond half the range and no rail; 1 V and 5 V are.
        assert_eq!(seen(vec![1.1, 4.9, 3.0, 2.0]), 0);
        assert_eq!(seen(vec![1.0, 1.0, 5.0, 3.0]), 3);
    }

    #[test]
    fn flat_tops_are_seen_without_a_full_scale_and_a_quantised_sine_is_none() {
        let clipped = scan(&sine(200_000, 1.0, None, 0.9), Coverage::Full).unwrap();
        assert_eq!(state(&clipped, "clipping"), GateState::Warn);
        // Above 0.9 a unit sine spends 2 acos(0.9) / 2 pi of its time on each side.
        let expected = 200_000.0 * 2.0 * 0.9f64.acos() / std::f64::consts::PI;
        assert!((clipped.at_full_scale as f64 - expected).abs() < 0.01 * expected);
        let quantised = scan(&sine(200_000, 1.0, Some(1.0 / 64.0), 2.0), Coverage::Full).unwrap();
        assert_eq!(state(&quantised, "clipping"), GateState::Ok);
    }

    #[test]
    fn numbers_that_are_not_finite_are_counted_and_kept_out_of_the_extremes() {
        let record = Waveform::real(vec![1.0, f64::NAN, -2.0, f64::INFINITY], 1.0, Unit::Volt).unwrap();
        let seen = scan(&record, Coverage::Full).unwrap();
        assert_eq!((seen.non_finite, seen.min, seen.max), (2, -2.0, 1.0));
        assert_eq!(state(&seen, "finite"), GateState::Fail);
    }

    #[test]
    fn an_empty_record_fails_the_length_gate() {
        let record = Waveform::real(vec![], 1.0, Unit::Volt).unwrap();
        assert_eq!(state(&scan(&record, Coverage::Full).unwrap(), "length"), GateState::Fail);
    }

    #[test]
    fn a_partial_look_says_how_much_it_saw() {
        let record = Waveform::real(vec![0.0; 10 * BLOCK_FRAMES], 1.0, Unit::Volt).unwrap();
        let seen = scan(&record, Coverage::Blocks(2)).unwrap();
        assert_eq!(seen.frames, 2 * BLOCK_FRAMES as u64);
        assert!(seen.gates[0].detail.contains("20.00 %"));
    }
}
