//! Stored codes turned into a physical quantity: one factor and one offset for each channel.

use std::sync::Arc;

use faultscope_signal::RecordError;

use crate::samples::{Component, Samples};

/// Samples of another store times a factor plus an offset.
pub struct ScaledSamples {
    inner: Arc<dyn Samples>,
    factor: f64,
    offset: f64,
}

impl ScaledSamples {
    /// `factor * stored + offset`, `stored` as the inner store hands it out.
    pub fn new(inner: Arc<dyn Samples>, factor: f64, offset: f64) -> Self {
        Self { inner, factor, offset }
    }

    /// `per_code * code + at_zero` over a store of `component`, whose normalisation to +-1 is undone.
    pub fn codes(inner: Arc<dyn Samples>, component: Component, per_code: f64, at_zero: f64) -> Self {
        let (scale, middle) = component.normalisation();
        Self::new(inner, per_code * scale, at_zero + per_code * middle)
    }
}

impl Samples for ScaledSamples {
    fn frames(&self) -> u64 {
        self.inner.frames()
    }

    fn read_f64(&self, start: u64, out: &mut [f64]) -> Result<usize, RecordError> {
        let n = self.inner.read_f64(start, out)?;
        out.iter_mut().for_each(|v| *v = *v * self.factor + self.offset);
        Ok(n)
    }

    fn read_f32(&self, start: u64, out: &mut [f32]) -> Result<usize, RecordError> {
        let n = self.inner.read_f32(start, out)?;
        let (factor, offset) = (self.factor as f32, self.offset as f32);
        out.iter_mut().for_each(|v| *v = *v * factor + offset);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::samples::{FileSamples, Layout};

    #[test]
    fn codes_of_every_type_give_the_straight_line() {
        let cases: &[(Component, &[u8], &[f64])] = &[
            (Component::U8, &[0, 1, 127, 255], &[0.0, 1.0, 127.0, 255.0]),
            (Component::I8, &[0x80, 0, 0x7f], &[-128.0, 0.0, 127.0]),
            (Component::I16Be, &[0x80, 0, 0, 1, 0x7f, 0xff], &[-32768.0, 1.0, 32767.0]),
            (Component::U16Le, &[0, 0, 0, 0x80, 0xff, 0xff], &[0.0, 32768.0, 65535.0]),
            (Component::I32Le, &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], &[1.0, -1.0]),
            (Component::U32Le, &[1, 0, 0, 0, 0, 0, 0, 0x80], &[1.0, 2_147_483_648.0]),
            (Component::F32Le, &[0, 0, 0xc0, 0x3f], &[1.5]),
        ];
        for (component, bytes, codes) in cases {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            let (stride, frames) = (component.bytes(), codes.len() as u64);
            let layout = Layout { component: *component, offset: 0, stride, components: 1, frames };
            let inner = Arc::new(FileSamples::new(Arc::new(file), "x", layout));
            let scaled = ScaledSamples::codes(inner, *component, 0.25, -3.0);
            let (mut wide, mut narrow) = (vec![0.0; codes.len()], vec![0f32; codes.len()]);
            assert_eq!(scaled.read_f64(0, &mut wide).unwrap(), codes.len());
            assert_eq!(scaled.read_f32(0, &mut narrow).unwrap(), codes.len());
            for ((w, n), code) in wide.iter().zip(&narrow).zip(*codes) {
                let expected = 0.25 * code - 3.0;
                assert!((w - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{component:?}: {w} {expected}");
                // Single precision keeps 24 bits of the converter's range.
                let range = 0.25 * component.normalisation().0;
                assert!((f64::from(*n) - expected).abs() <= 2e-7 * range.max(16.0), "{component:?}: {n}");
            }
        }
    }
}
