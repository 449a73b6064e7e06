//! What a modulated carrier does from moment to moment: the samples and symbols behind the figures of the measurement.

use faultscope_signal::Record;
use faultscope_signal::demod::Courses;

use super::measure::Taken;
use crate::measurement::{MeasureError, Settings};

/// A course over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// Time of the first value, from the first sample of the record.
    pub start_s: f64,
    /// Values per second.
    pub rate_hz: f64,
    /// The values.
    pub values: Vec<f64>,
}

/// What the figures of `modulation` are of.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Modulated {
    /// Envelope about its mean, in per cent of it.
    pub am_percent: Course,
    /// Frequency about its mean, in hertz.
    pub fm_hz: Course,
    /// The symbols, where a symbol rate was given.
    pub symbols: Option<ModulatedSymbols>,
}

/// Decided symbols; I and Q in units of the symbols' rms.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModulatedSymbols {
    /// As they came, without gain, phase, frequency and offset.
    pub received: Vec<[f64; 2]>,
    /// Where they can lie.
    pub places: Vec<[f64; 2]>,
    /// Error of each over the symbols' rms, in per cent, one after another.
    pub error_percent: Course,
}

/// Demodulates as the measurement does with the same settings, and keeps what it measured.
///
/// # Errors
/// As for the measurement.
pub fn modulated(record: &dyn Record, settings: &Settings) -> Result<Modulated, MeasureError> {
    let taken = Taken::of(record, settings)?;
    let channel = &taken.channel;
    let percent = |values: &[f64]| values.iter().map(|v| 100.0 * v).collect();
    let late = Courses::FM_FIRST as f64 / channel.rate_hz;
    let symbols = taken.vector.as_ref().map(|v| ModulatedSymbols {
        received: v.symbols.received.iter().map(|z| [z.re, z.im]).collect(),
        places: v.constellation.places().iter().map(|z| [z.re, z.im]).collect(),
        error_percent: Course { start_s: channel.start_s, rate_hz: v.rate_hz, values: percent(&v.symbols.error) },
    });
    Ok(Modulated {
        am_percent: Course { start_s: channel.start_s, rate_hz: channel.rate_hz, values: percent(&taken.courses.am) },
        fm_hz: Course { start_s: channel.start_s + late, rate_hz: channel.rate_hz, values: taken.courses.fm },
        symbols,
    })
}
