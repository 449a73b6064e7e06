//! RF models: what transmitters and receivers share, from the chain to the finished I/Q record with its truth.

pub(super) mod chain;
mod modulation;
pub(super) mod oscillator;
pub(super) mod receiver;
pub(super) mod spurs;
pub(super) mod switched;
pub(super) mod unit;

use faultscope_signal::Waveform;

use super::math::decibel;
use super::truth::{Annotation, Truth, TruthCarrier, TruthLine};
use super::{Domain, Model, Scenario, SimError, Simulated};
use crate::random::Random;
use chain::{Chain, Expected};

/// Power of 0 dBFS at the antenna port, the coupler taken into account.
pub(super) const FULL_SCALE_DBM: f64 = 49.0;
/// Rated power: 20 W.
pub(super) const RATED_DBM: f64 = 43.0;

const NOISE_STREAM: u64 = 1;
const MODEL_STREAM: u64 = 2;
const SYMBOL_STREAM: u64 = 3;

/// An RF model: a name and the function that sets up its chain.
pub(super) struct Emitter {
    pub id: &'static str,
    pub describe: &'static str,
    pub severity: &'static str,
    pub domain: Domain,
    pub cause: Option<&'static str>,
    pub defaults: Scenario,
    pub build: fn(&Scenario, &mut Random) -> Chain,
}

impl Emitter {
    /// A faulty unit, at the usual settings.
    const fn transmit(
        id: &'static str,
        describe: &'static str,
        severity: &'static str,
        cause: &'static str,
        build: fn(&Scenario, &mut Random) -> Chain,
    ) -> Self {
        let (domain, defaults) = (Domain::Transmit, Scenario::transmit());
        Self { id, describe, severity, domain, cause: Some(cause), defaults, build }
    }

    /// A healthy unit through a faulty receiver.
    const fn receive(
        id: &'static str,
        describe: &'static str,
        severity: &'static str,
        cause: &'static str,
        build: fn(&Scenario, &mut Random) -> Chain,
    ) -> Self {
        Self { domain: Domain::Receive, ..Self::transmit(id, describe, severity, cause, build) }
    }
}

impl Model for Emitter {
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
        self.domain
    }
    fn cause(&self) -> Option<&'static str> {
        self.cause
    }
    fn defaults(&self) -> Scenario {
        self.defaults.clone()
    }
    fn generate(&self, scenario: &Scenario) -> Result<Simulated, SimError> {
        scenario.validate()?;
        let chain = (self.build)(scenario, &mut Random::new(scenario.seed, MODEL_STREAM));
        finish(self, scenario, chain)
    }
}

fn finish(model: &Emitter, s: &Scenario, chain: Chain) -> Result<Simulated, SimError> {
    let mut data = chain.render(s, &mut Random::new(s.seed, SYMBOL_STREAM));
    chain::limit(&mut data);
    // A carrier beyond full scale loses some of itself to its harmonics: only the record knows how much.
    let clipped = chain.carrier_dbfs > 0.0;
    let amplitude =
        if clipped { chain::correlate(&data, chain.carrier_hz / s.rate_hz) } else { chain.carrier_amplitude() };
    let carrier_dbfs = decibel(amplitude);
    let mut lines: Vec<TruthLine> =
        chain.expected(&data, s).into_iter().map(|e| truth_line(e, s.center_hz, carrier_dbfs)).collect();
    lines.sort_by(|a, b| b.level_dbfs.unwrap_or(f64::MIN).total_cmp(&a.level_dbfs.unwrap_or(f64::MIN)));
    chain::add_noise(&mut data, s, chain.noise_rise_db, &mut Random::new(s.seed, NOISE_STREAM));
    let rated = (model.domain == Domain::Transmit).then_some(RATED_DBM);
    let carrier = TruthCarrier {
        frequency_hz: s.center_hz + chain.carrier_hz,
        offset_hz: chain.carrier_hz,
        nominal_offset_hz: s.carrier_offset_hz,
        level_dbfs: carrier_dbfs,
        level_dbm: Some(carrier_dbfs + FULL_SCALE_DBM),
        rated_dbm: rated,
    };
    let annotations = annotations(model, &carrier, &lines);
    let frames = data.len() / 2;
    let waveform = Waveform::interleaved(data, s.rate_hz, Some(s.center_hz))?.with_full_scale(1.0);
    let truth = Truth {
        model: model.id.to_owned(),
        cause: model.cause.map(str::to_owned),
        description: model.describe.to_owned(),
        domain: model.domain.name().to_owned(),
        seed: s.seed,
        severity: s.severity,
        sample_rate_hz: s.rate_hz,
        duration_s: frames as f64 / s.rate_hz,
        center_hz: Some(s.center_hz),
        full_scale_dbm: Some(FULL_SCALE_DBM),
        parameters: chain.parameters,
        carrier: Some(carrier),
        lines,
        dc_v: None,
        vpp_v: None,
        rms_ac_v: None,
        noise_v: None,
        noise_dbfs_per_hz: Some(s.noise_dbfs_per_hz + chain.noise_rise_db),
        events: chain.events,
        annotations,
    };
    let description = format!("simulated {} at {:.3} MHz: {}", model.domain.name(), s.center_hz / 1e6, model.describe);
    Ok(Simulated { waveform, truth, datatype: "ci16_le", full_scale_dbm: Some(FULL_SCALE_DBM), description })
}

fn truth_line(e: Expected, center_hz: f64, carrier_dbfs: f64) -> TruthLine {
    let level_dbfs = decibel(e.amplitude);
    TruthLine {
        frequency_hz: center_hz + e.offset_hz,
        offset_hz: Some(e.offset_hz),
        amplitude_v: None,
        level_dbfs: Some(level_dbfs),
        level_dbc: Some(level_dbfs - carrier_dbfs),
        origin: e.origin.to_owned(),
        order: e.order,
        of: e.of.iter().map(|offset| center_hz + offset).collect(),
    }
}

fn annotations(model: &Emitter, carrier: &TruthCarrier, lines: &[TruthLine]) -> Vec<Annotation> {
    let mut all = vec![
        Annotation::new(model.cause.unwrap_or("healthy"), model.describe),
        Annotation::new("carrier", format!("wanted carrier, {:.2} dBFS", carrier.level_dbfs))
            .around(carrier.frequency_hz, 500.0),
    ];
    for l in lines.iter().take(16) {
        let comment = format!("{}, {:.1} dBc", l.origin, l.level_dbc.unwrap_or(f64::NAN));
        all.push(Annotation::new(&l.origin, comment).around(l.frequency_hz, 25.0));
    }
    all
}
