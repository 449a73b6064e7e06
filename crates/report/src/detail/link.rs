//! The tables of `link`: the families found again, their lines, and the pairs that nothing explains.

use faultscope_diagnose::link::{Link, LinkDetail, Modulates, SupplyFamily};

use super::{Cell, DataTable};
use crate::format::{decibel, frequency, plain};
use crate::words::{Lang, fill, word};

/// Pairs without explanation that a table shows.
const MOST: usize = 8;

/// What is linked, line by line; a sentence where nothing is.
pub(crate) fn tables(d: &LinkDetail, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![lines(d, lang)];
    if !d.unlinked.is_empty() {
        all.push(unlinked(d, lang));
    }
    all
}

fn lines(d: &LinkDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.family", "", false),
        ("table.order", "", true),
        ("table.supply", "Hz", true),
        ("table.offset", "Hz", true),
        ("table.difference", "Hz", true),
        ("table.lower", "dBc", true),
        ("table.upper", "dBc", true),
        ("SNR", "dB", true),
        ("AM", "%", true),
        ("PM", "rad", true),
        ("table.modulates", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.link"), &columns);
    for link in &d.links {
        for l in &link.lines {
            let modulates = match l.modulates {
                Modulates::Amplitude => word(lang, "modulates.amplitude"),
                Modulates::Phase => word(lang, "modulates.phase"),
                Modulates::Both => word(lang, "modulates.both"),
            };
            table.row::<11>([
                family(link.family, lang).into(),
                l.order.to_string().into(),
                format!("{:.3}", l.supply_hz).into(),
                format!("{:.3}", l.offset_hz).into(),
                format!("{:+.3}", l.error_hz).into(),
                decibel(l.lower_dbc).into(),
                decibel(l.upper_dbc).into(),
                decibel(l.snr_db).into(),
                plain(l.am_percent, 3).into(),
                l.pm_rad.map_or_else(|| Cell::from("-"), |v| plain(v, 3).into()),
                modulates.into(),
            ]);
        }
    }
    table.note = d.links.iter().map(|l| sentence(l, lang)).collect::<Vec<_>>().join("\n");
    if d.links.is_empty() {
        let span = [("low", frequency(d.lowest_hz)), ("high", frequency(d.highest_hz))];
        let span: Vec<(&str, &str)> = span.iter().map(|(k, v)| (*k, v.as_str())).collect();
        table.note = fill(lang, "link.none", &span);
    }
    table
}

/// What a link means and what it does not prove.
fn sentence(link: &Link, lang: Lang) -> String {
    let key = match (link.family, link.lines.iter().all(|l| l.modulates == Modulates::Phase)) {
        (SupplyFamily::Mains, false) => "link.mains",
        (SupplyFamily::Mains, true) => "link.mains_phase",
        (_, false) => "link.switching",
        (_, true) => "link.switching_phase",
    };
    let values = [
        ("count", link.lines.len().to_string()),
        ("supply", format!("{:.3}", link.supply_fundamental_hz)),
        ("rf", format!("{:.3}", link.rf_fundamental_hz)),
        ("chance", plain(link.false_link_probability, 2)),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let sentence = fill(lang, key, &values);
    if link.frame_clock { format!("{sentence} {}", word(lang, "link.frame_clock")) } else { sentence }
}

fn family(family: SupplyFamily, lang: Lang) -> &'static str {
    match family {
        SupplyFamily::Mains => word(lang, "table.family_mains"),
        SupplyFamily::Switching => word(lang, "table.family_switching"),
        SupplyFamily::SecondConverter => word(lang, "table.family_second"),
    }
}

fn unlinked(d: &LinkDetail, lang: Lang) -> DataTable {
    let columns = [("table.offset", "Hz", true), ("table.level", "dBc", true)];
    let mut table = DataTable::new(lang, word(lang, "table.unlinked"), &columns);
    for pair in d.unlinked.iter().take(MOST) {
        table.row([format!("{:.3}", pair.offset_hz).into(), decibel(pair.level_dbc).into()]);
    }
    if d.unlinked.len() > MOST {
        table.note = fill(lang, "table.more_rows", &[("count", &(d.unlinked.len() - MOST).to_string())]);
    }
    table
}
