use super::{FAILURE, print, print_json};
use clap::Args;
use edgec::tools::stack::{StackReport, stack};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct StackArgs {
    /// The program, built for a Cortex-M or RV32
    #[arg(value_name = "ELF")]
    elf: PathBuf,
    /// The function to begin with: a symbol, or the end of its path in the source, such as `Digits::run`; by default
    /// what the processor starts with
    #[arg(long, value_name = "SYMBOL")]
    entry: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// `edgec stack`: fails if there is no bound.
pub(super) fn report(args: &StackArgs) -> miette::Result<ExitCode> {
    let elf = std::fs::read(&args.elf).map_err(|e| miette::miette!("{}: {e}", args.elf.display()))?;
    let report = stack(&elf, args.entry.as_deref())?;
    if args.json {
        print_json(&report)?;
    } else {
        print(&text(&report))?;
    }
    Ok(match report.unbounded.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::from(FAILURE),
    })
}

fn text(report: &StackReport) -> String {
    let most = if report.unbounded.is_empty() {
        "at most"
    } else {
        "or more"
    };
    let mut text = format!("{} bytes of stack {most}, from `{}` on:\n", report.bytes, report.entry);
    for frame in &report.path {
        let _ = writeln!(text, "{:>8}  {}", frame.bytes, frame.function);
    }
    for reason in &report.unbounded {
        let _ = writeln!(text, "unbounded: {reason}");
    }
    text
}
