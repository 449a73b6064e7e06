//! Check plans: which measurements with which settings and limits on captures in which role; TOML, never code.

use std::path::Path;

use faultscope_capture::{Digest, OpenOptions};
use faultscope_diagnose::measurement::{
    Adjacent, ChannelSettings, EmissionsSettings, ModulationSettings, PhaseNoiseSettings, Settings, by_id,
};
use faultscope_diagnose::{LimitSet, judge::applies};
use faultscope_report::words::Lang;
use faultscope_signal::Window;
use faultscope_signal::evm::Constellation;
use serde::Deserialize;

use crate::{Class, Error, limits};

/// The plans that ship with the program.
static BUILT_IN: &[(&str, &str)] = &[("base-station-visit", include_str!("../../plans/base-station-visit.toml"))];

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanInfo {
    /// Id: `base-station-visit`.
    pub id: String,
    /// Version.
    pub version: String,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// Who wrote it.
    #[serde(default)]
    pub author: String,
}

/// What a capture stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Id: `supply`, `transmit`, `receive`, `idle`.
    pub id: String,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// Where to connect, for whoever takes the capture.
    #[serde(default)]
    pub connect: String,
    /// What to set for it.
    #[serde(default)]
    pub set: String,
    /// The same in Simplified Chinese.
    #[serde(default)]
    pub zh: RoleWords,
    /// Patterns of file names, `*` and `?`.
    #[serde(default)]
    pub files: Vec<String>,
}

/// The words of a role in another language; what is empty is said in English.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleWords {
    /// One line.
    pub title: String,
    /// Where to connect.
    pub connect: String,
    /// What to set.
    pub set: String,
}

impl Role {
    /// Its words in a language.
    #[must_use]
    pub fn words(&self, lang: Lang) -> RoleWords {
        let pick =
            |zh: &String, en: &String| if lang == Lang::ZhCn && !zh.is_empty() { zh.clone() } else { en.clone() };
        RoleWords {
            title: pick(&self.zh.title, &self.title),
            connect: pick(&self.zh.connect, &self.connect),
            set: pick(&self.zh.set, &self.set),
        }
    }
}

/// One measurement on the captures of one role.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Id within the plan.
    pub id: String,
    /// The role.
    pub role: String,
    /// The measurement.
    pub measurement: String,
    /// Limit packs, `pack` or `pack#limit`; paths count from the plan's folder.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Captures of the role that are asked for: repeats of the measurement.
    #[serde(default = "one")]
    pub repeats: usize,
    /// Settings of the measurement.
    #[serde(default)]
    pub settings: StepSettings,
    /// How the captures are opened.
    #[serde(default)]
    pub open: toml::Table,
    /// The packs, loaded.
    #[serde(skip)]
    pub packs: Vec<LimitSet>,
    /// `open`, understood.
    #[serde(skip)]
    pub options: OpenOptions,
}

const fn one() -> usize {
    1
}

/// The settings of a step; what does not apply to its measurement is refused.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "the names are those of Settings and its parts, which are documented there")]
pub struct StepSettings {
    pub fft: Option<usize>,
    pub window: Option<Window>,
    pub overlap: Option<f64>,
    pub false_alarm: Option<f64>,
    pub harmonics: Option<usize>,
    pub carrier_hz: Option<f64>,
    pub mains_hz: Option<f64>,
    pub switching_hz: Option<f64>,
    pub settling_percent: Option<f64>,
    pub standard: Option<String>,
    pub bandwidth_hz: Option<f64>,
    pub span_hz: Option<f64>,
    pub occupied_percent: Option<f64>,
    pub x_db: Option<f64>,
    pub adjacent: Vec<Adjacent>,
    pub mask: Option<String>,
    pub nominal_hz: Option<f64>,
    pub reference_ppm: Option<f64>,
    pub symbol_rate_hz: Option<f64>,
    pub constellation: Option<Constellation>,
    pub rolloff: Option<f64>,
    pub band: Option<String>,
    pub from_hz: Option<f64>,
    pub to_hz: Option<f64>,
}

/// A check plan.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Head.
    pub plan: PlanInfo,
    /// The roles.
    #[serde(rename = "role")]
    pub roles: Vec<Role>,
    /// The steps, in the order in which their results come.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// SHA-256 of the file.
    #[serde(skip)]
    pub sha256: String,
}

impl Plan {
    /// Ids of the plans that ship with the program.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(id, _)| *id)
    }

    /// A plan that ships with the program, or one from a `.toml` file.
    ///
    /// # Errors
    /// When there is no such plan or file, or it is not valid; the message names the line.
    pub fn load(name: &str) -> Result<Self, Error> {
        if !limits::is_path(name) {
            let ids = Self::built_in_ids().collect::<Vec<_>>().join(", ");
            let (_, text) = BUILT_IN.iter().find(|(id, _)| *id == name).ok_or_else(|| {
                let hint = format!("plans are: {ids}; or give the path of a .toml file");
                configuration(format!("there is no check plan '{name}'"), hint)
            })?;
            return Self::parse(text, name, Path::new(""));
        }
        let hint = format!("plans that ship with the program: {}", Self::built_in_ids().collect::<Vec<_>>().join(", "));
        let text = limits::read(name, "check plan", &hint)?;
        Self::parse(&text, name, Path::new(name).parent().unwrap_or(Path::new("")))
    }

    /// A plan from TOML text; `name` is for messages, `folder` is where the paths of packs count from.
    ///
    /// # Errors
    /// As for [`Plan::load`].
    pub fn parse(text: &str, name: &str, folder: &Path) -> Result<Self, Error> {
        let mut plan: Self = toml::from_str(text).map_err(|e| {
            let line = e.span().and_then(|s| text.get(..s.start)).map(|b| b.matches('\n').count() + 1);
            let hint = line.map_or_else(String::new, |n| format!("see line {n}"));
            configuration(format!("the check plan {name} is not valid: {}", e.message()), hint)
        })?;
        plan.sha256 = Digest::of(text.as_bytes()).to_string();
        let fault = |at: &str, (what, hint): (String, String)| {
            let line =
                text.lines().position(|l| l.contains(at)).map_or_else(String::new, |n| format!("see line {}: ", n + 1));
            configuration(format!("the check plan {name} is not valid: {what}"), format!("{line}{hint}"))
        };
        plan.whole().map_err(|e| fault("[", e))?;
        let roles: Vec<String> = plan.roles.iter().map(|r| r.id.clone()).collect();
        for step in &mut plan.steps {
            let id = step.id.clone();
            step.prepare(&roles, folder).map_err(|e| fault(&format!("\"{id}\""), e))?;
        }
        Ok(plan)
    }

    /// A plan of one step for whatever capture is given: one measurement against limits.
    ///
    /// # Errors
    /// When the measurement or a pack is not known, or no limit of the packs is for it.
    pub(crate) fn single(id: &str, measurement: &str, limits: &[String], folder: &Path) -> Result<Self, Error> {
        let role = Role { id: "capture".into(), files: vec!["*".into()], ..Role::default() };
        let mut step = Step {
            id: measurement.to_owned(),
            role: role.id.clone(),
            measurement: measurement.to_owned(),
            limits: limits.to_vec(),
            repeats: one(),
            settings: StepSettings::default(),
            open: toml::Table::new(),
            packs: Vec::new(),
            options: OpenOptions::default(),
        };
        step.prepare(std::slice::from_ref(&role.id), folder).map_err(|(what, hint)| configuration(what, hint))?;
        let plan = PlanInfo { id: id.into(), version: String::new(), title: String::new(), author: String::new() };
        let sha256 = Digest::of(format!("{measurement} {}", limits.join(" ")).as_bytes()).to_string();
        Ok(Self { plan, roles: vec![role], steps: vec![step], sha256 })
    }

    fn whole(&self) -> Result<(), (String, String)> {
        let twice = |ids: Vec<&String>| {
            let again = ids.iter().enumerate().find(|(i, id)| ids.iter().take(*i).any(|other| other == *id));
            again.map(|(_, id)| (*id).clone())
        };
        let words = |what: &str, id: String| (format!("the {what} '{id}' is there twice"), "ids are unique".to_owned());
        if let Some(id) = twice(self.roles.iter().map(|r| &r.id).collect()) {
            return Err(words("role", id));
        }
        if let Some(id) = twice(self.steps.iter().map(|s| &s.id).collect()) {
            return Err(words("step", id));
        }
        if self.steps.is_empty() {
            return Err(("it has no step".into(), "add a [[step]]".into()));
        }
        Ok(())
    }
}

fn configuration(what: String, hint: String) -> Error {
    Error::new(Class::Usage, "configuration", what, hint)
}

impl Step {
    fn prepare(&mut self, roles: &[String], folder: &Path) -> Result<(), (String, String)> {
        let id = &self.id;
        if !roles.contains(&self.role) {
            return Err((format!("step '{id}' is for a role '{}' that is not there", self.role), roles.join(", ")));
        }
        if by_id(&self.measurement).is_none() {
            let ids: Vec<&str> = faultscope_diagnose::measurement::ALL.iter().map(|m| m.id()).collect();
            let hint = format!("choose one of {}", ids.join(", "));
            return Err((format!("step '{id}' asks for a measurement '{}'", self.measurement), hint));
        }
        if !(1..=10_000).contains(&self.repeats) {
            return Err((format!("step '{id}' asks for {} captures", self.repeats), "repeats is 1 or more".into()));
        }
        let packs = self.limits.iter().map(|name| limits::load_in(name, folder)).collect::<Result<Vec<_>, _>>();
        self.packs = packs.map_err(|e| (format!("step '{id}': {}", e.message), e.hint))?;
        if !self.packs.is_empty() && !applies(&self.measurement, &self.packs) {
            let hint = "faultscope limits show PACK names the measurement of each limit".to_owned();
            return Err((format!("step '{id}': no limit of its packs is for {}", self.measurement), hint));
        }
        self.options = open_options(&self.open).map_err(|e| (format!("step '{id}': {}", e.0), e.1))?;
        self.settings(1).map(|_| ()).map_err(|e| (format!("step '{id}': {}", e.message), e.hint))
    }

    /// As the measurement takes them.
    ///
    /// # Errors
    /// When a mask cannot be loaded, or no one mask can be told from the packs.
    pub fn settings(&self, threads: usize) -> Result<Settings, Error> {
        let s = &self.settings;
        let plain = Settings::default();
        let mut settings = Settings {
            fft: s.fft,
            window: s.window,
            overlap: s.overlap,
            false_alarm: s.false_alarm.unwrap_or(plain.false_alarm),
            harmonics: s.harmonics.unwrap_or(plain.harmonics),
            carrier_hz: s.carrier_hz,
            mains_hz: s.mains_hz,
            switching_hz: s.switching_hz,
            settling_percent: s.settling_percent.unwrap_or(plain.settling_percent),
            threads,
            ..plain
        };
        match self.measurement.as_str() {
            "channel" => settings.channel = Some(s.channel()?),
            "modulation" => settings.modulation = Some(s.modulation()),
            "phase-noise" => {
                settings.phase_noise = Some(PhaseNoiseSettings { from_hz: s.from_hz, to_hz: s.to_hz });
            }
            "emissions" => {
                let (band, bandwidth_hz) = (s.band.clone(), s.bandwidth_hz);
                settings.emissions = Some(EmissionsSettings { lines: Vec::new(), band, bandwidth_hz });
            }
            _ => {}
        }
        limits::with_lines(&self.measurement, settings, &self.packs)
    }
}

impl StepSettings {
    fn channel(&self) -> Result<ChannelSettings, Error> {
        let plain = ChannelSettings::default();
        Ok(ChannelSettings {
            standard: self.standard.clone(),
            bandwidth_hz: self.bandwidth_hz,
            span_hz: self.span_hz,
            occupied_percent: self.occupied_percent.unwrap_or(plain.occupied_percent),
            x_db: self.x_db.unwrap_or(plain.x_db),
            adjacent: self.adjacent.clone(),
            mask: self.mask.as_deref().map(limits::load_mask).transpose()?,
        })
    }

    fn modulation(&self) -> ModulationSettings {
        ModulationSettings {
            bandwidth_hz: self.bandwidth_hz,
            nominal_hz: self.nominal_hz,
            reference_ppm: self.reference_ppm,
            symbol_rate_hz: self.symbol_rate_hz,
            constellation: self.constellation,
            rolloff: self.rolloff,
        }
    }
}

/// A table of options for opening, without a name that is none.
fn open_options(table: &toml::Table) -> Result<OpenOptions, (String, String)> {
    const KNOWN: [&str; 10] = [
        "format",
        "rate_hz",
        "center_hz",
        "channel",
        "segment",
        "start_s",
        "duration_s",
        "probe",
        "scale_v_per_unit",
        "swap_iq",
    ];
    if let Some(name) = table.keys().find(|k| !KNOWN.contains(&k.as_str())) {
        return Err((format!("there is no option '{name}' for opening"), KNOWN.join(", ")));
    }
    table.clone().try_into().map_err(|e: toml::de::Error| (e.message().to_owned(), KNOWN.join(", ")))
}
