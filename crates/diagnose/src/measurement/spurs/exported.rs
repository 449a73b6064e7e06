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
        let detectable = self.detectable();
        let worst = self.peaks.first().map_or(detectable, |p| self.level(*p));
        let place = self.peaks.first().map(|p| self.place(self.hz(*p)));
        for (id, value, unit) in [("sfdr", level - worst, Unit::Db), ("worst_spur", worst - level, Unit::Dbc)] {
            let reading = Reading::new(id, value, unit);
            out.push(place.map_or(reading.clone(), |at| reading.at(at)));
        }
        out.push(Reading::new("spur_detectable", detectable - level, Unit::Dbc));
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
mod tests {
    use super::*;
    use crate::{LimitSet, Verdict, judge};

    /// Noise of a fixed seed with a standard deviation of about 1 dB (a sum of twelve uniform deviates).
    fn noise(n: usize) -> Vec<f64> {
        let mut seed = 7u64;
        let mut uniform = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..n).map(|_| (0..12).map(|_| uniform()).sum::<f64>() - 6.0).collect()
    }

    /// 100 to 300 MHz in steps of 100 kHz, floor at -90 dBm, lines as given (MHz, dBm).
    fn spectrum(lines: &[(f64, f64)]) -> SweptSpectrum {
        let frequency: Vec<f64> = (0..=2000).map(|i| 100e6 + f64::from(i) * 1e5).collect();
        let mut levels: Vec<f64> = noise(2001).iter().map(|v| v - 90.0).collect();
        for (mhz, level) in lines {
            let at = ((mhz * 1e6 - 100e6) / 1e5).round() as usize;
            for (d, fall) in [(-1i32, 10.0), (0, 0.0), (1, 10.0)] {
                let i = at as i32 + d;
                levels[i as usize] = level - fall;
            }
        }
        SweptSpectrum::single("", frequency, levels, Unit::Dbm)
    }

    fn measured(spectrum: &SweptSpectrum, settings: &Settings) -> (Measured, SpursDetail) {
        let measured = exported(spectrum, &[], settings).unwrap();
        let Detail::Spurs(detail) = measured.detail.clone() else { panic!() };
        (measured, detail)
    }

    fn value(measured: &Measured, id: &str) -> f64 {
        measured.readings.iter().find(|r| r.id == id).unwrap().value
    }

    #[test]
    fn carrier_spurs_and_harmonic_are_found_with_their_levels() {
        let (m, d) = measured(&spectrum(&[(120.0, -10.0), (240.0, -55.0), (187.3, -70.0)]), &Settings::default());
        let carrier = d.carrier.unwrap();
        assert_eq!((carrier.frequency_hz, carrier.level_db, carrier.offset_hz), (120e6, -10.0, -80e6));
        assert_eq!(d.spurs.len(), 2, "{:?}", d.spurs);
        assert_eq!((d.spurs[0].frequency_hz, d.spurs[0].level_dbc), (240e6, Some(-45.0)));
        assert_eq!((d.spurs[0].origin, d.spurs[0].order), (Origin::Harmonic, Some(2)));
        assert_eq!((d.spurs[1].origin, d.spurs[1].level_dbc), (Origin::Unknown, Some(-60.0)));
        assert_eq!(d.spurs[1].persistent, None);
        assert_eq!((value(&m, "sfdr"), value(&m, "worst_spur"), value(&m, "carrier_level")), (45.0, -45.0, -10.0));
        assert!((carrier.snr_db - 80.0).abs() < 1.0);
    }

    #[test]
    fn noise_alone_has_no_carrier() {
        let (m, d) = measured(&spectrum(&[]), &Settings::default());
        assert!(d.carrier.is_none() && d.spurs.is_empty() && m.readings.is_empty());
        // 1 dB of scatter, 2001 points, one chance in a hundred: about 4.4 standard deviations.
        assert!((deviations(0.01 / 2001.0) - 4.417).abs() < 0.01);
        assert!((deviations(0.022_750_13) - 2.0).abs() < 1e-4);
    }

    #[test]
    fn limits_are_judged_and_what_needs_samples_is_not_evaluated() {
        let pack = r#"
            [pack]
            id = "t"
            version = "1"
            title = "t"
            source = "t"
            equipment = "t"
            author = "t"
            valid_from = "2026-01-01"
            [[limit]]
            id = "spur"
            measurement = "spurs"
            reading = "spur_level"
            upper = -50.0
            unit = "dBc"
            guard = 1.0
            clause = "t"
            confidence = "W"
            severity = "major"
            per_line = true
            detectable = "spur_detectable"
            [[limit]]
            id = "thd"
            measurement = "spurs"
            reading = "thd"
            upper = -30.0
            unit = "dB"
            guard = 1.0
            clause = "t"
            confidence = "W"
            severity = "major"
        "#;
        let packs = [LimitSet::parse(pack, "t").unwrap()];
        let verdicts = |lines: &[(f64, f64)]| -> Vec<Verdict> {
            let (m, _) = measured(&spectrum(lines), &Settings::default());
            judge(&m, &packs).iter().map(|f| f.verdict).collect()
        };
        assert_eq!(verdicts(&[(120.0, -10.0), (240.0, -55.0)]), [Verdict::Fail, Verdict::NotEvaluated]);
        assert_eq!(verdicts(&[(120.0, -10.0), (240.0, -65.0)]), [Verdict::Pass, Verdict::NotEvaluated]);
        // No line, and every line above -85 dBm would have been seen: 75 dB below the carrier.
        assert_eq!(verdicts(&[(120.0, -10.0)]), [Verdict::Pass, Verdict::NotEvaluated]);
        // A carrier so weak that a line at -50 dBc would have drowned.
        assert_eq!(verdicts(&[(120.0, -60.0)]), [Verdict::NotEvaluated, Verdict::NotEvaluated]);
        assert_eq!(verdicts(&[]), [Verdict::NotEvaluated, Verdict::NotEvaluated]);
        let (m, _) = measured(&spectrum(&[(120.0, -10.0)]), &Settings::default());
        assert!(judge(&m, &packs)[1].reason.contains("samples"));
    }

    #[test]
    fn the_wanted_carrier_and_the_oscillator_at_zero() {
        let settings = Settings { carrier_hz: Some(187.3e6), ..Settings::default() };
        let (_, d) = measured(&spectrum(&[(120.0, -10.0), (187.3, -30.0)]), &settings);
        assert_eq!((d.carrier.unwrap().frequency_hz, d.spurs[0].level_dbc), (187.3e6, Some(20.0)));
        let mut low = spectrum(&[(120.0, -30.0)]);
        low.frequency_hz.iter_mut().for_each(|f| *f -= 100e6);
        low.span_hz = (0.0, 200e6);
        low.average_db[0] = 0.0;
        let (m, d) = measured(&low, &Settings::default());
        assert_eq!(d.carrier.unwrap().frequency_hz, 20e6);
        assert_eq!((d.spurs.len(), d.spurs[0].origin), (1, Origin::Dc));
        assert!(m.readings.iter().all(|r| r.id != "spur_level"));
    }

    #[test]
    fn bursts_show_in_the_lowest_of_several_sweeps() {
        let mut s = spectrum(&[(120.0, -10.0), (187.3, -50.0), (240.0, -55.0)]);
        let mut min = s.average_db.clone();
        min[873] = -91.0;
        (s.min_db, s.max_db, s.sweeps) = (Some(min), Some(s.average_db.clone()), 9);
        let (_, d) = measured(&s, &Settings::default());
        assert_eq!((d.spurs[0].frequency_hz, d.spurs[0].persistent), (187.3e6, Some(false)));
        assert_eq!(d.spurs[1].persistent, Some(true));
    }

    #[test]
    fn a_modulated_signal_that_fills_the_trace_is_a_carrier_and_no_line() {
        // 128 points of 781.25 Hz, a hump 2.3 dB high and 30 points wide, scatter of 0.03 dB: an FM station in many sweeps.
        let frequency: Vec<f64> = (0..128).map(|i| 80.15e6 + f64::from(i) * 781.25).collect();
        let shape = |i: usize| 2.3 * (-((i as f64 - 64.0) / 30.0).powi(2)).exp();
        let levels: Vec<f64> = noise(128).iter().enumerate().map(|(i, v)| -27.8 + shape(i) + 0.03 * v).collect();
        let (m, d) = measured(&SweptSpectrum::single("", frequency.clone(), levels, Unit::Db), &Settings::default());
        let carrier = d.carrier.unwrap();
        assert!((carrier.frequency_hz - 80.2e6).abs() < 8e3 && (carrier.level_db + 25.5).abs() < 0.2, "{carrier:?}");
        assert!(d.spurs.is_empty() && m.gates.iter().any(|g| g.gate == "carrier"));
        // Nothing could have been seen 50 dB below it.
        assert!(value(&m, "spur_detectable") > -10.0);
        let flat: Vec<f64> = noise(128).iter().map(|v| -27.8 + 0.3 * v).collect();
        assert!(
            measured(&SweptSpectrum::single("", frequency, flat, Unit::Db), &Settings::default()).1.carrier.is_none()
        );
    }

    #[test]
    fn a_hump_is_one_peak_and_a_fall_parts_two() {
        assert_eq!(parted(&[0.0, 5.0, 10.0, 7.0, 11.0, 5.0, 0.0], 6.0), [4]);
        assert_eq!(parted(&[0.0, 10.0, 3.0, 11.0, 0.0], 6.0), [1, 3]);
        assert_eq!(parted(&[20.0, 0.0, 0.0, 9.0], 6.0), [0, 3]);
        assert_eq!(parted(&[1.0; 5], 6.0), Vec::<usize>::new());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let refused = |s: &SweptSpectrum, settings: &Settings| exported(s, &[], settings).unwrap_err().to_string();
        let s = spectrum(&[]);
        let with = |f: fn(&mut Settings)| {
            let mut settings = Settings::default();
            f(&mut settings);
            settings
        };
        assert!(refused(&s, &with(|s| s.fft = Some(4096))).contains("samples"));
        assert!(refused(&s, &with(|s| s.carrier_hz = Some(5e9))).contains("outside"));
        assert!(refused(&s, &with(|s| s.false_alarm = 2.0)).contains("false-alarm"));
        let reflection = SweptSpectrum { swept: Swept::Reflection, ..s.clone() };
        assert!(refused(&reflection, &Settings::default()).contains("reflection"));
        let short = SweptSpectrum::single("", vec![1.0, 2.0], vec![0.0, 1.0], Unit::Dbm);
        assert!(refused(&short, &Settings::default()).contains("too few"));
    }
}
