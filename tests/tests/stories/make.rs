//! Makes captures for the stories: tones by their formula, and the bytes of each format written from its definition.

use std::f64::consts::TAU;
use std::path::Path;

/// Sample rate of every made capture.
pub(crate) const RATE: f64 = 48_000.0;

/// I/Q of one complex tone, with a second one 30 dB below it.
pub(crate) fn tones(frames: usize, hz: f64, amplitude: f64, second_hz: f64) -> Vec<[f64; 2]> {
    let weak = amplitude * 10_f64.powf(-30.0 / 20.0);
    (0..frames)
        .map(|n| {
            let (a, b) = (TAU * hz * n as f64 / RATE, TAU * second_hz * n as f64 / RATE);
            [amplitude * a.cos() + weak * b.cos(), amplitude * a.sin() + weak * b.sin()]
        })
        .collect()
}

/// A direct voltage with a sine on it.
pub(crate) fn rail(frames: usize, dc: f64, hz: f64, amplitude: f64) -> Vec<f64> {
    (0..frames).map(|n| dc + amplitude * (TAU * hz * n as f64 / RATE).sin()).collect()
}

/// `cf32_le`.
pub(crate) fn cf32(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| (*v as f32).to_le_bytes()).collect()
}

/// `cf32_be`.
pub(crate) fn cf32_be(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| (*v as f32).to_be_bytes()).collect()
}

/// `cf64_le`.
pub(crate) fn cf64(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| v.to_le_bytes()).collect()
}

fn i16_of(v: f64) -> i16 {
    (v * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// `ci16_le`.
pub(crate) fn ci16(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| i16_of(*v).to_le_bytes()).collect()
}

/// `ci16_be`.
pub(crate) fn ci16_be(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| i16_of(*v).to_be_bytes()).collect()
}

/// `ci32_le`.
pub(crate) fn ci32(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().flat_map(|v| ((v * 2_147_483_648.0).round() as i32).to_le_bytes()).collect()
}

/// `ci8`.
pub(crate) fn ci8(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().map(|v| ((v * 128.0).round().clamp(-128.0, 127.0) as i8).cast_unsigned()).collect()
}

/// `cu8`, with its zero between 127 and 128.
pub(crate) fn cu8(iq: &[[f64; 2]]) -> Vec<u8> {
    iq.iter().flatten().map(|v| (v * 127.5 + 127.5).round().clamp(0.0, 255.0) as u8).collect()
}

/// `rf32_le`.
pub(crate) fn rf32(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect()
}

/// The metadata of a SigMF recording; `extra` holds further global fields, each with a comma before it.
pub(crate) fn sigmf_meta(datatype: &str, extra: &str) -> String {
    format!(
        r#"{{"global": {{"core:datatype": "{datatype}", "core:version": "1.2.0", "core:sample_rate": {RATE}{extra}}},
            "captures": [{{"core:sample_start": 0, "core:frequency": 100000000.0}}], "annotations": []}}"#
    )
}

/// Writes a SigMF pair and returns the metadata file's name.
pub(crate) fn sigmf(folder: &Path, stem: &str, datatype: &str, data: &[u8]) -> String {
    let meta = folder.join(format!("{stem}.sigmf-meta"));
    std::fs::write(&meta, sigmf_meta(datatype, "")).unwrap();
    std::fs::write(meta.with_extension("sigmf-data"), data).unwrap();
    meta.display().to_string()
}

/// A RIFF file of PCM or float samples: format tag 1 or 3, rate 48 kHz.
pub(crate) fn wav(tag: u16, channels: u16, bits: u16, data: &[u8]) -> Vec<u8> {
    wav_stating(tag, channels, bits, RATE as u32, data.len() as u32, data)
}

/// As [`wav`], with the rate and the length that the header states.
pub(crate) fn wav_stating(tag: u16, channels: u16, bits: u16, rate: u32, length: u32, data: &[u8]) -> Vec<u8> {
    let block = channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36_u32.wrapping_add(length)).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(tag.to_le_bytes());
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend(rate.wrapping_mul(u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// A two-column oscilloscope CSV in seconds and volts.
pub(crate) fn csv(values: &[f64]) -> String {
    let rows = values.iter().enumerate().map(|(n, v)| format!("{:.12},{v:.9}\n", n as f64 / RATE));
    std::iter::once("Time (s),CH1 (V)\n".to_owned()).chain(rows).collect()
}

/// A `.sigmf` archive (ustar) of the files given.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[108..116].copy_from_slice(b"0000000\0");
        header[116..124].copy_from_slice(b"0000000\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        // The checksum counts its own field as blanks.
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend(header);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}
