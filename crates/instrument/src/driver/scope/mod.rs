//! SCPI oscilloscopes: one way through an acquisition, and a table of what each family does differently.

mod gwinstek;
mod keysight;
mod rigol;
mod siglent;
mod tektronix;
#[cfg(test)]
mod tests;

use std::time::Duration;

use faultscope_capture::{Caveat, CaveatKind};
use faultscope_signal::{Unit, Waveform};

use super::{Acquire, Instrument, Opened, Shot};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::StreamOptions;
use crate::scpi::Scpi;
use crate::transport::{self, Link, SerialSettings};

/// The plug.
pub(super) struct Scope;

/// What a family of oscilloscopes does in its own way.
pub(super) struct Family {
    /// Its name, which `driver=` takes.
    pub(super) id: &'static str,
    /// How the vendor in `*IDN?` begins, in upper case.
    pub(super) vendors: &'static [&'static str],
    /// How its models begin, in upper case; an empty one is any.
    pub(super) models: &'static [&'static str],
    /// How its error queue is asked, where it has one.
    pub(super) errors: Option<&'static str>,
    /// Commands before the instrument's own peak to peak is asked; `{n}` is the channel.
    pub(super) vpp_setup: &'static [&'static str],
    /// The question for it.
    pub(super) vpp: &'static str,
    /// Reads one channel.
    pub(super) read: fn(&mut Scpi, u8, usize) -> Result<Raw, DeviceError>,
}

static FAMILIES: &[&Family] = &[
    &rigol::RIGOL,
    &siglent::CURRENT,
    &siglent::LEGACY,
    &keysight::KEYSIGHT,
    &tektronix::TEKTRONIX,
    &gwinstek::GW_INSTEK,
];

/// A channel as it was downloaded: `V = (code - zero) * volts_per_code + offset_v`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raw {
    pub(super) codes: Vec<i32>,
    pub(super) volts_per_code: f64,
    pub(super) zero: f64,
    pub(super) offset_v: f64,
    pub(super) step_s: f64,
    pub(super) t0_s: Option<f64>,
    /// Lowest and highest code of the converter.
    pub(super) rails: (i32, i32),
    pub(super) caveats: Vec<Caveat>,
}

/// Points of one download at most: 64 Mi.
const MOST_POINTS: f64 = 67_108_864.0;
/// Difference between our peak to peak and the instrument's own that is reported.
const VPP_TOLERANCE: f64 = 0.03;

impl Instrument for Scope {
    fn id(&self) -> &'static str {
        "scope"
    }
    fn describe(&self) -> &'static str {
        "SCPI oscilloscopes (rigol siglent siglent-legacy keysight tektronix gwinstek): channels=1,2 points=1M"
    }
    fn accepts(&self, address: &Address) -> bool {
        let named = |name: &str| name == "scope" || FAMILIES.iter().any(|f| f.id == name);
        matches!(address.scheme, Scheme::Serial | Scheme::Tcp) && address.get("driver").is_some_and(named)
    }
    fn open(&self, address: &Address, _options: StreamOptions) -> Result<Opened, DeviceError> {
        let own = ["driver", "channels", "points", "timeout"];
        address.allow(&[&own[..], &SerialSettings::KEYS[..]].concat())?;
        let channels = channels(address)?;
        let points = address.within("points", 1.0, MOST_POINTS)?.unwrap_or(1e6) as usize;
        let silence = Duration::from_secs_f64(address.within("timeout", 0.05, 600.0)?.unwrap_or(2.0));
        let scpi = Scpi::identify(Link::new(transport::open(address)?), silence)?;
        let family = family(&scpi, address.get("driver").unwrap_or_default())?;
        Ok(Opened::Scope(Box::new(Session { scpi, family, channels, points })))
    }
}

fn channels(address: &Address) -> Result<Vec<u8>, DeviceError> {
    let text = address.get("channels").unwrap_or("1");
    let parsed: Option<Vec<u8>> = text.split(',').map(|c| c.parse().ok().filter(|c| (1..=8).contains(c))).collect();
    parsed
        .ok_or_else(|| DeviceError::address(format!("channels is '{text}'"), "write channels=1,2; 1 to 8 are possible"))
}

fn family(scpi: &Scpi, asked: &str) -> Result<&'static Family, DeviceError> {
    if let Some(named) = FAMILIES.iter().find(|f| f.id == asked) {
        return Ok(named);
    }
    let (vendor, model) = (scpi.part(0), scpi.part(1));
    let fits =
        |f: &&&Family| f.vendors.iter().any(|v| vendor.starts_with(v)) && f.models.iter().any(|m| model.starts_with(m));
    FAMILIES.iter().find(fits).copied().ok_or_else(|| {
        let ids: Vec<&str> = FAMILIES.iter().map(|f| f.id).collect();
        let what = format!("'{}' is no oscilloscope that is known", scpi.identity());
        DeviceError::new(
            ErrorKind::Unsupported,
            what,
            format!("if it speaks like one of them, add driver={}", ids.join("|")),
        )
    })
}

struct Session {
    scpi: Scpi,
    family: &'static Family,
    channels: Vec<u8>,
    points: usize,
}

impl Acquire for Session {
    fn identity(&self) -> &str {
        self.scpi.identity()
    }

    fn acquire(&mut self) -> Result<Vec<Shot>, DeviceError> {
        let mut shots = Vec::new();
        for channel in self.channels.clone() {
            let raw = (self.family.read)(&mut self.scpi, channel, self.points)?;
            let mut shot = convert(raw, channel)?;
            if let Some(query) = self.family.errors {
                let errors = self.scpi.errors(query)?;
                shot.caveats.extend(
                    errors.into_iter().map(|e| {
                        Caveat::new(CaveatKind::Inconsistent, format!("the instrument reported an error: {e}"))
                    }),
                );
            }
            shot.caveats.extend(self.self_check(channel, &shot.waveform));
            shots.push(shot);
        }
        Ok(shots)
    }
}

impl Session {
    /// Compares our peak to peak with the instrument's: scale factors of manuals and firmware do not always agree.
    fn self_check(&mut self, channel: u8, waveform: &Waveform) -> Option<Caveat> {
        let fill = |text: &str| text.replace("{n}", &channel.to_string());
        for command in self.family.vpp_setup {
            self.scpi.command(&fill(command)).ok()?;
        }
        let data = waveform.data();
        let ours = data.iter().copied().fold(f64::MIN, f64::max) - data.iter().copied().fold(f64::MAX, f64::min);
        let detail = match self.scpi.loose_number(&fill(self.family.vpp)) {
            Ok(theirs) if (ours - theirs).abs() <= VPP_TOLERANCE * theirs.abs().max(1e-9) => return None,
            Ok(theirs) => format!("peak to peak is {ours:.6} V here and {theirs:.6} V on the instrument's own display"),
            Err(_) => "the instrument did not tell its own peak to peak, so the scale is not cross-checked".to_owned(),
        };
        Some(Caveat::new(CaveatKind::Inconsistent, detail))
    }
}

fn convert(raw: Raw, channel: u8) -> Result<Shot, DeviceError> {
    let Raw { codes, volts_per_code, zero, offset_v, step_s, t0_s, rails, mut caveats } = raw;
    let scale = [volts_per_code, zero, offset_v];
    if !scale.iter().all(|v| v.is_finite()) || volts_per_code == 0.0 {
        return Err(DeviceError::protocol(format!("channel {channel} has no usable scale: {scale:?}")));
    }
    if !(step_s.is_finite() && step_s > 0.0) {
        return Err(DeviceError::protocol(format!("channel {channel} has no usable time step: {step_s} s")));
    }
    if codes.is_empty() {
        let hint = "switch the channel on and let it trigger once";
        return Err(DeviceError::new(ErrorKind::Protocol, format!("channel {channel} holds no points"), hint));
    }
    let clipped = codes.iter().filter(|c| **c <= rails.0 || **c >= rails.1).count();
    if clipped > 0 {
        let detail =
            format!("{clipped} of {} points of channel {channel} lie at the ends of the converter", codes.len());
        caveats.push(Caveat::new(CaveatKind::Clipped, detail));
    }
    let volts = codes.iter().map(|c| (f64::from(*c) - zero) * volts_per_code + offset_v).collect();
    let waveform = Waveform::real(volts, 1.0 / step_s, Unit::Volt).map_err(|e| DeviceError::protocol(e.message))?;
    Ok(Shot { name: format!("CH{channel}"), waveform, t0_s, caveats })
}

/// Ten numbers separated by commas: the preamble of Rigol and Keysight.
fn preamble(text: &str) -> Option<[f64; 10]> {
    let numbers: Option<Vec<f64>> = text.split(',').map(crate::scpi::number).collect();
    numbers?.try_into().ok()
}

fn no_preamble(text: &str) -> DeviceError {
    let shown: String = text.chars().take(80).collect();
    DeviceError::protocol(format!("'{shown}' is no waveform preamble"))
}
