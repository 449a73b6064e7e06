//! Rigol `.wfm` of the families DS1000B/C/D/E, DS1000Z, DS2000, DS4000 and DS6000.
//!
//! Rigol publishes no layout but for DS1000Z ("Waveform Storage Structure") and DS2000; the others are known from records
//! beside their CSV exports. `.bin` files of newer models have Keysight's layout (see `keysight`).

mod ds1000z;
mod early;
mod late;

use self::late::Family;
use super::scope::{self, Source};
use super::{Format, Match, Probe, frames};
use crate::{Capture, CaptureError, OpenOptions, Provenance, Trace};

/// Rigol oscilloscopes.
pub(super) struct Rigol;

impl Format for Rigol {
    fn id(&self) -> &'static str {
        "rigol"
    }
    fn describe(&self) -> &'static str {
        "Rigol .wfm of DS1000B/C/D/E, DS1000Z, DS2000, DS4000 and DS6000"
    }
    fn matches(&self, probe: &Probe) -> Match {
        // Four bytes, some of them as common in I/Q samples as any, are a signature only together with the name.
        match (Model::of(probe), probe.extension() == "wfm") {
            (Some(_), true) => Match::Certain,
            (None, true) => Match::Name,
            _ => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let (file, size) = frames::open_file(&probe.path)?;
        let mut source = Source::new(file, &probe.path, size);
        let model = Model::of(probe).ok_or_else(|| unknown(probe))?;
        let mut provenance = Provenance::default();
        let read = match model {
            Model::Early(model) => early::read(&mut source, model, options, &mut provenance),
            Model::Z => ds1000z::read(&mut source, options, &mut provenance),
            Model::Late(family) => late::read(&mut source, family, options, &mut provenance),
        }?;
        if read.traces.is_empty() {
            let hint = "switch on and save an analogue channel";
            return Err(CaptureError::unsupported(&probe.path, "no analogue channel is on in this file", hint));
        }
        scope::note(&mut provenance, "header", read.instrument, &read.traces);
        provenance.metadata = read.metadata;
        Ok(Capture {
            path: probe.path.clone(),
            files: vec![probe.path.clone()],
            format: format!("rigol/{}", model.name()),
            traces: read.traces,
            provenance,
            caveats: source.caveats,
            ..Capture::default()
        })
    }
}

/// A .wfm that is not read: DHO800 to DHO4000 begin with a two, and their layout is not published.
fn unknown(probe: &Probe) -> CaptureError {
    let dho = probe.head.starts_with(&[2, 0, 0, 0]);
    let (what, hint) = if dho {
        (
            "Rigol .wfm of a DHO instrument: its layout is not published",
            "save the waveform as .bin (Storage, format Binary) or as CSV on the instrument: both are read",
        )
    } else {
        (
            "the file begins like no Rigol .wfm that is known",
            "save it as CSV, or as .bin where the instrument can; .wfm of DS1000 to DS6000 are read",
        )
    };
    CaptureError::unsupported(&probe.path, what, hint)
}

/// What a reader of one family gives back.
struct Read {
    traces: Vec<Trace>,
    instrument: Option<String>,
    metadata: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Early(early::Model),
    Z,
    Late(Family),
}

impl Model {
    fn of(probe: &Probe) -> Option<Self> {
        match probe.head.get(..4)? {
            [0xa5, 0xa5, 0, 0] => Some(Self::Early(early::Model::E)),
            [0xa1, 0xa5, 0, 0] => Some(Self::Early(early::Model::C)),
            [0xa5, 0xa5, 0xa4, 1] => Some(Self::Early(early::Model::B)),
            [1, 0xff, 0xff, 0xff] => Some(Self::Z),
            [0xa5, 0xa5, 0x38, 0] => Family::of(&probe.head).map(Self::Late),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Early(model) => model.name(),
            Self::Z => "ds1000z",
            Self::Late(family) => family.name(),
        }
    }
}

/// Probe factors in the order in which DS1000Z and later number them.
fn probe_factor(code: u8) -> Option<f64> {
    const FACTORS: [f64; 16] =
        [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
    FACTORS.get(usize::from(code)).copied()
}

/// Units in the order in which DS1000Z and later number them; the last is "unknown".
fn unit(code: u8) -> Option<faultscope_signal::Unit> {
    use faultscope_signal::Unit;
    [Unit::Watt, Unit::Ampere, Unit::Volt].get(usize::from(code)).copied()
}

#[cfg(test)]
mod tests;
