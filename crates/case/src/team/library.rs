//! The fault library's table in a team's store.

use super::tables::{TeamTables, clean};
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
    let sql = "INSERT INTO library (case_no, version, events, words, causes, body) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (case_no) DO UPDATE SET (version, events, words, causes, body)
            = (excluded.version, excluded.events, excluded.words, excluded.causes, excluded.body)";
    for entry in entries {
        let (no, _) = ledger::find(tables, &entry.case_id)?;
        let events = i64::try_from(entry.events).unwrap_or(i64::MAX);
        let texts = [&entry.words, &entry.causes, &entry.body].map(|text| clean(text));
        tables.execute(sql, &[&no, &i64::from(version), &events, &texts[0], &texts[1], &texts[2]])?;
    }
    Ok(())
}

/// See [`crate::Store::library`].
pub(super) fn search(tables: &mut TeamTables<'_, '_>, version: u32, text: &str, not: Option<&str>) -> Done<Vec<Found>> {
    let not = not.map(|id| ledger::find(tables, id)).transpose()?.map_or(0, |(no, _)| no);
    let words: Vec<String> = text.split_whitespace().map(|word| clean(&word.to_lowercase())).collect();
    let sql = "SELECT l.case_no, l.causes FROM library l
        JOIN fault_case c ON c.no = l.case_no AND c.events = l.events AND c.status = 'closed'
        WHERE l.version = $1 AND l.case_no <> $2
            AND NOT EXISTS (SELECT 1 FROM unnest($3::text[]) AS word WHERE strpos(l.words, word) = 0)
        ORDER BY l.case_no DESC";
    let rows = tables.query(sql, &[&i64::from(version), &not, &words])?;
    let found = rows.iter().map(|row| Ok(Found { place: row.try_get(0)?, causes: row.try_get(1)? })).collect();
    tables.done(found)
}

/// See [`crate::Store::library_briefs`].
pub(super) fn briefs(tables: &mut TeamTables<'_, '_>, found: &[&Found]) -> Done<Vec<(String, String)>> {
    let sql = "SELECT c.id, l.body FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (no, place)
        JOIN library l ON l.case_no = wanted.no JOIN fault_case c ON c.no = l.case_no ORDER BY wanted.place";
    let places: Vec<i64> = found.iter().map(|f| f.place).collect();
    let rows = tables.query(sql, &[&places])?;
    tables.done(rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect())
}
