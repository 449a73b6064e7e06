//! Decimal numbers in text: a fast exact path for what instruments print, the standard parser for the rest.

/// Powers of ten that are exact in double precision.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Their reciprocals, rounded.
const RECIPROCAL: [f64; 23] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17,
    1e-18, 1e-19, 1e-20, 1e-21, 1e-22,
];

/// Powers of ten that move a number of up to eight digits in front of as many more.
const TEN_TO: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// A number as printed: digits, sign, and the power of ten of the last digit (`4.96` -> -2, `2E-9` -> -9).
///
/// Its value is worked out when asked for: a time stamp that follows its neighbours needs none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    negative: bool,
    /// Digits and power of ten give the value exactly: the mantissa is below 2^53 and the power at most 22.
    exact: bool,
    /// All digits as one whole number.
    mantissa: u64,
    pub(super) last_digit: i32,
    /// The value where it is not exact. No `Option`: a pair that is written in two parts and read as one stalls each row.
    beyond: f64,
}

impl Number {
    /// Correctly rounded: with a mantissa below 2^53 and a power of ten of at most 22 both operands are exact, so that
    /// the one multiplication or division rounds once (Clinger 1990); everything else went to the standard parser.
    #[inline]
    pub(super) fn value(&self) -> f64 {
        if !self.exact {
            return self.beyond;
        }
        let power = EXACT.get(self.last_digit.unsigned_abs() as usize).copied().unwrap_or(f64::NAN);
        // Signed numbers convert in one instruction.
        let whole = self.mantissa as i64 as f64;
        let magnitude = if self.last_digit < 0 { whole / power } else { whole * power };
        if self.negative { -magnitude } else { magnitude }
    }

    /// The value in units of the last printed digit, where that is exact.
    #[inline]
    pub(super) fn ticks(&self) -> Option<i64> {
        let whole = self.mantissa as i64;
        self.exact.then_some(if self.negative { -whole } else { whole })
    }

    /// Digits that give the value exactly: at most fifteen, and a power of ten that is exact.
    #[inline(always)]
    pub(super) const fn exact(negative: bool, mantissa: u64, last_digit: i32) -> Self {
        Self { negative, exact: true, mantissa, last_digit, beyond: 0.0 }
    }

    const fn special(value: f64) -> Self {
        Self { negative: false, exact: false, mantissa: 0, last_digit: 0, beyond: value }
    }
}

/// Reads a number that starts at `at`; gives it and the place behind it.
#[inline]
pub(super) fn scan(text: &[u8], at: usize, decimal: u8) -> Option<(Number, usize)> {
    let mut p = at;
    let sign = text.get(p).copied().unwrap_or(0);
    let negative = sign == b'-';
    p += usize::from(negative || sign == b'+');
    let digits_from = p;
    let mut mantissa = 0u64;
    // Most numbers have one digit before the point: not worth a block.
    if let Some(d) = digit(text, p) {
        mantissa = d;
        p += 1;
        if digit(text, p).is_some() {
            p = digits(text, p, &mut mantissa);
        }
    }
    let mut count = p - digits_from;
    let mut decimals = 0usize;
    if text.get(p) == Some(&decimal) {
        let from = p + 1;
        p = digits(text, from, &mut mantissa);
        decimals = p - from;
        count += decimals;
    }
    if count == 0 {
        return None;
    }
    let mut exponent = 0i32;
    if text.get(p).is_some_and(|e| e | 0x20 == b'e') {
        (exponent, p) = scan_exponent(text, p + 1)?;
    }
    let last_digit = exponent.saturating_sub(i32::try_from(decimals).unwrap_or(i32::MAX));
    let exact = count <= 19 && mantissa < (1 << 53) && (-22..=22).contains(&last_digit);
    let beyond = if exact { 0.0 } else { standard(text.get(digits_from..p)?, decimal, negative)? };
    Some((Number { negative, exact, mantissa, last_digit, beyond }, p))
}

/// Appends the digits from `at` on to `mantissa`; gives the place behind them.
#[inline]
fn digits(text: &[u8], at: usize, mantissa: &mut u64) -> usize {
    let mut p = at;
    while let Some(block) = text.get(p..).and_then(<[u8]>::first_chunk) {
        let (count, value) = leading(block);
        *mantissa = mantissa.wrapping_mul(TEN_TO.get(count).copied().unwrap_or(1)).wrapping_add(value);
        p += count;
        if count < 8 {
            return p;
        }
    }
    while let Some(d) = digit(text, p) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(d);
        p += 1;
    }
    p
}

/// How many of eight bytes are digits before the first that is none, and their number.
#[inline]
fn leading(block: &[u8; 8]) -> (usize, u64) {
    let bytes = u64::from_le_bytes(*block) ^ 0x3030_3030_3030_3030;
    let count = (beyond_nine(bytes).trailing_zeros() / 8) as usize;
    // The digits move to the end, zeros come before them.
    (count, eight(bytes.checked_shl(64 - 8 * count as u32).unwrap_or(0)))
}

/// The highest bit of every byte that is above nine.
#[inline(always)]
pub(super) const fn beyond_nine(bytes: u64) -> u64 {
    // Nothing carries into a neighbour, because the highest bits are looked at apart.
    (((bytes & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080
}

/// The number of eight digits of 0 to 9, the first in the lowest byte; of other bytes any number, for callers that look
/// at the bytes afterwards.
///
/// Each step adds neighbours of one width into one of twice the width. Of other bytes the answer means nothing: a caller
/// that looks at them at the same time throws it away, so that the sums must wrap.
#[inline(always)]
pub(super) const fn eight(ones: u64) -> u64 {
    let tens = ones.wrapping_mul(10).wrapping_add(ones >> 8) & 0x00ff_00ff_00ff_00ff;
    let hundreds = tens.wrapping_mul(100).wrapping_add(tens >> 16) & 0x0000_ffff_0000_ffff;
    hundreds.wrapping_mul(10_000).wrapping_add(hundreds >> 32) & 0xffff_ffff
}

#[inline]
fn digit(text: &[u8], at: usize) -> Option<u64> {
    // A byte beyond the end reads as no digit, which costs one branch instead of two.
    let d = text.get(at).copied().unwrap_or(0).wrapping_sub(b'0');
    (d < 10).then_some(u64::from(d))
}

#[inline]
fn scan_exponent(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let mut p = at;
    let negative = text.get(p) == Some(&b'-');
    if matches!(text.get(p), Some(b'-' | b'+')) {
        p += 1;
    }
    let from = p;
    let mut value = 0i32;
    while let Some(d) = digit(text, p) {
        value = value.saturating_mul(10).saturating_add(d as i32);
        p += 1;
    }
    (p > from).then_some((if negative { -value } else { value }, p))
}

#[cold]
fn standard(digits: &[u8], decimal: u8, negative: bool) -> Option<f64> {
    let text = std::str::from_utf8(digits).ok()?;
    let parsed = if decimal == b'.' { text.parse() } else { text.replace(char::from(decimal), ".").parse() };
    parsed.ok().map(|v: f64| if negative { -v } else { v })
}

/// A whole cell: surrounding blanks and quotes are stripped; `inf`, `nan` and the infinity sign are numbers too.
pub(super) fn cell(text: &[u8], decimal: u8) -> Option<Number> {
    let text = strip(text);
    if let Some((number, end)) = scan(text, 0, decimal)
        && end == text.len()
    {
        return Some(number);
    }
    special(text).map(Number::special)
}

/// Without surrounding blanks, carriage returns and one pair of quotes.
pub(super) fn strip(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => text,
    }
}

fn special(text: &[u8]) -> Option<f64> {
    let (negative, word) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let infinite = ["inf", "infinity", "1.#inf", "\u{221e}"].iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes()));
    if infinite {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    ["nan", "1.#qnan", "1.#ind"].iter().any(|w| word.eq_ignore_ascii_case(w.as_bytes())).then_some(f64::NAN)
}

/// Ten to the power of the last printed digit, clamped to what a double holds.
#[inline]
pub(super) fn quantum(last_digit: i32) -> f64 {
    let table = if last_digit < 0 { &RECIPROCAL } else { &EXACT };
    let power = table.get(last_digit.unsigned_abs() as usize).copied();
    power.unwrap_or_else(|| 10f64.powi(last_digit.clamp(-300, 300)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_instruments_print() {
        let value = |t: &str| cell(t.as_bytes(), b'.').map(|n| n.value());
        assert_eq!(value("-84.48E-06"), Some(-84.48e-6));
        assert_eq!(value("+0.0E+00"), Some(0.0));
        assert_eq!(value(" \"2E-9\" "), Some(2e-9));
        assert_eq!(value("-0.0004999656880000001"), Some(-0.000_499_965_688_000_000_1));
        assert_eq!(value(".5"), Some(0.5));
        assert_eq!(value("5."), Some(5.0));
        assert_eq!(value("1e999"), Some(f64::INFINITY));
        assert_eq!(value("-\u{221e}"), Some(f64::NEG_INFINITY));
        assert!(value("NaN").is_some_and(f64::is_nan));
        assert_eq!(cell(b"-1,25", b',').map(|n| n.value()), Some(-1.25));
        for bad in ["", "-", ".", "1.2.3", "1e", "1e+", "abc", "1 2", "0x10", "--1", "1,5"] {
            assert_eq!(value(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn knows_the_place_of_the_last_digit() {
        let last = |t: &str| cell(t.as_bytes(), b'.').map(|n| n.last_digit);
        assert_eq!(last("4.96"), Some(-2));
        assert_eq!(last("2E-9"), Some(-9));
        assert_eq!(last("3.952796e-02"), Some(-8));
        assert!((quantum(-8) - 1e-8).abs() < 1e-24);
        assert_eq!(quantum(3), 1000.0);
    }

    proptest! {
        #[test]
        fn eight_digits_are_their_number_and_any_bytes_do_no_harm(any in any::<u64>(), number in 0u64..100_000_000) {
            let text = format!("{number:08}");
            let ones = u64::from_le_bytes(text.as_bytes().try_into().unwrap()) ^ 0x3030_3030_3030_3030;
            prop_assert_eq!(eight(ones), number);
            prop_assert!(u32::try_from(eight(any)).is_ok());
        }

        /// The standard library's parser is the reference: it is correctly rounded.
        #[test]
        fn agrees_with_the_standard_parser(text in "[+-]?[0-9]{1,21}(\\.[0-9]{0,12})?([eE][+-]?[0-9]{1,3})?") {
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(cell(text.as_bytes(), b'.').unwrap().value(), expected);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = cell(&bytes, b'.');
            let _ = cell(&bytes, b',');
        }
    }
}
