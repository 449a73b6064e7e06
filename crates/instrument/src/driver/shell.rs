//! tinySA, tinySA Ultra and NanoVNA: their command shell, sweeps and the picture of the screen.
//!
//! Protocol: firmware of erikkaashoek/tinySA and ttrftech/NanoVNA. All of them have the same USB id, so they are told
//! apart by what they answer.

use std::time::Duration;

use super::{Instrument, Opened, Screen, Sweep, Trace};
use crate::address::{Address, Scheme};
use crate::error::{DeviceError, ErrorKind};
use crate::live::StreamOptions;
use crate::transport::{self, Link, Patience, SerialSettings};

/// The plug.
pub(super) struct Shells;

const PROMPT: &[u8] = b"ch> ";
/// Longest text answer.
const LONGEST: usize = 1 << 20;
/// Characters that the line buffer of the device holds.
const COMMAND: usize = 47;

/// What kind of device it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Model {
    Basic,
    Ultra,
    Vna,
}

impl Model {
    /// Of the answers to `version` and `info`.
    fn of(version: &str, info: &str) -> Option<Self> {
        let says = |word: &str| version.contains(word) || info.contains(word);
        if version.starts_with("tinySA4") || says("tinySA ULTRA") || says("tinySA Ultra") {
            Some(Self::Ultra)
        } else if says("tinySA") {
            Some(Self::Basic)
        } else if says("NanoVNA") {
            Some(Self::Vna)
        } else {
            None
        }
    }

    /// Offset of `scanraw`: dBm = raw / 32 - zero.
    const fn zero_db(self) -> f64 {
        if matches!(self, Self::Ultra) { 174.0 } else { 128.0 }
    }

    const fn screen(self) -> (usize, usize) {
        if matches!(self, Self::Ultra) { (480, 320) } else { (320, 240) }
    }

    const fn most_points(self) -> usize {
        if matches!(self, Self::Vna) { 101 } else { 65_535 }
    }
}

impl Instrument for Shells {
    fn id(&self) -> &'static str {
        "tinysa"
    }
    fn describe(&self) -> &'static str {
        "tinySA, tinySA Ultra, NanoVNA: start, stop, points, rbw (kHz or auto), attenuate (dB or auto), spur (on or off)"
    }
    fn accepts(&self, address: &Address) -> bool {
        matches!(address.scheme, Scheme::Serial | Scheme::Tcp)
            && matches!(address.get("driver"), Some("tinysa" | "nanovna"))
    }
    fn open(&self, address: &Address, _options: StreamOptions) -> Result<Opened, DeviceError> {
        let own = ["driver", "start", "stop", "points", "rbw", "attenuate", "spur", "timeout"];
        address.allow(&[&own[..], &SerialSettings::KEYS[..]].concat())?;
        let need = |key: &str| {
            address.within(key, 1.0, 20e9)?.ok_or_else(|| {
                DeviceError::address(format!("{} does not say {key}", address.text), format!("add {key}=900M"))
            })
        };
        let (start, stop) = (need("start")?.round(), need("stop")?.round());
        if start >= stop {
            return Err(DeviceError::address(
                format!("start {start} is not below stop {stop}"),
                "give start=900M&stop=960M",
            ));
        }
        let silence = Duration::from_secs_f64(address.within("timeout", 0.05, 600.0)?.unwrap_or(30.0));
        let mut shell = Shell::connect(Link::new(transport::open(address)?), silence)?;
        let points = address.within("points", 2.0, shell.model.most_points() as f64)?.unwrap_or(101.0) as usize;
        shell.plan = Plan { start: start as u64, stop: stop as u64, points };
        for key in ["rbw", "attenuate", "spur"] {
            if let Some(value) = address.get(key) {
                shell.text(&format!("{key} {value}"))?;
            }
        }
        Ok(Opened::Sweep(Box::new(shell)))
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Plan {
    start: u64,
    stop: u64,
    points: usize,
}

struct Shell {
    link: Link,
    patience: Patience,
    model: Model,
    identity: String,
    plan: Plan,
}

impl Shell {
    fn connect(link: Link, silence: Duration) -> Result<Self, DeviceError> {
        let mut shell = Self {
            link,
            patience: Patience::of(silence),
            model: Model::Basic,
            identity: String::new(),
            plan: Plan::default(),
        };
        shell.resynchronise()?;
        let version = shell.text("version")?;
        let info = shell.text("info")?;
        let first = |text: &str| text.lines().next().unwrap_or_default().trim().to_owned();
        shell.identity = format!("{} {}", first(&info), first(&version)).trim().to_owned();
        shell.model = Model::of(&version, &info).ok_or_else(|| {
            let what = format!("'{}' is neither a tinySA nor a NanoVNA", shell.identity);
            DeviceError::new(ErrorKind::Unsupported, what, "check that the port is the right one")
        })?;
        Ok(shell)
    }

    /// Comes back to a prompt, whatever the device was doing.
    fn resynchronise(&mut self) -> Result<(), DeviceError> {
        let quick = Patience { silence: self.patience.silence.min(Duration::from_secs(3)), ..self.patience };
        self.link.send(b"\r")?;
        self.link.until(PROMPT, LONGEST, quick)?;
        self.link.drain(Duration::from_millis(30)).map(drop)
    }

    /// Sends a command and reads its echo.
    fn begin(&mut self, command: &str) -> Result<(), DeviceError> {
        if command.len() > COMMAND {
            return Err(DeviceError::address(format!("'{command}' is too long for the device"), "shorten the values"));
        }
        self.link.drain(Duration::from_millis(1))?;
        self.link.send(format!("{command}\r").as_bytes())?;
        let echo = self.link.line(LONGEST, self.patience)?;
        if echo.trim_end() == command {
            return Ok(());
        }
        let shown: String = echo.chars().take(40).collect();
        Err(DeviceError::protocol(format!("{} echoes '{shown}' for '{command}'", self.link.name())))
    }

    fn attempt<T>(
        &mut self,
        command: &str,
        answer: impl FnOnce(&mut Self) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        let got = self.begin(command).and_then(|()| answer(self));
        if got.as_ref().is_err_and(|e| e.kind != ErrorKind::Closed) {
            // The next command must not read what is left of this one; if that fails, it will say so itself.
            let _ = self.resynchronise();
        }
        got
    }

    /// A command and its text, without echo and prompt.
    fn text(&mut self, command: &str) -> Result<String, DeviceError> {
        let text = self.attempt(command, |shell| {
            let bytes = shell.link.until(PROMPT, LONGEST, shell.patience)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        })?;
        let word = command.split(' ').next().unwrap_or_default();
        if text.trim_end() == format!("{word}?") {
            let what = format!("{} does not know the command '{word}'", self.link.name());
            return Err(DeviceError::new(
                ErrorKind::Unsupported,
                what,
                "update the firmware, or leave the setting out",
            ));
        }
        Ok(text)
    }

    /// Binary: `{`, then `x` and two bytes a point, then `}`; read by length, because data may look like the prompt.
    fn scanraw(&mut self) -> Result<Trace, DeviceError> {
        let Plan { start, stop, points } = self.plan;
        let zero = self.model.zero_db();
        let raw = self.attempt(&format!("scanraw {start} {stop} {points}"), |shell| {
            let broken = |what: String| Err(DeviceError::protocol(what));
            if shell.link.exact(1, shell.patience)? != b"{" {
                return broken("the sweep does not begin with {".into());
            }
            let mut raw = Vec::with_capacity(points);
            for k in 0..points {
                match shell.link.exact(1, shell.patience)?[..] {
                    [b'x'] => {}
                    [b'}'] => return broken(format!("the sweep was broken off after {k} of {points} points")),
                    _ => return broken(format!("point {k} of the sweep does not begin with x")),
                }
                match shell.link.exact(2, shell.patience)?[..] {
                    [low, high] => raw.push(u16::from_le_bytes([low, high])),
                    _ => return broken("a point has two bytes".into()),
                }
            }
            if shell.link.exact(1, shell.patience)? != b"}" {
                return broken("the sweep does not end with }".into());
            }
            shell.link.until(PROMPT, 64, shell.patience)?;
            Ok(raw)
        })?;
        // The firmware divides by the number of points, not of intervals.
        let step = (stop - start) / points as u64;
        let frequency_hz = (0..points as u64).map(|i| (start + i * step) as f64).collect();
        Ok(Trace { frequency_hz, level: raw.iter().map(|r| f64::from(*r) / 32.0 - zero).collect(), unit: "dBm" })
    }

    /// Reflection of a network analyser: `scan` with frequency and S11 as real and imaginary part.
    fn reflection(&mut self) -> Result<Trace, DeviceError> {
        let Plan { start, stop, points } = self.plan;
        let text = self.text(&format!("scan {start} {stop} {points} 3"))?;
        let mut trace = Trace { frequency_hz: Vec::new(), level: Vec::new(), unit: "dB" };
        for line in text.lines().filter(|l| !l.trim().is_empty()) {
            let numbers: Option<Vec<f64>> = line.split_whitespace().map(crate::scpi::number).collect();
            let Some([hz, re, im]) = numbers.as_deref() else {
                return Err(DeviceError::protocol(format!("'{line}' is no point of a scan")));
            };
            trace.frequency_hz.push(*hz);
            trace.level.push(20.0 * re.hypot(*im).log10());
        }
        if trace.level.len() != points {
            let what = format!("{} of {points} points came", trace.level.len());
            return Err(DeviceError::protocol(what));
        }
        Ok(trace)
    }
}

impl Sweep for Shell {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn sweep(&mut self) -> Result<Trace, DeviceError> {
        if self.model == Model::Vna { self.reflection() } else { self.scanraw() }
    }

    fn screen(&mut self) -> Result<Screen, DeviceError> {
        let (width, height) = self.model.screen();
        let pixels = self.attempt("capture", |shell| {
            let bytes = width * height * 2;
            let pixels = shell.link.exact(bytes, shell.patience.for_bytes(bytes))?;
            shell.link.until(PROMPT, 64, shell.patience)?;
            Ok(pixels)
        })?;
        // 5 bits red, 6 green, 5 blue, big endian.
        let rgb = pixels.as_chunks::<2>().0.iter().flat_map(|p| {
            let v = u32::from(u16::from_be_bytes(*p));
            [(v >> 11) * 255 / 31, (v >> 5 & 63) * 255 / 63, (v & 31) * 255 / 31].map(|c| c as u8)
        });
        Ok(Screen { width, height, rgb: rgb.collect() })
    }
}

#[cfg(test)]
mod tests;
