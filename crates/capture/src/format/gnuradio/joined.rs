//! Segments of one recording that lie apart in a file, read as one.

use std::sync::Arc;

use faultscope_signal::RecordError;

use crate::samples::Samples;

/// Samples of several segments, one after the other.
pub(super) struct Joined {
    /// First frame of each segment, ascending from 0, and its samples.
    parts: Vec<(u64, Arc<dyn Samples>)>,
    frames: u64,
    components: usize,
}

impl Joined {
    pub(super) fn new(parts: impl IntoIterator<Item = Arc<dyn Samples>>, components: usize) -> Self {
        let mut joined = Self { parts: Vec::new(), frames: 0, components };
        for part in parts {
            let frames = part.frames();
            joined.parts.push((joined.frames, part));
            joined.frames += frames;
        }
        joined
    }

    /// Reads across the borders; `one` reads within a segment.
    fn across<T>(
        &self,
        start: u64,
        out: &mut [T],
        one: impl Fn(&dyn Samples, u64, &mut [T]) -> Result<usize, RecordError>,
    ) -> Result<usize, RecordError> {
        let room = out.len() / self.components;
        let mut done = 0;
        while done < room {
            let at = start + done as u64;
            let index = self.parts.partition_point(|(first, _)| *first <= at);
            let Some((first, part)) = index.checked_sub(1).and_then(|i| self.parts.get(i)) else { break };
            let n = one(part.as_ref(), at - first, &mut out[done * self.components..room * self.components])?;
            if n == 0 {
                break;
            }
            done += n;
        }
        Ok(done)
    }
}

impl Samples for Joined {
    fn frames(&self) -> u64 {
        self.frames
    }
    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        self.across(start, out, |part, at, out| part.read_f64(at, out))
    }
    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        self.across(start, out, |part, at, out| part.read_f32(at, out))
    }
}
