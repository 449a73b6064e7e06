//! Rows at the start of a table that are no samples: exports of Rigol DS1000D/E can begin with four bytes of the header.

use super::layout::{Index, Layout};
use crate::ColumnStore;
use crate::samples::Samples;
use std::sync::Arc;

/// Bytes of the header that became rows.
const ROWS: usize = 4;
/// How far outside the range of all later rows a first row must lie, as a share of that range.
const OUTSIDE: f64 = 0.25;

/// The channels whose first rows lie far outside everything behind them, as a sentence; nothing where there are none.
pub(super) fn doubt(layout: &Layout, store: &Arc<ColumnStore>, rate_hz: f64) -> Option<String> {
    let family = layout.dialect.starts_with("rigol") && matches!(layout.index, Index::Time(_));
    if !family || store.rows() < 10 * ROWS as u64 {
        return None;
    }
    let columns = layout.columns.iter().enumerate();
    let odd: Vec<String> = columns
        .filter_map(|(i, column)| {
            let (first, rest) = extremes(store.column(i)?.as_ref());
            let room = OUTSIDE * (rest.1 - rest.0);
            (room > 0.0 && (first.1 > rest.1 + room || first.0 < rest.0 - room))
                .then(|| format!("{}: {} to {} against {} to {}", column.name, first.0, first.1, rest.0, rest.1))
        })
        .collect();
    (!odd.is_empty()).then(|| {
        let start = (ROWS as f64 + 0.5) / rate_hz;
        format!(
            "the first {ROWS} rows lie far outside all others ({}): exports of this family can begin with bytes of the \
             header; --start {start:e} leaves them out",
            odd.join("; ")
        )
    })
}

/// Smallest and largest number of the first rows and of all others; what is no number is passed over.
fn extremes(samples: &dyn Samples) -> ((f64, f64), (f64, f64)) {
    let mut block = [0.0; 4096];
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let widen = |range: (f64, f64), values: &[f64]| {
        values.iter().filter(|v| v.is_finite()).fold(range, |(low, high), v| (low.min(*v), high.max(*v)))
    };
    let mut first = none;
    if let Ok(n) = samples.read_f64(0, &mut block[..ROWS]) {
        first = widen(first, &block[..n]);
    }
    let mut rest = none;
    let mut at = ROWS as u64;
    while let Ok(n @ 1..) = samples.read_f64(at, &mut block) {
        rest = widen(rest, &block[..n]);
        at += n as u64;
    }
    (first, rest)
}
