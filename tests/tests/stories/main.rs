//! The stories: the command line as its users meet it, from captures to a closed case, judged by what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail the test")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what was skipped or measured is said")]

mod bad_input;
mod bad_store;
mod bundle;
mod captures;
mod cases;
mod check;
mod checklists;
mod clocks;
mod contract;
mod convert;
mod demo;
mod explain;
mod formats;
mod good_unit;
mod library;
mod link;
mod live;
mod make;
mod off_air;
mod pdf;
mod process;
mod push;
mod readme;
mod report;
mod rounds;
mod samples;
mod schema;
mod signing;
mod soak;
mod spectra;
mod store;
mod ticket;
