use super::compile_args::CompileArgs;
use super::if_model::IfModel;
use super::{FAILURE, note, print};
use clap::Args;
use edgec::Error;
use edgec::tools::harness::Progress;
use edgec::tools::report_diff::ReportDiff;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
#[command(mut_arg("model", |model| model.required(false).required_unless_present("diff")))]
#[command(after_help = "The exit code is 1 if the model does not fit its budgets; the page is written all the same.")]
pub(super) struct ReportArgs {
    #[command(flatten)]
    compile: IfModel<CompileArgs>,
    /// The page to write; by default named after the model, in this folder
    #[arg(short, long, value_name = "FILE.html")]
    output: Option<PathBuf>,
    /// Show what was measured of each layer beside the estimates: a file in JSON, as the tools that measure print it
    #[arg(long, value_name = "FILE.json")]
    profile: Option<PathBuf>,
    /// Replace a file at the output's place that edgec has not written
    #[arg(long)]
    force: bool,
    /// Print what changed between two builds instead, as Markdown, from what --json printed for each
    #[arg(
        long,
        num_args = 2,
        value_names = ["BEFORE.json", "AFTER.json"],
        conflicts_with_all = ["model", "output", "profile", "force"]
    )]
    diff: Vec<PathBuf>,
}

/// `edgec report`.
pub(super) fn report(args: &ReportArgs) -> miette::Result<ExitCode> {
    if let [before, after] = &args.diff[..] {
        print(&ReportDiff::open(before, after)?.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(compile) = &args.compile.0 else {
        Err(Error::Usage {
            message: "there is no model to report on".into(),
            help: Some("edgec report MODEL.onnx".into()),
        })?
    };
    let name = Path::new(compile.model.model.file_name().unwrap_or_default());
    let output = args.output.clone().unwrap_or_else(|| name.with_extension("html"));
    let compiler = compile
        .compiler()?
        .over_budget(true)
        .force(args.force)
        .command(compile.command(&name.with_extension("rs"), &[]));
    let compiler = match &args.profile {
        Some(profile) => compiler.profile(profile),
        None => compiler,
    };
    let compiled = compiler.compile()?;
    let progress = Progress::start("writing the page");
    compiler.write_page(&compiled, &output)?;
    drop(progress);
    note(&compiled.report.to_string());
    print(&format!("{}\n", output.display()))?;
    Ok(match &compiled.report.over_budget {
        Some([message, help]) => {
            note(&format!("does not fit: {message}\n{help}\n"));
            ExitCode::from(FAILURE)
        }
        None => ExitCode::SUCCESS,
    })
}
