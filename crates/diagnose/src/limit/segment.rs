//! A line over frequency, piece by piece: levels, slopes and the bandwidth each piece is measured in.

use serde::{Deserialize, Serialize};

/// What the frequencies of a line count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Zero: frequencies at the antenna.
    Absolute,
    /// The carrier, on both sides.
    Offset,
    /// The edge of the channel, on both sides, to the middle of the measuring filter: a mask.
    Edge,
}

/// What part of a line does not apply, because other limits hold there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exclude {
    /// The operating band and the distance from it that 3GPP TS 38.104 6.6.1 calls delta f OBUE; needs `--band`.
    OperatingBand,
    /// The operating band and 10 MHz on either side (3GPP TS 36.104 6.6.4); needs `--band`.
    OperatingBand10Mhz,
    /// Two and a half necessary bandwidths on either side of the carrier (ITU-R SM.329); needs `--bandwidth`.
    NecessaryBandwidth,
}

/// One piece of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Where it begins; of a mask from the channel's edge to the middle of the measuring filter.
    pub from_hz: f64,
    /// Where it ends.
    pub to_hz: f64,
    /// Measurement bandwidth.
    pub bandwidth_hz: f64,
    /// Limit where the segment begins.
    pub start_db: f64,
    /// Limit where it ends; on a straight line between.
    pub stop_db: f64,
}

impl Segment {
    /// The limit at a place; nothing beyond the ends.
    #[must_use]
    pub fn level_at(&self, hz: f64) -> Option<f64> {
        if !(self.from_hz..=self.to_hz).contains(&hz) {
            return None;
        }
        let length = self.to_hz - self.from_hz;
        let t = if length > 0.0 { (hz - self.from_hz) / length } else { 0.0 };
        Some(self.start_db + t * (self.stop_db - self.start_db))
    }

    /// What is wrong with it.
    pub(super) fn fault(&self) -> Option<String> {
        let fields = [self.from_hz, self.to_hz, self.bandwidth_hz, self.start_db, self.stop_db];
        let sound = fields.iter().all(|v| v.is_finite()) && self.to_hz >= self.from_hz && self.bandwidth_hz > 0.0;
        (!sound).then(|| format!("a segment from {} to {} Hz makes no sense", self.from_hz, self.to_hz))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_a_straight_line_and_ends_where_it_ends() {
        let s = Segment { from_hz: 50e3, to_hz: 5.05e6, bandwidth_hz: 100e3, start_db: -7.0, stop_db: -14.0 };
        // -7 dBm - 7/5 (f - 0.05): half-way down after 2.5 MHz.
        assert_eq!(s.level_at(50e3), Some(-7.0));
        assert!((s.level_at(2.55e6).unwrap() + 10.5).abs() < 1e-12);
        assert_eq!(s.level_at(5.05e6), Some(-14.0));
        assert_eq!((s.level_at(49e3), s.level_at(5.06e6), s.level_at(f64::NAN)), (None, None, None));
    }
}
