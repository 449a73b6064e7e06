//! The commands: one file a family; each turns arguments into calls of the door and its answer into words.

mod analyse;
pub(crate) mod artefacts;
mod case;
pub(crate) mod check;
mod checklist;
mod clocks;
pub(crate) mod codes;
pub(crate) mod compare;
pub(crate) mod convert;
mod demo;
mod devices;
mod explain;
pub(crate) mod library;
mod limits;
pub(crate) mod link;
pub(crate) mod phase_noise;
pub(crate) mod push;
pub(crate) mod record;
pub(crate) mod reference;
mod report;
pub(crate) mod round;
mod rules;
mod signing;
mod simulate;
pub(crate) mod store;
pub(crate) mod trend;
mod verify;
pub(crate) mod watch;

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
        Command::Waterfall(_) => "waterfall",
        Command::Transition(_) => "transition",
        Command::Channel(_) => "channel",
        Command::Emissions(_) => "emissions",
        Command::Check(_) => "check",
        Command::Modulation(_) => "modulation",
        Command::PhaseNoise(_) => "phase-noise",
        Command::Trend(_) => "trend",
        Command::Link(_) => "link",
        Command::Codes(_) => "codes",
        Command::Library(_) => "library",
        Command::Artefacts(_) => "artefacts",
        Command::Reference(_) => "reference",
        Command::Compare(_) => "compare",
        Command::Convert(_) => "convert",
        Command::Simulate(_) => "simulate",
        Command::Case(_) => "case",
        Command::Store(_) => "store",
        Command::Push(_) => "push",
        Command::Report(_) => "report",
        Command::Limits(_) => "limits",
        Command::Rules(_) => "rules",
        Command::Round(_) => "round",
        Command::Checklist(_) => "checklist",
        Command::Explain { .. } => "explain",
        Command::Demo(_) => "demo",
        Command::Devices => "devices",
        Command::Record(_) => "record",
        Command::Watch(_) => "watch",
        Command::Doctor => "doctor",
        Command::Schema => "schema",
    }
}

/// Runs a command and returns its exit code.
pub(crate) fn run(command: &Command, context: &mut Context<'_>) -> Result<u8, Error> {
    match command {
        Command::Info(args) => analyse::info(args, context),
        Command::Spectrum(args) => analyse::spectrum(args, context),
        Command::Spurs(args) => analyse::spurs(args, context),
        Command::Ripple(args) => analyse::ripple(args, context),
        Command::Waterfall(args) => analyse::waterfall(args, context),
        Command::Transition(args) => analyse::transition(args, context),
        Command::Channel(args) => analyse::channel(args, context),
        Command::Emissions(args) => analyse::emissions(args, context),
        Command::Check(args) => check::run(args, context),
        Command::Modulation(args) => analyse::modulation(args, context),
        Command::PhaseNoise(args) => phase_noise::run(args, context),
        Command::Trend(args) => trend::run(args, context),
        Command::Link(args) => link::run(args, context),
        Command::Codes(args) => codes::run(args, context),
        Command::Library(command) => library::run(command, context),
        Command::Artefacts(args) => artefacts::run(args, context),
        Command::Reference(command) => reference::run(command, context),
        Command::Compare(args) => compare::run(args, context),
        Command::Convert(args) => convert::run(args, context),
        Command::Simulate(args) => simulate::run(args, context),
        Command::Case(command) => case::run(command, context),
        Command::Store(command) => store::run(command, context),
        Command::Push(args) => push::run(args, context),
        Command::Report(args) => report::run(args, context),
        Command::Limits(command) => limits::run(command, context),
        Command::Rules(command) => rules::run(command, context),
        Command::Round(command) => round::run(command, context),
        Command::Checklist(command) => checklist::run(command, context),
        Command::Explain { topic, rules } => explain::run(topic, rules, context),
        Command::Demo(args) => demo::run(args, context),
        Command::Devices => devices::devices(context),
        Command::Record(args) => record::run(args, context),
        Command::Watch(args) => watch::run(args, context),
        Command::Doctor => devices::doctor(context),
        Command::Schema => limits::print_schema(context),
    }
}
