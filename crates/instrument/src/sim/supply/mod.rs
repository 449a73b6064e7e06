//! Supply models: what the families share, from the noiseless rail to the finished record with its truth.

pub(super) mod converter;
pub(super) mod dynamic;
pub(super) mod load;
pub(super) mod mains;
pub(super) mod reservoir;
pub(super) mod three_phase;

use std::collections::BTreeMap;

use faultscope_signal::{Unit, Waveform};

use super::truth::{Annotation, Truth, TruthEvent, TruthLine};
use super::{Domain, Model, Scenario, SimError, Simulated};
use crate::random::Random;

/// Streams of one seed, so that no part disturbs another.
pub(super) const NOISE_STREAM: u64 = 1;
/// Everything a model draws for itself.
pub(super) const MODEL_STREAM: u64 = 2;

/// A rail without noise, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Rail {
    /// Volts, signed.
    pub clean: Vec<f64>,
    pub lines: Vec<TruthLine>,
    pub parameters: BTreeMap<String, f64>,
    pub events: Vec<TruthEvent>,
    /// Factor on the scenario's noise.
    pub noise_factor: f64,
}

impl Rail {
    pub(super) fn new(clean: Vec<f64>) -> Self {
        Self { clean, noise_factor: 1.0, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &str, value: f64) -> Self {
        self.parameters.insert(name.to_owned(), value);
        self
    }

    pub(super) fn event(mut self, kind: &str, start_s: f64, duration_s: Option<f64>, change_v: f64) -> Self {
        self.events.push(TruthEvent { kind: kind.to_owned(), start_s, duration_s, change_v: Some(change_v) });
        self
    }

    pub(super) fn line(mut self, line: TruthLine) -> Self {
        self.lines.push(line);
        self
    }
}

/// One line of a rail.
pub(super) fn line(origin: &str, order: u32, frequency_hz: f64, amplitude_v: f64) -> TruthLine {
    TruthLine {
        frequency_hz,
        offset_hz: None,
        amplitude_v: Some(amplitude_v),
        level_dbfs: None,
        level_dbc: None,
        origin: origin.to_owned(),
        order: Some(order),
        of: Vec::new(),
    }
}

/// A supply model: a name and the function that makes its rail.
pub(super) struct Supply {
    pub id: &'static str,
    pub describe: &'static str,
    pub severity: &'static str,
    pub cause: Option<&'static str>,
    pub defaults: Scenario,
    pub build: fn(&Scenario) -> Rail,
}

impl Model for Supply {
    fn id(&self) -> &'static str {
        self.id
    }
    fn describe(&self) -> &'static str {
        self.describe
    }
    fn severity(&self) -> &'static str {
        self.severity
    }
    fn domain(&self) -> Domain {
        Domain::Supply
    }
    fn cause(&self) -> Option<&'static str> {
        self.cause
    }
    fn defaults(&self) -> Scenario {
        self.defaults.clone()
    }
    fn generate(&self, scenario: &Scenario) -> Result<Simulated, SimError> {
        scenario.validate()?;
        finish(self, scenario, (self.build)(scenario))
    }
}

fn finish(model: &Supply, s: &Scenario, mut rail: Rail) -> Result<Simulated, SimError> {
    rail.lines.sort_by(|a, b| b.amplitude_v.unwrap_or(0.0).total_cmp(&a.amplitude_v.unwrap_or(0.0)));
    let noise_v = s.noise_v * rail.noise_factor;
    let (dc_v, vpp_v, rms_ac_v) = figures(&rail.clean);
    let annotations = annotations(model, &rail);
    let range = 1.25 * s.rail_v.abs();
    let data = converted(&rail.clean, noise_v, s, range);
    let waveform = Waveform::real(data, s.rate_hz, Unit::Volt)?;
    let waveform = if s.bits > 0 { waveform.with_full_scale(range) } else { waveform };
    let truth = Truth {
        model: model.id.to_owned(),
        cause: model.cause.map(str::to_owned),
        description: model.describe.to_owned(),
        domain: Domain::Supply.name().to_owned(),
        seed: s.seed,
        severity: s.severity,
        sample_rate_hz: s.rate_hz,
        duration_s: rail.clean.len() as f64 / s.rate_hz,
        center_hz: None,
        full_scale_dbm: None,
        parameters: rail.parameters,
        carrier: None,
        lines: rail.lines,
        dc_v: Some(dc_v),
        vpp_v: Some(vpp_v),
        rms_ac_v: Some(rms_ac_v),
        noise_v: Some(noise_v),
        noise_dbfs_per_hz: None,
        events: rail.events,
        annotations,
    };
    let description = format!("simulated {} V rail: {}", s.rail_v, model.describe);
    Ok(Simulated { waveform, truth, datatype: "rf32_le", full_scale_dbm: None, description })
}

/// Mean, peak to peak and rms about the mean.
fn figures(clean: &[f64]) -> (f64, f64, f64) {
    let n = clean.len().max(1) as f64;
    let mean = clean.iter().sum::<f64>() / n;
    let low = clean.iter().copied().fold(f64::INFINITY, f64::min);
    let high = clean.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let square = clean.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean, (high - low).max(0.0), square.sqrt())
}

/// Adds the noise and, where bits are given, rounds to the converter's codes and saturates.
fn converted(clean: &[f64], noise_v: f64, s: &Scenario, range: f64) -> Vec<f64> {
    let mut random = Random::new(s.seed, NOISE_STREAM);
    let mut out: Vec<f64> = clean.iter().map(|v| v + noise_v * random.gaussian()).collect();
    if s.bits > 0 {
        let step = range / f64::from(1_u32 << (s.bits - 1));
        let top = range - step;
        out.iter_mut().for_each(|v| *v = ((*v / step).round() * step).clamp(-range, top));
    }
    out
}

fn annotations(model: &Supply, rail: &Rail) -> Vec<Annotation> {
    let mut all = vec![Annotation::new(model.cause.unwrap_or("healthy"), model.describe)];
    for l in rail.lines.iter().take(8) {
        let comment = format!("{} line, {:.6} V peak", l.origin, l.amplitude_v.unwrap_or(0.0));
        let label = format!("{} x{}", l.origin, l.order.unwrap_or(1));
        all.push(Annotation::new(&label, comment).around(l.frequency_hz, l.frequency_hz * 0.01));
    }
    for e in &rail.events {
        let comment = format!("{}, {:.4} V", e.kind, e.change_v.unwrap_or(0.0));
        all.push(Annotation::new(&e.kind, comment).at(e.start_s, e.duration_s));
    }
    all
}
