//! The sidebands of a record at two scales: fine beside the carrier over all of the record, wide over its beginning.

use faultscope_signal::demod::Channel;
use faultscope_signal::sideband::{Pair, Sidebands, carrier_share};
use faultscope_signal::{Kind, Record};

use super::LinkMethod;
use crate::measurement::MeasureError;

/// Most samples of one transform: 100 MiB in all.
const MOST: usize = 1 << 21;
/// A carrier that holds less of the power than this, in a record with a modulated signal, is no line.
const LEAST_SHARE: f64 = 0.25;
/// Chance that noise shows a pair where nothing was looked for.
const FALSE_ALARM: f64 = 0.01;

/// Sidebands by distance from the carrier.
pub(super) struct View {
    wide: Sidebands,
    fine: Option<Sidebands>,
    method: LinkMethod,
}

impl View {
    /// About the carrier; without one, or where it is a modulated signal, of the power in the middle of the record.
    pub(super) fn of(record: &dyn Record, carrier_hz: Option<f64>, modulated: bool) -> Result<Self, MeasureError> {
        let rate = record.sample_rate_hz();
        let middle = if record.kind() == Kind::Iq { 0.0 } else { 0.25 * rate };
        let read = |offset: f64, width: f64| Channel::read(record, offset, width, MOST).map(Channel::while_on);
        let channel = read(carrier_hz.unwrap_or(middle), 2.0 * rate)?;
        let method = match carrier_hz {
            Some(_) if !modulated || carrier_share(&channel) > LEAST_SHARE => LinkMethod::Carrier,
            _ => LinkMethod::Envelope,
        };
        let of = |channel: &Channel| match method {
            LinkMethod::Carrier => Sidebands::of_carrier(channel),
            LinkMethod::Envelope => Sidebands::of_envelope(channel),
        };
        let wide = of(&channel).ok_or_else(|| MeasureError::TooShort {
            what: "the RF record is too short, or holds no power, to tell sidebands".into(),
            hint: "record a second or more of the carrier".into(),
        })?;
        let longer = record.frames() > 2 * MOST as u64 && method == LinkMethod::Carrier;
        let offset = channel.offset_hz;
        drop(channel);
        let fine = if longer {
            let width = 0.5 * MOST as f64 / record.duration_s();
            read(offset, width).ok().and_then(|c| of(&c))
        } else {
            None
        };
        Ok(Self { wide, fine, method })
    }

    pub(super) fn method(&self) -> LinkMethod {
        self.method
    }

    pub(super) fn lowest_hz(&self) -> f64 {
        self.fine.as_ref().unwrap_or(&self.wide).lowest_hz()
    }

    pub(super) fn highest_hz(&self) -> f64 {
        self.wide.highest_hz()
    }

    /// Offsets below this are read at the fine scale.
    fn split_hz(&self) -> f64 {
        self.fine.as_ref().map_or(0.0, |f| 0.9 * f.highest_hz())
    }

    fn at(&self, offset_hz: f64) -> &Sidebands {
        self.fine.as_ref().filter(|_| offset_hz < self.split_hz()).unwrap_or(&self.wide)
    }

    /// Distance between bins at an offset.
    pub(super) fn bin_hz(&self, offset_hz: f64) -> f64 {
        self.at(offset_hz).bin_hz()
    }

    pub(super) fn near(&self, offset_hz: f64, tolerance_hz: f64) -> Option<Pair> {
        self.at(offset_hz).near(offset_hz, tolerance_hz)
    }

    /// Every pair, strongest first.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        let split = self.split_hz();
        let mut pairs = self.wide.pairs(FALSE_ALARM);
        pairs.retain(|p| p.offset_hz >= split);
        if let Some(fine) = &self.fine {
            pairs.extend(fine.pairs(FALSE_ALARM).into_iter().filter(|p| p.offset_hz < split));
        }
        pairs.sort_by(|a, b| (b.upper + b.lower).total_cmp(&(a.upper + a.lower)));
        pairs
    }
}
