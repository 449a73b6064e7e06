//! `devices` and `doctor`: what is connected, and what this machine can do.

use faultscope_door::Error;
use faultscope_door::live::{self, CheckState};

use super::case::actor;
use crate::context::Context;

/// Runs `devices`.
pub(crate) fn devices(context: &mut Context<'_>) -> Result<u8, Error> {
    let document = live::devices();
    if context.common.json {
        context.print_json(&document)?;
        return Ok(0);
    }
    for device in &document.devices {
        context.print(&format!("{:<13} {:<44} {}", device.state, device.address, device.description));
        if !device.hint.is_empty() {
            context.print(&format!("{:<13} {}", "", device.hint));
        }
    }
    context.print("\ndrivers:");
    for driver in &document.drivers {
        context.print(&format!("{:<13} {}", driver.id, driver.description));
    }
    Ok(0)
}

/// Runs `doctor`.
pub(crate) fn doctor(context: &mut Context<'_>) -> Result<u8, Error> {
    let place = context.common.store.clone().or_else(|| context.env("FAULTSCOPE_STORE").map(str::to_owned));
    let document = live::doctor(place.as_deref(), actor(context));
    if context.common.json {
        context.print_json(&document)?;
        return Ok(document.exit_code());
    }
    for check in &document.checks {
        let state = match check.state {
            CheckState::Ok => "ok",
            CheckState::Missing => "missing",
            CheckState::Broken => "broken",
        };
        context.print(&format!("{state:<8} {:<9} {}", check.name, check.detail));
        if !check.hint.is_empty() {
            context.print(&format!("{:<8} {:<9} {}", "", "", check.hint));
        }
    }
    Ok(document.exit_code())
}
