//! The joint least-squares fit of a constant, a carrier with its harmonics, and other lines to a short record.
//!
//! IEEE 1057's fit with more sines: what the lines leave is the noise, however close the lines lie. Columns are
//! exponentials, so that their products are Dirichlet's kernel in closed form and one projection per line suffices.

use std::f64::consts::TAU;

use num_complex::Complex64;

use crate::record::{Kind, Record, RecordError};
use crate::sinefit::{project, unit_sums};

/// A line of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// Cycles per sample: start of the fit, right to a fraction of a cycle over the record.
    pub frequency: f64,
    /// Cycles that it moves by when the carrier moves by one; `None` for a line that goes its own way.
    pub order: Option<f64>,
    /// Its power: A^2 / 2 of a real sine, |A|^2 of a complex tone, the noise in it taken off. 0 before the fit.
    pub power: f64,
}

/// What the fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Multitone {
    /// The lines in the order given; `None` for one that cannot be told from an earlier one or from the constant.
    pub lines: Vec<Option<Member>>,
    /// Power of what the constant and the lines leave, corrected for the degrees of freedom that they take.
    pub residual: f64,
    /// Noise in each of the powers.
    pub noise: f64,
}

const ITERATIONS: usize = 4;
/// Lines nearer to each other (and to 0 and half the rate in real records) than this many cycles per record are one.
const APART: f64 = 1.5;
/// Furthest that a line may move, in cycles per record.
const REACH: f64 = 0.5;

/// Fits `members` to a whole record.
///
/// Nothing comes back when the record is shorter than eight frames for each line.
///
/// # Errors
/// When the record cannot be read.
pub fn fit(record: &dyn Record, members: &[Member]) -> Result<Option<Multitone>, RecordError> {
    let kind = record.kind();
    let frames = usize::try_from(record.frames()).unwrap_or(usize::MAX);
    let mut model = Model { kind, frames, members: Vec::new() };
    let admitted: Vec<bool> = members.iter().map(|m| model.admit(*m)).collect();
    if frames / 8 < model.members.len().max(1) {
        return Ok(None);
    }
    let data = read(record, frames)?;
    let power = data.iter().map(Complex64::norm_sqr).sum::<f64>() / frames as f64;
    let starts = model.members.clone();
    for _ in 1..ITERATIONS {
        let Some(columns) = model.solve(&data) else { return Ok(None) };
        model.step(&columns, &starts);
    }
    let Some(columns) = model.solve(&data) else { return Ok(None) };
    Ok(Some(model.answer(power, &columns, &admitted)))
}

fn read(record: &dyn Record, frames: usize) -> Result<Vec<Complex64>, RecordError> {
    let c = record.kind().components();
    let mut numbers = vec![0.0; frames * c];
    let got = record.read_f64(0, &mut numbers)?;
    if got < frames {
        return Err(RecordError::new(format!("the record ends at sample {got} although it should not")));
    }
    let frame = |v: &[f64]| Complex64::new(v[0], v.get(1).copied().unwrap_or(0.0));
    Ok(numbers.chunks_exact(c).map(frame).collect())
}

struct Model {
    kind: Kind,
    frames: usize,
    members: Vec<Member>,
}

/// One solution: for each column its frequency, its amplitude, and the record's sums against it.
struct Column {
    frequency: f64,
    amplitude: Complex64,
    line: Complex64,
    slope: Complex64,
}

impl Model {
    /// Takes a line in if it can be told from the others.
    fn admit(&mut self, m: Member) -> bool {
        let apart = APART / self.frames.max(1) as f64;
        let distance = |f: f64| (f - f.round()).abs();
        let clear = |other: f64| distance(m.frequency - other) >= apart;
        let mirrored = self.kind == Kind::Iq || distance(2.0 * m.frequency) >= 2.0 * apart;
        let free = self.members.iter().all(|o| clear(o.frequency) && (self.kind == Kind::Iq || clear(-o.frequency)));
        let admitted = mirrored && free && clear(0.0);
        if admitted {
            self.members.push(m);
        }
        admitted
    }

    /// The constant, then each line, then in real records each line's mirror.
    fn frequencies(&self) -> Vec<f64> {
        let lines = self.members.iter().map(|m| m.frequency);
        let mirrors = lines.clone().map(|f| -f).filter(|_| self.kind == Kind::Real);
        std::iter::once(0.0).chain(lines).chain(mirrors).collect()
    }

    fn solve(&self, data: &[Complex64]) -> Option<Vec<Column>> {
        let frequencies = self.frequencies();
        let count = self.members.len() + 1;
        let mut sums: Vec<(Complex64, Complex64)> = frequencies.iter().take(count).map(|f| project(data, *f)).collect();
        if self.kind == Kind::Real {
            let mirrored: Vec<_> = sums.iter().skip(1).map(|(a, b)| (a.conj(), b.conj())).collect();
            sums.extend(mirrored);
        }
        let matrix =
            frequencies.iter().map(|f| frequencies.iter().map(|g| unit_sums(self.frames, f - g).0).collect()).collect();
        let amplitudes = eliminate(matrix, sums.iter().map(|s| s.0).collect())?;
        let columns = frequencies.into_iter().zip(amplitudes).zip(sums);
        Some(
            columns
                .map(|((frequency, amplitude), (line, slope))| Column { frequency, amplitude, line, slope })
                .collect(),
        )
    }

    /// Gauss-Newton along the frequencies: the carrier and what moves with it share a step.
    fn step(&mut self, columns: &[Column], starts: &[Member]) {
        let n = self.frames as f64;
        let spread = n * (n * n - 1.0) / 12.0;
        let pull: Vec<(f64, f64)> = columns[1..]
            .iter()
            .take(self.members.len())
            .map(|c| {
                let explained: Complex64 =
                    columns.iter().map(|o| unit_sums(self.frames, c.frequency - o.frequency).1 * o.amplitude).sum();
                (((c.slope - explained) * c.amplitude.conj()).im, c.amplitude.norm_sqr() * spread)
            })
            .collect();
        let orders = || self.members.iter().map(|m| m.order);
        let (top, bottom) = orders()
            .zip(&pull)
            .filter_map(|(order, p)| order.map(|h| (h, p)))
            .fold((0.0, 0.0), |(top, bottom), (h, (g, s))| (top + h * g, bottom + h * h * s));
        let common = if bottom > 0.0 { top / bottom / TAU } else { 0.0 };
        for ((m, start), (gradient, size)) in self.members.iter_mut().zip(starts).zip(pull) {
            let change = m.order.map_or(gradient / size / TAU, |h| h * common);
            let to = m.frequency + change;
            let reach = REACH * m.order.map_or(1.0, |h| h.abs().max(1.0)) / n;
            if (to - start.frequency).abs() <= reach {
                m.frequency = to;
            }
        }
    }

    fn answer(mut self, power: f64, columns: &[Column], admitted: &[bool]) -> Multitone {
        let n = self.frames as f64;
        let explained: f64 = columns.iter().map(|c| (c.amplitude.conj() * c.line).re).sum::<f64>() / n;
        let components = self.kind.components() as f64;
        let own = self.members.iter().filter(|m| m.order.is_none()).count();
        let spent = components + 2.0 * self.members.len() as f64 + own as f64 + 1.0;
        let residual = (power - explained).max(0.0) * components * n / (components * n - spent);
        // A real sine is two exponentials.
        let halves = if self.kind == Kind::Real { 2.0 } else { 1.0 };
        let noise = residual * halves / n;
        for (m, c) in self.members.iter_mut().zip(&columns[1..]) {
            m.power = halves * c.amplitude.norm_sqr() - noise;
        }
        let mut fitted = self.members.into_iter();
        let lines = admitted.iter().map(|a| if *a { fitted.next() } else { None }).collect();
        Multitone { lines, residual, noise }
    }
}

/// Solves a Hermitian positive system by elimination; nothing where it is singular.
fn eliminate(mut m: Vec<Vec<Complex64>>, mut y: Vec<Complex64>) -> Option<Vec<Complex64>> {
    let n = y.len();
    let size = m.first().and_then(|row| row.first()).map_or(0.0, |v| v.norm());
    for i in 0..n {
        let (above, below) = m.split_at_mut(i + 1);
        let top = &above[i];
        if top[i].is_nan() || top[i].re <= 1e-9 * size {
            return None;
        }
        let right = y[i];
        for (row, value) in below.iter_mut().zip(&mut y[i + 1..]) {
            let factor = row[i] / top[i];
            row[i..].iter_mut().zip(&top[i..]).for_each(|(v, t)| *v -= factor * t);
            *value -= factor * right;
        }
    }
    for i in (0..n).rev() {
        let rest: Complex64 = (i + 1..n).map(|j| m[i][j] * y[j]).sum();
        y[i] = (y[i] - rest) / m[i][i];
    }
    y.iter().all(|v| v.is_finite()).then_some(y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;
    use crate::quantity::Unit;
    use crate::record::Waveform;

    fn member(frequency: f64, order: Option<f64>) -> Member {
        Member { frequency, order, power: 0.0 }
    }

    #[test]
    fn close_lines_come_apart_and_the_rest_is_the_noise() {
        let (n, f, g) = (4096_usize, 0.0213, 0.2021);
        let mut seed = 5;
        let sum: Vec<(f64, f64)> = (0..n)
            .map(|i| {
                let t = TAU * i as f64;
                let tones = 0.9 * (f * t + 0.3).cos() + 4e-3 * (2.0 * f * t).cos() + 2e-3 * (3.0 * f * t + 1.0).cos();
                (tones + 1e-2 * (g * t + 2.0).cos() + 0.2, 1e-4 * noise(&mut seed))
            })
            .collect();
        let truth = sum.iter().map(|(_, w)| w * w).sum::<f64>() / n as f64;
        let record = Waveform::real(sum.iter().map(|(s, w)| s + w).collect(), 1.0, Unit::Volt).unwrap();
        let off = 0.2 / n as f64;
        let members = [
            member(f + off, Some(1.0)),
            member(2.0 * (f + off), Some(2.0)),
            member(3.0 * (f + off), Some(3.0)),
            member(g - off, None),
            member(g + off, None),
        ];
        let got = fit(&record, &members).unwrap().unwrap();
        assert!(got.lines[4].is_none(), "two within a cycle per record are one");
        assert!((got.residual / truth - 1.0).abs() < 0.01, "{} {truth}", got.residual);
        let lines: Vec<Member> = got.lines.into_iter().flatten().collect();
        for (m, want) in lines.iter().zip([0.405, 8e-6, 2e-6, 5e-5]) {
            assert!((m.power / want - 1.0).abs() < 0.01, "{m:?} {want}");
        }
        assert!((lines[0].frequency - f).abs() < 1e-8 && (lines[3].frequency - g).abs() < 1e-6);
    }

    #[test]
    fn complex_tones_likewise() {
        let (n, mut seed) = (1000_usize, 9);
        let (mut data, mut truth) = (Vec::new(), 0.0);
        for i in 0..n {
            let t = TAU * i as f64;
            let w = Complex64::new(noise(&mut seed), noise(&mut seed)) * 1e-3;
            truth += w.norm_sqr() / n as f64;
            data.push(Complex64::from_polar(0.5, -0.31 * t) + Complex64::from_polar(0.02, 0.38 * t) + w);
        }
        let record = Waveform::iq(&data, 1.0, None).unwrap();
        // The second harmonic of -0.31 is at 0.38 by folding.
        let members = [member(-0.3101, Some(1.0)), member(0.3798, Some(2.0))];
        let got = fit(&record, &members).unwrap().unwrap();
        assert!((got.residual / truth - 1.0).abs() < 0.01, "{} {truth}", got.residual);
        let powers: Vec<f64> = got.lines.iter().flatten().map(|m| m.power).collect();
        assert!((powers[0] / 0.25 - 1.0).abs() < 1e-3 && (powers[1] / 4e-4 - 1.0).abs() < 2e-2, "{powers:?}");
    }

    #[test]
    fn short_and_broken_records_give_nothing() {
        // Two lines ask for sixteen frames.
        let short = Waveform::real(vec![1.0; 15], 1.0, Unit::Volt).unwrap();
        assert!(fit(&short, &[member(0.15, None), member(0.35, None)]).unwrap().is_none());
        let holed = Waveform::real(vec![f64::NAN; 64], 1.0, Unit::Volt).unwrap();
        assert!(fit(&holed, &[member(0.1, Some(1.0))]).unwrap().is_none());
    }
}
