//! Everything a panel can ask for.

use std::path::PathBuf;

use faultscope_door::paper::Lang;

use super::{Baseline, CaptureId, CaseCommand, Draft, Picture, RoundCommand, Screen, Source, Tab};
use super::{devices, modulation, single};
use crate::Look;
use crate::worker::JobId;

/// A text that is being typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Path of a capture.
    Path,
}

/// A picture that can be zoomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plot {
    /// The spectrum.
    Spectrum,
    /// The waveform.
    Waveform,
    /// The spectrum of the live source.
    Live,
}

/// What a panel asks for; `apply.rs` does it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Open a capture.
    Open(Source),
    /// Open what was typed into the path field.
    OpenTyped,
    /// Open the captures of the worked example.
    OpenSamples,
    /// Put the cursor into the path field.
    FocusPath,
    /// Connect to a live source.
    Connect(String),
    /// Show a live source that can be connected again.
    OfferLive(String),
    /// Connect to what was typed into the path field.
    ConnectTyped,
    /// Give the live source up.
    Disconnect,
    /// Fill the middle of the window with something else.
    Turn(Screen),
    /// Fill it with the capture or the live source that was there before.
    GoBack,
    /// Let the live pictures stand still, or go on.
    Pause(bool),
    /// Draw the highest levels, or no longer.
    Hold(bool),
    /// Begin the highest levels anew.
    ClearHold,
    /// Show what came so many seconds ago, or what comes now (zero).
    Back(f64),
    /// Begin the figures of the live readings anew.
    ClearTable,
    /// Judge the live source by a pack, or no longer.
    ToggleLivePack(String),
    /// Write the last seconds of the live source to a file, and open it.
    Pin,
    /// Show another capture.
    Select(CaptureId),
    /// Show the capture so many places further down the list.
    Step(isize),
    /// Close a capture.
    Close(CaptureId),
    /// Judge the present capture by a pack, or no longer.
    TogglePack(String),
    /// Measure a capture for the first time, now that its kind is known.
    MeasureFirst(CaptureId),
    /// Measure the present capture by this measurement.
    Measure(&'static str),
    /// Stop a job.
    Cancel(JobId),
    /// Stop all jobs.
    CancelAll,
    /// A text was typed.
    Type(Field, String),
    /// Show this range of a picture; everything when not given.
    View(Plot, Option<(f64, f64)>),
    /// Show another picture of the capture.
    Look(Picture),
    /// Draw the present waterfall between two times with so many rows.
    DrawWaterfall((f64, f64), usize),
    /// Put the first (0) or the second (1) marker to a frequency, or take it away.
    Marker(usize, Option<f64>),
    /// Draw the present spectrum with so many points of a transform.
    Resolve(usize),
    /// Draw the highest and the lowest levels of captures, or not.
    Holds(bool, bool),
    /// Draw how often each level occurred, or not.
    Persistence(bool),
    /// Compute that for the present capture.
    DrawPersistence,
    /// Hold captures against something else, or against nothing.
    Against(Option<Baseline>),
    /// Hold captures against the reference whose path was typed.
    AgainstTyped,
    /// Hold the present capture against the baseline.
    Compare,
    /// Make the trend over the open captures.
    DrawTrend,
    /// Follow a reading.
    Follow(String),
    /// Ask something of a live source that gives single records.
    Single(single::Ask),
    /// Do something about the list of devices.
    Devices(devices::Ask),
    /// Do something about the modulation of the present capture.
    Modulation(modulation::Ask),
    /// Mark a time in the pictures.
    Cursor(Option<f64>),
    /// Draw the present waveform between two times with so many columns.
    Detail((f64, f64), usize),
    /// Mark a frequency in the pictures.
    Mark(Option<f64>),
    /// Show another table.
    Show(Tab),
    /// Speak another language.
    Speak(Lang),
    /// Put another theme on.
    Wear(Look),
    /// Make everything larger (above zero), smaller, or as it was (zero).
    Scale(i8),
    /// Show or hide the keys.
    Help(bool),
    /// Type a limit on a reading; none when not given.
    Draft(Option<Draft>),
    /// Judge the present capture by the limit that is typed; with nothing typed the reading has none any more.
    SetLimit,
    /// Begin or show the procedure.
    Guide,
    /// Begin the procedure whose path was typed.
    GuideTyped,
    /// Give a capture a role in the procedure.
    Give(String, CaptureId),
    /// Take it away again.
    Ungive(String, CaptureId),
    /// Attach all that the procedure measured to the open case.
    AttachGuide,
    /// Connect to the source that was asked about, or leave it.
    Confirm(bool),
    /// Take the message away.
    Dismiss,
    /// Copy a text to the clipboard.
    Copy(String),
    /// Read the list of cases.
    ListCases,
    /// Something about the open case.
    Case(CaseCommand),
    /// Something about inspection rounds.
    Round(RoundCommand),
    /// Attach the present capture to the open case.
    Attach,
    /// Open what was pinned; with a case open it is attached to that when it is measured.
    OpenPinned(PathBuf),
    /// Attach a capture that was pinned.
    AttachPinned(CaptureId),
    /// Look up which closed cases the present capture resembles.
    LookUp,
}
