//! `link`: a supply capture beside an RF capture, and which sidebands are the supply's ripple.

use std::path::PathBuf;

use clap::Args;
use faultscope_door::capture::{OpenOptions, SampleFormat};
use faultscope_door::diagnose::{GateState, Settings};
use faultscope_door::link::LinkRequest;
use faultscope_door::paper::table;
use faultscope_door::paper::words;
use faultscope_door::{Error, link};

use crate::args::{Carrier, Open, SupplyLines};
use crate::context::Context;
use crate::number;

/// Options of `link`.
#[derive(Debug, Clone, Args)]
pub struct LinkArgs {
    /// Capture of the supply: volts over time.
    #[arg(value_name = "SUPPLY")]
    pub supply: PathBuf,
    /// Capture of the transmitter.
    #[arg(value_name = "RF")]
    pub rf: PathBuf,
    /// How to open the RF capture.
    #[command(flatten)]
    pub open: Open,
    /// Raw samples of the supply's capture.
    #[arg(long, value_name = "FORMAT", help_heading = "Supply")]
    pub supply_format: Option<SampleFormat>,
    /// Its sample rate.
    #[arg(long, value_name = "HZ", value_parser = number::positive, help_heading = "Supply")]
    pub supply_rate: Option<f64>,
    /// Its channel, by number from 1 or by name.
    #[arg(long, value_name = "N|NAME", help_heading = "Supply")]
    pub supply_channel: Option<String>,
    /// Its volts per unit of the stored values.
    #[arg(long, value_name = "V_PER_UNIT", value_parser = number::parse, allow_hyphen_values = true, help_heading = "Supply")]
    pub supply_scale: Option<f64>,
    /// The carrier.
    #[command(flatten)]
    pub carrier: Carrier,
    /// Frequencies that are known.
    #[command(flatten)]
    pub lines: SupplyLines,
}

/// `link`.
pub(crate) fn run(args: &LinkArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let request = LinkRequest {
        supply: OpenOptions {
            format: args.supply_format,
            rate_hz: args.supply_rate,
            channel: args.supply_channel.clone(),
            scale_v: args.supply_scale,
            ..OpenOptions::default()
        },
        rf: OpenOptions::from(&args.open),
        settings: args.lines.into_settings(Settings {
            carrier_hz: args.carrier.hz,
            threads: context.threads(),
            ..Settings::default()
        }),
        lang: context.lang()?,
        skip_digest: !context.common.json,
    };
    let document = link::link(&args.supply, &args.rf, &request, context.watch("link").as_ref())?;
    let code = document.envelope.exit_code();
    if context.common.json {
        context.print_json(&document)?;
        return Ok(code);
    }
    let lists = document.envelope.captures.iter().flat_map(|c| &c.quality).chain(&document.quality);
    for gate in lists.filter(|g| g.state != GateState::Ok) {
        context.say(&format!("{}: {}", words::gate(request.lang, &gate.gate), words::said(request.lang, &gate.detail)));
    }
    let style = context.style()?;
    context.print(&table::link(&document.link, style));
    Ok(code)
}
