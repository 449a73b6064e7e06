//! The RF chain: carrier, amplifier, bias and pushing modulation, added lines, modulator errors, noise, converter.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use super::modulation::Baseband;
use crate::random::Random;
use crate::sim::math::{Phasor, amplitude};
use crate::sim::{Scenario, TruthEvent};

/// Level of a healthy carrier.
const CARRIER_DBFS: f64 = -6.0;
/// What a healthy modulator leaves: image at -75 dBc, leakage at -73 dBc.
const GOOD_GAIN_DB: f64 = 0.0031;
const GOOD_LEAK_DBC: f64 = -73.0;
/// Largest code of a 16-bit converter.
const TOP: f64 = 32_767.0 / 32_768.0;
/// Stream of phase noise and keyed noise.
const EXTRA_STREAM: u64 = 4;
/// Lines beyond this share of the sample rate are left out: the receiver's filter would take them away.
const BAND: f64 = 0.48;

/// A tone that goes through the amplifier with the carrier.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Tone {
    /// From the carrier.
    pub delta_hz: f64,
    pub dbc: f64,
    pub turns: f64,
}

/// A memoryless amplifier after Rapp: gain `1 / (1 + (a / saturation)^(2 p))^(1 / 2 p)`, with a phase that follows.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Amplifier {
    /// Saturated output, relative to the carrier's amplitude.
    pub saturation: f64,
    /// The exponent p: 1 bends early (third order first), 2 and more bend late.
    pub sharpness: f64,
    /// Phase turned at saturation, in turns.
    pub turn: f64,
}

impl Amplifier {
    /// Complex gain at an input amplitude relative to the carrier's.
    fn gain(&self, relative: f64) -> Phasor {
        let drive = libm::pow(relative / self.saturation, 2.0 * self.sharpness);
        let magnitude = libm::pow(1.0 + drive, -0.5 / self.sharpness);
        Phasor::polar(magnitude, self.turn * drive / (1.0 + drive))
    }
}

/// Sinusoidal modulation of the whole carrier: a depth (AM) or an index (PM), both peak.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim) struct Ripple {
    pub hz: f64,
    pub index: f64,
    pub origin: &'static str,
    pub order: u32,
}

/// A line that is added as it is.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Added {
    /// From the centre.
    pub offset_hz: f64,
    pub dbc: f64,
    pub turns: f64,
    pub origin: &'static str,
    pub order: Option<u32>,
}

/// A line to be written to the truth; its amplitude is in full scales.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Expected {
    pub offset_hz: f64,
    pub amplitude: f64,
    pub origin: &'static str,
    pub order: Option<u32>,
    pub of: Vec<f64>,
}

/// Products of a non-linearity, whose levels are measured on the noiseless record.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Product {
    /// From the centre.
    pub offset_hz: f64,
    pub origin: &'static str,
    pub order: Option<u32>,
    pub of: Vec<f64>,
}

impl Product {
    /// `a` times one carrier and `b` times the other.
    pub(in crate::sim) fn of_two((one, two): (f64, f64), a: f64, b: f64, order: u32) -> Self {
        let offset_hz = a * one + b * two;
        Self { offset_hz, origin: "intermodulation", order: Some(order), of: vec![one, two] }
    }
}

/// The whole chain.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Chain {
    pub carrier_dbfs: f64,
    pub carrier_hz: f64,
    pub carrier_turns: f64,
    pub tones: Vec<Tone>,
    pub amplifier: Option<Amplifier>,
    pub bias: Vec<Ripple>,
    pub pushing: Vec<Ripple>,
    pub added: Vec<Added>,
    pub products: Vec<Product>,
    /// Gain error of Q against I, and its phase error.
    pub gain_db: f64,
    pub phase_deg: f64,
    /// Level of the line at the centre; its origin is `dc`.
    pub leak_dbc: f64,
    pub noise_rise_db: f64,
    /// Noise of the oscillator's phase: rms in radians and corner in hertz, of Lorentzian shape.
    pub phase_noise: Option<(f64, f64)>,
    /// Wide noise that the amplifier makes while it is keyed: level above the scenario's at switch-on in dB, and the
    /// time in which its amplitude falls to 1/e.
    pub keyed_noise: Option<(f64, f64)>,
    /// Level over time: instants and the gain in dB from there on.
    pub level_steps: Vec<(f64, f64)>,
    pub parameters: BTreeMap<String, f64>,
    pub events: Vec<TruthEvent>,
}

impl Chain {
    /// A good transmitter with a carrier at the scenario's offset.
    pub(in crate::sim) fn healthy(s: &Scenario, random: &mut Random) -> Self {
        Self {
            carrier_dbfs: CARRIER_DBFS,
            carrier_hz: s.carrier_offset_hz,
            carrier_turns: random.uniform(),
            tones: Vec::new(),
            amplifier: None,
            bias: Vec::new(),
            pushing: Vec::new(),
            added: Vec::new(),
            products: Vec::new(),
            gain_db: GOOD_GAIN_DB,
            phase_deg: 0.0,
            leak_dbc: GOOD_LEAK_DBC,
            noise_rise_db: 0.0,
            phase_noise: None,
            keyed_noise: None,
            level_steps: Vec::new(),
            parameters: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    pub(in crate::sim) fn with(mut self, name: &str, value: f64) -> Self {
        self.parameters.insert(name.to_owned(), value);
        self
    }

    /// Amplitude of the carrier in the record.
    pub(in crate::sim) fn carrier_amplitude(&self) -> f64 {
        let linear = amplitude(self.carrier_dbfs);
        let compressed = self.amplifier.map_or(1.0, |a| a.gain(1.0).magnitude());
        linear * compressed * self.modulator().0.magnitude()
    }

    /// Gains of the wanted signal and of its conjugate: `y = alpha x + beta conj(x)` for a Q path of gain g and phase p.
    pub(in crate::sim) fn modulator(&self) -> (Phasor, Phasor) {
        let q = Phasor::polar(amplitude(self.gain_db), -self.phase_deg / 360.0);
        let one = Phasor::new(1.0, 0.0);
        (one.plus(q).scale(0.5), one.plus(q.conj().scale(-1.0)).scale(0.5))
    }

    /// The record without noise, interleaved, before the converter limits it.
    pub(in crate::sim) fn render(&self, s: &Scenario, symbols: &mut Random) -> Vec<f64> {
        let baseband = Baseband::new(s, symbols);
        let scale = amplitude(self.carrier_dbfs);
        let (alpha, beta) = self.modulator();
        let reference = self.carrier_amplitude();
        let leak = Phasor::polar(reference * amplitude(self.leak_dbc), 0.137);
        let added: Vec<(f64, Phasor)> = self.added.iter().map(|l| (l.offset_hz, self.phasor(l, reference))).collect();
        let mut data = Vec::with_capacity(2 * s.frames());
        let mut level = Level::new(&self.level_steps);
        let mut jitter = self.phase_noise.map(|(rms, corner_hz)| Jitter::new(rms, corner_hz / s.rate_hz));
        let mut keyed = self.keyed_noise.map(|(rise_db, decay_s)| Keyed::new(s, rise_db, decay_s));
        let mut extra = Random::new(s.seed, EXTRA_STREAM);
        for k in 0..s.frames() {
            let t = k as f64 / s.rate_hz;
            let gain = level.at(t);
            let mut x = baseband.at(k).scale(gain);
            for tone in &self.tones {
                x = x.plus(Phasor::polar(amplitude(tone.dbc), tone.delta_hz * t + tone.turns));
            }
            if let Some(amplifier) = &self.amplifier {
                x = x.times(amplifier.gain(x.magnitude()));
            }
            let bias = 1.0 + self.bias.iter().map(|r| r.index * Phasor::turn(r.hz * t).re).sum::<f64>();
            let pushed: f64 = self.pushing.iter().map(|r| r.index * Phasor::turn(r.hz * t).im).sum();
            let noise = jitter.as_mut().map_or(0.0, |j| j.next(&mut extra));
            let rotation = self.carrier_hz * t + self.carrier_turns + (pushed + noise) / (2.0 * PI);
            x = x.times(Phasor::polar(scale * bias, rotation));
            let mut y = x.times(alpha).plus(x.conj().times(beta)).plus(leak);
            for (hz, phasor) in &added {
                y = y.plus(phasor.times(Phasor::turn(hz * t)));
            }
            if let Some(keyed) = &mut keyed {
                y = y.plus(keyed.next(gain, t, &mut extra));
            }
            data.extend([y.re, y.im]);
        }
        data
    }

    fn phasor(&self, line: &Added, reference: f64) -> Phasor {
        Phasor::polar(reference * amplitude(line.dbc), line.turns)
    }

    /// The lines of the record: by formula where the chain is linear, measured on `clean` for products.
    pub(in crate::sim) fn expected(&self, clean: &[f64], s: &Scenario) -> Vec<Expected> {
        let reference = self.carrier_amplitude();
        let (alpha, beta) = self.modulator();
        let line = |offset_hz, amplitude, origin, order| Expected {
            offset_hz,
            amplitude,
            origin,
            order,
            of: vec![self.carrier_hz],
        };
        let mut all = vec![
            line(-self.carrier_hz, reference * beta.magnitude() / alpha.magnitude(), "image", None),
            Expected { of: Vec::new(), ..line(0.0, reference * amplitude(self.leak_dbc), "dc", None) },
        ];
        for r in self.bias.iter().chain(&self.pushing) {
            for sign in [-1.0, 1.0] {
                all.push(line(self.carrier_hz + sign * r.hz, reference * 0.5 * r.index, r.origin, Some(r.order)));
            }
        }
        all.extend(self.added.iter().map(|a| line(a.offset_hz, reference * amplitude(a.dbc), a.origin, a.order)));
        let products = self.products.iter().filter(|p| p.offset_hz.abs() < BAND * s.rate_hz);
        all.extend(products.map(|p| Expected {
            offset_hz: p.offset_hz,
            amplitude: correlate(clean, p.offset_hz / s.rate_hz),
            origin: p.origin,
            order: p.order,
            of: p.of.clone(),
        }));
        all.retain(|e| e.amplitude > 1e-7 && e.offset_hz.abs() < BAND * s.rate_hz);
        all
    }
}

/// First-order noise: a random walk that is pulled back, whose spectrum is a Lorentzian.
struct Jitter {
    keep: f64,
    kick: f64,
    value: f64,
}

impl Jitter {
    fn new(rms: f64, corner: f64) -> Self {
        let keep = libm::exp(-2.0 * PI * corner);
        Self { keep, kick: rms * (1.0 - keep * keep).sqrt(), value: 0.0 }
    }

    fn next(&mut self, random: &mut Random) -> f64 {
        self.value = self.keep * self.value + self.kick * random.gaussian();
        self.value
    }
}

/// Wide noise that starts with each keying and dies away.
struct Keyed {
    sigma: f64,
    decay_s: f64,
    since: Option<f64>,
}

impl Keyed {
    fn new(s: &Scenario, rise_db: f64, decay_s: f64) -> Self {
        let sigma = amplitude(s.noise_dbfs_per_hz + rise_db) * (0.5 * s.rate_hz).sqrt();
        Self { sigma, decay_s, since: None }
    }

    fn next(&mut self, gain: f64, t: f64, random: &mut Random) -> Phasor {
        let draw = Phasor::new(random.gaussian(), random.gaussian());
        if gain < 0.5 {
            self.since = None;
            return Phasor::ZERO;
        }
        let start = *self.since.get_or_insert(t);
        draw.scale(self.sigma * libm::exp(-(t - start) / self.decay_s))
    }
}

/// Steps of the level, walked through once.
struct Level<'a> {
    steps: &'a [(f64, f64)],
    gain: f64,
}

impl<'a> Level<'a> {
    const fn new(steps: &'a [(f64, f64)]) -> Self {
        Self { steps, gain: 1.0 }
    }

    fn at(&mut self, t: f64) -> f64 {
        while let Some(((from, db), rest)) = self.steps.split_first() {
            if t < *from {
                break;
            }
            self.gain = amplitude(*db);
            self.steps = rest;
        }
        self.gain
    }
}

/// Amplitude of the line at `turns` per frame, under a four-term Blackman-Harris window (side lobes -92 dB).
pub(in crate::sim) fn correlate(data: &[f64], turns: f64) -> f64 {
    const TERMS: [f64; 4] = [0.35875, -0.48829, 0.14128, -0.01168];
    let n = (data.len() / 2) as f64;
    let mut sum = Phasor::ZERO;
    for (k, pair) in data.chunks_exact(2).enumerate() {
        let c = Phasor::turn(k as f64 / n);
        let c2 = c.times(c);
        let window = TERMS[0] + TERMS[1] * c.re + TERMS[2] * c2.re + TERMS[3] * c2.times(c).re;
        if let [re, im] = pair {
            sum = sum.plus(Phasor::new(*re, *im).times(Phasor::turn(-turns * k as f64)).scale(window));
        }
    }
    sum.magnitude() / (n * TERMS[0])
}

/// Limits to the converter's codes.
pub(in crate::sim) fn limit(data: &mut [f64]) {
    data.iter_mut().for_each(|v| *v = v.clamp(-1.0, TOP));
}

/// Adds white noise of the scenario's density, raised by `rise_db`, and limits to the converter's codes.
pub(in crate::sim) fn add_noise(data: &mut [f64], s: &Scenario, rise_db: f64, random: &mut Random) {
    // Half of the power in I, half in Q.
    let sigma = amplitude(s.noise_dbfs_per_hz + rise_db) * (0.5 * s.rate_hz).sqrt();
    data.iter_mut().for_each(|v| *v += sigma * random.gaussian());
    limit(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Chain {
        Chain::healthy(&Scenario::transmit(), &mut Random::new(1, 2))
    }

    /// Image rejection (g^2 + 1 - 2 g cos p) / (g^2 + 1 + 2 g cos p): the reference table's figures.
    #[test]
    fn the_image_follows_the_published_ratio() {
        for (gain_db, phase_deg, want) in
            [(0.1, 1.0, -39.6), (0.5, 2.0, -29.5), (1.0, 5.0, -22.8), (0.1, 0.0, -44.8), (0.01, 1.0, -41.2)]
        {
            let (alpha, beta) = Chain { gain_db, phase_deg, ..chain() }.modulator();
            let got = 20.0 * (beta.magnitude() / alpha.magnitude()).log10();
            assert!((got - want).abs() < 0.06, "{gain_db} dB, {phase_deg} deg: {got}");
        }
    }

    /// A Q path with gain and phase error, written out: Q' = g (Q cos p + I sin p), up to the sign of p.
    #[test]
    fn the_modulator_gains_are_those_of_a_wrong_q_path() {
        let c = Chain { gain_db: 1.0, phase_deg: 5.0, ..chain() };
        let (alpha, beta) = c.modulator();
        let (g, p) = (10f64.powf(0.05), 5f64.to_radians());
        let x = Phasor::new(0.3, -0.7);
        let y = x.times(alpha).plus(x.conj().times(beta));
        assert!((y.re - x.re).abs() < 1e-12);
        let q = [1.0, -1.0].map(|sign| g * (x.im * p.cos() + sign * x.re * p.sin()));
        assert!((y.im - q[0]).abs() < 1e-12 || (y.im - q[1]).abs() < 1e-12, "{y:?} {q:?}");
    }

    /// At low drive a p = 1 amplifier is x (1 - |x|^2 / (2 s^2)): two equal tones give IM3 at 1 / (2 s^2).
    #[test]
    fn two_tones_make_the_third_order_products_of_the_power_series() {
        let s = Scenario { duration_s: 0.05, ..Scenario::transmit() };
        let amplifier = Amplifier { saturation: 40.0, sharpness: 1.0, turn: 0.0 };
        let tone = Tone { delta_hz: 20e3, dbc: 0.0, turns: 0.2 };
        let c = Chain { tones: vec![tone], amplifier: Some(amplifier), ..Chain::healthy(&s, &mut Random::new(1, 2)) };
        let data = c.render(&s, &mut Random::new(1, 3));
        let level = |hz: f64| correlate(&data, hz / s.rate_hz);
        let ratio = level(s.carrier_offset_hz - 20e3) / level(s.carrier_offset_hz);
        let want = 20.0 * (1.0_f64 / (2.0 * 1600.0)).log10();
        assert!((20.0 * ratio.log10() - want).abs() < 0.1, "{ratio}");
    }
}
