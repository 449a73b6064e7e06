//! Numbers printed like the one above them: where every digit stands is known before it is read.
//!
//! Reading digit by digit, the place of each depends on the one before; with the layout of the last row at hand all are
//! checked and taken at once.

use super::number::{self, Number};

/// Digits and point are held in two words of eight bytes, what follows them in a third.
const WORD: usize = 8;
/// Rows that miss in a row before a column's layouts are learnt less often, and how often then.
const PATIENCE: u32 = 16;

/// The layout of one number without its sign: digits, point, exponent.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    /// What the digits' words hold, with 0 for every digit, and which of their bytes count.
    expected: [u64; 2],
    care: [u64; 2],
    /// The byte of the point in each word, and the bytes of the word before it.
    point: [u64; 2],
    before: [u64; 2],
    /// Bits that bring the last digit of each word to its end.
    shift: [u32; 2],
    /// What the second word's digits multiply the first's by.
    second: u64,
    /// The exponent and the byte behind it.
    tail: u64,
    tail_care: u64,
    /// Bytes of digits and point; of the exponent too.
    digits: usize,
    len: usize,
    last_digit: i32,
}

impl Shape {
    /// The layout of `text`, a number without sign that ends in front of the last byte; nothing for one too long.
    fn of(text: &[u8], decimal: u8) -> Option<Self> {
        let len = text.len().checked_sub(1)?;
        let digits = text.iter().take_while(|b| b.is_ascii_digit() || **b == decimal).count();
        if digits == 0 || digits > len || digits > 2 * WORD - 1 || text.len() - digits > WORD {
            return None;
        }
        let mut shape = Self { digits, len, ..Self::default() };
        let mut counts = [0u32; 2];
        for (i, byte) in text.iter().take(digits).enumerate() {
            let (word, bits) = (i / WORD, 8 * (i % WORD) as u32);
            shape.care[word] |= 0xff << bits;
            if *byte == decimal {
                shape.expected[word] |= u64::from(decimal) << bits;
                shape.point[word] = 0xff << bits;
                shape.before[word] = (1 << bits) - 1;
            } else {
                shape.expected[word] |= 0x30 << bits;
                counts[word] += 1;
            }
        }
        for (before, point) in shape.before.iter_mut().zip(&shape.point).filter(|(_, point)| **point == 0) {
            *before = !*point;
        }
        shape.shift = counts.map(|count| 64 - 8 * count);
        shape.second = 10u64.pow(counts[1]);
        for (i, byte) in text.iter().skip(digits).enumerate() {
            shape.tail |= u64::from(*byte) << (8 * i);
            shape.tail_care |= 0xff << (8 * i);
        }
        Some(shape)
    }

    /// Reads a number of this layout: its digits as one whole number.
    #[inline(always)]
    fn read(&self, text: &[u8; 3 * WORD]) -> Option<u64> {
        let (mut wrong, mut value) = self.word(text, 0)?;
        // Most voltages have fewer than nine characters.
        if self.digits > WORD {
            let (more, low) = self.word(text, 1)?;
            wrong |= more;
            value = value * self.second + low;
        }
        wrong |= (bytes(text, self.digits)? ^ self.tail) & self.tail_care;
        (wrong == 0).then_some(value)
    }

    /// What is wrong with a word, and the number of its digits.
    #[inline(always)]
    fn word(&self, text: &[u8; 3 * WORD], i: usize) -> Option<(u64, u64)> {
        let x = (bytes(text, i * WORD)? ^ self.expected[i]) & self.care[i];
        // Without the point the digits are one run, which moves to the end of the word.
        let run = (x & self.before[i]) | ((x >> 8) & !self.before[i]);
        Some((number::beyond_nine(x) | (x & self.point[i]), number::eight(run << (self.shift[i] & 63))))
    }
}

/// Eight bytes from `at` on.
#[inline(always)]
fn bytes(text: &[u8; 3 * WORD], at: usize) -> Option<u64> {
    text.get(at..).and_then(<[u8]>::first_chunk).map(|c| u64::from_le_bytes(*c))
}

/// What the last numbers of one column looked like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shapes {
    shapes: [Shape; 2],
    misses: u32,
}

impl Shapes {
    /// Reads a number that starts at `at`, as `number::scan` does.
    #[inline(always)]
    pub(super) fn scan(&mut self, text: &[u8], at: usize, decimal: u8) -> Option<(Number, usize)> {
        let sign = *text.get(at)?;
        let from = if sign == b'-' || sign == b'+' { at + 1 } else { at };
        if let Some(window) = text.get(from..).and_then(<[u8]>::first_chunk)
            && let [shape, _] = &self.shapes
            && shape.len > 0
            && let Some(mantissa) = shape.read(window)
        {
            return Some((Number::exact(sign == b'-', mantissa, shape.last_digit), from + shape.len));
        }
        self.other(text, at, from, decimal)
    }

    /// The layout before the last one, or a new one.
    #[inline(never)]
    fn other(&mut self, text: &[u8], at: usize, from: usize, decimal: u8) -> Option<(Number, usize)> {
        self.shapes.swap(0, 1);
        if let Some(window) = text.get(from..).and_then(<[u8]>::first_chunk)
            && let [shape, _] = &self.shapes
            && shape.len > 0
            && let Some(mantissa) = shape.read(window)
        {
            self.misses = 0;
            return Some((Number::exact(text.get(at) == Some(&b'-'), mantissa, shape.last_digit), from + shape.len));
        }
        let (number, end) = number::scan(text, at, decimal)?;
        self.misses = self.misses.wrapping_add(1);
        if (self.misses < PATIENCE || self.misses.is_multiple_of(PATIENCE))
            && number.ticks().is_some()
            && let Some(shape) = text.get(from..=end).and_then(|t| Shape::of(t, decimal))
        {
            self.shapes[0] = Shape { last_digit: number.last_digit, ..shape };
        }
        Some((number, end))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever came before: the same number and the same end as digit by digit.
        #[test]
        fn shapes_change_nothing(
            cells in proptest::collection::vec("[+-]?[0-9]{0,9}(\\.[0-9]{0,9})?([eE][+-]?[0-9]{1,2})?[,x5.e]?", 1..40),
            repeats in 1usize..3,
        ) {
            let mut shapes = Shapes::default();
            for cell in cells.iter().flat_map(|c| std::iter::repeat_n(c, repeats)) {
                for text in [format!("{cell},1.25e0,1.25e0,1.25e0\n"), format!("{cell}\n")] {
                    let text = text.as_bytes();
                    prop_assert_eq!(shapes.scan(text, 0, b'.'), number::scan(text, 0, b'.'), "{:?}", text);
                }
            }
        }

        /// A layout that was learnt is held against whatever comes next, bytes that are no digits too.
        #[test]
        fn other_bytes_in_the_place_of_digits_change_nothing(bytes in proptest::collection::vec(any::<u8>(), 24..40)) {
            for taught in ["12345678.1234567e0,1.2345,1.2345", "1.234567e0,1.2345,1.23456789,1"] {
                let mut shapes = Shapes::default();
                prop_assert!(shapes.scan(taught.as_bytes(), 0, b'.').is_some());
                prop_assert_eq!(shapes.scan(&bytes, 0, b'.'), number::scan(&bytes, 0, b'.'));
            }
        }

        #[test]
        fn digits_of_one_layout_are_read_whatever_they_are(
            values in proptest::collection::vec(0u64..10_000_000_000, 2..30), digits in 0usize..11, exponent in -9i32..9,
        ) {
            let mut shapes = Shapes::default();
            for v in values {
                let whole = format!("{v:010}");
                let (before, after) = whole.split_at(10 - digits.min(9));
                let text = format!("{before}.{after}e{exponent},123456789012345678901234");
                let number = shapes.scan(text.as_bytes(), 0, b'.').unwrap().0;
                prop_assert_eq!(number.value(), text.split(',').next().unwrap().parse::<f64>().unwrap());
            }
        }
    }

    #[test]
    fn a_row_teaches_its_layout_and_nothing_else_passes_for_it() {
        let mut shapes = Shapes::default();
        assert!(shapes.scan(b"1.234567e0,1.2345,1.23456789", 0, b'.').is_some());
        assert_eq!(shapes.shapes[0].len, 10);
        let read = |text: &[u8; 24]| shapes.shapes[0].read(text);
        assert_eq!(read(b"9.999000e0,1.2345,1.2345"), Some(9_999_000));
        for other in [b"9.9990:0e0,1.2345,1.2345", b"9.99900/e0,1.2345,1.2345", b"9.999000e1,1.2345,1.2345"] {
            assert_eq!(read(other), None);
        }
        for other in [b"90999000e0,1.2345,1.2345", b"9/999000e0,1.2345,1.2345", b"9.999000e0;1.2345,1.2345"] {
            assert_eq!(read(other), None);
        }
        for text in ["9.999000e0,1.2345,1.23456789", "9.9990:0e0,1.2345,1.23456789", "9.99900/e0,1.2345,1.23456789"] {
            assert_eq!(shapes.scan(text.as_bytes(), 0, b'.'), number::scan(text.as_bytes(), 0, b'.'), "{text}");
        }
    }
}
