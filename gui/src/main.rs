//! The desktop app's process: hands the arguments over and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    faultscope_gui::run(std::env::args_os().skip(1).collect())
}
