//! `explain`: what a reading, a cause, a limit or a measurement means.

use std::path::PathBuf;

use faultscope_door::{Error, explain};

use crate::context::Context;

/// Runs `explain`.
pub(crate) fn run(topic: &str, rules: &[PathBuf], context: &mut Context<'_>) -> Result<u8, Error> {
    let document = explain::look_up(topic, rules, context.lang()?)?;
    if context.common.json {
        context.print_json(&document)?;
    } else {
        context.print(&document.text);
    }
    Ok(0)
}
