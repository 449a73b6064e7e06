//! What the pictures share: axes in engineering units, and a range along the bottom that lives in the state.

mod decimate;
mod levels;
mod range;

pub(crate) use decimate::{columns, zigzag};
pub(crate) use levels::Levels;
pub(crate) use range::{buttons, follow, wheel};

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

#[cfg(test)]
mod tests {
    use super::*;

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
