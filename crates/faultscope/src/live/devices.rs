//! The verb "devices": what is connected, also what cannot be opened, and the drivers there are.

use faultscope_instrument::{discover, driver};
use serde::{Deserialize, Serialize};

/// What `devices` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DevicesDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// The command.
    pub command: String,
    /// What is there.
    pub devices: Vec<DeviceInfo>,
    /// The drivers and what they take.
    pub drivers: Vec<DriverInfo>,
}

/// Something that is there.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeviceInfo {
    /// Address to begin with; what is in capitals must be filled in.
    pub address: String,
    /// What it is.
    pub description: String,
    /// `ready`, `busy`, `no_permission` or `unsupported`.
    pub state: String,
    /// How to mend it; empty when it is ready.
    pub hint: String,
}

/// A driver.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DriverInfo {
    /// Its name.
    pub id: String,
    /// What it is for and which settings it takes.
    pub description: String,
}

/// Lists what is there; nothing is opened.
#[must_use]
pub fn devices() -> DevicesDocument {
    let devices = discover::devices().into_iter().map(|found| DeviceInfo {
        address: found.address,
        description: found.description.trim().to_owned(),
        state: found.availability.name().into(),
        hint: found.hint,
    });
    let drivers =
        driver::ALL.iter().map(|i| DriverInfo { id: i.id().into(), description: i.describe().into() }).collect();
    DevicesDocument { schema: "faultscope/1".into(), command: "devices".into(), devices: devices.collect(), drivers }
}
