//! Signs for the diagnosis: pairs about the carrier and their AM/PM split, skirts and shoulders, keying, noise in bursts.

use std::borrow::Cow;

use faultscope_signal::phasor::{self, Moments};
use faultscope_signal::{Kind, Record, RecordError, Spectrum, Unit};

use super::owner::{Band, Found};
use super::{Origin, Spur};
use crate::reading::Reading;
use crate::sign::{dwell, scatter, two_levels};

/// Frames of the record that signs are looked for in.
const MOST: usize = 1 << 19;
/// Frames that sideband phases are measured on.
const PHASE_FRAMES: usize = 1 << 17;
/// Lines that take part in the search for pairs.
const PAIR_LINES: usize = 40;
/// Lines above this are strong.
const STRONG_DBC: f64 = -25.0;
/// Pairs closer than this are looked at as mains sidebands, and mains orders up to this count.
const NEAR_HZ: f64 = 2e3;
const MAINS_ORDERS: u32 = 12;
/// Where the skirt of a carrier is read.
const SKIRT_HZ: (f64, f64) = (600.0, 1600.0);
/// From this rise on it is asked what the skirt is, at so many places.
const SKIRT_RISEN: f64 = 4.0;
const SKIRT_POINTS: u32 = 12;
/// Share of the power that a modulated carrier must have for the envelope to be its own.
const OWN_SHARE: f64 = 0.9;
/// Length of the envelope's and of the noise's blocks.
const ENVELOPE_S: f64 = 100e-6;
const NOISE_S: f64 = 250e-6;

/// What signs are read from.
pub(super) struct Seen<'a> {
    pub(super) record: &'a dyn Record,
    pub(super) spectrum: &'a Spectrum,
    pub(super) carrier: &'a Found,
    pub(super) band: Option<Band>,
    /// Strongest first, and the same in words.
    pub(super) lines: &'a [Found],
    pub(super) spurs: &'a [Spur],
}

/// Two lines at equal distances from the carrier.
struct Pair {
    spacing_hz: f64,
    level_dbc: f64,
    origin: Origin,
    order: Option<u32>,
    tolerance_hz: f64,
}

fn db(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

fn finite(id: &str, value: f64, unit: Unit) -> Option<Reading> {
    value.is_finite().then(|| Reading::new(id, value, unit))
}

impl Seen<'_> {
    /// Every sign.
    pub(super) fn readings(&self) -> Result<Vec<Reading>, RecordError> {
        let mut out = Vec::new();
        self.families(&mut out);
        self.half(&mut out);
        if self.spectrum.kind == Kind::Real {
            return Ok(out);
        }
        let data = self.start()?;
        if self.band.is_none() {
            self.pairs(&data, &mut out);
            self.skirt(&data, &mut out);
        }
        self.shoulders(&mut out);
        self.keying(&data, &mut out);
        Ok(out)
    }

    /// Interleaved I/Q of the beginning.
    fn start(&self) -> Result<Cow<'_, [f32]>, RecordError> {
        let frames = usize::try_from(self.record.frames()).unwrap_or(MOST).min(MOST);
        if let Some(lent) = self.record.lend_f32(0, 2 * frames) {
            return Ok(Cow::Borrowed(lent));
        }
        let mut data = vec![0.0; 2 * frames];
        let got = self.record.read_f32(0, &mut data)?;
        data.truncate(2 * got);
        Ok(Cow::Owned(data))
    }

    /// Whether frequencies of the record count from 0 Hz, so that multiples of the carrier are its own.
    fn direct(&self) -> bool {
        self.spectrum.kind == Kind::Real || self.spectrum.center_hz.unwrap_or(0.0) == 0.0
    }

    /// The strongest harmonic, by whether it is one of the carrier or of its offset from the centre, and the second
    /// carrier behind the strongest intermodulation product.
    fn families(&self, out: &mut Vec<Reading>) {
        let strongest = |origin: Origin| {
            self.spurs.iter().filter(|s| s.origin == origin).filter_map(|s| s.level_dbc).reduce(f64::max)
        };
        let id = if self.direct() { "harmonic_rf" } else { "harmonic_if" };
        out.extend(strongest(Origin::Harmonic).and_then(|v| finite(id, v, Unit::Dbc)));
        let count = |origin: Origin| self.spurs.iter().filter(|s| s.origin == origin).count() as f64;
        out.push(Reading::new("clock_lines", count(Origin::Clock), Unit::Count));
        out.push(Reading::new("unknown_lines", count(Origin::Unknown), Unit::Count));
        // A carrier with many lines of nearly its own level is modulated by a tone.
        let strong = self.spurs.iter().filter(|s| s.level_dbc.is_some_and(|l| l > STRONG_DBC)).count() as f64;
        out.push(Reading::new("strong_lines", strong, Unit::Count));
        let product = self.spurs.iter().find(|s| s.origin == Origin::Intermodulation);
        let second = product.and_then(|p| {
            let parents =
                self.spurs.iter().filter(|s| p.of.iter().any(|f| (f - s.frequency_hz).abs() < 1e-6 * f.abs().max(1.0)));
            parents.filter_map(|s| s.level_dbc).reduce(f64::max)
        });
        out.extend(second.and_then(|v| finite("second_carrier", v, Unit::Dbc)));
    }

    /// The strongest line at a half, three or five halves of the carrier.
    fn half(&self, out: &mut Vec<Reading>) {
        if !self.direct() || self.band.is_some() {
            return;
        }
        let near = |f: &Found| {
            [0.5, 1.5, 2.5].iter().any(|r| {
                (f.offset_hz - r * self.carrier.offset_hz).abs() <= f.tolerance_hz + 3.0 * r * self.carrier.sigma_hz
            })
        };
        let level = self.lines.iter().filter(|f| near(f)).map(|f| db(f.power / self.carrier.power)).reduce(f64::max);
        out.extend(level.and_then(|v| finite("half_line", v, Unit::Dbc)));
    }

    fn all_pairs(&self) -> Vec<Pair> {
        // What is explained otherwise may stand symmetrically by chance: the image and the third harmonic do.
        let explained = |s: &Spur| matches!(s.origin, Origin::Harmonic | Origin::Image | Origin::Dc | Origin::Receiver);
        let open = self.lines.iter().zip(self.spurs).filter(|(_, s)| !explained(s));
        let lines: Vec<(&Found, &Spur)> = open.take(PAIR_LINES).collect();
        let mut pairs = Vec::new();
        for (i, (a, spur)) in lines.iter().enumerate() {
            for (b, _) in lines.iter().skip(i + 1) {
                let (da, db_) = (a.offset_hz - self.carrier.offset_hz, b.offset_hz - self.carrier.offset_hz);
                let tolerance_hz = a.tolerance_hz + b.tolerance_hz;
                if (da + db_).abs() <= tolerance_hz && a.power < 10.0 * b.power {
                    pairs.push(Pair {
                        spacing_hz: 0.5 * (da - db_).abs(),
                        level_dbc: db((a.power * b.power).sqrt() / self.carrier.power),
                        origin: spur.origin,
                        order: spur.order,
                        tolerance_hz,
                    });
                }
            }
        }
        pairs.sort_by(|a, b| b.level_dbc.total_cmp(&a.level_dbc));
        pairs
    }

    fn pairs(&self, data: &[f32], out: &mut Vec<Reading>) {
        let pairs = self.all_pairs();
        out.extend(pairs.first().and_then(|p| finite("strongest_pair", p.level_dbc, Unit::Dbc)));
        let mains = |p: &&Pair| p.origin == Origin::MainsSideband && p.order.is_some_and(|k| k <= MAINS_ORDERS);
        if let Some(p) = pairs.iter().find(mains) {
            out.extend(finite("mains_pair", p.level_dbc, Unit::Dbc));
            out.extend(finite("mains_pair_spacing", p.spacing_hz, Unit::Hertz));
            out.extend(self.am_share(data, [p.spacing_hz]).and_then(|v| finite("mains_pair_am", v, Unit::One)));
        }
        if let Some(p) = pairs.iter().find(|p| p.spacing_hz >= NEAR_HZ) {
            out.extend(finite("pair", p.level_dbc, Unit::Dbc));
            out.extend(finite("pair_spacing", p.spacing_hz, Unit::Hertz));
            out.extend(self.am_share(data, [p.spacing_hz]).and_then(|v| finite("pair_am", v, Unit::One)));
            let on_grid = |q: &&Pair| {
                let k = (q.spacing_hz / p.spacing_hz).round();
                k >= 1.0 && (q.spacing_hz - k * p.spacing_hz).abs() <= k * p.tolerance_hz + q.tolerance_hz
            };
            out.push(Reading::new("pair_orders", pairs.iter().filter(on_grid).count() as f64, Unit::Count));
            // Comparison frequencies are multiples of 2.5 or 6.25 kHz; a converter's is where its parts put it.
            let off = [2.5e3, 6.25e3].map(|raster| (p.spacing_hz - (p.spacing_hz / raster).round() * raster).abs());
            let least = off.iter().copied().fold(f64::INFINITY, f64::min);
            out.extend(finite("pair_off_raster", least / p.tolerance_hz.max(1e-3), Unit::One));
        }
    }

    /// Share of amplitude modulation in the power of sidebands at these distances: with `u`, `v` the upper and the lower one
    /// against the carrier, the lower one turned about, `u + v` is AM and `u - v` is PM. Nothing where the carrier is not
    /// one line.
    fn am_share(&self, data: &[f32], spacings_hz: impl IntoIterator<Item = f64>) -> Option<f64> {
        let rate = self.spectrum.sample_rate_hz;
        let part = data.get(..data.len().min(2 * PHASE_FRAMES))?;
        let offsets = std::iter::once(0.0).chain(spacings_hz.into_iter().flat_map(|hz| [hz, -hz]));
        let turns: Vec<f64> = offsets.map(|hz| (self.carrier.offset_hz + hz) / rate).collect();
        let lines = phasor::amplitudes(part, &turns);
        let (c, sidebands) = lines.split_first()?;
        if c.norm_sqr() <= 0.0 {
            return None;
        }
        let (mut am, mut pm) = (0.0, 0.0);
        for [up, down] in sidebands.as_chunks::<2>().0 {
            let (u, v) = (up / c, (down / c).conj());
            am += (u + v).norm_sqr();
            pm += (u - v).norm_sqr();
        }
        Some(am / (am + pm))
    }

    /// Noise beside the carrier: its lower quartile, so that lines do not matter, per hertz, and over the far noise; where
    /// it rises, the share of amplitude modulation in it: an oscillator's noise is of phase, a voice may be either.
    fn skirt(&self, data: &[f32], out: &mut Vec<Reading>) {
        let s = self.spectrum;
        let bin = s.bin_hz();
        if SKIRT_HZ.0 < 8.0 * bin {
            return;
        }
        let near = |sign: f64, hz: f64| {
            s.mean.get(s.bin_of_offset(self.carrier.offset_hz + sign * hz).round().max(0.0) as usize)
        };
        let count = ((SKIRT_HZ.1 - SKIRT_HZ.0) / bin) as usize;
        let mut cells: Vec<f64> = (0..count)
            .flat_map(|k| [-1.0, 1.0].map(|sign| near(sign, SKIRT_HZ.0 + k as f64 * bin)))
            .flatten()
            .copied()
            .collect();
        let mut all = s.mean.clone();
        let (skirt, far) = (quantile(&mut cells, 0.25), quantile(&mut all, 0.25));
        out.extend(finite("skirt", db(skirt / self.carrier.power / s.rbw_hz()), Unit::Db));
        out.extend(finite("skirt_rise", db(skirt / far), Unit::Db));
        if skirt > SKIRT_RISEN * far {
            let step = (SKIRT_HZ.1 - SKIRT_HZ.0) / f64::from(SKIRT_POINTS);
            let places = (0..SKIRT_POINTS).map(|k| SKIRT_HZ.0 + (f64::from(k) + 0.5) * step);
            out.extend(self.am_share(data, places).and_then(|v| finite("skirt_am", v, Unit::One)));
        }
    }

    /// Density beside a modulated carrier against that inside it, on the better side: adjacent channels of its own width.
    /// What an amplifier makes lies on both sides; on one alone it may be somebody else's channel.
    fn shoulders(&self, out: &mut Vec<Reading>) {
        let (Some(band), m) = (self.band, &self.spectrum.mean) else { return };
        let smooth = |k: usize| {
            let (a, b) = (k.saturating_sub(8), (k + 9).min(m.len()));
            m.get(a..b).map_or(0.0, |part| part.iter().sum::<f64>() / part.len().max(1) as f64)
        };
        let values: Vec<f64> = (band.low..=band.high).map(smooth).collect();
        let top = values.iter().copied().fold(0.0, f64::max);
        let inside = |v: &f64| *v > 0.02 * top;
        let (Some(a), Some(b)) = (values.iter().position(inside), values.iter().rposition(inside)) else { return };
        let (low, high) = (band.low + a, band.low + b);
        let width = (high - low).max(1);
        let gap = width * 3 / 20;
        let mean = |from: usize, to: usize| {
            m.get(from..to.min(m.len())).map(|p| p.iter().sum::<f64>() / p.len().max(1) as f64)
        };
        let Some(own) = mean(low, high) else { return };
        let above = mean(high + gap, high + gap + width / 2).filter(|_| high + gap + width / 2 <= m.len());
        let below = low.checked_sub(gap + width / 2).and_then(|from| mean(from, from + width / 2));
        let both = above.into_iter().chain(below).reduce(f64::min);
        out.extend(both.and_then(|w| finite("shoulder", db(w / own), Unit::Dbc)));
        let far = quantile(&mut m.clone(), 0.1);
        out.extend(both.and_then(|w| finite("shoulder_rise", db(w / far), Unit::Db)));
    }

    /// Level over time: whether it has two states, how far apart, how regular; and noise that comes and goes.
    fn keying(&self, data: &[f32], out: &mut Vec<Reading>) {
        let rate = self.spectrum.sample_rate_hz;
        let block = (ENVELOPE_S * rate).round().max(16.0) as usize;
        let moments = phasor::block_moments(data, block);
        out.extend(self.envelope_spread(&moments).and_then(|v| finite("envelope_spread", v, Unit::One)));
        let envelope: Vec<f64> = moments.iter().map(|m| m.power.sqrt()).collect();
        if envelope.len() < 50 {
            return;
        }
        let Some(two) = two_levels(&envelope) else { return };
        let keyed = two.share > 0.75 && (0.02..=0.98).contains(&two.low_time);
        let depth = 2.0 * db(two.high / two.low.max(1e-9 * two.high));
        out.extend(finite("keyed_depth", if keyed { depth } else { 0.0 }, Unit::Db));
        out.extend(finite("level_share", two.share, Unit::One));
        let stays = dwell(&envelope, 0.5 * (two.low + two.high));
        if stays.len() >= 4 {
            let cycle = 2.0 * stays.iter().sum::<f64>() / stays.len() as f64;
            out.extend(finite("keyed_rate", rate / (cycle * block as f64), Unit::Hertz));
            out.extend(finite("keyed_scatter", scatter(&stays), Unit::One));
        }
        if self.band.is_some() {
            return;
        }
        let block = (NOISE_S * rate).round().max(32.0) as usize;
        let mut noise = phasor::block_wide_noise(data, block, self.carrier.offset_hz / rate);
        if noise.len() >= 50 {
            let swing = db(quantile(&mut noise, 0.8) / quantile(&mut noise, 0.2).max(f64::MIN_POSITIVE));
            out.extend(finite("noise_swing", swing, Unit::Db));
        }
    }

    /// How much the power varies within blocks, the receiver's noise taken out: the variance over the square of the mean,
    /// blocks weighted by the square of their power, so that gaps do not count. 0 for a constant envelope (FM, GMSK), which
    /// no amplifier can distort; 1 for OFDM; nothing where noise is as strong as the signal, or where other signals have
    /// their share of the power.
    fn envelope_spread(&self, blocks: &[Moments]) -> Option<f64> {
        let s = self.spectrum;
        let floor = quantile(&mut s.mean.clone(), 0.25);
        let over = |part: &[f64]| part.iter().map(|p| p - floor).sum::<f64>();
        if let Some(own) = self.band.and_then(|band| s.mean.get(band.low..=band.high))
            && over(own) < OWN_SHARE * over(&s.mean)
        {
            return None;
        }
        let noise = floor / s.rbw_hz() * s.sample_rate_hz;
        let (mut fourth, mut square) = (0.0, 0.0);
        for block in blocks {
            let signal = block.power - noise;
            if signal <= noise {
                continue;
            }
            // Of signal and noise together E[p^2] = E[s^2] + 4 E[s] n + 2 n^2.
            fourth += block.square - 4.0 * signal * noise - 2.0 * noise * noise;
            square += signal * signal;
        }
        (square > 0.0).then(|| (fourth / square - 1.0).max(0.0))
    }
}

fn quantile(v: &mut [f64], share: f64) -> f64 {
    if v.is_empty() {
        return f64::NAN;
    }
    let at = ((v.len() - 1) as f64 * share) as usize;
    *v.select_nth_unstable_by(at, f64::total_cmp).1
}
