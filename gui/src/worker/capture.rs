//! Work on captures: opening, simulating, drawing, measuring.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::{self, Measure};
use faultscope_door::view::{Scratch, Viewer};
use faultscope_door::{Class, Error, Request};

use super::{CaptureJob, Message, Progress, StillJob, Voice, ZoomJob};
use crate::app::{CaptureId, Source};
use crate::plot::{Levels, Still};

/// The folder of simulated captures, made when the first one is asked for.
pub(super) type Temporary = Mutex<Option<Scratch>>;

/// Columns of the overview.
const OVERVIEW: usize = 4096;

/// Does one job.
pub(super) fn work(job: CaptureJob, progress: &Progress, voice: &Voice, scratch: &Temporary) {
    match job {
        CaptureJob::Open { id, source } => {
            if let Err(error) = open(id, &source, progress, voice, scratch) {
                voice.say(Message::Failed(id, error));
            }
        }
        CaptureJob::Measure { id, path, by, request } => {
            if let Err(error) = measure(id, &path, by, &request, progress, voice) {
                voice.say(Message::Failed(id, error));
            }
        }
        CaptureJob::Samples => {
            progress.begin(0);
            voice.say(Message::Samples(within(scratch, Scratch::samples)));
        }
    }
}

/// Draws one stretch of a waveform.
pub(super) fn zoom(job: ZoomJob, progress: &Progress, voice: &Voice) {
    // A picture that is not wanted any more, or cannot be drawn, leaves the coarser one on the screen.
    if let Ok(envelope) = job.viewer.waveform(job.range_s, job.columns, progress) {
        voice.say(Message::Zoomed(job.id, envelope));
    }
}

/// Draws a waterfall.
pub(super) fn waterfall(job: StillJob, progress: &Progress, voice: &Voice) {
    let (from, to) = job.range_s;
    let frames = ((to - from) * job.viewer.facts().sample_rate_hz).max(0.0) as u64;
    progress.begin(frames);
    match job.viewer.waterfall(job.range_s, job.rows, progress) {
        Ok(made) => voice.say(Message::Waterfall(job.id, Box::new(Still::of(&made)))),
        // Not wanted any more: another one is on its way.
        Err(error) if error.class == Class::Interrupted => {}
        Err(error) => voice.say(Message::DeskFailed(error)),
    }
}

fn within<T>(scratch: &Temporary, work: impl FnOnce(&Scratch) -> Result<T, Error>) -> Result<T, Error> {
    let mut place = scratch.lock().unwrap_or_else(PoisonError::into_inner);
    let made = match place.take() {
        Some(made) => made,
        None => Scratch::new()?,
    };
    work(place.insert(made))
}

fn open(id: CaptureId, source: &Source, progress: &Progress, voice: &Voice, scratch: &Temporary) -> Result<(), Error> {
    progress.begin(0);
    let path: PathBuf = match source {
        Source::File(path) => path.clone(),
        Source::Simulated(address) => within(scratch, |s| s.simulate(address))?,
    };
    let viewer = Arc::new(Viewer::open(&path, &OpenOptions::default())?);
    let facts = viewer.facts();
    let frames = facts.frames;
    voice.say(Message::Opened(id, path, Arc::clone(&viewer), facts));
    if let Some((overview, spectrum)) = viewer.glance(OVERVIEW, progress)? {
        voice.say(Message::Glimpsed(id, overview, Box::new(Levels::of(&spectrum))));
    }
    // The waveform reads every frame once, the spectrum with half overlap twice.
    progress.begin(frames.saturating_mul(3));
    let overview = viewer.waveform((0.0, f64::INFINITY), OVERVIEW, progress)?;
    let spectrum = viewer.spectrum(progress)?;
    voice.say(Message::Drawn(id, overview, Box::new(Levels::of(&spectrum))));
    Ok(())
}

fn measure(
    id: CaptureId,
    path: &Path,
    by: Option<&'static str>,
    request: &Request,
    progress: &Progress,
    voice: &Voice,
) -> Result<(), Error> {
    // A measurement reads the record as often as it needs to.
    progress.begin(0);
    let how = by.map_or(Measure::Auto, Measure::By);
    let (_, result) = cases::examine(path, how, request, progress)?;
    voice.say(Message::Measured(id, result.map(Box::new)));
    Ok(())
}
