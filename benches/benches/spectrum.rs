//! The averaged spectrum: cost of one 4096-point segment with each set of traces, in both precisions, real and I/Q.
fn main() {}
