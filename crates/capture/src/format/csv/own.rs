//! The CSV that this program writes: a comment line with notes in front, and I and Q as two columns.

use std::sync::Arc;

use faultscope_signal::{Kind, RecordError};

use super::layout::{Classified, Heads, Index, Layout, Refusal};
use super::sheet::Sheet;
use crate::export::MARK;
use crate::samples::Samples;
use crate::{Capture, CaveatKind, Notes, Trace};

/// Two rates that differ by less than this are one.
const SAME_RATE: f64 = 1e-9;

/// The notes of a file of ours; nothing for others.
fn notes(sheet: &Sheet) -> Option<serde_json::Result<Notes>> {
    let line = sheet.lines.first()?.strip_prefix(MARK)?;
    Some(serde_json::from_str(line))
}

/// `#faultscope {...}` in front of `time (s),CH1 (V)` or `time (s),I,Q`.
pub(super) fn classify(sheet: &Sheet) -> Option<Classified> {
    let Ok(notes) = notes(sheet)? else {
        let hint = "take the line away to read the table as it is";
        return Some(Err(Refusal::Malformed("the notes in the first line are damaged".into(), hint.into())));
    };
    let heads = Heads::of(sheet);
    let columns = heads.columns(1, heads.names.len());
    let layout = Layout::new("faultscope", sheet).table(Index::Time(Some(1.0)), columns);
    Some(Ok(layout.rate_from(notes.sample_rate_hz, "notes")))
}

/// Puts I and Q together and applies the notes, where the file is one of ours.
pub(super) fn finish(mut capture: Capture, sheet: &Sheet) -> Capture {
    let Some(Ok(notes)) = notes(sheet) else { return capture };
    if let ([i, q], true) = (capture.traces.as_slice(), notes.iq) {
        let pair = Pair { i: Arc::clone(&i.samples), q: Arc::clone(&q.samples) };
        let joined = Trace::new("IQ", Arc::new(pair), Kind::Iq, i.sample_rate_hz, i.unit);
        capture.traces = vec![joined];
    }
    if let [trace] = capture.traces.as_mut_slice() {
        // The step of the rows is rounded; the notes hold the rate in full, unless an option said another.
        let exact = notes.sample_rate_hz.filter(|hz| (hz / trace.sample_rate_hz - 1.0).abs() < SAME_RATE);
        trace.sample_rate_hz = exact.unwrap_or(trace.sample_rate_hz);
        trace.t0_s = notes.t0_s;
        notes.apply(trace, &mut capture.provenance, "notes in the first line");
        // The notes name the unit, full scale too.
        capture.caveats.retain(|c| c.kind != CaveatKind::Uncalibrated);
    }
    capture
}

/// Two columns as one record of pairs.
struct Pair {
    i: Arc<dyn Samples>,
    q: Arc<dyn Samples>,
}

/// Frames put together at a time.
const BLOCK: usize = 1024;

impl Pair {
    fn pairs<T: Copy + Default>(
        &self,
        start: u64,
        out: &mut [T],
        read: impl Fn(&dyn Samples, u64, &mut [T]) -> Result<usize, RecordError>,
    ) -> Result<usize, RecordError> {
        let (mut i, mut q) = ([T::default(); BLOCK], [T::default(); BLOCK]);
        let mut done = 0;
        for part in out.chunks_mut(2 * BLOCK) {
            let (at, wanted) = (start + done as u64, part.len() / 2);
            let n = read(self.i.as_ref(), at, &mut i[..wanted])?.min(read(self.q.as_ref(), at, &mut q[..wanted])?);
            part.chunks_exact_mut(2).zip(i.iter().zip(&q)).take(n).for_each(|(p, (i, q))| p.copy_from_slice(&[*i, *q]));
            done += n;
            if n < wanted {
                break;
            }
        }
        Ok(done)
    }
}

impl Samples for Pair {
    fn frames(&self) -> u64 {
        self.i.frames().min(self.q.frames())
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.pairs(start, out, |s, at, out| s.read_f64(at, out))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.pairs(start, out, |s, at, out| s.read_f32(at, out))
    }
}
