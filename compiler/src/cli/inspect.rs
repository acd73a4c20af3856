use super::args::InspectArgs;
use super::{print, print_json};
use edgec::inspect::Inspection;
use std::process::ExitCode;

/// `edgec inspect`.
pub(super) fn inspect(args: &InspectArgs) -> miette::Result<ExitCode> {
    let inspection = Inspection::of(&args.model.compiler()?)?;
    if args.json {
        print_json(&inspection)?
    } else {
        print(&inspection.to_string())?
    }
    Ok(ExitCode::SUCCESS)
}
