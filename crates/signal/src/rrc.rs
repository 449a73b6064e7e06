//! The root-raised-cosine filter: impulse response for matched filters, power response for channel filters.

use std::f64::consts::PI;

/// Power response at `offset_hz` of a root-raised-cosine filter: 1 inside, 1/2 at half the symbol rate, 0 beyond.
///
/// `rolloff` is 0 to 1; 3GPP measures UTRA channels with 3.84 MHz and 0.22.
#[must_use]
pub fn power_response(offset_hz: f64, symbol_rate_hz: f64, rolloff: f64) -> f64 {
    let x = offset_hz.abs() / symbol_rate_hz;
    let (low, high) = (0.5 * (1.0 - rolloff), 0.5 * (1.0 + rolloff));
    if x <= low {
        1.0
    } else if x >= high {
        0.0
    } else {
        0.5 * (1.0 + (PI * (x - low) / rolloff).cos())
    }
}

/// Impulse response at `t` symbols from the middle, scaled so that its energy per symbol is 1.
#[must_use]
pub fn impulse(t: f64, rolloff: f64) -> f64 {
    let a = rolloff;
    if t.abs() < 1e-9 {
        return 1.0 + a * (4.0 / PI - 1.0);
    }
    let x = 4.0 * a * t;
    if a > 0.0 && (x.abs() - 1.0).abs() < 1e-6 {
        let q = PI / (4.0 * a);
        return a / 2f64.sqrt() * ((1.0 + 2.0 / PI) * q.sin() + (1.0 - 2.0 / PI) * q.cos());
    }
    ((PI * t * (1.0 - a)).sin() + x * (PI * t * (1.0 + a)).cos()) / (PI * t * (1.0 - x * x))
}

/// Points of the table per symbol.
const STEPS: usize = 512;

/// The impulse response as a table, for filters whose output falls between samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Pulse {
    table: Vec<f64>,
    span: f64,
}

impl Pulse {
    /// The response of a roll-off of 0.01 to 1, cut where it has fallen below about 1e-4.
    #[must_use]
    pub fn new(rolloff: f64) -> Self {
        let span = (8.0 / rolloff.max(0.01)).clamp(16.0, 64.0).round();
        let points = span as usize * STEPS + 2;
        Self { table: (0..points).map(|i| impulse(i as f64 / STEPS as f64, rolloff)).collect(), span }
    }

    /// Symbols to either side of the middle.
    #[must_use]
    pub const fn span(&self) -> f64 {
        self.span
    }

    /// The response at `t` symbols from the middle; 0 beyond the span.
    #[must_use]
    pub fn at(&self, t: f64) -> f64 {
        let x = t.abs() * STEPS as f64;
        let i = x as usize;
        match (self.table.get(i), self.table.get(i + 1)) {
            (Some(a), Some(b)) => a + (b - a) * (x - i as f64),
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_in_a_row_have_no_intersymbol_interference() {
        // The correlation of two root-raised-cosine pulses k symbols apart is 1 at k = 0 and 0 elsewhere (Nyquist).
        for rolloff in [0.22, 0.35, 0.5, 1.0] {
            let pulse = Pulse::new(rolloff);
            let steps = 8;
            let half = pulse.span() as i64 * steps;
            for k in 0..5 {
                let sum: f64 = (-half..=half)
                    .map(|i| pulse.at(i as f64 / steps as f64) * pulse.at(i as f64 / steps as f64 - f64::from(k)))
                    .sum::<f64>()
                    / steps as f64;
                let expected = if k == 0 { 1.0 } else { 0.0 };
                assert!((sum - expected).abs() < 5e-4, "{rolloff} {k}: {sum}");
            }
        }
    }

    #[test]
    fn the_channel_filter_has_the_noise_bandwidth_of_its_symbol_rate() {
        let step = 100.0;
        let sum: f64 = (-40_000..40_000).map(|i| power_response(f64::from(i) * step, 3.84e6, 0.22) * step).sum();
        assert!((sum / 3.84e6 - 1.0).abs() < 1e-4, "{sum}");
        assert!((power_response(1.92e6, 3.84e6, 0.22) - 0.5).abs() < 1e-12);
    }
}
