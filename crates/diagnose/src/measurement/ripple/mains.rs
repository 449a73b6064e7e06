//! The mains family: found by a comb search between 45 and 65 Hz, then fitted block by block.

use faultscope_signal::comb::{Block, Complex64, Fit, Taper, Trend};
use faultscope_signal::robust::running_median;
use faultscope_signal::{Record, RecordError};

use super::chance::{cell_level, cell_median};

/// Highest order that is fitted.
const HIGHEST: u32 = 40;
/// Lowest rate of the decimated view that the family is fitted on: order 40 of 65 Hz stays inside.
pub(super) const VIEW_RATE_HZ: f64 = 6_500.0;
/// Records from here on are searched by averaged spectra, shorter ones by direct fits.
pub(super) const LONG_S: f64 = 0.25;
/// Probability that noise alone shows a mains family.
const FALSE_ALARM: f64 = 1e-3;
/// Doubt about the noise floor itself, as a factor on thresholds.
const FLOOR_DOUBT: f64 = 1.2;
/// How far a refined fundamental may lie from the one before.
const NEAR_HZ: f64 = 0.5;
/// Orders of which one must be there before a comb is called mains: what rectifiers, asymmetry and pick-up make.
const LOW_ORDERS: [u32; 5] = [1, 2, 3, 4, 6];

/// A mains family as found.
#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) fundamental_hz: f64,
    /// Order and ratio of its power to that of the noise in one resolution cell.
    pub(super) lines: Vec<(u32, f64)>,
}

impl Family {
    pub(super) fn orders(&self) -> Vec<u32> {
        self.lines.iter().map(|l| l.0).collect()
    }

    fn strongest(&self, count: usize) -> Vec<u32> {
        let mut sorted = self.lines.clone();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
        sorted.iter().take(count).map(|l| l.0).collect()
    }
}

fn orders_below(rate: f64, fundamental: f64) -> u32 {
    ((0.45 * rate / fundamental) as u32).min(HIGHEST)
}

fn range(nominal: Option<f64>) -> (f64, f64) {
    nominal.map_or((45.0, 65.0), |f| (0.98 * f, 1.02 * f))
}

/// Whether a record can show the mains at all: 1.7 cycles of the second order, and a rate above twice the fundamental.
pub(super) fn searchable(rate: f64, duration: f64, nominal: Option<f64>) -> bool {
    rate * 0.45 >= range(nominal).0 && duration * 2.0 * range(nominal).1 >= 1.7
}

/// Searches a view of the record for the mains family.
pub(super) fn find(view: &dyn Record, nominal: Option<f64>) -> Result<Option<Family>, RecordError> {
    let (rate, duration) = (view.sample_rate_hz(), view.duration_s());
    if !searchable(rate, duration, nominal) {
        return Ok(None);
    }
    let found = if duration >= LONG_S { long(view, nominal)? } else { short(view, nominal)? };
    Ok(found.filter(|f| nominal.is_some() || plausible(f)))
}

/// Whether a comb that was found may be called mains.
fn plausible(family: &Family) -> bool {
    let f = family.fundamental_hz;
    let has = |k: u32| family.lines.iter().any(|l| l.0 == k);
    let strongest = family.strongest(1).first().copied().unwrap_or(0);
    let near_nominal = (f - 50.0).abs() < 1.0 || (f - 60.0).abs() < 1.0;
    let low = LOW_ORDERS.iter().any(|&k| has(k));
    if near_nominal { low || family.lines.len() >= 3 } else { matches!(strongest, 1 | 2) || (has(1) && has(2)) }
}

struct Search {
    blocks: Vec<Block>,
    n: usize,
    rate: f64,
    power: Vec<f64>,
    floor: Vec<f64>,
}

impl Search {
    fn new(view: &dyn Record) -> Result<Self, RecordError> {
        let (rate, duration) = (view.sample_rate_hz(), view.duration_s());
        let seconds = if duration < 2.0 { duration } else { 1.0 };
        let frames = view.frames();
        let n = ((seconds * rate) as usize).clamp(1, usize::try_from(frames).unwrap_or(usize::MAX));
        let count = ((duration / seconds) as u64).clamp(1, 16);
        let mut blocks = Vec::new();
        let mut x = vec![0.0; n];
        for i in 0..count {
            view.read_f64(i * (frames - n as u64) / (count - 1).max(1), &mut x)?;
            let mean = x.iter().sum::<f64>() / n as f64;
            x.iter_mut().for_each(|v| *v -= mean);
            blocks.push(Block::new(&x, Taper::Hann));
        }
        let padded = (8 * n).next_power_of_two();
        let mut power = vec![0.0; padded / 2 + 1];
        for block in &blocks {
            power.iter_mut().zip(block.periodogram(padded)).for_each(|(p, b)| *p += b / count as f64);
        }
        let cells: Vec<f64> = (0..n / 2).map(|i| power[i * padded / n]).collect();
        let median = cell_median(count as f64);
        let half = ((25.0 * seconds) as usize).max(8);
        let floor = running_median(&cells, half).iter().map(|m| (m / median).max(f64::MIN_POSITIVE)).collect();
        Ok(Self { blocks, n, rate, power, floor })
    }

    fn floor_at(&self, f: f64) -> f64 {
        let cell = (f / self.rate * self.n as f64).round() as usize;
        self.floor.get(cell.min(self.floor.len().saturating_sub(1))).copied().unwrap_or(f64::INFINITY)
    }

    /// Ratio to the floor, read from the padded spectrum.
    fn ratio(&self, f: f64) -> f64 {
        let bin = (f / self.rate * 2.0 * (self.power.len() - 1) as f64).round() as usize;
        self.power.get(bin).map_or(0.0, |p| p / self.floor_at(f))
    }

    fn score(&self, f: f64) -> f64 {
        (1..=orders_below(self.rate, f)).map(|k| (self.ratio(f64::from(k) * f) - 4.0).max(0.0)).sum()
    }

    /// The spacing that gathers most power. Where several explain the same lines (300 Hz is order 6 of 50 Hz and 5 of
    /// 60 Hz), the one near a nominal frequency wins, then the one with the greater share of even orders.
    fn spacing(&self, nominal: Option<f64>) -> Option<f64> {
        let (low, high) = range(nominal);
        let step = 0.2 * self.rate / (self.n as f64 * f64::from(HIGHEST));
        let grid: Vec<(f64, f64)> =
            (0..=((high - low) / step) as usize).map(|i| low + i as f64 * step).map(|f| (f, self.score(f))).collect();
        let best = grid.iter().map(|g| g.1).fold(0.0, f64::max);
        if best <= 0.0 {
            return None;
        }
        let peak = |i: usize| {
            let s = grid[i].1;
            s >= 0.9 * best && (i == 0 || grid[i - 1].1 <= s) && (i + 1 == grid.len() || grid[i + 1].1 <= s)
        };
        let rank = |f: f64, score: f64| {
            let near = (f - 50.0).abs() < 1.0 || (f - 60.0).abs() < 1.0;
            let even: f64 =
                (1..=orders_below(self.rate, f) / 2).map(|k| (self.ratio(2.0 * f64::from(k) * f) - 4.0).max(0.0)).sum();
            f64::from(u8::from(near)) * 10.0 + (even / score * 4.0).round() + score / best
        };
        let candidates = (0..grid.len()).filter(|&i| peak(i)).map(|i| grid[i]);
        candidates.max_by(|a, b| rank(a.0, a.1).total_cmp(&rank(b.0, b.1))).map(|g| g.0)
    }
}

fn long(view: &dyn Record, nominal: Option<f64>) -> Result<Option<Family>, RecordError> {
    let search = Search::new(view)?;
    let Some(start) = search.spacing(nominal) else { return Ok(None) };
    let (rate, count) = (search.rate, search.blocks.len() as f64);
    let highest = orders_below(rate, start);
    // Every resolution cell up to the highest order has its chance to look like a line of some comb.
    let cells = f64::from(highest) * start * search.n as f64 / rate;
    let first = FLOOR_DOUBT * cell_level(FALSE_ALARM / cells, count);
    let seen: Vec<(u32, f64)> =
        (1..=highest).map(|k| (k, search.ratio(f64::from(k) * start))).filter(|l| l.1 > first).collect();
    if seen.is_empty() {
        return Ok(None);
    }
    let rough = Family { fundamental_hz: start, lines: seen };
    let (one, few) = (rough.strongest(1), rough.strongest(6));
    // The floor below the comb changes from cell to cell, so that the best spacing of the grid may lie on the slope of the lines.
    let half_a_cell = (0.5 * rate / search.n as f64).max(NEAR_HZ);
    let fundamentals: Vec<f64> = search
        .blocks
        .iter()
        .map(|b| {
            let f = b.refine(start / rate, &one, Trend::Constant);
            near(b.refine(f, &few, Trend::Constant), start / rate, half_a_cell / rate) * rate
        })
        .collect();
    let mean = fundamentals.iter().sum::<f64>() / count;
    let second = FLOOR_DOUBT * cell_level(FALSE_ALARM / f64::from(HIGHEST), count);
    let lines: Vec<(u32, f64)> = (1..=highest)
        .map(|k| {
            let k64 = f64::from(k);
            let power: f64 = search.blocks.iter().zip(&fundamentals).map(|(b, f)| b.power(k64 * f / rate)).sum();
            (k, power / count / search.floor_at(k64 * mean))
        })
        .filter(|l| l.1 > second)
        .collect();
    Ok((!lines.is_empty()).then_some(Family { fundamental_hz: mean, lines }))
}

/// What was refined, where it stayed near what it was refined from.
fn near(f: f64, prior: f64, within: f64) -> f64 {
    if (f - prior).abs() <= within { f } else { prior }
}

/// Direct fits on a record of few cycles: even orders alone, and all orders where two cycles of the mains are there.
fn short(view: &dyn Record, nominal: Option<f64>) -> Result<Option<Family>, RecordError> {
    let (rate, duration) = (view.sample_rate_hz(), view.duration_s());
    let mut x = vec![0.0; usize::try_from(view.frames()).unwrap_or(0)];
    view.read_f64(0, &mut x)?;
    let block = Block::new(&x, Taper::Flat);
    let Some(trend) = block.fit(&[], Trend::Line) else { return Ok(None) };
    let energy = x.iter().map(|v| v * v).sum::<f64>() - trend.explained;
    let best = [2, 1]
        .into_iter()
        .filter_map(|spacing| direct(&block, spacing, rate, duration, nominal))
        .filter_map(|(f, orders, fit)| {
            let left = energy - (fit.explained - trend.explained);
            let freedom = x.len() as f64 - 2.0 * orders.len() as f64 - 3.0;
            (freedom >= 4.0).then(|| (f, orders, fit, left.max(energy * 1e-12) / freedom))
        })
        // All orders must earn their greater number of unknowns.
        .reduce(|a, b| if b.3 < 0.5 * a.3 { b } else { a });
    let Some((f, orders, fit, variance)) = best else { return Ok(None) };
    // All lines up to the highest order, where there are samples enough for them.
    let spacing = orders.first().copied().unwrap_or(1);
    let more: Vec<u32> = (1..=orders_below(rate, f) / spacing).map(|k| k * spacing).collect();
    let lines: Vec<f64> = more.iter().map(|&k| f64::from(k) * f / rate).collect();
    let freedom = x.len() as f64 - 2.0 * more.len() as f64 - 3.0;
    let (orders, fit, variance) = match block.fit(&lines, Trend::Line) {
        Some(wide) if freedom >= 4.0 => {
            let left = energy - (wide.explained - trend.explained);
            (more, wide, left.max(energy * 1e-12) / freedom)
        }
        _ => (orders, fit, variance),
    };
    Ok(significant(&x, f, &orders, &fit, variance, rate))
}

/// Best fundamental in Hz for the orders `spacing`, `2 * spacing` ..., with its fit.
fn direct(block: &Block, spacing: u32, rate: f64, duration: f64, nominal: Option<f64>) -> Option<(f64, Vec<u32>, Fit)> {
    let (low, high) = range(nominal);
    let fit = |f: f64| {
        let orders: Vec<u32> = (1..=10).map(|k| k * spacing).take_while(|&k| k <= orders_below(rate, f)).collect();
        let lines: Vec<f64> = orders.iter().map(|&k| f64::from(k) * f / rate).collect();
        block.fit(&lines, Trend::Line).map(|fit| (f, orders, fit))
    };
    let low = low.max(1.7 / duration / f64::from(spacing));
    if low > high {
        return None;
    }
    let energy = |f: f64| fit(f).map_or(f64::NEG_INFINITY, |r| r.2.explained);
    let grid = (0..=((high - low) / 0.25) as usize).map(|i| low + 0.25 * i as f64);
    let start = grid.max_by(|&a, &b| energy(a).total_cmp(&energy(b)))?;
    let (mut a, mut b) = ((start - 0.25).max(low), (start + 0.25).min(high));
    // Golden section.
    const RATIO: f64 = 0.618_033_988_749_894_9;
    while b - a > 1e-5 {
        let (c, d) = (b - RATIO * (b - a), a + RATIO * (b - a));
        if energy(c) > energy(d) { b = d } else { a = c }
    }
    fit(0.5 * (a + b))
}

/// Keeps the orders that stand out of the white rest and out of their neighbours between the orders.
fn significant(x: &[f64], f: f64, orders: &[u32], fit: &Fit, variance: f64, rate: f64) -> Option<Family> {
    // Chance that the mean of 8 neighbouring degrees of freedom is exceeded this much: F(2, 8) at 1e-5.
    const LEVEL: f64 = 67.0;
    let n = x.len();
    let model = Tracked { fundamental: f / rate, fit: fit.clone(), orders: orders.to_vec() };
    let rest: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let u = faultscope_signal::comb::centered(i, n);
            v - model.lines_at(u) - model.fit.constant - model.fit.slope * u
        })
        .collect();
    let rest = Block::new(&rest, Taper::Flat);
    let spacing = f64::from(orders.first().copied().unwrap_or(1)) * f / rate;
    let lines: Vec<(u32, f64)> = orders
        .iter()
        .zip(&fit.phasors)
        .map(|(&k, c)| {
            let center = f64::from(k) * f / rate;
            let between: f64 = [-1.5, -0.5, 0.5, 1.5].iter().map(|o| rest.power((center + o * spacing).abs())).sum();
            let noise = (0.25 * between).max(variance).max(f64::MIN_POSITIVE);
            (k, 0.25 * c.norm_sqr() * n as f64 / noise)
        })
        .filter(|l| l.1 > LEVEL)
        .collect();
    (!lines.is_empty()).then_some(Family { fundamental_hz: f, lines })
}

/// The family as fitted to one block of the view.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    /// Cycles per sample of the view.
    pub(super) fundamental: f64,
    pub(super) fit: Fit,
    pub(super) orders: Vec<u32>,
}

impl Tracked {
    fn lines_at(&self, u: f64) -> f64 {
        let turn = |k: u32| Complex64::from_polar(1.0, std::f64::consts::TAU * f64::from(k) * self.fundamental * u);
        self.orders.iter().zip(&self.fit.phasors).map(|(&k, c)| (c * turn(k)).re).sum()
    }
}

/// Fits the family to one block; `prior` is the fundamental in cycles per sample, `start` where its search begins.
pub(super) fn track(x: &[f64], family: &Family, prior: f64, start: f64, rate: f64) -> Option<Tracked> {
    let long = x.len() as f64 >= LONG_S * rate * 0.99;
    let (taper, trend) = if long { (Taper::Hann, Trend::Constant) } else { (Taper::Flat, Trend::Line) };
    let block = Block::new(x, taper);
    let refined = block.refine(start, &family.strongest(4), trend);
    let fundamental = near(refined, prior, NEAR_HZ / rate);
    let orders = family.orders();
    let fit = block.fit_family(fundamental, &orders, trend)?;
    Some(Tracked { fundamental, fit, orders })
}
