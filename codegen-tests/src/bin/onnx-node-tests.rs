//! Runs ONNX's node tests through emitted code.
#![forbid(unsafe_code)]

use clap::Parser;
use codegen_tests::node_tests::{self, Backend, NodeTest};
use codegen_tests::python;
use edgec::tools::harness::Workspace;
use regex::Regex;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Compiles ONNX's node tests, builds and runs the emitted code, and compares its results with the expected ones
#[derive(Debug, Parser)]
struct Args {
    /// Folder of tests; by default those of the Python package `onnx`, exported into the target folder
    #[arg(long, value_name = "DIR")]
    tests: Option<PathBuf>,
    /// Only tests whose name matches
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Only tests that are named in this file, one per line
    #[arg(long, value_name = "FILE")]
    only: Option<PathBuf>,
    /// One test in ten, and at least one of each operator
    #[arg(long)]
    slice: bool,
    /// Write the verdicts as JSON
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Write the scores as Markdown
    #[arg(long, value_name = "OUT.md")]
    write: Option<PathBuf>,
    /// Let the compiler see the shapes that the tests declare
    #[arg(long)]
    keep_shapes: bool,
    /// Run the host executor instead of emitted code
    #[arg(long)]
    executor: bool,
    /// Count tests that the compiler refuses with an error apart from those that fail
    #[arg(long)]
    allow_refused: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &Args) -> Result<bool, String> {
    let target = target_folder();
    let folder = match &args.tests {
        Some(folder) => folder.clone(),
        None => exported(&target)?,
    };
    let mut tests = node_tests::read(&folder)?;
    if args.slice {
        tests = slice(tests);
    }
    if let Some(filter) = &args.filter {
        tests.retain(|test| filter.is_match(&test.name));
    }
    if let Some(path) = &args.only {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let names: Vec<_> = text.split_whitespace().collect();
        tests.retain(|test| names.contains(&test.name.as_str()));
    }
    if tests.is_empty() {
        return Err(format!("no test of {} is selected", folder.display()));
    }
    // Beside the workspaces of the tests: runtime-core is compiled for them.
    let workspace = match args.executor {
        true => None,
        false => Some(Workspace::open(&target.join("tmp/edgec/node_tests")).map_err(|e| e.to_string())?),
    };
    let backend = workspace.as_ref().map_or(Backend::Executor, Backend::Emitted);
    let verdicts = node_tests::run(tests, args.keep_shapes, &backend)?;
    let (refused, judged): (Vec<_>, Vec<_>) = verdicts
        .iter()
        .cloned()
        .partition(|verdict| args.allow_refused && verdict.refusal.is_some());
    print!("{}", node_tests::summary(&judged));
    if args.allow_refused {
        print!("{}", node_tests::refusals(&refused));
    }
    let write = |path: &Path, text: String| std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()));
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&verdicts).map_err(|e| e.to_string())?;
        write(path, text)?;
    }
    if let Some(path) = &args.write {
        let suite = folder.file_name().unwrap_or_default().to_string_lossy();
        write(path, node_tests::markdown(&verdicts, &format!("onnx {suite}")))?;
    }
    Ok(judged.iter().all(|v| v.failure.is_none()))
}

/// One test in ten, and the first of each operator that has none among them.
fn slice(tests: Vec<NodeTest>) -> Vec<NodeTest> {
    let tenth = |(i, test): (usize, &NodeTest)| i.is_multiple_of(10).then(|| test.operator.clone());
    let mut covered: Vec<String> = tests.iter().enumerate().filter_map(tenth).collect();
    let mut chosen = vec![];
    for (i, test) in tests.into_iter().enumerate() {
        let new = !covered.contains(&test.operator);
        if new {
            covered.push(test.operator.clone());
        }
        if new || i.is_multiple_of(10) {
            chosen.push(test);
        }
    }
    chosen
}

/// The workspace's target folder.
fn target_folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(default, PathBuf::from)
}

/// The tests of the Python package, exported unless they have been.
fn exported(target: &Path) -> Result<PathBuf, String> {
    let folder = target.join("onnx-node-tests");
    let output = python::run("export_node_tests.py", &[&folder.to_string_lossy()])?;
    Ok(PathBuf::from(output.trim_end()))
}
