//! Channels of the standards by name: bandwidths, filters, and the neighbours to measure.

use serde::{Deserialize, Serialize};

/// N_RB and transmission bandwidth per channel bandwidth and subcarrier spacing.
static NR: &str = include_str!("../../../data/nr_nrb_fr1.csv");

/// A filter to measure a channel through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelFilter {
    /// All of the bandwidth alike.
    #[default]
    Square,
    /// Root-raised-cosine of roll-off 0.22 whose symbol rate is the bandwidth (UTRA: 3.84 MHz).
    Rrc,
}

/// A neighbour to measure on both sides of the channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Adjacent {
    /// What it stands for.
    pub name: String,
    /// From centre to centre.
    pub offset_hz: f64,
    /// Width, or symbol rate, of its filter.
    pub bandwidth_hz: f64,
    /// Its filter.
    pub filter: ChannelFilter,
}

/// A channel of a standard.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Preset {
    /// Channel bandwidth: what the occupied bandwidth must stay below.
    pub(super) channel_hz: f64,
    /// Bandwidth that power is measured in.
    pub(super) bandwidth_hz: f64,
    pub(super) filter: ChannelFilter,
    pub(super) adjacent: Vec<Adjacent>,
}

fn square(name: &str, offset_hz: f64, bandwidth_hz: f64) -> Adjacent {
    Adjacent { name: name.into(), offset_hz, bandwidth_hz, filter: ChannelFilter::Square }
}

fn utra(offset_hz: f64) -> Adjacent {
    Adjacent { name: "UTRA".into(), offset_hz, bandwidth_hz: 3.84e6, filter: ChannelFilter::Rrc }
}

/// The channel of that name: `lte10`, `nr20-30` (bandwidth in MHz, spacing in kHz), `utra`.
pub(super) fn by_name(name: &str) -> Option<Preset> {
    let name = name.to_ascii_lowercase();
    if name == "utra" {
        let adjacent = vec![utra(5e6), utra(10e6)];
        return Some(Preset { channel_hz: 5e6, bandwidth_hz: 3.84e6, filter: ChannelFilter::Rrc, adjacent });
    }
    if let Some(text) = name.strip_prefix("lte") {
        let table = [("1.4", 1.08), ("3", 2.7), ("5", 4.5), ("10", 9.0), ("15", 13.5), ("20", 18.0)];
        let (_, config) = table.iter().find(|(n, _)| *n == text)?;
        let (channel, config) = (text.parse::<f64>().ok()? * 1e6, config * 1e6);
        let mut adjacent = vec![square("E-UTRA", channel, config), square("E-UTRA", 2.0 * channel, config)];
        adjacent.extend([utra(channel / 2.0 + 2.5e6), utra(channel / 2.0 + 7.5e6)]);
        return Some(Preset { channel_hz: channel, bandwidth_hz: config, filter: ChannelFilter::Square, adjacent });
    }
    let (width, spacing) = name.strip_prefix("nr")?.split_once('-')?;
    let row = NR
        .lines()
        .map(|l| l.split(',').collect::<Vec<_>>())
        .find(|r| r.first() == Some(&width) && r.get(1) == Some(&spacing))?;
    let channel = width.parse::<f64>().ok()? * 1e6;
    let config = row.get(3)?.parse::<f64>().ok()? * 1e6;
    let mut adjacent = vec![square("NR", channel, config), square("NR", 2.0 * channel, config)];
    adjacent.extend([2.5e6, 7.5e6].map(|d| square("E-UTRA 5 MHz", channel / 2.0 + d, 4.5e6)));
    Some(Preset { channel_hz: channel, bandwidth_hz: config, filter: ChannelFilter::Square, adjacent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_figures_of_the_standards() {
        let lte = by_name("lte10").unwrap();
        assert_eq!((lte.channel_hz, lte.bandwidth_hz), (10e6, 9e6));
        let offsets: Vec<f64> = lte.adjacent.iter().map(|a| a.offset_hz).collect();
        assert_eq!(offsets, [10e6, 20e6, 7.5e6, 12.5e6]);
        // 106 resource blocks of 12 x 15 kHz.
        assert!((by_name("nr20-15").unwrap().bandwidth_hz - 19.08e6).abs() < 1.0);
        assert!((by_name("NR100-30").unwrap().bandwidth_hz - 98.28e6).abs() < 1.0);
        assert_eq!(by_name("utra").unwrap().adjacent[1].offset_hz, 10e6);
        for none in ["lte7", "nr5-60", "nr", "", "gsm", "nr20", "#"] {
            assert!(by_name(none).is_none(), "{none}");
        }
    }
}
