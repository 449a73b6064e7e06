//! Many points to few columns by minimum and maximum, so that a narrow line is never lost.

use faultscope_door::view::{Band, Envelope};

/// The points of a curve (x ascending) between two places: all of them where there is room, else two a column.
pub(crate) fn columns(
    curve: impl Fn(usize) -> (f64, f64),
    range: std::ops::Range<usize>,
    columns: usize,
) -> Vec<[f64; 2]> {
    let count = range.len();
    let columns = columns.max(1);
    let finite = |i: usize| Some(curve(i)).filter(|(x, y)| x.is_finite() && y.is_finite());
    if count <= 2 * columns {
        return range.filter_map(finite).map(|(x, y)| [x, y]).collect();
    }
    let mut out = Vec::with_capacity(2 * columns);
    for column in 0..columns {
        let part = range.start + count * column / columns..range.start + count * (column + 1) / columns;
        let mut extremes: Option<((f64, f64), (f64, f64))> = None;
        for point in part.filter_map(finite) {
            let (low, high) = extremes.get_or_insert((point, point));
            if point.1 < low.1 {
                *low = point;
            }
            if point.1 > high.1 {
                *high = point;
            }
        }
        if let Some((low, high)) = extremes {
            let (a, b) = if low.0 <= high.0 { (low, high) } else { (high, low) };
            out.push([a.0, a.1]);
            if a != b {
                out.push([b.0, b.1]);
            }
        }
    }
    out
}

/// The line through the extremes of an envelope between two times, in at most `columns` columns of its own.
pub(crate) fn zigzag(envelope: &Envelope, band: &Band, view: (f64, f64), columns: usize) -> Vec<[f64; 2]> {
    let seen = visible(envelope, view);
    let count = seen.len();
    let columns = columns.clamp(1, count.max(1));
    let single = envelope.is_samples() && columns == count;
    let mut out = Vec::with_capacity(2 * columns);
    for column in 0..columns {
        let part = seen.start + count * column / columns..seen.start + count * (column + 1) / columns;
        let middle = (envelope.time_s(part.start) + envelope.time_s(part.end.saturating_sub(1).max(part.start))) / 2.0;
        let finite = |v: &&f64| v.is_finite();
        let low = band.low.get(part.clone()).into_iter().flatten().filter(finite).min_by(|a, b| a.total_cmp(b));
        let high = band.high.get(part).into_iter().flatten().filter(finite).max_by(|a, b| a.total_cmp(b));
        let (Some(low), Some(high)) = (low, high) else { continue };
        // Alternating the order keeps the line from crossing each column twice.
        let (a, b) = if column % 2 == 0 { (*low, *high) } else { (*high, *low) };
        out.push([middle, a]);
        if !single {
            out.push([middle, b]);
        }
    }
    out
}

/// The columns between two times, and one more on each side.
fn visible(envelope: &Envelope, view: (f64, f64)) -> std::ops::Range<usize> {
    let (from, to) = envelope.range_s();
    let per_second = envelope.columns() as f64 / (to - from).max(f64::MIN_POSITIVE);
    let place = |t: f64| ((t - from) * per_second).max(0.0);
    let first = (place(view.0).floor() as usize).saturating_sub(1).min(envelope.columns());
    let end = (place(view.1).ceil() as usize).saturating_add(2).clamp(first, envelope.columns());
    first..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_one_point_wide_survives_any_reduction() {
        for peak in [0_usize, 1, 4999, 5000, 9999] {
            for width in [1, 7, 640] {
                let points = columns(|i| (i as f64, if i == peak { 90.0 } else { 10.0 }), 0..10_000, width);
                assert!(points.contains(&[peak as f64, 90.0]), "{peak} in {width}");
                assert!(points.len() <= 2 * width);
                assert!(points.windows(2).all(|w| w[0][0] < w[1][0]));
            }
        }
    }

    #[test]
    fn few_points_stay_as_they_are_and_gaps_are_left_out() {
        let points = columns(|i| (i as f64, if i == 2 { f64::NEG_INFINITY } else { 1.0 }), 0..4, 10);
        assert_eq!(points, [[0.0, 1.0], [1.0, 1.0], [3.0, 1.0]]);
        assert!(columns(|_| (0.0, 0.0), 5..5, 10).is_empty());
    }

    #[test]
    fn an_envelope_is_drawn_through_both_extremes() {
        let band = Band { name: "I".into(), low: vec![-1.0, -2.0], high: vec![1.0, 2.0] };
        let envelope = Envelope { first: 0, frames: 4, sample_rate_hz: 1.0, bands: vec![band.clone()] };
        let all = zigzag(&envelope, &band, (0.0, 4.0), 100);
        assert_eq!(all, [[1.0, -1.0], [1.0, 1.0], [3.0, 2.0], [3.0, -2.0]]);
        assert_eq!(zigzag(&envelope, &band, (0.0, 4.0), 1), [[2.0, -2.0], [2.0, 2.0]]);
    }

    #[test]
    fn a_spike_survives_the_second_reduction_and_only_what_is_seen_is_drawn() {
        let mut high = vec![1.0; 4096];
        high[3000] = 9.0;
        let band = Band { name: "CH1".into(), low: vec![0.0; 4096], high };
        let envelope = Envelope { first: 0, frames: 409_600, sample_rate_hz: 100.0, bands: vec![band.clone()] };
        let line = zigzag(&envelope, &band, (0.0, 4096.0), 400);
        assert_eq!(line.len(), 800);
        let top = line.iter().find(|p| p[1] == 9.0).unwrap();
        assert!((top[0] - 3000.5).abs() < 4096.0 / 400.0);
        assert!(zigzag(&envelope, &band, (0.0, 2000.0), 400).iter().all(|p| p[1] < 9.0 && p[0] < 2003.0));
    }
}
