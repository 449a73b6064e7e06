//! Diagnosis rules by path, and their trial on simulated captures: which model triggers which cause.

use std::path::Path;

use faultscope_diagnose::cause::CauseKind;
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::measurement::{self, Measured, Settings};
use faultscope_diagnose::signature::Signature;
use faultscope_diagnose::{Examined, LimitSet, RuleSet, judge};
use faultscope_instrument::random::{Random, SplitMix64};
use faultscope_instrument::sim::{self, Domain, Model, Modulation, Scenario};
use serde::{Deserialize, Serialize};

use crate::{Class, Error};

/// The rules that ship with the program, with those of `files` added: a rule of the same id is replaced.
///
/// # Errors
/// When a file cannot be read or is not valid.
pub fn load(files: &[impl AsRef<Path>]) -> Result<RuleSet, Error> {
    let mut rules = RuleSet::built_in()?;
    for file in files {
        rules = rules.with(read(file.as_ref())?);
    }
    Ok(rules)
}

/// The rules of one file alone.
///
/// # Errors
/// When it cannot be read or is not valid.
pub fn read(file: &Path) -> Result<RuleSet, Error> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        let message = format!("the rule file cannot be read ({e}): {}", file.display());
        Error::new(
            Class::Usage,
            "configuration",
            message,
            "faultscope rules list shows the rules that ship with the program",
        )
    })?;
    Ok(RuleSet::parse(&text, &file.display().to_string())?)
}

/// What a trial simulates.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Models; none takes all.
    pub models: Vec<String>,
    /// Captures of each fault model.
    pub per_model: usize,
    /// Captures of each healthy model.
    pub per_healthy: usize,
    /// Least severity; the highest is 1.
    pub least_severity: f64,
    /// Start of the numbers that severities, seeds and surroundings are drawn from.
    pub seed: u64,
}

/// One simulated capture and the causes that were named, likeliest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Tried {
    /// Fault model.
    pub model: String,
    /// Its cause in the diagnosis tables; `null` for a healthy unit.
    pub cause: Option<String>,
    /// Severity.
    pub severity: f64,
    /// Seed.
    pub seed: u64,
    /// Rules named, likeliest first, each class once under the name of its first rule.
    pub named: Vec<String>,
    /// Place of the right cause (or one of its class) among them, from 1; `null` when it was not named.
    pub place: Option<usize>,
    /// What the capture shows, in brief.
    #[serde(skip)]
    pub signature: Signature,
}

/// How one model fared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ModelTrial {
    /// Fault model.
    pub model: String,
    /// Its cause; `null` for a healthy unit.
    pub cause: Option<String>,
    /// Captures.
    pub captures: usize,
    /// With the right cause first (of a healthy unit: without any cause).
    pub first: usize,
    /// With the right cause in the first three.
    pub in_three: usize,
    /// What was named first instead, and how often.
    pub instead: Vec<(String, usize)>,
}

/// Simulates captures and asks the rules; the same trial gives the same answer for any number of threads.
///
/// # Errors
/// When a model is not known, or a model or a measurement refuses, which is a defect of the program.
pub fn run(rules: &RuleSet, trial: &Trial, threads: usize) -> Result<Vec<Tried>, Error> {
    if let Some(unknown) = trial.models.iter().find(|id| sim::find(id).is_none()) {
        return Err(Error::usage(format!("there is no model '{unknown}'"), "faultscope simulate --list names them"));
    }
    let jobs: Vec<(usize, usize)> = (0..sim::ALL.len())
        .filter(|m| {
            let id = sim::ALL.get(*m).map_or("", |m| m.id());
            trial.models.is_empty() || trial.models.iter().any(|wanted| wanted == id)
        })
        .flat_map(|m| {
            let faulty = sim::ALL.get(m).is_some_and(|m| m.cause().is_some());
            (0..if faulty { trial.per_model } else { trial.per_healthy }).map(move |k| (m, k))
        })
        .collect();
    let packs = Packs::new()?;
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some((model, k)) = jobs.get(at).and_then(|(m, k)| Some((sim::ALL.get(*m)?, *k))) else { break done };
            done.push((at, one(*model, k, trial, rules, &packs)));
        }
    };
    let mut all: Vec<(usize, Result<Tried, Error>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|w| w.join().ok()).flatten().collect()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, tried)| tried).collect()
}

/// The outcomes, model by model.
#[must_use]
pub fn by_model(tried: &[Tried]) -> Vec<ModelTrial> {
    let mut all: Vec<ModelTrial> = Vec::new();
    for t in tried {
        if all.last().is_none_or(|m| m.model != t.model) {
            let (model, cause) = (t.model.clone(), t.cause.clone());
            all.push(ModelTrial { model, cause, captures: 0, first: 0, in_three: 0, instead: Vec::new() });
        }
        let Some(m) = all.last_mut() else { continue };
        let right = if t.cause.is_none() { t.named.is_empty() } else { t.place == Some(1) };
        m.captures += 1;
        m.first += usize::from(right);
        m.in_three += usize::from(t.place.is_some_and(|p| p <= 3));
        if !right {
            let instead = t.named.first().cloned().unwrap_or_else(|| "nothing".into());
            match m.instead.iter_mut().find(|(name, _)| *name == instead) {
                Some((_, n)) => *n += 1,
                None => m.instead.push((instead, 1)),
            }
        }
    }
    all
}

/// Shares of right answers over a trial: first, in the first three, and healthy captures without a cause.
#[must_use]
pub fn shares(tried: &[Tried]) -> (f64, f64, f64) {
    let share = |of: &dyn Fn(&&Tried) -> bool, right: &dyn Fn(&&Tried) -> bool| {
        let all = tried.iter().filter(of).count().max(1);
        tried.iter().filter(of).filter(right).count() as f64 / all as f64
    };
    let faulty = |t: &&Tried| t.cause.is_some();
    let first = share(&faulty, &|t| t.place == Some(1));
    let three = share(&faulty, &|t| t.place.is_some_and(|p| p <= 3));
    (first, three, share(&|t| t.cause.is_none(), &|t| t.named.is_empty()))
}

/// The limits that an engineer would give: of the rail, or rated level and frequency of the simulated transmitter.
struct Packs {
    plant: LimitSet,
    rail: LimitSet,
    spurs: LimitSet,
    level: LimitSet,
    frequency: LimitSet,
}

impl Packs {
    fn new() -> Result<Self, Error> {
        let rated = LimitSet::parse(include_str!("../data/trial.toml"), "trial")?;
        let only = |reading: &str| {
            let mut set = rated.clone();
            set.limits.retain(|l| l.reading == reading);
            set
        };
        Ok(Self {
            plant: LimitSet::built_in("dc-48v")?,
            rail: LimitSet::built_in("atx-12v")?,
            spurs: LimitSet::built_in("tx-generic")?,
            level: only("carrier_level"),
            frequency: only("carrier_frequency"),
        })
    }

    /// A level is rated for an unmodulated or FM carrier; a frequency is read to 0.05 ppm of an unmodulated one only.
    fn of(&self, model: &dyn Model, s: &Scenario) -> Vec<LimitSet> {
        if model.domain() == Domain::Supply {
            return vec![if s.rail_v < 0.0 { self.plant.clone() } else { self.rail.clone() }];
        }
        let mut packs = vec![self.spurs.clone()];
        if s.modulation == Modulation::Cw {
            packs.push(self.level.clone());
            let nominal = Scenario::transmit();
            if s.center_hz == nominal.center_hz && s.carrier_offset_hz == nominal.carrier_offset_hz {
                packs.push(self.frequency.clone());
            }
        }
        packs
    }
}

fn one(model: &dyn Model, k: usize, trial: &Trial, rules: &RuleSet, packs: &Packs) -> Result<Tried, Error> {
    let defaults = model.defaults();
    let name = model.id().bytes().fold(trial.seed, |h, b| SplitMix64::new(h ^ u64::from(b)).next_u64());
    let mut draw = Random::new(name, k as u64);
    let severity = trial.least_severity + (1.0 - trial.least_severity) * draw.uniform();
    let scenario = Scenario {
        severity,
        seed: draw.next_u64() >> 32,
        mains_hz: if draw.uniform() < 0.3 { 60.0 } else { 50.0 },
        noise_v: defaults.noise_v * draw.between(0.5, 2.0),
        noise_dbfs_per_hz: defaults.noise_dbfs_per_hz + draw.between(-4.0, 4.0),
        ..defaults
    };
    let made = model.generate(&scenario)?;
    let record = made.waveform.with_full_scale_dbm(made.full_scale_dbm);
    let id = if model.domain() == Domain::Supply { "ripple" } else { "spurs" };
    let plug = measurement::by_id(id).ok_or_else(|| Error::usage(format!("there is no measurement '{id}'"), ""))?;
    let scan = gate::scan(&record, Coverage::Full).map_err(crate::opened::read_error)?;
    let measured = plug.measure(&record, &[], &Settings::default())?;
    let measured = Measured { gates: gate::merge([scan.gates, measured.gates]), ..measured };
    let mut findings = judge(&measured, &packs.of(model, &scenario));
    let causes = rules.explain(model.id(), &measured, &mut findings);
    let class = |id: &str| rules.class_of(id).and_then(|c| c.members.first()).cloned().unwrap_or_else(|| id.to_owned());
    let signature = Signature::of(&[Examined::new(model.id(), &measured, &findings)], &causes);
    let mut named: Vec<String> = Vec::new();
    for cause in causes {
        let id = class(&cause.rule);
        if !named.contains(&id) {
            named.push(id);
        }
    }
    let place = model.cause().and_then(|c| named.iter().position(|n| *n == class(c))).map(|p| p + 1);
    let (model, cause) = (model.id().to_owned(), model.cause().map(str::to_owned));
    Ok(Tried { model, cause, severity, seed: scenario.seed, named, place, signature })
}

/// What a cause is about, in one word.
#[must_use]
pub const fn kind(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::SetUp => "set_up",
        CauseKind::Unit => "unit",
        CauseKind::Measurement => "measurement",
        CauseKind::Normal => "normal",
    }
}
