//! NumPy `.npy` arrays of samples, versions 1 to 3: a dictionary in text, then the numbers.

use faultscope_signal::Kind;
use serde_json::json;

use super::frames::{self, Interleave, Span};
use super::{Format, Match, Probe, names};
use crate::samples::Component;
use crate::{Capture, CaptureError, OpenOptions, Provenance};

/// NumPy arrays.
pub(super) struct Npy;

const MAGIC: &[u8] = b"\x93NUMPY";

/// The dictionary of the header.
#[derive(Debug, Clone, PartialEq)]
struct Header {
    /// Type string as written: `<c8`.
    descr: String,
    fortran: bool,
    shape: Vec<u64>,
    /// First byte of the numbers.
    offset: u64,
}

impl Header {
    /// Reads it off the head of a file; says what is wrong with it.
    fn parse(head: &[u8]) -> Result<Self, String> {
        let (major, length, from): (u8, usize, usize) = match head.get(6..) {
            Some([major @ 1, _, a, b, ..]) => (*major, usize::from(u16::from_le_bytes([*a, *b])), 10),
            Some([major @ 2..=3, _, a, b, c, d, ..]) => {
                let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
                (*major, length, 12)
            }
            Some([major, ..]) => return Err(format!("version {major} of the .npy format is not known")),
            _ => return Err("the .npy header is cut off".into()),
        };
        let text = head.get(from..from.saturating_add(length)).ok_or_else(|| {
            format!("the .npy header of version {major} promises {length} bytes of text, more than there are")
        })?;
        let text = String::from_utf8_lossy(text);
        let value = |key: &str| value_of(&text, key).ok_or_else(|| format!("the .npy header has no '{key}'"));
        let descr = value("descr")?;
        let descr = descr.trim().trim_matches(['\'', '"']).to_owned();
        let fortran = value("fortran_order")?.trim().starts_with("True");
        let shape = shape(value("shape")?).ok_or("the shape in the .npy header is not a tuple of whole numbers")?;
        Ok(Self { descr, fortran, shape, offset: (from + length) as u64 })
    }

    /// Real or complex, and how a number is stored; nothing for types that samples do not have.
    fn numbers(&self) -> Option<(bool, Component)> {
        use Component as C;
        let (order, kind) = (self.descr.get(..1)?, self.descr.get(1..)?);
        let big = match order {
            "<" | "|" => false,
            ">" => true,
            // Native order: that of the machine that wrote it, today always little endian.
            "=" => false,
            _ => return None,
        };
        let (complex, little, great) = match kind {
            "c8" => (true, C::F32Le, C::F32Be),
            "c16" => (true, C::F64Le, C::F64Be),
            "f4" => (false, C::F32Le, C::F32Be),
            "f8" => (false, C::F64Le, C::F64Be),
            "i1" => (false, C::I8, C::I8),
            "u1" => (false, C::U8, C::U8),
            "i2" => (false, C::I16Le, C::I16Be),
            "u2" => (false, C::U16Le, C::U16Be),
            "i4" => (false, C::I32Le, C::I32Be),
            "u4" => (false, C::U32Le, C::U32Be),
            _ => return None,
        };
        Some((complex, if big { great } else { little }))
    }
}

/// The text of a value of a flat Python dictionary, up to the comma or brace that ends it.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let at = ["'", "\""].iter().find_map(|q| text.find(&format!("{q}{key}{q}")).map(|at| at + key.len() + 2))?;
    let rest = text.get(at..)?.trim_start().strip_prefix(':')?.trim_start();
    let mut depth = 0usize;
    let end = rest.char_indices().find_map(|(i, c)| match c {
        '(' | '[' => {
            depth += 1;
            None
        }
        ')' | ']' => {
            depth = depth.saturating_sub(1);
            None
        }
        ',' | '}' if depth == 0 => Some(i),
        _ => None,
    });
    rest.get(..end.unwrap_or(rest.len()))
}

/// `(1000, 2)`; the trailing comma of `(1000,)` and the `L` of old Python are part of the form.
fn shape(text: &str) -> Option<Vec<u64>> {
    let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
    inner.split(',').map(str::trim).filter(|p| !p.is_empty()).map(|p| p.trim_end_matches('L').parse().ok()).collect()
}

impl Format for Npy {
    fn id(&self) -> &'static str {
        "npy"
    }
    fn describe(&self) -> &'static str {
        "NumPy .npy of shape (n,) or (n, 2): complex64/128, float32/64, integers; with --rate"
    }
    fn matches(&self, probe: &Probe) -> Match {
        match (probe.head.starts_with(MAGIC), probe.extension() == "npy") {
            (true, _) => Match::Certain,
            (false, true) => Match::Name,
            (false, false) => Match::No,
        }
    }
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError> {
        let path = &probe.path;
        if !probe.head.starts_with(MAGIC) {
            let hint = "save the array again with numpy.save";
            return Err(CaptureError::malformed(path, "the name says NumPy, and the content does not begin so", hint));
        }
        let header = Header::parse(&probe.head)
            .map_err(|what| CaptureError::malformed(path, what, "save the array again with numpy.save"))?;
        let (complex, component) = header.numbers().ok_or_else(|| {
            let shown: String = header.descr.chars().take(40).collect();
            let hint = "save it as complex64, float32 or int16: numpy.save(name, array.astype('complex64'))";
            CaptureError::unsupported(path, format!("an array of type '{shown}' holds no samples"), hint)
        })?;
        let mut provenance = Provenance::default();
        let mut caveats = Vec::new();
        let (interleave, rows) = layout(&header, complex, component, options, &mut provenance, probe)?;
        let facts = names::raw(&probe.name());
        let stated = facts.rate_hz.as_ref().map(|(rate, origin)| (*rate, origin.as_str()));
        let rate = frames::sample_rate(path, options, stated, &mut provenance)?;
        let (file, size) = frames::open_file(path)?;
        let bytes = promised(rows, interleave.frame_bytes() as u64, size.saturating_sub(header.offset), &mut caveats);
        let span = Span { offset: header.offset, bytes };
        let mut traces = frames::traces(file, path, span, interleave, rate, &mut caveats)?;
        if let Some((center, origin)) = facts.center_hz.filter(|(hz, _)| interleave.kind == Kind::Iq && *hz != rate) {
            traces.iter_mut().for_each(|t| t.center_hz = Some(center));
            provenance.note("center_hz", origin);
        }
        provenance.note("format", "header descr");
        provenance.metadata = json!({ "npy": { "descr": header.descr, "shape": header.shape } });
        let format = format!("npy/{}", header.descr);
        Ok(Capture {
            files: vec![path.clone()],
            path: path.clone(),
            format,
            traces,
            provenance,
            caveats,
            ..Capture::default()
        })
    }
}

/// What rows and columns of the array are: frames, and I/Q or channels.
fn layout(
    header: &Header,
    complex: bool,
    component: Component,
    options: &OpenOptions,
    provenance: &mut Provenance,
    probe: &Probe,
) -> Result<(Interleave, u64), CaptureError> {
    let refuse = |what: String| {
        let hint =
            "save one record as shape (n,), or I and Q as the columns of (n, 2): numpy.save(name, array.T.copy())";
        Err(CaptureError::unsupported(&probe.path, what, hint))
    };
    let (rows, columns) = match header.shape.as_slice() {
        [n] | [n, 1] => (*n, 1),
        [n, 2] if !header.fortran => (*n, 2),
        [_, 2] => return refuse("an array in Fortran order holds I and Q one after the other".into()),
        other => return refuse(format!("an array of shape {other:?} is not one record")),
    };
    let by_channel = options.channel.as_deref().is_some_and(|c| !matches!(c.to_ascii_lowercase().as_str(), "iq" | "1"));
    let (kind, channels) = match (complex, columns) {
        (true, n) => (Kind::Iq, n),
        (false, 2) if !by_channel => {
            provenance.note("kind", "two columns of real numbers are I and Q; --channel CH1 or CH2 reads one of them");
            (Kind::Iq, 1)
        }
        (false, n) => (Kind::Real, n),
    };
    Ok((Interleave { component, kind, channels }, rows))
}

/// The bytes that the shape promises, or those that are there.
fn promised(rows: u64, frame: u64, there: u64, caveats: &mut Vec<crate::Caveat>) -> u64 {
    use crate::{Caveat, CaveatKind};
    let promised = rows.saturating_mul(frame);
    if promised > there {
        let detail = format!("the shape promises {promised} bytes of numbers, the file holds {there}");
        caveats.push(Caveat::new(CaveatKind::Truncated, detail));
    } else if promised < there {
        let detail = format!("{} bytes behind the array were left out", there - promised);
        caveats.push(Caveat::new(CaveatKind::TrailingData, detail));
    }
    promised.min(there)
}

#[cfg(test)]
mod tests {
    use faultscope_signal::Record as _;

    use super::*;
    use crate::format::{damage, open};

    /// A file after NumPy's published layout: magic, version, length, dictionary padded with blanks to 64, data.
    fn array(version: u8, descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        let before = if version == 1 { 10 } else { 12 };
        let padded = (before + text.len() + 1).next_multiple_of(64) - before;
        let mut out = MAGIC.to_vec();
        out.extend([version, 0]);
        if version == 1 {
            out.extend((padded as u16).to_le_bytes());
        } else {
            out.extend((padded as u32).to_le_bytes());
        }
        out.extend(format!("{text:<width$}\n", width = padded - 1).into_bytes());
        out.extend(data);
        out
    }

    fn opened(name: &str, bytes: &[u8], options: &OpenOptions) -> Result<(Capture, Vec<f64>), CaptureError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let capture = open(&path, options)?;
        let trace = &capture.traces[0];
        let mut out = vec![0.0; trace.frames as usize * trace.kind.components()];
        trace.read_f64(0, &mut out).unwrap();
        Ok((capture, out))
    }

    fn rate() -> OpenOptions {
        OpenOptions { rate_hz: Some(1e6), ..OpenOptions::default() }
    }

    #[test]
    fn every_type_and_version() {
        let f32s: Vec<u8> = [0.5f32, -0.25, 1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let f64s: Vec<u8> = [0.5f64, -0.25, 1.0, 0.0].iter().flat_map(|v| v.to_be_bytes()).collect();
        let i16s: Vec<u8> = [16_384i16, -8192, 32_767, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let (full, fine) = ([0.5, -0.25, 1.0, 0.0], [0.5, -0.25, 32_767.0 / 32_768.0, 0.0]);
        for (version, descr, shape, data, kind, values) in [
            (1, "<c8", "(2,)", &f32s, Kind::Iq, full),
            (2, ">c16", "(2,)", &f64s, Kind::Iq, full),
            (3, "<f4", "(4,)", &f32s, Kind::Real, full),
            (1, ">f8", "(4, 1)", &f64s, Kind::Real, full),
            (1, "<i2", "(2, 2)", &i16s, Kind::Iq, fine),
            (1, "<i2", "(4,)", &i16s, Kind::Real, fine),
            (1, "<f4", "(2L, 2L)", &f32s, Kind::Iq, full),
        ] {
            let (capture, out) = opened("a.npy", &array(version, descr, "False", shape, data), &rate()).unwrap();
            let trace = &capture.traces[0];
            assert_eq!((trace.kind, trace.sample_rate_hz), (kind, 1e6), "{descr} {shape}");
            assert_eq!(out, values, "{descr} {shape}");
            assert!(capture.caveats.is_empty());
        }
    }

    #[test]
    fn the_columns_of_a_pair_can_be_read_alone() {
        let i16s: Vec<u8> = [16_384i16, -8192, 32_767, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let options = OpenOptions { channel: Some("CH2".into()), ..rate() };
        let (capture, out) = opened("a.npy", &array(1, "<i2", "False", "(2, 2)", &i16s), &options).unwrap();
        assert_eq!((capture.traces.len(), capture.traces[0].kind), (1, Kind::Real));
        assert_eq!(out, [-0.25, 0.0]);
    }

    #[test]
    fn the_rate_comes_from_an_option_or_the_name_and_is_never_guessed() {
        let bytes = array(1, "<c8", "False", "(2,)", &[0; 16]);
        let error = opened("a.npy", &bytes, &OpenOptions::default()).unwrap_err();
        assert!(error.kind() == "unknown" && error.hint().unwrap().contains("--rate"), "{error}");
        let (capture, _) = opened("a_433.92M_250k.npy", &bytes, &OpenOptions::default()).unwrap();
        let trace = &capture.traces[0];
        assert_eq!((trace.sample_rate_hz, trace.center_hz), (250e3, Some(433.92e6)));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (descr, fortran, shape, says) in [
            ("<U8", "False", "(4,)", "<U8"),
            ("|O", "False", "(4,)", "|O"),
            ("<f4", "True", "(2, 2)", "Fortran"),
            ("<f4", "False", "(2, 3)", "shape"),
            ("<f4", "False", "(1, 2, 2)", "shape"),
            ("<f4", "False", "()", "shape"),
            ("<f4", "False", "(0,)", "no whole sample"),
            ("<f4", "False", "(-4,)", "whole numbers"),
        ] {
            let error = opened("a.npy", &array(1, descr, fortran, shape, &[0; 16]), &rate()).unwrap_err();
            assert!(error.to_string().contains(says), "{descr} {shape}: {error}");
        }
        let error = opened("a.npy", &array(9, "<f4", "False", "(4,)", &[0; 16]), &rate()).unwrap_err();
        assert!(error.to_string().contains("version 9"), "{error}");
    }

    #[test]
    fn a_shape_that_promises_more_or_less_is_told() {
        let (capture, out) = opened("a.npy", &array(1, "<f4", "False", "(1000000000000,)", &[0; 16]), &rate()).unwrap();
        assert_eq!((out.len(), capture.caveats.len()), (4, 1));
        let (capture, out) = opened("a.npy", &array(1, "<f4", "False", "(3,)", &[0; 16]), &rate()).unwrap();
        assert_eq!((out.len(), capture.caveats.len()), (3, 1));
    }

    #[test]
    fn cut_and_flipped_bytes_never_panic() {
        damage::survives("x.npy", &array(1, "<c8", "False", "(256,)", &[3; 2048]));
    }
}
