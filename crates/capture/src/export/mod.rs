//! Writers of formats that programs without SigMF read: WAV and CSV, streamed, there whole or not at all.

mod csv;
#[cfg(test)]
mod tests;
mod wav;

use std::path::Path;

use faultscope_signal::Record;

use crate::CaptureError;

pub(crate) use csv::MARK;
pub use csv::write_csv;
pub(crate) use wav::NOTES;
pub use wav::{WavSamples, write_wav};

/// Numbers read at a time.
const BLOCK: usize = 65_536;

/// Hands a record on in blocks of whole frames.
fn blocks<T: Copy + Default>(
    path: &Path,
    record: &dyn Record,
    read: impl Fn(u64, &mut [T]) -> Result<usize, faultscope_signal::RecordError>,
    mut take: impl FnMut(u64, &[T]) -> Result<(), CaptureError>,
) -> Result<(), CaptureError> {
    let stopped = |what: String| CaptureError::malformed(path, what, "nothing was written");
    let mut values = vec![T::default(); BLOCK];
    let mut at = 0;
    while at < record.frames() {
        let n = read(at, &mut values).map_err(|e| stopped(e.to_string()))?;
        let Some(block) = values.get(..n * record.kind().components()).filter(|b| !b.is_empty()) else {
            return Err(stopped(format!("the record ended at sample {at} of {}", record.frames())));
        };
        take(at, block)?;
        at += n as u64;
    }
    if at == 0 {
        return Err(CaptureError::options(path, "the record is empty", "there is nothing to write"));
    }
    Ok(())
}
