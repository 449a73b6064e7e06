//! Loops compiled a second time for processors that work on more numbers at once, chosen while the program runs.

/// Runs `work` in code for the widest vectors that this processor has.
///
/// What `work` calls gains only where it is inlined, and a closure only as `#[inline(always)] || ...`. The results are the same to the last bit: sums keep the order that
/// their lanes give them, whatever the width.
#[inline]
pub fn widest<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_result_is_that_of_the_plain_loop() {
        let x: Vec<f64> = (0..1000).map(|i| f64::from(i).sin()).collect();
        let sum = |x: &[f64]| x.chunks(8).fold(0.0, |s, c| s + c.iter().map(|v| v * v).sum::<f64>());
        assert_eq!(
            super::widest(
                #[inline(always)]
                || sum(&x)
            ),
            sum(&x)
        );
    }
}
