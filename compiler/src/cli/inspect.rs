use super::args::InspectArgs;
use super::{WithPruneReport, print, print_json};
use edgec::PruneReport;
use edgec::tools::inspect::Inspection;
use std::process::ExitCode;

/// `edgec inspect`.
pub(super) fn inspect(args: &InspectArgs) -> miette::Result<ExitCode> {
    let compiler = args.model.compiler()?;
    let inspection = Inspection::of(&compiler)?;
    let prune_report = if args.prune_report {
        Some(PruneReport::of_model(&compiler, &compiler.load()?)?)
    } else {
        None
    };
    if args.json {
        print_json(&WithPruneReport {
            of: inspection,
            prune_report,
        })?
    } else {
        print(&inspection.to_string())?;
        print(&prune_report.map_or(String::new(), |report| format!("\n{report}")))?
    }
    Ok(ExitCode::SUCCESS)
}
