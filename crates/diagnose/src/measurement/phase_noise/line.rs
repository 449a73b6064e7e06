//! What the discrete lines beside a carrier are: mains, multiples of one another, tones that are only added.

use std::f64::consts::TAU;

use faultscope_signal::phase_noise::Line;
use faultscope_signal::quantity;

use super::{LineKind, PhaseLine};

/// Mains frequencies, how far they may be off, and up to which order.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
const MAINS_TOLERANCE: f64 = 0.004;
const MAINS_ORDERS: f64 = 20.0;
/// Orders of a lower line that count as its harmonics.
const HARMONICS: f64 = 10.0;
/// Amplitude and phase are alike when their powers are within this ratio.
const ALIKE: f64 = 1.6;

/// Names each line; `carrier_hz` turns phase into time.
pub(super) fn named(lines: &[Line], carrier_hz: Option<f64>) -> Vec<PhaseLine> {
    let mut out: Vec<PhaseLine> = Vec::new();
    for line in lines {
        let ratio = line.amplitude_power / line.phase_power;
        let (kind, order, of_hz) = if (1.0 / ALIKE..=ALIKE).contains(&ratio) {
            (LineKind::Added, None, None)
        } else if let Some((order, of)) = mains(line) {
            (LineKind::Mains, Some(order), Some(of))
        } else if let Some((order, of)) = harmonic(line, &out) {
            (LineKind::Harmonic, Some(order), Some(of))
        } else {
            (LineKind::Phase, None, None)
        };
        out.push(PhaseLine {
            offset_hz: line.offset_hz,
            level_dbc: quantity::db_from_power(0.5 * line.phase_power),
            peak_rad: (2.0 * line.phase_power).sqrt(),
            jitter_s: carrier_hz.map(|f| line.phase_power.sqrt() / (TAU * f)),
            snr_db: line.snr_db,
            kind,
            order,
            of_hz,
        });
    }
    out
}

fn multiple(line: &Line, of_hz: f64, tolerance: f64, most: f64) -> Option<u32> {
    let order = (line.offset_hz / of_hz).round();
    let slack = line.resolution_hz + tolerance * line.offset_hz;
    // Where the slack spans a good part of the spacing, any line would fit.
    let fits = (line.offset_hz - order * of_hz).abs() <= slack && slack < 0.15 * of_hz;
    (fits && order >= 1.0 && order <= most).then_some(order as u32)
}

fn mains(line: &Line) -> Option<(u32, f64)> {
    MAINS_HZ.iter().find_map(|f| Some((multiple(line, *f, MAINS_TOLERANCE, MAINS_ORDERS)?, *f)))
}

fn harmonic(line: &Line, lower: &[PhaseLine]) -> Option<(u32, f64)> {
    let level = quantity::db_from_power(0.5 * line.phase_power);
    let roots = lower.iter().filter(|l| l.kind == LineKind::Phase && l.level_dbc > level);
    roots
        .filter_map(|l| Some((multiple(line, l.offset_hz, 0.0, HARMONICS)?, l.offset_hz)))
        .find(|(order, _)| *order > 1)
}
