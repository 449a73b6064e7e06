//! A simulated oscilloscope behind a socket: it speaks as one of six families and encodes its volts as they do.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::time::Duration;

use super::{Fault, Served, Stop, Wire, serve};
use crate::sim::SimError;

/// Whose commands it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the makers")]
pub enum Maker {
    Rigol,
    RigolDho,
    Siglent,
    SiglentLegacy,
    Keysight,
    Tektronix,
    TektronixMdo,
    GwInstek,
}

/// An oscilloscope with one signal on every channel.
#[derive(Debug, Clone)]
pub struct FarScope {
    /// Whose commands it speaks.
    pub maker: Maker,
    /// The signal.
    pub volts: Vec<f64>,
    /// Its rate.
    pub rate_hz: f64,
    /// Volts of one division.
    pub volts_per_div: f64,
    /// How it behaves.
    pub fault: Fault,
    /// Seed of the fault.
    pub seed: u64,
    /// Factor of its own peak-to-peak display: anything but 1 is a scope that contradicts its data.
    pub display: f64,
}

impl FarScope {
    /// A scope that behaves.
    #[must_use]
    pub fn new(maker: Maker, volts: Vec<f64>, rate_hz: f64, volts_per_div: f64) -> Self {
        Self { maker, volts, rate_hz, volts_per_div, fault: Fault::None, seed: 1, display: 1.0 }
    }

    /// Serves it.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn serve(self, port: u16) -> Result<Served, SimError> {
        serve("sim-scope", port, move |stream, stop| {
            // The client has gone, or the fault ended the connection: both end the session.
            let _ = self.session(stream, stop);
        })
    }

    fn session(&self, stream: TcpStream, stop: &Stop) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_millis(20)))?;
        let mut wire = Wire::new(stream.try_clone()?, self.fault, self.seed, stop);
        let (mut reader, mut line) = (BufReader::new(stream), Vec::new());
        let mut state = State { start: 1, stop: 0, asked: 0 };
        while !stop.asked() {
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) if line.ends_with(b"\n") => {
                    let text = String::from_utf8_lossy(&line).trim().to_owned();
                    if let Some(answer) = self.answer(&text, &mut state) {
                        wire.send(&answer)?;
                    }
                    line.clear();
                }
                Ok(_) => {}
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    fn identity(&self) -> &'static str {
        match self.maker {
            Maker::Rigol => "RIGOL TECHNOLOGIES,DS1104Z,DS1ZA000000001,00.04.04.SP3",
            Maker::RigolDho => "RIGOL TECHNOLOGIES,DHO804,DHO8A000000001,00.01.02",
            Maker::Siglent => "Siglent Technologies,SDS814X HD,SDS08A0000001,1.1.3.3",
            Maker::SiglentLegacy => "Siglent Technologies,SDS1104X-E,SDSMM0000001,8.2.6.1.37R2",
            Maker::Keysight => "KEYSIGHT TECHNOLOGIES,DSO-X 2024A,MY12345678,02.43.2018020635",
            Maker::Tektronix => "TEKTRONIX,TBS1072B,C012345,CF:91.1CT FV:v4.06",
            Maker::TektronixMdo => "TEKTRONIX,MDO3024,C012345,CF:91.1CT FV:v1.30",
            Maker::GwInstek => "GW,GDS-1054B,GEP000000,V1.34",
        }
    }

    fn answer(&self, text: &str, state: &mut State) -> Option<Vec<u8>> {
        let upper = text.to_ascii_uppercase();
        let line = |text: String| Some(format!("{text}\n").into_bytes());
        if upper == "*IDN?" {
            return line(self.identity().to_owned());
        }
        if let Some(n) = upper.strip_prefix(":WAV:STAR ") {
            state.start = n.parse().ok()?;
            return None;
        }
        if let Some(n) = upper.strip_prefix(":WAV:STOP ") {
            state.stop = n.parse().ok()?;
            return None;
        }
        let (n, step, v) = (self.volts.len(), 1.0 / self.rate_hz, self.volts_per_div);
        let display = self.display * (self.most() - self.least());
        match (self.maker, upper.as_str()) {
            (_, ":SYST:ERR?") => line("0,\"No error\"".into()),
            // yincrement = volts per division / 25, yorigin 0 counts, yreference 127.
            (Maker::Rigol, ":WAV:PRE?") => line(format!("0,2,{n},1,{step:.6e},-3.0e-03,0,{:.6e},-10,127", v / 25.0)),
            // 12 bits in 16; the third field is the page, not the record.
            (Maker::RigolDho, ":WAV:PRE?") => line(format!("1,2,1000,1,0.000000,0,0,{:.9e},0,32768", v / 7500.0)),
            (Maker::RigolDho, ":ACQ:MDEP?") => line(format!("{n}")),
            (Maker::Rigol | Maker::RigolDho, ":ACQ:SRAT?") => line(format!("{:.6e}", self.rate_hz)),
            (Maker::Rigol | Maker::RigolDho, ":WAV:DATA?") => {
                let part = self.volts.get(state.start.checked_sub(1)?..state.stop.min(n))?;
                Some(if self.maker == Maker::Rigol {
                    block(part.iter().map(|x| (x / (v / 25.0) - 10.0 + 127.0).round() as u8), b"\n")
                } else {
                    block(part.iter().flat_map(|x| ((x / (v / 7500.0) + 32_768.0).round() as u16).to_le_bytes()), b"\n")
                })
            }
            (Maker::Rigol | Maker::RigolDho, q) if q.starts_with(":MEAS:ITEM? VPP") => line(format!("{display:.6e}")),
            (Maker::Keysight, ":WAV:PRE?") => {
                state.asked += 1;
                // The first question is answered with +0 now and then.
                if state.asked == 1 {
                    return line("+0".into());
                }
                line(format!("+0,+2,{n:+},+1,{step:+.8E},-1.00000000E-003,+0,{:+.8E},+5.0E-01,+128", v / 25.0))
            }
            (Maker::Keysight, ":WAV:DATA?") => {
                Some(block(self.volts.iter().map(|x| ((x - 0.5) / (v / 25.0) + 128.0).round() as u8), b"\n"))
            }
            (Maker::Keysight, q) if q.starts_with(":MEAS:VPP?") => line(format!("{display:+.5E}")),
            (Maker::Siglent, ":WAV:MAXP?") => line("700".into()),
            (Maker::Siglent, ":WAV:PRE?") => Some(block(self.descriptor(), b"\n\n")),
            (Maker::Siglent, ":WAV:DATA?") => {
                let part = self.volts.get(state.start..(state.start + 700).min(n))?;
                // V = code * gain * probe / 30 - offset * probe with probe 10 and offset 0.05.
                let code = |x: &f64| ((x + 0.5) / (v / 30.0)).round() as i8;
                Some(block(part.iter().map(|x| code(x).cast_unsigned()), b"\n\n"))
            }
            (Maker::Siglent, ":MEAS:SIMP:VAL? PKPK") => line(format!("{display:.6E}")),
            (Maker::SiglentLegacy, "SARA?") => line(format!("{:.2E}Sa/s", self.rate_hz)),
            (Maker::SiglentLegacy, "TDIV?") => line("1.00E-03S".into()),
            (Maker::SiglentLegacy, "TRDL?") => line("2.00E-03S".into()),
            (Maker::SiglentLegacy, q) if q.ends_with(":VDIV?") => line(format!("{v:.2E}V")),
            (Maker::SiglentLegacy, q) if q.ends_with(":OFST?") => line("-1.50E+00V".into()),
            (Maker::SiglentLegacy, q) if q.ends_with(":WF? DAT2") => {
                // V = code * (vdiv / 25) - offset, two's complement.
                let codes = self.volts.iter().map(|x| ((x - 1.5) / (v / 25.0)).round() as i8);
                Some([b"DAT2,".to_vec(), block(codes.map(i8::cast_unsigned), b"\n\n")].concat())
            }
            (Maker::SiglentLegacy, q) if q.ends_with(":PAVA? PKPK") => line(format!("C1:PAVA PKPK,{display:.4E}V")),
            (Maker::Tektronix | Maker::TektronixMdo, "WFMOUTPRE?") => line(format!(
                ":WFMOUTPRE:BYT_NR 1;BIT_NR 8;ENCDG BINARY;BN_FMT RI;BYT_OR LSB;WFID \"Ch1, DC; 500mV/div\";NR_PT {n};\
                 PT_FMT Y;XUNIT \"s\";XINCR {step:.6E};XZERO 4.0E-3;PT_OFF 100;YUNIT \"V\";YMULT {:.6E};YOFF -20.0;YZERO 0.25",
                v / 25.0
            )),
            (Maker::Tektronix | Maker::TektronixMdo, "CURVE?") => {
                let codes = self.volts.iter().map(|x| ((x - 0.25) / (v / 25.0) - 20.0).round() as i8);
                Some([b":CURVE ".to_vec(), block(codes.map(i8::cast_unsigned), b"\n")].concat())
            }
            (Maker::Tektronix | Maker::TektronixMdo, "MEASU:IMM:VAL?") => line(format!("{display:.4E}")),
            (Maker::GwInstek, q) if q.starts_with(":ACQUIRE") => {
                let head = format!(
                    "Format,1.0B;Memory Length,{n};Source,CH1;Vertical Units,V;Vertical Scale,{v:.6e};\
                     Sampling Period,{step:.6e};Probe,1.0e+00;Waveform Data;\n"
                );
                let codes = self.volts.iter().flat_map(|x| ((x * 25.0 / v).round() as i16).to_be_bytes());
                Some([head.into_bytes(), block(codes, b"\n")].concat())
            }
            (Maker::GwInstek, ":MEAS:PK2P?") => line(format!("{display:.4E}")),
            _ => None,
        }
    }

    fn most(&self) -> f64 {
        self.volts.iter().copied().fold(f64::MIN, f64::max)
    }

    fn least(&self) -> f64 {
        self.volts.iter().copied().fold(f64::MAX, f64::min)
    }

    /// WAVEDESC with the fields at 116, 156, 160, 176, 180 and 328; the probe is 10:1, the offset 0.05 V at its tip.
    fn descriptor(&self) -> Vec<u8> {
        let mut bytes = vec![0; 346];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, b"WAVEDESC");
        put(116, &(self.volts.len() as u32).to_le_bytes());
        put(156, &(self.volts_per_div as f32 / 10.0).to_le_bytes());
        put(160, &0.05f32.to_le_bytes());
        put(176, &(1.0 / self.rate_hz as f32).to_le_bytes());
        put(180, &(-2.5e-3f64).to_le_bytes());
        put(328, &10f32.to_le_bytes());
        bytes
    }
}

struct State {
    start: usize,
    stop: usize,
    asked: usize,
}

/// `#9` with nine digits of length, the bytes, the terminator.
fn block(bytes: impl IntoIterator<Item = u8>, end: &[u8]) -> Vec<u8> {
    let bytes: Vec<u8> = bytes.into_iter().collect();
    [format!("#9{:09}", bytes.len()).as_bytes(), &bytes, end].concat()
}
