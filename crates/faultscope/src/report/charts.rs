//! The pictures of a report: those of each result with its limits, and those before and after a repair in one.

use faultscope_capture::{Capture, Trace};
use faultscope_diagnose::Finding;
use faultscope_report::picture::{Chart as _, HarmonicBars, Marker, Size, SpectrumChart, WaveformChart};
use faultscope_report::words::{Lang, fill, word};
use faultscope_report::{Figure, Pair};
use faultscope_signal::{Kind, SpectrumSettings, Window, spectrum as spectra};

use crate::cases::base_name;
use crate::{CaptureResult, Class, Error, picture};

/// The charts of one result, not yet laid out.
#[derive(Default)]
pub(super) struct Charts {
    name: String,
    waveform: Option<WaveformChart>,
    cycles: Option<WaveformChart>,
    lines: Option<HarmonicBars>,
    judged: Option<HarmonicBars>,
    spectrum: Option<SpectrumChart>,
    emissions: Option<SpectrumChart>,
}

impl Charts {
    /// Every chart that fits the result. `say` is applied to every name before it is drawn, because a picture cuts long
    /// ones short.
    pub(super) fn of(
        capture: &Capture,
        result: &CaptureResult,
        findings: &[Finding],
        say: &dyn Fn(&str) -> String,
        lang: Lang,
    ) -> Result<Self, Error> {
        let name = say(&base_name(&result.file));
        let mut charts = Self { name: name.clone(), ..Self::default() };
        let Some(trace) = capture.main_trace() else { return Ok(charts) };
        if trace.kind == Kind::Real {
            charts.waveform = Some(picture::judged_waveform(trace, result, findings, &name, lang)?);
            if let Some(cycles) = some_cycles(trace, result) {
                charts.cycles = Some(picture::judged_waveform(&cycles, result, findings, &name, lang)?);
            }
        }
        if let Some(detail) = &result.ripple {
            charts.judged = picture::judged_bars(findings, &name, lang);
            charts.lines = picture::ripple_bars(detail, &name, trace.unit, lang);
        }
        if let Some(detail) = &result.spurs {
            let fft = 8192.min(usize::try_from(trace.frames).unwrap_or(8192));
            let settings = SpectrumSettings { fft, window: Window::BlackmanHarris, overlap: 0.5 };
            let spectrum =
                spectra::average(trace, settings).map_err(|e| Error::new(Class::Input, "io", e.message, ""))?;
            charts.spectrum = Some(picture::spurs_chart(&spectrum, detail, findings, &name, lang));
        }
        charts.emissions = result.emissions.as_ref().and_then(|d| picture::emissions_chart(d, &name, lang));
        Ok(charts)
    }

    /// Lays them out.
    pub(super) fn figures(&self, lang: Lang) -> Vec<Figure> {
        let size = Size::default();
        let figure = |key: &str, drawing| Figure { caption: fill(lang, key, &[("name", &self.name)]), drawing };
        let all = [
            self.waveform.as_ref().map(|c| figure("figure.waveform", c.draw(size))),
            self.cycles.as_ref().map(|c| figure("figure.cycles", c.draw(size))),
            self.judged.as_ref().map(|c| figure("figure.limits", c.draw(size))),
            self.lines.as_ref().map(|c| figure("figure.lines", c.draw(size))),
            self.spectrum.as_ref().map(|c| figure("figure.spectrum", c.draw(size))),
            self.emissions.as_ref().map(|c| figure("figure.emissions", c.draw(size))),
        ];
        all.into_iter().flatten().collect()
    }
}

/// Both sides of each pair in one picture, where both have one of the same kind; with the place of the section before.
pub(super) fn overlays(
    pairs: &[Pair],
    charts: &[Charts],
    size: Size,
    say: &dyn Fn(&str) -> String,
    lang: Lang,
) -> Vec<(usize, Figure)> {
    let one = |pair: &Pair| {
        let (before, after) = (charts.get(pair.before)?, charts.get(pair.after)?);
        let subject = say(&pair.subject);
        let waves = [&before.cycles, &before.waveform].into_iter().zip([&after.cycles, &after.waveform]);
        let wave = waves.filter_map(|(b, a)| Some(over_time(b.as_ref()?, a.as_ref()?, &subject, lang))).next();
        let spectrum = || Some(over_frequency(before.spectrum.as_ref()?, after.spectrum.as_ref()?, &subject, lang));
        let drawing = wave.map(|c| c.draw(size)).or_else(|| spectrum().map(|c| c.draw(size)))?;
        Some((pair.before, Figure { caption: fill(lang, "figure.overlay", &[("name", &subject)]), drawing }))
    };
    pairs.iter().filter_map(one).collect()
}

/// The later record on top of the earlier one, because a repair makes it the smaller; the limits are those of the later.
fn over_time(before: &WaveformChart, after: &WaveformChart, title: &str, lang: Lang) -> WaveformChart {
    let named = |chart: &WaveformChart, key: &str| {
        let traces = chart.traces.iter().cloned();
        traces.map(|t| faultscope_report::picture::WaveformTrace { name: word(lang, key).into(), ..t }).collect()
    };
    let mut traces: Vec<_> = named(after, "chart.after");
    traces.extend::<Vec<_>>(named(before, "chart.before"));
    WaveformChart { title: title.to_owned(), traces, ..after.clone() }
}

fn over_frequency(before: &SpectrumChart, after: &SpectrumChart, title: &str, lang: Lang) -> SpectrumChart {
    let named = |chart: &SpectrumChart, key: &str| {
        let first = chart.traces.first().cloned().unwrap_or_default();
        faultscope_report::picture::Trace { name: word(lang, key).into(), ..first }
    };
    let traces = vec![named(after, "chart.after"), named(before, "chart.before")];
    // Two sets of labels would hide the curves; the carrier stays, so that limits on spurs do not bind it.
    let markers = after.markers.iter().map(|m| Marker { label: String::new(), ..m.clone() }).collect();
    SpectrumChart { title: title.to_owned(), traces, markers, ..after.clone() }
}

/// The first six cycles of the mains, when the record is so long that its waveform shows as a block.
fn some_cycles(trace: &Trace, result: &CaptureResult) -> Option<Trace> {
    const CYCLES: f64 = 6.0;
    let mains = result.ripple.as_ref()?.mains.as_ref()?;
    let frames = (CYCLES / mains.fundamental_hz * trace.sample_rate_hz).ceil() as u64;
    (frames * 3 < trace.frames).then(|| Trace { frames, ..trace.clone() })
}
