//! Baselines: the lines that a receiver shows with its input terminated, from a capture or from a result of `spurs`.

use std::path::Path;

use faultscope_diagnose::measurement::{BaselineLine, SpursDetail};

use crate::analyse::analyse;
use crate::{Class, Envelope, Error, Request, Watch};

/// Largest result that is read: 64 MiB.
const MOST_BYTES: u64 = 64 << 20;

/// The lines of a capture (measured as `request` says), or of the JSON that `spurs` printed of one.
///
/// # Errors
/// When the file cannot be read or measured, or a JSON file is no result of `spurs`.
pub fn load(file: &Path, request: &Request, watch: &dyn Watch) -> Result<Vec<BaselineLine>, Error> {
    let json = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let detail = if json { read(file)? } else { analyse(file, "spurs", request, watch)?.spurs };
    let detail = detail.ok_or_else(|| {
        let message = format!("the baseline holds no measured spurs: {}", file.display());
        Error::new(Class::Input, "malformed", message, "give a sound capture with the input terminated")
    })?;
    Ok(lines(&detail))
}

fn lines(detail: &SpursDetail) -> Vec<BaselineLine> {
    let carrier = detail.carrier.iter().map(|c| BaselineLine { frequency_hz: c.frequency_hz, level_db: c.level_db });
    let spurs = detail.spurs.iter().map(|s| BaselineLine { frequency_hz: s.frequency_hz, level_db: s.level_db });
    carrier.chain(spurs).collect()
}

fn read(file: &Path) -> Result<Option<SpursDetail>, Error> {
    let failed = |what: String| {
        let hint = "give a capture, or what `faultscope spurs --json` printed of one capture";
        Error::new(Class::Input, "malformed", format!("{what}: {}", file.display()), hint)
    };
    let size = std::fs::metadata(file).map_err(|e| failed(e.to_string()))?.len();
    if size > MOST_BYTES {
        return Err(failed(format!("a baseline of {size} bytes is no result of spurs")));
    }
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    let envelope: Envelope =
        serde_json::from_str(&text).map_err(|e| failed(format!("not a result of faultscope ({e})")))?;
    match <[_; 1]>::try_from(envelope.captures) {
        Ok([capture]) => Ok(capture.spurs),
        Err(all) => Err(failed(format!("a baseline is one capture, and the result holds {}", all.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;

    fn refused(name: &str, text: &str) -> Error {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        load(&file, &Request::default(), &Unwatched).unwrap_err()
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_reason() {
        assert!(refused("a.json", "{}").message.contains("not a result of faultscope"));
        let empty = serde_json::to_string(&Envelope::new("spurs", vec![])).unwrap();
        assert!(refused("a.json", &empty).message.contains("the result holds 0"));
        assert_eq!(load(Path::new("/no/such.json"), &Request::default(), &Unwatched).unwrap_err().class, Class::Input);
    }

    /// Two tones of -6.02 and -40 dBFS at 1 kHz and 3 kHz: a file of f32 pairs, and the JSON of its measurement.
    #[test]
    fn a_capture_and_its_json_give_the_same_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("terminated.cf32");
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 23) - 1.0
        };
        let mut bytes = Vec::new();
        for i in 0..32_768 {
            let turn = |f: f64| (std::f64::consts::TAU * f * f64::from(i) / 1e4).sin_cos();
            let ((s, c), (t, d)) = (turn(1e3), turn(3e3));
            for v in [0.5 * c + 0.01 * d, 0.5 * s + 0.01 * t] {
                bytes.extend(((v + 1e-4 * noise()) as f32).to_le_bytes());
            }
        }
        std::fs::write(&file, bytes).unwrap();
        let mut request = Request::default();
        request.open.rate_hz = Some(1e4);
        let lines = load(&file, &request, &Unwatched).unwrap();
        assert!((lines[0].frequency_hz - 1e3).abs() < 0.01 && (lines[0].level_db + 6.0206).abs() < 0.01);
        assert!((lines[1].frequency_hz - 3e3).abs() < 0.1 && (lines[1].level_db + 40.0).abs() < 0.05);
        let result = analyse(&file, "spurs", &request, &Unwatched).unwrap();
        let json = folder.path().join("terminated.json");
        std::fs::write(&json, serde_json::to_string(&Envelope::new("spurs", vec![result])).unwrap()).unwrap();
        let again = load(&json, &request, &Unwatched).unwrap();
        assert_eq!(lines.len(), again.len());
        assert!((again[1].frequency_hz - lines[1].frequency_hz).abs() < 1e-6);
    }
}
