//! Writes repeatable material for the promises: `material cu8|cs16|cf32|wav BYTES FILE` or `material csv ROWS FILE`.

use std::error::Error;
use std::f64::consts::TAU;
use std::fs::File;
use std::io::{BufWriter, Write};

/// Rate of the scope record.
const WAV_HZ: f64 = 48_000.0;

/// Nearly Gaussian noise of unit variance: four uniform numbers, summed.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        let mut uniform = || {
            // Marsaglia's xorshift64.
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 32) as f64 / 4_294_967_296.0
        };
        ((0..4).map(|_| uniform()).sum::<f64>() - 2.0) * 3f64.sqrt()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kind, size, file] = args.as_slice() else {
        return Err("usage: material cu8|cs16|cf32|wav BYTES FILE, or material csv ROWS FILE".into());
    };
    let (size, mut out) = (size.parse::<u64>()?, BufWriter::with_capacity(1 << 20, File::create(file)?));
    let mut noise = Noise(88_172_645_463_325_252);
    match kind.as_str() {
        "wav" => wav(&mut out, size, &mut noise)?,
        "csv" => csv(&mut out, size, &mut noise)?,
        _ => iq(&mut out, kind, size, &mut noise)?,
    }
    Ok(out.flush()?)
}

/// A carrier, a spur 34 dB below it, and noise.
fn iq(out: &mut impl Write, kind: &str, bytes: u64, noise: &mut Noise) -> Result<(), Box<dyn Error>> {
    let width = match kind {
        "cu8" => 2,
        "cs16" => 4,
        "cf32" => 8,
        other => return Err(format!("'{other}' is not a kind of material").into()),
    };
    for n in 0..bytes / width {
        let turn = |cycles: f64| (TAU * (cycles * n as f64).fract()).sin_cos();
        let ((s, c), (t, d)) = (turn(0.049_927), turn(-0.175_07));
        let pair = [0.5 * c + 0.01 * d + 0.01 * noise.next(), 0.5 * s + 0.01 * t + 0.01 * noise.next()];
        for v in pair {
            match width {
                2 => out.write_all(&[(127.5 + 127.5 * v).round() as u8])?,
                4 => out.write_all(&((32_767.0 * v).round() as i16).to_le_bytes())?,
                _ => out.write_all(&(v as f32).to_le_bytes())?,
            }
        }
    }
    Ok(())
}

/// A supply in 16 bits: rectified mains, a switching line, drift, spikes, noise.
fn wav(out: &mut impl Write, bytes: u64, noise: &mut Noise) -> Result<(), Box<dyn Error>> {
    let size = u32::try_from(bytes)?;
    out.write_all(b"RIFF")?;
    out.write_all(&(36 + size).to_le_bytes())?;
    out.write_all(b"WAVEfmt \x10\0\0\0\x01\0\x01\0")?;
    out.write_all(&(WAV_HZ as u32).to_le_bytes())?;
    out.write_all(&(2 * WAV_HZ as u32).to_le_bytes())?;
    out.write_all(b"\x02\0\x10\0data")?;
    out.write_all(&size.to_le_bytes())?;
    for n in 0..bytes / 2 {
        let line = |f: f64, a: f64| a * (TAU * (f * n as f64 / WAV_HZ).fract()).sin();
        let mains = line(100.02, 2000.0) + line(200.04, 700.0) + line(300.06, 200.0);
        let spike = if n % 4801 == 7 { 6000.0 } else { 0.0 };
        let v = 12_000.0 + mains + line(17_350.0, 900.0) + line(0.3, 300.0) + spike + 50.0 * noise.next();
        out.write_all(&(v.round() as i16).to_le_bytes())?;
    }
    Ok(())
}

/// Rows of time and volts, as a scope prints them.
fn csv(out: &mut impl Write, rows: u64, noise: &mut Noise) -> Result<(), Box<dyn Error>> {
    writeln!(out, "time (s),CH1 (V)")?;
    for n in 0..rows {
        let t = n as f64 * 1e-6;
        let v = 12.0 + 0.05 * (TAU * (100.0 * t).fract()).sin() + 0.0005 * noise.next();
        writeln!(out, "{t:.9e},{v:.5e}")?;
    }
    Ok(())
}
