use super::model_args::ModelArgs;
use super::quantize_args::QuantizeArgs;
use super::state_args::StateArgs;
use super::target_args::TargetArgs;
use super::{FAILURE, print, print_json};
use clap::Args;
use edgec::PruneReport;
use edgec::tools::inspect::Inspection;
use edgec::tools::ram_curve::RamCurve;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    quantize: QuantizeArgs,
    /// Show what pruning brings: dead channels that were removed, zeros, and the cost with fewer channels
    #[arg(long)]
    prune_report: bool,
    /// Show what less RAM costs: the work of an inference in tiles that take less and less of it
    #[arg(long)]
    ram_curve: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was asked for, as one object.
#[derive(serde::Serialize)]
struct Inspected {
    #[serde(flatten)]
    inspection: Inspection,
    #[serde(skip_serializing_if = "Option::is_none")]
    prune_report: Option<PruneReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ram_curve: Option<RamCurve>,
}

/// `edgec inspect`.
pub(super) fn inspect(args: &InspectArgs) -> miette::Result<ExitCode> {
    let compiler = args
        .quantize
        .apply(args.target.apply(args.state.apply(args.model.compiler()?)))?;
    let inspection = Inspection::of(&compiler)?;
    let code = match &inspection.problem {
        Some(_) => ExitCode::from(FAILURE),
        None => ExitCode::SUCCESS,
    };
    // The reports below need a model that compiles, and this one has said why it does not.
    let compiles = inspection.problem.is_none();
    let prune_report = if args.prune_report && compiles {
        Some(PruneReport::of_model(&compiler, &compiler.load()?)?)
    } else {
        None
    };
    let ram_curve = if args.ram_curve && compiles {
        Some(RamCurve::of(&compiler, &compiler.load()?)?)
    } else {
        None
    };
    if args.json {
        print_json(&Inspected {
            inspection,
            prune_report,
            ram_curve,
        })?;
    } else {
        print(&inspection.to_string())?;
        print(&prune_report.map_or(String::new(), |report| format!("\n{report}")))?;
        print(&ram_curve.map_or(String::new(), |curve| format!("\n{curve}")))?;
    }
    Ok(code)
}
