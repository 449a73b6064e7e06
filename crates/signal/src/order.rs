//! Order statistics of windows that move along a long list: exact, with counters in place of sorting.

use std::sync::Arc;

use crate::wide::wide;

/// Counters: values are told apart by 12 bits first, four at a time.
const KEYS: usize = 1 << 12;
const GROUP: usize = 16;
const BLOCK: usize = GROUP * GROUP;

/// Values (not negative) with a coarse key each that rises with them.
pub(crate) struct Keyed<'a> {
    values: &'a [f64],
    keys: Vec<u16>,
}

impl<'a> Keyed<'a> {
    /// Keys that rise with the values and are all about equally common, so that a window seldom holds one twice.
    ///
    /// Values are told apart by their logarithm first; the keys of each step are spread over its share of the values.
    pub(crate) fn new(values: &'a [f64]) -> Self {
        const FINE: u32 = 12;
        // The bits of a positive number, read as a whole number, rise with it like its logarithm.
        let (low, high) = values.iter().fold((u64::MAX, 0), |(l, h), v| (l.min(v.to_bits()), h.max(v.to_bits())));
        let span = high.saturating_sub(low);
        let shift = (64 - span.leading_zeros()).saturating_sub(KEYS.ilog2() + FINE);
        let place = |v: &f64| (v.to_bits() - low) >> shift;
        let step = |place: u64| (place >> FINE) as usize % KEYS;
        let mut counts = vec![0_u32; KEYS];
        values.iter().for_each(|v| counts[step(place(v))] += 1);
        let mut below = 0;
        let steps: Vec<(u64, u64)> = counts
            .iter()
            .map(|count| {
                let count = u64::from(*count);
                below += count;
                (below - count, count)
            })
            .collect();
        // Keys in units of 2^-20 of a value, so that a product takes the place of a division.
        let scale = ((KEYS as u64) << 20) / (values.len() as u64).max(1);
        let key = |v: &f64| {
            let place = place(v);
            let (before, count) = steps[step(place)];
            let rank = (before << FINE) + (place & ((1 << FINE) - 1)) * count;
            ((rank * scale) >> (20 + FINE)) as u16
        };
        let keys = values.iter().map(key).collect();
        Self { values, keys }
    }
}

/// A window of consecutive values and how often each key is in it.
pub(crate) struct Running<'a> {
    all: Arc<Keyed<'a>>,
    from: usize,
    to: usize,
    blocks: [u32; KEYS / BLOCK],
    groups: [u32; KEYS / GROUP],
    counts: Vec<u32>,
}

impl<'a> Running<'a> {
    pub(crate) fn new(all: Arc<Keyed<'a>>) -> Self {
        Self { all, from: 0, to: 0, blocks: [0; KEYS / BLOCK], groups: [0; KEYS / GROUP], counts: vec![0; KEYS] }
    }

    pub(crate) const fn len(&self) -> usize {
        self.to - self.from
    }

    /// Moves the window onwards to `from..to`, of which neither may fall back; it ends where the values end.
    pub(crate) fn move_to(&mut self, from: usize, to: usize) {
        let end = self.all.keys.len();
        let (from, to) = (from.min(end).max(self.from), to.min(end).max(self.to));
        let all = Arc::clone(&self.all);
        all.keys[self.to..to].iter().for_each(|k| self.count(*k, 1));
        all.keys[self.from..from.min(to)].iter().for_each(|k| self.count(*k, u32::MAX));
        (self.from, self.to) = (from.min(to), to);
    }

    #[inline]
    fn count(&mut self, key: u16, change: u32) {
        let key = usize::from(key) % KEYS;
        self.counts[key] = self.counts[key].wrapping_add(change);
        self.groups[key / GROUP] = self.groups[key / GROUP].wrapping_add(change);
        self.blocks[key / BLOCK] = self.blocks[key / BLOCK].wrapping_add(change);
    }

    /// The order statistic of rank `q * (count - 1)` (rounded) of all windows together; 0 without values.
    pub(crate) fn quantile(windows: &[&Self], q: f64) -> f64 {
        let count: usize = windows.iter().map(|w| w.len()).sum();
        if count == 0 {
            return 0.0;
        }
        let mut left = ((count - 1) as f64 * q).round() as u32;
        let within = |i: usize| i * GROUP..(i + 1) * GROUP;
        let block = descend(&mut left, |b| windows.iter().map(|w| w.blocks[b]).sum(), 0..KEYS / BLOCK);
        let group = descend(&mut left, |g| windows.iter().map(|w| w.groups[g]).sum(), within(block));
        let key = descend(&mut left, |k| windows.iter().map(|w| w.counts[k]).sum(), within(group));
        let mut same: Vec<f64> = Vec::with_capacity(64);
        wide(
            #[inline(always)]
            || {
                // Plain loops: what a closure is handed to is not compiled for wide registers.
                for window in windows {
                    window.gather(key as u16, &mut same);
                }
            },
        );
        let at = (left as usize).min(same.len().saturating_sub(1));
        if same.is_empty() { 0.0 } else { *same.select_nth_unstable_by(at, f64::total_cmp).1 }
    }

    /// The window's values with that key.
    #[inline(always)]
    fn gather(&self, key: u16, out: &mut Vec<f64>) {
        const STEP: usize = 32;
        let (keys, values) = (&self.all.keys[self.from..self.to], &self.all.values[self.from..self.to]);
        let all = out.len() + self.counts[usize::from(key) % KEYS] as usize;
        for (keys, values) in keys.chunks(STEP).zip(values.chunks(STEP)) {
            if out.len() >= all {
                return;
            }
            // A branchless look at a whole step first: most steps hold none.
            let mut any = 0;
            for k in keys {
                any |= u16::from(*k == key);
            }
            if any > 0 {
                out.extend(keys.iter().zip(values).filter(|(k, _)| **k == key).map(|(_, v)| *v));
            }
        }
    }
}

/// The counter that holds the value of rank `left`, which becomes the rank inside it.
#[inline]
fn descend(left: &mut u32, counter: impl Fn(usize) -> u32, mut range: std::ops::Range<usize>) -> usize {
    let last = range.end - 1;
    let holds = |i: &usize| {
        let there = counter(*i);
        let found = *left < there;
        if !found {
            *left -= there;
        }
        found
    };
    range.find(holds).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(values: &[f64], q: f64) -> f64 {
        let mut v = values.to_vec();
        v.sort_by(f64::total_cmp);
        v[((v.len() - 1) as f64 * q).round() as usize]
    }

    proptest! {
        #[test]
        fn windows_agree_with_sorting(
            values in proptest::collection::vec(prop_oneof![0.0..1e-6f64, 0.0..20.0f64, Just(3.0)], 40..200),
            width in 1usize..30,
            q in 0.0..1.0f64,
        ) {
            let positive: Vec<f64> = values.iter().map(|v| v + f64::MIN_POSITIVE).collect();
            let log = Arc::new(Keyed::new(&positive));
            let above: Vec<f64> = values.iter().map(|v| 1.0 + v.exp()).collect();
            let mut a = Running::new(Arc::clone(&log));
            let mut b = Running::new(log);
            let mut c = Running::new(Arc::new(Keyed::new(&above)));
            for from in (0..values.len() - width - 5).step_by(3) {
                a.move_to(from, from + width);
                b.move_to(from + 5, from + 5 + width);
                c.move_to(from, from + width);
                prop_assert_eq!(Running::quantile(&[&a], q), sorted(&positive[from..from + width], q));
                let both = [&positive[from..from + width], &positive[from + 5..from + 5 + width]].concat();
                prop_assert_eq!(Running::quantile(&[&a, &b], q), sorted(&both, q));
                prop_assert_eq!(Running::quantile(&[&c], q), sorted(&above[from..from + width], q));
            }
        }
    }

    #[test]
    fn nothing_has_the_quantile_zero() {
        let empty = Running::new(Arc::new(Keyed::new(&[])));
        assert_eq!(Running::quantile(&[&empty], 0.5), 0.0);
    }
}
