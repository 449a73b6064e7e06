//! Text of any encoding that instruments write, brought to blocks of whole lines in bounded memory.

use std::borrow::Cow;
use std::io::{self, Read};

/// Bytes asked for at once.
const READ: usize = 128 * 1024;
/// Longest line that is read, and the size of a block.
pub(super) const BLOCK: usize = 1 << 20;

/// How the bytes of a file are to be read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// ASCII with anything in the header: UTF-8, GBK, Latin-1.
    Bytes,
    Utf16Le,
    Utf16Be,
}

/// Encoding, byte order mark and line end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextKind {
    pub(super) encoding: Encoding,
    /// Bytes before the text.
    pub(super) mark: usize,
    /// The byte that ends a line; other carriage returns and line feeds around it are blanks.
    pub(super) line_end: u8,
}

/// Judges the first bytes of a file; nothing when they are not text.
pub(super) fn inspect(head: &[u8]) -> Option<TextKind> {
    let (encoding, mark) = match head {
        [0xef, 0xbb, 0xbf, ..] => (Encoding::Bytes, 3),
        [0xff, 0xfe, ..] => (Encoding::Utf16Le, 2),
        [0xfe, 0xff, ..] => (Encoding::Utf16Be, 2),
        _ => (without_mark(head), 0),
    };
    let text = raw_head(head, encoding, mark);
    if text.iter().any(|b| *b < 0x20 && !matches!(b, b'\t' | b'\r' | b'\n' | 0x0c | 0x1a)) {
        return None;
    }
    let line_end = if text.contains(&b'\n') || !text.contains(&b'\r') { b'\n' } else { b'\r' };
    Some(TextKind { encoding, mark, line_end })
}

/// UTF-16 without a mark shows as every second byte zero: digits and separators are ASCII.
fn without_mark(head: &[u8]) -> Encoding {
    let (pairs, rest) = head.as_chunks::<2>();
    let (first, second) = pairs.iter().fold((0_usize, 0_usize), |(first, second), [a, b]| {
        (first + usize::from(*a == 0), second + usize::from(*b == 0))
    });
    let first = first + rest.iter().filter(|b| **b == 0).count();
    let half = head.len() / 2;
    let most = half - half / 10;
    match half {
        0 | 1 => Encoding::Bytes,
        _ if second >= most && first == 0 => Encoding::Utf16Le,
        _ if first >= most && second == 0 => Encoding::Utf16Be,
        _ => Encoding::Bytes,
    }
}

fn raw_head(head: &[u8], encoding: Encoding, mark: usize) -> Cow<'_, [u8]> {
    let body = head.get(mark..).unwrap_or_default();
    match encoding {
        Encoding::Bytes => body.into(),
        Encoding::Utf16Le | Encoding::Utf16Be => {
            let mut out = Vec::new();
            utf16(body, encoding, &mut out);
            out.into()
        }
    }
}

/// The head as text; bytes that are not UTF-8 (GBK names of channels) become replacement characters.
pub(super) fn decode_head(head: &[u8], kind: TextKind) -> String {
    String::from_utf8_lossy(&raw_head(head, kind.encoding, kind.mark)).into_owned()
}

fn utf16(bytes: &[u8], encoding: Encoding, out: &mut Vec<u8>) {
    let units = bytes.chunks_exact(2).map(|pair| match (pair, encoding) {
        ([a, b], Encoding::Utf16Be) => u16::from_be_bytes([*a, *b]),
        ([a, b], _) => u16::from_le_bytes([*a, *b]),
        _ => 0xfffd,
    });
    for c in char::decode_utf16(units) {
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// What comes next of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// One or more whole lines, each with its line end.
    Lines(&'a [u8]),
    /// What stands behind the last line end: a line that may be cut.
    Tail(&'a [u8]),
    /// A line longer than a block.
    TooLong,
    /// Nothing more.
    End,
}

/// Reads a text in blocks of whole lines.
pub(super) struct Blocks<R> {
    source: R,
    kind: TextKind,
    buffer: Vec<u8>,
    used: usize,
    filled: usize,
    raw: Vec<u8>,
    at_end: bool,
}

impl<R: Read> Blocks<R> {
    /// A reader of `source`, which stands at the first byte of the file.
    pub(super) fn new(mut source: R, kind: TextKind) -> io::Result<Self> {
        let mut mark = [0u8; 3];
        source.read_exact(mark.get_mut(..kind.mark).unwrap_or_default())?;
        Ok(Self { source, kind, buffer: vec![0; BLOCK], used: 0, filled: 0, raw: Vec::new(), at_end: false })
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> io::Result<Piece<'_>> {
        self.buffer.copy_within(self.used..self.filled, 0);
        self.filled -= self.used;
        self.used = 0;
        self.fill()?;
        let have = self.buffer.get(..self.filled).unwrap_or_default();
        if let Some(last) = have.iter().rposition(|b| *b == self.kind.line_end) {
            self.used = last + 1;
            return Ok(Piece::Lines(have.get(..=last).unwrap_or_default()));
        }
        if !self.at_end {
            return Ok(Piece::TooLong);
        }
        self.used = self.filled;
        Ok(if self.filled == 0 { Piece::End } else { Piece::Tail(have) })
    }

    /// Fills what one read gives, which stays in the cache; up to a block when that holds no line end.
    fn fill(&mut self) -> io::Result<()> {
        let mut looked = 0;
        while !self.at_end && self.filled < BLOCK {
            if self.filled >= READ {
                let fresh = self.buffer.get(looked..self.filled).unwrap_or_default();
                if fresh.contains(&self.kind.line_end) {
                    break;
                }
                looked = self.filled;
            }
            let n = match self.kind.encoding {
                Encoding::Bytes => self.fill_bytes()?,
                Encoding::Utf16Le | Encoding::Utf16Be => self.fill_utf16()?,
            };
            match n {
                Some(0) => self.at_end = true,
                Some(n) => self.filled += n,
                None => break,
            }
        }
        Ok(())
    }

    fn fill_bytes(&mut self) -> io::Result<Option<usize>> {
        let to = BLOCK.min(self.filled + READ);
        let room = self.buffer.get_mut(self.filled..to).unwrap_or_default();
        match self.source.read(room) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => self.fill_bytes(),
            other => other.map(Some),
        }
    }

    /// A unit of UTF-16 gives at most three bytes; nothing is read when they might not fit.
    fn fill_utf16(&mut self) -> io::Result<Option<usize>> {
        const UNITS: usize = 16 * 1024;
        if BLOCK - self.filled < 3 * UNITS {
            return Ok(None);
        }
        self.raw.clear();
        self.source.by_ref().take(2 * UNITS as u64).read_to_end(&mut self.raw)?;
        let mut text = Vec::with_capacity(3 * UNITS);
        utf16(&self.raw, self.kind.encoding, &mut text);
        if let Some(room) = self.buffer.get_mut(self.filled..self.filled + text.len()) {
            room.copy_from_slice(&text);
        }
        Ok(Some(text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let kind = inspect(bytes).unwrap();
        let mut blocks = Blocks::new(bytes, kind).unwrap();
        let (mut lines, mut tail) = (Vec::new(), Vec::new());
        loop {
            match blocks.next().unwrap() {
                Piece::Lines(l) => lines.extend_from_slice(l),
                Piece::Tail(t) => tail.extend_from_slice(t),
                Piece::TooLong => panic!("too long"),
                Piece::End => return (lines, tail),
            }
        }
    }

    #[test]
    fn every_encoding_gives_the_same_lines() {
        let text = "t,v\n1,2\n3";
        let utf16 = |be: bool, mark: bool| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|u: u16| if be { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let with_mark = [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat();
        for bytes in [
            text.as_bytes().to_vec(),
            with_mark,
            utf16(false, true),
            utf16(true, true),
            utf16(false, false),
            utf16(true, false),
        ] {
            assert_eq!(all(&bytes), (b"t,v\n1,2\n".to_vec(), b"3".to_vec()));
        }
    }

    #[test]
    fn a_long_text_comes_whole_and_a_long_line_is_said() {
        let text: Vec<u8> = (0..400_000).flat_map(|i: u32| format!("{i}\n").into_bytes()).collect();
        assert_eq!(all(&text).0, text);
        let long = vec![b'1'; BLOCK + 10];
        let mut blocks = Blocks::new(long.as_slice(), inspect(&long).unwrap()).unwrap();
        assert_eq!(blocks.next().unwrap(), Piece::TooLong);
    }

    #[test]
    fn bytes_that_are_not_text_are_not_taken() {
        assert_eq!(inspect(&[1, 2, 3, 0, 5, 0, 0, 0]), None);
        assert_eq!(inspect(b"a\rb\r").unwrap().line_end, b'\r');
        assert_eq!(inspect(b"a\n\rb\n\r").unwrap().line_end, b'\n');
    }
}
