//! The one place for colours and sizes of pictures: light, print-friendly, safe for colour-blind readers.
//!
//! Trace colours are from M. Okabe and K. Ito, "Color Universal Design" (2008), darkened for thin lines on white paper;
//! verdicts differ in lightness and in marker shape too, so that they survive a grey copy.

use faultscope_diagnose::Verdict;

use super::scene::Colour;

/// Paper.
pub(super) const PAPER: Colour = Colour(255, 255, 255);
/// Titles and labels.
pub(super) const INK: Colour = Colour(31, 41, 51);
/// Axis numbers and notes.
pub(super) const SOFT_INK: Colour = Colour(82, 96, 109);
/// Frame of the plot.
pub(super) const FRAME: Colour = Colour(123, 135, 148);
/// Major grid lines.
pub(super) const GRID: Colour = Colour(222, 226, 231);
/// Minor grid lines.
pub(super) const MINOR_GRID: Colour = Colour(240, 242, 245);
/// Limits that hold.
pub(super) const LIMIT: Colour = Colour(74, 85, 104);
/// A limit that does not hold, and everything beyond it.
pub(super) const FAIL: Colour = Colour(196, 32, 33);
/// Inside, but only just.
pub(super) const MARGIN: Colour = Colour(214, 130, 0);
/// Inside.
pub(super) const PASS: Colour = Colour(0, 121, 91);
/// Nobody can tell.
pub(super) const UNKNOWN: Colour = Colour(107, 114, 128);
/// Made unusable by a quality gate.
pub(super) const INVALID: Colour = Colour(125, 63, 152);
/// Marked spans of time.
pub(super) const SPAN: Colour = Colour(214, 130, 0);

const TRACES: [Colour; 5] =
    [Colour(0, 90, 156), Colour(213, 94, 0), Colour(0, 130, 96), Colour(166, 77, 121), Colour(106, 81, 0)];

/// Colour of the n-th trace.
pub(super) fn trace(index: usize) -> Colour {
    TRACES.get(index % TRACES.len()).copied().unwrap_or(INK)
}

/// Colour of a verdict.
pub(super) const fn verdict(verdict: Verdict) -> Colour {
    match verdict {
        Verdict::Pass => PASS,
        Verdict::Margin => MARGIN,
        Verdict::Fail => FAIL,
        Verdict::Invalid => INVALID,
        Verdict::NotEvaluated => UNKNOWN,
    }
}

/// Text sizes in scene units.
pub(super) const TITLE: f64 = 30.0;
/// Axis titles.
pub(super) const LABEL: f64 = 24.0;
/// Axis numbers, legends, marker labels.
pub(super) const SMALL: f64 = 21.0;

/// Twelve anchors of the viridis map (S. van der Walt and N. Smith, 2015, CC0): even steps look even, also in grey.
const VIRIDIS: [Colour; 12] = [
    Colour(68, 1, 84),
    Colour(72, 33, 115),
    Colour(67, 62, 133),
    Colour(56, 88, 140),
    Colour(45, 112, 142),
    Colour(37, 133, 142),
    Colour(30, 155, 138),
    Colour(42, 176, 127),
    Colour(82, 197, 105),
    Colour(134, 213, 73),
    Colour(194, 223, 35),
    Colour(253, 231, 37),
];

/// Red, green and blue of a level between 0 (least) and 1 (most), for pictures drawn elsewhere.
#[must_use]
pub fn heat_rgb(level: f64) -> [u8; 3] {
    let Colour(red, green, blue) = heat(level);
    [red, green, blue]
}

/// Colour of a level between 0 (least) and 1 (most).
pub(super) fn heat(level: f64) -> Colour {
    let place = level.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place.floor() as usize).min(VIRIDIS.len() - 2);
    let part = place - below as f64;
    match (VIRIDIS.get(below), VIRIDIS.get(below + 1)) {
        (Some(a), Some(b)) => a.mix(*b, part),
        _ => PAPER,
    }
}
