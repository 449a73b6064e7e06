//! Many points to few columns by minimum and maximum, so that a narrow line or spike is never lost.

use super::scene::Area;

/// Lines to draw: each a run of points in scene units without a gap.
pub(super) type Lines = Vec<Vec<(f64, f64)>>;

#[derive(Clone, Copy)]
struct Column {
    place: i64,
    first: (f64, f64),
    low: (f64, f64),
    high: (f64, f64),
    last: (f64, f64),
    gap_after: bool,
}

impl Column {
    fn new(place: i64, point: (f64, f64)) -> Self {
        Self { place, first: point, low: point, high: point, last: point, gap_after: false }
    }

    fn add(&mut self, point: (f64, f64)) {
        if point.1 < self.low.1 {
            self.low = point;
        }
        if point.1 > self.high.1 {
            self.high = point;
        }
        self.last = point;
    }

    /// First, least, greatest and last point in the order they came.
    fn points(&self) -> Vec<(f64, f64)> {
        let (a, b) = if self.low.0 <= self.high.0 { (self.low, self.high) } else { (self.high, self.low) };
        let mut out = vec![self.first, a, b, self.last];
        out.dedup();
        out
    }
}

/// Runs of at most four points per column of one unit; a point that is not finite ends a run.
///
/// `points` are in scene units with x ascending. Points outside `area` in x are left out, but for one neighbour each
/// side, so that lines reach the border.
pub(super) fn columns(points: impl Iterator<Item = (f64, f64)>, area: &Area) -> Lines {
    let mut lines = Lines::new();
    let mut line: Vec<(f64, f64)> = Vec::new();
    let mut column: Option<Column> = None;
    let mut before: Option<(f64, f64)> = None;
    let close = |column: &mut Option<Column>, line: &mut Vec<(f64, f64)>, lines: &mut Lines| {
        let Some(done) = column.take() else { return };
        line.extend(done.points());
        if done.gap_after {
            lines.push(std::mem::take(line));
        }
    };
    for point in points {
        if !(point.0.is_finite() && point.1.is_finite()) {
            match &mut column {
                Some(c) => c.gap_after = true,
                None => before = None,
            }
            continue;
        }
        if point.0 < area.x0 {
            before = Some(point);
            continue;
        }
        if let Some(neighbour) = before.take() {
            line.push(neighbour);
        }
        let place = point.0.floor() as i64;
        match &mut column {
            Some(c) if c.place == place => c.add(point),
            _ => {
                close(&mut column, &mut line, &mut lines);
                column = Some(Column::new(place, point));
            }
        }
        if point.0 > area.x1 {
            break;
        }
    }
    close(&mut column, &mut line, &mut lines);
    if !line.is_empty() {
        lines.push(line);
    }
    lines.retain(|l| !l.is_empty());
    lines.iter_mut().filter(|l| l.len() == 1).for_each(lone_point);
    lines
}

/// A single point between two gaps becomes a short dash, so that it is seen.
pub(super) fn lone_point(line: &mut Vec<(f64, f64)>) {
    if let Some(&(x, y)) = line.first() {
        *line = vec![(x - 0.75, y), (x + 0.75, y)];
    }
}

/// A long record reduced to the smallest and largest value of each column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Envelope {
    /// Time of the first sample, in seconds.
    pub start_s: f64,
    /// Time that one column covers, in seconds.
    pub step_s: f64,
    /// Smallest value per column; NaN where a column holds no finite value.
    pub low: Vec<f64>,
    /// Largest value per column; NaN where a column holds no finite value.
    pub high: Vec<f64>,
}

impl Envelope {
    /// The most columns an envelope holds: more than any picture is wide.
    pub const MOST_COLUMNS: usize = 2000;

    /// Time of a column's middle.
    #[must_use]
    pub fn time_s(&self, column: usize) -> f64 {
        self.start_s + (column as f64 + 0.5) * self.step_s
    }

    /// The envelope of samples in memory.
    #[must_use]
    pub fn of(samples: &[f64], sample_rate_hz: f64) -> Self {
        let mut builder = EnvelopeBuilder::new(samples.len() as u64, sample_rate_hz);
        builder.push(samples);
        builder.finish()
    }
}

/// Builds an envelope block by block, so that memory stays flat whatever the record's length.
#[derive(Debug, Clone)]
pub struct EnvelopeBuilder {
    frames: u64,
    seen: u64,
    sample_rate_hz: f64,
    low: Vec<f64>,
    high: Vec<f64>,
}

impl EnvelopeBuilder {
    /// For a record of `frames` samples. `sample_rate_hz` must be above zero; anything else counts as 1 Hz.
    #[must_use]
    pub fn new(frames: u64, sample_rate_hz: f64) -> Self {
        let columns = usize::try_from(frames).unwrap_or(usize::MAX).min(Envelope::MOST_COLUMNS);
        let rate = if sample_rate_hz.is_finite() && sample_rate_hz > 0.0 { sample_rate_hz } else { 1.0 };
        Self { frames, seen: 0, sample_rate_hz: rate, low: vec![f64::NAN; columns], high: vec![f64::NAN; columns] }
    }

    /// Adds the next samples; more than announced are ignored.
    pub fn push(&mut self, samples: &[f64]) {
        let columns = self.low.len() as u128;
        for value in samples {
            if self.seen >= self.frames {
                return;
            }
            let column = (u128::from(self.seen) * columns / u128::from(self.frames)) as usize;
            self.seen += 1;
            if !value.is_finite() {
                continue;
            }
            if let (Some(low), Some(high)) = (self.low.get_mut(column), self.high.get_mut(column)) {
                *low = low.min(*value);
                *high = high.max(*value);
            }
        }
    }

    /// The envelope.
    #[must_use]
    pub fn finish(self) -> Envelope {
        let columns = self.low.len().max(1) as f64;
        let step_s = self.frames as f64 / columns / self.sample_rate_hz;
        Envelope { start_s: 0.0, step_s, low: self.low, high: self.high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area::new(0.0, 0.0, 100.0, 100.0);

    #[test]
    fn a_line_one_point_wide_survives_a_reduction_of_a_thousand() {
        for peak in [0_usize, 1, 49_999, 50_000, 77_777, 99_999] {
            let points = (0..100_000).map(|i| (i as f64 / 1000.0, if i == peak { 90.0 } else { 10.0 }));
            let lines = columns(points, &AREA);
            assert_eq!(lines.len(), 1);
            let top = lines[0].iter().copied().fold((0.0, 0.0), |a: (f64, f64), p| if p.1 > a.1 { p } else { a });
            assert_eq!(top, (peak as f64 / 1000.0, 90.0));
            assert!(lines[0].len() <= 4 * 101);
        }
    }

    #[test]
    fn few_points_are_kept_as_they_are() {
        let points = [(0.0, 1.0), (30.0, 2.0), (60.0, 1.0), (100.0, 3.0)];
        assert_eq!(columns(points.into_iter(), &AREA), vec![points.to_vec()]);
    }

    #[test]
    fn what_is_not_finite_breaks_the_line() {
        let points =
            [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, f64::NEG_INFINITY), (5.0, 1.0), (6.0, 2.0)];
        let lines = columns(points.into_iter(), &AREA);
        let starts: Vec<f64> = lines.iter().map(|l| l[0].0).collect();
        assert_eq!(starts, vec![0.0, 2.25, 5.0]);
        assert!(columns([(1.0, f64::NAN)].into_iter(), &AREA).is_empty());
    }

    #[test]
    fn an_envelope_keeps_spikes_and_time() {
        let mut samples = vec![1.0; 1_000_003];
        samples[123_456] = 9.0;
        samples[654_321] = -4.0;
        let e = Envelope::of(&samples, 1e6);
        assert_eq!(e.low.len(), 2000);
        assert_eq!(e.high.iter().copied().fold(0.0, f64::max), 9.0);
        assert_eq!(e.low.iter().copied().fold(0.0, f64::min), -4.0);
        let column = e.high.iter().position(|v| *v == 9.0).unwrap();
        assert!((e.time_s(column) - 0.123_456).abs() <= e.step_s);
        assert!((e.step_s * 2000.0 - 1.000_003).abs() < 1e-9);
    }

    #[test]
    fn blocks_give_the_same_envelope_as_the_whole() {
        let samples: Vec<f64> = (0..12_345).map(|i| f64::from(i * 7919 % 1000)).collect();
        let mut builder = EnvelopeBuilder::new(12_345, 10.0);
        samples.chunks(37).for_each(|c| builder.push(c));
        assert_eq!(builder.finish(), Envelope::of(&samples, 10.0));
    }
}
