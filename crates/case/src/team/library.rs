//! The fault library's table in a team's store.

use super::tables::{TeamTables, clean};
use crate::ledger::rank::Best;
use crate::ledger::{self, Done};
use crate::store::{Entry, Found};

/// See [`crate::Store::library_lacks`].
pub(super) fn lacks(tables: &mut TeamTables<'_, '_>, version: u32) -> Done<Vec<String>> {
    let sql = "SELECT c.id FROM fault_case c
        LEFT JOIN library l ON l.case_no = c.no AND l.version = $1 AND l.events = c.events
        WHERE c.status = 'closed' AND l.case_no IS NULL ORDER BY c.no";
    tables.texts(sql, &[&i64::from(version)])
}

/// See [`crate::Store::library_keep`].
pub(super) fn keep(tables: &mut TeamTables<'_, '_>, version: u32, entries: &[Entry]) -> Done<()> {
    let sql = "INSERT INTO library (case_no, version, events, words, signature, body)
        SELECT no, $2::bigint, events, $4::text, $5::bytea, $6::text FROM fault_case
            WHERE no = $1 AND events = $3 AND status = 'closed'
        ON CONFLICT (case_no) DO UPDATE SET (version, events, words, signature, body)
            = (excluded.version, excluded.events, excluded.words, excluded.signature, excluded.body)";
    for entry in entries {
        let (no, _) = ledger::find(tables, &entry.case_id)?;
        let events = i64::try_from(entry.events).unwrap_or(i64::MAX);
        let (words, body) = (clean(&entry.words), clean(&entry.body));
        tables.execute(sql, &[&no, &i64::from(version), &events, &words, &entry.signature, &body])?;
    }
    Ok(())
}

/// See [`crate::Store::library`].
pub(super) fn search(tables: &mut TeamTables<'_, '_>, version: u32, text: &str, not: Option<&str>) -> Done<Vec<Found>> {
    let not = not.map(|id| ledger::find(tables, id)).transpose()?.map_or(0, |(no, _)| no);
    let words: Vec<String> = text.split_whitespace().map(|word| clean(&word.to_lowercase())).collect();
    let sql = "SELECT l.case_no FROM library l
        JOIN fault_case c ON c.no = l.case_no AND c.events = l.events AND c.status = 'closed'
        WHERE l.version = $1 AND l.case_no <> $2
            AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) AS word WHERE strpos(l.words, word) = 0)
        ORDER BY l.case_no DESC";
    let rows = tables.query(sql, &[&i64::from(version), &not, &words])?;
    tables.done(rows.iter().map(|row| row.try_get(0).map(Found)).collect())
}

/// See [`crate::Store::library_ranked`].
pub(super) fn ranked(
    tables: &mut TeamTables<'_, '_>,
    found: &[Found],
    most: usize,
    score: &dyn Fn(&[u8], f64) -> Option<f64>,
) -> Done<Vec<Found>> {
    /// Signatures that are fetched at a time.
    const AT_ONCE: usize = 4096;
    let mut best = Best::new(most);
    for some in found.chunks(AT_ONCE) {
        let places: Vec<i64> = some.iter().map(|f| f.0).collect();
        let rows = tables.query("SELECT case_no, signature FROM library WHERE case_no = ANY($1)", &[&places])?;
        for row in &rows {
            let read = row.try_get(0).and_then(|no| Ok((Found(no), row.try_get::<_, &[u8]>(1)?)));
            let (one, signature) = tables.done(read)?;
            best.take(one, score(signature, best.least()));
        }
    }
    Ok(best.ranked())
}

/// See [`crate::Store::library_briefs`].
pub(super) fn briefs(tables: &mut TeamTables<'_, '_>, found: &[Found]) -> Done<Vec<(String, String)>> {
    let sql = "SELECT c.id, l.body FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (no, place)
        JOIN library l ON l.case_no = wanted.no JOIN fault_case c ON c.no = l.case_no ORDER BY wanted.place";
    let places: Vec<i64> = found.iter().map(|f| f.0).collect();
    let rows = tables.query(sql, &[&places])?;
    tables.done(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect())
}
