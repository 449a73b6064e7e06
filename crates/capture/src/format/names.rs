//! What a file name tells of its samples: the tokens of rtl_433, gqrx, osmocom and the SDR programs that write WAV.

use std::collections::BTreeSet;

use crate::OpenOptions;
use crate::options::SampleFormat;
use crate::samples::Component;

/// What one name says, each value with its origin in words.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NameFacts {
    /// Sample format.
    pub(super) format: Option<(SampleFormat, String)>,
    /// Sample rate in Hz.
    pub(super) rate_hz: Option<(f64, String)>,
    /// Centre frequency in Hz.
    pub(super) center_hz: Option<(f64, String)>,
    /// RFC 3339 start, only where the name says that it is UTC.
    pub(super) start_time: Option<String>,
    /// The program or a token says that a stereo file holds I and Q.
    pub(super) iq: bool,
    /// What was found and not used, because it can be read in two ways.
    pub(super) doubts: Vec<String>,
}

/// File extensions that say how samples are stored.
pub(super) fn extension_format(extension: &str) -> Option<SampleFormat> {
    let (complex, component) = match extension.to_ascii_lowercase().as_str() {
        "uc8" | "data" | "complex16u" => (true, Component::U8),
        "sc8" | "c8" | "complex16s" => (true, Component::I8),
        "complex32u" => (true, Component::U16Le),
        "sc16" | "c16" | "complex32s" => (true, Component::I16Le),
        "sc32" | "c32" => (true, Component::I32Le),
        "fc32" | "cfile" | "complex" => (true, Component::F32Le),
        "fc64" => (true, Component::F64Le),
        other => return other.parse().ok(),
    };
    Some(SampleFormat { complex, component })
}

/// Extensions that raw samples have, though they do not say which.
pub(super) const AMBIGUOUS: [&str; 5] = ["iq", "raw", "bin", "dat", "iqdata"];

/// Reads the name of a raw file.
pub(super) fn raw(name: &str) -> NameFacts {
    let (stem, extension) = split(name);
    let mut facts = gqrx(stem).or_else(|| osmocom(stem)).unwrap_or_else(|| from_tokens(stem));
    if let Some(format) = extension_format(extension) {
        if let Some((other, _)) = facts.format.as_ref().filter(|(other, _)| *other != format) {
            facts.doubts.push(format!("the name says {other}, its extension {format}; the extension was believed"));
        }
        facts.format = Some((format, format!("file name extension .{}", extension.to_ascii_lowercase())));
    }
    if facts.start_time.is_none() {
        facts.start_time = utc(stem, true);
    }
    facts
}

/// Reads the name of a WAV file, as SDR programs make them; the rate is in the header.
pub(super) fn wav(name: &str) -> NameFacts {
    let (stem, _) = split(name);
    let lower = stem.to_ascii_lowercase();
    let start_time = utc(stem, true);
    // The same programs save what they demodulate: two channels of sound, not I and Q.
    if words(&lower).any(|w| matches!(w, "af" | "audio")) {
        return NameFacts { start_time, ..NameFacts::default() };
    }
    // gqrx is not among them: its WAV files are always sound.
    let programs = ["hdsdr_", "sdrsharp_", "sdruno_", "baseband_"];
    let iq = programs.iter().any(|p| lower.starts_with(p)) || words(&lower).any(|w| w == "iq");
    let mut facts = NameFacts { iq, start_time, ..NameFacts::default() };
    let hertz: Vec<Token> = tokens(stem).into_iter().filter(|t| t.role == Role::Frequency).collect();
    facts.center_hz = one(&hertz, "centre frequency", &mut facts.doubts);
    facts
}

/// The origins of format, rate and centre as an option or the name gives them.
pub(super) fn format_of(facts: &NameFacts, options: &OpenOptions) -> Option<(SampleFormat, String)> {
    options.format.map(|f| (f, "option --format".to_owned())).or_else(|| facts.format.clone())
}

fn split(name: &str) -> (&str, &str) {
    match name.rsplit_once('.') {
        // `868.950M_1M6` has a dot, but what follows it is no extension.
        Some((stem, extension)) if !extension.contains(['_', '-', ' ']) => (stem, extension),
        _ => (name, ""),
    }
}

fn words(stem: &str) -> impl Iterator<Item = &str> {
    stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty())
}

/// `gqrx_YYYYMMDD_HHMMSS_<centre>_<rate>_fc`: UTC, complex float.
fn gqrx(stem: &str) -> Option<NameFacts> {
    let parts: Vec<&str> = stem.split('_').collect();
    let [program, _, _, center, rate, kind] = parts.as_slice() else { return None };
    if !program.eq_ignore_ascii_case("gqrx") || !kind.eq_ignore_ascii_case("fc") {
        return None;
    }
    let origin = || "file name (gqrx)".to_owned();
    Some(NameFacts {
        format: Some((SampleFormat { complex: true, component: Component::F32Le }, origin())),
        rate_hz: Some((rate.parse().ok()?, origin())),
        center_hz: Some((center.parse().ok()?, origin())),
        start_time: utc(stem, false),
        iq: true,
        doubts: Vec::new(),
    })
}

/// `name-f2.411200e+09-s5.000000e+06-t20260131093000`, as osmocom_fft writes it; its time has no zone.
fn osmocom(stem: &str) -> Option<NameFacts> {
    stem.match_indices("-f").find_map(|(at, _)| {
        let (center, rest) = scientific(stem.get(at + 2..)?)?;
        let (rate, rest) = scientific(rest.strip_prefix("-s")?)?;
        (rest.is_empty() || rest.starts_with('-')).then(|| NameFacts {
            rate_hz: Some((rate, "file name (-s)".to_owned())),
            center_hz: Some((center, "file name (-f)".to_owned())),
            ..NameFacts::default()
        })
    })
}

/// A number with optional fraction and exponent at the head of `text`, and what follows it.
fn scientific(text: &str) -> Option<(f64, &str)> {
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(text);
    if end == 0 {
        return None;
    }
    if text[end..].starts_with('.') {
        end += 1 + digits(&text[end + 1..]);
    }
    let exponent = &text[end..];
    if exponent.starts_with(['e', 'E']) {
        let sign = usize::from(exponent[1..].starts_with(['+', '-']));
        let n = digits(&exponent[1 + sign..]);
        if n > 0 {
            end += 1 + sign + n;
        }
    }
    text[..end].parse().ok().filter(|v: &f64| v.is_finite()).map(|v| (v, &text[end..]))
}

/// What the unit of a number token makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// `433920kHz`, `7100000Hz`.
    Frequency,
    /// `2.4Msps`, `250k`.
    Rate,
    /// `433.92M`: by the rtl_433 rule a centre frequency.
    BareMega,
    /// `1M6`: 1.6 M of something; a rate when another token is the frequency.
    InfixMega,
}

#[derive(Debug, Clone, PartialEq)]
struct Token {
    role: Role,
    hz: f64,
    text: String,
}

/// Every number with a unit that stands alone between separators.
fn tokens(stem: &str) -> Vec<Token> {
    let bytes = stem.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            && (at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'.'));
        match starts.then(|| stem.get(at..).and_then(token)).flatten() {
            Some((token, length)) => {
                found.push(token);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// The token at the head of `text`, with its length.
fn token(text: &str) -> Option<(Token, usize)> {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = match text[whole..].strip_prefix('.') {
        Some(rest) => rest.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    };
    let length = if fraction > 0 { whole + 1 + fraction } else { whole };
    let number: f64 = text[..length].parse().ok()?;
    let rest = &text[length..];
    let (factor, after) = match rest.bytes().next()? {
        b'k' | b'K' => (1e3, &rest[1..]),
        b'M' => (1e6, &rest[1..]),
        b'm' if unit(&rest[1..]).is_some_and(|(_, n)| n > 1) => (1e6, &rest[1..]),
        b'G' | b'g' => (1e9, &rest[1..]),
        _ => (1.0, rest),
    };
    let make = |role, hz: f64, end: usize| Some((Token { role, hz, text: text[..end].to_owned() }, end));
    let used = text.len() - after.len();
    if let Some((role, n)) = unit(after) {
        return match (n, factor) {
            // `1s` and `1` are a duration and a number, not a rate.
            (0 | 1, 1.0) => None,
            (0, 1e3) => make(Role::Rate, number * factor, used),
            (0, _) => make(Role::BareMega, number * factor, used),
            _ => make(role, number * factor, used + n),
        };
    }
    // `1M6`, `2M048`: the prefix stands for the decimal point.
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    if fraction > 0 || digits == 0 || factor == 1.0 || !ends(&after[digits..]) {
        return None;
    }
    let value: f64 = format!("{}.{}", &text[..whole], &after[..digits]).parse().ok()?;
    make(if factor == 1e3 { Role::Rate } else { Role::InfixMega }, value * factor, used + digits)
}

/// The unit at the head of `text` and its length: nothing at all counts as the empty unit.
fn unit(text: &str) -> Option<(Role, usize)> {
    const UNITS: [(&str, Role); 4] =
        [("hz", Role::Frequency), ("sps", Role::Rate), ("s", Role::Rate), ("", Role::Rate)];
    UNITS.into_iter().find_map(|(unit, role)| {
        let head = text.get(..unit.len())?;
        (head.eq_ignore_ascii_case(unit) && ends(&text[unit.len()..])).then_some((role, unit.len()))
    })
}

fn ends(text: &str) -> bool {
    !text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

/// rtl_433's rules, and one of ours: where a token can be read in two ways, it is not read at all.
fn from_tokens(stem: &str) -> NameFacts {
    let mut facts = NameFacts { format: token_format(stem), ..NameFacts::default() };
    let all = tokens(stem);
    let pick = |roles: &[Role]| -> Vec<Token> { all.iter().filter(|t| roles.contains(&t.role)).cloned().collect() };
    let frequencies = pick(&[Role::Frequency, Role::BareMega]);
    let infix = pick(&[Role::InfixMega]);
    let mut rates = pick(&[Role::Rate]);
    if rates.is_empty() && !frequencies.is_empty() {
        rates = infix;
    } else if let Some(token) = infix.first() {
        facts.doubts.push(format!("'{}' in the file name could be a rate or a frequency; it was not used", token.text));
    }
    facts.center_hz = one(&frequencies, "centre frequency", &mut facts.doubts);
    facts.rate_hz = one(&rates, "sample rate", &mut facts.doubts);
    facts
}

/// The value that all tokens agree on.
fn one(tokens: &[Token], what: &str, doubts: &mut Vec<String>) -> Option<(f64, String)> {
    let first = tokens.first()?;
    if let Some(other) = tokens.iter().find(|t| t.hz != first.hz) {
        doubts.push(format!(
            "'{}' and '{}' in the file name both look like the {what}; neither was used",
            first.text, other.text
        ));
        return None;
    }
    Some((first.hz, format!("file name ('{}')", first.text)))
}

/// A format spelt out in the stem (`x_cs16_2.4Msps.raw`), if it is only one.
fn token_format(stem: &str) -> Option<(SampleFormat, String)> {
    const SPELT: [&str; 15] = [
        "cu8", "cs8", "ci8", "cu16", "cs16", "ci16", "cs32", "ci32", "cf32", "fc32", "cf64", "fc64", "sc8", "sc16",
        "uc8",
    ];
    let lower = stem.to_ascii_lowercase();
    let found: BTreeSet<&str> = words(&lower).filter(|w| SPELT.contains(w)).collect();
    match found.into_iter().collect::<Vec<_>>().as_slice() {
        [word] => extension_format(word).map(|f| (f, format!("file name ('{word}')"))),
        _ => None,
    }
}

/// `YYYYMMDD_HHMMSSZ` (any single separator) as RFC 3339; without the `Z` only when the name is known to be UTC.
fn utc(stem: &str, needs_z: bool) -> Option<String> {
    let bytes = stem.as_bytes();
    (0..bytes.len().saturating_sub(14)).find_map(|at| {
        let digits = |from: usize, n: usize| -> Option<&str> {
            let part = stem.get(at + from..at + from + n)?;
            part.bytes().all(|b| b.is_ascii_digit()).then_some(part)
        };
        let (date, time) = (digits(0, 8)?, digits(9, 6)?);
        let lone = at == 0 || !bytes[at - 1].is_ascii_digit();
        let separated = matches!(bytes.get(at + 8), Some(b'_' | b'-' | b'T' | b' '));
        let zone = bytes.get(at + 15) == Some(&b'Z');
        let number = |part: &str| part.parse::<u32>().unwrap_or(u32::MAX);
        let valid = (1..=12).contains(&number(&date[4..6]))
            && (1..=31).contains(&number(&date[6..8]))
            && number(&time[..2]) < 24
            && number(&time[2..4]) < 60
            && number(&time[4..6]) <= 60;
        (lone && separated && valid && (zone || !needs_z)).then(|| {
            let (h, m, s) = (&time[..2], &time[2..4], &time[4..6]);
            format!("{}-{}-{}T{h}:{m}:{s}Z", &date[..4], &date[4..6], &date[6..8])
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Name; format, rate and centre that it gives.
    type RawCase = (&'static str, Option<&'static str>, Option<f64>, Option<f64>);

    fn values(facts: &NameFacts) -> (Option<String>, Option<f64>, Option<f64>) {
        (
            facts.format.as_ref().map(|(f, _)| f.to_string()),
            facts.rate_hz.as_ref().map(|(r, _)| *r),
            facts.center_hz.as_ref().map(|(c, _)| *c),
        )
    }

    #[test]
    fn names_of_raw_files() {
        let cases: &[RawCase] = &[
            ("g001_433.92M_250k.cu8", Some("cu8"), Some(250e3), Some(433.92e6)),
            ("rtlsdr_868.950M_1M6_samples2.cu8", Some("cu8"), Some(1.6e6), Some(868.95e6)),
            ("x_2M048_100.1M.CS16", Some("cs16"), Some(2.048e6), Some(100.1e6)),
            ("gqrx_20191104_141530_7100000_2400000_fc.raw", Some("cf32"), Some(2.4e6), Some(7.1e6)),
            ("scan-f2.411200e+09-s5.000000e+06-t20140131120000.cfile", Some("cf32"), Some(5e6), Some(2.4112e9)),
            ("tx_cs16_2.4Msps_2140MHz.raw", Some("cs16"), Some(2.4e6), Some(2.14e9)),
            ("a_433920kHz_1024ksps.iq", None, Some(1.024e6), Some(433.92e6)),
            ("noise.fc32", Some("cf32"), None, None),
            ("scope.s16", Some("s16"), None, None),
            ("f1860_s1.92_g0_1s.bin", None, None, None),
            ("a_868M_2M.cu8", Some("cu8"), None, None),
            ("scan_100ms_20s_2ms.cu8", Some("cu8"), None, None),
            ("capture.iq", None, None, None),
            ("dump", None, None, None),
        ];
        for (name, format, rate, center) in cases {
            assert_eq!(values(&raw(name)), (format.map(str::to_owned), *rate, *center), "{name}");
        }
        assert_eq!(raw("a_868M_2M.cu8").doubts.len(), 1);
        assert_eq!(raw("x_cs16.cu8").doubts.len(), 1);
        assert_eq!(raw("gqrx_20191104_141530_7100000_2400000_fc.raw").start_time.unwrap(), "2019-11-04T14:15:30Z");
    }

    #[test]
    fn names_of_wav_files() {
        let cases: &[(&str, bool, Option<f64>, Option<&str>)] = &[
            ("SDRSharp_20160101_231914Z_12kHz_IQ.wav", true, Some(12e3), Some("2016-01-01T23:19:14Z")),
            ("HDSDR_20191104_141530Z_7100kHz_RF.wav", true, Some(7.1e6), Some("2019-11-04T14:15:30Z")),
            ("SDRuno_20200907_184033Z_88110kHz.wav", true, Some(88.11e6), Some("2020-09-07T18:40:33Z")),
            ("baseband_437500000Hz_12-30-15_31-12-2024.wav", true, Some(437.5e6), None),
            ("HDSDR_20191104_141530Z_7100kHz_AF.wav", false, None, Some("2019-11-04T14:15:30Z")),
            ("gqrx_20191104_141530_7100000.wav", false, None, None),
            ("speech.wav", false, None, None),
            ("unique.wav", false, None, None),
        ];
        for (name, iq, center, start) in cases {
            let facts = wav(name);
            assert_eq!(facts.iq, *iq, "{name}");
            assert_eq!(facts.center_hz.map(|(c, _)| c), *center, "{name}");
            assert_eq!(facts.start_time.as_deref(), *start, "{name}");
        }
    }

    #[test]
    fn every_extension_of_raw_files() {
        for (extensions, format) in [
            ("cu8 uc8 data complex16u", "cu8"),
            ("cs8 sc8 c8 complex16s", "cs8"),
            ("cu16 complex32u", "cu16"),
            ("cs16 sc16 c16 complex32s", "cs16"),
            ("cs32 sc32 c32", "cs32"),
            ("cf32 fc32 cfile complex CF32", "cf32"),
            ("cf64 fc64", "cf64"),
            ("u8", "u8"),
            ("s8", "s8"),
            ("s16", "s16"),
            ("f32", "f32"),
            ("f64", "f64"),
        ] {
            for extension in extensions.split(' ') {
                assert_eq!(values(&raw(&format!("x.{extension}"))).0.as_deref(), Some(format), ".{extension}");
            }
        }
        assert!(AMBIGUOUS.iter().all(|extension| raw(&format!("x.{extension}")).format.is_none()));
    }

    #[test]
    fn rtl_433_megahertz_is_the_centre_and_kilo_the_rate() {
        for (name, rate, center) in [
            ("g001_433.92M_250k.cu8", Some(250e3), Some(433.92e6)),
            ("FSK_868.3MHz_1024ksps.cs16", Some(1.024e6), Some(868.3e6)),
            ("x_1.5GHz_2Msps.cf32", Some(2e6), Some(1.5e9)),
            ("x_315M.cu8", None, Some(315e6)),
        ] {
            assert_eq!((values(&raw(name)).1, values(&raw(name)).2), (rate, center), "{name}");
        }
    }

    #[test]
    fn gqrx_centre_then_rate_in_utc() {
        let facts = raw("gqrx_20260131_093000_145500000_1800000_fc.raw");
        assert_eq!(values(&facts), (Some("cf32".to_owned()), Some(1.8e6), Some(145.5e6)));
        assert_eq!(facts.start_time.as_deref(), Some("2026-01-31T09:30:00Z"));
        // A name that only begins like one gives nothing.
        assert_eq!(values(&raw("gqrx_20260131_093000_145500000.raw")).1, None);
    }

    #[test]
    fn osmocom_in_powers_of_ten_and_without_a_zone() {
        let facts = raw("capture-f4.339200e+08-s2.000000e+06-t20260131093000.cfile");
        assert_eq!(values(&facts), (Some("cf32".to_owned()), Some(2e6), Some(433.92e6)));
        assert_eq!(facts.start_time, None);
    }

    #[test]
    fn sdr_sharp_hdsdr_and_sdruno_in_kilohertz_and_utc() {
        for (name, center) in [
            ("SDRSharp_20160101_231914Z_12kHz_IQ.wav", 12e3),
            ("HDSDR_20160101_231914Z_7100kHz_RF.wav", 7.1e6),
            ("SDRuno_20160101_231914Z_88110kHz.wav", 88.11e6),
        ] {
            let facts = wav(name);
            assert_eq!((facts.iq, facts.center_hz.map(|(hz, _)| hz)), (true, Some(center)), "{name}");
            assert_eq!(facts.start_time.as_deref(), Some("2016-01-01T23:19:14Z"), "{name}");
        }
        // What they save of sound is no I and Q.
        assert!(!wav("SDRSharp_20160101_231914Z_12kHz_AF.wav").iq && !wav("HDSDR_20160101_231914Z_7100kHz_AF.wav").iq);
    }

    #[test]
    fn sdr_plus_plus_puts_the_day_first_in_local_time() {
        let facts = wav("baseband_437500000Hz_23-59-58_01-02-2026.wav");
        assert_eq!((facts.iq, facts.center_hz.map(|(hz, _)| hz)), (true, Some(437.5e6)));
        // Neither the order of day and month nor the zone is certain.
        assert_eq!(facts.start_time, None);
        assert!(!wav("audio_437500000Hz_23-59-58_01-02-2026.wav").iq);
    }

    proptest! {
        #[test]
        fn no_name_panics(name in "\\PC{0,60}") {
            raw(&name);
            wav(&name);
        }

        #[test]
        fn no_name_of_tokens_panics(name in "[0-9._kMGHzspse+\\-fTZ ]{0,40}") {
            raw(&name);
            wav(&name);
        }

        #[test]
        fn what_rtl_433_writes_is_read_back(center in 1u32..6000, rate in 1u32..20_000) {
            let facts = raw(&format!("g001_{center}.5M_{rate}k.cu8"));
            prop_assert_eq!(facts.center_hz.unwrap().0, (f64::from(center) + 0.5) * 1e6);
            prop_assert_eq!(facts.rate_hz.unwrap().0, f64::from(rate) * 1e3);
        }
    }
}
