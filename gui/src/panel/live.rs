//! The live source: how it stands, its spectrum with the highest levels, its waterfall, and its last samples.

use eframe::egui;
use egui::{Id, RichText, Ui};
use egui_plot::{Line, PlotBounds};
use faultscope_door::paper::{compact, frequency};
use faultscope_door::signal::Unit;

use super::{Cx, live_badge, live_table, soft, title};
use crate::app::single::Ask;
use crate::app::{Command, Live, Plot, Shortcut, Stage};
use crate::plot::{self, Levels};
use crate::words::Word;

/// Draws the live source.
pub(crate) fn show(ui: &mut Ui, cx: &mut Cx<'_>) {
    let state = cx.state;
    let Some(live) = &state.live else { return };
    header(ui, cx, live);
    numbers(ui, cx, live);
    let trouble = live.single.trouble.as_ref().filter(|_| live.is_open());
    if let Stage::Gone(error) = &live.stage {
        ui.colored_label(cx.palette.failure(), &error.message);
        ui.label(&error.hint);
    } else if let Some(error) = trouble {
        ui.label(cx.text(if live.single.on { Word::ReadTrying } else { Word::ReadAgainHow }));
        ui.colored_label(cx.palette.failure(), &error.message);
        ui.label(&error.hint);
    }
    let Some(levels) = &live.levels else {
        if live.is_open() {
            let word = if live.is_stream() { Word::LiveWaiting } else { Word::ReadNothing };
            ui.label(cx.text(word));
        }
        return;
    };
    let full = levels.range_hz();
    let view = live.view.unwrap_or(full);
    let room = ui.available_size();
    ui.allocate_ui(egui::vec2(room.x, room.y * 0.46), |ui| spectrum(ui, cx, live, levels, view, full));
    if live.is_stream() {
        history(ui, cx, live);
    }
    ui.columns(2, |halves| {
        if let [left, right] = halves {
            let bands = !live.waveform.bands.is_empty();
            let part = if bands { 0.5 } else { 1.0 };
            let height = (left.available_height() * part).max(80.0);
            left.allocate_ui(egui::vec2(left.available_width(), height), |ui| waterfall(ui, cx, live, levels, view));
            if bands {
                waveform(left, cx, live);
            }
            live_table::show(right, cx, live);
        }
    });
}

/// Going back in what is kept, while what comes goes on being kept.
fn history(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    ui.horizontal(|ui| {
        soft(ui, cx, cx.text(Word::BackIn));
        let mut ago = if live.back.is_some() { live.ago_s() } else { 0.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - 160.0).max(80.0);
        let slider = egui::Slider::new(&mut ago, 0.0..=live.kept_s.max(1e-3)).suffix(" s").max_decimals(3);
        let response = ui.add_enabled(live.is_open(), slider).accessible_name(cx.text(Word::BackIn));
        if response.changed() {
            cx.send(Command::Back(ago));
        }
        let now = ui.add_enabled(live.back.is_some(), egui::Button::new(cx.text(Word::BackNow)));
        if now.clicked() {
            cx.send(Command::Back(0.0));
        }
    });
}

fn header(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    ui.horizontal_wrapped(|ui| {
        title(ui, cx.text(Word::LiveSource));
        live_badge(ui, cx, live);
        controls(ui, cx, live);
        ui.label(RichText::new(&live.address).strong());
        if let Some(source) = &live.source {
            soft(ui, cx, &source.instrument);
        }
    });
}

fn controls(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    if live.is_open() {
        if live.is_stream() {
            let tip = cx.tip(ui, Word::Pause, Shortcut::Pause);
            let word = if live.paused { Word::GoOn } else { Word::Pause };
            if ui.button(cx.text(word)).on_hover_text(tip).clicked() {
                cx.send(Command::Pause(!live.paused));
            }
        } else {
            single(ui, cx, live);
        }
        let tip = cx.tip(ui, Word::PinTip, Shortcut::Pin);
        let pin = ui.add_enabled(live.can_pin(), egui::Button::new(cx.text(Word::Pin)));
        if pin.on_hover_text(tip).on_disabled_hover_text(cx.text(Word::PinWhyNot)).clicked() {
            cx.send(Command::Pin);
        }
        if live.pinning > 0 {
            ui.spinner();
        }
        if ui.button(cx.text(Word::Disconnect)).clicked() {
            cx.send(Command::Disconnect);
        }
    } else {
        if ui.button(cx.text(Word::ConnectAgain)).clicked() {
            cx.send(Command::Connect(live.address.clone()));
        }
        if ui.button(cx.text(Word::CloseLive)).clicked() {
            cx.send(Command::Disconnect);
        }
    }
}

/// Reading records, of a source that gives single ones.
fn single(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    let state = &live.single;
    let once = ui.add_enabled(!state.reading, egui::Button::new(cx.text(Word::ReadOnce)));
    if once.clicked() {
        cx.send(Command::Single(Ask::Once));
    }
    let word = if state.on { Word::ReadStop } else { Word::ReadOn };
    if ui.button(cx.text(word)).clicked() {
        cx.send(Command::Single(Ask::On(!state.on)));
    }
    let channels = live.source.as_ref().map_or(&[][..], |s| &s.channels);
    for (place, channel) in channels.iter().enumerate() {
        if ui.selectable_label(place == state.channel, channel).clicked() {
            cx.send(Command::Single(Ask::Channel(place)));
        }
    }
}

/// Rate, losses, clipping and what is set: always visible, red where they spoil what is seen.
fn numbers(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    ui.horizontal_wrapped(|ui| {
        if let Some(source) = live.source.as_ref().filter(|s| s.sample_rate_hz > 0.0) {
            soft(ui, cx, format!("{} {}", compact(source.sample_rate_hz, Unit::Hertz), cx.text(Word::Rate)));
            if let Some(hz) = source.center_hz {
                soft(ui, cx, format!("{} {}", cx.text(Word::Centre), frequency(hz)));
            }
        }
        if !live.is_stream() {
            soft(ui, cx, format!("{}: {}", cx.text(Word::RecordCount), live.single.records));
            let failed = format!("{}: {}", cx.text(Word::ReadFailures), live.single.failed);
            loud(ui, cx, failed, live.single.failed > 0);
            if let Some(source) = &live.source {
                soft(ui, cx, &source.settings);
            }
            return;
        }
        soft(ui, cx, format!("{} {}", live.samples, cx.text(Word::SampleCount)));
        let lost = format!("{}: {} ({} {})", cx.text(Word::Lost), live.lost_samples, live.gaps, cx.text(Word::Gaps));
        loud(ui, cx, lost, live.lost_samples > 0 || live.gaps > 0);
        let clipped = format!("{}: {:.2} %", cx.text(Word::Clipped), live.clipped.0 * 100.0);
        loud(ui, cx, clipped, live.clipped.0 > 0.0);
        soft(ui, cx, format!("{}: {}", cx.text(Word::Kept), compact(live.kept_s, Unit::Second)));
        if let Some(source) = &live.source {
            let text = RichText::new(&source.settings).color(cx.palette.soft);
            ui.add(egui::Label::new(text).truncate());
        }
    });
}

fn loud(ui: &mut Ui, cx: &Cx<'_>, text: String, bad: bool) {
    if bad {
        ui.colored_label(cx.palette.failure(), RichText::new(text).strong());
    } else {
        soft(ui, cx, text);
    }
}

fn spectrum(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live, levels: &Levels, view: (f64, f64), full: (f64, f64)) {
    ui.horizontal(|ui| {
        title(ui, cx.text(Word::Spectrum));
        plot::buttons(ui, cx, Plot::Live, view, full);
        let mut hold = live.hold;
        if ui.checkbox(&mut hold, cx.text(Word::HoldMax)).changed() {
            cx.send(Command::Hold(hold));
        }
        if ui.button(cx.text(Word::ClearHold)).clicked() {
            cx.send(Command::ClearHold);
        }
        ui.add(egui::Label::new(RichText::new(levels.made()).color(cx.palette.soft)).truncate());
    });
    let columns = ui.available_width().max(64.0) as usize;
    let curve = |db: &[f64]| {
        plot::columns(|i| (levels.hz(i), db.get(i).copied().unwrap_or(f64::NAN)), levels.points(view), columns)
    };
    let mean = curve(&levels.db);
    let held = live.hold.then(|| curve(&live.held_db));
    let palette = cx.palette;
    let shown = plot::over_frequency(cx, ("live", live.session), view)
        .custom_y_axes(vec![plot::axis_y(levels.unit.symbol())])
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, levels.bottom_db], [view.1, levels.top_db]));
            plot::wheel(plot);
            if let Some(held) = held {
                plot.line(Line::new(" max", held).color(palette.traces[1]).width(palette.stroke));
            }
            plot.line(Line::new("", mean).color(palette.traces[0]).width(palette.stroke));
        });
    plot::follow(cx, Plot::Live, &shown, view, full);
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Spectrum), live.address));
}

fn waterfall(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live, levels: &Levels, view: (f64, f64)) {
    let Some(heat) = &live.heat else { return };
    ui.horizontal(|ui| {
        title(ui, cx.text(Word::Waterfall));
        let (low, high) = heat.range_db();
        soft(ui, cx, format!("{low:.0} .. {high:.0} {}", levels.unit));
    });
    let texture = heat.texture(ui.ctx(), Id::unique("live-waterfall"), live.session);
    let range = levels.range_hz();
    let shown = plot::over_frequency(cx, ("live-waterfall", live.session), view)
        .show_y(false)
        .show_axes([true, false])
        .allow_zoom(false)
        .allow_drag(false)
        .show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([view.0, 0.0], [view.1, 1.0]));
            heat.images(texture, range, (1.0, 0.0)).into_iter().for_each(|image| plot.image(image));
        });
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Waterfall), live.address));
}

fn waveform(ui: &mut Ui, cx: &mut Cx<'_>, live: &Live) {
    title(ui, cx.text(Word::Waveform));
    let (envelope, Some(source)) = (&live.waveform, &live.source) else { return };
    let (view, heights) = (envelope.range_s(), plot::heights(envelope, envelope.range_s()));
    let columns = ui.available_width().max(64.0) as usize;
    let palette = cx.palette;
    let shown = plot::over_time(cx, ("live-waveform", live.session), view, heights, source.unit).show(ui, |plot| {
        plot.set_plot_bounds(PlotBounds::from_min_max([view.0, heights.0], [view.1, heights.1]));
        for (band, colour) in envelope.bands.iter().zip(palette.traces) {
            let line = plot::zigzag(envelope, band, view, columns);
            let colour = if envelope.bands.len() > 1 { colour.gamma_multiply(0.6) } else { colour };
            plot.line(Line::new(band.name.as_str(), line).color(colour).width(palette.stroke));
        }
    });
    shown.response.accessible_name(format!("{}: {}", cx.text(Word::Waveform), live.address));
}
