//! Times as recorders keep them, as RFC 3339 text in UTC.

/// Seconds after 1970 began, in UTC, and milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) second: u64,
    pub(crate) milli: u16,
}

/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

/// `2021-01-01T00:00:00Z`, with milliseconds where there are any; nothing beyond the year 9999.
///
/// The days of the proleptic Gregorian calendar by eras of 400 years, each beginning on 1 March.
pub(crate) fn from_unix(moment: Moment) -> Option<String> {
    if moment.second > LAST || moment.milli > 999 {
        return None;
    }
    let (days, rest) = (moment.second / 86_400 + 719_468, moment.second % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let fraction = if moment.milli > 0 { format!(".{:03}", moment.milli) } else { String::new() };
    let (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known instants, leap days and the ends of the range; the numbers are those of `date -u +%s`.
    #[test]
    fn known_instants() {
        for (second, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_609_459_199, "2020-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(from_unix(Moment { second, milli: 0 }).as_deref(), Some(text));
        }
        assert_eq!(from_unix(Moment { second: 0, milli: 7 }).as_deref(), Some("1970-01-01T00:00:00.007Z"));
        assert_eq!(from_unix(Moment { second: LAST + 1, milli: 0 }), None);
    }
}
