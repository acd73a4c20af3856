//! Arguments, and which function answers them.

mod args;
mod bench;
mod emit;
mod eval;
mod inspect;
mod progress;
mod quantize_args;
mod run;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// A model that does not compile, or results that differ.
const FAILURE: u8 = 1;
/// A command line that is wrong or incomplete; clap's code as well.
const USAGE: u8 = 2;

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match (cli.command, cli.emit.0) {
        (Some(Command::Inspect(args)), _) => inspect::inspect(&args),
        (Some(Command::Run(args)), _) => run::run(&args),
        (Some(Command::Verify(args)), _) => verify::verify(&args),
        (Some(Command::Bench(args)), _) => bench::bench(&args),
        (Some(Command::Eval(args)), _) => eval::eval(&args),
        (None, Some(args)) => emit::emit(&args),
        (None, None) => Err(miette::miette!(help = "edgec --help", "there is no model to compile")),
    };
    match result {
        Ok(code) => code,
        Err(report) => {
            let usage = matches!(
                report.downcast_ref(),
                Some(edgec::Error::Usage { .. } | edgec::Error::Dimensions { .. })
            );
            eprintln!("{report:?}");
            ExitCode::from(if usage { USAGE } else { FAILURE })
        }
    }
}

/// Writes to stdout; a reader that has gone away (`edgec .. | head`) is no error.
fn print(text: &str) -> miette::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(miette::miette!("stdout cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

/// An object in JSON, with a field `prune_report` if one was asked for.
#[derive(serde::Serialize)]
struct WithPruneReport<T> {
    #[serde(flatten)]
    of: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    prune_report: Option<edgec::PruneReport>,
}

/// `value` as indented JSON on stdout.
fn print_json(value: &impl serde::Serialize) -> miette::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(|e| miette::miette!("{e}"))?;
    print(&(text + "\n"))
}
