//! Case numbers: `FS-2026-0001`, given inside the transaction that opens the case, and found again in several spellings.

/// The number as text.
pub(crate) fn text(year: i64, number: i64) -> String {
    format!("FS-{year:04}-{number:04}")
}

/// The number a case gets whose own one is taken: the end of its UUID behind it, which is random.
pub(crate) fn alias(id: &str, uuid: &str) -> String {
    let tail: String = uuid.chars().filter(char::is_ascii_hexdigit).collect();
    format!("{id}~{}", tail.get(tail.len().saturating_sub(8)..).unwrap_or_default().to_ascii_uppercase())
}

/// The number that the store which opened the case gave it.
pub(crate) fn origin(id: &str) -> &str {
    id.split('~').next().unwrap_or(id)
}

/// Year and number of an id as stores give them.
pub(crate) fn parts(id: &str) -> Option<(i64, i64)> {
    let (year, number) = id.strip_prefix("FS-")?.split_once('-')?;
    let (year, number) = (year.parse::<u16>().ok()?, number.parse::<u32>().ok()?);
    let parts = (i64::from(year), i64::from(number));
    (parts.1 > 0 && text(parts.0, parts.1) == id).then_some(parts)
}

/// The UTC year of an RFC 3339 time.
pub(crate) fn year(at: &str) -> Option<i64> {
    let at: jiff::Timestamp = at.parse().ok()?;
    Some(i64::from(at.to_zoned(jiff::tz::TimeZone::UTC).year()))
}

/// The number as it is kept, of the spellings that people use (`FS-2026-0001`, `fs-2026-1`, `2026-1`).
pub(crate) fn spelled_out(wanted: &str) -> String {
    let upper = wanted.to_ascii_uppercase();
    let bare = upper.strip_prefix("FS-").unwrap_or(&upper);
    match bare.split_once('-').map(|(year, number)| (year.parse::<u16>(), number.parse::<u32>())) {
        Some((Ok(year), Ok(number))) => text(i64::from(year), i64::from(number)),
        _ => upper,
    }
}

/// Up to three of the ids that differ least from what was asked for.
pub(crate) fn near(wanted: &str, ids: Vec<String>) -> Vec<String> {
    let wanted: String = spelled_out(wanted.trim()).chars().take(32).collect();
    let mut ranked: Vec<_> = ids.into_iter().map(|id| (distance(&wanted, &id), id)).filter(|(d, _)| *d <= 3).collect();
    ranked.sort();
    ranked.into_iter().take(3).map(|(_, id)| id).collect()
}

/// Levenshtein distance: the fewest insertions, deletions and replacements that turn one text into the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or(i);
            next.push((diagonal + usize::from(x != *y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_the_textbook_pairs() {
        for (a, b, d) in [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0)] {
            assert_eq!(distance(a, b), d, "{a} {b}");
        }
    }

    #[test]
    fn a_number_is_found_in_the_spellings_people_use() {
        for spelling in ["FS-2026-0007", "fs-2026-7", "2026-7", "FS-2026-00007"] {
            assert_eq!(spelled_out(spelling), "FS-2026-0007", "{spelling}");
        }
        assert_eq!(spelled_out("nonsense"), "NONSENSE");
    }
}
