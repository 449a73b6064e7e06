//! Ripple: a DC supply taken apart into drift, mains lines, switching lines, spikes, events and the random rest.

mod bands;
mod chance;
mod events;
mod mains;
mod report;
mod scan;
mod separate;
mod short;
mod signs;
mod slow;
mod spikes;
mod switching;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_short;
mod undisturbed;

use faultscope_capture::Caveat;
use faultscope_signal::lowpass::Decimated;
use faultscope_signal::{Kind, Record, RecordError, Spectrum};
use serde::{Deserialize, Serialize};

use self::scan::{Clean, Scan};
use self::separate::{Plan, Sums};
use self::switching::Floored;
use super::{Detail, MeasureError, Measured, Measurement, Settings};

/// One spectral line; `amplitude_v` is the peak of the sine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Line {
    /// Multiple of the family's fundamental.
    pub order: u32,
    /// Frequency.
    pub frequency_hz: f64,
    /// Peak of the sine.
    pub amplitude_v: f64,
    /// Its rms.
    pub rms_v: f64,
}

/// Rms in one band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Band {
    /// Name, as in `3.4k-150k`.
    pub name: String,
    /// Lower edge.
    pub low_hz: f64,
    /// Upper edge.
    pub high_hz: f64,
    /// Rms between the edges, as far as the record reaches; `null` when it does not reach the band at all.
    pub rms_v: Option<f64>,
    /// Whether the record's bandwidth covers the whole band.
    pub covered: bool,
}

/// The mains family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Mains {
    /// The mains frequency (the comb's spacing), 45 to 65 Hz, even when only even harmonics are there.
    pub fundamental_hz: f64,
    /// Rms of the whole family.
    pub rms_v: f64,
    /// Its lines above the noise.
    pub lines: Vec<Line>,
}

/// The switching family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Switching {
    /// The switching frequency.
    pub fundamental_hz: f64,
    /// Rms of the whole family.
    pub rms_v: f64,
    /// Peak to peak of the family.
    pub vpp_v: f64,
    /// Its lines above the noise.
    pub lines: Vec<Line>,
    /// Amplitude of the stronger side-line at twice the mains frequency from the switching line, as a part of that;
    /// `null` without mains, or where the record does not resolve it.
    #[serde(default)]
    pub sideline_ratio: Option<f64>,
    /// A second line within 3 % of the switching frequency: another converter that is not synchronised.
    #[serde(default)]
    pub second: Option<SecondConverter>,
}

/// The line of a second converter, close to the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecondConverter {
    /// Its frequency.
    pub frequency_hz: f64,
    /// Its rms; it is part of the random rest, not of the switching family.
    pub rms_v: f64,
    /// Difference of the two frequencies: what the output beats with.
    pub beat_hz: f64,
}

/// What spikes are locked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpikeLock {
    /// To the mains.
    Mains,
    /// To the switching frequency.
    Switching,
    /// To neither.
    None,
}

/// The spikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Spikes {
    /// How many.
    pub count: u64,
    /// Per second.
    pub per_second: f64,
    /// Largest excursion, signed by its polarity; 0 without spikes.
    pub largest_v: f64,
    /// What they are locked to.
    pub locked_to: SpikeLock,
}

/// Everything below 20 Hz.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Drift {
    /// Rms about the mean.
    pub rms_v: f64,
    /// Peak to peak.
    pub vpp_v: f64,
    /// Least-squares slope.
    pub slope_v_per_s: f64,
}

/// Kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The level dips and comes back.
    Sag,
    /// The level rises and comes back.
    Swell,
    /// The level changes and stays.
    Step,
    /// The level falls to near zero.
    Dropout,
    /// The supply comes on.
    TurnOn,
    /// The supply goes off.
    TurnOff,
}

/// One event in the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// When, from the first sample.
    pub start_s: f64,
    /// How deep (or high), a magnitude.
    pub depth_v: f64,
    /// Time from the start to the deepest point.
    pub droop_time_s: Option<f64>,
    /// Time from the start until back inside the band.
    pub recovery_s: Option<f64>,
    /// Overshoot beyond the final level.
    pub overshoot_v: Option<f64>,
}

/// What is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Random {
    /// Rms.
    pub rms_v: f64,
    /// Kurtosis: 3 Gaussian, below 1.5 two-level, above 6 impulsive.
    pub kurtosis: f64,
    /// Slope of the noise floor: 0 white, -10 one over f; `null` where the record is too short for it.
    #[serde(default)]
    pub slope_db_per_decade: Option<f64>,
}

/// What `ripple` adds to a capture's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RippleDetail {
    /// Bandwidth of the record: half the sample rate, or the instrument's stated limit if lower.
    pub bandwidth_hz: f64,
    /// Mean.
    pub dc_v: f64,
    /// Smallest sample.
    pub min_v: f64,
    /// Largest sample.
    pub max_v: f64,
    /// Largest minus smallest sample.
    pub vpp_v: f64,
    /// The same between the 0.005 % and the 99.995 % percentile: one glitch does not spoil it.
    pub vpp_robust_v: f64,
    /// Rms about the mean.
    pub rms_ac_v: f64,
    /// Weighted by ITU-T O.41; `null` when the record does not reach 5 kHz.
    pub psophometric_v: Option<f64>,
    /// Rms in the telecom bands.
    pub bands: Vec<Band>,
    /// Whether the record holds the ten mains cycles that tell mains lines from their neighbours and from drift.
    #[serde(default)]
    pub mains_separable: bool,
    /// Mains family, if there is one.
    pub mains: Option<Mains>,
    /// Switching family, if there is one.
    pub switching: Option<Switching>,
    /// Spikes.
    pub spikes: Spikes,
    /// Everything below 20 Hz.
    pub drift: Drift,
    /// Sags, steps and the like.
    pub events: Vec<Event>,
    /// What is left.
    pub random: Random,
    /// (drift^2 + mains^2 + switching^2 + spikes^2 + random^2) / rms_ac^2: a self-test, 1 when nothing was lost.
    pub energy_balance: f64,
}

/// The ripple measurement.
pub(super) struct Ripple;

impl Measurement for Ripple {
    fn id(&self) -> &'static str {
        "ripple"
    }
    fn doc(&self) -> &'static str {
        include_str!("doc.md")
    }
    fn measure(&self, record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
        if record.kind() != Kind::Real {
            return Err(MeasureError::NotApplicable {
                what: "an I/Q record is not a supply voltage".into(),
                hint: "use `spurs` for it, or give a record of real samples".into(),
            });
        }
        check(settings)?;
        if record.frames() == 0 {
            return Err(MeasureError::TooShort {
                what: "the record holds no sample".into(),
                hint: "record at least two mains cycles (40 ms)".into(),
            });
        }
        let scan = scan::scan(record)?;
        if scan.finite == 0 {
            return Err(MeasureError::NotApplicable {
                what: "the record holds no finite sample".into(),
                hint: "check the file's format and scale".into(),
            });
        }
        let analysis = analyse(record, scan, settings)?;
        let mut gates = crate::gate::from_caveats(caveats);
        gates.extend(report::gates(record, &analysis, settings));
        let detail = report::detail(&analysis);
        let mut readings = report::readings(record.unit(), &analysis);
        readings.extend(signs::readings(record, &detail, analysis.scan.step, analysis.lines_hz_v)?);
        Ok(Measured {
            measurement: "ripple",
            settings: settings.clone(),
            gates,
            readings,
            detail: Detail::Ripple(detail),
        })
    }
}

/// What the measurement begins with, for its promise about speed: mean, smallest and largest sample, rms about the mean,
/// and the averaged spectrum of everything (missing below 64 samples).
///
/// # Errors
/// When the record cannot be read.
pub fn ripple_statistics(record: &dyn Record) -> Result<([f64; 4], Option<Spectrum>), RecordError> {
    let scan = scan::scan(record)?;
    let spectra = bands::Spectra::new(&Clean { record, dc: scan.dc })?;
    Ok(([scan.dc, scan.min, scan.max, scan.variance.sqrt()], spectra.wide))
}

fn check(settings: &Settings) -> Result<(), MeasureError> {
    let bad = |name: &str, value: f64, range: &str| MeasureError::Settings {
        what: format!("{name} of {value} Hz is out of range"),
        hint: format!("give a frequency {range}"),
    };
    match settings {
        Settings { mains_hz: Some(f), .. } if !(15.0..=420.0).contains(f) => {
            Err(bad("a mains frequency", *f, "between 15 and 420 Hz"))
        }
        Settings { switching_hz: Some(f), .. } if !(f.is_finite() && *f > 0.0) => {
            Err(bad("a switching frequency", *f, "above zero"))
        }
        _ => Ok(()),
    }
}

/// Where a switching line is looked for whose bursts are examined, and where common-mode lines lie.
const BURST_HZ: (f64, f64) = (20e3, 3e6);
const HF_HZ: (f64, f64) = (10e6, 30e6);

/// Everything that was found, before it is put into words.
struct Analysis {
    scan: Scan,
    rate: f64,
    bandwidth: f64,
    mains: Option<mains::Family>,
    switching: Option<switching::Family>,
    sums: Sums,
    psophometric: Option<f64>,
    bands: Vec<Band>,
    discrete: Vec<(&'static str, f64, f64)>,
    beside: switching::Beside,
    slope_db_per_decade: Option<f64>,
    /// A line where no switching frequency is claimed.
    beyond_claim_hz: Option<f64>,
    /// The strongest line above 20 kHz, whose envelope shows bursts; the rms of the strongest from 10 to 30 MHz.
    lines_hz_v: (Option<f64>, Option<f64>),
    events: Vec<Event>,
    /// Whether this is a digital or switching waveform, which has no events.
    two_states: bool,
    /// Whether the record could show the mains at all.
    mains_searched: bool,
    /// The same for switching.
    switching_searched: bool,
}

fn analyse(record: &dyn Record, scan: Scan, settings: &Settings) -> Result<Analysis, RecordError> {
    let rate = record.sample_rate_hz();
    let bandwidth = record.bandwidth_hz().map_or(0.5 * rate, |b| b.min(0.5 * rate));
    let clean = Clean { record, dc: scan.dc };
    let spectra = bands::Spectra::new(&clean)?;
    // A record without any change has nothing to search, and noise floors of zero.
    let alive = scan.max > scan.min;
    let view = Decimated::at_least(&clean, mains::VIEW_RATE_HZ);
    let mut mains = if alive { mains::find(view.as_ref(), settings.mains_hz)? } else { None };
    let floored = spectra.wide.as_ref().map(Floored::new);
    let mains_hz = mains.as_ref().map(|m| m.fundamental_hz);
    let floored_alive = floored.as_ref().filter(|_| alive);
    let energy = (mains.is_none() && record.duration_s() < slow::LINE_BELOW_S).then_some(scan.variance);
    let mut switching = floored_alive.and_then(|f| f.find(settings.switching_hz, mains_hz, energy));
    if let (Some(below), None, None) = (floored_alive.and_then(Floored::blind_below_hz), settings.switching_hz, &mains)
        && let Some(slow) = short::find(&clean, below)?
    {
        switching = Some(slow);
    }
    let beside = floored.as_ref().zip(switching.as_ref()).map(|(f, s)| f.beside(s, mains_hz)).unwrap_or_default();
    let plan = Plan { record: &clean, scan, mains: None, switching: None, away: &[] };
    let mut sums = Plan { mains: mains.as_ref(), switching: switching.as_ref(), ..plan }.run()?;
    if let (Some(family), Some(lines)) = (&switching, &sums.switching_lines)
        && family.subharmonics_fade(&lines.amplitudes())
    {
        switching = Some(family.without_subharmonics());
        sums = Plan { mains: mains.as_ref(), switching: switching.as_ref(), ..plan }.run()?;
    }
    let events_in = |sums: &Sums| if alive { events::find(sums, scan.dc, scan.step, rate) } else { Vec::new() };
    let mut events = events_in(&sums);
    let away = undisturbed::away(&events);
    let again = !away.is_empty() && record.duration_s() <= undisturbed::LONGEST_S;
    if let Some(stretch) = if again { undisturbed::longest(view.as_ref(), &away)? } else { None } {
        let before = mains.is_some();
        mains = mains::find(&stretch, settings.mains_hz)?;
        if before || mains.is_some() {
            sums = Plan { mains: mains.as_ref(), switching: switching.as_ref(), away: &away, ..plan }.run()?;
            events = events_in(&sums);
        }
    }
    let two_states = events::two_states(&sums, scan.dc, record.duration_s());
    if two_states || record.duration_s() < events::SHORTEST_S {
        events.clear();
    }
    let beyond = floored_alive.filter(|_| switching.is_none()).and_then(|f| f.beyond_claim_hz(scan.variance));
    let discrete = bands::DISCRETE
        .iter()
        .filter(|(_, low, _)| *low < bandwidth)
        .filter_map(|&(id, low, high)| {
            let (f, rms) = floored.as_ref()?.strongest_line(low, high.min(bandwidth))?;
            Some((id, f, rms))
        })
        .collect();
    let strongest = |low: f64, high: f64| floored_alive?.strongest_line(low, high.min(0.9 * bandwidth));
    let burst_line_hz = strongest(BURST_HZ.0, BURST_HZ.1).map(|l| l.0);
    let hf_line_v = strongest(HF_HZ.0, HF_HZ.1).map(|l| l.1);
    Ok(Analysis {
        lines_hz_v: (burst_line_hz, hf_line_v),
        scan,
        rate,
        bandwidth,
        psophometric: bands::psophometric(&spectra, bandwidth),
        bands: bands::bands(&spectra, bandwidth),
        discrete,
        beside,
        slope_db_per_decade: floored.as_ref().and_then(Floored::slope_db_per_decade),
        mains,
        switching,
        sums,
        beyond_claim_hz: beyond,
        events,
        two_states,
        mains_searched: mains::searchable(rate, record.duration_s(), settings.mains_hz),
        switching_searched: spectra.wide.is_some() && rate > 4_000.0,
    })
}
