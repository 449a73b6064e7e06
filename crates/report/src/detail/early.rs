//! Early warnings: the readings of a unit that drift towards their limits.

use super::DataTable;
use crate::format::{compact, plain};
use crate::input::EarlyWarning;
use crate::words::{self, Lang, word};

/// One row for each warning; no rows without any.
pub(crate) fn table(warnings: &[EarlyWarning], lang: Lang) -> DataTable {
    let columns = [
        ("early.unit", "", false),
        ("table.reading", "", false),
        ("table.first", "", true),
        ("table.last", "", true),
        ("table.count", "", true),
        ("table.slope", "", true),
        ("early.outlook", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "report.early"), &columns);
    for w in warnings {
        let dated = |(at, value): &(String, f64)| format!("{} ({})", compact(*value, w.unit), day(at));
        let slope = |s: f64| format!("{}/{}", compact(s, w.unit.difference()), word(lang, "trend.day"));
        table.row([
            w.of.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(" / ").into(),
            words::reading(lang, &w.reading).into(),
            dated(&w.first).into(),
            dated(&w.last).into(),
            plain(w.count as f64, 6).into(),
            w.slope_per_day.map_or_else(|| "-".into(), slope).into(),
            w.outlook.clone().into(),
        ]);
    }
    table
}

/// The day of an RFC 3339 time.
fn day(at: &str) -> String {
    at.chars().take(10).collect()
}
