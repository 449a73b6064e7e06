//! Text files line by line, with no line longer than is believed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

use super::super::Probe;
use crate::CaptureError;

/// Longest line: a sweep of half a million points.
const LONGEST: u64 = 16 << 20;

/// Lines of a file, numbered from 1.
pub(super) struct Lines<'a> {
    reader: BufReader<File>,
    probe: &'a Probe,
    number: u64,
    bytes: Vec<u8>,
}

/// One line without its end.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) text: &'a str,
    /// It has a line end: nothing of it can be missing.
    pub(super) whole: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn open(probe: &'a Probe) -> Result<Self, CaptureError> {
        let file = File::open(&probe.path).map_err(|e| CaptureError::io(&probe.path, e))?;
        Ok(Self { reader: BufReader::new(file), probe, number: 0, bytes: Vec::new() })
    }

    /// The next line; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, CaptureError> {
        self.bytes.clear();
        let path = &self.probe.path;
        let n = self.reader.by_ref().take(LONGEST).read_until(b'\n', &mut self.bytes);
        if n.map_err(|e| CaptureError::io(path, e))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let whole = self.bytes.last() == Some(&b'\n');
        if !whole && self.bytes.len() as u64 == LONGEST {
            let what = format!("line {} is longer than {LONGEST} bytes", self.number);
            return Err(CaptureError::malformed(path, what, "export the spectrum again, one sweep a line"));
        }
        let start = if self.number == 1 && self.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let bytes = self.bytes.get(start..).unwrap_or_default().trim_ascii();
        let text = std::str::from_utf8(bytes).unwrap_or_else(|e| {
            // Names in another encoding do not matter; numbers are ASCII, and what stands before them is.
            bytes.get(..e.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
        });
        Ok(Some(Line { number: self.number, text, whole }))
    }
}

/// The lines of the head of a file; the last may be cut. Samples, which are no text, have none.
pub(super) fn head(probe: &Probe) -> impl Iterator<Item = &str> {
    /// Bytes that tell text from samples.
    const LOOK: usize = 1024;
    // A console's bell, backspace, form feed, end of file and escape are part of text.
    let odd = |b: &u8| matches!(b, 0..=6 | 0x0e..=0x19 | 0x1c..=0x1f);
    let text = !probe.head.iter().take(LOOK).any(odd);
    let bytes = probe.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&probe.head);
    let bytes = if text { bytes } else { &[] };
    bytes.split(|b| *b == b'\n').map(|line| std::str::from_utf8(line.trim_ascii()).unwrap_or_default())
}
