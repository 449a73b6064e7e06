//! Spurs of an exported spectrum: peaks above a robust floor, judged as far as levels alone can be.

use faultscope_capture::Caveat;
use faultscope_signal::robust::{MAD_TO_SIGMA, median, running_median};
use faultscope_signal::special::gamma_upper_quantile;
use faultscope_signal::{Swept, SweptSpectrum, Unit};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::{Carrier, FloorPoint, Noise, Origin, Spur, SpursDetail};
use crate::gate::{self, Gate, GateState};
use crate::reading::{At, Reading};

/// Fewest points with a level that tell lines from floor.
const FEWEST: usize = 16;
/// Half-width of the window of the floor: a tenth of the points, within these bounds.
const HALF: std::ops::RangeInclusive<usize> = 10..=500;
/// A line stands out by at least this much, however smooth the trace is.
const LEAST_DB: f64 = 3.0;
/// Between two lines the level falls by at least this much below the lower one.
const EXCURSION_DB: f64 = 6.0;
/// A hump stands out by at least this much.
const LEAST_HUMP_DB: f64 = 1.0;
/// Spurs listed at most.
const MOST_SPURS: usize = 200;
/// Points of the floor kept for display.
const FLOOR_POINTS: usize = 400;

/// Measures an exported spectrum.
///
/// The floor is a running median; a line is a peak that exceeds it by as many standard deviations of the scatter (from
/// the median deviation, the wider side of the two) as the false-alarm probability asks of Gaussian scatter.
/// What needs samples (harmonic distortion, noise, effective bits, bursts) is not there, and a gate says so.
///
/// # Errors
/// When it is a reflection, has too few points, or a setting is about samples.
pub fn exported(spectrum: &SweptSpectrum, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    check(spectrum, settings)?;
    let mut gates = gate::from_caveats(caveats);
    gates.push(Gate::new(
        "samples",
        GateState::Warn,
        "the file holds levels over frequency: distortion, noise, effective bits and bursts need the samples",
    ));
    let work = Work::new(spectrum, settings)?;
    let (readings, detail) = work.report(&mut gates);
    Ok(Measured { measurement: "spurs", settings: settings.clone(), gates, readings, detail: Detail::Spurs(detail) })
}

fn check(spectrum: &SweptSpectrum, settings: &Settings) -> Result<(), MeasureError> {
    let wrong = |what: String, hint: &str| Err(MeasureError::Settings { what, hint: hint.to_owned() });
    if spectrum.swept == Swept::Reflection {
        return Err(MeasureError::NotApplicable {
            what: "a reflection has no carrier and no spurs".into(),
            hint: "spectrum draws it; for spurs export the spectrum of a signal".into(),
        });
    }
    if settings.fft.is_some() || settings.window.is_some() || settings.overlap.is_some() {
        return wrong(
            "a transform needs samples, and this file holds a spectrum".into(),
            "leave out --fft, --window and --overlap",
        );
    }
    if !(settings.false_alarm > 0.0 && settings.false_alarm < 1.0) {
        let what = format!("a false-alarm probability of {} is not between 0 and 1", settings.false_alarm);
        return wrong(what, "0.01 is the default");
    }
    let (low, high) = spectrum.span_hz;
    match settings.carrier_hz {
        Some(hz) if !(low..=high).contains(&hz) => wrong(
            format!("a carrier at {hz} Hz is outside the spectrum, which covers {low} to {high} Hz"),
            "--carrier takes the frequency at the antenna",
        ),
        _ => Ok(()),
    }
}

/// A peak: its point, and how far it stands above the floor.
#[derive(Debug, Clone, Copy)]
struct Peak {
    at: usize,
    above_db: f64,
}

struct Work<'a> {
    spectrum: &'a SweptSpectrum,
    /// Points that have a level: frequency and level.
    points: Vec<(f64, f64)>,
    /// The lowest level of any sweep at these points, where there are several sweeps.
    lowest: Option<Vec<f64>>,
    floor: Vec<f64>,
    /// Standard deviation of the scatter about the floor.
    sigma: f64,
    threshold_db: f64,
    /// Strongest first; the carrier and the feedthrough at 0 Hz are not among them.
    peaks: Vec<Peak>,
    carrier: Option<Peak>,
    /// The carrier is the top of a broad hump rather than a line.
    broad: bool,
    feedthrough: Option<Peak>,
}

impl<'a> Work<'a> {
    fn new(spectrum: &'a SweptSpectrum, settings: &Settings) -> Result<Self, MeasureError> {
        let all = || spectrum.frequency_hz.iter().copied().zip(spectrum.average_db.iter().copied());
        let points: Vec<(f64, f64)> = all().filter(|(_, level)| level.is_finite()).collect();
        if points.len() < FEWEST {
            return Err(MeasureError::TooShort {
                what: format!("{} points with a level are too few to tell lines from the floor", points.len()),
                hint: format!("export at least {FEWEST} points; some hundreds are usual"),
            });
        }
        let lowest = spectrum
            .min_db
            .as_ref()
            .map(|min| all().zip(min).filter(|((_, l), _)| l.is_finite()).map(|(_, m)| *m).collect());
        let levels: Vec<f64> = points.iter().map(|p| p.1).collect();
        let half = (levels.len() / 10).clamp(*HALF.start(), *HALF.end());
        let floor = running_median(&levels, half);
        let sigma = scatter(&levels, &floor);
        let threshold_db = (deviations(settings.false_alarm / levels.len() as f64) * sigma).max(LEAST_DB);
        let mut work = Self {
            spectrum,
            points,
            lowest,
            floor,
            sigma,
            threshold_db,
            peaks: Vec::new(),
            carrier: None,
            broad: false,
            feedthrough: None,
        };
        work.peaks = work.find(&levels);
        work.choose(settings.carrier_hz);
        if work.carrier.is_none() && settings.carrier_hz.is_none() {
            work.carrier = hump(&levels, settings.false_alarm);
            work.broad = work.carrier.is_some();
        }
        Ok(work)
    }

    /// Peaks above the threshold, strongest first, each parted from stronger ones by a fall of the excursion.
    fn find(&self, levels: &[f64]) -> Vec<Peak> {
        let excursion = EXCURSION_DB.max(self.threshold_db / 2.0);
        let stands = |i: usize, l: f64| l - self.floor.get(i).copied().unwrap_or(l) > self.threshold_db;
        let mut peaks: Vec<Peak> = parted(levels, excursion)
            .into_iter()
            .filter_map(|at| levels.get(at).copied().filter(|l| stands(at, *l)).map(|l| (at, l)))
            .map(|(at, level)| Peak { at, above_db: level - self.floor.get(at).copied().unwrap_or(level) })
            .collect();
        peaks.sort_by(|a, b| self.level(*b).total_cmp(&self.level(*a)));
        peaks
    }

    /// Takes the feedthrough of the local oscillator and the carrier out of the peaks.
    fn choose(&mut self, wanted_hz: Option<f64>) {
        // Where a sweep begins at 0 Hz, the analyser shows its own oscillator there.
        let starts_at_zero = self.points.first().is_some_and(|p| p.0 <= 1.5 * self.width_at(0));
        let near_zero = |p: &Peak| self.hz(*p) <= 2.0 * self.width_at(0);
        let zero = self.peaks.iter().position(near_zero).filter(|_| starts_at_zero);
        self.feedthrough = zero.map(|i| self.peaks.remove(i));
        let near = |p: &Peak, hz: f64| (self.hz(*p) - hz).abs() <= 3.0 * self.width_at(p.at);
        let index = match wanted_hz {
            Some(hz) => self.peaks.iter().position(|p| near(p, hz)),
            None => (!self.peaks.is_empty()).then_some(0),
        };
        self.carrier = index.map(|i| self.peaks.remove(i));
    }

    fn hz(&self, peak: Peak) -> f64 {
        self.points.get(peak.at).map_or(f64::NAN, |p| p.0)
    }

    fn level(&self, peak: Peak) -> f64 {
        self.points.get(peak.at).map_or(f64::NAN, |p| p.1)
    }

    /// How far apart two frequencies must be to be two: a step, or the resolution bandwidth.
    fn width_at(&self, at: usize) -> f64 {
        let hz = |i: usize| self.points.get(i).map(|p| p.0);
        let step = hz(at + 1).zip(hz(at)).or(hz(at).zip(at.checked_sub(1).and_then(hz))).map_or(0.0, |(b, a)| b - a);
        step.max(self.spectrum.rbw_hz.unwrap_or(0.0))
    }

    fn report(&self, gates: &mut Vec<Gate>) -> (Vec<Reading>, SpursDetail) {
        let mut readings = Vec::new();
        let mut spurs: Vec<Spur> = self.peaks.iter().map(|p| self.spur(*p)).collect();
        if spurs.len() > MOST_SPURS {
            let detail = format!("{} lines found, the {MOST_SPURS} strongest are listed", spurs.len());
            gates.push(Gate::new("spur_count", GateState::Warn, detail));
            spurs.truncate(MOST_SPURS);
        }
        if self.broad {
            let detail = "no line stands out: the carrier is the top of a broad hump, its level that in one resolution bandwidth";
            gates.push(Gate::new("carrier", GateState::Warn, detail));
        }
        if let Some(carrier) = self.carrier {
            self.carrier_readings(carrier, &mut readings);
            for spur in &spurs {
                let at = self.place(spur.frequency_hz);
                readings.extend(spur.level_dbc.map(|l| Reading::new("spur_level", l, Unit::Dbc).at(at)));
            }
        }
        if let Some(zero) = self.feedthrough {
            spurs.push(Spur { origin: Origin::Dc, ..self.spur(zero) });
            spurs.sort_by(|a, b| b.level_db.total_cmp(&a.level_db));
        }
        let detail = SpursDetail {
            carrier: self.carrier.map(|c| Carrier {
                frequency_hz: self.hz(c),
                offset_hz: self.hz(c) - self.spectrum.center_hz(),
                level_db: self.level(c),
                snr_db: c.above_db,
            }),
            noise: Noise { density_db_per_hz: self.density(), floor: self.floor_points() },
            spurs,
            level_unit: self.spectrum.level_unit,
            rbw_hz: self.spectrum.rbw_hz.unwrap_or(f64::NAN),
        };
        (readings, detail)
    }

    fn place(&self, frequency_hz: f64) -> At {
        let offset = frequency_hz - self.spectrum.center_hz();
        At { frequency_hz: Some(frequency_hz), offset_hz: Some(offset), ..At::default() }
    }

    fn spur(&self, peak: Peak) -> Spur {
        let frequency_hz = self.hz(peak);
        let (origin, order) = self.origin(frequency_hz, self.width_at(peak.at));
        let of = self.carrier.filter(|_| origin == Origin::Harmonic).map(|c| self.hz(c));
        let floor = self.floor.get(peak.at).copied().unwrap_or(f64::NAN);
        let lowest = self.lowest.as_ref().and_then(|l| l.get(peak.at));
        Spur {
            frequency_hz,
            offset_hz: frequency_hz - self.spectrum.center_hz(),
            level_db: self.level(peak),
            level_dbc: self.carrier.map(|c| self.level(peak) - self.level(c)),
            snr_db: peak.above_db,
            false_alarm_probability: self.false_alarm(peak),
            origin,
            order,
            of: of.into_iter().collect(),
            persistent: lowest.map(|l| l - floor > LEAST_DB),
            behaviour: None,
            drift_hz_per_s: None,
        }
    }

    /// A multiple of the carrier, within what both frequencies are known to.
    fn origin(&self, hz: f64, width: f64) -> (Origin, Option<u32>) {
        let Some(carrier) = self.carrier else { return (Origin::Unknown, None) };
        let order = (hz / self.hz(carrier)).round();
        let doubt = width + order * self.width_at(carrier.at);
        let harmonic = (2.0..=100.0).contains(&order) && (hz - order * self.hz(carrier)).abs() <= doubt;
        // A doubt as wide as the distance to the next multiple would call everything a harmonic.
        if harmonic && doubt < 0.1 * self.hz(carrier) {
            (Origin::Harmonic, Some(order as u32))
        } else {
            (Origin::Unknown, None)
        }
    }

    /// The chance that Gaussian scatter alone reaches so high at any of the points.
    fn false_alarm(&self, peak: Peak) -> f64 {
        let deviations = peak.above_db / self.sigma.max(f64::MIN_POSITIVE);
        // The square of a Gaussian deviate follows the Gamma distribution of shape one half.
        let tail = 0.5 * faultscope_signal::special::ln_gamma_q(0.5, deviations * deviations / 2.0).exp();
        (tail * self.points.len() as f64).min(1.0)
    }

    fn carrier_readings(&self, carrier: Peak, out: &mut Vec<Reading>) {
        let at = self.place(self.hz(carrier));
        let level = self.level(carrier);
        out.push(
            Reading::new("carrier_frequency", self.hz(carrier), Unit::Hertz)
                .uncertain(self.width_at(carrier.at) / 2.0)
                .at(at),
        );
        out.push(Reading::new("carrier_level", level, self.spectrum.level_unit).at(at));
        // Without a line there is no worst one, only a bound that tells nothing of how much better it is.
        if let Some(worst) = self.peaks.first() {
            let (place, below) = (self.place(self.hz(*worst)), level - self.level(*worst));
            out.push(Reading::new("sfdr", below, Unit::Db).at(place));
            out.push(Reading::new("worst_spur", -below, Unit::Dbc).at(place));
        }
        out.push(Reading::new("spur_detectable", self.detectable() - level, Unit::Dbc));
    }

    /// The weakest line that would have been found wherever it is.
    fn detectable(&self) -> f64 {
        // Beside the carrier a line would have to rise above its flank: the flank is no place to look for one.
        self.floor.iter().map(|f| f + self.threshold_db).fold(f64::NEG_INFINITY, f64::max)
    }

    fn density(&self) -> f64 {
        let middle = median(&mut self.floor.clone());
        self.spectrum.rbw_hz.map_or(f64::NAN, |rbw| middle - 10.0 * rbw.log10())
    }

    fn floor_points(&self) -> Vec<FloorPoint> {
        let step = self.points.len().div_ceil(FLOOR_POINTS).max(1);
        let point = |(p, level): (&(f64, f64), &f64)| FloorPoint { frequency_hz: p.0, level_db: *level };
        self.points.iter().zip(&self.floor).step_by(step).map(point).collect()
    }
}

/// Local maxima that are parted from every higher one by a fall of at least `excursion`.
fn parted(levels: &[f64], excursion: f64) -> Vec<usize> {
    let mut peaks = Vec::new();
    let Some(first) = levels.first() else { return peaks };
    // The highest point since the last fall, or the lowest since the last peak.
    let (mut top, mut bottom, mut rising) = ((0, *first), *first, true);
    for (i, level) in levels.iter().copied().enumerate() {
        if rising {
            if level > top.1 {
                top = (i, level);
            } else if level < top.1 - excursion {
                peaks.push(top.0);
                (rising, bottom) = (false, level);
            }
        } else if level < bottom {
            bottom = level;
        } else if level > bottom + excursion {
            (rising, top) = (true, (i, level));
        }
    }
    if rising && top.1 > bottom {
        peaks.push(top.0);
    }
    peaks
}

/// The strongest point of a modulated signal that fills much of the trace, where it is too high for scatter alone.
///
/// Differences of neighbours hold the scatter without the shape of the signal; the lower quartile stands for the floor.
fn hump(levels: &[f64], false_alarm: f64) -> Option<Peak> {
    let (at, top) = levels.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut steps: Vec<f64> = levels.windows(2).filter_map(|w| Some((w.get(1)? - w.first()?).abs())).collect();
    let sigma = MAD_TO_SIGMA * median(&mut steps) / 2f64.sqrt();
    let mut sorted = levels.to_vec();
    sorted.sort_by(f64::total_cmp);
    let above_db = top - sorted.get(sorted.len() / 4)?;
    // The quartile lies two thirds of a deviation below the middle: one more is asked for.
    let asked = (deviations(false_alarm / levels.len() as f64) + 1.0) * sigma;
    (above_db > asked.max(LEAST_HUMP_DB)).then_some(Peak { at, above_db })
}

/// Standard deviation of the scatter about the floor, by the wider of its two sides: lines fill less than half of one.
fn scatter(levels: &[f64], floor: &[f64]) -> f64 {
    let side = |sign: f64| {
        let mut beyond: Vec<f64> = levels.iter().zip(floor).map(|(l, f)| sign * (l - f)).filter(|d| *d > 0.0).collect();
        if beyond.is_empty() { 0.0 } else { median(&mut beyond) }
    };
    MAD_TO_SIGMA * side(1.0).max(side(-1.0))
}

/// Standard deviations that a Gaussian deviate exceeds upwards with this probability.
fn deviations(probability: f64) -> f64 {
    (2.0 * gamma_upper_quantile(0.5, (2.0 * probability).min(1.0))).sqrt()
}

#[cfg(test)]
mod tests;
