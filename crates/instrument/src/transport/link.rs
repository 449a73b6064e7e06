//! The link: lines, blocks by length and resynchronisation over any transport.

use std::time::{Duration, Instant};

use super::Transport;
use crate::error::DeviceError;

/// How long one answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest silence; starts anew with every byte that comes.
    pub silence: Duration,
    /// Longest time for the whole answer, so that a trickle cannot last for ever.
    pub total: Duration,
}

impl Patience {
    /// Lets the whole answer take ten silences.
    #[must_use]
    pub const fn of(silence: Duration) -> Self {
        Self { silence, total: Duration::from_nanos(silence.as_nanos() as u64 * 10) }
    }

    /// More time for `bytes` bytes at 1 kB/s, the slowest line that carries a block.
    #[must_use]
    pub const fn for_bytes(self, bytes: usize) -> Self {
        Self { silence: self.silence, total: Duration::from_millis(self.total.as_millis() as u64 + bytes as u64) }
    }
}

/// Bytes of junk that are skipped in front of a block, as instruments in the field send them.
const JUNK: usize = 20;
/// Bytes that a drain throws away before it says that the instrument does not stop talking.
const MOST_DRAINED: usize = 64 << 20;
/// Longest drain.
const DRAIN: Duration = Duration::from_secs(2);
/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// A transport with a memory of what came and was not yet asked for.
pub struct Link {
    transport: Box<dyn Transport>,
    buffer: Vec<u8>,
    at: usize,
}

impl Link {
    /// Over a transport.
    #[must_use]
    pub fn new(transport: Box<dyn Transport>) -> Self {
        Self { transport, buffer: Vec::new(), at: 0 }
    }

    /// For messages: the port or the host.
    #[must_use]
    pub fn name(&self) -> &str {
        self.transport.name()
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// As the transport.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), DeviceError> {
        self.transport.write(bytes)
    }

    /// Throws away what has come, until nothing comes for `quiet`.
    ///
    /// # Errors
    /// `Protocol` when it does not stop; `Closed` when the other end has gone.
    pub fn drain(&mut self, quiet: Duration) -> Result<usize, DeviceError> {
        let begun = Instant::now();
        let mut dropped = self.buffer.len() - self.at;
        self.forget();
        let mut waste = [0; 4096];
        loop {
            match self.transport.read(&mut waste, quiet) {
                Ok(n) => dropped += n,
                Err(e) if e.is_timeout() => return Ok(dropped),
                Err(e) => return Err(e),
            }
            if begun.elapsed() > DRAIN || dropped > MOST_DRAINED {
                return Err(DeviceError::protocol(format!("{} does not stop talking", self.name())));
            }
        }
    }

    fn forget(&mut self) {
        self.buffer.clear();
        self.at = 0;
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        let taken = self.waiting().get(..n).unwrap_or_default().to_vec();
        self.at += taken.len();
        if self.at == self.buffer.len() {
            self.forget();
        }
        taken
    }

    /// Waits for more bytes.
    fn more(&mut self, patience: Patience, begun: Instant) -> Result<(), DeviceError> {
        let left = patience.total.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(DeviceError::timeout(format!(
                "{} did not finish its answer in {:?}",
                self.name(),
                patience.total
            )));
        }
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let old = self.buffer.len();
        self.buffer.resize(old + CHUNK, 0);
        let got = self.transport.read(&mut self.buffer[old..], patience.silence.min(left));
        self.buffer.truncate(old + got.as_ref().map_or(0, |n| *n));
        got.map(drop)
    }

    /// Appends what is there, or what comes next, to `into`; at most `most` bytes, never none.
    ///
    /// # Errors
    /// As the transport.
    pub fn some(&mut self, into: &mut Vec<u8>, most: usize, silence: Duration) -> Result<(), DeviceError> {
        if !self.waiting().is_empty() {
            let n = self.waiting().len().min(most);
            into.extend_from_slice(&self.take(n));
            return Ok(());
        }
        let old = into.len();
        into.resize(old + most, 0);
        let got = self.transport.read(&mut into[old..], silence);
        into.truncate(old + got.as_ref().map_or(0, |n| *n));
        got.map(drop)
    }

    /// Whole bytes, by number.
    ///
    /// # Errors
    /// A time-out or `Closed`, saying how many came.
    pub fn exact(&mut self, n: usize, patience: Patience) -> Result<Vec<u8>, DeviceError> {
        let begun = Instant::now();
        while self.waiting().len() < n {
            self.more(patience, begun).map_err(|e| {
                let what = format!("{} after {} of {n} bytes", e.what, self.waiting().len());
                DeviceError { what, ..e }
            })?;
        }
        Ok(self.take(n))
    }

    /// Everything up to and without `mark`; at most `most` bytes.
    ///
    /// # Errors
    /// A time-out, `Closed`, or `Protocol` when `most` bytes hold no mark.
    pub fn until(&mut self, mark: &[u8], most: usize, patience: Patience) -> Result<Vec<u8>, DeviceError> {
        let begun = Instant::now();
        let mut looked = 0;
        loop {
            let found = self.waiting().get(looked..).unwrap_or_default().windows(mark.len()).position(|w| w == mark);
            if let Some(at) = found {
                let taken = self.take(looked + at);
                self.take(mark.len());
                return Ok(taken);
            }
            looked = (self.waiting().len() + 1).saturating_sub(mark.len());
            if looked > most {
                self.forget();
                return Err(DeviceError::protocol(format!("{} sent {most} bytes without an end", self.name())));
            }
            self.more(patience, begun)?;
        }
    }

    /// One line of ASCII without its end (`\n` or `\r\n`); at most `most` bytes.
    ///
    /// # Errors
    /// As [`Link::until`]; `Protocol` when it holds bytes that no text has.
    pub fn line(&mut self, most: usize, patience: Patience) -> Result<String, DeviceError> {
        let bytes = self.until(b"\n", most, patience)?;
        let text = bytes.strip_suffix(b"\r").unwrap_or(&bytes);
        if text.iter().any(|b| !matches!(b, b'\t' | b' '..=b'~')) {
            return Err(DeviceError::protocol(format!("{} answered with bytes that are no text", self.name())));
        }
        Ok(String::from_utf8_lossy(text).into_owned())
    }

    /// A definite-length block of IEEE 488.2: `#`, a digit d, d digits of length, then the bytes, whatever they are.
    ///
    /// Up to 20 bytes in front of `#` are skipped; the terminator is left to the next drain. `most` caps the length.
    ///
    /// # Errors
    /// `Protocol` when the head is none, or longer than `most`; a time-out or `Closed` in mid-block.
    pub fn block(&mut self, most: usize, patience: Patience) -> Result<Vec<u8>, DeviceError> {
        let mut skipped = 0;
        while self.exact(1, patience)? != b"#" {
            skipped += 1;
            if skipped > JUNK {
                return Err(DeviceError::protocol(format!("{} sent no block", self.name())));
            }
        }
        let length = self.block_length(patience)?;
        if length > most {
            let what =
                format!("{} announces a block of {length} bytes where at most {most} were asked for", self.name());
            return Err(DeviceError::protocol(what));
        }
        self.exact(length, patience.for_bytes(length))
    }

    fn block_length(&mut self, patience: Patience) -> Result<usize, DeviceError> {
        let digits = match self.exact(1, patience)?.first() {
            Some(d @ b'1'..=b'9') => usize::from(d - b'0'),
            // `#0` ends with a signal that a serial line or a socket does not carry.
            _ => return Err(DeviceError::protocol(format!("{} sent a block without a length", self.name()))),
        };
        let text = self.exact(digits, patience)?;
        let number = text.iter().try_fold(0usize, |n, b| b.is_ascii_digit().then(|| n * 10 + usize::from(b - b'0')));
        number.ok_or_else(|| DeviceError::protocol(format!("the length of a block from {} is no number", self.name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// A far end that hands out pieces, then is silent or gone.
    struct Script {
        pieces: VecDeque<Vec<u8>>,
        gone: bool,
    }

    impl Transport for Script {
        fn read(&mut self, out: &mut [u8], _patience: Duration) -> Result<usize, DeviceError> {
            match self.pieces.pop_front() {
                Some(mut piece) => {
                    let n = piece.len().min(out.len());
                    out[..n].copy_from_slice(&piece[..n]);
                    if n < piece.len() {
                        self.pieces.push_front(piece.split_off(n));
                    }
                    Ok(n)
                }
                None if self.gone => Err(DeviceError::closed("gone")),
                None => Err(DeviceError::timeout("silent")),
            }
        }
        fn write(&mut self, _bytes: &[u8]) -> Result<(), DeviceError> {
            Ok(())
        }
        fn name(&self) -> &str {
            "script"
        }
    }

    fn link(bytes: &[u8], piece: usize, gone: bool) -> Link {
        let pieces = bytes.chunks(piece.max(1)).map(<[u8]>::to_vec).collect();
        Link::new(Box::new(Script { pieces, gone }))
    }

    const SHORT: Patience = Patience::of(Duration::from_secs(1));

    #[test]
    fn lines_and_blocks_do_not_depend_on_how_they_are_cut() {
        let bytes = b"abc\r\n#15\n#\r\n\x00\n\nlast\n";
        for piece in 1..=bytes.len() {
            let mut link = link(bytes, piece, false);
            assert_eq!(link.line(64, SHORT).unwrap(), "abc");
            assert_eq!(link.block(64, SHORT).unwrap(), b"\n#\r\n\x00");
            assert_eq!(link.line(64, SHORT).unwrap(), "");
            assert_eq!(link.line(64, SHORT).unwrap(), "");
            assert_eq!(link.line(64, SHORT).unwrap(), "last");
            assert!(link.line(64, SHORT).unwrap_err().is_timeout());
        }
    }

    #[test]
    fn a_block_is_refused_when_its_length_cannot_be() {
        for (bytes, kind) in [
            (&b"#0abc\n"[..], ErrorKind::Protocol),
            (b"#1x", ErrorKind::Protocol),
            (b"#9999999999", ErrorKind::Protocol),
            (b"-113,\"Undefined header\"\n", ErrorKind::Protocol),
            (b"#15abc", ErrorKind::Timeout),
            (b"#", ErrorKind::Timeout),
        ] {
            assert_eq!(link(bytes, 3, false).block(100, SHORT).unwrap_err().kind, kind, "{bytes:?}");
        }
        assert_eq!(link(b"#15abc", 9, true).block(100, SHORT).unwrap_err().kind, ErrorKind::Closed);
        assert_eq!(link(b"C1:WF DAT2,#13abc", 9, true).block(100, SHORT).unwrap(), b"abc");
    }

    #[test]
    fn a_line_without_an_end_is_cut_off_and_no_text_is_refused() {
        let long = vec![b'x'; 5000];
        assert_eq!(link(&long, 100, false).line(1000, SHORT).unwrap_err().kind, ErrorKind::Protocol);
        assert_eq!(link(b"a\xffb\n", 9, false).line(10, SHORT).unwrap_err().kind, ErrorKind::Protocol);
    }

    #[test]
    fn a_drain_forgets_what_came_late() {
        let mut link = link(b"one\ntwo\nthree\n", 4, false);
        assert_eq!(link.line(64, SHORT).unwrap(), "one");
        assert_eq!(link.drain(Duration::from_millis(1)).unwrap(), 10);
        assert!(link.line(64, SHORT).unwrap_err().is_timeout());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), piece in 1usize..30, gone: bool) {
            let _ = link(&bytes, piece, gone).block(1 << 20, SHORT);
            let _ = link(&bytes, piece, gone).line(100, SHORT);
            let _ = link(&[b"#", &bytes[..]].concat(), piece, gone).block(50, SHORT).map(|b| assert!(b.len() <= 50));
        }
    }
}
