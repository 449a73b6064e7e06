//! One open capture: where it comes from, what is drawn and measured of it, and what it is held against.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use faultscope_door::compare::Curves;
use faultscope_door::diagnose::compare::Comparison;
use faultscope_door::view::{Envelope, Facts, Viewer};
use faultscope_door::{CaptureResult, Error};

use super::dossier::Similar;
use super::modulation::Modulation;
use crate::plot::{Density, Levels, Still};

/// Number of a capture in this session.
pub(crate) type CaptureId = u64;

/// Where a capture comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    File(PathBuf),
    /// A `sim:` address.
    Simulated(String),
}

impl Source {
    /// What opens it again.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Simulated(address) => address.clone(),
        }
    }

    /// The name in the list.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => file_name(path),
            Self::Simulated(address) => address.clone(),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned())
}

/// What captures are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// Another open capture.
    Capture(CaptureId),
    /// A reference of good units, by its file.
    Reference(PathBuf),
}

/// A capture held against a baseline.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    /// The differences.
    pub(crate) comparison: Comparison,
    /// The curves.
    pub(crate) curves: Curves,
    /// Whether the differences are judged: not between two captures.
    pub(crate) judged: bool,
}

/// One open capture.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    /// Its number.
    pub(crate) id: CaptureId,
    /// Its name in the list.
    pub(crate) name: String,
    /// What opens it again.
    pub(crate) address: String,
    /// Its file, once that is known.
    pub(crate) path: Option<PathBuf>,
    /// The open file.
    pub(crate) viewer: Option<Arc<Viewer>>,
    /// What is known without measuring.
    pub(crate) facts: Option<Facts>,
    /// The pictures show samples of the record; the whole is being read.
    pub(crate) glimpse: bool,
    /// The whole waveform.
    pub(crate) overview: Option<Arc<Envelope>>,
    /// A stretch of it, finer.
    pub(crate) detail: Option<Arc<Envelope>>,
    /// The stretch last asked for.
    pub(crate) asked: Option<((f64, f64), usize)>,
    /// The waterfall, and a number that changes with it.
    pub(crate) still: Option<Arc<Still>>,
    pub(crate) still_id: u64,
    /// How often each level occurred, and a number of its own.
    pub(crate) density: Option<Arc<Density>>,
    pub(crate) density_id: u64,
    /// Whether that was asked for.
    pub(crate) asked_density: bool,
    /// The stretch of the waterfall last asked for.
    pub(crate) asked_still: Option<((f64, f64), usize)>,
    /// Frequencies of the markers.
    pub(crate) markers: [Option<f64>; 2],
    /// The marked time.
    pub(crate) cursor_s: Option<f64>,
    /// The spectrum.
    pub(crate) levels: Option<Arc<Levels>>,
    /// The result, as the command line prints it.
    pub(crate) result: Option<Arc<CaptureResult>>,
    /// Whether it was measured, with or without a result.
    pub(crate) measured: bool,
    /// Its modulation.
    pub(crate) modulation: Modulation,
    /// The measurement chosen by hand.
    pub(crate) by: Option<&'static str>,
    /// What came of holding it against a baseline.
    pub(crate) compared: Option<(Baseline, Result<Arc<Compared>, Error>)>,
    /// The baseline last asked for.
    pub(crate) asked_baseline: Option<Baseline>,
    /// Closed cases that it resembles.
    pub(crate) similar: Option<Similar>,
    /// The result that they were last looked up for.
    pub(crate) asked_similar: Option<usize>,
    /// Whether it is attached to the open case as soon as it is measured.
    pub(crate) pinned: bool,
    /// Why it could not be opened or measured.
    pub(crate) error: Option<Error>,
    /// Ids or paths of the packs it is judged by.
    pub(crate) packs: Vec<String>,
    /// Range of the spectrum on the screen; everything when not given.
    pub(crate) spectrum_view: Option<(f64, f64)>,
    /// Range of the waveform on the screen; everything when not given.
    pub(crate) waveform_view: Option<(f64, f64)>,
}

impl Capture {
    /// A capture that is about to be opened.
    pub(crate) fn new(id: CaptureId, source: &Source, packs: Vec<String>) -> Self {
        Self {
            id,
            name: source.name(),
            address: source.address(),
            path: None,
            viewer: None,
            facts: None,
            glimpse: false,
            overview: None,
            detail: None,
            asked: None,
            still: None,
            still_id: 0,
            density: None,
            density_id: 0,
            asked_density: false,
            asked_still: None,
            markers: [None, None],
            cursor_s: None,
            levels: None,
            result: None,
            measured: false,
            modulation: Modulation::default(),
            by: None,
            compared: None,
            asked_baseline: None,
            similar: None,
            asked_similar: None,
            pinned: false,
            error: None,
            packs,
            spectrum_view: None,
            waveform_view: None,
        }
    }

    /// The measurement that is made of it.
    pub(crate) fn measurement(&self) -> Option<&'static str> {
        self.by.or_else(|| self.facts.as_ref().and_then(|f| f.measurement))
    }
}
