//! Tables on pages: columns as wide as their words need, rows kept whole, the head repeated on every page.

use faultscope_diagnose::Verdict;

use super::flow::{Flow, INK, LEADING, LINE, SOFT};
use super::wrap;
use crate::detail::{Column, DataTable};
use crate::picture::Rgb;

/// Tables of so many rows are kept on one page.
const SHORT: usize = 14;
const PAD: f64 = 2.2;
const BETWEEN: f64 = 8.0;

/// The colour of a verdict on paper.
pub(super) const fn colour(verdict: Option<Verdict>) -> Rgb {
    match verdict {
        Some(Verdict::Fail) => [179, 25, 26],
        Some(Verdict::Margin) => [138, 83, 0],
        Some(Verdict::Pass) => [0, 102, 77],
        Some(Verdict::Invalid) => [107, 52, 133],
        Some(Verdict::NotEvaluated) | None => [75, 85, 99],
    }
}

/// About what has to stay on one page of a table, for the heading above it.
pub(super) fn together(flow: &Flow<'_>, data: &DataTable) -> f64 {
    let rows = if data.rows.len() <= SHORT { data.rows.len() } else { 1 };
    (rows + 1) as f64 * (flow.sizes.small * LEADING + 2.0 * PAD)
}

/// A row with its cells in lines.
struct Row {
    cells: Vec<(Vec<String>, Option<Verdict>)>,
    height: f64,
}

pub(super) fn put(flow: &mut Flow<'_>, data: &DataTable) {
    let size = flow.sizes.small;
    if !data.rows.is_empty() {
        let widths = widths(flow, data, size);
        let names = data.columns.iter().map(|c| (c.name.as_str(), None));
        let head = row(flow, names, &widths, size);
        let rows: Vec<Row> = data
            .rows
            .iter()
            .map(|r| row(flow, r.iter().map(|c| (c.text.as_str(), c.verdict)), &widths, size))
            .collect();
        let whole = head.height + rows.iter().map(|r| r.height).sum::<f64>();
        let first = head.height + rows.first().map_or(0.0, |r| r.height);
        flow.need(if rows.len() <= SHORT && whole <= flow.page_height() { whole } else { first });
        draw(flow, &head, &data.columns, &widths, true);
        for row in &rows {
            let before = flow.y;
            flow.need(row.height);
            if flow.y < before {
                draw(flow, &head, &data.columns, &widths, true);
            }
            draw(flow, row, &data.columns, &widths, false);
        }
    }
    if !data.note.is_empty() {
        let style = flow.style(size, SOFT, false);
        flow.paragraph(&data.note, style, 0.0);
    }
    flow.gap(flow.sizes.gap);
}

fn row<'t>(
    flow: &mut Flow<'_>,
    cells: impl Iterator<Item = (&'t str, Option<Verdict>)>,
    widths: &[f64],
    size: f64,
) -> Row {
    let cells: Vec<_> = cells.zip(widths).map(|((text, v), w)| (flow.wrapped(text, size, *w), v)).collect();
    let lines = cells.iter().map(|(lines, _)| lines.len()).max().unwrap_or(0).max(1);
    Row { cells, height: lines as f64 * size * LEADING + 2.0 * PAD }
}

fn draw(flow: &mut Flow<'_>, row: &Row, columns: &[Column], widths: &[f64], head: bool) {
    let size = flow.sizes.small;
    let (mut x, y) = (flow.left, flow.y);
    for (((lines, verdict), column), width) in row.cells.iter().zip(columns).zip(widths) {
        let ink = match (head, verdict) {
            (true, _) => SOFT,
            (false, None) => INK,
            (false, verdict) => colour(*verdict),
        };
        let style = flow.style(size, ink, head || verdict.is_some());
        for (index, line) in lines.iter().enumerate() {
            let shift = if column.right { width - flow.ink.width(line, size) } else { 0.0 };
            let at = (x + shift, y + PAD + size * LEADING * index as f64);
            flow.lines_at(std::slice::from_ref(line), at, style);
        }
        x += width + BETWEEN;
    }
    flow.y += row.height;
    let (colour, thick) = if head { (SOFT, 0.9) } else { (LINE, 0.5) };
    flow.rule(flow.y, colour, thick);
}

/// What each column gets: all it wants where that fits, else what it cannot do without and a share of the rest.
fn widths(flow: &mut Flow<'_>, data: &DataTable, size: f64) -> Vec<f64> {
    let count = data.columns.len();
    let room = flow.width - BETWEEN * count.saturating_sub(1) as f64;
    let (mut least, mut wanted) = (vec![0.0_f64; count], vec![0.0_f64; count]);
    let heads = data.columns.iter().map(|c| c.name.as_str()).enumerate();
    let cells = data.rows.iter().flat_map(|r| r.iter().map(|c| c.text.as_str()).enumerate());
    for (column, text) in heads.chain(cells).filter(|(column, _)| *column < count) {
        // A little more than measured, so that sums of widths do not break what just fits.
        let mut width = |t: &str| flow.ink.width(t, size) + 0.1;
        let whole = text.lines().map(&mut width).fold(0.0, f64::max);
        wanted[column] = wanted[column].max(whole);
        least[column] = least[column].max(wrap::longest(text, &mut width));
    }
    share(&least, &wanted, room)
}

fn share(least: &[f64], wanted: &[f64], room: f64) -> Vec<f64> {
    let (sum_least, sum_wanted) = (least.iter().sum::<f64>(), wanted.iter().sum::<f64>());
    if sum_wanted <= room {
        // The rest goes between the columns in proportion, so that a table is as wide as its page.
        let extra = (room - sum_wanted) / wanted.len().max(1) as f64;
        return wanted.iter().map(|w| w + extra).collect();
    }
    if sum_least <= room {
        let part = (room - sum_least) / (sum_wanted - sum_least).max(1e-9);
        return least.iter().zip(wanted).map(|(l, w)| l + (w - l) * part).collect();
    }
    // Even the longest words do not fit: the widest columns give first, and their words are cut.
    let mut cap = room;
    for _ in 0..60 {
        let sum: f64 = least.iter().map(|l| l.min(cap)).sum();
        cap *= if sum > room { 0.93 } else { 1.0 };
    }
    least.iter().map(|l| l.min(cap)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_room_and_never_more() {
        for (least, wanted) in [
            (vec![10.0, 20.0], vec![30.0, 40.0]),
            (vec![10.0, 20.0, 5.0], vec![30.0, 400.0, 5.0]),
            (vec![300.0, 20.0], vec![300.0, 400.0]),
        ] {
            let widths = share(&least, &wanted, 100.0);
            let sum: f64 = widths.iter().sum();
            assert!(sum <= 100.0 + 1e-6 && sum > 80.0, "{widths:?}");
            assert!(widths.iter().all(|w| *w > 0.0));
        }
        assert_eq!(share(&[10.0, 20.0], &[30.0, 40.0], 100.0), vec![45.0, 55.0]);
    }
}
