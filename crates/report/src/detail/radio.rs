//! The tables of `channel` and `modulation`.

use faultscope_diagnose::measurement::{
    ChannelDetail, ChannelFilter, EmissionsDetail, Method, ModulationDetail, Side, ToneOf, VectorDetail,
};
use faultscope_signal::Unit;

use super::DataTable;
use crate::format::{compact, decibel, frequency, plain};
use crate::words::{self, Lang, word};

/// A table of readings by name.
pub(super) struct Named {
    pub(super) table: DataTable,
    lang: Lang,
}

impl Named {
    pub(super) fn new(lang: Lang, title: &str) -> Self {
        let columns = [("table.reading", "", false), ("table.value", "", true)];
        Self { table: DataTable::new(lang, title, &columns), lang }
    }

    pub(super) fn row(&mut self, reading: &str, value: impl Into<String>) {
        self.table.row([words::reading(self.lang, reading).into(), value.into().into()]);
    }

    pub(super) fn some(&mut self, reading: &str, value: Option<f64>, unit: Unit) {
        if let Some(value) = value {
            self.row(reading, compact(value, unit));
        }
    }
}

/// The channel itself, its neighbours, its mask.
pub(crate) fn channel(d: &ChannelDetail, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![whole(d, lang), neighbours(d, lang), mask(d, lang)];
    all.retain(|t| !t.rows.is_empty());
    all
}

fn whole(d: &ChannelDetail, lang: Lang) -> DataTable {
    let mut t = Named::new(lang, &words::measurement(lang, "channel"));
    t.row("channel_middle", frequency(d.frequency_hz));
    let filter = if d.filter == ChannelFilter::Rrc { " RRC" } else { "" };
    t.row("channel_power", format!("{} ({}{filter})", compact(d.power_db, d.level_unit), frequency(d.bandwidth_hz)));
    t.row("channel_density", format!("{} {}/Hz", decibel(d.density_db_per_hz), d.level_unit));
    t.row("total_power", compact(d.total_power_db, d.level_unit));
    if let Some(o) = &d.occupied {
        t.row("occupied_bandwidth", format!("{} ({} %)", frequency(o.bandwidth_hz), plain(o.percent, 4)));
        t.row("occupied_uncorrected", frequency(o.uncorrected_hz));
        t.row("occupied_band", format!("{} .. {}", frequency(o.low_hz), frequency(o.high_hz)));
    }
    let x_db = d.x_db_bandwidth_hz.map_or_else(|| "-".into(), frequency);
    t.row("x_db_bandwidth", format!("{x_db} ({} dB)", plain(d.x_db, 3)));
    t.row("crest_factor", compact(d.crest_factor_db, Unit::Db));
    for p in &d.ccdf {
        let level = p.level_db.map_or_else(|| "-".into(), |v| compact(v, Unit::Db));
        t.row("ccdf", format!("{level} ({} %)", plain(p.probability_percent, 3)));
    }
    t.table
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Lower => "table.lower",
        Side::Upper => "table.upper",
    }
}

fn neighbours(d: &ChannelDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.name", "", false),
        ("table.side", "", false),
        ("table.offset", "MHz", true),
        ("table.bandwidth", "MHz", true),
        ("table.filter", "", false),
        ("table.level", d.level_unit.symbol(), true),
        ("ACLR", "dB", true),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.neighbours"), &columns);
    let level = |v: Option<f64>| v.map_or_else(|| "-".into(), decibel);
    for a in &d.adjacent {
        let filter = if a.filter == ChannelFilter::Rrc { "RRC 0.22" } else { word(lang, "table.square") };
        table.row([
            a.name.as_str().into(),
            word(lang, side(a.side)).into(),
            plain(a.offset_hz / 1e6, 6).into(),
            plain(a.bandwidth_hz / 1e6, 6).into(),
            filter.into(),
            level(a.power_db).into(),
            if a.covered { level(a.ratio_db).into() } else { word(lang, "table.not_covered").into() },
        ]);
    }
    table
}

fn mask(d: &ChannelDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.side", "", false),
        ("table.offset", "MHz", true),
        ("table.bandwidth", "kHz", true),
        ("table.at", "", true),
        ("table.level", "dB", true),
        ("table.limit", "dB", true),
        ("table.margin", "dB", true),
        ("table.covered", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.mask"), &columns);
    let level = |v: Option<f64>| v.map_or_else(|| "-".into(), decibel);
    for m in &d.mask {
        table.row([
            word(lang, side(m.side)).into(),
            format!("{} .. {}", plain(m.from_hz / 1e6, 5), plain(m.to_hz / 1e6, 5)).into(),
            plain(m.bandwidth_hz / 1e3, 5).into(),
            m.frequency_hz.map_or_else(|| "-".into(), frequency).into(),
            level(m.level_db).into(),
            level(m.limit_db).into(),
            level(m.margin_db).into(),
            word(lang, if m.covered { "table.yes" } else { "table.no" }).into(),
        ]);
    }
    table
}

/// Limit lines, piece by piece.
pub(crate) fn emissions(d: &EmissionsDetail, lang: Lang) -> DataTable {
    let columns = [
        ("table.name", "", false),
        ("table.band", "", false),
        ("table.bandwidth", "kHz", true),
        ("table.at", "", true),
        ("table.level", d.level_unit.symbol(), true),
        ("table.limit", "", true),
        ("table.margin", "dB", true),
        ("table.covered", "", false),
    ];
    let mut table = DataTable::new(lang, word(lang, "table.emissions"), &columns);
    let level = |v: Option<f64>| v.map_or_else(|| "-".into(), decibel);
    for p in &d.points {
        table.row([
            p.line.as_str().into(),
            format!("{} .. {}", frequency(p.from_hz), frequency(p.to_hz)).into(),
            p.bandwidth_hz.map_or_else(|| "-".into(), |b| plain(b / 1e3, 5)).into(),
            p.frequency_hz.map_or_else(|| "-".into(), frequency).into(),
            level(p.level_db).into(),
            level(p.limit_db).into(),
            level(p.margin_db).into(),
            word(lang, if p.covered { "table.yes" } else { "table.no" }).into(),
        ]);
    }
    table
}

/// The carrier and what modulates it; the vector error where it was asked for.
pub(crate) fn modulation(d: &ModulationDetail, lang: Lang) -> Vec<DataTable> {
    let mut all = vec![carrier(d, lang)];
    all.extend(d.vector.as_ref().map(|v| vector(v, lang)));
    all
}

fn carrier(d: &ModulationDetail, lang: Lang) -> DataTable {
    let mut t = Named::new(lang, &words::measurement(lang, "modulation"));
    let method = |m: Method| word(lang, if m == Method::ToneFit { "table.tone_fit" } else { "table.peaks" });
    let percent = |v: f64| compact(v, Unit::Percent);
    t.row("carrier_frequency", frequency(d.carrier_frequency_hz));
    if let Some((error, ppm)) = d.frequency_error_hz.zip(d.frequency_error_ppm) {
        t.row("frequency_error", format!("{} ({})", frequency(error), compact(ppm, Unit::Ppm)));
    }
    t.row("carrier_level", compact(d.carrier_level_db, d.level_unit));
    t.some("carrier_to_noise", d.carrier_to_noise_db, Unit::Db);
    t.row("channel_width", format!("{} ({})", frequency(d.bandwidth_hz), compact(d.measured_s, Unit::Second)));
    if let Some(depth) = d.am.depth_percent {
        t.row("am_depth", format!("{} ({})", percent(depth), method(d.am.method)));
    }
    t.row("am_depth_peaks", format!("+{} / -{}", percent(d.am.depth_plus_percent), percent(d.am.depth_minus_percent)));
    t.row("fm_deviation", format!("{} ({})", frequency(d.fm.deviation_hz), method(d.fm.method)));
    t.row("fm_peaks", format!("+{} / -{}", frequency(d.fm.peak_plus_hz), frequency(d.fm.peak_minus_hz)));
    t.row("fm_rms", frequency(d.fm.rms_hz));
    t.row("pm_deviation", format!("{} ({})", compact(d.pm.deviation_rad, Unit::Radian), method(d.pm.method)));
    if let Some(tone) = &d.tone {
        let of = if tone.of == ToneOf::Am { "AM" } else { "FM" };
        t.row("modulation_rate", format!("{} ({of})", frequency(tone.frequency_hz)));
        t.row("modulation_sinad", compact(tone.sinad_db, Unit::Db));
        t.some("modulation_thd", tone.thd_percent, Unit::Percent);
    }
    t.some("residual_am_300_3000", d.am.residual_300_3000_percent, Unit::Percent);
    t.some("residual_am_50_15000", d.am.residual_50_15000_percent, Unit::Percent);
    t.some("residual_fm_300_3000", d.fm.residual_300_3000_hz, Unit::Hertz);
    t.some("residual_fm_50_15000", d.fm.residual_50_15000_hz, Unit::Hertz);
    t.table
}

fn vector(v: &VectorDetail, lang: Lang) -> DataTable {
    let title = format!("{}: {} {}", word(lang, "table.vector"), v.constellation.name(), frequency(v.symbol_rate_hz));
    let mut t = Named::new(lang, &title);
    t.some("evm_rms", Some(v.evm_rms_percent), Unit::Percent);
    t.some("evm_peak", Some(v.evm_peak_percent), Unit::Percent);
    t.some("magnitude_error", Some(v.magnitude_error_rms_percent), Unit::Percent);
    t.some("phase_error", Some(v.phase_error_rms_deg), Unit::Degree);
    t.some("iq_offset", Some(v.iq_offset_db), Unit::Db);
    t.some("gain_imbalance", v.gain_imbalance_db, Unit::Db);
    t.some("quadrature_error", v.quadrature_error_deg, Unit::Degree);
    t.some("symbol_rate_error", Some(v.symbol_rate_error_ppm), Unit::Ppm);
    t.row("carrier_frequency", frequency(v.carrier_frequency_hz));
    t.row("symbols", v.symbols.to_string());
    if !v.reliable {
        t.table.note = word(lang, "table.decisions_doubtful").into();
    }
    t.table
}
