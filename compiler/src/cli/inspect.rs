use super::model_args::ModelArgs;
use super::quantize_args::QuantizeArgs;
use super::state_args::StateArgs;
use super::target_args::TargetArgs;
use super::{FAILURE, print, print_json};
use clap::Args;
use edgec::tools::inspect::Inspected;
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

/// `edgec inspect`.
pub(super) fn inspect(args: &InspectArgs) -> miette::Result<ExitCode> {
    let compiler = args
        .quantize
        .apply(args.target.apply(args.state.apply(args.model.compiler()?)))?;
    let inspected = Inspected::of(&compiler, args.prune_report, args.ram_curve)?;
    let code = match &inspected.inspection.problem {
        Some(_) => ExitCode::from(FAILURE),
        None => ExitCode::SUCCESS,
    };
    if args.json {
        print_json(&inspected)?;
        return Ok(code);
    }
    print(&inspected.inspection.to_string())?;
    print(
        &inspected
            .prune_report
            .map_or(String::new(), |report| format!("\n{report}")),
    )?;
    print(&inspected.ram_curve.map_or(String::new(), |curve| format!("\n{curve}")))?;
    Ok(code)
}
