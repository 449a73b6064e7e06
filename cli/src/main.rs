//! The binary: hands the process's words and streams to the library and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut io = faultscope_cli::Io::process();
    ExitCode::from(faultscope_cli::run(std::env::args_os(), &mut io))
}
