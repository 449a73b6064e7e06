//! Where lines come from: arithmetic relations between frequencies, the surest first.

use faultscope_signal::{Kind, Spectrum};

use super::super::Settings;
use super::Origin;
use super::owner::Found;
use super::quality::folded;

/// Crystal of the common receiver dongles: its harmonics are received as lines at exact multiples.
const RECEIVER_REFERENCE_HZ: f64 = 28.8e6;
/// Harmonic orders that are likely, and those that are looked for once nothing likelier explains a line.
const LOW_ORDERS: std::ops::RangeInclusive<u32> = 2..=10;
const HIGH_ORDERS: std::ops::RangeInclusive<u32> = 11..=40;
/// An image or a product is at least this much weaker than what makes it.
const WEAKER: f64 = 10.0;
/// Offsets of switching sidebands.
const SWITCHING_HZ: std::ops::RangeInclusive<f64> = 10e3..=3e6;
/// Highest offset of mains sidebands.
const MAINS_REACH_HZ: f64 = 2e3;
/// A line is the baseline's when it is this near to it in place and level.
const BASELINE_BINS: f64 = 2.0;
const BASELINE_DB: f64 = 3.0;
/// Lines that take part in the search for combs.
const COMB_LINES: usize = 60;

/// What was found out about one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Label {
    pub(super) origin: Origin,
    pub(super) order: Option<u32>,
    /// Offsets of the lines it is made of.
    pub(super) of: Vec<f64>,
}

impl Label {
    fn new(origin: Origin, order: Option<u32>, of: Vec<f64>) -> Self {
        Self { origin, order, of }
    }
}

/// What the relations need to know besides the lines.
pub(super) struct Context<'a> {
    pub(super) spectrum: &'a Spectrum,
    pub(super) carrier: Option<&'a Found>,
    pub(super) settings: &'a Settings,
}

/// Labels every line of `lines` (strongest first, the carrier left out).
pub(super) fn label(context: &Context<'_>, lines: &[Found]) -> Vec<Label> {
    let mut labels: Vec<Option<Label>> = lines
        .iter()
        .map(|f| {
            context
                .dc(f)
                .or_else(|| context.baseline(f))
                .or_else(|| context.harmonic(f, LOW_ORDERS))
                .or_else(|| context.image(f, lines))
        })
        .collect();
    sidebands(context, lines, &mut labels);
    for i in 0..lines.len() {
        if labels[i].is_none() {
            labels[i] = context
                .harmonic(&lines[i], HIGH_ORDERS)
                .or_else(|| context.receiver(&lines[i]))
                .or_else(|| context.intermodulation(i, lines, &labels));
        }
    }
    comb(context, lines, &mut labels);
    labels
        .into_iter()
        .zip(lines)
        .map(|(l, f)| l.or_else(|| context.alias(f)).unwrap_or_else(|| Label::new(Origin::Unknown, None, vec![])))
        .collect()
}

impl Context<'_> {
    fn kind(&self) -> Kind {
        self.spectrum.kind
    }

    fn fold(&self, offset_hz: f64) -> f64 {
        folded(self.kind(), self.spectrum.sample_rate_hz, offset_hz)
    }

    fn dc(&self, f: &Found) -> Option<Label> {
        is_dc(self.spectrum, f.offset_hz).then(|| Label::new(Origin::Dc, None, vec![]))
    }

    fn harmonic(&self, f: &Found, mut orders: std::ops::RangeInclusive<u32>) -> Option<Label> {
        let c = self.carrier?;
        orders
            .find(|h| {
                let tolerance = f.tolerance_hz + f64::from(*h) * c.sigma_hz * 3.0;
                (self.fold(f64::from(*h) * c.offset_hz) - f.offset_hz).abs() <= tolerance
            })
            .map(|h| Label::new(Origin::Harmonic, Some(h), vec![c.offset_hz]))
    }

    /// The mirror about the centre of a line that is at least 10 dB stronger.
    fn image(&self, f: &Found, lines: &[Found]) -> Option<Label> {
        if self.kind() == Kind::Real {
            return None;
        }
        self.carrier
            .into_iter()
            .chain(lines)
            .find(|s| {
                s.power > WEAKER * f.power && (s.offset_hz + f.offset_hz).abs() <= s.tolerance_hz + f.tolerance_hz
            })
            .map(|s| Label::new(Origin::Image, None, vec![s.offset_hz]))
    }

    fn baseline(&self, f: &Found) -> Option<Label> {
        in_baseline(self.spectrum, self.settings, f.offset_hz, f.power)
            .then(|| Label::new(Origin::Receiver, None, vec![]))
    }

    /// Exact multiples of the dongle's crystal, judged on the absolute frequency.
    fn receiver(&self, f: &Found) -> Option<Label> {
        let absolute = self.spectrum.center_hz? + f.offset_hz;
        let order = (absolute / RECEIVER_REFERENCE_HZ).round();
        let near = (absolute - order * RECEIVER_REFERENCE_HZ).abs() <= self.spectrum.bin_hz().max(f.tolerance_hz);
        (order >= 1.0 && near).then(|| Label::new(Origin::Receiver, Some(order as u32), vec![]))
    }

    /// Products of two of the strongest lines, orders 3 and 5, and 2 where the record is real.
    fn intermodulation(&self, i: usize, lines: &[Found], labels: &[Option<Label>]) -> Option<Label> {
        let carrier = self.carrier?;
        let f = &lines[i];
        let strong: Vec<&Found> = std::iter::once(carrier)
            .chain(lines.iter().zip(labels).filter(|(_, l)| l.is_none()).map(|(s, _)| s))
            .filter(|s| s.power > 1e-4 * carrier.power && s.power > f.power)
            .take(4)
            .collect();
        const PRODUCTS: [(i32, i32); 6] = [(1, 1), (1, -1), (2, -1), (2, 1), (3, -2), (3, 2)];
        let allowed = PRODUCTS.iter().filter(|(m, n)| self.kind() == Kind::Real || m + n == 1);
        for (m, n) in allowed {
            for a in &strong {
                for b in &strong {
                    let at = self.fold(f64::from(*m) * a.offset_hz + f64::from(*n) * b.offset_hz);
                    let same = (a.offset_hz - b.offset_hz).abs() < a.tolerance_hz + b.tolerance_hz;
                    let weaker = a.power.max(b.power) > WEAKER * f.power;
                    let tolerance = f.tolerance_hz.max(0.5 * self.spectrum.bin_hz().min(4.0 * f.tolerance_hz));
                    if !same && weaker && (at - f.offset_hz).abs() <= tolerance {
                        let order = m.unsigned_abs() + n.unsigned_abs();
                        return Some(Label::new(Origin::Intermodulation, Some(order), vec![a.offset_hz, b.offset_hz]));
                    }
                }
            }
        }
        None
    }

    /// The carrier mirrored or shifted by a half or quarter of the rate: interleaved converters do that.
    fn alias(&self, f: &Found) -> Option<Label> {
        let c = self.carrier?;
        [2_u32, 4]
            .into_iter()
            .flat_map(|m| (1..m).map(move |k| (m, k)))
            .flat_map(|(m, k)| [(m, k, 1.0), (m, k, -1.0), (m, k, 0.0)])
            .find(|(m, k, sign)| {
                let shift = self.spectrum.sample_rate_hz * f64::from(*k) / f64::from(*m);
                (self.fold(shift + sign * c.offset_hz) - f.offset_hz).abs() <= f.tolerance_hz + 3.0 * c.sigma_hz
            })
            .map(|(m, _, sign)| {
                Label::new(Origin::Alias, Some(m), if sign == 0.0 { vec![] } else { vec![c.offset_hz] })
            })
    }

    fn mains(&self, offset: f64, tolerance: f64) -> Option<u32> {
        if offset > MAINS_REACH_HZ || tolerance > 12.0 {
            return None;
        }
        let nominal: &[f64] = self.settings.mains_hz.as_ref().map_or(&[50.0, 60.0], std::slice::from_ref);
        nominal.iter().find_map(|f0| {
            let k = (offset / f0).round();
            // Grids stay within 0.4 % of nominal; the tolerance grows with the order.
            (k >= 1.0 && (offset - k * f0).abs() <= tolerance + 0.004 * offset).then_some(k as u32)
        })
    }
}

/// Within two bins of the tuned centre; a real record's 0 Hz is gone with its mean, all of its main lobe is left out.
pub(super) fn is_dc(spectrum: &Spectrum, offset_hz: f64) -> bool {
    let bins = match spectrum.kind {
        Kind::Iq => 2.0,
        Kind::Real => spectrum.settings.window.main_lobe_bins(),
    };
    offset_hz.abs() <= bins * spectrum.bin_hz()
}

/// Whether the baseline holds a line at this place, at about this level.
pub(super) fn in_baseline(spectrum: &Spectrum, settings: &Settings, offset_hz: f64, power: f64) -> bool {
    let (frequency, level) = (spectrum.center_hz.unwrap_or(0.0) + offset_hz, spectrum.level_db(power));
    settings.baseline.iter().flatten().any(|b| {
        (b.frequency_hz - frequency).abs() <= BASELINE_BINS * spectrum.bin_hz()
            && (b.level_db - level).abs() <= BASELINE_DB
    })
}

/// Symmetrical pairs about the carrier, within 10 dB of each other: mains close in, switching further out.
fn sidebands(context: &Context<'_>, lines: &[Found], labels: &mut [Option<Label>]) {
    let Some(c) = context.carrier else { return };
    let mut pairs: Vec<(f64, f64, usize, usize)> = Vec::new();
    for (i, a) in lines.iter().enumerate() {
        for (j, b) in lines.iter().enumerate().skip(i + 1) {
            let (da, db) = (a.offset_hz - c.offset_hz, b.offset_hz - c.offset_hz);
            let tolerance = a.tolerance_hz + b.tolerance_hz;
            let close = a.power < WEAKER * b.power;
            if labels[i].is_none() && labels[j].is_none() && close && (da + db).abs() <= tolerance {
                pairs.push((0.5 * (da - db).abs(), tolerance, i, j));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let spacings: Vec<f64> = pairs.iter().map(|p| p.0).filter(|d| SWITCHING_HZ.contains(d)).collect();
    let dense = is_dense_comb(&spacings, pairs.iter().map(|p| p.1).fold(0.0, f64::max));
    for (offset, tolerance, i, j) in pairs {
        let label = if let Some(k) = context.mains(offset, tolerance) {
            Label::new(Origin::MainsSideband, Some(k), vec![c.offset_hz])
        } else if dense && SWITCHING_HZ.contains(&offset) {
            Label::new(Origin::Clock, None, vec![c.offset_hz])
        } else if SWITCHING_HZ.contains(&offset) {
            let base = context
                .settings
                .switching_hz
                .into_iter()
                .chain(spacings.iter().copied())
                .find(|base| {
                    let k = (offset / base).round();
                    (1.0..=50.0).contains(&k) && (offset - k * base).abs() <= tolerance * k.max(1.0)
                })
                .unwrap_or(offset);
            Label::new(Origin::SwitchingSideband, Some((offset / base).round() as u32), vec![c.offset_hz])
        } else {
            continue;
        };
        labels[i] = Some(label.clone());
        labels[j] = Some(label);
    }
}

/// Four or more pairs on a grid finer than any switching frequency: a modulating tone or a clock, no converter.
fn is_dense_comb(spacings: &[f64], tolerance: f64) -> bool {
    let steps = spacings.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 4.0 * tolerance);
    let step = steps.fold(f64::INFINITY, f64::min);
    let on_grid = |offset: &&f64| {
        let k = (*offset / step).round();
        (*offset - k * step).abs() <= (2.0 * tolerance * k).min(0.15 * step)
    };
    step < *SWITCHING_HZ.start()
        && spacings.len() >= 4
        && 4 * spacings.iter().filter(on_grid).count() >= 3 * spacings.len()
}

/// Four or more lines, as yet unexplained, at equal distances.
fn comb(context: &Context<'_>, lines: &[Found], labels: &mut [Option<Label>]) {
    let mut open: Vec<usize> = (0..lines.len()).filter(|i| labels[*i].is_none()).take(COMB_LINES).collect();
    open.sort_by(|a, b| lines[*a].offset_hz.total_cmp(&lines[*b].offset_hz));
    let least = 4.0 * context.spectrum.bin_hz();
    let mut best: Vec<usize> = Vec::new();
    for (n, i) in open.iter().enumerate() {
        for j in open.iter().skip(n + 1) {
            let spacing = lines[*j].offset_hz - lines[*i].offset_hz;
            if spacing < least {
                continue;
            }
            let mut members = vec![*i, *j];
            while let Some(next) = open.iter().find(|k| {
                let want = lines[*i].offset_hz + spacing * members.len() as f64;
                (lines[**k].offset_hz - want).abs() <= lines[**k].tolerance_hz * (members.len() as f64).sqrt()
            }) {
                members.push(*next);
            }
            if members.len() > best.len() {
                best = members;
            }
        }
    }
    if best.len() >= 4 {
        for i in best {
            labels[i] = Some(Label::new(Origin::Clock, None, vec![]));
        }
        // Another comb may lie beneath the first.
        comb(context, lines, labels);
    }
}
