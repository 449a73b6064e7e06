//! What an address asks of a supply or a load, checked before anything is sent.

use std::time::Duration;

use crate::address::{Address, number};
use crate::error::DeviceError;

/// Most volts or amperes that can be asked for.
const MOST: f64 = 1000.0;
/// A step of a load, set from here, is not shorter than a question and its answer.
const SHORTEST_S: f64 = 0.1;

/// Settings that an address asks for; what it does not name stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Wanted {
    pub(super) volt: Option<f64>,
    pub(super) curr: Option<f64>,
    /// A load's two currents, and how long each lasts.
    pub(super) step: Option<([f64; 2], Duration)>,
    /// On or off.
    pub(super) on: Option<bool>,
    /// What was switched on here stays on.
    pub(super) stays: bool,
}

impl Wanted {
    /// Of a supply: `volt=`, `curr=` and `output=on|off`.
    pub(super) fn supply(address: &Address) -> Result<Self, DeviceError> {
        let wanted = Self { volt: address.within("volt", 0.0, MOST)?, ..Self::common(address, "output")? };
        if wanted.on == Some(true) && (wanted.volt.is_none() || wanted.curr.is_none()) {
            let hint = "write volt= and curr= too, so that no forgotten setting reaches the unit";
            return Err(DeviceError::address("output=on without both volt= and curr=", hint));
        }
        Ok(wanted)
    }

    /// Of a load: `curr=` or `step=LOW:HIGH` with `period=`, and `input=on|off`.
    pub(super) fn load(address: &Address) -> Result<Self, DeviceError> {
        let step = address.get("step").map(|text| step(text, address)).transpose()?;
        let wanted = Self { step, ..Self::common(address, "input")? };
        match (&wanted.step, wanted.curr, wanted.on) {
            (Some(_), Some(_), _) => {
                Err(DeviceError::address("both curr= and step= are given", "give one of them: curr=2 or step=0.5:5"))
            }
            (Some(_), None, on) if on != Some(true) => {
                let hint = "add input=on, which lets the load draw these currents";
                Err(DeviceError::address("step= without input=on draws nothing", hint))
            }
            (None, None, Some(true)) => {
                let hint = "write curr= or step=LOW:HIGH too, so that no forgotten current is drawn";
                Err(DeviceError::address("input=on without curr= or step=", hint))
            }
            (None, ..) if address.get("period").is_some() => {
                Err(DeviceError::address("period= without step=", "write step=LOW:HIGH, the two currents"))
            }
            _ => Ok(wanted),
        }
    }

    fn common(address: &Address, switch: &str) -> Result<Self, DeviceError> {
        let word = |key: &str| match address.get(key) {
            None => Ok(None),
            Some("on") => Ok(Some(true)),
            Some("off") => Ok(Some(false)),
            Some(other) => {
                Err(DeviceError::address(format!("{key} is '{other}'"), format!("write {key}=on or {key}=off")))
            }
        };
        let (on, after) = (word(switch)?, word("after")?);
        if after.is_some() && on != Some(true) {
            let hint = format!("write {switch}=on with it, or leave after= away: nothing else is switched");
            return Err(DeviceError::address(format!("after= without {switch}=on"), hint));
        }
        Ok(Self { curr: address.within("curr", 0.0, MOST)?, on, stays: after == Some(true), ..Self::default() })
    }

    /// Whether anything is to be set.
    pub(super) fn sets(&self) -> bool {
        self.volt.is_some() || self.curr.is_some() || self.step.is_some()
    }
}

fn step(text: &str, address: &Address) -> Result<([f64; 2], Duration), DeviceError> {
    let bad = || {
        let what = format!("step is '{text}'");
        DeviceError::address(what, "write two different currents from 0 to 1000 A: step=0.5:5")
    };
    let (low, high) = text.split_once(':').ok_or_else(bad)?;
    let levels = [number("step", low)?, number("step", high)?];
    let fits = levels.iter().all(|a| (0.0..=MOST).contains(a));
    if !fits || (levels[0] - levels[1]).abs() < f64::EPSILON {
        return Err(bad());
    }
    let period = address.within("period", 2.0 * SHORTEST_S, 3600.0)?.unwrap_or(2.0);
    Ok((levels, Duration::from_secs_f64(period / 2.0)))
}
