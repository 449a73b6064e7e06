//! Words in, words and an exit code out: the command line as a function, so that tests run it in-process.

pub mod args;
mod command;
mod context;
mod io;
pub mod number;
mod output;
mod progress;
mod show;

use std::ffi::OsString;
use std::io::Write as _;

use clap::Parser as _;
use faultscope_door::Class;

use crate::args::Cli;
use crate::context::Context;
pub use crate::io::Io;

/// Runs one command line (the program's name first) and returns the exit code.
pub fn run(words: impl IntoIterator<Item = OsString>, io: &mut Io) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    let trouble = output::watch(io);
    let code = match Cli::try_parse_from(&words) {
        Ok(cli) => dispatch(&cli, io),
        Err(error) => usage(&error, &words, io),
    };
    let _ = io.stdout.flush();
    match trouble.take() {
        Some(error) if code != 2 => {
            let message = format!("standard output could not be written ({error}); the result is not complete");
            context::complain(io, &message, "make room, or send the output elsewhere");
            Class::Storage.exit_code()
        }
        _ => code,
    }
}

fn dispatch(cli: &Cli, io: &mut Io) -> u8 {
    let name = command::name(&cli.command);
    let outcome = command::run(&cli.command, &mut Context::new(io, &cli.common));
    outcome.unwrap_or_else(|error| {
        if cli.common.json {
            let document = context::error_document(name, &error);
            let _ = writeln!(io.stdout, "{document:#}");
        }
        context::complain(io, &error.message, &error.hint);
        error.class.exit_code()
    })
}

/// Help and version go to standard output with code 0; everything else is wrong usage.
fn usage(error: &clap::Error, words: &[OsString], io: &mut Io) -> u8 {
    let text = error.render().to_string();
    if !error.use_stderr() {
        let _ = io.stdout.write_all(text.as_bytes());
        return 0;
    }
    let _ = io.stderr.write_all(text.as_bytes());
    // The words were not understood, so whether JSON was asked for is read from them directly.
    if words.iter().any(|word| word == "--json") {
        let command = words.get(1).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let refusal = faultscope_door::Error::usage(first, "faultscope COMMAND --help lists what there is");
        let _ = writeln!(io.stdout, "{:#}", context::error_document(&command, &refusal));
    }
    2
}
