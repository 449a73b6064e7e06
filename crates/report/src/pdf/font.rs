//! Fonts: which one has a character, how wide it is there, and what of each font was used.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use subsetter::GlyphRemapper;
use ttf_parser::{Face, name_id};

use crate::picture::wide_font_file;

/// Fonts of the program itself.
const OWN: usize = 2;

/// A glyph of a font.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// Place of the font among [`Fonts::all`].
    pub(super) font: usize,
    /// Its number in the whole font.
    pub(super) id: u16,
    /// Its width in parts of the font's size.
    pub(super) advance: f64,
}

/// One font, and what of it is used.
pub(super) struct Font {
    pub(super) data: Cow<'static, [u8]>,
    /// Place in a collection.
    pub(super) index: u32,
    /// New numbers of the glyphs that are used, in the order of their first use.
    pub(super) used: GlyphRemapper,
    /// Width in thousandths and character of each, by its new number.
    pub(super) glyphs: BTreeMap<u16, (f32, char)>,
}

impl Font {
    fn new(data: Cow<'static, [u8]>, index: u32) -> Self {
        Self { data, index, used: GlyphRemapper::new(), glyphs: BTreeMap::new() }
    }

    fn find(&self, c: char) -> Option<(u16, f64)> {
        let face = Face::parse(&self.data, self.index).ok()?;
        let id = face.glyph_index(c).filter(|id| id.0 != 0)?;
        let advance = f64::from(face.glyph_hor_advance(id)?) / f64::from(face.units_per_em());
        Some((id.0, advance))
    }
}

/// The fonts at hand: Latin, Chinese where the system has one, signs.
pub(super) struct Fonts {
    pub(super) all: Vec<Font>,
    known: HashMap<char, Glyph>,
    /// Whether a Chinese font was looked for.
    looked: bool,
    /// A character that would have needed one, where there is none.
    pub(super) lacking: Option<char>,
}

impl Fonts {
    pub(super) fn new() -> Self {
        let own: [&[u8]; OWN] = [epaint_default_fonts::UBUNTU_LIGHT, epaint_default_fonts::HACK_REGULAR];
        let all = own.into_iter().map(|data| Font::new(Cow::Borrowed(data), 0)).collect();
        Self { all, known: HashMap::new(), looked: false, lacking: None }
    }

    /// With this font file for Chinese text, whatever the system has.
    #[cfg(test)]
    pub(super) fn with(file: Vec<u8>) -> Self {
        let mut fonts = Self { looked: true, ..Self::new() };
        fonts.all.push(simplified(file));
        fonts
    }

    /// The glyph of a character; a question mark's for one that no font has.
    pub(super) fn glyph(&mut self, c: char) -> Glyph {
        if let Some(glyph) = self.known.get(&c) {
            return *glyph;
        }
        let c = if c.is_control() { ' ' } else { c };
        let mut found = self.search(c);
        if found.is_none() && !self.looked {
            self.looked = true;
            self.all.extend(wide_font_file().map(simplified));
            found = self.search(c);
        }
        if found.is_none() && is_han(c) && self.all.len() == OWN {
            self.lacking = Some(c);
        }
        let glyph = found.or_else(|| self.search('?')).unwrap_or(Glyph { font: 0, id: 0, advance: 0.5 });
        self.known.insert(c, glyph);
        glyph
    }

    fn search(&self, c: char) -> Option<Glyph> {
        let found = |(font, f): (usize, &Font)| f.find(c).map(|(id, advance)| Glyph { font, id, advance });
        self.all.iter().enumerate().find_map(found)
    }

    /// Says that a glyph is used for a character; its number in the font as it will be embedded.
    pub(super) fn used(&mut self, glyph: Glyph, c: char) -> u16 {
        let Some(font) = self.all.get_mut(glyph.font) else { return 0 };
        let new = font.used.remap(glyph.id);
        font.glyphs.entry(new).or_insert(((glyph.advance * 1000.0) as f32, c));
        new
    }
}

fn is_han(c: char) -> bool {
    u32::from(c) >= 0x2E80
}

/// Of a collection for several languages the member for Simplified Chinese: some characters are written differently.
fn simplified(data: Vec<u8>) -> Font {
    let named = |index: u32| {
        let face = Face::parse(&data, index).ok()?;
        let names = face.names();
        let mut full = (0..names.len()).filter_map(|i| names.get(i)).filter(|n| n.name_id == name_id::FULL_NAME);
        full.any(|n| n.to_string().is_some_and(|n| n.split(' ').any(|w| w == "SC"))).then_some(index)
    };
    let members = ttf_parser::fonts_in_collection(&data).unwrap_or(1);
    let index = (0..members).find_map(named).unwrap_or(0);
    Font::new(Cow::Owned(data), index)
}
