//! A simulated tinySA or NanoVNA: the shell with echo and prompt, binary sweeps and the picture of the screen.

use std::io::{ErrorKind as Io, Read};
use std::net::TcpStream;
use std::time::Duration;

use super::{Fault, Served, Stop, Wire, serve};
use crate::sim::SimError;

/// A handheld analyser.
#[derive(Debug, Clone)]
pub struct FarTinySa {
    /// An Ultra, with its wider screen and other offset.
    pub ultra: bool,
    /// A NanoVNA instead.
    pub vna: bool,
    /// Lines it sees: frequency, level in dBm.
    pub lines: Vec<(f64, f64)>,
    /// Level everywhere else.
    pub floor_dbm: f64,
    /// How it behaves.
    pub fault: Fault,
    /// Seed of the fault.
    pub seed: u64,
}

impl FarTinySa {
    /// One that behaves.
    #[must_use]
    pub fn new(ultra: bool, lines: Vec<(f64, f64)>) -> Self {
        Self { ultra, vna: false, lines, floor_dbm: -100.0, fault: Fault::None, seed: 1 }
    }

    /// Serves it.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn serve(self, port: u16) -> Result<Served, SimError> {
        serve("sim-tinysa", port, move |stream: TcpStream, stop| {
            // The client has gone, or the fault ended the connection: both end the session.
            let _ = stream
                .set_read_timeout(Some(Duration::from_millis(20)))
                .and_then(|()| stream.try_clone())
                .and_then(|reading| self.session(reading, stream, stop));
        })
    }

    /// Talks over any pair of reader and writer, a pseudo terminal for instance.
    ///
    /// # Errors
    /// When the other side has gone.
    pub fn session(&self, mut reading: impl Read, writing: impl std::io::Write, stop: &Stop) -> std::io::Result<()> {
        let mut wire = Wire::new(writing, self.fault, self.seed, stop);
        let mut line = String::new();
        while !stop.asked() {
            let mut byte = [0];
            match reading.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(e) if matches!(e.kind(), Io::WouldBlock | Io::TimedOut | Io::Interrupted) => continue,
                Err(e) => return Err(e),
            }
            match byte[0] {
                b'\r' => {
                    wire.send(&[format!("{line}\r\n").as_bytes(), &self.answer(&line), b"ch> "].concat())?;
                    line.clear();
                }
                c @ b' '..=b'~' if line.len() < 47 => line.push(char::from(c)),
                _ => {}
            }
        }
        Ok(())
    }

    fn answer(&self, line: &str) -> Vec<u8> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = match (self.vna, self.ultra) {
            (true, _) => "NanoVNA-H",
            (_, true) => "tinySA ULTRA",
            _ => "tinySA v0.3",
        };
        match words[..] {
            [] => Vec::new(),
            ["version"] if self.vna => b"0.8.0\r\n".to_vec(),
            ["version"] if self.ultra => b"tinySA4_v1.4-193-g6ff182b\r\nHW Version:V0.5.4 max2871\r\n".to_vec(),
            ["version"] => b"tinySA_v1.4-51-gdeadbee\r\n".to_vec(),
            ["info"] => format!("{name}\r\n2016-2026 Copyright\r\n").into_bytes(),
            ["rbw" | "attenuate" | "spur", _] if !self.vna => Vec::new(),
            ["scanraw", start, stop, points] if !self.vna => self.scanraw(start, stop, points),
            ["scan", start, stop, points, "3"] if self.vna => Self::scan(start, stop, points),
            ["capture"] => {
                let (width, height) = if self.ultra { (480, 320) } else { (320, 240) };
                // Pure red, then the bytes of the prompt over and over, which must not end the picture.
                [&[0xf8, 0x00][..], &b"ch> ".repeat(width * height)[..width * height * 2 - 2]].concat()
            }
            _ => format!("{}?\r\n", words[0]).into_bytes(),
        }
    }

    /// `raw = (dBm + zero) * 32`, zero 128 or 174; frequency i = start + i * floor((stop - start) / points).
    fn scanraw(&self, start: &str, stop: &str, points: &str) -> Vec<u8> {
        let (Ok(start), Ok(stop), Ok(points)) = (start.parse::<u64>(), stop.parse::<u64>(), points.parse::<u64>())
        else {
            return b"usage: scanraw\r\n".to_vec();
        };
        if points == 0 || stop < start {
            return b"usage: scanraw\r\n".to_vec();
        }
        let (step, zero) = ((stop - start) / points, if self.ultra { 174.0 } else { 128.0 });
        let mut bytes = vec![b'{'];
        for i in 0..points {
            let at = (start + i * step) as f64;
            let near = self.lines.iter().find(|(hz, _)| (hz - at).abs() <= step as f64 / 2.0);
            let dbm = near.map_or(self.floor_dbm, |(_, dbm)| *dbm);
            bytes.push(b'x');
            bytes.extend_from_slice(&(((dbm + zero) * 32.0).round() as u16).to_le_bytes());
        }
        bytes.push(b'}');
        bytes
    }

    /// S11 = 0.1 + 0j everywhere: a return loss of 20 dB.
    fn scan(start: &str, stop: &str, points: &str) -> Vec<u8> {
        let (Ok(start), Ok(stop), Ok(points)) = (start.parse::<f64>(), stop.parse::<f64>(), points.parse::<u32>())
        else {
            return b"usage: scan\r\n".to_vec();
        };
        let step = (stop - start) / f64::from(points.max(2) - 1);
        (0..points)
            .flat_map(|i| format!("{:.0} 0.100000 0.000000 \r\n", start + f64::from(i) * step).into_bytes())
            .collect()
    }
}
