//! Fields of a binary header, read by offset: a header that ends too early is an error that names the field's place.

use std::fs::File;
use std::path::Path;

use crate::CaptureError;
use crate::samples::read_up_to;

/// Longest header that is read into memory at once.
pub(super) const MAX_HEADER: usize = 64 * 1024;

/// Some bytes of a file and their byte order.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    path: &'a Path,
    bytes: Vec<u8>,
    /// Position of `bytes` in the file.
    start: u64,
    big_endian: bool,
}

impl<'a> Fields<'a> {
    /// Up to `length` bytes (at most [`MAX_HEADER`]) from `start` on, little endian; fewer where the file ends.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(file: &File, path: &'a Path, start: u64, length: usize) -> Result<Self, CaptureError> {
        let mut bytes = vec![0; length.min(MAX_HEADER)];
        let got = read_up_to(file, &mut bytes, start).map_err(|e| CaptureError::io(path, e))?;
        bytes.truncate(got);
        Ok(Self { path, bytes, start, big_endian: false })
    }

    /// The same bytes in another byte order.
    pub(super) fn big_endian(mut self, big_endian: bool) -> Self {
        self.big_endian = big_endian;
        self
    }

    fn get<const N: usize>(&self, at: usize) -> Result<[u8; N], CaptureError> {
        let end = at.saturating_add(N);
        let found = self.bytes.get(at..end).and_then(|b| <[u8; N]>::try_from(b).ok());
        found.ok_or_else(|| {
            let wanted = self.start.saturating_add(end as u64);
            let there = self.start.saturating_add(self.bytes.len() as u64);
            let what = format!("the header is cut off: a field ends at byte {wanted}, and the file at byte {there}");
            CaptureError::malformed(self.path, what, "copy the file again; part of it is missing")
        })
    }

    pub(super) fn u8(&self, at: usize) -> Result<u8, CaptureError> {
        self.get::<1>(at).map(|[b]| b)
    }
    pub(super) fn u16(&self, at: usize) -> Result<u16, CaptureError> {
        self.get(at).map(|b| if self.big_endian { u16::from_be_bytes(b) } else { u16::from_le_bytes(b) })
    }
    pub(super) fn i16(&self, at: usize) -> Result<i16, CaptureError> {
        self.u16(at).map(u16::cast_signed)
    }
    pub(super) fn u32(&self, at: usize) -> Result<u32, CaptureError> {
        self.get(at).map(|b| if self.big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) })
    }
    pub(super) fn i32(&self, at: usize) -> Result<i32, CaptureError> {
        self.u32(at).map(u32::cast_signed)
    }
    pub(super) fn u64(&self, at: usize) -> Result<u64, CaptureError> {
        self.get(at).map(|b| if self.big_endian { u64::from_be_bytes(b) } else { u64::from_le_bytes(b) })
    }
    pub(super) fn i64(&self, at: usize) -> Result<i64, CaptureError> {
        self.u64(at).map(u64::cast_signed)
    }
    pub(super) fn f32(&self, at: usize) -> Result<f64, CaptureError> {
        self.u32(at).map(|b| f64::from(f32::from_bits(b)))
    }
    /// A single-precision number that stands for a decimal one, as sample intervals and rates do: `1e-7`, not `1.00000001e-7`.
    pub(super) fn decimal(&self, at: usize) -> Result<f64, CaptureError> {
        self.f32(at).map(decimal)
    }
    pub(super) fn f64(&self, at: usize) -> Result<f64, CaptureError> {
        self.u64(at).map(f64::from_bits)
    }

    /// Text of a fixed length up to its first zero byte, trimmed; what is no printable ASCII is left out.
    pub(super) fn text(&self, at: usize, length: usize) -> Result<String, CaptureError> {
        let end = at.saturating_add(length);
        let Some(bytes) = self.bytes.get(at..end) else {
            return self.get::<1>(end.max(self.bytes.len())).map(|_| String::new());
        };
        let text = bytes.iter().take_while(|b| **b != 0).filter(|b| (b' '..=b'~').contains(b));
        Ok(text.map(|b| char::from(*b)).collect::<String>().trim().to_owned())
    }

    /// A length that must not be negative.
    pub(super) fn length(&self, at: usize, name: &str) -> Result<u64, CaptureError> {
        let value = self.i32(at)?;
        u64::try_from(value).map_err(|_| {
            let place = self.start + at as u64;
            CaptureError::malformed(self.path, format!("{name} at byte {place} is {value}"), "the header is damaged")
        })
    }
}

/// The shortest decimal number behind a value that single precision holds exactly; any other value as it is.
pub(super) fn decimal(value: f64) -> f64 {
    let narrow = value as f32;
    if f64::from(narrow) == value { narrow.to_string().parse().unwrap_or(value) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_comes_back_from_single_precision_only() {
        assert_eq!(decimal(f64::from(1e-7f32)), 1e-7);
        assert_eq!(decimal(f64::from(125e3f32)), 125e3);
        assert_eq!(decimal(1.024e-6), 1.024e-6);
        assert!(decimal(f64::NAN).is_nan() && decimal(f64::INFINITY).is_infinite());
    }
}
