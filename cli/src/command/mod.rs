//! The commands: one file a family; each turns arguments into calls of the door and its answer into words.

mod analyse;

use faultscope_door::Error;

use crate::args::Command;
use crate::context::Context;

/// The name of a command, as in the JSON envelope.
pub(crate) fn name(command: &Command) -> &'static str {
    match command {
        Command::Info(_) => "info",
        Command::Spectrum(_) => "spectrum",
        Command::Spurs(_) => "spurs",
        Command::Ripple(_) => "ripple",
    }
}

/// Runs a command and returns its exit code.
pub(crate) fn run(command: &Command, context: &mut Context<'_>) -> Result<u8, Error> {
    match command {
        Command::Info(args) => analyse::info(args, context),
        Command::Spectrum(args) => analyse::spectrum(args, context),
        Command::Spurs(args) => analyse::spurs(args, context),
        Command::Ripple(args) => analyse::ripple(args, context),
    }
}
