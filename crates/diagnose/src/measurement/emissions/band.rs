//! Operating bands by name, and how far around them the limits for spurious emissions do not apply.

use serde::{Deserialize, Serialize};

use crate::limit::Exclude;

static BANDS: &str = include_str!("../../../data/nr_bands_fr1.csv");

/// The downlink of an operating band.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OperatingBand {
    /// `n78`.
    pub name: String,
    /// Lower edge of the downlink.
    pub low_hz: f64,
    /// Upper edge of the downlink.
    pub high_hz: f64,
}

impl OperatingBand {
    /// The band of that name (`n78`, `b3` or `3`), if it has a downlink.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        let number = name.trim().to_ascii_lowercase().trim_start_matches(['n', 'b']).to_owned();
        let name = format!("n{number}");
        let row =
            BANDS.lines().map(|l| l.split(',').collect::<Vec<_>>()).find(|r| r.first() == Some(&name.as_str()))?;
        let mhz = |i: usize| row.get(i).and_then(|c| c.parse::<f64>().ok()).map(|v| v * 1e6);
        Some(Self { low_hz: mhz(3)?, high_hz: mhz(4)?, name })
    }

    /// Delta f OBUE of TS 38.104 6.6.1 for type 1-C, or the 10 MHz of TS 36.104.
    pub(super) fn around_hz(&self, exclude: Exclude) -> f64 {
        match (exclude, self.name.as_str()) {
            (Exclude::OperatingBand10Mhz, _) => 10e6,
            (_, "n96") => 50e6,
            (_, "n46" | "n102" | "n104") => 40e6,
            _ if self.high_hz - self.low_hz > 200e6 => 40e6,
            _ => 10e6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_those_of_the_table_and_wide_ones_leave_more_out() {
        let n1 = OperatingBand::by_name("1").unwrap();
        assert_eq!((n1.low_hz, n1.high_hz, n1.around_hz(Exclude::OperatingBand)), (2110e6, 2170e6, 10e6));
        let n78 = OperatingBand::by_name("N78").unwrap();
        assert_eq!((n78.low_hz, n78.around_hz(Exclude::OperatingBand)), (3300e6, 40e6));
        assert_eq!(n78.around_hz(Exclude::OperatingBand10Mhz), 10e6);
        assert_eq!((OperatingBand::by_name("n80"), OperatingBand::by_name("n999")), (None, None));
    }
}
