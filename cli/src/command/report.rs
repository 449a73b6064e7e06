//! `report`: a case or a check run as one file.

use faultscope_door::Error;
use faultscope_door::cases::Access;
use faultscope_door::report::{self, Edition};

use super::case::{desk, use_rules};
use super::simulate::wrote;
use crate::args::ReportArgs;
use crate::context::Context;

/// Runs `report`.
pub(crate) fn run(args: &ReportArgs, context: &mut Context<'_>) -> Result<u8, Error> {
    let edition = Edition { audience: args.audience, redact: args.redact.clone(), texts: args.redact_text.clone() };
    if std::path::Path::new(&args.id).extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
        if edition != Edition::default() {
            let message = "the report of a check run names no customer, person or place of its own";
            return Err(Error::usage(message, "leave out --for and --redact, which are for the report of a case"));
        }
        let document = report::read_check(std::path::Path::new(&args.id))?;
        let file = report::write_check(&document, &args.output, context.lang()?)?;
        return wrote("report", vec![file], context);
    }
    let mut desk = desk(context, Access::Read)?;
    use_rules(&mut desk, &args.rules)?;
    let file = report::write(&desk, &args.id, &args.output, context.lang()?, &edition)?;
    wrote("report", vec![file], context)
}
