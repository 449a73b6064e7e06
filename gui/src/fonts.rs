//! The Chinese font: looked for in the known places of the system, read only when a character needs it.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui;
use egui::epaint::text::{FallbackRequest, FontData, FontInsert, FontPriority, InsertFontFamily};
use egui::{Context, FontFamily};

/// Where Chinese fonts lie, best first, and the face within a collection that is drawn for Simplified Chinese.
const PLACES: &[(&str, u32)] = &[
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/opentype/noto/NotoSansSC-Regular.otf", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/System/Library/Fonts/PingFang.ttc", 0),
    ("/System/Library/Fonts/Hiragino Sans GB.ttc", 0),
    ("/System/Library/Fonts/STHeiti Light.ttc", 0),
    ("C:\\Windows\\Fonts\\msyh.ttc", 0),
    ("C:\\Windows\\Fonts\\simhei.ttf", 0),
    ("C:\\Windows\\Fonts\\simsun.ttc", 0),
];

/// The Chinese font of this machine: its file and the face in it.
#[must_use]
pub(crate) fn chinese() -> Option<(PathBuf, u32)> {
    PLACES.iter().map(|(path, face)| (PathBuf::from(path), *face)).find(|(path, _)| path.is_file())
}

/// Makes the font available for every character that the built-in fonts do not have; says whether there is one.
pub(crate) fn install(context: &Context) -> bool {
    let Some((path, face)) = chinese() else { return false };
    context.add_font_provider(Arc::new(move |_: &FallbackRequest<'_>| {
        let bytes = std::fs::read(&path).ok()?;
        let families = [FontFamily::Proportional, FontFamily::Monospace]
            .map(|family| InsertFontFamily { family, priority: FontPriority::Lowest });
        Some(FontInsert {
            name: "chinese".into(),
            data: FontData { index: face, ..FontData::from_owned(bytes) },
            families: families.into(),
        })
    }));
    true
}
