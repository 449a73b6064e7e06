//! The axis of time checked as it is read: is there a uniform step that explains every printed time?

use super::number::{Number, quantum};

/// Longest run of evenly printed times that is taken as its two ends.
const RUN: u64 = 1024;
/// Rows whose extremes are kept together before they go to the hulls.
const GROUP: u64 = 64;
/// Hull corners beyond which the axis is certainly bent (a quantised line has a few hundred).
const CORNERS: usize = 8192;

/// Steps that far from the mean are searched for one that explains all rows: single digits at the ends leave as much.
const SEARCH: f64 = 0.5;
/// Halvings (or thirds) of that range: beyond the digits of a step.
const HALVINGS: usize = 80;

/// Running check of a time column in constant memory.
///
/// Every time `t_i` is known to its print quantum; a step `d` explains the column when
/// `|t_i - (t_0 + i d)| <= tolerance_i` for all rows, with one quantum of tolerance: half for the row, half for the
/// first and last row which define the line. Two convex hulls of the residuals against a provisional step keep all
/// that is needed to answer this afterwards for any `d`.
#[derive(Debug)]
pub(super) struct Axis {
    provisional: f64,
    exact: Option<f64>,
    rows: u64,
    first: f64,
    last: f64,
    /// Smallest and largest step between neighbours.
    steps: (f64, f64),
    /// Magnitude of the outermost times, and the finest quantum printed there.
    edge: (f64, f64),
    /// Smallest upper and largest lower bound of the running group, with their rows.
    high: (u64, f64),
    low: (u64, f64),
    ceiling: Vec<(u64, f64)>,
    floor: Vec<(u64, f64)>,
    backwards: Option<u64>,
    bent: bool,
}

/// A time column on its way to its axis: times that follow each other evenly in their printed digits are only counted.
#[derive(Debug)]
pub(super) struct Ticks {
    axis: Axis,
    /// The last time in units of its last digit, that digit, and the step before it; `NO_STEP` where there is none.
    last: i64,
    digit: i32,
    step: i64,
    /// Rows that followed evenly since the axis last heard of one.
    waiting: u64,
}

/// Beyond any difference of two times of up to 2^53.
const NO_STEP: i64 = i64::MAX;
/// The digit of a time that is not a whole number of its last digit.
const NO_DIGIT: i32 = i32::MAX;

impl Ticks {
    pub(super) const fn new(axis: Axis) -> Self {
        Self { axis, last: 0, digit: NO_DIGIT, step: NO_STEP, waiting: 0 }
    }

    /// The next printed time.
    #[inline(always)]
    pub(super) fn push(&mut self, time: &Number) {
        if let Some(now) = time.ticks()
            && time.last_digit == self.digit
            && now - self.last == self.step
            && self.waiting < RUN
        {
            self.last = now;
            self.waiting += 1;
        } else {
            self.uneven(time);
        }
    }

    #[inline(never)]
    fn uneven(&mut self, time: &Number) {
        self.settle();
        let digit = if time.ticks().is_some() { time.last_digit } else { NO_DIGIT };
        let now = time.ticks().unwrap_or(0);
        self.step = if digit == self.digit && digit != NO_DIGIT { now - self.last } else { NO_STEP };
        (self.last, self.digit) = (now, digit);
        self.axis.push(time.value(), quantum(time.last_digit));
    }

    fn settle(&mut self) {
        if self.waiting > 0 {
            let last = Number::exact(self.last < 0, self.last.unsigned_abs(), self.digit);
            self.axis.push_even(last.value(), quantum(self.digit), self.waiting);
        }
        self.waiting = 0;
    }

    /// The axis of all times.
    pub(super) fn finish(mut self) -> Axis {
        self.settle();
        self.axis.flush();
        self.axis
    }
}

/// How far a step misses the column at worst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Miss {
    /// Beyond the tolerance, in units of the column; 0 when the step explains it.
    pub(super) by: f64,
    /// The row.
    pub(super) row: u64,
}

impl Axis {
    /// An axis whose step is about `provisional`; `exact` sets the tolerance instead of the print quantum.
    pub(super) fn new(provisional: f64, exact: Option<f64>) -> Self {
        Self {
            provisional,
            exact,
            rows: 0,
            first: 0.0,
            last: 0.0,
            steps: (f64::INFINITY, f64::NEG_INFINITY),
            edge: (0.0, 0.0),
            high: (0, f64::INFINITY),
            low: (0, f64::NEG_INFINITY),
            ceiling: Vec::new(),
            floor: Vec::new(),
            backwards: None,
            bent: false,
        }
    }

    /// The next printed time and the value of its last digit.
    #[inline]
    pub(super) fn push(&mut self, t: f64, quantum: f64) {
        if self.rows == 0 {
            self.first = t;
        } else {
            let step = t - self.last;
            self.steps = (self.steps.0.min(step), self.steps.1.max(step));
            if step < 0.0 && self.backwards.is_none() {
                self.backwards = Some(self.rows);
            }
        }
        self.last = t;
        self.note_edge(t.abs(), quantum);
        let tolerance = self.exact.unwrap_or_else(|| self.tolerance(t, quantum));
        let residual = t - self.first - self.rows as f64 * self.provisional;
        let (high, low) = (residual + tolerance, residual - tolerance);
        if high < self.high.1 {
            self.high = (self.rows, high);
        }
        if low > self.low.1 {
            self.low = (self.rows, low);
        }
        self.rows += 1;
        if self.rows.is_multiple_of(GROUP) || self.rows < GROUP {
            self.flush();
        }
    }

    /// `rows` further rows, printed evenly from the one before them to the last, at `t`.
    ///
    /// Their residuals lie on a straight line and the tolerance has no room to bend within a short run, so that the
    /// ends say all.
    fn push_even(&mut self, t: f64, quantum: f64, rows: u64) {
        let step = (t - self.last) / rows as f64;
        if step < 0.0 && self.backwards.is_none() {
            self.backwards = Some(self.rows);
        }
        // Each end is a corner of its own: the rows of a group lie close together, those of a run do not.
        self.flush();
        self.rows += rows - 1;
        self.last = t - step;
        self.push(t, quantum);
        self.flush();
    }

    /// One quantum, and the rounding of instruments that print single-precision times (at most a quarter of a step).
    #[inline]
    fn tolerance(&self, t: f64, quantum: f64) -> f64 {
        let single = t.abs().max(self.first.abs()) * f64::from(f32::EPSILON);
        let double = t.abs().max(self.first.abs()) * (4.0 * f64::EPSILON);
        quantum * (1.0 + 1e-9) + single.min(0.25 * self.provisional.abs()) + double
    }

    /// Small times are printed finer, and trailing zeros may be left away: the finest digit of large times counts.
    #[inline]
    fn note_edge(&mut self, size: f64, quantum: f64) {
        if size > 2.0 * self.edge.0 {
            self.edge = (size, quantum);
        } else if size >= 0.5 * self.edge.0 && quantum < self.edge.1 {
            self.edge.1 = quantum;
        }
    }

    #[cold]
    fn flush(&mut self) {
        if self.high.1 < f64::INFINITY {
            Self::corner(&mut self.ceiling, self.high, 1.0);
        }
        if self.low.1 > f64::NEG_INFINITY {
            Self::corner(&mut self.floor, self.low, -1.0);
        }
        (self.high.1, self.low.1) = (f64::INFINITY, f64::NEG_INFINITY);
        self.bent |= self.ceiling.len() > CORNERS || self.floor.len() > CORNERS;
        if self.bent {
            self.ceiling.truncate(CORNERS);
            self.floor.truncate(CORNERS);
        }
    }

    /// Adds a point to a hull (Andrew's monotone chain): lower hull for `side` 1, upper hull for -1.
    fn corner(hull: &mut Vec<(u64, f64)>, point: (u64, f64), side: f64) {
        while let [.., a, b] = hull.as_slice() {
            let cross = (b.0 - a.0) as f64 * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0) as f64;
            if cross * side > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Step over the whole record: (last - first) / (n - 1).
    pub(super) fn mean_step(&self) -> Option<f64> {
        let step = (self.last - self.first) / (self.rows.checked_sub(1)? as f64);
        (self.rows >= 2 && step.is_finite() && step > 0.0).then_some(step)
    }

    /// Relative doubt of the mean step that the printed digits leave.
    pub(super) fn step_doubt(&self) -> f64 {
        let span = (self.last - self.first).abs();
        let double = self.last.abs().max(self.first.abs()) * f64::EPSILON;
        if span > 0.0 { (self.edge.1 + double) / span } else { 0.0 }
    }

    /// Row at which time first ran backwards.
    pub(super) const fn backwards(&self) -> Option<u64> {
        self.backwards
    }

    /// Whether neighbouring steps differ by more than half of `step`: the digits are too few, or rows are missing.
    pub(super) fn is_coarse(&self, step: f64) -> bool {
        self.steps.1 - self.steps.0 > 0.5 * step
    }

    /// How far `step` misses the column at worst.
    pub(super) fn miss(&self, step: f64) -> Miss {
        if self.bent {
            return Miss { by: f64::INFINITY, row: self.ceiling.last().map_or(0, |c| c.0) };
        }
        let tilt = step - self.provisional;
        let over = self.ceiling.iter().map(|(row, high)| Miss { by: *row as f64 * tilt - high, row: *row });
        let under = self.floor.iter().map(|(row, low)| Miss { by: low - *row as f64 * tilt, row: *row });
        over.chain(under).fold(Miss { by: 0.0, row: 0 }, |worst, m| if m.by > worst.by { m } else { worst })
    }
}

impl Axis {
    /// The smallest and the largest step that explain every row within its print quantum, wherever the first row may lie
    /// within its own: a column of few digits says the start only as exactly as its largest time.
    ///
    /// Lines between the two hulls: the room that a step leaves between them is a concave function of the step.
    pub(super) fn explaining_steps(&self) -> Option<(f64, f64)> {
        let mean = self.mean_step().filter(|_| !self.bent)?;
        let room = |step: f64| {
            let tilt = step - self.provisional;
            let least = self.ceiling.iter().map(|(row, high)| high - *row as f64 * tilt).fold(f64::INFINITY, f64::min);
            let most = self.floor.iter().map(|(row, low)| low - *row as f64 * tilt).fold(f64::NEG_INFINITY, f64::max);
            least - most
        };
        let (low, high) = (mean * (1.0 - SEARCH), mean * (1.0 + SEARCH));
        let (mut left, mut right) = (low, high);
        for _ in 0..HALVINGS {
            let third = (right - left) / 3.0;
            if room(left + third) < room(right - third) { left += third } else { right -= third }
        }
        let best = f64::midpoint(left, right);
        if room(best) < 0.0 {
            return None;
        }
        let edge = |mut outside: f64| {
            let mut inside = best;
            for _ in 0..HALVINGS {
                let middle = f64::midpoint(inside, outside);
                if room(middle) < 0.0 { outside = middle } else { inside = middle }
            }
            inside
        };
        Some((edge(low), edge(high)))
    }
}

/// The shortest decimal number within a relative distance: 99999.99999999999 of a printed step is 100000.
pub(super) fn shortest(value: f64, doubt: f64) -> f64 {
    (0..17)
        .filter_map(|digits| format!("{value:.digits$e}").parse::<f64>().ok())
        .find(|short| (short - value).abs() <= doubt.max(1e-12) * value.abs())
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(times: impl Iterator<Item = f64>, quantum: f64, provisional: f64) -> Axis {
        let mut axis = Axis::new(provisional, None);
        times.for_each(|t| axis.push((t / quantum).round() * quantum, quantum));
        axis.flush();
        axis
    }

    #[test]
    fn rounded_times_of_a_uniform_record_are_uniform() {
        // 4 ns steps printed with a quantum of 10 ns: neighbours repeat, the whole record does not lie.
        let a = axis((0..100_000).map(|i| 4e-9 * f64::from(i)), 1e-8, 4.1e-9);
        let step = a.mean_step().unwrap();
        assert!((step - 4e-9).abs() < 1e-8 / 99_999.0);
        assert_eq!(a.miss(step).by, 0.0);
        assert_eq!(a.miss(4e-9).by, 0.0);
        assert!(a.is_coarse(step));
        assert_eq!(shortest(1.0 / step, a.step_doubt()), 2.5e8);
        // A step wrong by 1 part in 1000 is 400 ns off at the end, less the quantum of tolerance.
        let miss = a.miss(4.004e-9);
        assert!(miss.row > 99_990, "{miss:?}");
        assert!((miss.by - (399.996e-9 - 1e-8)).abs() <= 1e-8, "{miss:?}");
    }

    #[test]
    fn a_missing_row_in_the_middle_is_seen_whatever_the_provisional_step() {
        let times = (0..10_000).map(|i| 1e-6 * f64::from(i + i32::from(i >= 5000)));
        let a = axis(times, 1e-9, 1.0003e-6);
        let step = a.mean_step().unwrap();
        // The chord runs through both ends: half a step off on each side of the gap.
        let miss = a.miss(step);
        assert!((miss.by - 0.5e-6).abs() < 0.01e-6, "{miss:?}");
        assert!((4900..5100).contains(&miss.row));
    }

    #[test]
    fn even_runs_are_judged_like_their_rows() {
        let number = |t: &str| crate::format::csv::number::cell(t.as_bytes(), b'.').unwrap();
        for gap in [None, Some(5000), Some(9999)] {
            let times: Vec<String> = (0..10_000)
                .map(|i| {
                    format!("{:.9e}", (f64::from(i) - 300.0 + f64::from(u8::from(gap.is_some_and(|g| i >= g)))) * 1e-6)
                })
                .collect();
            let mut ticks = Ticks::new(Axis::new(1e-6, None));
            let mut rows = Axis::new(1e-6, None);
            for text in &times {
                let n = number(text);
                ticks.push(&n);
                rows.push(n.value(), quantum(n.last_digit));
            }
            rows.flush();
            let runs = ticks.finish();
            assert_eq!((runs.rows(), runs.mean_step()), (rows.rows(), rows.mean_step()));
            assert!(runs.ceiling.len() < 100);
            for step in [1e-6, 1.00005e-6, runs.mean_step().unwrap()] {
                let (a, b) = (runs.miss(step), rows.miss(step));
                let group = GROUP as f64 * (step - 1e-6f64).abs();
                assert!((a.by - b.by).abs() <= group + 1e-15, "{gap:?} {step}: {a:?} {b:?}");
                assert_eq!(a.by > 0.0, gap.is_some() || step == 1.00005e-6);
            }
            assert!((runs.steps.1 - rows.steps.1).abs() < 1e-12 && (runs.steps.0 - rows.steps.0).abs() < 1e-12);
        }
        let back = ["1e-6", "2e-6", "3e-6", "2e-6", "1e-6", "0e-6"];
        let mut ticks = Ticks::new(Axis::new(1e-6, None));
        back.iter().for_each(|t| ticks.push(&number(t)));
        assert_eq!(ticks.finish().backwards(), Some(3));
    }

    #[test]
    fn three_digits_over_decades_leave_a_range_that_holds_the_step() {
        // As instruments print them: three significant digits, the trigger in the middle.
        let three = |t: f64| {
            let decade = if t == 0.0 { -9.0 } else { t.abs().log10().floor() };
            let quantum = 10f64.powf(decade - 2.0);
            ((t / quantum).round() * quantum, quantum)
        };
        for (first, rows) in [(-6.004_6e-3, 12_000), (0.0, 100_477), (-1e-5, 5000)] {
            let mut a = Axis::new(1.003e-6, None);
            (0..rows).map(|i| three(first + 1e-6 * f64::from(i))).for_each(|(t, q)| a.push(t, q));
            a.flush();
            let (low, high) = a.explaining_steps().unwrap();
            assert!(low <= 1e-6 && 1e-6 <= high && high / low < 1.005, "{low} {high}");
        }
        // Rows that are missing leave no step, with digits enough to see them.
        let gap = axis((0..10_000).map(|i| 1e-6 * f64::from(i + i32::from(i >= 5000))), 1e-9, 1e-6);
        assert_eq!(gap.explaining_steps(), None);
    }

    #[test]
    fn memory_stays_bounded_on_a_parabola() {
        let mut a = Axis::new(1.0, None);
        (0..2_000_000).for_each(|i| a.push(f64::from(i).powi(2) * 1e-3, 1e-9));
        a.flush();
        assert!(a.ceiling.len() <= CORNERS && a.floor.len() <= CORNERS);
        assert!(a.miss(a.mean_step().unwrap()).by > 0.0);
    }

    #[test]
    fn the_shortest_number_within_the_doubt_is_taken() {
        assert_eq!(shortest(99_999.999_99, 1e-9), 100_000.0);
        assert_eq!(shortest(0.1 + 0.2, 0.0), 0.3);
        assert_eq!(shortest(123_456.789, 0.0), 123_456.789);
    }
}
