//! One early warning: a reading of a unit that drifts towards its limit.

use eframe::egui::Ui;
use faultscope_door::cases::UnitTrend;
use faultscope_door::paper::compact;
use faultscope_door::paper::words;

use super::{Cx, soft};
use crate::words::Word;

/// Draws a warning.
pub(crate) fn show(ui: &mut Ui, cx: &Cx<'_>, trend: &UnitTrend) {
    let bound = trend.upper.or(trend.lower).map_or_else(String::new, |b| compact(b, trend.unit));
    let text = format!(
        "{} {} {}: {} -> {}, {} {bound}",
        trend.serial,
        trend.subject,
        words::reading(cx.lang(), &trend.reading),
        compact(trend.first, trend.unit),
        compact(trend.last, trend.unit),
        cx.text(Word::Limit)
    );
    ui.colored_label(cx.palette.failure(), text).on_hover_text(&trend.limit);
    if let Some(time) = trend.outlook.crossing.as_ref().and_then(|c| c.time.as_ref()) {
        soft(ui, cx, format!("{} {time}", cx.text(Word::WarningReached)));
    }
}
