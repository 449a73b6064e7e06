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

/// A number and the power of ten of its last printed digit (`4.96` -> -2, `2E-9` -> -9).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) last_digit: i32,
}

/// Reads a number that starts at `at`; gives it and the place behind it.
///
/// Correctly rounded: with a mantissa below 2^53 and a power of ten of at most 22 both operands are exact, so that
/// the one multiplication or division rounds once (Clinger 1990); everything else goes to the standard parser.
#[inline]
pub(super) fn scan(text: &[u8], at: usize, decimal: u8) -> Option<(Number, usize)> {
    let mut p = at;
    let negative = match text.get(p) {
        Some(b'-') => {
            p += 1;
            true
        }
        Some(b'+') => {
            p += 1;
            false
        }
        _ => false,
    };
    let digits_from = p;
    let mut mantissa = 0u64;
    while let Some(d) = digit(text, p) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(d);
        p += 1;
    }
    let mut digits = p - digits_from;
    let mut decimals = 0usize;
    if text.get(p) == Some(&decimal) {
        p += 1;
        let from = p;
        while let Some(block) = text.get(p..).and_then(<[u8]>::first_chunk).and_then(eight) {
            mantissa = mantissa.wrapping_mul(100_000_000).wrapping_add(block);
            p += 8;
        }
        while let Some(d) = digit(text, p) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(d);
            p += 1;
        }
        decimals = p - from;
        digits += decimals;
    }
    if digits == 0 {
        return None;
    }
    let mut exponent = 0i32;
    if matches!(text.get(p), Some(b'e' | b'E')) {
        let (value, next) = scan_exponent(text, p + 1)?;
        exponent = value;
        p = next;
    }
    let last_digit = exponent.saturating_sub(i32::try_from(decimals).unwrap_or(i32::MAX));
    let magnitude = if digits <= 19 && mantissa < (1 << 53) && (-22..=22).contains(&last_digit) {
        let power = EXACT.get(last_digit.unsigned_abs() as usize).copied()?;
        if last_digit < 0 { mantissa as f64 / power } else { mantissa as f64 * power }
    } else {
        standard(text.get(digits_from..p)?, decimal)?
    };
    let value = if negative { -magnitude } else { magnitude };
    Some((Number { value, last_digit }, p))
}

/// Eight digits at once: each step adds neighbours of one width into one of twice the width.
#[inline]
fn eight(block: &[u8; 8]) -> Option<u64> {
    let bytes = u64::from_le_bytes(*block);
    let high = bytes & 0xf0f0_f0f0_f0f0_f0f0;
    let above_nine = bytes.wrapping_add(0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0;
    if high != 0x3030_3030_3030_3030 || above_nine != 0x3030_3030_3030_3030 {
        return None;
    }
    let ones = bytes & 0x0f0f_0f0f_0f0f_0f0f;
    let tens = (ones.wrapping_mul(10) + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let hundreds = (tens.wrapping_mul(100) + (tens >> 16)) & 0x0000_ffff_0000_ffff;
    Some((hundreds.wrapping_mul(10_000) + (hundreds >> 32)) & 0xffff_ffff)
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
fn standard(digits: &[u8], decimal: u8) -> Option<f64> {
    let text = std::str::from_utf8(digits).ok()?;
    if decimal == b'.' { text.parse().ok() } else { text.replace(char::from(decimal), ".").parse().ok() }
}

/// A whole cell: surrounding blanks and quotes are stripped; `inf`, `nan` and the infinity sign are numbers too.
pub(super) fn cell(text: &[u8], decimal: u8) -> Option<Number> {
    let text = strip(text);
    if let Some((number, end)) = scan(text, 0, decimal)
        && end == text.len()
    {
        return Some(number);
    }
    special(text).map(|value| Number { value, last_digit: 0 })
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
        let value = |t: &str| cell(t.as_bytes(), b'.').map(|n| n.value);
        assert_eq!(value("-84.48E-06"), Some(-84.48e-6));
        assert_eq!(value("+0.0E+00"), Some(0.0));
        assert_eq!(value(" \"2E-9\" "), Some(2e-9));
        assert_eq!(value("-0.0004999656880000001"), Some(-0.000_499_965_688_000_000_1));
        assert_eq!(value(".5"), Some(0.5));
        assert_eq!(value("5."), Some(5.0));
        assert_eq!(value("1e999"), Some(f64::INFINITY));
        assert_eq!(value("-\u{221e}"), Some(f64::NEG_INFINITY));
        assert!(value("NaN").is_some_and(f64::is_nan));
        assert_eq!(cell(b"-1,25", b',').map(|n| n.value), Some(-1.25));
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
        /// The standard library's parser is the reference: it is correctly rounded.
        #[test]
        fn agrees_with_the_standard_parser(text in "[+-]?[0-9]{1,21}(\\.[0-9]{0,12})?([eE][+-]?[0-9]{1,3})?") {
            let expected: f64 = text.parse().unwrap();
            prop_assert_eq!(cell(text.as_bytes(), b'.').unwrap().value, expected);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = cell(&bytes, b'.');
            let _ = cell(&bytes, b',');
        }
    }
}
