//! The scenario: seed, severity, rate, length and surroundings of one simulated record, and what is allowed.

use super::SimError;

/// Most frames of one record: 64 Mi frames (1 GiB of I/Q in double precision).
pub const MAX_FRAMES: f64 = 67_108_864.0;

/// How the carrier of an RF model is modulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modulation {
    /// Not at all: a pilot.
    #[default]
    Cw,
    /// FM with a 1 kHz tone, 2.5 kHz peak deviation.
    Fm,
    /// QPSK, root-raised-cosine 0.35, a sixteenth of the sample rate as symbol rate.
    Qpsk,
    /// OFDM, 24 subcarriers at distances of a 128th of the sample rate: LTE-like at 1.92 MS/s.
    Ofdm,
}

/// The settings of one simulated record. A model ignores what does not belong to its domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Seed of everything random.
    pub seed: u64,
    /// 0 (nothing to see) to 1 (worst).
    pub severity: f64,
    /// Frames per second.
    pub rate_hz: f64,
    /// Length.
    pub duration_s: f64,
    /// Nominal mains frequency: 50 or 60 Hz.
    pub mains_hz: f64,
    /// Nominal rail voltage with its sign.
    pub rail_v: f64,
    /// Rms of the white noise on a rail.
    pub noise_v: f64,
    /// Converter bits of a supply record; 0 leaves it unquantised. The range is 1.25 times the rail, both ways.
    pub bits: u32,
    /// Switching frequency of converter models.
    pub switching_hz: f64,
    /// Centre frequency of I/Q records.
    pub center_hz: f64,
    /// Offset of the wanted carrier from the centre.
    pub carrier_offset_hz: f64,
    /// Density of the white noise of I/Q records.
    pub noise_dbfs_per_hz: f64,
    /// Modulation of the wanted carrier.
    pub modulation: Modulation,
}

impl Scenario {
    /// A -53.5 V plant: 20 kS/s, 2 s.
    #[must_use]
    pub const fn supply() -> Self {
        Self {
            seed: 1,
            severity: 0.5,
            rate_hz: 20e3,
            duration_s: 2.0,
            mains_hz: 50.0,
            rail_v: -53.5,
            noise_v: 0.3e-3,
            bits: 0,
            switching_hz: 100e3,
            center_hz: 940e6,
            carrier_offset_hz: 0.0,
            noise_dbfs_per_hz: -130.0,
            modulation: Modulation::Cw,
        }
    }

    /// A 12 V switching converter: 2 MS/s, 50 ms.
    #[must_use]
    pub const fn converter() -> Self {
        Self { rate_hz: 2e6, duration_s: 0.05, rail_v: 12.0, noise_v: 0.5e-3, ..Self::supply() }
    }

    /// A 12 V rail under changing load: 200 kS/s, 0.5 s.
    #[must_use]
    pub const fn dynamic() -> Self {
        Self { rate_hz: 200e3, duration_s: 0.5, rail_v: 12.0, noise_v: 0.5e-3, ..Self::supply() }
    }

    /// A transmitter at 940 MHz: 500 kS/s, 0.5 s of I/Q.
    #[must_use]
    pub const fn transmit() -> Self {
        Self { rate_hz: 500e3, duration_s: 0.5, carrier_offset_hz: 37.5e3, ..Self::supply() }
    }

    /// The same with another severity.
    #[must_use]
    pub const fn at_severity(self, severity: f64) -> Self {
        Self { severity, ..self }
    }

    /// The same with another seed.
    #[must_use]
    pub const fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        (self.rate_hz * self.duration_s).round().clamp(0.0, MAX_FRAMES) as usize
    }

    /// Checks every setting against what a model can do.
    ///
    /// # Errors
    /// Names the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), SimError> {
        let rules = [
            ("severity", self.severity, 0.0, 1.0),
            ("rate", self.rate_hz, 1e3, 200e6),
            ("duration", self.duration_s, 1e-4, 86_400.0),
            ("mains", self.mains_hz, 45.0, 65.0),
            ("rail", self.rail_v.abs(), 0.5, 1000.0),
            ("noise", self.noise_v, 0.0, 10.0),
            ("fsw", self.switching_hz, 1e3, 10e6),
            ("center", self.center_hz, 0.0, 1e12),
            ("offset", self.carrier_offset_hz.abs(), 0.0, self.rate_hz * 0.45),
            ("floor", self.noise_dbfs_per_hz, -250.0, -40.0),
            ("bits", f64::from(self.bits), 0.0, 24.0),
        ];
        for (name, value, low, high) in rules {
            // Written so that NaN is refused too.
            if !(low..=high).contains(&value) {
                return Err(SimError::new(
                    format!("{name} is {value}, which is not between {low} and {high}"),
                    format!("give {name} a value between {low} and {high}"),
                ));
            }
        }
        let frames = self.rate_hz * self.duration_s;
        if !(64.0..=MAX_FRAMES).contains(&frames) {
            return Err(SimError::new(
                format!("{} s at {} S/s are {frames:.0} frames", self.duration_s, self.rate_hz),
                format!("rate times duration must lie between 64 and {MAX_FRAMES:.0}: change rate or duration"),
            ));
        }
        Ok(())
    }
}
