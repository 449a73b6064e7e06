//! What each explanation of a line predicts in another capture, and how well the capture bears it out.

use super::{Call, CalledLine, Difference, Shot, ShotLine};

/// Standard deviation of a level between two captures of one scene.
const LEVEL_SIGMA_DB: f64 = 1.5;
/// Log-likelihoods: a line at the predicted place is unlikely by accident; one that must be there and is not weighs
/// more; a level that is off costs up to as much as absence.
const PRESENT: f64 = 4.0;
const ABSENT: f64 = -6.0;
const WORST_LEVEL: f64 = -8.0;
/// What anything but a real line needs in advance.
const PRIOR: f64 = -1.0;
/// A call needs this much over the next: a factor of 20.
const CLEAR: f64 = 3.0;
/// An image is weaker than its line by this much at least.
const IMAGE_BELOW_DB: f64 = 6.0;
/// A product of an overloaded stage is weaker than its line by this much at least.
const PRODUCT_BELOW_DB: f64 = 10.0;
/// Share of the band that a receiver's filter leaves usable.
const USABLE: f64 = 0.45;
/// Gains closer than this are the same gain.
const SAME_GAIN_DB: f64 = 2.0;
/// Orders of products that follow the gain faster than their line.
const ORDERS: [f64; 3] = [2.0, 3.0, 5.0];
/// Multiples of an offset that an overloaded base band makes, the mirrored ones with them.
const MULTIPLES: [f64; 8] = [2.0, 3.0, 4.0, 5.0, -2.0, -3.0, -4.0, -5.0];

/// The first capture and what the others change.
pub(super) struct Scene<'a> {
    first: &'a Shot,
    others: Vec<(&'a Shot, Difference)>,
}

/// One explanation of one line: where the line is in another capture, as `offset + slope * retuned`, and how its level
/// follows the gain.
struct Hypothesis {
    call: Call,
    slope: f64,
    orders: &'static [f64],
    of: Option<f64>,
    prior: f64,
}

impl<'a> Scene<'a> {
    pub(super) fn new(first: &'a Shot, others: &'a [Shot]) -> Self {
        let others = others
            .iter()
            .map(|shot| {
                let retuned_hz = shot.center_hz - first.center_hz;
                let gain_db = first.lines.iter().find_map(|l| {
                    // A line at the centre is the receiver's own in both.
                    let apart = l.offset_hz.abs() > 2.0 * first.rbw_hz;
                    let there = apart.then(|| shot.at(l.offset_hz - retuned_hz, first.rbw_hz)).flatten()?;
                    Some(there.level_db - l.level_db)
                });
                (shot, Difference { retuned_hz, gain_db })
            })
            .collect();
        Self { first, others }
    }

    pub(super) fn differs(&self) -> bool {
        self.others.iter().any(|(shot, d)| {
            d.retuned_hz.abs() > 3.0 * shot.rbw_hz.max(self.first.rbw_hz)
                || d.gain_db.is_none_or(|g| g.abs() > SAME_GAIN_DB)
        })
    }

    pub(super) fn differences(&self) -> Vec<Difference> {
        self.others.iter().map(|(_, d)| *d).collect()
    }

    pub(super) fn call(&self, line: &ShotLine) -> CalledLine {
        let mut scored: Vec<(f64, Hypothesis)> = self
            .hypotheses(line)
            .into_iter()
            .map(|h| (h.prior + self.others.iter().map(|o| self.score(line, &h, o)).sum::<f64>(), h))
            .collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        if line.own {
            scored =
                vec![(0.0, Hypothesis { call: Call::Internal, slope: -1.0, orders: &[1.0], of: None, prior: 0.0 })];
        }
        let best = scored.first();
        let call = best.map_or(Call::Unclear, |b| b.1.call);
        let next = scored.iter().find(|s| s.1.call != call);
        let lead = best.zip(next).map_or(0.0, |(b, n)| b.0 - n.0);
        // Nothing is called that no capture bears out.
        let borne_out = best.is_some_and(|b| b.0 > 0.0) && lead >= CLEAR;
        let clear = line.own || borne_out;
        CalledLine {
            frequency_hz: self.first.center_hz + line.offset_hz,
            offset_hz: line.offset_hz,
            level_db: line.level_db,
            call: if clear { call } else { Call::Unclear },
            or: if clear { None } else { Some(call) },
            evidence_db: (10.0 * lead * std::f64::consts::LOG10_E).clamp(0.0, 100.0),
            of_hz: best.filter(|_| clear).and_then(|b| b.1.of).map(|o| self.first.center_hz + o),
        }
    }

    fn hypotheses(&self, line: &ShotLine) -> Vec<Hypothesis> {
        let near = |a: f64, b: f64| (a - b).abs() <= 1.5 * self.first.rbw_hz;
        let plain = |call, slope, orders, prior| Hypothesis { call, slope, orders, of: None, prior };
        let mut all = vec![
            plain(Call::Real, -1.0, &[1.0], 0.0),
            // Behind the stage whose gain changes, and before it.
            plain(Call::Internal, 0.0, &[0.0], PRIOR),
            plain(Call::Internal, 0.0, &[1.0], PRIOR),
            // A clock of the receiver keeps its radio frequency, but not its level.
            plain(Call::Internal, -1.0, &[0.0], PRIOR),
        ];
        // A product needs stronger lines to be made of, and none is made at the centre.
        let strongest = self.first.lines.first().map_or(f64::NEG_INFINITY, |s| s.level_db);
        if line.level_db < strongest - PRODUCT_BELOW_DB && line.offset_hz.abs() > self.first.rbw_hz {
            all.push(plain(Call::Overload, -1.0, &ORDERS, PRIOR));
        }
        let mirror = self
            .first
            .lines
            .iter()
            .find(|s| near(s.offset_hz, -line.offset_hz) && s.level_db > line.level_db + IMAGE_BELOW_DB);
        if let Some(s) = mirror.filter(|_| line.offset_hz.abs() > self.first.rbw_hz) {
            all.push(Hypothesis { call: Call::Image, slope: 1.0, orders: &[1.0], of: Some(s.offset_hz), prior: PRIOR });
        }
        for s in self.first.lines.iter().filter(|s| s.level_db > line.level_db + PRODUCT_BELOW_DB) {
            let multiple = MULTIPLES.iter().find(|n| near(line.offset_hz, *n * s.offset_hz));
            if let Some(n) = multiple.filter(|_| s.offset_hz.abs() > 2.0 * self.first.rbw_hz) {
                let orders: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0];
                all.push(Hypothesis { call: Call::Overload, slope: -n, orders, of: Some(s.offset_hz), prior: PRIOR });
            }
        }
        all.retain(|h| h.call == Call::Real || self.testable(h));
        all
    }

    /// Whether any of the other captures would show it elsewhere, or at another level, than a real line.
    fn testable(&self, h: &Hypothesis) -> bool {
        self.others.iter().any(|(shot, d)| {
            let moves = ((h.slope + 1.0) * d.retuned_hz).abs() > 3.0 * shot.rbw_hz.max(self.first.rbw_hz);
            let gain = d.gain_db.unwrap_or(0.0);
            moves || h.orders.iter().all(|n| ((n - 1.0) * gain).abs() > SAME_GAIN_DB)
        })
    }

    /// Log-likelihood of one other capture.
    fn score(&self, line: &ShotLine, h: &Hypothesis, (shot, d): &(&Shot, Difference)) -> f64 {
        let offset = line.offset_hz + h.slope * d.retuned_hz;
        if offset.abs() > USABLE * shot.sample_rate_hz {
            return 0.0;
        }
        let gain = d.gain_db.unwrap_or(0.0);
        let expected = h.orders.iter().map(|n| line.level_db + n * gain);
        match shot.at(offset, self.first.rbw_hz) {
            Some(found) => {
                let off = expected.map(|e| (found.level_db - e).abs()).fold(f64::INFINITY, f64::min);
                PRESENT + (-0.5 * (off / LEVEL_SIGMA_DB).powi(2)).max(WORST_LEVEL)
            }
            None if expected.fold(f64::INFINITY, f64::min) < shot.detectable_db => 0.0,
            None => ABSENT,
        }
    }
}

impl Shot {
    /// The strongest line within one and a half resolution bandwidths of an offset.
    fn at(&self, offset_hz: f64, rbw_hz: f64) -> Option<&ShotLine> {
        let reach = 1.5 * self.rbw_hz.max(rbw_hz);
        self.lines.iter().find(|l| (l.offset_hz - offset_hz).abs() <= reach)
    }
}
