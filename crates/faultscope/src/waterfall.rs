//! The verb "waterfall": levels over time and frequency of a capture of any length, as a picture.

use std::path::{Path, PathBuf};

use faultscope_diagnose::measurement::Settings;
use faultscope_report::picture::{Chart as _, Size, WaterfallChart};
use faultscope_report::words::{Lang, fill};
use faultscope_report::write_file;
use faultscope_signal::spectrum::Precision;
use faultscope_signal::waterfall::{Waterfall, WaterfallSettings, waterfall as compute};
use faultscope_signal::{Record as _, SpectrumSettings, Unit, Window};

use crate::analyse::OVERVIEW;
use crate::opened::Opened;
use crate::picture::numbered;
use crate::result::{WaterfallDetail, WaterfallPeak};
use crate::spectrum::{Asked, stop_error};
use crate::{CaptureResult, Class, Error, Request, Watch};

/// Points of a transform where the request does not say: about as many as a picture is wide.
const FFT: usize = 1024;
/// Fewer transforms a row than this overlap where the request does not say.
const FEW: u64 = 4;
/// Rows where the request does not say: a little more than a picture is high.
pub const ROWS: usize = 1000;

/// Where a waterfall goes, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaterfallOutput {
    path: PathBuf,
    vector: bool,
}

impl WaterfallOutput {
    /// An output file.
    ///
    /// # Errors
    /// When the extension is neither of the forms.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "png" => Ok(Self { path: path.to_owned(), vector: false }),
            "svg" => Ok(Self { path: path.to_owned(), vector: true }),
            _ => {
                let message = format!("the name does not say what to draw: {}", path.display());
                Err(Error::usage(message, "end it in .png or .svg"))
            }
        }
    }

    /// The same with a number in its name, for batches.
    #[must_use]
    pub fn numbered(&self, n: usize) -> Self {
        Self { path: numbered(&self.path, n), vector: self.vector }
    }

    /// Draws and writes.
    fn write(&self, chart: &WaterfallChart) -> Result<(), Error> {
        let bytes = if self.vector {
            chart.svg(Size::default())?.as_str().as_bytes().to_vec()
        } else {
            chart.png(Size::default())?
        };
        Ok(write_file(&self.path, &bytes)?)
    }
}

/// Draws the waterfall of one capture: one pass, memory that does not grow with the file.
///
/// The request's transform length (1024), window (Hann) and overlap (half for short captures, else none) hold; `rows` is at most how many lines of
/// time the picture has, each the mean of all transforms that fall into it.
///
/// # Errors
/// When the capture cannot be opened or read, is shorter than one transform, or the file cannot be written.
pub fn waterfall(
    file: &Path,
    request: &Request,
    rows: usize,
    output: Option<&WaterfallOutput>,
    watch: &dyn Watch,
) -> Result<CaptureResult, Error> {
    let mut opened = Opened::new(file, request, watch)?;
    let settings = settings(&request.settings, rows, opened.trace()?.frames)?;
    opened.scan(OVERVIEW)?;
    let trace = opened.trace()?;
    let made = compute(&opened.record()?, settings, &Asked(watch)).map_err(stop_error)?;
    let mut result = opened.result()?;
    result.quality = opened.gates();
    let used = settings.spectrum;
    result.settings.measurement = Some(Settings {
        fft: Some(used.fft),
        window: Some(used.window),
        overlap: Some(used.overlap),
        ..request.settings.clone()
    });
    let mut detail = detail(&made);
    if let Some(output) = output {
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        output.write(&chart(&made, &name, trace.duration_s(), request.lang))?;
        detail.output = Some(output.path.display().to_string());
    }
    result.waterfall = Some(detail);
    Ok(result)
}

pub(crate) fn settings(settings: &Settings, rows: usize, frames: u64) -> Result<WaterfallSettings, Error> {
    let room = usize::try_from(frames).unwrap_or(usize::MAX);
    // A short record gets shorter transforms, so that there is some time to see.
    let fft = settings.fft.unwrap_or_else(|| FFT.min((room / 64).max(64)).min(room));
    if fft < 2 || fft > room {
        let message = format!("a transform of {fft} points does not fit a record of {frames} samples");
        return Err(Error::new(Class::Input, "too_short", message, "take a longer record, or --fft with fewer points"));
    }
    // With few transforms a row, those that overlap catch what falls between two others; with many they only cost.
    let few = frames / (fft as u64) < FEW * rows as u64;
    let overlap = settings.overlap.unwrap_or(if few { 0.5 } else { 0.0 });
    if !(0.0..1.0).contains(&overlap) {
        return Err(Error::usage(format!("an overlap of {overlap} is not from 0 to below 1"), "--overlap 0.5"));
    }
    Ok(WaterfallSettings {
        spectrum: SpectrumSettings { fft, window: settings.window.unwrap_or(Window::Hann), overlap },
        rows,
        segments_per_row: None,
        precision: Precision::F32,
        threads: settings.threads,
    })
}

fn span_s(made: &Waterfall) -> f64 {
    made.start_s.last().copied().unwrap_or(0.0) + made.covered_s.last().copied().unwrap_or(0.0)
}

fn detail(made: &Waterfall) -> WaterfallDetail {
    let frame = &made.frame;
    let finite = || made.level_db.indexed_iter().filter(|(_, v)| v.is_finite());
    let lowest = finite().map(|(_, v)| *v).fold(f32::INFINITY, f32::min);
    let peak = finite().max_by(|a, b| a.1.total_cmp(b.1)).map(|((row, bin), level)| WaterfallPeak {
        frequency_hz: frame.frequency_hz(bin as f64),
        start_s: made.start_s.get(row).copied().unwrap_or(0.0),
        level_db: f64::from(*level),
    });
    let (rows, columns) = made.level_db.dim();
    WaterfallDetail {
        fft: frame.settings.fft,
        window: frame.settings.window,
        overlap: frame.settings.overlap,
        segments: frame.segments,
        rbw_hz: frame.rbw_hz(),
        start_hz: frame.frequency_hz(0.0),
        step_hz: frame.bin_hz(),
        columns,
        rows,
        row_s: span_s(made) / rows.max(1) as f64,
        level_unit: frame.level_unit(),
        lowest_db: f64::from(lowest).is_finite().then_some(f64::from(lowest)),
        peak,
        output: None,
    }
}

fn chart(made: &Waterfall, title: &str, duration_s: f64, lang: Lang) -> WaterfallChart {
    let frame = &made.frame;
    let (rows, columns) = made.level_db.dim();
    let row_s = faultscope_report::compact(span_s(made) / rows.max(1) as f64, Unit::Second);
    let window = frame.settings.window.to_string();
    let note = fill(lang, "chart.rows", &[("window", &window), ("time", &row_s)]);
    WaterfallChart {
        lang,
        title: title.to_owned(),
        note: format!("RBW {} · {note}", faultscope_report::compact(frame.rbw_hz(), Unit::Hertz)),
        unit: frame.level_unit(),
        range_hz: (frame.frequency_hz(-0.5), frame.frequency_hz(columns as f64 - 0.5)),
        range_s: (0.0, span_s(made).min(duration_s)),
        center_hz: frame.center_hz,
        columns,
        levels: made.level_db.iter().copied().collect(),
        range_db: None,
    }
}
