//! The verb "doctor": what this machine can do, and how to mend what is missing.

use std::path::{Path, PathBuf};

use faultscope_instrument::discover::{self, Availability};
use serde::{Deserialize, Serialize};

use crate::cases::{Access, Desk, default_store, is_address};

/// State of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Not there, and not needed for everything.
    Missing,
    /// There, and not usable.
    Broken,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// Its state.
    pub state: CheckState,
    /// What was found.
    pub detail: String,
    /// How to mend it; empty when there is nothing to mend.
    pub hint: String,
}

/// What `doctor` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DoctorDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// The checks.
    pub checks: Vec<Check>,
}

impl DoctorDocument {
    /// 0 when nothing is broken, else 3.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.checks.iter().any(|c| c.state == CheckState::Broken) { 3 } else { 0 }
    }
}

fn check(name: &str, state: CheckState, detail: impl Into<String>, hint: impl Into<String>) -> Check {
    Check { name: name.into(), state, detail: detail.into(), hint: hint.into() }
}

/// Looks at everything; `store` is the place that --store names.
#[must_use]
pub fn doctor(store: Option<&str>, actor: &str) -> DoctorDocument {
    let mut checks = vec![program(), soapy(), store_check(store, actor), fonts()];
    checks.extend(ports());
    DoctorDocument { schema: "faultscope/1".into(), command: "doctor".into(), checks }
}

fn program() -> Check {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    check("program", CheckState::Ok, format!("faultscope {} on {os} {arch}, {threads} threads", crate::VERSION), "")
}

fn soapy() -> Check {
    if cfg!(feature = "soapy") {
        return check("soapysdr", CheckState::Ok, "built with the feature soapy", "");
    }
    check(
        "soapysdr",
        CheckState::Missing,
        "this build has no SoapySDR",
        "apt install libsoapysdr-dev libclang-dev pkg-config; cargo build --release --features soapy",
    )
}

fn store_check(place: Option<&str>, actor: &str) -> Check {
    if let Some(address) = place.filter(|place| is_address(place)) {
        // Shown without what may be a password in it.
        return match Desk::open(Some(address), Access::Read, actor) {
            Ok(desk) => check("store", CheckState::Ok, desk.place().display().to_string(), ""),
            Err(e) => check("store", CheckState::Broken, e.message, e.hint),
        };
    }
    let path = match place.map(PathBuf::from).map_or_else(default_store, Ok) {
        Ok(path) => path,
        Err(e) => return check("store", CheckState::Broken, e.message, e.hint),
    };
    if !path.exists() {
        let hint = "faultscope case open makes it";
        return check("store", CheckState::Missing, format!("there is no store yet: {}", path.display()), hint);
    }
    match Desk::open(path.to_str(), Access::Read, actor) {
        Ok(desk) => {
            // Read only: closing changes nothing that could fail.
            let _ = desk.close();
            check("store", CheckState::Ok, path.display().to_string(), "")
        }
        Err(e) => check("store", CheckState::Broken, e.message, e.hint),
    }
}

/// Folders of fonts, and how the files of Chinese ones are named.
const FONTS: [&str; 4] = ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "C:\\Windows\\Fonts"];
const CHINESE: [&str; 6] = ["notosanscjk", "notosanssc", "wqy", "sourcehansans", "pingfang", "msyh"];

fn fonts() -> Check {
    let found = FONTS.iter().find_map(|folder| chinese(Path::new(folder), 4));
    match found {
        Some(path) => check("fonts", CheckState::Ok, format!("Chinese: {}", path.display()), ""),
        None => check(
            "fonts",
            CheckState::Missing,
            "no font with Chinese characters in the usual folders",
            "apt install fonts-noto-cjk, or set the language to English",
        ),
    }
}

fn chinese(folder: &Path, depth: usize) -> Option<PathBuf> {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path()).collect();
    let named = |p: &&PathBuf| {
        let name = p.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase().replace('-', "")).unwrap_or_default();
        CHINESE.iter().any(|c| name.starts_with(c))
    };
    let here = entries.iter().find(|p| p.is_file() && named(p)).cloned();
    here.or_else(|| (depth > 0).then(|| entries.iter().filter(|p| p.is_dir()).find_map(|p| chinese(p, depth - 1)))?)
}

fn ports() -> Vec<Check> {
    let devices = discover::devices();
    let real = devices.into_iter().filter(|d| !d.address.starts_with("sim:"));
    let mut checks: Vec<Check> = real
        .map(|d| {
            let state = if d.availability == Availability::Ready { CheckState::Ok } else { CheckState::Missing };
            check("device", state, format!("{} ({})", d.address, d.description.trim()), d.hint)
        })
        .collect();
    if checks.is_empty() {
        let hint = "plug one in; network instruments are not searched for: give their address";
        checks.push(check("device", CheckState::Missing, "no serial port and no known radio is connected", hint));
    }
    checks
}
