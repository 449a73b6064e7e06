//! What plain loops need to run on wide vector registers: a choice of instructions while running, and aligned numbers.

use std::ops::{Deref, DerefMut};

/// Bytes of the widest register and of a cache line.
const LINE: usize = 64;

/// Runs `work`, compiled once for every set of vector instructions, with the widest that this processor has.
///
/// Only what is inlined into `work` profits: mark the loops `#[inline(always)]`, and a closure that holds one itself as
/// well. The results are the same to the last bit where sums keep the order that their code gives them.
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// Numbers that begin on a cache line, so that no wide load touches two.
#[derive(Debug)]
pub(crate) struct Aligned<T> {
    data: Vec<T>,
    from: usize,
    len: usize,
}

impl<T: Copy + Default> Aligned<T> {
    pub(crate) fn new(len: usize) -> Self {
        let mut new = Self { data: Vec::new(), from: 0, len: 0 };
        new.resize(len);
        new
    }

    /// Changes the length; the numbers are then any.
    pub(crate) fn resize(&mut self, len: usize) {
        let spare = LINE / size_of::<T>().max(1);
        if self.data.len() < len + spare {
            self.data = vec![T::default(); len + spare];
            // An allocator that cannot tell the address leaves them where they are, which costs only time.
            self.from = self.data.as_ptr().align_offset(LINE).min(spare);
        }
        self.len = len;
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.data[self.from..self.from + self.len]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.data[self.from..self.from + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_begin_on_a_cache_line_after_every_change_of_length() {
        let mut numbers = Aligned::<f32>::new(3);
        for len in [3, 1000, 10, 100_000] {
            numbers.resize(len);
            assert_eq!((numbers.len(), numbers.as_ptr() as usize % LINE), (len, 0));
        }
        numbers[99_999] = 1.0;
        assert_eq!(numbers.iter().sum::<f32>(), 1.0);
    }

    #[test]
    fn the_work_is_done_once_and_gives_its_result() {
        let values = [1.0f32, 2.0, 3.0];
        assert_eq!(wide(|| values.iter().sum::<f32>()), 6.0);
    }
}
