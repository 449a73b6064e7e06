//! What the pictures share: axes in engineering units, and a range along the bottom that lives in the state.

mod decimate;
pub(crate) mod heat;
mod levels;
mod range;

use egui_plot::{AxisHints, GridInput, GridMark, Plot};
use faultscope_door::signal::Unit;
use faultscope_door::view::Envelope;

use crate::panel::Cx;
use crate::words::Word;

pub(crate) use decimate::{columns, zigzag};
pub(crate) use heat::{Density, Heat, Still};
pub(crate) use levels::Levels;
pub(crate) use range::{buttons, follow, wheel};

/// A plot that the mouse moves only where it is told to, with our grid.
pub(crate) fn still(id: impl std::hash::Hash + std::fmt::Debug) -> Plot<'static> {
    Plot::new(id)
        .x_grid_spacer(marks(ACROSS))
        .y_grid_spacer(marks(UP))
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_axis_zoom_drag(false)
}

/// A plot over frequency, moved and zoomed along the bottom.
pub(crate) fn over_frequency(
    cx: &Cx<'_>,
    id: impl std::hash::Hash + std::fmt::Debug,
    view: (f64, f64),
) -> Plot<'static> {
    let (factor, prefix) = prefix(view.0.abs().max(view.1.abs()));
    let axis = AxisHints::new_x()
        .label(format!("{} ({prefix}Hz)", cx.text(Word::Frequency)))
        .formatter(move |mark, _| tick(mark.value, mark.step_size, factor));
    still(id)
        .custom_x_axes(vec![axis])
        .allow_zoom([true, false])
        .allow_drag([true, false])
        .allow_axis_zoom_drag([true, false])
}

/// A plot of values over time, both in engineering units; it stands still until it is told otherwise.
pub(crate) fn over_time(
    cx: &Cx<'_>,
    id: impl std::hash::Hash + std::fmt::Debug,
    view: (f64, f64),
    heights: (f64, f64),
    unit: Unit,
) -> Plot<'static> {
    let (across, prefix_x) = prefix(view.0.abs().max(view.1.abs()));
    let (up, prefix_y) = if unit.takes_prefix() { prefix(heights.0.abs().max(heights.1.abs())) } else { (1.0, "") };
    let axis_x = AxisHints::new_x()
        .label(format!("{} ({prefix_x}s)", cx.text(Word::Time)))
        .formatter(move |mark, _| tick(mark.value, mark.step_size, across));
    let axis_y = AxisHints::new_y()
        .label(format!("{prefix_y}{unit}"))
        .formatter(move |mark, _| tick(mark.value, mark.step_size, up));
    still(id).custom_x_axes(vec![axis_x]).custom_y_axes(vec![axis_y])
}

/// Levels up the side.
pub(crate) fn axis_y(unit: &str) -> AxisHints<'static> {
    AxisHints::new_y().label(unit.to_owned()).formatter(|mark, _| tick(mark.value, mark.step_size, 1.0))
}

/// Lowest and highest value of an envelope between two times, with room around them.
pub(crate) fn heights(envelope: &Envelope, view: (f64, f64)) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for band in &envelope.bands {
        for (column, (l, h)) in band.low.iter().zip(&band.high).enumerate() {
            let t = envelope.time_s(column);
            if t >= view.0 && t <= view.1 {
                low = low.min(*l);
                high = high.max(*h);
            }
        }
    }
    if !(low.is_finite() && high.is_finite()) {
        return (-1.0, 1.0);
    }
    let room = ((high - low) * 0.08).max(high.abs().max(low.abs()) * 1e-6).max(1e-12);
    (low - room, high + room)
}

/// Factor and prefix that make `magnitude` read between 1 and 1000.
pub(crate) fn prefix(magnitude: f64) -> (f64, &'static str) {
    const ALL: [(f64, &str); 8] =
        [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"), (1e-12, "p")];
    let magnitude = magnitude.abs();
    if magnitude == 0.0 || !magnitude.is_finite() {
        return (1.0, "");
    }
    ALL.into_iter().find(|(factor, _)| magnitude >= *factor * 0.999_999).unwrap_or((1e-12, "p"))
}

/// The number of a tick: as many decimals as the distance to the next tick needs.
pub(crate) fn tick(value: f64, step: f64, factor: f64) -> String {
    let step = (step / factor).abs();
    let decimals =
        if step > 0.0 && step.is_finite() { (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) } else { 3.0 };
    let text = format!("{:.*}", decimals as usize, value / factor);
    if text.trim_start_matches(['-', '0', '.']).is_empty() { text.trim_start_matches('-').to_owned() } else { text }
}

/// Distance of numbers along the bottom, in pixels.
pub(crate) const ACROSS: f64 = 82.0;
/// Distance of numbers up the side, in pixels.
pub(crate) const UP: f64 = 26.0;
/// Pixels that the plot counts in one base step.
const BASE: f64 = 8.0;
/// Most grid lines of one axis.
const MOST_MARKS: i64 = 500;

/// Grid lines at 1, 2 or 5 times a power of ten, numbered at least `apart` pixels apart, with fine lines between.
pub(crate) fn marks(apart: f64) -> impl Fn(GridInput) -> Vec<GridMark> {
    move |input| {
        let (step, fine) = steps(input.base_step_size / BASE * apart);
        let small = step / fine as f64;
        let (first, last) = ((input.bounds.0 / small).ceil(), (input.bounds.1 / small).floor());
        if !(first.is_finite() && last.is_finite() && small > 0.0) || last - first > MOST_MARKS as f64 {
            return Vec::new();
        }
        let mark = |i: i64| GridMark {
            value: i as f64 * small,
            step_size: if i.rem_euclid(fine) == 0 { step } else { small },
        };
        (first as i64..=last as i64).map(mark).collect()
    }
}

/// The smallest of 1, 2 or 5 times a power of ten that is not below `least`, and how many fine steps divide it.
fn steps(least: f64) -> (f64, i64) {
    let decade = 10f64.powf(least.max(f64::MIN_POSITIVE).log10().floor());
    [(1.0, 5), (2.0, 4), (5.0, 5), (10.0, 5)]
        .into_iter()
        .map(|(m, fine)| (m * decade, fine))
        .find(|(step, _)| *step >= least * 0.999_999)
        .unwrap_or((10.0 * decade, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_steps_are_one_two_or_five() {
        assert_eq!(steps(1.0), (1.0, 5));
        assert_eq!(steps(1.2), (2.0, 4));
        assert_eq!(steps(300.0), (500.0, 5));
        assert_eq!(steps(0.07), (0.1, 5));
        // 0 to 10 kHz over 400 pixels: numbers every 5 kHz would be 200 pixels apart, every 2 kHz 80 are too near.
        let input = GridInput { bounds: (0.0, 10_000.0), base_step_size: 25.0 * BASE };
        let all = marks(ACROSS)(input);
        let numbered: Vec<f64> = all.iter().filter(|m| m.step_size == 5000.0).map(|m| m.value).collect();
        assert_eq!(numbered, [0.0, 5000.0, 10_000.0]);
        assert_eq!(all.len(), 11);
        assert!(marks(ACROSS)(GridInput { bounds: (0.0, f64::INFINITY), base_step_size: 1.0 }).is_empty());
    }

    #[test]
    fn ticks_have_the_decimals_that_tell_them_apart() {
        assert_eq!(prefix(9.4e8), (1e6, "M"));
        assert_eq!(prefix(0.02), (1e-3, "m"));
        assert_eq!(prefix(0.0), (1.0, ""));
        assert_eq!(tick(9.405e8, 5e5, 1e6), "940.5");
        assert_eq!(tick(9.4e8, 1e6, 1e6), "940");
        assert_eq!(tick(-0.0, 1.0, 1.0), "0");
        assert_eq!(tick(0.0125, 0.0005, 1e-3), "12.5");
        assert_eq!(tick(-120.0, 20.0, 1.0), "-120");
    }
}
