//! Window functions with their exact figures: coherent gain, ENBW, scallop loss, main lobe, side lobes.

use std::f64::consts::TAU;
use std::str::FromStr;
use std::sync::Arc;

use faultscope_transform::LONGEST_KEPT;
use num_complex::Complex64;
use serde::{Deserialize, Serialize};

use crate::memo::Memo;

/// The windows on offer, all in their periodic (DFT-even) form.
///
/// Figures and coefficients: F. Harris, Proc. IEEE 66 (1978); G. Heinzel, A. Ruediger, R. Schilling, "Spectrum and
/// spectral density estimation by the DFT" (2002); A. Nuttall, IEEE ASSP 29 (1981).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// No window: narrowest lobe, worst leakage; for records that hold whole periods.
    Rectangular,
    /// Hann: the default for noise and for averaged spectra.
    Hann,
    /// Hamming (0.54, 0.46).
    Hamming,
    /// Blackman (0.42, 0.5, 0.08).
    Blackman,
    /// Four-term Blackman-Harris, side lobes -92 dB: weak lines beside strong ones.
    BlackmanHarris,
    /// Nuttall's four-term window with continuous first derivative (4c), side lobes -98 dB.
    Nuttall,
    /// Kaiser, beta = 14, side lobes -106 dB.
    Kaiser,
    /// The five-term flat-top of MATLAB and SciPy.
    FlatTop,
    /// Heinzel's HFT95: levels right to 0.005 dB anywhere between bins.
    Hft95,
    /// Heinzel's HFT144D: side lobes -144 dB.
    Hft144d,
}

/// What a window does to lines and to noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowFigures {
    /// Mean of the coefficients: what a line's amplitude is multiplied by.
    pub coherent_gain: f64,
    /// Equivalent noise bandwidth in bins.
    pub enbw_bins: f64,
    /// Level of a line half-way between two bins, in dB (negative).
    pub scallop_db: f64,
    /// Distance from the peak to the first null, in bins: half the main lobe.
    pub main_lobe_bins: f64,
    /// Highest side lobe in dB (negative).
    pub side_lobe_db: f64,
}

const KAISER_BETA: f64 = 14.0;

impl Window {
    /// Every window.
    pub const ALL: [Self; 10] = [
        Self::Rectangular,
        Self::Hann,
        Self::Hamming,
        Self::Blackman,
        Self::BlackmanHarris,
        Self::Nuttall,
        Self::Kaiser,
        Self::FlatTop,
        Self::Hft95,
        Self::Hft144d,
    ];

    /// The name as used on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rectangular => "rectangular",
            Self::Hann => "hann",
            Self::Hamming => "hamming",
            Self::Blackman => "blackman",
            Self::BlackmanHarris => "blackman-harris",
            Self::Nuttall => "nuttall",
            Self::Kaiser => "kaiser",
            Self::FlatTop => "flat-top",
            Self::Hft95 => "hft95",
            Self::Hft144d => "hft144d",
        }
    }

    /// Amplitudes of `cos(2 pi k i / n)` with alternating signs; empty for the Kaiser window, which is no cosine sum.
    const fn cosine_terms(self) -> &'static [f64] {
        match self {
            Self::Rectangular => &[1.0],
            Self::Hann => &[0.5, 0.5],
            Self::Hamming => &[0.54, 0.46],
            Self::Blackman => &[0.42, 0.5, 0.08],
            Self::BlackmanHarris => &[0.358_75, 0.488_29, 0.141_28, 0.011_68],
            Self::Nuttall => &[0.363_581_9, 0.489_177_5, 0.136_599_5, 0.010_641_1],
            Self::Kaiser => &[],
            Self::FlatTop => &[0.215_578_95, 0.416_631_58, 0.277_263_158, 0.083_578_947, 0.006_947_368],
            Self::Hft95 => &[1.0, 1.938_337_9, 1.304_520_2, 0.402_827_0, 0.035_066_5],
            Self::Hft144d => &[1.0, 1.967_600_33, 1.579_836_07, 0.811_236_44, 0.225_835_58, 0.027_738_48, 0.000_903_60],
        }
    }

    /// `n` coefficients, periodic: coefficient `n` would equal coefficient 0.
    #[must_use]
    pub fn coefficients(self, n: usize) -> Vec<f64> {
        if self == Self::Kaiser {
            let top = bessel_i0(KAISER_BETA);
            let at = |r: f64| bessel_i0(KAISER_BETA * (1.0 - r * r).max(0.0).sqrt()) / top;
            return mirrored(n, |half| {
                half.iter_mut().enumerate().for_each(|(i, w)| *w = at(2.0 * i as f64 / n as f64 - 1.0))
            });
        }
        let terms = self.cosine_terms();
        mirrored(n, |half| {
            cosines(half, n);
            half.iter_mut().for_each(|w| *w = cosine_sum(terms, *w));
        })
    }

    /// The same, kept for the next call where they are not too many.
    pub(crate) fn shared(self, n: usize) -> Arc<Vec<f64>> {
        static KEPT: Memo<(Window, usize), Arc<Vec<f64>>> = Memo::new();
        let make = || Arc::new(self.coefficients(n));
        if n <= LONGEST_KEPT { KEPT.get((self, n), make) } else { make() }
    }

    /// Coherent gain and ENBW of exactly `n` coefficients (they depend on `n` only for a handful of points).
    #[must_use]
    pub fn gains(self, n: usize) -> (f64, f64) {
        static KEPT: Memo<(Window, usize), (f64, f64)> = Memo::new();
        KEPT.get((self, n), || {
            let w = self.shared(n);
            let s1: f64 = w.iter().sum();
            let s2: f64 = w.iter().map(|v| v * v).sum();
            (s1 / n as f64, n as f64 * s2 / (s1 * s1))
        })
    }

    /// The figures for long transforms (computed at 4096 points).
    #[must_use]
    pub fn figures(self) -> WindowFigures {
        const N: usize = 4096;
        let w = self.coefficients(N);
        let (coherent_gain, enbw_bins) = self.gains(N);
        let response = |bins: f64| transform(&w, bins) / (coherent_gain * N as f64);
        let main_lobe_bins = self.main_lobe_bins();
        let side_lobe = (0..400).map(|i| response(main_lobe_bins + f64::from(i) * 0.05)).fold(0.0, f64::max);
        WindowFigures {
            coherent_gain,
            enbw_bins,
            scallop_db: 20.0 * response(0.5).log10(),
            main_lobe_bins,
            side_lobe_db: 20.0 * side_lobe.log10(),
        }
    }

    /// Distance from the peak to the first null, in bins.
    #[must_use]
    pub fn main_lobe_bins(self) -> f64 {
        // A cosine sum of K terms has its first null at K bins exactly; Kaiser's is at sqrt(1 + (beta/pi)^2).
        match self.cosine_terms().len() {
            0 => (1.0 + (KAISER_BETA / std::f64::consts::PI).powi(2)).sqrt(),
            terms => terms as f64,
        }
    }
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.to_ascii_lowercase().replace('_', "-");
        let wanted = match wanted.as_str() {
            "rect" | "none" | "boxcar" => "rectangular",
            "flattop" => "flat-top",
            "bh4" | "blackmanharris" => "blackman-harris",
            other => other,
        };
        Self::ALL.into_iter().find(|w| w.name() == wanted).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|w| w.name()).collect();
            format!("'{text}' is not a window; choose one of {}", names.join(" "))
        })
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// `n` values that are symmetric about `n / 2`, of which `first` makes 0 to `n / 2`.
fn mirrored(n: usize, first: impl FnOnce(&mut [f64])) -> Vec<f64> {
    let mut out = vec![0.0; n];
    let half = n.min(n / 2 + 1);
    first(&mut out[..half]);
    for i in half..n {
        out[i] = out[n - i];
    }
    out
}

/// `cos(2 pi i / n)` for each place `i`: one turn of two tables of phasors, so that few sines are worked out.
fn cosines(out: &mut [f64], n: usize) {
    const RUN: usize = 256;
    let phasor = |i: usize| Complex64::from_polar(1.0, TAU * i as f64 / n as f64);
    let fine: Vec<Complex64> = (0..RUN.min(out.len())).map(phasor).collect();
    for (run, places) in out.chunks_mut(RUN).enumerate() {
        let base = phasor(run * RUN);
        for (place, z) in places.iter_mut().zip(&fine) {
            *place = base.re * z.re - base.im * z.im;
        }
    }
}

/// The sum of `(-1)^k a_k cos(k t)` for `c = cos(t)`, by Clenshaw's recurrence.
fn cosine_sum(terms: &[f64], c: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for (k, a) in terms.iter().enumerate().skip(1).rev() {
        let signed = if k % 2 == 0 { *a } else { -a };
        (b1, b2) = (signed + 2.0 * c * b1 - b2, b1);
    }
    terms.first().copied().unwrap_or(0.0) + c * b1 - b2
}

/// Magnitude of the discrete-time Fourier transform of `w` at `bins` DFT bins.
fn transform(w: &[f64], bins: f64) -> f64 {
    let step = TAU * bins / w.len() as f64;
    let (re, im) = w.iter().enumerate().fold((0.0, 0.0), |(re, im), (i, v)| {
        let (s, c) = (step * i as f64).sin_cos();
        (re + v * c, im - v * s)
    });
    f64::hypot(re, im)
}

/// Modified Bessel function of the first kind, order zero, by its power series.
pub(crate) fn bessel_i0(x: f64) -> f64 {
    let q = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 1.0;
    while term > sum * 1e-17 {
        term *= q / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coherent gain, ENBW, scallop, main lobe and side lobes as published (Harris, Heinzel, Nuttall; computed with
    /// NumPy at N = 4096).
    #[test]
    fn figures_agree_with_the_published_table() {
        let table = [
            (Window::Rectangular, 1.0, 1.0, -3.9224, 1.0, -13.3),
            (Window::Hann, 0.5, 1.5, -1.4236, 2.0, -31.5),
            (Window::Hamming, 0.54, 1.3628, -1.7514, 2.0, -42.7),
            (Window::Blackman, 0.42, 1.7268, -1.0989, 3.0, -58.1),
            (Window::BlackmanHarris, 0.35875, 2.0044, -0.8256, 4.0, -92.0),
            (Window::Nuttall, 0.363_582, 1.9761, -0.8506, 4.0, -98.2),
            (Window::Kaiser, 0.331_870, 2.1611, -0.7128, 4.56, -105.9),
            (Window::FlatTop, 0.215_579, 3.7702, -0.0098, 5.0, -93.0),
            (Window::Hft95, 1.0, 3.8112, 0.0044, 5.0, -95.0),
            (Window::Hft144d, 1.0, 4.5386, 0.0021, 7.0, -144.0),
        ];
        for (window, gain, enbw, scallop, lobe, side) in table {
            let f = window.figures();
            assert!((f.coherent_gain - gain).abs() < 1e-5, "{window}: gain {}", f.coherent_gain);
            assert!((f.enbw_bins - enbw).abs() < 1e-4, "{window}: enbw {}", f.enbw_bins);
            assert!((f.main_lobe_bins - lobe).abs() < 0.01, "{window}: lobe {}", f.main_lobe_bins);
            assert!((f.side_lobe_db - side).abs() < 0.6, "{window}: side lobe {}", f.side_lobe_db);
            if !matches!(window, Window::Hft95 | Window::Hft144d) {
                assert!((f.scallop_db - scallop).abs() < 1e-3, "{window}: scallop {}", f.scallop_db);
            } else {
                assert!(f.scallop_db.abs() < 0.0045, "{window}: scallop {}", f.scallop_db);
            }
        }
    }

    #[test]
    fn coefficients_are_the_defining_sum_at_any_length() {
        for window in Window::ALL.into_iter().filter(|w| *w != Window::Kaiser) {
            for n in [1, 2, 3, 7, 256, 257, 1000, 4096, 10_001] {
                let w = window.coefficients(n);
                assert_eq!(w.len(), n);
                for (i, got) in w.iter().enumerate() {
                    let term = |(k, a): (usize, &f64)| {
                        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
                        sign * a * (TAU * (k * i % n) as f64 / n as f64).cos()
                    };
                    let expected: f64 = window.cosine_terms().iter().enumerate().map(term).sum();
                    assert!((got - expected).abs() < 1e-13, "{window} {n} {i}: {got} {expected}");
                }
            }
        }
    }

    #[test]
    fn names_come_back() {
        for window in Window::ALL {
            assert_eq!(window.name().parse::<Window>().unwrap(), window);
            let json = serde_json::to_string(&window).unwrap();
            assert_eq!(json, format!("\"{}\"", window.name()));
        }
        assert!("hanning7".parse::<Window>().is_err());
    }
}
