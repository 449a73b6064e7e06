//! What families of supplies and loads are told and asked; `{n}` is the channel, `{v}` a value.

use crate::scpi::Scpi;

/// How a value is set and read back.
pub(super) struct Point {
    pub(super) set: &'static str,
    pub(super) get: &'static str,
}

/// A family of instruments.
pub(super) struct Family {
    /// How the vendor in `*IDN?` begins, in upper case.
    vendor: &'static str,
    /// How its models begin; an empty one is any.
    model: &'static str,
    /// Commands that bring it under remote control on a serial port.
    pub(super) remote: &'static [&'static str],
    /// A load's constant-current function.
    pub(super) function: Option<Point>,
    /// A supply's voltage.
    pub(super) volt: Option<Point>,
    /// A supply's current limit, or a load's current.
    pub(super) curr: Point,
    pub(super) on: &'static str,
    pub(super) off: &'static str,
    /// The question whether it is on.
    pub(super) state: &'static str,
    /// The bit of channel 1 in a hexadecimal answer to it; others answer 0 or 1, ON or OFF.
    pub(super) bit: Option<u8>,
    /// The questions for its own readings.
    pub(super) volts: &'static str,
    pub(super) amps: &'static str,
    /// The question for its error queue, where it has one of the standard's form.
    pub(super) errors: Option<&'static str>,
    pub(super) channels: u8,
}

pub(super) static SUPPLIES: [Family; 3] = [
    Family {
        vendor: "RIGOL",
        model: "DP",
        remote: &[],
        function: None,
        volt: Some(Point { set: ":SOUR{n}:VOLT {v}", get: ":SOUR{n}:VOLT?" }),
        curr: Point { set: ":SOUR{n}:CURR {v}", get: ":SOUR{n}:CURR?" },
        on: "OUTP CH{n},ON",
        off: "OUTP CH{n},OFF",
        state: "OUTP? CH{n}",
        bit: None,
        volts: "MEAS:VOLT? CH{n}",
        amps: "MEAS:CURR? CH{n}",
        errors: Some("SYST:ERR?"),
        channels: 3,
    },
    Family {
        vendor: "SIGLENT",
        model: "SPD",
        remote: &[],
        function: None,
        volt: Some(Point { set: "CH{n}:VOLT {v}", get: "CH{n}:VOLT?" }),
        curr: Point { set: "CH{n}:CURR {v}", get: "CH{n}:CURR?" },
        on: "OUTP CH{n},ON",
        off: "OUTP CH{n},OFF",
        state: "SYST:STAT?",
        bit: Some(4),
        volts: "MEAS:VOLT? CH{n}",
        amps: "MEAS:CURR? CH{n}",
        // `0  No Error`, without the comma.
        errors: None,
        channels: 2,
    },
    // The commands of SCPI-99: Keysight, and what speaks like it.
    Family {
        vendor: "",
        model: "",
        remote: &["SYST:REM"],
        function: None,
        volt: Some(Point { set: "VOLT {v}", get: "VOLT?" }),
        curr: Point { set: "CURR {v}", get: "CURR?" },
        on: "OUTP ON",
        off: "OUTP OFF",
        state: "OUTP?",
        bit: None,
        volts: "MEAS:VOLT?",
        amps: "MEAS:CURR?",
        errors: Some("SYST:ERR?"),
        channels: 1,
    },
];

pub(super) static LOADS: [Family; 3] = [
    SOURCE_LOAD,
    Family { vendor: "RIGOL", model: "DL", ..SOURCE_LOAD },
    // The commands of SCPI-99: Keysight, ITECH, and what speaks like them.
    Family {
        vendor: "",
        model: "",
        remote: &["SYST:REM"],
        function: Some(Point { set: "FUNC CURR", get: "FUNC?" }),
        curr: Point { set: "CURR {v}", get: "CURR?" },
        on: "INP ON",
        off: "INP OFF",
        state: "INP?",
        ..SOURCE_LOAD
    },
];

/// Siglent SDL; Rigol DL is told the same.
const SOURCE_LOAD: Family = Family {
    vendor: "SIGLENT",
    model: "SDL",
    remote: &[],
    function: Some(Point { set: "SOUR:FUNC CURR", get: "SOUR:FUNC?" }),
    volt: None,
    curr: Point { set: "SOUR:CURR:LEV {v}", get: "SOUR:CURR:LEV?" },
    on: "SOUR:INP:STAT 1",
    off: "SOUR:INP:STAT 0",
    state: "SOUR:INP:STAT?",
    bit: None,
    volts: "MEAS:VOLT?",
    amps: "MEAS:CURR?",
    errors: Some("SYST:ERR?"),
    channels: 1,
};

/// The family of what answered; the last one is any.
pub(super) fn of(families: &'static [Family], scpi: &Scpi) -> Option<&'static Family> {
    let (vendor, model) = (scpi.part(0), scpi.part(1));
    families.iter().find(|f| vendor.starts_with(f.vendor) && model.starts_with(f.model))
}

impl Family {
    /// Whether an answer to [`Family::state`] says that the channel is on; nothing when it says neither.
    pub(super) fn is_on(&self, answer: &str, channel: u8) -> Option<bool> {
        let answer = answer.trim();
        if let Some(bit) = self.bit {
            let digits = answer.strip_prefix("0x").or_else(|| answer.strip_prefix("0X"))?;
            let bits = u32::from_str_radix(digits, 16).ok()?;
            return Some(bits >> (bit + channel - 1) & 1 == 1);
        }
        match answer.to_ascii_uppercase().as_str() {
            "1" | "ON" => Some(true),
            "0" | "OFF" => Some(false),
            _ => None,
        }
    }
}
