//! The partition of the spectrum and what follows from it: SNR, SINAD, THD, noise density.

use faultscope_signal::floor::Floor;
use faultscope_signal::tone::Response;
use faultscope_signal::{Kind, Spectrum};

use super::owner::{Band, Fine, Found};

/// One harmonic that counts for THD.
#[derive(Debug, Clone, Copy)]
pub(super) struct Harmonic {
    pub(super) offset_hz: f64,
    /// How far it moves when the carrier moves by one: its order, negative where folding turns it about.
    pub(super) slope: f64,
    /// Its power, noise taken off: may come out slightly negative.
    pub(super) power: f64,
    /// Noise in that measurement.
    pub(super) noise: f64,
    /// What the averaged bin holds there, noise included.
    pub(super) bin_power: f64,
    /// Width of one bin of the transform it was measured with.
    pub(super) width_hz: f64,
}

/// Powers by owner.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Powers {
    /// Harmonics of the carrier that count for THD.
    pub(super) harmonics: f64,
    /// Noise, the part beneath lines filled in.
    pub(super) noise: f64,
    /// Lines that are neither carrier, harmonic nor DC.
    pub(super) spurs: f64,
    /// Strongest bin that nothing owns, as the power of a line.
    pub(super) strongest_noise: f64,
    /// Standard deviation of `noise`, relative.
    pub(super) noise_sigma: f64,
}

/// Where order `h` of a carrier at `offset` falls: folded at half the rate for real records, around for I/Q.
pub(super) fn folded(kind: Kind, rate: f64, frequency: f64) -> f64 {
    let around = frequency - rate * (frequency / rate).round();
    match kind {
        Kind::Real => around.abs(),
        Kind::Iq => around,
    }
}

/// Each harmonic from order 2 to `last`, without the orders that fall on the carrier or on DC.
pub(super) fn harmonics(
    spectrum: &Spectrum,
    floor: &Floor,
    fine: &Fine<'_>,
    carrier: &Found,
    last: usize,
) -> Vec<Harmonic> {
    let (kind, rate) = (spectrum.kind, spectrum.sample_rate_hz);
    let lobe = spectrum.settings.window.main_lobe_bins();
    let width_hz = if carrier.coherent { rate / fine.frames() as f64 } else { spectrum.bin_hz() };
    let apart = lobe * width_hz;
    (2..=u32::try_from(last).unwrap_or(100).min(100))
        .map(|order| (f64::from(order), folded(kind, rate, f64::from(order) * carrier.offset_hz)))
        .filter(|(_, at)| {
            let edge = kind == Kind::Real && rate / 2.0 - at < apart;
            (at - carrier.offset_hz).abs() >= apart && at.abs() >= apart && !edge
        })
        .map(|(order, offset_hz)| {
            let (power, noise) = line_power(spectrum, floor, fine, carrier.coherent, offset_hz);
            let whole = order * carrier.offset_hz;
            let turned = kind == Kind::Real && whole - rate * (whole / rate).round() < 0.0;
            let slope = if turned { -order } else { order };
            let bin_power = spectrum.mean[nearest(spectrum, offset_hz)];
            Harmonic { offset_hz, slope, power, noise, bin_power, width_hz }
        })
        .collect()
}

fn nearest(spectrum: &Spectrum, offset_hz: f64) -> usize {
    (spectrum.bin_of_offset(offset_hz).round().max(0.0) as usize).min(spectrum.mean.len().saturating_sub(1))
}

/// Power at a known place without the noise, and that noise; on the long transform where the carrier is steady.
pub(super) fn line_power(
    spectrum: &Spectrum,
    floor: &Floor,
    fine: &Fine<'_>,
    coherent: bool,
    offset_hz: f64,
) -> (f64, f64) {
    let k = nearest(spectrum, offset_hz);
    if coherent {
        return fine.power_at(offset_hz, floor.level[k], spectrum.settings.fft);
    }
    let lobe = spectrum.settings.window.main_lobe_bins() as usize;
    let range = k.saturating_sub(lobe)..(k + lobe + 1).min(spectrum.mean.len());
    let enbw = spectrum.rbw_hz() / spectrum.bin_hz();
    (range.map(|i| spectrum.mean[i] - floor.level[i]).sum::<f64>() / enbw, floor.level[k])
}

/// Adds up the noise. `lines` are (offset, power) of everything that owns bins; `bands` are modulated signals.
pub(super) fn partition(spectrum: &Spectrum, floor: &Floor, lines: &[(f64, f64)], bands: &[Band]) -> Powers {
    let n = spectrum.mean.len();
    let mut owned = owned(spectrum, floor, lines);
    let mut beneath = floor.level.clone();
    for band in bands {
        // Beneath a band the floor of its quieter edge stands in.
        let edge = |k: Option<usize>| k.and_then(|k| floor.level.get(k)).copied().unwrap_or(f64::INFINITY);
        let quiet = edge(band.low.checked_sub(floor.half_width)).min(edge(Some(band.high + floor.half_width)));
        for k in band.low.saturating_sub(floor.half_width)..(band.high + floor.half_width).min(n) {
            beneath[k] = beneath[k].min(quiet);
            owned[k] |= band.holds(k as f64);
        }
    }
    let (mut noise, mut level, mut fill, mut strongest, mut bins) = (0.0, 0.0, 0.0, 0.0_f64, 0_usize);
    for k in 0..n {
        if owned[k] {
            fill += beneath[k];
        } else {
            noise += spectrum.mean[k];
            level += beneath[k];
            strongest = strongest.max(spectrum.mean[k]);
            bins += 1;
        }
    }
    // Beneath lines the floor stands in, scaled so that it agrees with the mean of what is free.
    let scale = if level > 0.0 { noise / level } else { 1.0 };
    let enbw = spectrum.rbw_hz() / spectrum.bin_hz();
    let averages = floor.shape.iter().copied().fold(1.0, f64::max);
    Powers {
        noise: (noise + fill * scale) / enbw,
        strongest_noise: strongest,
        noise_sigma: (2.0 / (averages * bins.max(1) as f64)).sqrt(),
        ..Powers::default()
    }
}

/// Bins within a main lobe of a line, or as far as its leakage reaches above a quarter of the floor.
fn owned(spectrum: &Spectrum, floor: &Floor, lines: &[(f64, f64)]) -> Vec<bool> {
    let n = spectrum.mean.len();
    let response = Response::of(spectrum.settings.window, spectrum.settings.fft);
    let lobe = response.lobe_bins().ceil();
    let mut owned = vec![false; n];
    let zero = spectrum.bin_of_offset(0.0);
    let centre = std::iter::once((zero, 0.0));
    for (bin, power) in lines.iter().map(|(f, p)| (spectrum.bin_of_offset(*f), *p)).chain(centre) {
        let k = (bin.round().max(0.0) as usize).min(n.saturating_sub(1));
        let level = floor.level[k];
        let mut reach = lobe;
        while reach < n as f64 / 8.0 && power * response.envelope(reach) > 0.25 * level {
            reach += 1.0;
        }
        let low = (bin - reach).ceil() as i64;
        let high = (bin + reach).floor() as i64;
        for i in low..=high {
            let i = if spectrum.kind == Kind::Iq { i.rem_euclid(n as i64) } else { i };
            if let Some(cell) = usize::try_from(i).ok().and_then(|i| owned.get_mut(i)) {
                *cell = true;
            }
        }
    }
    owned
}
