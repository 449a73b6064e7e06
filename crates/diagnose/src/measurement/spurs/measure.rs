//! The steps of the measurement, from samples to readings.

use faultscope_capture::Caveat;
use faultscope_signal::detect;
use faultscope_signal::floor::{self, Floor};
use faultscope_signal::tone::Response;
use faultscope_signal::{Kind, Record, Spectrum, SpectrumSettings, Unit, Window, quantity};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::behaviour::{self, Looks, PARTS_SHARE};
use super::carrier::{
    band_carrier, band_gate, choose_band, choose_carrier, drop_crowd, drop_texture, in_a_crowd, other_bands,
};
use super::joint;
use super::origin::{self, Context, is_dc};
use super::owner::{Band, Fine, Found, bands};
use super::quality::{self, Powers};
use super::signs;
use super::two_tone;
use super::view::MeanRemoved;
use super::{Behaviour, Carrier, FloorPoint, Noise, Origin, Spur, SpursDetail};
use crate::gate::{self, Gate, GateState};
use crate::reading::{At, Reading};

/// Longest transform chosen by the measurement itself, and the longest one that may be asked for.
const LONGEST: usize = 1 << 16;
const LONGEST_ASKED: usize = 1 << 24;
/// Shortest record that tells anything.
const SHORTEST: u64 = 64;
/// Spurs listed at most.
const MOST_SPURS: usize = 200;
/// Points of the floor kept for display.
const FLOOR_POINTS: usize = 400;
/// Averages below which levels and false-alarm probabilities are in doubt.
const FEW_AVERAGES: f64 = 4.0;

/// Side lobes below this (-65 dB) are taken as they are; higher ones would pass for noise beside a strong line.
const LOW_LEAKAGE: f64 = 3e-7;

pub(super) fn measure(record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    let chosen = choose(record, settings)?;
    let mut used = settings.clone();
    (used.fft, used.window, used.overlap) = (Some(chosen.fft), Some(chosen.window), Some(chosen.overlap));
    let mut gates = gate::from_caveats(caveats);
    let view = MeanRemoved::new(record)?;
    let (spectrum, looks) = behaviour::average(&view, chosen)?;
    gates.extend(length_gate(spectrum.effective_averages, spectrum.segments));
    if spectrum.skipped > 0 || spectrum.mean.iter().any(|p| !p.is_finite()) {
        gates.push(Gate::new("finite", GateState::Fail, "the record holds values that are not finite numbers"));
        return Ok(unusable(&spectrum, used, gates));
    }
    let work = Work::new(&view, spectrum, &looks, settings, &mut gates)?;
    let (readings, detail) = work.report(&mut gates)?;
    Ok(Measured { measurement: "spurs", settings: used, gates, readings, detail: Detail::Spurs(detail) })
}

/// The transform: as asked for, or the longest power of two up to 65536 that leaves eight averages at 50 % overlap.
fn choose(record: &dyn Record, settings: &Settings) -> Result<SpectrumSettings, MeasureError> {
    let frames = record.frames();
    if frames < SHORTEST {
        return Err(MeasureError::TooShort {
            what: format!("{frames} samples are too few to look for spurs"),
            hint: format!("capture at least {SHORTEST} samples; some 600 000 make full use of the measurement"),
        });
    }
    let wrong = |what: String, hint: &str| MeasureError::Settings { what, hint: hint.to_owned() };
    if !(settings.false_alarm > 0.0 && settings.false_alarm < 1.0) {
        return Err(wrong(
            format!("a false-alarm probability of {} is not between 0 and 1", settings.false_alarm),
            "0.01 is the default",
        ));
    }
    let overlap = settings.overlap.unwrap_or(0.5);
    if !(0.0..=0.95).contains(&overlap) {
        return Err(wrong(format!("an overlap of {overlap} is not between 0 and 0.95"), "0.5 is the default"));
    }
    let fft = match settings.fft {
        Some(n) if !(16..=LONGEST_ASKED).contains(&n) => {
            return Err(wrong(format!("a transform of {n} points is out of range"), "choose 16 to 16777216"));
        }
        Some(n) if n as u64 > frames => {
            return Err(wrong(
                format!("a transform of {n} points does not fit a record of {frames} samples"),
                "choose a shorter one, or leave the choice to the measurement",
            ));
        }
        Some(n) => n,
        None => {
            let mut n = LONGEST;
            while n > 32 && (n as u64) * 9 / 2 > frames {
                n /= 2;
            }
            n
        }
    };
    Ok(SpectrumSettings { fft, window: settings.window.unwrap_or(Window::BlackmanHarris), overlap })
}

fn length_gate(averages: f64, segments: u64) -> Option<Gate> {
    (averages < FEW_AVERAGES).then(|| {
        Gate::new(
            "length",
            GateState::Warn,
            format!(
                "only {segments} segments ({averages:.1} independent averages): levels of weak lines are uncertain; \
                 take a longer record or a shorter transform"
            ),
        )
    })
}

fn unusable(spectrum: &Spectrum, settings: Settings, gates: Vec<Gate>) -> Measured {
    let readings = ["sfdr", "thd", "thd_n", "snr", "sinad"].map(|id| Reading::new(id, f64::NAN, Unit::Db)).into();
    let detail = SpursDetail {
        carrier: None,
        noise: Noise { density_db_per_hz: f64::NAN, floor: vec![] },
        spurs: vec![],
        level_unit: spectrum.level_unit(),
        rbw_hz: spectrum.rbw_hz(),
    };
    Measured { measurement: "spurs", settings, gates, readings, detail: Detail::Spurs(detail) }
}

/// Everything known once lines have owners.
struct Work<'a> {
    spectrum: Spectrum,
    floor: Floor,
    /// The same by a window of low leakage, where the chosen one's side lobes would pass for noise.
    quiet: Option<(Spectrum, Floor)>,
    fine: Fine<'a>,
    settings: &'a Settings,
    /// All lines but the carrier, strongest first; without a real record's DC and what lies in the wanted band.
    lines: Vec<Found>,
    carrier: Option<Found>,
    /// The carrier is this band rather than a line.
    band: Option<Band>,
    bands: Vec<Band>,
}

impl<'a> Work<'a> {
    fn new(
        view: &'a dyn Record,
        spectrum: Spectrum,
        looks: &Looks,
        settings: &'a Settings,
        gates: &mut Vec<Gate>,
    ) -> Result<Self, MeasureError> {
        let mut floor = floor::estimate(&spectrum);
        looks.count_packets(&spectrum, &mut floor);
        let quiet = quiet(view, &spectrum)?;
        let mut lines = detect::lines(&spectrum, &floor, settings.false_alarm * (1.0 - PARTS_SHARE));
        if spectrum.kind == Kind::Real {
            lines.retain(|l| !is_dc(&spectrum, spectrum.offset_hz(l.bin)));
        }
        gates.extend(drop_texture(&floor, &mut lines));
        let bands = bands(&spectrum, &floor, &lines);
        let lines = looks.see(&spectrum, &floor, lines, &bands, settings.false_alarm);
        let index = choose_carrier(&spectrum, &lines, settings, gates);
        let band = choose_band(&spectrum, &bands, index.and_then(|i| lines.get(i)).map(|s| &s.line), settings);
        let mut index = if band.is_some() { None } else { index };
        let fine = Fine::new(view, &spectrum, &lines)?;
        let mut found = fine.refine(&spectrum, &lines, index)?;
        if settings.carrier_hz.is_none() && index.is_some_and(|i| in_a_crowd(&spectrum, &found, i)) {
            gates.push(drop_crowd(&spectrum, &mut found));
            index = None;
        }
        let carrier = match band {
            Some(b) => Some(band_carrier(&spectrum, &floor, b)),
            None => index.map(|i| found.remove(i)),
        };
        if let Some(b) = band {
            let before = found.len();
            found.retain(|f| !b.holds(f.line.bin));
            gates.push(band_gate(&spectrum, b, before - found.len()));
        }
        gates.extend(carrier.as_ref().and_then(|c| other_bands(&spectrum, &bands, band, c)));
        found.sort_by(|a, b| b.power.total_cmp(&a.power));
        Ok(Self { spectrum, floor, quiet, fine, settings, lines: found, carrier, band, bands })
    }

    fn report(&self, gates: &mut Vec<Gate>) -> Result<(Vec<Reading>, SpursDetail), MeasureError> {
        let context = Context {
            spectrum: &self.spectrum,
            carrier: self.carrier.as_ref().filter(|_| self.band.is_none()),
            settings: self.settings,
        };
        let labels = origin::label(&context, &self.lines);
        let spurs: Vec<Spur> =
            self.lines.iter().zip(labels).take(MOST_SPURS).map(|(f, label)| self.spur(f, label)).collect();
        if self.lines.len() > MOST_SPURS {
            let detail = format!("{} lines found, the {MOST_SPURS} strongest are listed", self.lines.len());
            gates.push(Gate::new("spur_count", GateState::Warn, detail));
        }
        let (harmonics, powers) = self.powers()?;
        let density_db_per_hz = self.level_db(powers.noise.max(f64::MIN_POSITIVE) / self.bandwidth_hz());
        let mut readings = Vec::new();
        if let Some(c) = &self.carrier {
            self.carrier_readings(c, &mut readings);
            self.spur_free(c, &spurs, &powers, &mut readings);
            if self.band.is_none() {
                self.two_tone(c, gates, &mut readings);
                self.quality(c, &harmonics, &powers, self.fine.record().full_scale(), &mut readings);
            }
        }
        if self.spectrum.level_unit() == Unit::Dbfs {
            let spread = 2.0 * 4.343 * powers.noise_sigma;
            readings.push(Reading::new("noise_density", density_db_per_hz, Unit::DbfsPerHz).uncertain(spread));
        }
        for (spur, f) in spurs.iter().zip(&self.lines).filter(|(s, _)| judged(s)) {
            readings.extend(self.spur_reading("spur_level", spur, f));
        }
        if let Some(carrier) = &self.carrier {
            let (spectrum, record) = (&self.spectrum, self.fine.record());
            let seen = signs::Seen { record, spectrum, carrier, band: self.band, lines: &self.lines, spurs: &spurs };
            readings.extend(seen.readings()?.into_iter().map(Reading::sign));
        }
        let detail = SpursDetail {
            carrier: self.carrier.as_ref().map(|c| self.carrier_detail(c)),
            noise: Noise { density_db_per_hz, floor: self.floor_points() },
            spurs,
            level_unit: self.spectrum.level_unit(),
            rbw_hz: self.spectrum.rbw_hz(),
        };
        Ok((readings, detail))
    }

    fn level_db(&self, power: f64) -> f64 {
        self.spectrum.level_db(power)
    }

    fn absolute(&self, offset_hz: f64) -> f64 {
        self.spectrum.center_hz.unwrap_or(0.0) + offset_hz
    }

    fn bandwidth_hz(&self) -> f64 {
        self.spectrum.sample_rate_hz / if self.spectrum.kind == Kind::Real { 2.0 } else { 1.0 }
    }

    fn spur(&self, f: &Found, label: origin::Label) -> Spur {
        Spur {
            frequency_hz: self.absolute(f.offset_hz),
            offset_hz: f.offset_hz,
            level_db: self.level_db(f.power),
            level_dbc: self.carrier.map(|c| db(f.power / c.power)),
            snr_db: db(f.line.snr),
            false_alarm_probability: f.line.false_alarm,
            origin: label.origin,
            order: label.order,
            of: label.of.into_iter().map(|o| self.absolute(o)).collect(),
            persistent: Some(f.behaviour != Behaviour::Bursty),
            behaviour: Some(f.behaviour),
            drift_hz_per_s: f.drift_hz_per_s,
        }
    }

    fn spur_reading(&self, id: &str, spur: &Spur, f: &Found) -> Option<Reading> {
        let carrier = self.carrier?;
        let spread = 2.0 * 4.343 * f.sigma.hypot(carrier.sigma);
        let place = At { frequency_hz: Some(spur.frequency_hz), offset_hz: Some(spur.offset_hz), ..At::default() };
        Some(Reading::new(id, spur.level_dbc?, Unit::Dbc).uncertain(spread).at(place))
    }

    fn carrier_detail(&self, c: &Found) -> Carrier {
        Carrier {
            frequency_hz: self.absolute(c.offset_hz),
            offset_hz: c.offset_hz,
            level_db: self.level_db(c.power),
            snr_db: db(c.line.snr),
        }
    }

    fn carrier_readings(&self, c: &Found, out: &mut Vec<Reading>) {
        let place =
            At { frequency_hz: Some(self.absolute(c.offset_hz)), offset_hz: Some(c.offset_hz), ..At::default() };
        out.push(
            Reading::new("carrier_frequency", self.absolute(c.offset_hz), Unit::Hertz)
                .uncertain(2.0 * c.sigma_hz)
                .at(place),
        );
        let level = Reading::new("carrier_level", self.level_db(c.power), self.spectrum.level_unit());
        out.push(level.uncertain(2.0 * 4.343 * c.sigma).at(place));
    }

    /// SFDR and the worst spur: to the strongest line that is judged, or else to the strongest bin of noise.
    fn spur_free(&self, c: &Found, spurs: &[Spur], powers: &Powers, out: &mut Vec<Reading>) {
        let worst = self.lines.iter().zip(spurs).find(|(_, s)| judged(s)).map(|(f, _)| f);
        let power = worst.map_or(powers.strongest_noise, |f| f.power);
        let mut sfdr = Reading::new("sfdr", db(c.power / power), Unit::Db);
        let mut reading = Reading::new("worst_spur", db(power / c.power), Unit::Dbc);
        if let Some(f) = worst {
            let place =
                At { frequency_hz: Some(self.absolute(f.offset_hz)), offset_hz: Some(f.offset_hz), ..At::default() };
            let spread = 2.0 * 4.343 * f.sigma.hypot(c.sigma);
            sfdr = sfdr.uncertain(spread).at(place);
            reading = reading.uncertain(spread).at(place);
        }
        out.push(sfdr);
        out.push(reading);
        // A line 1 dB above the strongest bin of noise would not have been missed.
        out.push(Reading::new("spur_detectable", db(powers.strongest_noise / c.power) + 1.0, Unit::Dbc));
    }

    /// The powers of the partition, and each harmonic with its order, offset and power.
    fn powers(&self) -> Result<(Vec<quality::Harmonic>, Powers), MeasureError> {
        let mut owners: Vec<(f64, f64)> = self.lines.iter().map(|f| (f.offset_hz, f.power)).collect();
        let mut harmonics = Vec::new();
        if let (Some(c), None) = (&self.carrier, self.band) {
            owners.push((c.offset_hz, c.power));
            harmonics = quality::harmonics(&self.spectrum, &self.floor, &self.fine, c, self.settings.harmonics);
            owners.extend(harmonics.iter().map(|h| (h.offset_hz, h.power.max(0.0))));
        }
        let width = self.spectrum.settings.window.main_lobe_bins();
        let is_harmonic = |f: &Found| {
            harmonics.iter().any(|h| (h.offset_hz - f.offset_hz).abs() < f.tolerance_hz.max(0.5 * width * h.width_hz))
        };
        let others: Vec<&Found> =
            self.lines.iter().filter(|f| !is_dc(&self.spectrum, f.offset_hz) && !is_harmonic(f)).collect();
        let mut powers = quality::partition(&self.spectrum, &self.floor, &owners, &self.bands);
        if let Some((spectrum, floor)) = &self.quiet {
            let quiet = quality::partition(spectrum, floor, &owners, &self.bands);
            powers = Powers { strongest_noise: powers.strongest_noise, ..quiet };
        }
        powers.spurs = others.iter().map(|f| f.power).sum();
        // A transform asked for means the figures of its own bins, as data sheets give them.
        let own_choice = self.settings.fft.is_none() && self.bands.is_empty();
        if let (Some(c), true) = (&self.carrier, own_choice) {
            joint::refine(self.fine.record(), c, &mut harmonics, &others, &mut powers)?;
        }
        powers.harmonics = harmonics.iter().map(|h| h.power).sum::<f64>();
        Ok((harmonics, powers))
    }

    fn quality(
        &self,
        c: &Found,
        harmonics: &[quality::Harmonic],
        powers: &Powers,
        full_scale: Option<f64>,
        out: &mut Vec<Reading>,
    ) {
        // Noise of the mean over the free bins; a fixed share for what is filled in beneath lines.
        let spread = 2.0 * 4.343 * (powers.noise_sigma + 0.002);
        let snr = db(c.power / (powers.noise + powers.spurs));
        let rest = powers.noise + powers.spurs + powers.harmonics.max(0.0);
        let sinad = db(c.power / rest);
        if !harmonics.is_empty() {
            let noise: f64 = harmonics.iter().map(|h| h.noise * (h.noise + 2.0 * h.power.max(0.0))).sum();
            // Below its own uncertainty the sum is not a number but a bound.
            let power = powers.harmonics.max(noise.sqrt());
            let thd = Reading::new("thd", db(power / c.power), Unit::Db);
            out.push(thd.uncertain(2.0 * 4.343 * noise.sqrt() / power));
            let bins: f64 = harmonics.iter().map(|h| h.bin_power).sum();
            let carrier = self.spectrum.mean.get(c.line.peak).copied().unwrap_or(f64::NAN);
            out.push(Reading::new("thd_bins", db(bins / carrier), Unit::Db));
        }
        out.push(Reading::new("thd_n", -sinad, Unit::Db).uncertain(spread));
        out.push(Reading::new("snr", snr, Unit::Db).uncertain(spread));
        out.push(Reading::new("sinad", sinad, Unit::Db).uncertain(spread));
        let peak = (c.power * if self.spectrum.kind == Kind::Real { 2.0 } else { 1.0 }).sqrt();
        let headroom = full_scale.map_or(0.0, |f| quantity::db_from_amplitude(f / peak));
        out.push(Reading::new("enob", (sinad - 1.76 + headroom) / 6.02, Unit::Bit).uncertain(spread / 6.02));
    }

    /// Third-order intermodulation and intercept point of two equal carriers.
    fn two_tone(&self, c: &Found, gates: &mut Vec<Gate>, out: &mut Vec<Reading>) {
        let Some(products) = two_tone::products(&self.spectrum, &self.floor, &self.fine, c, &self.lines) else {
            return;
        };
        let detail = "two equal carriers: SFDR, SNR, SINAD and THD count the second one as a spur of the first";
        gates.push(Gate::new("two_tone", GateState::Warn, detail));
        let place = |p: &two_tone::Product| At {
            frequency_hz: Some(self.absolute(p.offset_hz)),
            offset_hz: Some(p.offset_hz),
            ..At::default()
        };
        if let Some(p) = products.first() {
            let spread = 2.0 * 4.343 * (2.0 * p.sigma).hypot(c.sigma);
            out.push(Reading::new("im3", db(p.power / p.tones), Unit::Dbc).uncertain(spread).at(place(p)));
        }
        if let Some(p) = products.iter().min_by(|a, b| a.intercept.total_cmp(&b.intercept)) {
            let toi = Reading::new("toi", self.level_db(p.intercept), self.spectrum.level_unit());
            out.push(toi.uncertain(2.0 * 4.343 * p.sigma).at(place(p)));
        }
    }

    fn floor_points(&self) -> Vec<FloorPoint> {
        let (floor, rbw_hz) =
            self.quiet.as_ref().map_or((&self.floor, self.spectrum.rbw_hz()), |q| (&q.1, q.0.rbw_hz()));
        let step = floor.level.len().div_ceil(FLOOR_POINTS).max(1);
        let scale = self.spectrum.rbw_hz() / rbw_hz;
        let point = |(k, p): (usize, &f64)| FloorPoint {
            frequency_hz: self.spectrum.frequency_hz(k as f64),
            level_db: self.level_db(*p * scale),
        };
        floor.level.iter().enumerate().step_by(step).map(point).collect()
    }
}

/// The spectrum by the Blackman-Harris window and its floor, where the chosen window leaks more than strong lines allow.
fn quiet(view: &dyn Record, spectrum: &Spectrum) -> Result<Option<(Spectrum, Floor)>, MeasureError> {
    let response = Response::of(spectrum.settings.window, spectrum.settings.fft);
    if response.envelope(response.lobe_bins()) < LOW_LEAKAGE {
        return Ok(None);
    }
    let settings = SpectrumSettings { window: Window::BlackmanHarris, ..spectrum.settings };
    let quiet = faultscope_signal::spectrum::average(view, settings)?;
    let floor = floor::estimate(&quiet);
    Ok(Some((quiet, floor)))
}

/// The tuned centre and the receiver's own lines are named, not held against the unit.
fn judged(spur: &Spur) -> bool {
    !matches!(spur.origin, Origin::Dc | Origin::Receiver)
}

fn db(ratio: f64) -> f64 {
    quantity::db_from_power(ratio)
}
