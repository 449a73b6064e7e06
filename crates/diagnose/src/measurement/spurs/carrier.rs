//! The choice of the carrier: a line, a band that modulation fills, or none.

use faultscope_signal::detect::Line;
use faultscope_signal::floor::Floor;
use faultscope_signal::{Kind, Spectrum};

use super::super::Settings;
use super::Behaviour;
use super::behaviour::Seen;
use super::origin::{in_baseline, is_dc};
use super::owner::{Band, Found};
use crate::gate::{Gate, GateState};

/// A line within a modulated signal must stand this far above its surroundings: 10 dB.
const TEXTURE_SNR: f64 = 10.0;
/// This many weak lines are a family, and a step of more than 6 dB in their order is its upper end.
const FAMILY: usize = 8;
const FAMILY_GAP: f64 = 4.0;
/// A line further than this above its surroundings (26 dB) is nobody's texture.
const FAMILY_SNR: f64 = 400.0;
/// Share of a crowd's lines that must be seen to smear before all of it counts as a modulated signal's.
const SMEARED_SHARE: f64 = 0.25;
/// Share of the span up to which a band about the centre counts as the skirt of the DC line.
const DC_SKIRT: f64 = 0.05;
/// A line below this over its surroundings (20 dB) is no carrier among this many others of a quarter of its power (-6 dB).
const CROWD_SNR: f64 = 100.0;
const CROWD_SHARE: f64 = 0.25;
const CROWD: usize = 4;
/// A line must stand this far above the noise in one resolution bandwidth to be taken for the carrier: 10 dB.
const CARRIER_SNR: f64 = 10.0;

/// Where the spectrum scatters more than noise does, a modulated signal fills it, and its repeated parts (pilots,
/// synchronisation, a modulating tone) are lines of their own: such lines count only well above their surroundings.
///
/// Many of them are a family without a sharp upper end: what follows it upward without a gap belongs to it too, up to
/// a level that no pilot reaches.
pub(super) fn drop_texture(floor: &Floor, lines: &mut Vec<Line>) -> Option<Gate> {
    let nominal = floor.shape.iter().copied().fold(0.0, f64::max);
    let textured = |l: &Line| floor.shape.get(l.peak).is_some_and(|s| *s < nominal);
    let mut members: Vec<f64> = lines.iter().filter(|l| textured(l)).map(|l| l.snr).collect();
    members.sort_by(f64::total_cmp);
    let mut limit = TEXTURE_SNR;
    if members.iter().filter(|snr| **snr < TEXTURE_SNR).count() >= FAMILY {
        limit = members.into_iter().fold(limit, |top, snr| if snr <= FAMILY_GAP * top { top.max(snr) } else { top });
        limit = limit.min(FAMILY_SNR);
    }
    let before = lines.len();
    lines.retain(|l| !textured(l) || l.snr > limit);
    let dropped = before - lines.len();
    (dropped > 0).then(|| {
        Gate::new(
            "modulated",
            GateState::Warn,
            format!(
                "parts of the spectrum are filled by a modulated signal: {dropped} lines up to {:.0} dB above their \
                 surroundings there count as its own; a spur weaker than that would be hidden",
                10.0 * limit.log10()
            ),
        )
    })
}

/// The line nearest to the frequency asked for, or the strongest that is not DC and stands out.
pub(super) fn choose_carrier(
    spectrum: &Spectrum,
    lines: &[Seen],
    settings: &Settings,
    gates: &mut Vec<Gate>,
) -> Option<usize> {
    let offset = |l: &Seen| spectrum.offset_hz(l.line.bin);
    let Some(wanted) = settings.carrier_hz else {
        let receiver = |l: &Seen| in_baseline(spectrum, settings, offset(l), l.line.power);
        // What comes and goes, and does not stand far out while it is there, is a packet's or a keyed tone's.
        let stands = |l: &Seen| l.line.snr >= if l.behaviour == Behaviour::Bursty { CROWD_SNR } else { CARRIER_SNR };
        return lines.iter().position(|l| !is_dc(spectrum, offset(l)) && stands(l) && !receiver(l));
    };
    let wanted = wanted - spectrum.center_hz.unwrap_or(0.0);
    // A crystal may be 100 ppm off; the resolution sets the least distance.
    let reach = (1e-4 * settings.carrier_hz.unwrap_or(0.0).abs())
        .max(2.0 * spectrum.settings.window.main_lobe_bins() * spectrum.bin_hz());
    let near = |l: &Seen| (offset(l) - wanted).abs();
    let found = lines.iter().position(|l| near(l) <= reach);
    if found.is_none() {
        let detail = format!("no line within {reach:.0} Hz of the carrier frequency asked for");
        gates.push(Gate::new("carrier", GateState::Warn, detail));
    }
    found
}

/// Whether a weak line is one of many like it: the subcarriers of a multicarrier signal, none of which is its carrier.
pub(super) fn in_a_crowd(spectrum: &Spectrum, found: &[Found], index: usize) -> bool {
    let Some(me) = found.get(index).filter(|f| f.line.snr < CROWD_SNR) else { return false };
    let alike =
        |(i, f): (usize, &Found)| i != index && f.power > CROWD_SHARE * me.power && !is_dc(spectrum, f.offset_hz);
    found.iter().enumerate().filter(|f| alike(*f)).count() >= CROWD
}

/// Says so, and leaves out those lines where enough of them are no steady sines: the others are spurs all the same.
pub(super) fn drop_crowd(spectrum: &Spectrum, found: &mut Vec<Found>) -> Gate {
    let member =
        |f: &Found| f.line.snr < CROWD_SNR && f.behaviour == Behaviour::Steady && !is_dc(spectrum, f.offset_hz);
    let count = |f: &dyn Fn(&Found) -> bool| found.iter().filter(|l| f(l)).count();
    let (all, smeared) = (count(&member), count(&|l| member(l) && l.smeared));
    let theirs = smeared as f64 > SMEARED_SHARE * all as f64;
    if theirs {
        found.retain(|f| !member(f));
    }
    let left_out = if theirs { format!("; {all} such lines are left out") } else { String::new() };
    let detail = format!(
        "the strongest line is one of many of about its level, none far above its surroundings: subcarriers of a \
         modulated signal, so that there is no carrier to refer to{left_out}"
    );
    Gate::new("modulated", GateState::Warn, detail)
}

/// The strongest band, where it outweighs the strongest line (or holds the frequency asked for).
pub(super) fn choose_band(
    spectrum: &Spectrum,
    bands: &[Band],
    line: Option<&Line>,
    settings: &Settings,
) -> Option<Band> {
    let wanted = settings.carrier_hz.map(|f| spectrum.bin_of_offset(f - spectrum.center_hz.unwrap_or(0.0)));
    bands
        .iter()
        .filter(|b| wanted.map_or_else(|| !is_skirt(spectrum, b), |w| b.holds(w)))
        .max_by(|a, b| a.power.total_cmp(&b.power))
        .filter(|b| line.is_none_or(|l| b.power > l.power))
        .copied()
}

/// A narrow band about the centre of an I/Q record is the skirt of the receiver's own DC line.
fn is_skirt(spectrum: &Spectrum, b: &Band) -> bool {
    let most = DC_SKIRT * spectrum.mean.len() as f64;
    let zero = spectrum.bin_of_offset(0.0);
    spectrum.kind == Kind::Iq && ((b.high - b.low) as f64) < most && (b.centroid - zero).abs() < 0.5 * most
}

/// Bands besides the carrier, which hold no line that could be listed: another modulated signal, or a hump of noise.
pub(super) fn other_bands(spectrum: &Spectrum, bands: &[Band], own: Option<Band>, carrier: &Found) -> Option<Gate> {
    let own = |b: &Band| own.is_some_and(|own| own.low == b.low) || b.holds(carrier.line.bin);
    // A skirt of the DC line comes near it; what keeps away by more than its own width is a signal.
    let zero = spectrum.bin_of_offset(0.0);
    let keeps_away = |b: &Band| (b.low as f64 - zero).max(zero - b.high as f64) > (b.high - b.low) as f64;
    let others = || bands.iter().filter(|b| !own(b) && (keeps_away(b) || !is_skirt(spectrum, b)));
    let strongest = others().max_by(|a, b| a.power.total_cmp(&b.power))?;
    let (low, high) = (spectrum.frequency_hz(strongest.low as f64), spectrum.frequency_hz(strongest.high as f64));
    let level = 10.0 * (strongest.power / carrier.power).log10();
    let detail = format!(
        "besides the carrier {} bands are filled, the strongest {low:.0} to {high:.0} Hz at {level:.1} dBc: modulated signals or humps of \
         noise, which are no lines and not listed; `channel` measures them",
        others().count()
    );
    Some(Gate::new("modulated", GateState::Warn, detail))
}

pub(super) fn band_carrier(spectrum: &Spectrum, floor: &Floor, band: Band) -> Found {
    let k = (band.centroid.round() as usize).min(spectrum.mean.len().saturating_sub(1));
    let quiet = floor.level.get(band.low.saturating_sub(1)).copied().unwrap_or(f64::MIN_POSITIVE);
    let width = (band.high - band.low) as f64;
    let scatter = 1.0 / (floor.shape.iter().copied().fold(1.0, f64::max) * width).sqrt();
    let line = Line {
        bin: band.centroid,
        peak: k,
        power: band.power,
        snr: band.power / quiet,
        false_alarm: 0.0,
        relative_error: scatter,
    };
    Found {
        line,
        offset_hz: spectrum.offset_hz(band.centroid),
        tolerance_hz: 0.5 * width * spectrum.bin_hz(),
        sigma_hz: 0.3 * width * spectrum.bin_hz() * scatter,
        power: band.power,
        sigma: scatter,
        coherent: false,
        smeared: false,
        behaviour: Behaviour::Steady,
        drift_hz_per_s: None,
    }
}

pub(super) fn band_gate(spectrum: &Spectrum, band: Band, inside: usize) -> Gate {
    let (low, high) = (spectrum.frequency_hz(band.low as f64), spectrum.frequency_hz(band.high as f64));
    Gate::new(
        "modulated",
        GateState::Warn,
        format!(
            "the carrier is modulated and fills {low:.0} to {high:.0} Hz: {inside} lines inside belong to it, levels \
             are relative to its whole power, THD, SNR and SINAD do not apply"
        ),
    )
}
