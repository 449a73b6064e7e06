//! Hours and dates as a profile writes them: `08:00-12:00, 13:00-17:00`, `mon-fri`, `2026-10-01..2026-10-07`.

use jiff::Span;
use jiff::civil::Date;

/// Seconds of a day.
pub(super) const DAY_S: u32 = 86_400;

/// From and until (not included), in seconds since midnight on the wall.
pub(super) type Interval = (u32, u32);

/// The days of a week, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Longest run of days that one holiday entry may name.
const LONGEST_RUN: usize = 400;

/// Reads hours; an interval that goes over midnight ends before it begins. `closed` is no hours at all.
pub(super) fn parse(text: &str) -> Result<Vec<Interval>, String> {
    if text.trim() == "closed" {
        return Ok(Vec::new());
    }
    text.split(',').map(interval).collect()
}

fn interval(text: &str) -> Result<Interval, String> {
    let text = text.trim();
    let read = || {
        let (from, until) = text.split_once('-')?;
        Some((time(from)?, time(until)?))
    };
    match read() {
        Some((DAY_S, _)) => Err(format!("`{text}`: a day begins at 00:00")),
        Some((from, until)) if from == until => {
            Err(format!("`{text}` is no time at all; a whole day is 00:00-24:00, a free one `closed`"))
        }
        Some(found) => Ok(found),
        None => Err(format!("`{text}` is no interval such as 08:00-17:00, nor `closed`")),
    }
}

fn time(text: &str) -> Option<u32> {
    let mut parts = text.trim().split(':').map(|p| {
        let digits = p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| p.parse::<u32>().ok()).flatten()
    });
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let total = hour * 3600 + minute * 60 + second;
    (parts.next().is_none() && minute < 60 && second < 60 && total <= DAY_S).then_some(total)
}

/// Hours as they are read.
pub(super) fn text(hours: &[Interval]) -> String {
    if hours.is_empty() {
        return "closed".into();
    }
    hours.iter().map(|(from, until)| format!("{}-{}", clock(*from), clock(*until))).collect::<Vec<_>>().join(", ")
}

fn clock(second_of_day: u32) -> String {
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    match second {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

/// Sorted, neighbours joined; two that overlap are told.
pub(super) fn tidy(mut hours: Vec<Interval>) -> Result<Vec<Interval>, String> {
    hours.sort_unstable();
    let mut joined: Vec<Interval> = Vec::with_capacity(hours.len());
    for (from, until) in hours {
        match joined.last_mut() {
            Some(last) if from < last.1 => {
                return Err(format!("{} and {} overlap", text(&[*last]), text(&[(from, until)])));
            }
            Some(last) if from == last.1 => last.1 = until,
            _ => joined.push((from, until)),
        }
    }
    Ok(joined)
}

/// The days that `mon-fri` or `mon, wed` names, Monday is 0.
pub(super) fn weekdays(text: &str) -> Result<Vec<usize>, String> {
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        let found = DAYS.iter().position(|d| *d == name);
        found.ok_or_else(|| format!("`{name}` is no day; these are: {}", DAYS.join(", ")))
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(day(part)?),
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                // Over the week's end: sat-mon.
                days.extend((0..=(last + 7 - first) % 7).map(|n| (first + n) % 7));
            }
        }
    }
    Ok(days)
}

/// A run of days as [`weekdays`] reads it.
pub(super) fn weekday_text(first: usize, last: usize) -> String {
    let name = |day: usize| DAYS.get(day).copied().unwrap_or_default();
    if first == last { name(first).into() } else { format!("{}-{}", name(first), name(last)) }
}

/// The days that `2026-12-25` or `2026-10-01..2026-10-07` names, as numbers since 1970-01-01.
pub(super) fn dates(text: &str) -> Result<Vec<i64>, String> {
    let date = |text: &str| {
        let read: Result<Date, _> = text.trim().parse();
        read.map_err(|_| format!("`{}` is no date such as 2026-12-25", text.trim()))
    };
    let (first, last) = match text.split_once("..") {
        None => (date(text)?, date(text)?),
        Some((first, last)) => (date(first)?, date(last)?),
    };
    if last < first {
        return Err(format!("`{text}` ends before it begins"));
    }
    let days: Vec<i64> = (number(first)..=number(last)).take(LONGEST_RUN + 1).collect();
    if days.len() > LONGEST_RUN { Err(format!("`{text}` is longer than {LONGEST_RUN} days")) } else { Ok(days) }
}

/// A run of days as [`dates`] reads it.
pub(super) fn date_text(first: i64, last: i64) -> String {
    if first == last { name(first) } else { format!("{}..{}", name(first), name(last)) }
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn number(date: Date) -> i64 {
    date.since(EPOCH).map(|span| i64::from(span.get_days())).unwrap_or(0)
}

fn name(number: i64) -> String {
    let days = Span::new().try_days(number).ok();
    days.and_then(|days| EPOCH.checked_add(days).ok()).unwrap_or(Date::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_read_and_written() {
        assert_eq!(parse("08:00-12:00,13:00-17:30").unwrap(), [(28_800, 43_200), (46_800, 63_000)]);
        assert_eq!(parse(" 22:00 - 06:00 ").unwrap(), [(79_200, 21_600)]);
        assert_eq!(parse("00:00-24:00").unwrap(), [(0, 86_400)]);
        assert_eq!(parse("closed").unwrap(), []);
        for bad in
            ["", "8-17", "08:00", "08:00-25:00", "08:60-09:00", "24:00-06:00", "08:00-08:00", "08:00-24:01", "a-b"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(text(&[(28_800, 43_200), (46_801, 86_400)]), "08:00-12:00, 13:00:01-24:00");
        assert_eq!(tidy(vec![(50, 60), (0, 50)]).unwrap(), [(0, 60)]);
        assert!(tidy(vec![(0, 3600), (3599, 7200)]).unwrap_err().contains("overlap"));
    }

    #[test]
    fn days_of_the_week_and_dates() {
        assert_eq!(weekdays("mon-fri").unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(weekdays("Sat-Mon, wed").unwrap(), [5, 6, 0, 2]);
        assert!(weekdays("mo").unwrap_err().contains("sun"));
        assert_eq!(weekday_text(0, 4), "mon-fri");
        assert_eq!(dates("1970-01-01").unwrap(), [0]);
        // 2000-02-29 is day 11016: 30 years of 365 days, 7 leap days, 31 + 28 days.
        assert_eq!(dates("2000-02-28..2000-03-01").unwrap(), [11_015, 11_016, 11_017]);
        assert_eq!(date_text(11_016, 11_017), "2000-02-29..2000-03-01");
        for bad in ["2026-02-29", "2026-13-01", "25.12.2026", "2026-01-02..2026-01-01", "2026-01-01..2030-01-01"] {
            assert!(dates(bad).is_err(), "{bad}");
        }
    }
}
