//! A simulated supply or electronic load: it keeps its settings, knows its ratings, and reads the rail of a fault model.

use std::collections::VecDeque;
use std::io::{ErrorKind as Io, Read};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Fault, Served, Stop, Wire, serve};
use crate::sim::SimError;

/// Whose commands it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the makers")]
pub enum PowerMaker {
    RigolSupply,
    SiglentSupply,
    KeysightSupply,
    SiglentLoad,
    RigolLoad,
    KeysightLoad,
}

/// What it is set to, and what it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerState {
    /// Output or input is on.
    pub on: bool,
    /// Set voltage of a supply.
    pub volts: f64,
    /// Current limit of a supply, current of a load.
    pub amps: f64,
    /// A load in constant current.
    pub constant_current: bool,
    /// Commands that are no questions, in order.
    pub told: Vec<String>,
    errors: VecDeque<String>,
    readings: usize,
}

/// A supply or a load on a rail.
#[derive(Debug, Clone)]
pub struct FarPower {
    /// Whose commands it speaks.
    pub maker: PowerMaker,
    /// Volts of one reading after the other, from the beginning again after the last.
    pub rail: Vec<f64>,
    /// What a supply drives, or what a load's rail has inside.
    pub ohms: f64,
    /// Most volts and amperes that it can be set to.
    pub ratings: (f64, f64),
    /// How it behaves.
    pub fault: Fault,
    /// Seed of the fault.
    pub seed: u64,
    state: Arc<Mutex<PowerState>>,
}

impl FarPower {
    /// One that behaves. A supply's set voltage is the mean of its rail.
    #[must_use]
    pub fn new(maker: PowerMaker, rail: Vec<f64>, on: bool) -> Self {
        let ohms = if maker.is_load() { 0.05 } else { 10.0 };
        let mean = rail.iter().sum::<f64>() / rail.len().max(1) as f64;
        let state = PowerState {
            on,
            volts: mean,
            amps: if maker.is_load() { 0.0 } else { 30.0 },
            constant_current: false,
            told: Vec::new(),
            errors: VecDeque::new(),
            readings: 0,
        };
        let state = Arc::new(Mutex::new(state));
        Self { maker, rail, ohms, ratings: (60.0, 30.0), fault: Fault::None, seed: 1, state }
    }

    /// Its state at this moment.
    #[must_use]
    pub fn state(&self) -> PowerState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves it.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn serve(&self, port: u16) -> Result<Served, SimError> {
        let device = self.clone();
        serve("sim-power", port, move |stream: TcpStream, stop| {
            // The client has gone, or the fault ended the connection: both end the session.
            let _ = stream
                .set_read_timeout(Some(Duration::from_millis(20)))
                .and_then(|()| stream.try_clone())
                .and_then(|reading| device.session(reading, stream, stop));
        })
    }

    /// Talks over any pair of reader and writer, a pseudo terminal for instance.
    ///
    /// # Errors
    /// When the other side has gone.
    pub fn session(&self, reading: impl Read, writing: impl std::io::Write, stop: &Stop) -> std::io::Result<()> {
        self.talk(reading, Wire::new(writing, self.fault, self.seed, stop), stop)
    }

    /// The same over a wire that is there already.
    ///
    /// # Errors
    /// When the other side has gone, or the fault ends the connection.
    pub fn talk<W: std::io::Write>(
        &self,
        mut reading: impl Read,
        mut wire: Wire<W>,
        stop: &Stop,
    ) -> std::io::Result<()> {
        let mut line = String::new();
        while !stop.asked() {
            let mut byte = [0];
            match reading.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if matches!(e.kind(), Io::WouldBlock | Io::TimedOut | Io::Interrupted) => continue,
                Err(e) => return Err(e),
            }
            if byte[0] != b'\n' {
                line.push(char::from(byte[0]));
                continue;
            }
            let text = std::mem::take(&mut line).trim().trim_start_matches(':').to_ascii_uppercase();
            let answer = self.take(&text);
            if let Some(answer) = answer {
                wire.send(format!("{answer}\n").as_bytes())?;
            }
        }
        Ok(())
    }

    fn take(&self, text: &str) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(question) = text.strip_suffix('?').or_else(|| text.split_once("? ").map(|(q, _)| q)) {
            let known = self.answer(question, text, &mut state);
            if known.is_none() {
                state.errors.push_back("-113,\"Undefined header\"".into());
            }
            return known;
        }
        if text == "*CLS" {
            state.errors.clear();
        } else {
            state.told.push(text.to_owned());
            self.obey(text, &mut state);
        }
        None
    }

    fn obey(&self, text: &str, state: &mut PowerState) {
        let on = |word: &str| match word {
            "ON" | "1" => Some(true),
            "OFF" | "0" => Some(false),
            _ => None,
        };
        let words: Vec<&str> = text.split([' ', ',']).collect();
        let [first, .., last] = words.as_slice() else {
            state.errors.push_back("-109,\"Missing parameter\"".into());
            return;
        };
        let value = last.parse::<f64>().ok().filter(|v| v.is_finite() && *v >= 0.0);
        let (rated_volts, rated_amps) = self.ratings;
        let outcome = match self.maker.role(first) {
            Some(Role::Volts) => value.filter(|v| *v <= rated_volts).map(|v| state.volts = v),
            Some(Role::Amps) => value.filter(|v| *v <= rated_amps).map(|v| state.amps = v),
            Some(Role::Switch) => on(last).map(|on| state.on = on),
            Some(Role::Function) if *last == "CURR" => {
                state.constant_current = true;
                Some(())
            }
            Some(_) => None,
            None => {
                state.errors.push_back("-113,\"Undefined header\"".into());
                return;
            }
        };
        if outcome.is_none() {
            state.errors.push_back("-222,\"Data out of range\"".into());
        }
    }

    fn answer(&self, question: &str, whole: &str, state: &mut PowerState) -> Option<String> {
        match question {
            "*IDN" => return Some(self.maker.identity().into()),
            "SYST:ERR" => return Some(state.errors.pop_front().unwrap_or_else(|| "0,\"No error\"".into())),
            // Bit 4 is channel 1 that is on, bit 0 one in constant current.
            "SYST:STAT" if self.maker == PowerMaker::SiglentSupply => {
                return Some(format!("0x{:04x}", u32::from(state.on) << 4));
            }
            "MEAS:VOLT" | "MEAS:CURR" => {
                let needs_channel = matches!(self.maker, PowerMaker::RigolSupply | PowerMaker::SiglentSupply);
                if needs_channel && !whole.ends_with(" CH1") {
                    return None;
                }
                let (volts, amps) = self.reading(state);
                return Some(format!("{:.5}", if question.ends_with("VOLT") { volts } else { amps }));
            }
            _ => {}
        }
        match self.maker.role(question)? {
            Role::Volts => Some(format!("{:.4}", state.volts)),
            Role::Amps => Some(format!("{:.4}", state.amps)),
            // Each maker answers in its own way.
            Role::Switch if self.maker == PowerMaker::RigolSupply => Some(if state.on { "ON" } else { "OFF" }.into()),
            Role::Switch => Some(u8::from(state.on).to_string()),
            Role::Function if state.constant_current => Some("CURRENT".into()),
            Role::Function => Some("VOLTAGE".into()),
        }
    }

    /// Volts and amperes at the terminals: a supply in constant voltage or current, a load on a rail with a resistance.
    fn reading(&self, state: &mut PowerState) -> (f64, f64) {
        let mean = self.rail.iter().sum::<f64>() / self.rail.len().max(1) as f64;
        let rail = self.rail.get(state.readings % self.rail.len().max(1)).copied().unwrap_or(0.0);
        state.readings += 1;
        match (self.maker.is_load(), state.on) {
            (true, true) => (rail - state.amps * self.ohms, state.amps),
            (true, false) => (rail, 0.0),
            (false, true) => {
                let volts = (state.volts + rail - mean).min(state.amps * self.ohms);
                (volts, volts / self.ohms)
            }
            (false, false) => (0.0, 0.0),
        }
    }
}

/// What a header stands for.
enum Role {
    Volts,
    Amps,
    Switch,
    Function,
}

impl PowerMaker {
    fn is_load(self) -> bool {
        matches!(self, Self::SiglentLoad | Self::RigolLoad | Self::KeysightLoad)
    }

    fn identity(self) -> &'static str {
        match self {
            Self::RigolSupply => "RIGOL TECHNOLOGIES,DP832,DP8A000000001,00.01.16",
            Self::SiglentSupply => "Siglent Technologies,SPD3303X,SPD3XA0000001,1.01.01.02.07R2,V3.0",
            Self::KeysightSupply => "Keysight Technologies,E36105B,MY00000001,1.0.4-1.0.0-1.00",
            Self::SiglentLoad => "Siglent Technologies,SDL1020X-E,SDL13A0000001,1.1.1.21R2",
            Self::RigolLoad => "RIGOL TECHNOLOGIES,DL3021,DL3A000000001,00.01.05",
            Self::KeysightLoad => "Keysight Technologies,EL34143A,MY00000002,1.2.3",
        }
    }

    fn role(self, header: &str) -> Option<Role> {
        Some(match (self, header) {
            (Self::RigolSupply, "SOUR1:VOLT") | (Self::SiglentSupply, "CH1:VOLT") | (Self::KeysightSupply, "VOLT") => {
                Role::Volts
            }
            (Self::RigolSupply, "SOUR1:CURR")
            | (Self::SiglentSupply, "CH1:CURR")
            | (Self::KeysightSupply | Self::KeysightLoad, "CURR")
            | (Self::SiglentLoad | Self::RigolLoad, "SOUR:CURR:LEV") => Role::Amps,
            (Self::RigolSupply | Self::SiglentSupply | Self::KeysightSupply, "OUTP")
            | (Self::KeysightLoad, "INP")
            | (Self::SiglentLoad | Self::RigolLoad, "SOUR:INP:STAT") => Role::Switch,
            (Self::KeysightLoad, "FUNC") | (Self::SiglentLoad | Self::RigolLoad, "SOUR:FUNC") => Role::Function,
            _ => return None,
        })
    }
}
