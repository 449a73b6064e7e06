//! How a record is taken: for now the simulated instrument (`sim:`); no file formats, no verdicts.

pub mod random;
pub mod sim;
