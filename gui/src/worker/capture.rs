//! Work on captures: opening, simulating, drawing, measuring.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use faultscope_door::capture::OpenOptions;
use faultscope_door::cases::{self, Measure};
use faultscope_door::check::{self, CheckDocument, CheckOptions, Plan, RoleOption};
use faultscope_door::compare::{self, Against, Curves};
use faultscope_door::diagnose::LimitSet;
use faultscope_door::paper::Lang;
use faultscope_door::trend::{self, Trend};
use faultscope_door::view::{Envelope, SPECTRUM_POINTS, Scratch, Viewer};
use faultscope_door::{CaptureResult, Class, Error, Request};

use super::{CaptureJob, Message, Progress, StillJob, Voice, ZoomJob};
use crate::app::{Baseline, CaptureId, Compared, Source};
use crate::plot::{Density, Levels, Still};

/// The folder of simulated captures, made when the first one is asked for.
pub(super) type Temporary = Mutex<Option<Scratch>>;

/// Columns of the overview: so many that a stretch which takes long to read anew is fine enough in it.
const OVERVIEW: usize = 32_768;
/// Columns of the first glance.
const GLANCE: usize = 4096;

/// Chance that a good capture shows any difference, as the command line has it.
const FALSE_ALARM: f64 = 0.05;

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
        CaptureJob::Resolve { id, viewer, points } => resolve(id, &viewer, points, progress, voice),
        CaptureJob::Persistence { id, viewer } => persistence(id, &viewer, progress, voice),
        CaptureJob::Modulation { id, viewer, result } => {
            progress.begin(0);
            let view = viewer.modulation(&result, progress).map(Box::new);
            voice.say(Message::Modulation(id, result, view));
        }
        CaptureJob::Compare { id, path, other, by, baseline } => {
            progress.begin(0);
            let judged = matches!(baseline, Baseline::Reference(_));
            let compared = compare(&path, &other, by, judged, progress);
            voice.say(Message::Compared(id, baseline, compared.map(Box::new)));
        }
        CaptureJob::Trend { of, measurement, results, packs } => {
            progress.begin(0);
            match trend(measurement, &results, packs) {
                Ok(trend) => voice.say(Message::Trend(of, Box::new(trend))),
                Err(error) => voice.say(Message::DeskFailed(error)),
            }
        }
        CaptureJob::Check { plan, given, lang, round } => {
            progress.begin(0);
            voice.say(Message::Checked(round, check(&plan, given, lang, progress).map(Box::new)));
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

fn compare(
    path: &Path,
    other: &Path,
    by: Option<&'static str>,
    judged: bool,
    progress: &Progress,
) -> Result<Compared, Error> {
    let request = Request::default();
    let against = if judged {
        Against::reference(compare::load(other)?, FALSE_ALARM)?
    } else {
        Against::capture(&compare::prepare(other, by, None, &request, progress)?, FALSE_ALARM)?
    };
    let prepared = compare::prepare(path, None, Some(&against.reference.setup), &request, progress)?;
    let comparison = against.compare(&prepared.profile);
    let curves = Curves::of(&against, &prepared.profile, &comparison);
    Ok(Compared { comparison, curves, judged })
}

fn check(plan: &Plan, given: Vec<(String, PathBuf)>, lang: Lang, progress: &Progress) -> Result<CheckDocument, Error> {
    let files: Vec<PathBuf> = given.iter().map(|(_, path)| path.clone()).collect();
    let roles =
        given.into_iter().map(|(role, path)| RoleOption { role, pattern: path.display().to_string() }).collect();
    // The interface keeps a core for itself.
    let options = CheckOptions { roles, jobs: 1, threads: 1, lang, ..CheckOptions::default() };
    Ok(check::check(plan, &files, &options, progress)?.document)
}

fn trend(measurement: &str, results: &[Arc<CaptureResult>], packs: Vec<LimitSet>) -> Result<Trend, Error> {
    let request = Request { packs, ..Request::default() };
    let measured = results.iter().map(|r| (r.as_ref().clone(), r.recorded_at.clone())).collect();
    Ok(trend::trend(measurement, measured, &request)?.trend)
}

/// Draws the spectrum in another resolution; half overlap reads every frame twice.
fn resolve(id: CaptureId, viewer: &Viewer, points: usize, progress: &Progress, voice: &Voice) {
    progress.begin(viewer.facts().frames.saturating_mul(2));
    match viewer.spectrum(points, progress) {
        Ok(made) => voice.say(Message::Resolved(id, Box::new(Levels::of(&made)))),
        // The spectrum that was there stays.
        Err(error) if error.class == Class::Interrupted => {}
        Err(error) => voice.say(Message::DeskFailed(error)),
    }
}

/// Draws how often each level occurred; half overlap reads every frame twice.
fn persistence(id: CaptureId, viewer: &Viewer, progress: &Progress, voice: &Voice) {
    progress.begin(viewer.facts().frames.saturating_mul(2));
    match viewer.persistence(progress) {
        Ok(made) => Density::of(&made).into_iter().for_each(|d| voice.say(Message::Persistence(id, Box::new(d)))),
        // The other pictures are there all the same.
        Err(error) if error.class == Class::Interrupted => {}
        Err(error) => voice.say(Message::DeskFailed(error)),
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
    if let Some(spectrum) = viewer.swept() {
        let levels = Levels::of_swept(spectrum);
        voice.say(Message::Drawn(id, Envelope::default(), Box::new(levels)));
        return Ok(());
    }
    if let Some((overview, spectrum)) = viewer.glance(GLANCE, progress)? {
        voice.say(Message::Glimpsed(id, overview, Box::new(Levels::of(&spectrum))));
    }
    // The waveform reads every frame once, the spectrum with half overlap twice.
    progress.begin(frames.saturating_mul(3));
    let overview = viewer.waveform((0.0, f64::INFINITY), OVERVIEW, progress)?;
    let spectrum = viewer.spectrum(SPECTRUM_POINTS, progress)?;
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
