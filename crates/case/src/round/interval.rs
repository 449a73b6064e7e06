//! Lengths of the calendar: days, weeks, months and years, counted on dates.

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Longest interval, in months and in days.
const MOST_MONTHS: u32 = 120;
const MOST_DAYS: u32 = 3660;

/// A number of days or of months. A month later is the same day of the next month, or its last day where it has none such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Interval {
    /// Days.
    Days(u32),
    /// Months of the calendar.
    Months(u32),
}

impl schemars::JsonSchema for Interval {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Interval".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "`30 days` or `12 months`" })
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self::Days(0)
    }
}

impl Interval {
    /// Whether it has no length.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        matches!(self, Self::Days(0) | Self::Months(0))
    }

    /// The date that lies this far after another one; the last of the calendar where it ends before.
    #[must_use]
    pub fn after(self, date: Date) -> Date {
        let span = match self {
            Self::Days(days) => Span::new().try_days(days),
            Self::Months(months) => Span::new().try_months(months),
        };
        span.and_then(|span| date.checked_add(span)).unwrap_or(Date::MAX)
    }
}

impl std::str::FromStr for Interval {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no interval such as 30d, 2 weeks, 12 months or 1 year");
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let (each, months) = match unit.trim() {
            "d" | "day" | "days" => (1, false),
            "w" | "week" | "weeks" => (7, false),
            "month" | "months" => (1, true),
            "y" | "year" | "years" => (12, true),
            _ => return Err(wrong()),
        };
        let (length, most) = (number.saturating_mul(each), if months { MOST_MONTHS } else { MOST_DAYS });
        if length > most {
            return Err(format!("`{text}` is longer than ten years"));
        }
        Ok(if months { Self::Months(length) } else { Self::Days(length) })
    }
}

impl std::fmt::Display for Interval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (number, unit) = match self {
            Self::Days(n) => (n, "day"),
            Self::Months(n) => (n, "month"),
        };
        write!(f, "{number} {unit}{}", if *number == 1 { "" } else { "s" })
    }
}

impl TryFrom<String> for Interval {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `dateutil.relativedelta` of Python: `date(Y, M, D) + relativedelta(months=N)` or `days=N`.
    #[test]
    fn dates_are_those_of_python() {
        for (from, interval, to) in [
            ("2026-01-31", "1 month", "2026-02-28"),
            ("2028-01-31", "1 month", "2028-02-29"),
            ("2026-11-30", "3 months", "2027-02-28"),
            ("2028-02-29", "12 months", "2029-02-28"),
            ("2028-02-29", "1 year", "2029-02-28"),
            ("2026-08-31", "6 months", "2027-02-28"),
            ("2026-12-15", "1 month", "2027-01-15"),
            ("2026-02-27", "30d", "2026-03-29"),
            ("2028-02-27", "30d", "2028-03-28"),
            ("2026-12-20", "2 weeks", "2027-01-03"),
            ("2026-03-28", "0d", "2026-03-28"),
        ] {
            let (interval, from): (Interval, Date) = (interval.parse().unwrap(), from.parse().unwrap());
            assert_eq!(interval.after(from).to_string(), to, "{from} + {interval}");
        }
        assert_eq!(Interval::Months(120).after(Date::MAX), Date::MAX);
    }

    #[test]
    fn what_is_no_interval_is_refused_and_the_rest_comes_back() {
        for text in ["", "30", "d", "-3d", "3 m", "1.5 months", "11 years", "3661 days", "99999999999d", "3 月"] {
            assert!(text.parse::<Interval>().is_err(), "{text}");
        }
        for text in ["1 day", "30 days", "1 month", "12 months"] {
            assert_eq!(text.parse::<Interval>().unwrap().to_string(), text);
        }
        assert_eq!("1y".parse(), Ok(Interval::Months(12)));
        assert!(Interval::default().is_zero() && !Interval::Days(1).is_zero());
    }

    proptest::proptest! {
        #[test]
        fn later_is_never_earlier(day in 0i32..40_000, months in 0u32..120, days in 0u32..3660) {
            let date = jiff::civil::date(1990, 1, 1).checked_add(Span::new().days(day)).unwrap();
            let by_months = Interval::Months(months).after(date);
            proptest::prop_assert!(by_months >= date && by_months.day() <= date.day());
            let all = (by_months.year() - date.year()) as i32 * 12 + i32::from(by_months.month() - date.month());
            proptest::prop_assert_eq!(all, months as i32);
            let by_days = Interval::Days(days).after(date);
            proptest::prop_assert_eq!((by_days - date).get_days(), days as i32);
        }
    }
}
