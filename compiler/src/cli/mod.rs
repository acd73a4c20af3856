//! Arguments, and which function answers them.

mod args;
mod bench;
mod bench_layers;
mod build_args;
mod compile_args;
mod completions;
mod doctor;
mod emit;
mod eval;
mod help;
mod if_model;
mod inspect;
mod layout_args;
mod misspelt;
mod model_args;
mod new;
mod output_args;
mod package;
mod progress;
mod prune;
mod quantize_args;
mod report;
mod run;
mod rust;
mod section_args;
mod self_test_args;
mod stack;
mod state_args;
mod stream_args;
mod target_args;
mod train_args;
mod tune;
mod update_args;
mod updates;
mod verify;

use args::{Cli, Command};
use clap::Parser;
use edgec::ir::PrintableLines;
use std::io::Write;
use std::process::ExitCode;

/// A model that does not compile, or results that differ.
const FAILURE: u8 = 1;
/// A command line that is wrong or incomplete; clap's code as well.
const USAGE: u8 = 2;

pub(crate) fn main() -> ExitCode {
    let cli = match misspelt::command(std::env::args_os().nth(1)) {
        Some(error) => Err(error),
        None => Cli::try_parse().map_err(misspelt::option),
    };
    let cli = cli.unwrap_or_else(|error| match list_of_targets(&error) {
        Some(list) => {
            let _ = print(&list);
            std::process::exit(0)
        }
        None => error.exit(),
    });
    let result = match (cli.command, cli.emit.0) {
        (Some(Command::Inspect(args)), _) => inspect::inspect(&args),
        (Some(Command::Run(args)), _) => run::run(&args),
        (Some(Command::Verify(args)), _) => verify::verify(&args),
        (Some(Command::Bench(args)), _) => bench::bench(&args),
        (Some(Command::Tune(args)), _) => tune::tune(&args),
        (Some(Command::Report(args)), _) => report::report(&args),
        (Some(Command::Eval(args)), _) => eval::eval(&args),
        (Some(Command::Prune(args)), _) => prune::prune(&args),
        (Some(Command::Pack(args)), _) => updates::pack(&args),
        (Some(Command::Sign(args)), _) => updates::sign(&args),
        (Some(Command::Keygen(args)), _) => updates::keygen(&args),
        (Some(Command::Stack(args)), _) => stack::report(&args),
        (Some(Command::New(args)), _) => new::new(args),
        (Some(Command::Package(args)), _) => package::package(&args),
        (Some(Command::Doctor), _) => doctor::doctor(),
        (Some(Command::Completions(args)), _) => completions::completions(&args),
        (Some(Command::Man(args)), _) => completions::man(&args),
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
            // It has colours on a terminal: only what it shows is escaped.
            let shown = miette::Report::new(Shown::of(&*report));
            let _ = write_to(std::io::stderr().lock(), &format!("{shown:?}\n"));
            ExitCode::from(if usage { USAGE } else { FAILURE })
        }
    }
}

/// What `--target help` lists, before which clap would put `error:`.
fn list_of_targets(error: &clap::Error) -> Option<String> {
    let is_help = error.kind() == clap::error::ErrorKind::DisplayHelp;
    let text = is_help.then(|| error.to_string())?;
    text.strip_prefix("error: ").map(str::to_owned)
}

/// A message with all that it says fit for a terminal, whatever names it holds.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
struct Shown {
    message: String,
    #[help]
    help: Option<String>,
    #[source]
    cause: Option<Box<Shown>>,
}

impl Shown {
    fn of(report: &dyn miette::Diagnostic) -> Self {
        let help = report.help().map(|help| PrintableLines(help).to_string());
        Self {
            message: PrintableLines(report).to_string(),
            help,
            cause: report.source().map(Self::cause),
        }
    }

    fn cause(error: &(dyn std::error::Error + 'static)) -> Box<Self> {
        Box::new(Self {
            message: PrintableLines(error).to_string(),
            help: None,
            cause: error.source().map(Self::cause),
        })
    }
}

/// Writes Rust source to stdout: it is printable ASCII.
fn print_source(text: &str) -> miette::Result<()> {
    write_to(std::io::stdout().lock(), text)
}

/// Writes to stdout what may hold names from a model.
fn print(text: &str) -> miette::Result<()> {
    write_to(std::io::stdout().lock(), &PrintableLines(text).to_string())
}

/// Writes to stderr what may hold names from a model. Nobody is helped by an error about it.
fn note(text: &str) {
    let _ = write_to(std::io::stderr().lock(), &PrintableLines(text).to_string());
}

/// Writes a text; a reader that has gone away (`edgec .. | head`) is no error.
fn write_to(mut to: impl Write, text: &str) -> miette::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
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
    print(&(escaped_json(&text) + "\n"))
}

/// JSON whose texts hold printable ASCII only, as JSON escapes everything else.
fn escaped_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() && c != '\u{7f}' {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}
