//! `report`: a case as one file.

use faultscope_door::cases::Access;
use faultscope_door::{Error, report};

use super::case::desk;
use super::simulate::wrote;
use crate::args::ReportArgs;
use crate::context::Context;

/// Runs `report`.
pub(crate) fn run(args: &ReportArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let desk = desk(context, Access::Read)?;
    let file = report::write(&desk, &args.id, &args.output, context.lang()?)?;
    wrote("report", vec![file], context)
}
