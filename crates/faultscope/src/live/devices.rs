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

/// A way to connect to something that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The driver, where one has to be chosen.
    pub driver: Option<&'static str>,
    /// The address; what is in capitals must be filled in.
    pub address: String,
    /// Whether nothing has to be filled in.
    pub complete: bool,
}

/// What stands in an address for something that must be filled in.
const BLANKS: [&str; 4] = ["HZ", "HOST", "PORT", "DRIVER"];
/// The drivers of a port that does not say what is behind it, and what their addresses need besides.
const SERIAL: [(&str, &str); 7] = [
    ("scope", ""),
    ("tinysa", "&start=HZ&stop=HZ"),
    ("nanovna", "&start=HZ&stop=HZ"),
    ("meter", ""),
    ("supply", ""),
    ("load", ""),
    ("lines", ""),
];

impl DeviceInfo {
    /// The ways to connect to it: one by each driver that may fit, none where it is not supported as it is.
    #[must_use]
    pub fn ways(&self) -> Vec<Way> {
        let way = |driver, address: String| Way { driver, complete: is_complete(&address), address };
        match self.address.strip_suffix("driver=DRIVER") {
            Some(port) => SERIAL.iter().map(|(id, more)| way(Some(*id), format!("{port}driver={id}{more}"))).collect(),
            None => vec![way(None, self.address.clone())],
        }
    }
}

/// Whether nothing has to be filled in.
fn is_complete(address: &str) -> bool {
    !address.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| BLANKS.contains(&word))
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

#[cfg(test)]
mod tests {
    use faultscope_instrument::Address;

    use super::*;

    fn found(address: &str) -> DeviceInfo {
        let [description, state, hint] = ["", "ready", ""].map(String::from);
        DeviceInfo { address: address.into(), description, state, hint }
    }

    #[test]
    fn a_port_can_be_opened_by_every_driver_that_takes_one_and_by_no_other() {
        let ways = found("serial:///dev/ttyUSB0?driver=DRIVER").ways();
        for way in &ways {
            let address = Address::parse(&way.address).unwrap();
            assert!(driver::ALL.iter().any(|i| i.accepts(&address)), "{way:?}");
            assert_eq!(way.complete, !way.address.contains("HZ"), "{way:?}");
        }
        let takes = |id: &str| {
            let address = Address::parse(&format!("serial://x?driver={id}")).unwrap();
            driver::ALL.iter().any(|i| i.id() == id && i.accepts(&address))
        };
        for id in driver::ALL.iter().map(|i| i.id()).filter(|id| takes(id)) {
            assert!(ways.iter().any(|w| w.driver == Some(id)), "{id}");
        }
    }

    #[test]
    fn what_is_in_capitals_has_to_be_filled_in() {
        for (address, complete) in [
            ("sim:tx-healthy", true),
            ("rtltcp://127.0.0.1:1234?freq=HZ", false),
            ("tcp://HOST:PORT?driver=scope", false),
            ("soapy:driver=hackrf?freq=HZ&rate=HZ", false),
            ("rtltcp://H:1234?freq=100M", true),
        ] {
            assert_eq!(found(address).ways(), [Way { driver: None, address: address.into(), complete }]);
        }
    }
}
