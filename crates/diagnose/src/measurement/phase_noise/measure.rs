//! The steps of the measurement: find the carrier, demodulate it in channels of several widths, join, integrate, doubt.

use std::f64::consts::TAU;

use faultscope_capture::Caveat;
use faultscope_signal::demod::Channel;
use faultscope_signal::phase_noise::{Noise, Residual};
use faultscope_signal::power::Profile;
use faultscope_signal::spectrum::{self, Options};
use faultscope_signal::{Kind, Record, RecordError, Silent, Spectrum, SpectrumSettings, Unit, Window, quantity};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::{IntegratedPhase, LineKind, NoisePoint, PhaseLine, PhaseNoiseDetail, PhaseNoiseSettings, line};
use crate::gate::{self, Gate, GateState};
use crate::reading::{At, Reading};

/// Shortest record that tells anything.
const SHORTEST: u64 = 4096;
/// Samples of one channel; narrower channels reach further in time.
const MOST: usize = 1 << 20;
/// How much narrower the next channel is, and the share of its half width that it serves.
const NARROWER: f64 = 16.0;
const SERVED: f64 = 0.6;
/// Share of the room to the edges of the record that the widest channel takes: anti-alias filters end there.
const ROOM: f64 = 0.8;
/// Carrier over the noise in the channel: below, the phase slips whole turns.
const CARRIER_TO_NOISE: f64 = 100.0;
/// A second line so far below the carrier, or less, is a second carrier; from the other figure up it spoils everything.
const SECOND_DB: f64 = 20.0;
const SECOND_FAIL_DB: f64 = 12.0;
/// What makes a carrier a modulated one: relative amplitude, phase of one line, phase of the noise above 100 Hz.
const MODULATED: f64 = 0.1;
const PHASE_RAD: f64 = 0.5;
/// No carrier at all: noise has an amplitude that varies by 0.52.
const NO_CARRIER: f64 = 0.4;
/// Share of the time without carrier that is let pass.
const OFF_SHARE: f64 = 1e-3;
/// Offsets that get a reading, and their names.
const DECADES: [(f64, &str); 6] = [(10.0, "10"), (100.0, "100"), (1e3, "1k"), (1e4, "10k"), (1e5, "100k"), (1e6, "1M")];
/// The speech band of residual modulation.
const VOICE_HZ: (f64, f64) = (300.0, 3000.0);

pub(super) fn measure(record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    let asked = settings.phase_noise.clone().unwrap_or_default();
    check(record, &asked)?;
    let fft = spectrum::recommended_fft(record.frames());
    let spectrum_settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
    let options = Options { threads: settings.threads, ..Options::default() };
    let spectrum = spectrum::analyze(record, spectrum_settings, &options, &Silent).map_err(RecordError::from)?;
    let mut gates = gate::from_caveats(caveats);
    let nothing = |mut gates: Vec<Gate>, why: String| {
        gates.push(Gate::new("carrier", GateState::Fail, why));
        let (settings, readings) = (settings.clone(), Vec::new());
        Ok(Measured { measurement: "phase-noise", settings, gates, readings, detail: Detail::Nothing })
    };
    let carrier = match Carrier::find(&spectrum, settings, &asked) {
        Ok(carrier) => carrier,
        Err(why) => return nothing(gates, why),
    };
    let wide = Channel::read(record, carrier.offset_hz, carrier.width_hz, MOST)?;
    let Some(residual) = Residual::of(&wide) else { return nothing(gates, "the channel holds no power".into()) };
    if residual.amplitude_rms > NO_CARRIER {
        let why = format!(
            "the strongest signal's amplitude varies by {:.0} % rms: noise, a wideband signal or a keyed carrier, \
             whose phase is no carrier's; name the carrier with --carrier, or cut out a steady part with --start",
            100.0 * residual.amplitude_rms
        );
        return nothing(gates, why);
    }
    let noise = all_offsets(record, &carrier, &residual, wide.length_s(), settings.false_alarm)?;
    let Some(covered) = noise.covered_hz() else {
        return Err(MeasureError::TooShort {
            what: format!("{} samples are too few for any offset", wide.samples.len()),
            hint: "take a longer record".into(),
        });
    };
    let work = Work { record, spectrum: &spectrum, carrier: &carrier, residual: &residual, noise: &noise, covered };
    let detail = work.detail(&asked);
    gates.extend(work.gates(&detail, &asked));
    let used = PhaseNoiseSettings {
        from_hz: detail.integrated.map(|i| i.from_hz).or(asked.from_hz),
        to_hz: detail.integrated.map(|i| i.to_hz).or(asked.to_hz),
    };
    let settings = Settings { phase_noise: Some(used), ..settings.clone() };
    let readings = work.readings(&detail);
    Ok(Measured { measurement: "phase-noise", settings, gates, readings, detail: Detail::PhaseNoise(detail) })
}

fn check(record: &dyn Record, asked: &PhaseNoiseSettings) -> Result<(), MeasureError> {
    if record.frames() < SHORTEST {
        return Err(MeasureError::TooShort {
            what: format!("{} samples are too few for phase noise", record.frames()),
            hint: format!("capture at least {SHORTEST} samples; the lowest offset is some 8 over the length"),
        });
    }
    let positive = |v: Option<f64>| v.is_none_or(|v| v.is_finite() && v > 0.0);
    let ordered = asked.from_hz.zip(asked.to_hz).is_none_or(|(a, b)| a < b);
    if positive(asked.from_hz) && positive(asked.to_hz) && ordered {
        return Ok(());
    }
    Err(MeasureError::Settings {
        what: "the band of offsets does not run from a number above zero to a higher one".into(),
        hint: "--from 100 --to 10k".into(),
    })
}

/// Where the carrier lies and how wide a channel serves it.
struct Carrier {
    offset_hz: f64,
    width_hz: f64,
    /// Strongest other line inside the channel without a twin on the other side: its distance and level over the carrier.
    second: Option<(f64, f64)>,
    /// At the centre of an I/Q record.
    at_centre: bool,
}

impl Carrier {
    /// The strongest bin, or the strongest near the carrier asked for; why there is none otherwise.
    fn find(spectrum: &Spectrum, settings: &Settings, asked: &PhaseNoiseSettings) -> Result<Self, String> {
        let profile = Profile::new(spectrum);
        let (low, high) = profile.limits_hz();
        let lobe = spectrum.settings.window.main_lobe_bins() as usize + 1;
        let first = if spectrum.kind == Kind::Real { lobe } else { 0 };
        let mut range = first..spectrum.mean.len();
        if let Some(hz) = settings.carrier_hz {
            let bin = spectrum.bin_of_offset(hz - spectrum.center_hz.unwrap_or(0.0)).round().max(0.0) as usize;
            range = bin.saturating_sub(16).max(first)..(bin + 17).min(range.end);
        }
        let level = |k: usize| spectrum.mean.get(k).copied().unwrap_or(0.0);
        let peak = range.max_by(|a, b| level(*a).total_cmp(&level(*b))).filter(|k| level(*k) > 0.0);
        let Some(peak) = peak else { return Err("there is no power where a carrier could be".into()) };
        let offset_hz = spectrum.offset_hz(peak as f64);
        let reach = lobe as f64 * spectrum.bin_hz();
        let power = profile.between(offset_hz - reach, offset_hz + reach);
        let room = match spectrum.kind {
            Kind::Iq => 0.5 * spectrum.sample_rate_hz - offset_hz.abs(),
            Kind::Real => offset_hz.min(0.5 * spectrum.sample_rate_hz - offset_hz),
        };
        let Some(noise) = profile.noise_per_hz(low, high) else {
            return Err("no line stands out of the record: there is no carrier, or noise hides it".into());
        };
        let mut width_hz = 2.0 * ROOM * room;
        if let Some(to) = asked.to_hz {
            width_hz = width_hz.min(2.5 * to);
        }
        // Of the noise of a real record half lies on the other side of 0 Hz; the ratio is the same.
        let widest = power / (CARRIER_TO_NOISE * noise).max(f64::MIN_POSITIVE);
        if widest < 64.0 * spectrum.bin_hz() {
            return Err(format!(
                "the strongest line is only {:.1} dB above the noise in {:.0} Hz: too little to follow its phase",
                quantity::db_from_power(power / (noise * 64.0 * spectrum.bin_hz())),
                64.0 * spectrum.bin_hz()
            ));
        }
        width_hz = width_hz.min(widest);
        let second = second(spectrum, peak, lobe, 0.5 * width_hz);
        let at_centre = spectrum.kind == Kind::Iq && offset_hz.abs() < reach;
        Ok(Self { offset_hz, width_hz, second, at_centre })
    }
}

/// The strongest line within reach whose mirror image about the carrier is weaker by 6 dB or more.
fn second(spectrum: &Spectrum, peak: usize, lobe: usize, reach_hz: f64) -> Option<(f64, f64)> {
    let level = |k: i64| usize::try_from(k).ok().and_then(|k| spectrum.mean.get(k)).copied().unwrap_or(0.0);
    let peak = peak as i64;
    let far = (reach_hz / spectrum.bin_hz()) as i64;
    let beside = (2 * lobe as i64..far).flat_map(|d| [peak - d, peak + d]);
    let single = beside.filter(|k| level(*k) > 4.0 * level(2 * peak - k));
    let strongest = single.max_by(|a, b| level(*a).total_cmp(&level(*b)))?;
    let ratio_db = quantity::db_from_power(level(strongest) / level(peak));
    (ratio_db > -SECOND_DB).then(|| ((strongest - peak) as f64 * spectrum.bin_hz(), ratio_db))
}

/// The widest channel for the high offsets, narrower ones for the low offsets of a record that is longer than it.
fn all_offsets(
    record: &dyn Record,
    carrier: &Carrier,
    widest: &Residual,
    length_s: f64,
    false_alarm: f64,
) -> Result<Noise, MeasureError> {
    let mut noise = Noise::of(widest, false_alarm);
    let offset_hz = carrier.offset_hz + widest.carrier_hz;
    let (mut width_hz, mut reached_s) = (carrier.width_hz / NARROWER, length_s);
    while reached_s < 0.8 * record.duration_s() {
        // A carrier that strays would leave the channel.
        if widest.excursion_hz(4.0 / width_hz) > width_hz / 8.0 {
            break;
        }
        let channel = Channel::read(record, offset_hz, width_hz, MOST)?;
        let Some(residual) = Residual::of(&channel) else { break };
        noise = Noise::of(&residual, false_alarm).joined(noise, SERVED * residual.reach_hz);
        reached_s = channel.length_s();
        width_hz /= NARROWER;
    }
    Ok(noise)
}

struct Work<'a> {
    record: &'a dyn Record,
    spectrum: &'a Spectrum,
    carrier: &'a Carrier,
    residual: &'a Residual,
    noise: &'a Noise,
    covered: (f64, f64),
}

fn dbc(density: f64) -> Option<f64> {
    (density > 0.0).then(|| quantity::db_from_power(0.5 * density))
}

/// Two standard deviations of a mean of so many independent powers.
fn spread_db(averages: f64) -> f64 {
    20.0 * std::f64::consts::LOG10_E / averages.max(1.0).sqrt()
}

impl Work<'_> {
    /// Absolute frequency, where the record says: of I/Q only with a centre.
    fn absolute_hz(&self) -> Option<f64> {
        let offset = self.carrier.offset_hz + self.residual.carrier_hz;
        let at = match self.spectrum.kind {
            Kind::Real => Some(offset),
            Kind::Iq => self.record.center_hz().map(|c| c + offset),
        };
        at.filter(|f| *f > 0.0)
    }

    /// The noise that amplitude and phase share: the median of the amplitude's over the upper decade of offsets.
    fn floor(&self) -> f64 {
        let upper = self.noise.points.iter().filter(|p| p.offset_hz > 0.1 * self.covered.1);
        let mut densities: Vec<f64> = upper.map(|p| p.amplitude_per_hz).collect();
        let level = faultscope_signal::robust::median(&mut densities);
        if level.is_finite() { level } else { 0.0 }
    }

    fn detail(&self, asked: &PhaseNoiseSettings) -> PhaseNoiseDetail {
        let floor = self.floor();
        let absolute = self.absolute_hz();
        let point = |p: &faultscope_signal::phase_noise::Point| NoisePoint {
            offset_hz: p.offset_hz,
            level_dbc_per_hz: dbc(p.phase_per_hz),
            amplitude_dbc_per_hz: dbc(p.amplitude_per_hz),
            uncertainty_db: spread_db(p.averages),
            floor_limited: p.phase_per_hz < 2.0 * floor,
        };
        let points: Vec<NoisePoint> = self.noise.points.iter().map(point).collect();
        // Where it begins to dominate for good: two in a row may be free of it by chance, a third of the rest may not.
        let floor_from = (0..points.len()).find(|i| {
            let rest = points.get(*i..).unwrap_or(&[]);
            rest.iter().take(3).all(|p| p.floor_limited)
                && rest.iter().filter(|p| p.floor_limited).count() * 3 > rest.len() * 2
        });
        let lines = line::named(&self.noise.lines, absolute);
        let offset = self.carrier.offset_hz + self.residual.carrier_hz;
        let calibration =
            if self.spectrum.level_unit() == Unit::Dbm { self.spectrum.full_scale_dbm.unwrap_or(0.0) } else { 0.0 };
        let voice = self.covered.0 <= VOICE_HZ.0 && self.covered.1 >= VOICE_HZ.1;
        let within = |f: f64| f >= VOICE_HZ.0 && f <= VOICE_HZ.1;
        let tones: f64 =
            lines.iter().filter(|l| within(l.offset_hz)).map(|l| 0.5 * (l.peak_rad * l.offset_hz).powi(2)).sum();
        let fm = (self.noise.frequency_power(VOICE_HZ.0, VOICE_HZ.1) + tones).sqrt();
        let am = 100.0 * self.noise.amplitude_power(VOICE_HZ.0, VOICE_HZ.1).sqrt();
        PhaseNoiseDetail {
            level_unit: self.spectrum.level_unit(),
            carrier_frequency_hz: self.spectrum.center_hz.unwrap_or(0.0) + offset,
            carrier_offset_hz: offset,
            carrier_level_db: quantity::db_from_power(self.residual.power) + calibration,
            low_hz: self.covered.0,
            high_hz: self.covered.1,
            floor_dbc_per_hz: dbc(floor),
            floor_from_hz: floor_from.and_then(|i| points.get(i)).map(|p| p.offset_hz),
            integrated: self.integrated(asked, &lines, absolute),
            residual_fm_300_3000_hz: voice.then_some(fm),
            residual_am_300_3000_percent: voice.then_some(am),
            points,
            lines,
        }
    }

    fn integrated(
        &self,
        asked: &PhaseNoiseSettings,
        lines: &[PhaseLine],
        absolute: Option<f64>,
    ) -> Option<IntegratedPhase> {
        let from_hz = asked.from_hz.unwrap_or(0.0).max(self.covered.0);
        let to_hz = asked.to_hz.unwrap_or(f64::INFINITY).min(self.covered.1);
        if from_hz >= to_hz {
            return None;
        }
        let phase_rms_rad = self.noise.phase_power(from_hz, to_hz).sqrt();
        let inside = lines.iter().filter(|l| l.kind != LineKind::Added && (from_hz..=to_hz).contains(&l.offset_hz));
        let lines_rms_rad = inside.map(|l| 0.5 * l.peak_rad * l.peak_rad).sum::<f64>().sqrt();
        let time = |rad: f64| absolute.map(|f| rad / (TAU * f));
        Some(IntegratedPhase {
            from_hz,
            to_hz,
            phase_rms_rad,
            phase_rms_deg: phase_rms_rad.to_degrees(),
            jitter_rms_s: time(phase_rms_rad),
            lines_rms_rad,
            lines_jitter_s: time(lines_rms_rad),
        })
    }

    fn readings(&self, d: &PhaseNoiseDetail) -> Vec<Reading> {
        let carrier =
            At { frequency_hz: Some(d.carrier_frequency_hz), offset_hz: Some(d.carrier_offset_hz), ..At::default() };
        let mut out = vec![
            Reading::new("carrier_frequency", d.carrier_frequency_hz, Unit::Hertz).at(carrier),
            Reading::new("carrier_level", d.carrier_level_db, d.level_unit).at(carrier),
        ];
        for (offset_hz, name) in DECADES {
            let at = At { offset_hz: Some(offset_hz), ..At::default() };
            let point = self.noise.at(offset_hz);
            let level = point.and_then(|p| Some((dbc(p.phase_per_hz)?, p.averages)));
            out.extend(level.map(|(level, averages)| {
                Reading {
                    definition: "phase_noise/1".into(),
                    ..Reading::new(&format!("phase_noise:{name}"), level, Unit::DbcPerHz)
                        .uncertain(spread_db(averages))
                        .at(at)
                }
            }));
        }
        let plain = |id: &str, value: Option<f64>, unit: Unit| value.map(|v| Reading::new(id, v, unit));
        out.extend(plain("phase_noise_floor", d.floor_dbc_per_hz, Unit::DbcPerHz));
        if let Some(i) = &d.integrated {
            let band = At { low_hz: Some(i.from_hz), high_hz: Some(i.to_hz), ..At::default() };
            let all = [
                ("integrated_phase", Some(i.phase_rms_rad), Unit::Radian),
                ("integrated_phase_deg", Some(i.phase_rms_deg), Unit::Degree),
                ("jitter_rms", i.jitter_rms_s, Unit::Second),
                ("line_phase", Some(i.lines_rms_rad), Unit::Radian),
                ("line_jitter", i.lines_jitter_s, Unit::Second),
            ];
            let banded = all.into_iter().filter_map(|(id, v, unit)| Some(plain(id, v, unit)?.at(band).within(i.to_hz)));
            out.extend(banded);
        }
        let worst = d.lines.iter().max_by(|a, b| a.level_dbc.total_cmp(&b.level_dbc));
        out.extend(worst.map(|l| {
            let at = At { offset_hz: Some(l.offset_hz), ..At::default() };
            Reading::new("worst_line", l.level_dbc, Unit::Dbc).at(at)
        }));
        out.extend(plain("residual_fm_300_3000", d.residual_fm_300_3000_hz, Unit::Hertz));
        out.extend(plain("residual_am_300_3000", d.residual_am_300_3000_percent, Unit::Percent));
        out
    }

    fn gates(&self, d: &PhaseNoiseDetail, asked: &PhaseNoiseSettings) -> Vec<Gate> {
        let mut gates = self.carrier_gates(d);
        let mut warn = |gate: &str, detail: String| gates.push(Gate::new(gate, GateState::Warn, detail));
        let missed = asked.from_hz.is_some_and(|f| f < d.low_hz) || asked.to_hz.is_some_and(|f| f > d.high_hz);
        if missed || d.integrated.is_none() {
            let detail = format!(
                "the record covers offsets from {:.4} to {:.6} Hz, not all of the band asked for: what is integrated is \
                 a part of it; take a longer record for lower offsets, a higher rate for higher ones",
                d.low_hz, d.high_hz
            );
            warn("bandwidth", detail);
        }
        if d.integrated.is_some_and(|i| i.jitter_rms_s.is_none()) {
            let detail = "the capture does not say where its centre lies, so phase cannot be turned into seconds: \
                          add --center HZ";
            warn("calibration", detail.into());
        }
        if let Some((from, floor)) = d.floor_from_hz.zip(d.floor_dbc_per_hz) {
            let detail = format!(
                "from {from:.4} Hz on the trace is the record's own white noise ({floor:.1} dBc/Hz), which amplitude and \
                 phase share: the carrier's noise is lower than shown"
            );
            warn("floor", detail);
        }
        gates
    }

    /// Why this may be no plain carrier.
    fn carrier_gates(&self, d: &PhaseNoiseDetail) -> Vec<Gate> {
        let mut out = Vec::new();
        let mut say = |bad: bool, detail: String| {
            out.push(Gate::new("carrier", if bad { GateState::Fail } else { GateState::Warn }, detail));
        };
        if let Some((away, level)) = self.carrier.second {
            let detail = format!(
                "a second carrier stands about {away:.0} Hz beside it, {:.1} dB lower: phase and amplitude beat; \
                 end below it with --to, or filter it out",
                -level
            );
            say(level > -SECOND_FAIL_DB, detail);
        }
        let swing = self.residual.amplitude_rms;
        if swing > MODULATED {
            let detail = format!("the amplitude varies by {:.0} % rms: a modulated carrier, or fading", 100.0 * swing);
            say(swing > 2.0 * MODULATED, detail);
        }
        let tone =
            d.lines.iter().filter(|l| l.kind != LineKind::Added).max_by(|a, b| a.peak_rad.total_cmp(&b.peak_rad));
        if let Some(tone) = tone.filter(|l| l.peak_rad > PHASE_RAD) {
            let detail = format!(
                "a tone of {:.2} Hz turns the phase by {:.2} rad: the carrier is modulated, switch the modulation off",
                tone.offset_hz, tone.peak_rad
            );
            say(true, detail);
        }
        let fast = self.noise.phase_power(100.0, self.covered.1).sqrt();
        if fast > PHASE_RAD {
            let detail = format!(
                "above 100 Hz the phase swings by {fast:.2} rad rms: a modulated carrier or a free-running oscillator; \
                 L(f) is half of S_phi there, not a level that a spectrum analyser shows"
            );
            say(false, detail);
        }
        if self.residual.off_share > OFF_SHARE {
            let detail = format!(
                "the carrier is off for {:.1} % of the time, where its phase means nothing",
                100.0 * self.residual.off_share
            );
            say(true, detail);
        }
        if self.carrier.at_centre {
            let detail = "the line lies at the centre of the record: it may be the receiver's own offset, \
                          which has no phase noise; tune beside it";
            say(false, detail.into());
        }
        out
    }
}
