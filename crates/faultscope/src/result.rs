//! The results as other programs see them: the envelope and its captures, in the shape of the published contract.

use faultscope_capture::{Caveat, Digest, FieldOrigin, OpenOptions};
use faultscope_diagnose::compare::Comparison;
use faultscope_diagnose::measurement::{
    ChannelDetail, EmissionsDetail, ModulationDetail, PhaseNoiseDetail, RippleDetail, Settings, SpursDetail,
    TransitionDetail,
};
use faultscope_diagnose::{Cause, Examined, Finding, Gate, GateState, LimitSet, Reading, Verdict};
use faultscope_signal::{Unit, Window};
use serde::{Deserialize, Serialize};

use crate::error::{Class, Error};

/// Name and version of the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ToolInfo {
    /// Always `faultscope`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Default for ToolInfo {
    fn default() -> Self {
        Self { name: "faultscope".into(), version: crate::VERSION.into() }
    }
}

/// The envelope of every analysis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Envelope {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The program.
    pub tool: ToolInfo,
    /// The worst verdict; `null` when no limit was asked for and no gate closed, so that silence is never green.
    pub verdict: Option<Verdict>,
    /// One result a capture, in the order given.
    pub captures: Vec<CaptureResult>,
}

impl Envelope {
    /// Wraps results.
    #[must_use]
    pub fn new(command: &str, captures: Vec<CaptureResult>) -> Self {
        // `info` says what a capture is, its closed gates included, and judges nothing by them: to open is all it was asked.
        let judged = captures.iter().filter(|_| command != "info");
        let verdict = Verdict::worst(judged.filter_map(CaptureResult::verdict));
        Self { schema: "faultscope/1".into(), command: command.into(), tool: ToolInfo::default(), verdict, captures }
    }

    /// The exit code of the contract: usage errors win when nothing was analysed, then fail, then doubt.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let errors: Vec<&InputError> = self.captures.iter().filter_map(|c| c.error.as_ref()).collect();
        let analysed = errors.len() < self.captures.len();
        if errors.iter().any(|e| e.class == Some(Class::Interrupted)) {
            return Class::Interrupted.exit_code();
        }
        if !analysed && errors.iter().any(|e| e.class == Some(Class::Usage)) {
            return Class::Usage.exit_code();
        }
        match self.verdict {
            Some(Verdict::Fail) => 1,
            Some(Verdict::Invalid | Verdict::NotEvaluated) => 3,
            _ if !errors.is_empty() => 3,
            _ => 0,
        }
    }
}

/// Why an input could not be analysed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InputError {
    /// Machine-readable kind.
    pub kind: String,
    /// What and where.
    pub message: String,
    /// What to do next.
    pub hint: String,
    /// Exit-code class; not part of the output.
    #[serde(skip)]
    pub class: Option<Class>,
}

impl From<Error> for InputError {
    fn from(error: Error) -> Self {
        Self { kind: error.kind, message: error.message, hint: error.hint, class: Some(error.class) }
    }
}

/// Everything needed to compute a result again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResultSettings {
    /// How the capture was opened.
    pub open: OpenOptions,
    /// The channel analysed.
    pub channel: Option<String>,
    /// Measurement settings, choices filled in.
    pub measurement: Option<Settings>,
    /// Measurement settings as they were asked for, where choices were filled in: what was left open is chosen by the record, and
    /// chosen the same again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<Box<Settings>>,
    /// What `spectrum` was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spectrum: Option<crate::SpectrumOptions>,
    /// Limit packs, as `id@version`.
    pub limit_packs: Vec<String>,
    /// Version of the diagnosis rules.
    pub rules_version: Option<String>,
    /// Texts of the user's own packs among them, to be kept where the result is; no part of the output.
    #[serde(skip)]
    pub own_packs: Vec<OwnPack>,
}

/// A limit pack that does not ship with the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPack {
    /// Its id.
    pub id: String,
    /// The file as it was read.
    pub text: String,
}

impl OwnPack {
    /// Those of a list of packs.
    #[must_use]
    pub fn of(packs: &[LimitSet]) -> Vec<Self> {
        packs.iter().filter_map(|p| Some(Self { id: p.pack.id.clone(), text: p.text.clone()? })).collect()
    }
}

/// One channel of a capture, as `info` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Channel {
    /// Name.
    pub name: String,
    /// `real` or `iq`.
    pub kind: String,
    /// Unit of its values.
    pub unit: String,
    /// Smallest value; `null` when there is none.
    pub min: Option<f64>,
    /// Largest value; `null` when there is none.
    pub max: Option<f64>,
}

/// A spectrum that a file holds instead of samples, as `info` lists it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpectrumInfo {
    /// Name; may be empty.
    pub name: String,
    /// Lower end of the span.
    pub start_hz: f64,
    /// Upper end of the span.
    pub stop_hz: f64,
    /// Points.
    pub points: usize,
    /// Distance between points; `null` where it is not the same everywhere.
    pub step_hz: Option<f64>,
    /// Resolution bandwidth; `null` where the file does not state it.
    pub rbw_hz: Option<f64>,
    /// Unit of the levels.
    pub level_unit: Unit,
    /// Lowest level of the average; `null` when there is none.
    pub min_db: Option<f64>,
    /// Highest level of the average; `null` when there is none.
    pub max_db: Option<f64>,
    /// Sweeps in the file.
    pub sweeps: u64,
    /// Time of the first sweep as the file prints it.
    pub first_time: Option<String>,
    /// Time of the last sweep as the file prints it.
    pub last_time: Option<String>,
}

/// A spectrum, as `spectrum` adds it to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpectrumDetail {
    /// Transform length; `null` where the file holds a spectrum.
    pub fft: Option<usize>,
    /// Window; `null` where the file holds a spectrum.
    pub window: Option<Window>,
    /// Overlap; `null` where the file holds a spectrum.
    pub overlap: Option<f64>,
    /// Segments averaged; `null` where the file holds a spectrum.
    pub segments: Option<u64>,
    /// Sweeps averaged, where the file holds a spectrum.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sweeps: Option<u64>,
    /// Resolution bandwidth (equivalent noise bandwidth of one bin); `null` where a file with a spectrum does not state it.
    pub rbw_hz: Option<f64>,
    /// Frequency of the first point, absolute where the capture has a centre.
    pub start_hz: f64,
    /// Distance between points; `null` where it is not the same everywhere.
    pub step_hz: Option<f64>,
    /// All frequencies, where the distance is not the same everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub frequency_hz: Vec<f64>,
    /// Unit of the levels.
    pub level_unit: Unit,
    /// The strongest point.
    pub peak: SpectrumPeak,
    /// The traces.
    pub traces: Vec<SpectrumTrace>,
    /// The histogram of levels, where asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub persistence: Option<PersistenceDetail>,
}

/// How often each level occurred at each point of a spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PersistenceDetail {
    /// Lower edge of the first level cell.
    pub bottom_db: f64,
    /// Height of a cell. The outermost cells also hold whatever lies beyond the scale.
    pub cell_db: f64,
    /// Segments per point and level cell, from the bottom up.
    pub counts: Vec<Vec<u32>>,
}

/// A waterfall, as `waterfall` adds it to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaterfallDetail {
    /// Transform length.
    pub fft: usize,
    /// Window.
    pub window: Window,
    /// Overlap.
    pub overlap: f64,
    /// Transforms in the whole picture.
    pub segments: u64,
    /// Resolution bandwidth (equivalent noise bandwidth of one bin).
    pub rbw_hz: f64,
    /// Frequency of the first column, absolute where the capture has a centre.
    pub start_hz: f64,
    /// Distance between columns.
    pub step_hz: f64,
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Time from one row to the next.
    pub row_s: f64,
    /// Unit of the levels.
    pub level_unit: Unit,
    /// Lowest level of any row and column.
    pub lowest_db: Option<f64>,
    /// Where and when the highest level occurred.
    pub peak: Option<WaterfallPeak>,
    /// The picture that was written.
    pub output: Option<String>,
}

/// The highest level of a waterfall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WaterfallPeak {
    /// Its frequency.
    pub frequency_hz: f64,
    /// Beginning of its row, from the first sample.
    pub start_s: f64,
    /// Its level.
    pub level_db: f64,
}

/// The strongest point of a spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpectrumPeak {
    /// Its frequency.
    pub frequency_hz: f64,
    /// Its level.
    pub level_db: Option<f64>,
}

/// One trace of a spectrum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SpectrumTrace {
    /// `average`, `max`, `min`, `p50` ...
    pub name: String,
    /// Levels; `null` where there is no power at all.
    pub level_db: Vec<Option<f64>>,
}

/// The result of one capture.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CaptureResult {
    /// The file, as given.
    pub file: String,
    /// SHA-256 of the file that holds the samples.
    pub sha256: Option<Digest>,
    /// `sigmf/cf32_le`, `wav/pcm16` ...
    pub format: Option<String>,
    /// Sample rate.
    pub sample_rate_hz: Option<f64>,
    /// Centre frequency, where known.
    pub center_hz: Option<f64>,
    /// Frames analysed.
    pub samples: Option<u64>,
    /// Their length.
    pub duration_s: Option<f64>,
    /// RFC 3339 time of the first sample, where the file states it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recorded_at: Option<String>,
    /// `dbfs`, `dbm`, `v`, `a`.
    pub unit: Option<String>,
    /// Quality gates.
    pub quality: Vec<Gate>,
    /// Everything needed to compute the same again.
    pub settings: ResultSettings,
    /// Readings.
    pub readings: Vec<Reading>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Probable causes by all readings and findings together, likeliest first, the set-up before the unit; they need no
    /// limits, and are no verdict.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub causes: Vec<Cause>,
    /// Why it could not be analysed.
    pub error: Option<InputError>,
    /// What `info` adds: where each field came from.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub origins: Vec<FieldOrigin>,
    /// What `info` adds: reasons to trust less.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub caveats: Vec<Caveat>,
    /// What `info` adds: the channels.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub channels: Vec<Channel>,
    /// What `info` adds: the spectra that a file holds instead of samples.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub spectra: Vec<SpectrumInfo>,
    /// What `info` adds: instrument, time and description, where the file states them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provenance: Option<ProvenanceInfo>,
    /// What `spectrum` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spectrum: Option<SpectrumDetail>,
    /// What `waterfall` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub waterfall: Option<WaterfallDetail>,
    /// What `transition` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub transition: Option<TransitionDetail>,
    /// What `spurs` adds.
    #[serde(flatten)]
    pub spurs: Option<SpursDetail>,
    /// What `ripple` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ripple: Option<RippleDetail>,
    /// What `channel` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub channel: Option<ChannelDetail>,
    /// What `emissions` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub emissions: Option<EmissionsDetail>,
    /// What `modulation` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modulation: Option<ModulationDetail>,
    /// What `phase-noise` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub phase_noise: Option<PhaseNoiseDetail>,
    /// What `compare` adds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comparison: Option<Comparison>,
    /// What was found between a supply and this capture in one case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub link: Option<Box<crate::cases::CaseLink>>,
}

/// Instrument, time and description of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProvenanceInfo {
    /// RFC 3339 time of the first sample.
    pub start_time: Option<String>,
    /// Instrument or recorder.
    pub instrument: Option<String>,
    /// Free text.
    pub description: Option<String>,
}

impl CaptureResult {
    /// The result of an input that could not be analysed.
    #[must_use]
    pub fn failed(file: &str, error: Error) -> Self {
        Self { file: file.to_owned(), error: Some(error.at(file).into()), ..Self::default() }
    }

    /// What rules look at; nothing where nothing was measured.
    #[must_use]
    pub fn examined(&self) -> Option<Examined<'_>> {
        let measurement = match self {
            Self { link: Some(_), .. } => "link",
            Self { ripple: Some(_), .. } => "ripple",
            Self { spurs: Some(_), .. } => "spurs",
            Self { channel: Some(_), .. } => "channel",
            Self { modulation: Some(_), .. } => "modulation",
            Self { transition: Some(_), .. } => "transition",
            Self { phase_noise: Some(_), .. } => "phase-noise",
            _ => return None,
        };
        Some(Examined {
            capture: &self.file,
            measurement,
            readings: &self.readings,
            gates: &self.quality,
            spurs: self.spurs.as_ref().map_or(&[], |s| &s.spurs),
            findings: &self.findings,
        })
    }

    /// The worst verdict of this capture: of its findings, or `invalid` when a gate closed.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let gate = self.quality.iter().any(|g| g.state == GateState::Fail).then_some(Verdict::Invalid);
        Verdict::worst(self.findings.iter().map(|f| f.verdict).chain(gate))
    }
}
