//! CSV: one comment line with our notes, a header with units, then time and values in full.

use std::io::Write as _;
use std::path::Path;

use faultscope_signal::{Kind, Record, Unit};

use super::blocks;
use crate::output::{save, write_error};
use crate::{CaptureError, Notes};

/// How the comment line begins.
pub(crate) const MARK: &str = "#faultscope ";

/// Writes a record as CSV: `time (s),CH1 (V)`, or `time (s),I,Q`. Numbers read back as they were.
///
/// # Errors
/// `Options` when the file is there already; `Io` when the disk is full or not writable; `Malformed` when the record
/// cannot be read. Nothing is left behind then.
pub fn write_csv(path: &Path, record: &dyn Record, notes: &Notes, overwrite: bool) -> Result<(), CaptureError> {
    let name = notes.channel.as_deref().filter(|n| n.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' '));
    let header = match (record.kind(), record.unit()) {
        (Kind::Iq, _) => "time (s),I,Q".to_owned(),
        (Kind::Real, Unit::FullScale) => format!("time (s),{}", name.unwrap_or("CH1")),
        (Kind::Real, unit) => format!("time (s),{} ({unit})", name.unwrap_or("CH1")),
    };
    let rate = record.sample_rate_hz();
    let t0 = notes.t0_s.unwrap_or(0.0);
    // A thousandth of a step, so that rounding is no doubt about the axis.
    let decimals = (3.0 + rate.log10().ceil()).clamp(0.0, 15.0) as usize;
    save(path, overwrite, |file| {
        let failed = |e: std::io::Error| write_error(path, e);
        let line = [MARK.as_bytes(), &notes.to_line(), b"\n", header.as_bytes(), b"\n"].concat();
        file.write_all(&line).map_err(failed)?;
        let components = record.kind().components();
        let mut text = Vec::new();
        blocks(
            path,
            record,
            |at, out: &mut [f64]| record.read_f64(at, out),
            |at, values| {
                text.clear();
                for (i, frame) in values.chunks_exact(components).enumerate() {
                    let time = t0 + (at + i as u64) as f64 / rate;
                    // Writing to memory cannot fail.
                    let _ = write!(text, "{time:.decimals$}");
                    frame.iter().for_each(|v| _ = write!(text, ",{v}"));
                    text.push(b'\n');
                }
                file.write_all(&text).map_err(failed)
            },
        )
    })
}
