//! The table of the receiver-artefact test: every line of the first capture and what it is.

use faultscope_diagnose::artefact::{ArtefactDetail, Call};
use faultscope_signal::Unit;

use super::DataTable;
use crate::format::{compact, decibel, frequency};
use crate::words::{Lang, fill, word};

/// The lines, strongest first; how the captures differ below.
pub(crate) fn table(d: &ArtefactDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.frequency", "", true),
        ("table.offset", "", true),
        ("table.level", "dB", true),
        ("table.call", "", false),
        ("table.evidence", "dB", true),
        ("table.of", "", true),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.artefacts"), &columns);
    for l in &d.lines {
        let call = match l.or {
            Some(or) => fill(lang, "call.perhaps", &[("call", call(or, lang))]),
            None => call(l.call, lang).to_owned(),
        };
        table.row([
            frequency(l.frequency_hz).into(),
            compact(l.offset_hz, Unit::Hertz).into(),
            decibel(l.level_db).into(),
            call.into(),
            decibel(l.evidence_db).into(),
            l.of_hz.map_or_else(String::new, frequency).into(),
        ]);
    }
    let difference = d.differences.iter().enumerate().map(|(i, x)| {
        let (number, retuned) = ((i + 2).to_string(), compact(x.retuned_hz, Unit::Hertz));
        let gain = x.gain_db.map_or_else(|| "?".into(), |g| format!("{g:+.1}"));
        fill(lang, "call.difference", &[("number", &number), ("retuned", &retuned), ("gain", &gain)])
    });
    table.note = difference.collect::<Vec<_>>().join("\n");
    table
}

fn call(call: Call, lang: Lang) -> &'static str {
    match call {
        Call::Real => word(lang, "call.real"),
        Call::Image => word(lang, "call.image"),
        Call::Internal => word(lang, "call.internal"),
        Call::Overload => word(lang, "call.overload"),
        Call::Unclear => word(lang, "call.unclear"),
    }
}
