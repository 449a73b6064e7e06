//! Walking along the hours that count: how long until so much of them has gone by, and how much lies between two instants.
//!
//! All instants are milliseconds since 1970. Without a calendar every hour counts (24x7). `stops` are times that do not count
//! (pauses): from and until, which may be `i64::MAX` where the end is not known yet.

use super::calendar::Calendar;
use super::hours::Interval;

const DAY_MS: i64 = 86_400_000;

/// No promise is followed for longer than about a century; so every walk ends, whatever a calendar says.
const MOST_DAYS: usize = 37_000;

/// A piece of one day between two changes of the offset.
struct Piece {
    from: i64,
    until: i64,
    day: i64,
    offset: i64,
}

impl Piece {
    /// The part of an interval of the day that lies in the piece.
    fn cut(&self, &(from, until): &Interval) -> (i64, i64) {
        let at = |second: u32| self.day * DAY_MS + i64::from(second) * 1000 - self.offset;
        (at(from).max(self.from), at(until).min(self.until))
    }
}

fn pieces(calendar: &Calendar, from: i64) -> impl Iterator<Item = Piece> {
    let (mut from, mut offset, mut change) = (from, 0, i64::MIN);
    let next = move || {
        if from >= change {
            (offset, change) = calendar.offset(from);
        }
        let day = (from + offset).div_euclid(DAY_MS);
        let piece = Piece { from, until: ((day + 1) * DAY_MS - offset).min(change), day, offset };
        from = piece.until;
        Some(piece)
    };
    std::iter::from_fn(next).take(MOST_DAYS)
}

/// The stretches that count from an instant on, in order, each with the day it lies on.
fn open(calendar: &Calendar, from: i64) -> impl Iterator<Item = (i64, i64, i64)> {
    pieces(calendar, from).flat_map(|piece| {
        let day = piece.day;
        let cut: Vec<_> = calendar.on(day).iter().map(|interval| piece.cut(interval)).collect();
        cut.into_iter().filter(|(from, until)| from < until).map(move |(from, until)| (day, from, until))
    })
}

/// The stretches that count and are not stopped.
fn running<'a>(
    calendar: Option<&'a Calendar>,
    from: i64,
    stops: &'a [(i64, i64)],
) -> Box<dyn Iterator<Item = (i64, i64)> + 'a> {
    let open: Box<dyn Iterator<Item = (i64, i64)>> = match calendar {
        Some(calendar) => Box::new(open(calendar, from).map(|(_, from, until)| (from, until))),
        None => Box::new(std::iter::once((from, i64::MAX))),
    };
    Box::new(open.flat_map(|stretch| without(stretch, stops)))
}

/// What is left of a stretch when the stops are cut out; stops may overlap and come in any order.
fn without((mut from, until): (i64, i64), stops: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut touching: Vec<_> = stops.iter().filter(|(a, b)| a < b && *a < until && *b > from).copied().collect();
    touching.sort_unstable();
    let mut left = Vec::with_capacity(touching.len() + 1);
    for (stop, go) in touching {
        if from < stop {
            left.push((from, stop));
        }
        from = from.max(go);
    }
    if from < until {
        left.push((from, until));
    }
    left
}

/// The first instant at which `need` ms have counted since `from`; `None` when that never comes: stopped for good, or not within
/// a century.
pub(super) fn advance(calendar: Option<&Calendar>, from: i64, need: i64, stops: &[(i64, i64)]) -> Option<i64> {
    let mut left = need;
    if left <= 0 {
        return Some(from);
    }
    for (from, until) in running(calendar, from, stops) {
        let length = until.saturating_sub(from);
        if length >= left {
            return Some(from.saturating_add(left));
        }
        left -= length;
    }
    None
}

/// How many ms count between two instants.
pub(super) fn elapsed(calendar: Option<&Calendar>, from: i64, until: i64, stops: &[(i64, i64)]) -> i64 {
    let before = running(calendar, from, stops).take_while(|(a, _)| *a < until);
    before.map(|(a, b)| b.min(until).saturating_sub(a)).fold(0, i64::saturating_add)
}

/// The end of the last hours of the `days`-th working day after the date of `from`, which itself does not count.
pub(super) fn close_of_business(calendar: &Calendar, from: i64, days: u32) -> Option<i64> {
    let (offset, _) = calendar.offset(from);
    let (mut today, mut count, mut close) = ((from + offset).div_euclid(DAY_MS), 0, None);
    for (day, _, until) in open(calendar, from) {
        if day > today {
            if count == days {
                return close;
            }
            (today, count) = (day, count + 1);
        }
        close = Some(until);
    }
    None
}
