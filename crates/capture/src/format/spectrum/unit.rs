//! Units of levels and frequencies as instruments print them.

use faultscope_signal::Unit;

/// The unit of a level.
pub(super) fn level(text: &str) -> Option<Unit> {
    let text = text.trim().to_lowercase().replace(['\u{b5}', '\u{3bc}'], "u");
    Some(match text.as_str() {
        "dbm" => Unit::Dbm,
        "dbfs" => Unit::Dbfs,
        "db" => Unit::Db,
        "dbc" => Unit::Dbc,
        "dbv" => Unit::Dbv,
        "dbuv" => Unit::Dbuv,
        "dbuv/m" | "dbuvpermeter" | "dbuv_per_m" => Unit::DbuvPerMetre,
        _ => return None,
    })
}

/// The factor from a unit of frequency to hertz.
pub(super) fn hertz(text: &str) -> Option<f64> {
    Some(match text.trim().to_lowercase().as_str() {
        "hz" => 1.0,
        "khz" => 1e3,
        "mhz" => 1e6,
        "ghz" => 1e9,
        _ => return None,
    })
}
