//! One early warning: a reading of a unit that drifts towards its limit.

use eframe::egui::Ui;
use faultscope_door::cases::UnitTrend;
use faultscope_door::paper::compact;
use faultscope_door::paper::words;

use super::{Cx, soft};

/// Draws a warning.
pub(crate) fn show(ui: &mut Ui, cx: &Cx<'_>, trend: &UnitTrend) {
    let of: Vec<&str> =
        [&trend.serial, &trend.tag, &trend.subject].into_iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
    ui.horizontal_wrapped(|ui| {
        soft(ui, cx, of.join(" "));
        ui.label(words::reading(cx.lang(), &trend.reading));
        let course = format!("{} -> {}", compact(trend.first, trend.unit), compact(trend.last, trend.unit));
        soft(ui, cx, course).on_hover_text(&trend.limit);
        ui.colored_label(cx.palette.failure(), trend.ahead(cx.lang()));
    });
}
