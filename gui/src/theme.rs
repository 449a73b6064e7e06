//! Every colour and size of the app: light, dark, and high contrast for sunlight.

use std::str::FromStr;

use eframe::egui;
use egui::{Color32, CornerRadius, Stroke, Visuals};
use faultscope_door::diagnose::{GateState, Verdict};

/// Which theme.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// Dark letters on light grey.
    #[default]
    Light,
    /// Light letters on dark grey.
    Dark,
    /// Black on white with heavy lines, for sunlight.
    Contrast,
}

impl Look {
    /// All of them, in the order of the switch.
    pub(crate) const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Contrast];

    /// The next one.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Contrast,
            Self::Contrast => Self::Light,
        }
    }
}

impl FromStr for Look {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "light" => Ok(Self::Light),
            "dark" => Ok(Self::Dark),
            "contrast" => Ok(Self::Contrast),
            _ => Err(format!("there is no theme '{text}'; use light, dark or contrast")),
        }
    }
}

/// The colours of what is drawn: chosen to be told apart by colour-blind readers too, and always next to a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Palette {
    /// Traces: the first component, the second.
    pub(crate) traces: [Color32; 2],
    /// The carrier and other wanted lines.
    pub(crate) carrier: Color32,
    /// A line that nobody judged.
    pub(crate) line: Color32,
    /// A limit line.
    pub(crate) limit: Color32,
    /// What is selected.
    pub(crate) selected: Color32,
    /// Less important words.
    pub(crate) soft: Color32,
    pass: Color32,
    margin: Color32,
    fail: Color32,
    invalid: Color32,
    unknown: Color32,
    /// Letters on a badge.
    pub(crate) on_badge: Color32,
    /// Width of a trace.
    pub(crate) stroke: f32,
}

const fn rgb(value: u32) -> Color32 {
    Color32::from_rgb((value >> 16) as u8, (value >> 8) as u8, value as u8)
}

const LIGHT: Palette = Palette {
    traces: [rgb(0x00_5a_9c), rgb(0xb8_5c_00)],
    carrier: rgb(0x00_67_4c),
    line: rgb(0x4a_55_68),
    limit: rgb(0xc4_20_21),
    selected: rgb(0x7d_3f_98),
    soft: rgb(0x52_60_6d),
    pass: rgb(0x00_79_5b),
    margin: rgb(0xa8_5f_00),
    fail: rgb(0xc4_20_21),
    invalid: rgb(0x7d_3f_98),
    unknown: rgb(0x5b_65_73),
    on_badge: Color32::WHITE,
    stroke: 1.2,
};

const DARK: Palette = Palette {
    traces: [rgb(0x5c_b8_ff), rgb(0xff_b3_57)],
    carrier: rgb(0x4a_de_b0),
    line: rgb(0xc5_cd_d8),
    limit: rgb(0xff_6b_6b),
    selected: rgb(0xd9_a5_f0),
    soft: rgb(0xa3_ae_bd),
    pass: rgb(0x46_d1_a5),
    margin: rgb(0xff_b8_4d),
    fail: rgb(0xff_7b_7b),
    invalid: rgb(0xd0_9a_ea),
    unknown: rgb(0xae_b8_c5),
    on_badge: rgb(0x14_18_1f),
    stroke: 1.2,
};

const CONTRAST: Palette = Palette {
    traces: [rgb(0x00_00_a8), rgb(0x8a_32_00)],
    carrier: rgb(0x00_46_30),
    line: Color32::BLACK,
    limit: rgb(0xb0_00_00),
    selected: rgb(0x5b_00_7a),
    soft: rgb(0x22_22_22),
    pass: rgb(0x00_55_3b),
    margin: rgb(0x7a_42_00),
    fail: rgb(0xb0_00_00),
    invalid: rgb(0x5b_00_7a),
    unknown: rgb(0x33_33_33),
    on_badge: Color32::WHITE,
    stroke: 2.0,
};

impl Palette {
    /// The palette of a look.
    pub(crate) const fn of(look: Look) -> &'static Self {
        match look {
            Look::Light => &LIGHT,
            Look::Dark => &DARK,
            Look::Contrast => &CONTRAST,
        }
    }

    /// Colour of a verdict.
    pub(crate) const fn verdict(&self, verdict: Verdict) -> Color32 {
        match verdict {
            Verdict::Pass => self.pass,
            Verdict::Margin => self.margin,
            Verdict::Fail => self.fail,
            Verdict::Invalid => self.invalid,
            Verdict::NotEvaluated => self.unknown,
        }
    }

    /// Colour of a quality gate.
    pub(crate) const fn gate(&self, state: GateState) -> Color32 {
        match state {
            GateState::Ok => self.pass,
            GateState::Warn => self.margin,
            GateState::Fail => self.fail,
        }
    }

    /// Colour of a failure.
    pub(crate) const fn failure(&self) -> Color32 {
        self.fail
    }
}

/// Puts a look on the whole app.
pub(crate) fn apply(context: &egui::Context, look: Look) {
    let theme = if look == Look::Dark { egui::Theme::Dark } else { egui::Theme::Light };
    context.set_theme(theme);
    context.set_visuals_of(theme, visuals(look));
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(6.0, 4.0);
        style.spacing.button_padding = egui::vec2(7.0, 3.0);
        style.interaction.tooltip_delay = 0.3;
    });
}

fn visuals(look: Look) -> Visuals {
    let mut visuals = if look == Look::Dark { Visuals::dark() } else { Visuals::light() };
    let palette = Palette::of(look);
    visuals.striped = true;
    visuals.weak_text_color = Some(palette.soft);
    visuals.error_fg_color = palette.fail;
    visuals.warn_fg_color = palette.margin;
    match look {
        Look::Light => {
            visuals.panel_fill = rgb(0xf4_f6_f8);
            visuals.faint_bg_color = rgb(0xe9_ed_f1);
            visuals.extreme_bg_color = Color32::WHITE;
            visuals.override_text_color = Some(rgb(0x1f_29_33));
            visuals.selection.bg_fill = rgb(0xbf_da_f2);
            visuals.selection.stroke = Stroke::new(1.0, rgb(0x0b_3c_66));
        }
        Look::Dark => {
            visuals.panel_fill = rgb(0x1b_20_28);
            visuals.faint_bg_color = rgb(0x23_2a_34);
            visuals.extreme_bg_color = rgb(0x10_14_1a);
            visuals.override_text_color = Some(rgb(0xe3_e8_ee));
        }
        Look::Contrast => contrast(&mut visuals),
    }
    visuals
}

fn contrast(visuals: &mut Visuals) {
    visuals.panel_fill = Color32::WHITE;
    visuals.window_fill = Color32::WHITE;
    visuals.faint_bg_color = rgb(0xe6_e6_e6);
    visuals.extreme_bg_color = Color32::WHITE;
    visuals.override_text_color = Some(Color32::BLACK);
    visuals.selection.bg_fill = rgb(0xff_e0_66);
    visuals.selection.stroke = Stroke::new(2.0, Color32::BLACK);
    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.bg_stroke = Stroke::new(1.5, Color32::BLACK);
        widget.fg_stroke = Stroke::new(2.0, Color32::BLACK);
        widget.corner_radius = CornerRadius::same(2);
    }
    widgets.inactive.weak_bg_fill = Color32::WHITE;
    widgets.hovered.weak_bg_fill = rgb(0xff_f2_b8);
    widgets.active.weak_bg_fill = rgb(0xff_e0_66);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.1.
    fn luminance(c: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast_ratio(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.1: 4.5 for text (AA), 7 for enhanced contrast (AAA).
    #[test]
    fn every_word_can_be_read_on_its_ground() {
        for look in Look::ALL {
            let (palette, visuals) = (Palette::of(look), visuals(look));
            let least = if look == Look::Contrast { 7.0 } else { 4.5 };
            for verdict in [Verdict::Pass, Verdict::Margin, Verdict::Fail, Verdict::Invalid, Verdict::NotEvaluated] {
                let colour = palette.verdict(verdict);
                assert!(contrast_ratio(colour, palette.on_badge) >= least, "{look:?} {verdict:?} badge");
                assert!(contrast_ratio(colour, visuals.faint_bg_color) >= 4.0, "{look:?} {verdict:?} text");
            }
            let text = visuals.override_text_color.unwrap();
            assert!(contrast_ratio(text, visuals.panel_fill) >= 7.0, "{look:?}");
            assert!(contrast_ratio(palette.soft, visuals.panel_fill) >= least, "{look:?} soft");
        }
    }
}
