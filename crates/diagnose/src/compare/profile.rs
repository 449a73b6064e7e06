//! A capture reduced to what is compared: its averaged spectrum, its lines, its readings.

use faultscope_capture::Caveat;
use faultscope_signal::floor;
use faultscope_signal::spectrum::average;
use faultscope_signal::tone::{Response, interpolate};
use faultscope_signal::{Kind, Record, Spectrum, SpectrumSettings, Unit, Window};

use super::{DB, SAME_LINE_BINS, SAME_LINE_SHARE, SetUp};
use crate::gate::{self, Gate};
use crate::measurement::{self, Detail, MeanRemoved, MeasureError, Settings};
use crate::reading::Reading;

/// Longest transform that is chosen here: a reference of 16384 bins is a file of about a megabyte.
const LONGEST: usize = 1 << 14;
const SHORTEST: usize = 64;
/// A level this far below the noise stands for no line at all.
const NOTHING: f64 = 0.05;

/// A line that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundLine {
    /// From the centre, or from 0 Hz of a real record.
    pub offset_hz: f64,
    /// Its level in the record's level unit.
    pub level_db: f64,
}

/// How a profile is laid over a reference.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Aligned {
    /// Bins by which it is moved: bin b of the reference is bin b + `bins` of the profile.
    pub bins: i64,
    /// What is taken from its levels: the carrier's level where levels are relative to it.
    pub level_db: f64,
}

/// A capture, ready to be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// How it was taken.
    pub setup: SetUp,
    /// The averaged spectrum.
    pub spectrum: Spectrum,
    /// Noise power per bin.
    pub(super) floor: Vec<f64>,
    /// The carrier of an I/Q record.
    pub carrier: Option<FoundLine>,
    /// All lines, the carrier first.
    pub lines: Vec<FoundLine>,
    /// The readings that are compared.
    pub readings: Vec<Reading>,
    /// Quality gates.
    pub gates: Vec<Gate>,
}

/// A transform that leaves eight averages, of at most 16384 points.
#[must_use]
pub fn choose_fft(frames: u64) -> usize {
    let mut n = LONGEST;
    while n > SHORTEST && n as u64 * 9 / 2 > frames {
        n /= 2;
    }
    n
}

/// Readings that say the same as another one (extremes: as DC and peak-to-peak together), or that the lines say. Signs are ratios
/// of readings, or shapes whose values are anything but normal.
fn redundant(reading: &Reading) -> bool {
    const IDS: [&str; 14] = [
        "worst_spur",
        "min",
        "max",
        "vpp_robust",
        "thd_bins",
        "thd_n",
        "enob",
        "spur_level",
        "spur_detectable",
        "ripple_factor",
        "mains_share",
        "switching_share",
        "mains_h4_h2",
        "mains_h1_h2",
    ];
    reading.is_sign() || IDS.contains(&reading.id.as_str()) || reading.id.starts_with("mains_h")
}

impl Profile {
    /// Measures a record: lines by `spurs`, readings by `measurement`. Format, channel and scale of the set-up stay
    /// empty: they are known to whoever opened the record.
    ///
    /// # Errors
    /// When it is too short for the transform, cannot be read, or the measurement does not apply to it.
    pub fn of(
        record: &dyn Record,
        caveats: &[Caveat],
        measurement: &str,
        settings: &Settings,
    ) -> Result<Self, MeasureError> {
        let real = record.kind() == Kind::Real;
        let used = SpectrumSettings {
            fft: settings.fft.unwrap_or_else(|| choose_fft(record.frames())),
            window: settings.window.unwrap_or(Window::BlackmanHarris),
            overlap: settings.overlap.unwrap_or(0.5),
        };
        let settings = Settings {
            fft: Some(used.fft),
            window: Some(used.window),
            overlap: Some(used.overlap),
            ..settings.clone()
        };
        let by = |id: &str| {
            let plug = measurement::by_id(id).ok_or_else(|| MeasureError::Settings {
                what: format!("there is no measurement '{id}'"),
                hint: "spurs, ripple, channel, modulation, transition, phase-noise".into(),
            })?;
            plug.measure(record, caveats, &settings)
        };
        let found = by("spurs")?;
        let (readings, gates) = if measurement == "spurs" {
            (found.readings, found.gates)
        } else {
            let other = by(measurement)?;
            (other.readings, gate::merge([found.gates, other.gates]))
        };
        let spectrum = average(&MeanRemoved::new(record)?, used)?;
        let Detail::Spurs(detail) = found.detail else {
            return Err(MeasureError::NotApplicable {
                what: "no spectrum could be measured".into(),
                hint: String::new(),
            });
        };
        let carrier = detail.carrier.map(|c| FoundLine { offset_hz: c.offset_hz, level_db: c.level_db });
        let spurs = detail.spurs.iter().map(|s| FoundLine { offset_hz: s.offset_hz, level_db: s.level_db });
        let lines = carrier.into_iter().chain(spurs).collect();
        let once = |r: &&Reading| readings.iter().filter(|o| o.id == r.id).count() == 1 && !redundant(r);
        Ok(Self {
            setup: SetUp {
                measurement: measurement.to_owned(),
                kind: if real { "real" } else { "iq" }.into(),
                format: String::new(),
                channel: String::new(),
                sample_rate_hz: record.sample_rate_hz(),
                center_hz: record.center_hz(),
                level_unit: spectrum.level_unit(),
                gain_db: None,
                probe: None,
                scale_v_per_unit: None,
                duration_s: record.duration_s(),
                fft: used.fft,
                window: used.window,
                overlap: used.overlap,
            },
            floor: floor::estimate(&spectrum).level,
            carrier: carrier.filter(|_| !real),
            lines,
            readings: readings.iter().filter(once).cloned().collect(),
            gates,
            spectrum,
        })
    }

    /// Whether levels are taken relative to the carrier: where there is one and full scale is not calibrated.
    #[must_use]
    pub fn relative(&self) -> bool {
        self.carrier.is_some() && self.setup.level_unit == Unit::Dbfs
    }

    /// The alignment on a carrier at `carrier_hz` from the centre. Less than a bin is no reason to move anything.
    #[must_use]
    pub fn aligned(&self, carrier_hz: Option<f64>, relative: bool) -> Aligned {
        let Some((carrier, wanted)) = self.carrier.zip(carrier_hz) else { return Aligned::default() };
        let bins = (carrier.offset_hz - wanted) / self.spectrum.bin_hz();
        Aligned {
            bins: if bins.abs() > 1.0 { bins.round() as i64 } else { 0 },
            level_db: if relative { carrier.level_db } else { 0.0 },
        }
    }

    /// Natural logarithms of the power of `count` bins as aligned; NaN where the record does not reach.
    pub(super) fn logs(&self, aligned: Aligned, count: usize) -> Vec<f64> {
        let log = |b: usize| {
            let power = usize::try_from(b as i64 + aligned.bins).ok().and_then(|b| self.spectrum.mean.get(b));
            power.map_or(f64::NAN, |p| (self.spectrum.level_db(*p) - aligned.level_db) / DB)
        };
        (0..count).map(log).collect()
    }

    /// How far apart two sightings of one line at an offset may be.
    pub(super) fn tolerance_hz(&self, offset_hz: f64) -> f64 {
        let drift = if self.setup.kind == "real" { SAME_LINE_SHARE * offset_hz.abs() } else { 0.0 };
        (SAME_LINE_BINS * self.spectrum.bin_hz()).max(drift)
    }

    /// Level (dB, as aligned) of the line nearest to an offset of the reference, and its power over the noise of a bin.
    pub(super) fn line_at(&self, offset_hz: f64, aligned: Aligned) -> (f64, f64) {
        let s = &self.spectrum;
        let here = s.bin_of_offset(offset_hz) + aligned.bins as f64;
        let reach = self.tolerance_hz(offset_hz) / s.bin_hz();
        let (from, to) = ((here - reach).round().max(0.0) as usize, (here + reach).round().max(0.0) as usize);
        let cells = s.mean.iter().enumerate().skip(from).take((to + 1).saturating_sub(from));
        let Some((peak, _)) = cells.max_by(|a, b| a.1.total_cmp(b.1)) else { return (f64::NAN, 0.0) };
        let noise = self.floor.get(peak).copied().unwrap_or(0.0).max(f64::MIN_POSITIVE);
        let tone = interpolate(&Response::of(s.settings.window, s.settings.fft), &s.mean, peak, noise, 1);
        let power = tone.power.max(NOTHING * noise);
        (s.level_db(power) - aligned.level_db, power / noise)
    }

    /// Whether a line was found within reach of an offset of the reference.
    pub(super) fn sees(&self, offset_hz: f64, aligned: Aligned) -> bool {
        let moved = aligned.bins as f64 * self.spectrum.bin_hz();
        let reach = self.tolerance_hz(offset_hz);
        self.lines.iter().any(|l| (l.offset_hz - moved - offset_hz).abs() <= reach)
    }

    /// The value of a reading; levels relative to the carrier where everything is.
    pub(super) fn reading(&self, reading: &Reading, aligned: Aligned, relative: bool) -> Option<(f64, Unit)> {
        let (value, unit) = match reading.unit {
            Unit::Dbfs if relative && reading.id == "carrier_level" => return None,
            Unit::Dbfs if relative => (reading.value - aligned.level_db, Unit::Dbc),
            Unit::DbfsPerHz if relative => (reading.value - aligned.level_db, Unit::DbcPerHz),
            unit => (reading.value, unit),
        };
        value.is_finite().then_some((value, unit))
    }
}

/// Variance (dB^2) that noise alone gives to the level of a line `snr` above it, over `averages` averages.
pub(super) fn line_noise_db2(snr: f64, averages: f64) -> f64 {
    // Power of a steady line A^2 in noise s^2: variance (2 A^2 s^2 + s^4) per average, over A^4.
    let snr = snr.max(NOTHING);
    (2.0 * snr + 1.0) / (snr * snr * averages.max(1.0)) * DB * DB
}

impl super::Reference {
    /// The levels of a profile over the bins of this reference, as they are compared; NaN where it does not reach.
    #[must_use]
    pub fn levels_of(&self, profile: &Profile) -> Vec<f64> {
        let aligned = profile.aligned(self.carrier_offset_hz, self.relative_to_carrier);
        profile.logs(aligned, self.spectrum.mean_db.len()).into_iter().map(|v| v * DB).collect()
    }
}
