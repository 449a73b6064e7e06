//! What good captures agree on: envelopes of bins, bands, lines and readings, as kept in a file.

use faultscope_signal::predict::trigamma_inverse;
use faultscope_signal::special::trigamma;
use faultscope_signal::{Unit, robust};
use serde::{Deserialize, Serialize};

use super::levels::{Bands, band_levels, bands, owned};
use super::profile::{Aligned, Profile};
use super::{DB, SetUp, mean_and_variance};

/// Version of the shape and meaning of the file.
pub(super) const VERSION: u32 = 1;

/// The averaged spectrum of the good captures, bin by bin; levels in dB of the set-up's unit, or relative to the carrier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpectrumEnvelope {
    /// Unit of the levels.
    pub level_unit: Option<Unit>,
    /// First bin, from the centre or from 0 Hz.
    pub first_offset_hz: f64,
    /// Distance between bins.
    pub step_hz: f64,
    /// Independent averages in the spectrum of one capture.
    pub averages: f64,
    /// Level of the mean power over the captures; `null` where a bin is not covered by all of them.
    pub mean_db: Vec<Option<f64>>,
    /// Mean of the levels.
    pub mean_level_db: Vec<Option<f64>>,
    /// Median of the levels.
    pub median_db: Vec<Option<f64>>,
    /// Standard deviation of the levels between captures, the level of the band taken out.
    pub spread_db: Vec<Option<f64>>,
    /// 10 % point of the levels.
    pub p10_db: Vec<Option<f64>>,
    /// 90 % point of the levels.
    pub p90_db: Vec<Option<f64>>,
    /// Standard deviation between captures of the level of the whole spectrum without its lines.
    pub level_spread_db: f64,
    /// Bands, which have levels of their own.
    pub bands: Vec<BandEnvelope>,
}

/// A band of the spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BandEnvelope {
    /// First bin.
    pub first: usize,
    /// The bin after its last.
    pub end: usize,
    /// Standard deviation between captures of its level over that of the whole spectrum.
    pub spread_db: f64,
    /// Variance of its bins between captures beyond that of averaged noise.
    pub excess_db2: f64,
}

/// A line of the good captures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LineEnvelope {
    /// From the centre or from 0 Hz, the carrier where the first capture has it.
    pub offset_hz: f64,
    /// Distance between the lowest and the highest frequency it was seen at.
    pub range_hz: f64,
    /// Captures it was found in.
    pub seen: usize,
    /// Its level in each capture, dB.
    pub level_db: Vec<f64>,
    /// Median of the levels.
    pub median_db: f64,
    /// Standard deviation of the levels.
    pub spread_db: f64,
    /// What noise alone would make of it.
    pub noise_db: f64,
}

/// A reading of the good captures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadingEnvelope {
    /// Its id.
    pub id: String,
    /// Its unit.
    pub unit: Unit,
    /// The value in each capture.
    pub values: Vec<f64>,
    /// Median.
    pub median: f64,
    /// Standard deviation between captures.
    pub spread: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Largest stated uncertainty (about 95 %).
    pub uncertainty: Option<f64>,
}

/// The good captures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Reference {
    /// Version of this shape.
    pub version: u32,
    /// How they were taken.
    pub setup: SetUp,
    /// How many there are.
    pub captures: usize,
    /// Offset of the carrier that captures are aligned on; `null` where there is none.
    pub carrier_offset_hz: Option<f64>,
    /// Whether levels are relative to the carrier.
    pub relative_to_carrier: bool,
    /// The spectrum.
    pub spectrum: SpectrumEnvelope,
    /// The lines, by frequency.
    pub lines: Vec<LineEnvelope>,
    /// The readings.
    pub readings: Vec<ReadingEnvelope>,
}

/// One ten-thousandth of a decibel is enough for a file.
fn kept(value: f64) -> Option<f64> {
    value.is_finite().then(|| (value * 1e4).round() / 1e4)
}

impl Reference {
    /// From profiles of one set-up. One profile makes a reference without spread, for a comparison of two captures.
    ///
    /// # Errors
    /// Index of a profile and what it has or lacks that the first does not.
    pub fn build(profiles: &[Profile]) -> Result<Self, (usize, String)> {
        let Some(first) = profiles.first() else { return Err((0, "there is no capture".into())) };
        for (i, p) in profiles.iter().enumerate() {
            if p.carrier.is_some() != first.carrier.is_some() {
                let has = |p: &Profile| if p.carrier.is_some() { "has a carrier" } else { "has none" };
                return Err((i, format!("it {}, and the first capture {}", has(p), has(first))));
            }
            if let Some(m) = first.setup.mismatches(&p.setup).into_iter().next() {
                return Err((i, m.what.replace("in the reference", "in the first capture")));
            }
        }
        let relative = first.relative();
        let carrier_offset_hz = first.carrier.map(|c| c.offset_hz);
        let aligned: Vec<Aligned> = profiles.iter().map(|p| p.aligned(carrier_offset_hz, relative)).collect();
        let lines = super::lines::envelopes(profiles, &aligned, carrier_offset_hz.filter(|_| relative));
        let mut reference = Self {
            version: VERSION,
            setup: first.setup.clone(),
            captures: profiles.len(),
            carrier_offset_hz,
            relative_to_carrier: relative,
            spectrum: SpectrumEnvelope::default(),
            lines,
            readings: super::readings::envelopes(profiles, &aligned, relative),
        };
        let logs: Vec<Vec<f64>> =
            profiles.iter().zip(&aligned).map(|(p, a)| p.logs(*a, first.spectrum.mean.len())).collect();
        reference.spectrum = reference.envelope(first, profiles, &logs);
        Ok(reference)
    }

    fn envelope(&self, first: &Profile, profiles: &[Profile], logs: &[Vec<f64>]) -> SpectrumEnvelope {
        let count = first.spectrum.mean.len();
        let averages = profiles.iter().map(|p| p.spectrum.effective_averages).fold(f64::INFINITY, f64::min);
        let column = |b: usize| -> Vec<f64> { logs.iter().filter_map(|l| l.get(b).copied()).collect() };
        let center: Vec<f64> = (0..count).map(|b| mean_and_variance(&column(b)).0).collect();
        let owned = owned(self, &first.spectrum);
        let bands = bands(&center, &owned);
        // levels[i]: level of each band of capture i against the mean of all, and of the whole.
        let levels: Vec<Bands> = logs.iter().map(|l| band_levels(l, &center, &owned, &bands)).collect();
        let mut out = SpectrumEnvelope {
            level_unit: Some(if self.relative_to_carrier { Unit::Dbc } else { self.setup.level_unit }),
            first_offset_hz: first.spectrum.offset_hz(0.0),
            step_hz: first.spectrum.bin_hz(),
            averages,
            level_spread_db: mean_and_variance(&levels.iter().map(|l| l.whole).collect::<Vec<_>>()).1.sqrt() * DB,
            ..SpectrumEnvelope::default()
        };
        let mut variances = vec![f64::NAN; count];
        for b in 0..count {
            let raw = column(b);
            let band = bands.iter().position(|r| r.contains(&b));
            let steady: Vec<f64> = raw.iter().zip(&levels).map(|(v, l)| v - l.at(band)).collect();
            let power = steady.iter().map(|v| v.exp()).sum::<f64>() / steady.len().max(1) as f64;
            let (mean, variance) = mean_and_variance(&steady);
            let mut sorted: Vec<f64> = raw.iter().map(|v| v * DB).collect();
            sorted.sort_by(f64::total_cmp);
            out.mean_db.push(kept(power.ln() * DB));
            out.mean_level_db.push(kept(mean * DB));
            out.median_db.push(kept(robust::median(&mut sorted.clone())));
            out.spread_db.push(kept(variance.sqrt() * DB));
            out.p10_db.push(kept(at_share(&sorted, 0.1)));
            out.p90_db.push(kept(at_share(&sorted, 0.9)));
            if let Some(v) = variances.get_mut(b).filter(|_| !owned.get(b).copied().unwrap_or(true)) {
                *v = variance;
            }
        }
        out.bands = bands
            .iter()
            .enumerate()
            .map(|(j, range)| {
                let deviations: Vec<f64> = levels.iter().map(|l| l.over_whole(j)).collect();
                let own: Vec<f64> = variances.iter().skip(range.start).take(range.len()).copied().collect();
                BandEnvelope {
                    first: range.start,
                    end: range.end,
                    spread_db: mean_and_variance(&deviations).1.sqrt() * DB,
                    excess_db2: if profiles.len() > 1 { excess(&own, averages) * DB * DB } else { 0.0 },
                }
            })
            .collect();
        out
    }

    /// Whether the file is one that can be used: version, lengths, numbers.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if self.version != VERSION {
            return Err(format!("version {} of the file is not {VERSION}, which this program reads", self.version));
        }
        let s = &self.spectrum;
        let bins = s.mean_db.len();
        let arrays = [&s.mean_level_db, &s.median_db, &s.spread_db, &s.p10_db, &s.p90_db];
        if bins == 0 || arrays.iter().any(|a| a.len() != bins) {
            return Err("its arrays of bins are empty or not of one length".into());
        }
        if s.bands.iter().any(|b| b.first >= b.end || b.end > bins) {
            return Err("a band lies outside its bins".into());
        }
        let n = self.captures;
        if n == 0
            || self.lines.iter().any(|l| l.level_db.len() != n)
            || self.readings.iter().any(|r| r.values.len() != n)
        {
            return Err("a line or a reading does not have one value a capture".into());
        }
        let usable = s.step_hz > 0.0 && s.averages > 0.0 && self.setup.sample_rate_hz > 0.0 && self.setup.fft >= 2;
        if usable { Ok(()) } else { Err("rate, step or averages are not above zero".into()) }
    }
}

/// Variance of bins between captures beyond that of averaged noise (nat^2), the median of the wild ones left out.
fn excess(variances: &[f64], averages: f64) -> f64 {
    let sound: Vec<f64> = variances.iter().copied().filter(|v| v.is_finite()).collect();
    if sound.is_empty() {
        return 0.0;
    }
    let noise = trigamma(averages);
    // A few bins that come and go must not speak for the others: those are recognised one by one later.
    let clip = 20.0 * robust::median(&mut sound.clone()).max(noise);
    let mean =
        sound.iter().filter(|v| **v <= clip).sum::<f64>() / sound.iter().filter(|v| **v <= clip).count().max(1) as f64;
    (mean - noise).max(0.0)
}

/// The number of averages that scatters as noise of `averages` with an excess variance (nat^2) does.
pub(super) fn worth(averages: f64, excess: f64) -> f64 {
    trigamma_inverse(trigamma(averages) + excess).min(averages)
}

/// A share of sorted values, between two of them by proportion.
fn at_share(sorted: &[f64], share: f64) -> f64 {
    let place = share * sorted.len().saturating_sub(1) as f64;
    let (low, rest) = (place.floor() as usize, place.fract());
    match (sorted.get(low), sorted.get(low + 1)) {
        (Some(a), Some(b)) => a + rest * (b - a),
        (Some(a), None) => *a,
        _ => f64::NAN,
    }
}
