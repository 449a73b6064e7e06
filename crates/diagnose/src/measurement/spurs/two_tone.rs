//! Two equal carriers: their third-order products and the intercept point.

use faultscope_signal::floor::Floor;
use faultscope_signal::{Kind, Spectrum};

use super::origin::is_dc;
use super::owner::{Fine, Found};
use super::quality::{folded, line_power};

/// Two tones are a pair when their levels differ by at most this: 3 dB.
const EQUAL: f64 = 2.0;
/// Everything that is neither a tone nor a product of them must be this much weaker: 20 dB.
const ALONE: f64 = 100.0;
/// A product counts when it stands this many standard deviations of the noise above it.
const SEEN: f64 = 4.0;

/// A third-order product `2a - b` and the output intercept point that it means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Product {
    pub(super) offset_hz: f64,
    pub(super) power: f64,
    /// As a power: 10 log10 of it is the level of the intercept point.
    pub(super) intercept: f64,
    /// Standard deviation of `intercept`, relative.
    pub(super) sigma: f64,
    /// Mean power of the tones (geometric).
    pub(super) tones: f64,
}

/// The products of the carrier and an equal partner, if the record is a two-tone signal; the strongest first.
pub(super) fn products(
    spectrum: &Spectrum,
    floor: &Floor,
    fine: &Fine<'_>,
    carrier: &Found,
    lines: &[Found],
) -> Option<Vec<Product>> {
    let apart = 2.0 * spectrum.settings.window.main_lobe_bins() * spectrum.bin_hz();
    let second = lines.iter().find(|f| !is_dc(spectrum, f.offset_hz))?;
    let equal = carrier.power < EQUAL * second.power && second.power < EQUAL * carrier.power;
    let (a, b) = (carrier.offset_hz, second.offset_hz);
    if !equal || (a - b).abs() < apart || !(carrier.coherent && second.coherent) {
        return None;
    }
    let rate = spectrum.sample_rate_hz;
    let places = [(2.0 * a - b, carrier, second), (2.0 * b - a, second, carrier)];
    let product_at = |f: &Found| {
        places.iter().any(|(at, ..)| (folded(spectrum.kind, rate, *at) - f.offset_hz).abs() <= spectrum.bin_hz())
    };
    let third = lines
        .iter()
        .find(|f| !is_dc(spectrum, f.offset_hz) && !product_at(f) && (f.offset_hz - b).abs() > spectrum.bin_hz());
    if third.is_some_and(|f| f.power * ALONE > second.power) {
        return None;
    }
    // A product that sampling folds lands somewhere else in the spectrum: it is not measured.
    let inside = |at: f64| match spectrum.kind {
        Kind::Iq => at.abs() < rate / 2.0,
        Kind::Real => at > apart && at < rate / 2.0 - apart,
    };
    let mut out: Vec<Product> = places
        .iter()
        .filter(|(at, ..)| inside(*at) && !is_dc(spectrum, *at))
        .filter_map(|(at, near, far)| {
            let (power, noise) = line_power(spectrum, floor, fine, true, *at);
            let sigma = (noise * noise + 2.0 * noise * power.max(0.0)).sqrt();
            // With unequal tones P(2a - b) = 2 P(a) + P(b) - 2 OIP3 in decibels.
            (power > SEEN * noise).then(|| Product {
                offset_hz: *at,
                power,
                intercept: near.power * (far.power / power).sqrt(),
                sigma: near.sigma.hypot(0.5 * far.sigma).hypot(0.5 * sigma / power),
                tones: (near.power * far.power).sqrt(),
            })
        })
        .collect();
    out.sort_by(|x, y| y.power.total_cmp(&x.power));
    Some(out)
}
