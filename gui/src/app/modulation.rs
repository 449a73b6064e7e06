//! What a capture's modulation is measured by, as it is typed and as it is used, and the picture of what was measured.

use std::sync::Arc;

use faultscope_door::diagnose::measurement::ModulationSettings;
use faultscope_door::signal::Unit;
use faultscope_door::signal::evm::Constellation;
use faultscope_door::view::ModulationView;
use faultscope_door::{CaptureResult, Error, limits};

use super::apply::measure;
use super::{Job, Notice, State};
use crate::words::Word;
use crate::worker::{CaptureJob, Workers};

/// The settings of the measurement as they are typed; nothing typed is nothing said.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Typed {
    /// Frequency that the carrier should have.
    pub(crate) nominal: String,
    /// Symbol rate.
    pub(crate) symbol_rate: String,
    /// Constellation.
    pub(crate) constellation: Option<Constellation>,
    /// Roll-off.
    pub(crate) rolloff: String,
}

impl Typed {
    /// As the measurement takes it.
    fn settings(&self) -> Result<ModulationSettings, Error> {
        let read = |text: &str, unit: Unit| match text.trim() {
            "" => Ok(None),
            text => limits::quantity(text, unit).map(Some),
        };
        Ok(ModulationSettings {
            nominal_hz: read(&self.nominal, Unit::Hertz)?,
            symbol_rate_hz: read(&self.symbol_rate, Unit::Hertz)?,
            constellation: self.constellation,
            rolloff: read(&self.rolloff, Unit::One)?,
            ..ModulationSettings::default()
        })
    }
}

/// The picture, or why there is none.
pub(crate) type Picture = Result<Arc<ModulationView>, Error>;

/// What is known of the modulation of a capture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Modulation {
    /// What is typed.
    pub(crate) typed: Typed,
    /// What it is measured by.
    pub(crate) used: Option<ModulationSettings>,
    /// The picture, and of which result it is.
    drawn: Option<(Arc<CaptureResult>, Picture)>,
    /// The result whose picture was last asked for.
    asked: Option<Arc<CaptureResult>>,
}

impl Modulation {
    /// The picture of this result.
    pub(crate) fn picture(&self, of: &Arc<CaptureResult>) -> Option<&Picture> {
        self.drawn.as_ref().filter(|(result, _)| Arc::ptr_eq(result, of)).map(|(_, picture)| picture)
    }

    /// Takes a picture in.
    pub(super) fn take(&mut self, of: Arc<CaptureResult>, picture: Result<Box<ModulationView>, Error>) {
        self.drawn = Some((of, picture.map(Arc::from)));
    }
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    /// Settings were typed.
    Type(Typed),
    /// Measure by what is typed.
    Measure,
    /// Draw what was measured.
    Draw,
}

/// Does it, for the present capture.
pub(super) fn apply(state: &mut State, workers: &mut Workers, ask: Ask) {
    let Some(id) = state.present else { return };
    match ask {
        Ask::Type(typed) => state.capture_mut(id).into_iter().for_each(|c| c.modulation.typed = typed.clone()),
        Ask::Measure => {
            let Some(capture) = state.capture_mut(id) else { return };
            match capture.modulation.typed.settings() {
                Ok(settings) => {
                    capture.modulation.used = Some(settings);
                    capture.by = Some("modulation");
                    measure(state, workers, id);
                }
                Err(error) => state.notice = Some(Notice::Failed(error)),
            }
        }
        Ask::Draw => draw(state, workers),
    }
}

/// Asks for the picture of the present result, once.
fn draw(state: &mut State, workers: &mut Workers) {
    let Some(capture) = state.present.and_then(|id| state.capture_mut(id)) else { return };
    let (Some(viewer), Some(result)) = (capture.viewer.clone(), capture.result.clone()) else { return };
    if capture.modulation.asked.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, &result)) {
        return;
    }
    capture.modulation.asked = Some(Arc::clone(&result));
    let (id, name) = (capture.id, capture.name.clone());
    let (job, progress) = workers.capture(CaptureJob::Modulation { id, viewer, result });
    state.jobs.push(Job { id: job, what: Word::Modulation, name, capture: None, progress });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_settings_and_what_is_no_number_is_refused() {
        let typed = Typed {
            nominal: "940.0375 M".into(),
            symbol_rate: "31.25k".into(),
            constellation: Some(Constellation::Qpsk),
            rolloff: String::new(),
        };
        let settings = typed.settings().unwrap();
        assert_eq!((settings.nominal_hz, settings.symbol_rate_hz), (Some(940.0375e6), Some(31_250.0)));
        assert_eq!((settings.constellation, settings.rolloff), (Some(Constellation::Qpsk), None));
        assert!(Typed { rolloff: "wide".into(), ..typed }.settings().is_err());
        assert_eq!(Typed::default().settings().unwrap(), ModulationSettings::default());
    }
}
