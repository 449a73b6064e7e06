//! The binary: hands the process's words and streams to the library and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    keep_freed_memory();
    let mut io = faultscope_cli::Io::process();
    ExitCode::from(faultscope_cli::run(std::env::args_os(), &mut io))
}

/// Makes the C library keep freed blocks for the next capture of a batch.
///
/// glibc gives large blocks back to the kernel at once, and each page of the next one costs a fault, until it has seen
/// a block of that size freed (mallopt(3), `M_MMAP_THRESHOLD`: at most 32 MiB). This one is never touched, so that it
/// costs no memory; other C libraries take it for what it is.
fn keep_freed_memory() {
    const LARGEST: usize = (32 << 20) - (64 << 10);
    drop(std::hint::black_box(Vec::<u8>::with_capacity(LARGEST)));
}
