//! Fonts of bitmap pictures: Ubuntu Light from inside the program, and one font of the system for Chinese.

use std::sync::OnceLock;

use plotters::style::{FontStyle, IntoFont as _, register_font};

use crate::ReportError;

/// Family name of the built-in font; SVG readers see it as the generic family.
pub(super) const PLAIN: &str = "sans-serif";
const WIDE: &str = "faultscope-wide";

static PLAIN_READY: OnceLock<bool> = OnceLock::new();
static WIDE_READY: OnceLock<bool> = OnceLock::new();

/// Where Debian, Fedora, Windows and macOS keep a font with Chinese glyphs.
pub(crate) const WIDE_PLACES: [&str; 12] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "C:\\Windows\\Fonts\\msyh.ttc",
    "C:\\Windows\\Fonts\\simhei.ttf",
    "C:\\Windows\\Fonts\\simsun.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "/System/Library/Fonts/PingFang.ttc",
];

/// Registers the built-in font once.
pub(super) fn ready() -> Result<(), ReportError> {
    let ok =
        PLAIN_READY.get_or_init(|| register_font(PLAIN, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT).is_ok());
    if *ok { Ok(()) } else { Err(ReportError::picture("the built-in font cannot be read")) }
}

/// Gives bitmap pictures a font for Chinese text; the first one given stays. `bytes` is a whole TTF, OTF or TTC file.
///
/// Without it, a well-known system font is looked for when the first Chinese text is drawn. SVG needs none of this.
///
/// # Errors
/// When the bytes are not a font.
pub fn use_wide_font(bytes: Vec<u8>) -> Result<(), ReportError> {
    if *WIDE_READY.get_or_init(|| register_wide(bytes)) {
        Ok(())
    } else {
        Err(ReportError::Picture {
            what: "the font for Chinese text cannot be read".into(),
            hint: "give a TTF, OTF or TTC file with Chinese glyphs, such as Noto Sans CJK".into(),
        })
    }
}

fn register_wide(bytes: Vec<u8>) -> bool {
    // The drawing library keeps fonts for the life of the program, so this one is handed over for good, once.
    register_font(WIDE, FontStyle::Normal, Box::leak(bytes.into_boxed_slice())).is_ok()
}

fn wide_ready() -> bool {
    *WIDE_READY.get_or_init(|| wide_font_file().is_some_and(register_wide))
}

/// The system's font file with Chinese glyphs, where there is one in its usual places.
pub(crate) fn wide_font_file() -> Option<Vec<u8>> {
    WIDE_PLACES.iter().find_map(|p| std::fs::read(p).ok())
}

/// Whether the built-in font lacks this character.
fn is_wide(c: char) -> bool {
    u32::from(c) >= 0x2E80
}

/// Family and text to draw in a bitmap: what no font at hand has becomes `?` rather than an empty box.
pub(super) fn for_bitmap(text: &str) -> (&'static str, String) {
    if !text.chars().any(is_wide) {
        (PLAIN, text.to_owned())
    } else if wide_ready() {
        (WIDE, text.to_owned())
    } else {
        (PLAIN, text.chars().map(|c| if is_wide(c) { '?' } else { c }).collect())
    }
}

/// Width of a text in scene units, near enough for every sans-serif font.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let narrow: String = text.chars().filter(|c| !is_wide(*c)).collect();
    let wide = text.chars().count() - narrow.chars().count();
    let estimate = narrow.chars().count() as f64 * size * 0.5;
    // Measured large, since the library rounds to whole pixels; 1.06 leaves room for wider fonts of SVG readers.
    let measured = ready()
        .ok()
        .and_then(|()| (PLAIN, size * 10.0).into_font().box_size(&narrow).ok())
        .map_or(estimate, |(w, _)| f64::from(w) / 10.0);
    measured * 1.06 + wide as f64 * size * 0.85
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_text_is_wider() {
        assert!(width("WWWW", 20.0) > 1.5 * width("iiii", 20.0));
        assert!(width("纹波", 20.0) > width("ab", 20.0));
        assert!((width("100 Hz", 40.0) / width("100 Hz", 20.0) - 2.0).abs() < 0.05);
    }
}
