//! The file: pages, embedded fonts with the way back to text, images.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Settings, Str, TextStr};
use ttf_parser::{Face, RawFace, Tag};

use super::font::Font;
use super::ink::{Image, Ink, PAPER};
use crate::ReportError;
use crate::document::Document;

const SYSTEM: SystemInfo<'_> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Numbers of objects, one after the other.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// Names of shared things and the objects that they are.
#[derive(Default)]
struct Shared {
    fonts: Vec<(String, Ref)>,
    images: Vec<(String, Ref)>,
    opacities: Vec<(String, Ref)>,
}

pub(super) fn write(document: &Document, pages: Vec<Content>, ink: Ink) -> Result<Vec<u8>, ReportError> {
    if let Some(c) = ink.fonts.lacking {
        return Err(ReportError::Font {
            what: format!("this system has no font for Chinese text, such as '{c}'"),
            hint: "install one (Debian: fonts-noto-cjk or fonts-wqy-microhei), or write the report as .html".into(),
        });
    }
    let mut pdf = Pdf::with_settings(Settings { pretty: false });
    let mut numbers = Numbers(0);
    let (catalog, tree, info) = (numbers.next(), numbers.next(), numbers.next());
    pdf.catalog(catalog).pages(tree).lang(TextStr(document.lang.tag()));
    pdf.document_info(info).title(TextStr(&document.name)).producer(TextStr("faultscope"));
    let shared = share(&mut pdf, &mut numbers, &ink)?;
    let kids: Vec<(Ref, Ref)> = pages.iter().map(|_| (numbers.next(), numbers.next())).collect();
    pdf.pages(tree).kids(kids.iter().map(|(page, _)| *page)).count(kids.len() as i32);
    for (content, (page, stream)) in pages.into_iter().zip(&kids) {
        let mut leaf = pdf.page(*page);
        leaf.media_box(Rect::new(0.0, 0.0, PAPER.0 as f32, PAPER.1 as f32)).parent(tree).contents(*stream);
        let mut resources = leaf.resources();
        let pairs = |list: &[(String, Ref)], dict: &mut pdf_writer::Dict<'_>| {
            for (name, id) in list {
                dict.pair(Name(name.as_bytes()), *id);
            }
        };
        pairs(&shared.fonts, &mut resources.fonts());
        pairs(&shared.images, &mut resources.x_objects());
        pairs(&shared.opacities, &mut resources.ext_g_states());
        resources.finish();
        leaf.finish();
        packed(&mut pdf, *stream, &content.finish());
    }
    Ok(pdf.finish())
}

fn share(pdf: &mut Pdf, numbers: &mut Numbers, ink: &Ink) -> Result<Shared, ReportError> {
    let mut shared = Shared::default();
    for (index, font) in ink.fonts.all.iter().enumerate().filter(|(_, f)| !f.glyphs.is_empty()) {
        shared.fonts.push((format!("F{index}"), embed(pdf, numbers, font, index)?));
    }
    for (index, picture) in ink.images.iter().enumerate() {
        let id = numbers.next();
        image(pdf, id, picture);
        shared.images.push((format!("I{index}"), id));
    }
    for percent in &ink.opacities {
        let id = numbers.next();
        let alpha = f32::from(*percent) / 100.0;
        pdf.ext_graphics(id).stroking_alpha(alpha).non_stroking_alpha(alpha);
        shared.opacities.push((format!("G{percent}"), id));
    }
    Ok(shared)
}

fn squeezed(data: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(data, 6)
}

fn packed(pdf: &mut Pdf, id: Ref, data: &[u8]) {
    pdf.stream(id, &squeezed(data)).filter(Filter::FlateDecode);
}

fn image(pdf: &mut Pdf, id: Ref, image: &Image) {
    let data = squeezed(&image.rgb);
    let mut object = pdf.image_xobject(id, &data);
    object.filter(Filter::FlateDecode);
    object.width(image.pixels.0 as i32).height(image.pixels.1 as i32);
    object.color_space().device_rgb();
    object.bits_per_component(8).interpolate(false);
}

/// Embeds what is used of a font (ISO 32000-1, 9.7): a composite font whose codes are the glyphs' numbers.
fn embed(pdf: &mut Pdf, numbers: &mut Numbers, font: &Font, index: usize) -> Result<Ref, ReportError> {
    let trouble = |why: String| ReportError::Font {
        what: format!("a font cannot be embedded ({why})"),
        hint: "install another font with Chinese glyphs, or write the report as .html".into(),
    };
    let subset = subsetter::subset(&font.data, font.index, &font.used).map_err(|e| trouble(e.to_string()))?;
    let face = Face::parse(&font.data, font.index).map_err(|e| trouble(e.to_string()))?;
    // Of outlines in CFF only their own table is embedded.
    let raw = RawFace::parse(&subset, 0).map_err(|e| trouble(e.to_string()))?;
    let cff = raw.table(Tag::from_bytes(b"CFF "));
    let [type0, cid, descriptor, program, cmap] = [(); 5].map(|()| numbers.next());
    // Six letters tell subsets of one font apart; there is one of each here.
    let tag = char::from(b'A' + (index % 26) as u8);
    let name = format!("FSCOP{tag}+Font{index}");
    pdf.type0_font(type0)
        .base_font(Name(name.as_bytes()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(cmap);
    let mut descendant = pdf.cid_font(cid);
    descendant.subtype(if cff.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
    descendant.base_font(Name(name.as_bytes())).system_info(SYSTEM).font_descriptor(descriptor).default_width(0.0);
    if cff.is_none() {
        descendant.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = descendant.widths();
    for (glyph, (width, _)) in &font.glyphs {
        widths.consecutive(*glyph, [*width]);
    }
    widths.finish();
    descendant.finish();
    describe(pdf, descriptor, &face, &name, (program, cff.is_some()));
    let stream = squeezed(cff.unwrap_or(&subset));
    let mut written = pdf.stream(program, &stream);
    written.filter(Filter::FlateDecode);
    if cff.is_some() {
        written.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
    }
    written.finish();
    let mut text = UnicodeCmap::new(Name(b"Custom"), SYSTEM);
    for (glyph, (_, c)) in &font.glyphs {
        text.pair(*glyph, *c);
    }
    packed(pdf, cmap, &text.finish());
    Ok(type0)
}

fn describe(pdf: &mut Pdf, id: Ref, face: &Face<'_>, name: &str, (program, cff): (Ref, bool)) {
    let scale = 1000.0 / f32::from(face.units_per_em());
    let of = |v: i16| f32::from(v) * scale;
    let area = face.global_bounding_box();
    let mut descriptor = pdf.font_descriptor(id);
    descriptor
        .name(Name(name.as_bytes()))
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(of(area.x_min), of(area.y_min), of(area.x_max), of(area.y_max)))
        .italic_angle(0.0)
        .ascent(of(face.ascender()))
        .descent(of(face.descender()))
        .cap_height(of(face.capital_height().unwrap_or(face.ascender())))
        .stem_v(80.0);
    if cff {
        descriptor.font_file3(program);
    } else {
        descriptor.font_file2(program);
    }
}
