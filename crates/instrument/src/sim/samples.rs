//! The worked example: the captures of `samples/` and of the demonstration, by model and scenario.

use super::{Scenario, SimError, Simulated, find};

/// One capture of the worked example.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// File name without extension.
    pub stem: &'static str,
    /// Id of the model.
    pub model: &'static str,
    /// Its settings.
    pub scenario: Scenario,
    /// Role of the capture in a check plan: `supply` or `transmit`.
    pub role: &'static str,
}

impl Sample {
    /// Makes the record.
    ///
    /// # Errors
    /// When the model or its scenario is not valid: a defect of this table, which its tests would show.
    pub fn generate(&self) -> Result<Simulated, SimError> {
        let model = find(self.model)
            .ok_or_else(|| SimError::new(format!("there is no model '{}'", self.model), "report this defect"))?;
        model.generate(&self.scenario)
    }
}

/// The captures, in the order of the story: the supply before and after its repair, the transmitter before and after
/// its own, and two more for learning.
pub static SAMPLES: &[Sample] = &[
    Sample {
        stem: "supply-before",
        model: "reservoir-c-lost",
        scenario: Scenario::supply().at_severity(1.0).seeded(101),
        role: "supply",
    },
    Sample {
        stem: "supply-after",
        model: "supply-healthy",
        scenario: Scenario::supply().at_severity(0.0).seeded(102),
        role: "supply",
    },
    Sample {
        stem: "tx-before",
        model: "pa-failing",
        scenario: Scenario::transmit().at_severity(0.85).seeded(103),
        role: "transmit",
    },
    Sample {
        stem: "tx-after",
        model: "tx-healthy",
        scenario: Scenario::transmit().at_severity(0.0).seeded(104),
        role: "transmit",
    },
    Sample {
        stem: "supply-switching",
        model: "edge-spikes",
        scenario: Scenario::converter().at_severity(0.8).seeded(105),
        role: "supply",
    },
    Sample {
        stem: "tx-image",
        model: "iq-imbalance",
        scenario: Scenario::transmit().at_severity(0.45).seeded(106),
        role: "transmit",
    },
];
