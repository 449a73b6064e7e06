//! The steps of the measurement: find the carrier's band, bring it down, demodulate, decide symbols where asked for.

use faultscope_capture::Caveat;
use faultscope_signal::demod::{self, Channel, Courses, Demodulated, ToneInside};
use faultscope_signal::evm::{self, Constellation, Evm, Symbols};
use faultscope_signal::power::Profile;
use faultscope_signal::spectrum::{self, Options};
use faultscope_signal::{Kind, Record, RecordError, Silent, Spectrum, SpectrumSettings, Unit, Window, quantity};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::{
    AmDetail, FmDetail, Method, ModulationDetail, ModulationSettings, PmDetail, ToneDetail, ToneOf, VectorDetail,
};
use crate::gate::{self, Gate, GateState};
use crate::reading::{At, Reading};

/// Samples of the channel that are demodulated at most.
const MOST: usize = 1 << 19;
/// Shortest record that tells anything.
const SHORTEST: u64 = 1024;
/// A tone that explains this share of the demodulated power gives depth and deviation.
const MOSTLY: f64 = 0.5;
/// Beyond this depth the envelope would have to fall below zero; the rest is the spread of a full depth's estimate.
const DEEPEST: f64 = 1.005;
/// Frequencies without power that lie inside one signal: between a carrier and the sidebands of a tone.
const GAP_HZ: f64 = 10e3;
/// Narrowest channel chosen: twice the speech band, and some room.
const NARROWEST_HZ: f64 = 12e3;
/// Where FM breaks down.
const THRESHOLD_DB: f64 = 10.0;

pub(super) fn measure(record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    let taken = Taken::of(record, settings)?;
    let detail = taken.detail();
    let mut gates = gate::from_caveats(caveats);
    gates.extend(taken.gates(&detail, record.duration_s()));
    let readings = taken.readings(&detail);
    let used = Settings { modulation: Some(taken.asked), ..settings.clone() };
    Ok(Measured { measurement: "modulation", settings: used, gates, readings, detail: Detail::Modulation(detail) })
}

/// A record demodulated: what figures and pictures are made of.
pub(super) struct Taken {
    spectrum: Spectrum,
    pub(super) channel: Channel,
    demodulated: Demodulated,
    pub(super) courses: Courses,
    pub(super) vector: Option<Vector>,
    asked: ModulationSettings,
    noise: Option<f64>,
}

/// Decided symbols.
pub(super) struct Vector {
    evm: Evm,
    pub(super) symbols: Symbols,
    pub(super) rate_hz: f64,
    pub(super) constellation: Constellation,
    rolloff: f64,
}

impl Taken {
    /// Finds the carrier's band, brings it down, demodulates, and decides symbols where asked for.
    pub(super) fn of(record: &dyn Record, settings: &Settings) -> Result<Self, MeasureError> {
        let mut asked = settings.modulation.clone().unwrap_or_default();
        let symbols = check(record, &asked)?;
        let fft = spectrum::recommended_fft(record.frames());
        let spectrum_settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
        let options = Options { threads: settings.threads, ..Options::default() };
        let spectrum = spectrum::analyze(record, spectrum_settings, &options, &Silent).map_err(RecordError::from)?;
        let place = Place::find(&spectrum, settings, &asked)?;
        let channel = Channel::read(record, place.offset_hz, place.width_hz, MOST)?.while_on();
        let Some((demodulated, courses)) = demod::demodulate_courses(&channel) else {
            return Err(MeasureError::NotApplicable {
                what: "the channel holds no power".into(),
                hint: "name the carrier with --carrier, or look at the record with `spectrum`".into(),
            });
        };
        let vector = match symbols {
            Some((rate_hz, constellation, rolloff)) => {
                let made = evm::measure_symbols(&channel.samples, channel.rate_hz, rate_hz, constellation, rolloff);
                let (evm, symbols) = made.map_err(|e| MeasureError::TooShort {
                    what: e.message,
                    hint: "take a longer record, or check --symbol-rate".into(),
                })?;
                Some(Vector { evm, symbols, rate_hz, constellation, rolloff })
            }
            None => None,
        };
        asked.bandwidth_hz = Some(channel.bandwidth_hz);
        Ok(Self { spectrum, channel, demodulated, courses, vector, asked, noise: place.noise_per_hz })
    }
}

/// What the vector error needs: symbol rate, constellation, roll-off.
fn check(record: &dyn Record, asked: &ModulationSettings) -> Result<Option<(f64, Constellation, f64)>, MeasureError> {
    let wrong = |what: &str, hint: &str| Err(MeasureError::Settings { what: what.into(), hint: hint.into() });
    if record.frames() < SHORTEST {
        return Err(MeasureError::TooShort {
            what: format!("{} samples are too few to demodulate", record.frames()),
            hint: format!("capture at least {SHORTEST} samples; a tenth of a second serves speech"),
        });
    }
    let positive = |v: Option<f64>| v.is_none_or(|v| v.is_finite() && v > 0.0);
    if !(positive(asked.bandwidth_hz) && positive(asked.nominal_hz) && positive(asked.symbol_rate_hz)) {
        return wrong("a bandwidth, frequency or symbol rate is not a number above zero", "give it in hertz");
    }
    let Some(rate) = asked.symbol_rate_hz else {
        return match asked.constellation {
            Some(_) => wrong("a constellation was given without a symbol rate", "add --symbol-rate HZ"),
            None => Ok(None),
        };
    };
    let Some(constellation) = asked.constellation else {
        return wrong(
            "a symbol rate was given without a constellation",
            "add --constellation qpsk, 16qam, pi4dqpsk ...",
        );
    };
    let rolloff = asked.rolloff.unwrap_or(0.35);
    if !(0.05..=1.0).contains(&rolloff) {
        return wrong("the roll-off is not from 0.05 to 1", "TETRA has 0.35, UTRA 0.22");
    }
    if rate * (1.0 + rolloff) > record.sample_rate_hz() {
        return wrong("the record is narrower than a carrier of that symbol rate", "check --symbol-rate");
    }
    Ok(Some((rate, constellation, rolloff)))
}

/// Where the channel lies.
struct Place {
    offset_hz: f64,
    width_hz: f64,
    noise_per_hz: Option<f64>,
}

impl Place {
    /// The band about the strongest bin, or the carrier asked for, that stands 6 dB above the noise.
    fn find(spectrum: &Spectrum, settings: &Settings, asked: &ModulationSettings) -> Result<Self, MeasureError> {
        let profile = Profile::new(spectrum);
        let (low, high) = profile.limits_hz();
        let first =
            if spectrum.kind == Kind::Real { spectrum.settings.window.main_lobe_bins() as usize + 1 } else { 0 };
        let noise_per_hz = profile.noise_per_hz(low, high);
        let threshold = 4.0 * noise_per_hz.unwrap_or(0.0) * spectrum.rbw_hz();
        let carrier = settings.carrier_hz.map(|f| f - spectrum.center_hz.unwrap_or(0.0));
        if let Some(offset) = carrier.filter(|f| !(low..=high).contains(f)) {
            return Err(MeasureError::Settings {
                what: format!("a carrier {offset} Hz from the centre lies outside the record"),
                hint: format!("the record covers {low} to {high} Hz from its centre"),
            });
        }
        let bins = spectrum.mean.len();
        let strongest = || {
            let cells = spectrum.mean.iter().enumerate().skip(first);
            cells.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(k, _)| k)
        };
        let start = carrier
            .map_or_else(strongest, |f| spectrum.bin_of_offset(f).round().clamp(0.0, bins as f64 - 1.0) as usize);
        let gap = (GAP_HZ.min(spectrum.sample_rate_hz / 16.0) / spectrum.bin_hz()).max(8.0) as usize;
        let above = |k: usize| spectrum.mean.get(k).is_some_and(|p| *p > threshold);
        let (mut left, mut right) = (start, start);
        while let Some(k) = (left.saturating_sub(gap).max(first)..left).find(|k| above(*k)) {
            left = k;
        }
        while let Some(k) = (right + 1..(right + 1 + gap).min(bins)).rev().find(|k| above(*k)) {
            right = k;
        }
        let centroid = || {
            let cells = spectrum.mean.iter().enumerate().take(right + 1).skip(left);
            let (sum, moment) = cells.fold((0.0, 0.0), |(s, m), (k, p)| (s + p, m + p * k as f64));
            if sum > 0.0 { moment / sum } else { start as f64 }
        };
        let middle = carrier.map_or_else(centroid, |f| spectrum.bin_of_offset(f));
        let reach = (right as f64 - middle).max(middle - left as f64) * 1.2 + 4.0;
        let mut width_hz = (2.0 * reach * spectrum.bin_hz()).max(NARROWEST_HZ.min(0.5 * (high - low)));
        if let Some(rate) = asked.symbol_rate_hz {
            // A decided carrier is at most an eighth of its rate away from where it is thought to be.
            width_hz = rate * (1.25 + asked.rolloff.unwrap_or(0.35));
        }
        let offset_hz = spectrum.offset_hz(middle);
        Ok(Self { offset_hz, width_hz: asked.bandwidth_hz.unwrap_or(width_hz), noise_per_hz })
    }
}

/// The figure to quote: of the tone when it explains most, of the extremes otherwise.
fn headline(m: &demod::Modulation) -> (f64, Method) {
    match m.tone.filter(|t| t.share >= MOSTLY) {
        Some(tone) => (tone.amplitude, Method::ToneFit),
        None => (0.5 * (m.plus + m.minus), Method::Peak),
    }
}

impl Taken {
    fn absolute(&self, offset_hz: f64) -> f64 {
        self.spectrum.center_hz.unwrap_or(0.0) + offset_hz
    }

    /// The analytic signal of a real record already has the scale of its level unit.
    fn level_db(&self, power: f64) -> f64 {
        let calibration =
            if self.spectrum.level_unit() == Unit::Dbm { self.spectrum.full_scale_dbm.unwrap_or(0.0) } else { 0.0 };
        quantity::db_from_power(power) + calibration
    }

    fn detail(&self) -> ModulationDetail {
        let d = &self.demodulated;
        let offset = self.channel.offset_hz + d.carrier_hz;
        let frequency = self.absolute(offset);
        let error = self.asked.nominal_hz.map(|n| frequency - n);
        // Two-sided densities of I/Q; of a real record all power lies in one.
        let scale = if self.spectrum.kind == Kind::Real && self.spectrum.level_unit() != Unit::Dbv { 2.0 } else { 1.0 };
        let noise = self.noise.map(|n| n * scale * self.channel.bandwidth_hz).filter(|n| *n > 0.0);
        ModulationDetail {
            level_unit: self.spectrum.level_unit(),
            bandwidth_hz: self.channel.bandwidth_hz,
            start_s: self.channel.start_s,
            measured_s: self.channel.length_s(),
            carrier_frequency_hz: frequency,
            carrier_offset_hz: offset,
            carrier_level_db: self.level_db(d.carrier_power),
            carrier_to_noise_db: noise.map(|n| quantity::db_from_power(d.carrier_power / n)),
            frequency_error_hz: error,
            frequency_error_ppm: error.zip(self.asked.nominal_hz).map(|(e, n)| 1e6 * e / n),
            am: am(&d.am),
            fm: fm(&d.fm),
            pm: pm(&d.pm),
            tone: self.tone().map(|(of, t)| ToneDetail {
                of,
                frequency_hz: t.frequency_hz,
                sinad_db: t.sinad_db,
                thd_percent: t.distortion.map(|v| 100.0 * v),
            }),
            vector: self.vector.as_ref().map(|v| self.vector_detail(v)),
        }
    }

    fn tone(&self) -> Option<(ToneOf, ToneInside)> {
        let d = &self.demodulated;
        let index = d.pm.tone.map_or(0.0, |t| t.amplitude);
        match (d.am.tone, d.fm.tone) {
            (Some(am), Some(_)) if am.amplitude >= index => Some((ToneOf::Am, am)),
            (_, Some(fm)) => Some((ToneOf::Fm, fm)),
            (am, None) => am.map(|t| (ToneOf::Am, t)),
        }
    }

    fn vector_detail(&self, vector: &Vector) -> VectorDetail {
        let e = &vector.evm;
        VectorDetail {
            constellation: vector.constellation,
            symbol_rate_hz: vector.rate_hz,
            rolloff: vector.rolloff,
            symbols: e.symbols as u64,
            evm_rms_percent: 100.0 * e.rms,
            evm_peak_percent: 100.0 * e.peak,
            magnitude_error_rms_percent: 100.0 * e.magnitude_rms,
            phase_error_rms_deg: e.phase_rms.to_degrees(),
            iq_offset_db: e.offset_db,
            gain_imbalance_db: e.gain_imbalance_db,
            quadrature_error_deg: e.quadrature_error.map(f64::to_degrees),
            symbol_rate_error_ppm: 1e6 * e.symbol_rate_error,
            carrier_frequency_hz: self.absolute(self.channel.offset_hz + e.carrier_hz),
            reliable: e.reliable,
        }
    }

    fn readings(&self, d: &ModulationDetail) -> Vec<Reading> {
        let m = &self.demodulated;
        let at =
            At { frequency_hz: Some(d.carrier_frequency_hz), offset_hz: Some(d.carrier_offset_hz), ..At::default() };
        let spread = 2.0 * m.carrier_sigma_hz;
        // Symbols keep no phase between them: their carrier is the one that was decided on.
        let frequency = d.vector.filter(|v| v.reliable).map_or(d.carrier_frequency_hz, |v| v.carrier_frequency_hz);
        let mut out = vec![Reading::new("carrier_frequency", frequency, Unit::Hertz).uncertain(spread).at(at)];
        out.push(Reading::new("carrier_level", d.carrier_level_db, d.level_unit).at(at));
        if let Some(nominal) = self.asked.nominal_hz {
            let error = frequency - nominal;
            // What the receiver's own reference may be off adds to what the noise leaves open.
            let spread = spread + 1e-6 * nominal * self.asked.reference_ppm.unwrap_or(0.0);
            out.push(Reading::new("frequency_error", error, Unit::Hertz).uncertain(spread).at(at));
            out.push(
                Reading::new("frequency_error_ppm", 1e6 * error / nominal, Unit::Ppm)
                    .uncertain(1e6 * spread / nominal)
                    .at(at),
            );
        }
        let mut add = |id: &str, value: Option<f64>, unit: Unit| out.extend(value.map(|v| Reading::new(id, v, unit)));
        if let Some(v) = &d.vector {
            vector_readings(v, &mut add);
            return out;
        }
        add("am_depth_plus", Some(d.am.depth_plus_percent), Unit::Percent);
        add("am_depth_minus", Some(d.am.depth_minus_percent), Unit::Percent);
        add("fm_peak_plus", Some(d.fm.peak_plus_hz), Unit::Hertz);
        add("fm_peak_minus", Some(d.fm.peak_minus_hz), Unit::Hertz);
        add("fm_rms", Some(d.fm.rms_hz), Unit::Hertz);
        add("residual_am_300_3000", d.am.residual_300_3000_percent, Unit::Percent);
        add("residual_am_50_15000", d.am.residual_50_15000_percent, Unit::Percent);
        add("residual_fm_300_3000", d.fm.residual_300_3000_hz, Unit::Hertz);
        add("residual_fm_50_15000", d.fm.residual_50_15000_hz, Unit::Hertz);
        add("modulation_rate", d.tone.map(|t| t.frequency_hz), Unit::Hertz);
        add("modulation_sinad", d.tone.map(|t| t.sinad_db), Unit::Db);
        add("modulation_thd", d.tone.and_then(|t| t.thd_percent), Unit::Percent);
        let sigma = |m: &demod::Modulation| m.tone.filter(|t| t.share >= MOSTLY).map(|t| 2.0 * t.sigma);
        let mut with = |id: &str, value: f64, unit: Unit, spread: Option<f64>| {
            let reading = Reading::new(id, value, unit);
            out.push(spread.map_or_else(|| reading.clone(), |s| reading.clone().uncertain(s)));
        };
        if let Some(depth) = d.am.depth_percent {
            with("am_depth", depth, Unit::Percent, sigma(&m.am).map(|s| 100.0 * s));
        }
        with("fm_deviation", d.fm.deviation_hz, Unit::Hertz, sigma(&m.fm));
        with("pm_deviation", d.pm.deviation_rad, Unit::Radian, sigma(&m.pm));
        out
    }

    fn gates(&self, d: &ModulationDetail, duration_s: f64) -> Vec<Gate> {
        let mut gates = Vec::new();
        if d.measured_s < 0.9 * duration_s {
            let detail = format!(
                "{:.3} s from {:.3} s on, of {duration_s:.3} s, were demodulated: the longest time that the carrier is on, \
                 or as much as is taken at once",
                d.measured_s, d.start_s
            );
            gates.push(Gate::new("length", GateState::Ok, detail));
        }
        if let Some(cnr) = d.carrier_to_noise_db.filter(|c| *c < THRESHOLD_DB) {
            let detail = format!(
                "the carrier is only {cnr:.1} dB above the noise in {:.0} Hz: frequency and phase break up; \
                 choose a narrower channel",
                d.bandwidth_hz
            );
            gates.push(Gate::new("carrier", GateState::Warn, detail));
        }
        let off = self.demodulated.off_share;
        if off > 0.05 {
            let detail = format!(
                "the carrier is more than 20 dB down for {:.0} % of the time: bursts or a suppressed carrier, \
                 which depth and deviation do not describe",
                100.0 * off
            );
            gates.push(Gate::new("carrier", GateState::Warn, detail));
        }
        if d.am.depth_percent.is_none() && d.vector.is_none() {
            let detail = format!(
                "the envelope rises {:.0} % above its mean and falls only {:.0} % below it: pulses or noise, which have no AM \
                 depth; cut out a steady part with --start and --duration, or choose the channel with --bandwidth",
                d.am.depth_plus_percent, d.am.depth_minus_percent
            );
            gates.push(Gate::new("carrier", GateState::Warn, detail));
        }
        if d.vector.is_some_and(|v| !v.reliable) {
            let detail = "the vector error is too large for decisions to be right: it is a lower bound; \
                          check symbol rate, constellation and roll-off";
            gates.push(Gate::new("decisions", GateState::Warn, detail));
        }
        gates
    }
}

fn vector_readings(v: &VectorDetail, add: &mut impl FnMut(&str, Option<f64>, Unit)) {
    add("evm_rms", Some(v.evm_rms_percent), Unit::Percent);
    add("evm_peak", Some(v.evm_peak_percent), Unit::Percent);
    add("magnitude_error", Some(v.magnitude_error_rms_percent), Unit::Percent);
    add("phase_error", Some(v.phase_error_rms_deg), Unit::Degree);
    add("iq_offset", Some(v.iq_offset_db), Unit::Db);
    add("gain_imbalance", v.gain_imbalance_db, Unit::Db);
    add("quadrature_error", v.quadrature_error_deg, Unit::Degree);
    add("symbol_rate_error", Some(v.symbol_rate_error_ppm), Unit::Ppm);
}

fn am(m: &demod::Modulation) -> AmDetail {
    let (depth, method) = headline(m);
    let percent = |v: f64| 100.0 * v;
    AmDetail {
        depth_percent: (depth <= DEEPEST).then(|| percent(depth)),
        method,
        depth_plus_percent: percent(m.plus),
        depth_minus_percent: percent(m.minus),
        depth_max_min_percent: percent((m.plus + m.minus) / (2.0 + m.plus - m.minus)),
        depth_tone_percent: m.tone.map(|t| percent(t.amplitude)),
        rms_percent: percent(m.rms),
        residual_300_3000_percent: m.residual_voice.map(percent),
        residual_50_15000_percent: m.residual_audio.map(percent),
    }
}

fn fm(m: &demod::Modulation) -> FmDetail {
    let (deviation_hz, method) = headline(m);
    FmDetail {
        deviation_hz,
        method,
        peak_plus_hz: m.plus,
        peak_minus_hz: m.minus,
        deviation_tone_hz: m.tone.map(|t| t.amplitude),
        rms_hz: m.rms,
        rms_sqrt2_hz: m.rms * 2f64.sqrt(),
        residual_300_3000_hz: m.residual_voice,
        residual_50_15000_hz: m.residual_audio,
    }
}

fn pm(m: &demod::Modulation) -> PmDetail {
    let (deviation_rad, method) = headline(m);
    PmDetail { deviation_rad, method, peak_plus_rad: m.plus, peak_minus_rad: m.minus, rms_rad: m.rms }
}
