//! Who owns a bin, and the levels of bands: what is common to many bins is judged once, not in each of them.

use std::ops::Range;

use faultscope_signal::{Kind, Spectrum, robust};

use super::reference::Reference;

/// Bands at most, and bins in a band at least.
const BANDS: usize = 32;
const BAND_BINS: usize = 64;
/// A band with fewer bins of its own has no level.
const FEWEST: usize = 16;
/// Bins beside the main lobe of a line that are left to it.
const BESIDE: f64 = 2.0;

/// Levels (nat) of the bands of one capture against the reference, and of the whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bands {
    pub(super) whole: f64,
    pub(super) each: Vec<f64>,
}

impl Bands {
    /// Of one band; of the whole for a bin in no band.
    pub(super) fn at(&self, band: Option<usize>) -> f64 {
        band.and_then(|j| self.each.get(j)).copied().unwrap_or(self.whole)
    }

    pub(super) fn over_whole(&self, band: usize) -> f64 {
        self.at(Some(band)) - self.whole
    }
}

/// Bins that belong to lines, to the carrier or to the DC of a real record.
pub(super) fn owned(reference: &Reference, spectrum: &Spectrum) -> Vec<bool> {
    let mut out = vec![false; spectrum.mean.len()];
    let lobe = spectrum.settings.window.main_lobe_bins() + BESIDE;
    let mut own = |offset_hz: f64, range_hz: f64| {
        let drift = if spectrum.kind == Kind::Real { super::SAME_LINE_SHARE * offset_hz.abs() } else { 0.0 };
        let half = lobe + range_hz.max(drift) / spectrum.bin_hz();
        let here = spectrum.bin_of_offset(offset_hz);
        let (from, to) = ((here - half).max(0.0) as usize, (here + half).max(0.0).ceil() as usize);
        out.iter_mut().skip(from).take((to + 1).saturating_sub(from)).for_each(|o| *o = true);
    };
    reference.lines.iter().for_each(|l| own(l.offset_hz, l.range_hz));
    if let Some(carrier) = reference.carrier_offset_hz {
        own(carrier, 0.0);
    }
    if spectrum.kind == Kind::Real {
        own(0.0, 0.0);
        // The last bin of a real transform is real: it has half the degrees of freedom.
        out.last_mut().into_iter().for_each(|o| *o = true);
    }
    out
}

/// Contiguous bands that have enough bins of their own.
pub(super) fn bands(center: &[f64], owned: &[bool]) -> Vec<Range<usize>> {
    let width = BAND_BINS.max(center.len().div_ceil(BANDS));
    let free = |r: &Range<usize>| {
        let cells = center.iter().zip(owned).skip(r.start).take(r.len());
        cells.filter(|(c, o)| c.is_finite() && !**o).count() >= FEWEST
    };
    (0..center.len()).step_by(width).map(|b| b..(b + width).min(center.len())).filter(free).collect()
}

/// Median over the free bins of a band of how far a capture lies over `center`; the whole is the mean of the bands.
pub(super) fn band_levels(logs: &[f64], center: &[f64], owned: &[bool], bands: &[Range<usize>]) -> Bands {
    let level = |r: &Range<usize>| {
        let cells = logs.iter().zip(center).zip(owned).skip(r.start).take(r.len());
        let mut over: Vec<f64> =
            cells.filter(|(_, o)| !**o).map(|((l, c), _)| l - c).filter(|v| v.is_finite()).collect();
        robust::median(&mut over)
    };
    let each: Vec<f64> = bands.iter().map(level).map(|v| if v.is_finite() { v } else { 0.0 }).collect();
    let whole = each.iter().sum::<f64>() / each.len().max(1) as f64;
    Bands { whole, each }
}
