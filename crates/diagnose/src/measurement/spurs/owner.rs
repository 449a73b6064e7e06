//! Who owns which line: refinement on the time record, the choice of the carrier, bands that modulation fills.

use faultscope_signal::detect::Line;
use faultscope_signal::floor::Floor;
use faultscope_signal::sinefit::{complex_bound, real_bound, refine};
use faultscope_signal::tone::{Response, Zoom};
use faultscope_signal::{Kind, Record, RecordError, Spectrum};

use super::view::head;

/// Frames that the carrier is fitted on, and that weaker lines are zoomed on.
const FIT_FRAMES: usize = 1 << 18;
const ZOOM_FRAMES: usize = 1 << 17;
/// Lines that are zoomed on; the others keep what the averaged spectrum says.
const ZOOM_LINES: usize = 24;
/// A line whose level over the whole record agrees this well with the averaged one is steady in phase.
const COHERENT_DB: f64 = 0.5;

/// A line with its place and level as well as they can be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) line: Line,
    pub(super) offset_hz: f64,
    /// How far the frequency may be off when it is compared with another.
    pub(super) tolerance_hz: f64,
    /// Standard deviation of the frequency.
    pub(super) sigma_hz: f64,
    pub(super) power: f64,
    /// Standard deviation of `power`, relative.
    pub(super) sigma: f64,
    /// Steady in phase over the frames looked at.
    pub(super) coherent: bool,
}

impl Found {
    fn spectral(spectrum: &Spectrum, line: Line) -> Self {
        let bin = spectrum.bin_hz();
        Self {
            line,
            offset_hz: spectrum.offset_hz(line.bin),
            tolerance_hz: 0.5 * bin,
            sigma_hz: bin * (0.5 * line.relative_error).clamp(1e-3, 0.3),
            power: line.power,
            sigma: line.relative_error,
            coherent: false,
        }
    }
}

/// The head of the record with the window over it: the time-domain side of the lines.
pub(super) struct Time {
    kind: Kind,
    rate: f64,
    data: Vec<f64>,
    weights: Vec<f64>,
}

impl Time {
    pub(super) fn read(record: &dyn Record, spectrum: &Spectrum) -> Result<Self, RecordError> {
        let data = head(record, FIT_FRAMES)?;
        let frames = (data.len() / record.kind().components()).min(ZOOM_FRAMES);
        let weights = spectrum.settings.window.coefficients(frames);
        Ok(Self { kind: record.kind(), rate: record.sample_rate_hz(), data, weights })
    }

    fn zoom(&self, offset_hz: f64) -> Zoom {
        Zoom::new(self.kind, &self.data, &self.weights, offset_hz / self.rate)
    }

    /// Frames under the zoom's window.
    pub(super) fn frames(&self) -> usize {
        self.weights.len()
    }

    /// Noise bandwidth that a harmonic is measured with, as a share of an averaged bin's.
    pub(super) fn resolution(&self, fft: usize, coherent: bool) -> f64 {
        if coherent { fft as f64 / self.frames() as f64 } else { 1.0 }
    }

    /// Power of a line known to be exactly at `offset_hz`, noise of `floor` per averaged bin of `fft` taken off.
    pub(super) fn power_at(&self, offset_hz: f64, floor: f64, fft: usize) -> f64 {
        self.zoom(offset_hz).power(0.0) - floor * fft as f64 / self.frames() as f64
    }

    /// Refines the strongest lines; the first one also by a sine fit.
    pub(super) fn refine(&self, spectrum: &Spectrum, lines: &[Line], carrier: Option<usize>) -> Vec<Found> {
        let response = Response::of(spectrum.settings.window, self.frames());
        let mut found: Vec<Found> = lines.iter().map(|l| Found::spectral(spectrum, *l)).collect();
        for f in found.iter_mut().take(ZOOM_LINES) {
            self.zoom_line(spectrum, &response, f);
        }
        if let Some(f) = carrier.and_then(|c| found.get_mut(c)) {
            self.fit_line(spectrum, f);
        }
        found
    }

    fn zoom_line(&self, spectrum: &Spectrum, response: &Response, f: &mut Found) {
        let fft = spectrum.settings.fft;
        let ratio = self.frames() as f64 / fft as f64;
        if ratio < 1.5 {
            return;
        }
        let search = (f.sigma_hz * 3.0 / spectrum.bin_hz() * ratio).ceil().clamp(1.0, 200.0) as usize;
        let (at, power) = self.zoom(f.offset_hz).strongest(response, search);
        let noise = f.line.power / f.line.snr / ratio;
        let power = power - noise;
        let allowed = COHERENT_DB + 3.0 * 4.343 * f.line.relative_error;
        if power.is_nan() || power <= 0.0 || (10.0 * (power / f.line.power).log10()).abs() > allowed {
            return;
        }
        let width = self.rate / self.frames() as f64;
        let snr = power / noise;
        let sigma = ((2.0 * snr + 1.0) / (snr * snr)).sqrt();
        f.offset_hz = at * self.rate;
        f.tolerance_hz = 0.5 * width;
        f.sigma_hz = width * (0.5 / snr.sqrt()).clamp(1e-6, 0.3);
        (f.power, f.sigma, f.coherent) = (power, sigma, true);
    }

    fn fit_line(&self, spectrum: &Spectrum, f: &mut Found) {
        let fft = spectrum.settings.fft;
        let Some(fit) = refine(self.kind, &self.data, f.offset_hz / self.rate, fft) else { return };
        if (10.0 * (fit.power / f.line.power).log10()).abs() > COHERENT_DB {
            return;
        }
        let frames = self.data.len() / self.kind.components();
        let snr = fit.power / fit.residual.max(f64::MIN_POSITIVE);
        let bound = if self.kind == Kind::Real { real_bound(snr, frames) } else { complex_bound(snr, frames) };
        let width = self.rate / frames as f64;
        f.offset_hz = fit.frequency * self.rate;
        f.sigma_hz = bound * self.rate;
        f.tolerance_hz = f.tolerance_hz.min(0.5 * width);
        f.power = fit.power;
        f.sigma = (2.0 / (snr * frames as f64)).sqrt();
        f.coherent = true;
    }
}

/// A band that a modulated signal fills.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    pub(super) low: usize,
    pub(super) high: usize,
    pub(super) power: f64,
    pub(super) centroid: f64,
}

impl Band {
    pub(super) fn holds(&self, bin: f64) -> bool {
        bin >= self.low as f64 && bin <= self.high as f64
    }
}

/// A band with less than this share of the whole power is nobody's carrier.
const LEAST_SHARE: f64 = 0.1;

/// Bands at least 10 dB above the quiet part of the spectrum, wider than 32 bins and four main lobes, that end inside
/// the spectrum on both sides and are more than the skirt of one line.
pub(super) fn bands(spectrum: &Spectrum, floor: &Floor, lines: &[Line]) -> Vec<Band> {
    let mean = &spectrum.mean;
    let lobe = spectrum.settings.window.main_lobe_bins().ceil() as usize;
    let quiet = lower_quartile(&floor.level);
    let enbw = spectrum.rbw_hz() / spectrum.bin_hz();
    let half = 3 * lobe;
    let step = lobe.max(1);
    let total: f64 = mean.iter().sum::<f64>() / enbw;
    let high = |k: usize| {
        let cells = &mean[k.saturating_sub(half)..(k + half + 1).min(mean.len())];
        median(cells) > 10.0 * quiet
    };
    let marks: Vec<usize> = (0..mean.len()).step_by(step).filter(|k| high(*k)).collect();
    runs(&marks, 3 * step)
        .into_iter()
        .filter(|(a, b)| b - a >= 32.max(8 * lobe) && b - a < mean.len() / 2)
        .filter(|(a, b)| *a > half && b + half + step < mean.len())
        .filter_map(|(low, high)| {
            let excess: f64 = mean[low..=high].iter().map(|p| (p - quiet).max(0.0)).sum();
            let moment: f64 = mean[low..=high].iter().enumerate().map(|(i, p)| (p - quiet).max(0.0) * i as f64).sum();
            let power = excess / enbw;
            let strongest = lines.iter().find(|l| (low..=high).contains(&l.peak)).map_or(0.0, |l| l.power);
            (power > 2.0 * strongest && power > LEAST_SHARE * total).then_some(Band {
                low,
                high,
                power,
                centroid: low as f64 + moment / excess,
            })
        })
        .collect()
}

fn runs(marks: &[usize], gap: usize) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for k in marks {
        match out.last_mut() {
            Some((_, end)) if k - *end <= gap => *end = *k,
            _ => out.push((*k, *k)),
        }
    }
    out
}

fn median(cells: &[f64]) -> f64 {
    order(cells, 0.5)
}

fn lower_quartile(cells: &[f64]) -> f64 {
    order(cells, 0.25)
}

fn order(cells: &[f64], q: f64) -> f64 {
    let mut copy = cells.to_vec();
    if copy.is_empty() {
        return 0.0;
    }
    let at = ((copy.len() - 1) as f64 * q) as usize;
    *copy.select_nth_unstable_by(at, f64::total_cmp).1
}
