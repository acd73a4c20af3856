//! Compares quantised models with ONNX Runtime, layer by layer and as a whole.
#![forbid(unsafe_code)]

use clap::Parser;
use codegen_tests::quantised::{MODELS, agreement, differing};
use codegen_tests::zoo;
use edgec::Target;
use edgec::harness::Workspace;
use regex::Regex;
use std::path::Path;
use std::process::ExitCode;

/// Prints a table of how many integers equal ONNX Runtime's, are one step off and more: for each layer alone, and at the
/// end of the model
#[derive(Debug, Parser)]
struct Args {
    /// Only models whose name matches
    #[arg(long, value_name = "REGEX")]
    filter: Option<Regex>,
    /// Random cases beside the stored ones
    #[arg(long, value_name = "N", default_value_t = 5)]
    more: usize,
    /// Show every layer that is not equal throughout
    #[arg(long)]
    layers: bool,
    /// Instead, build the emitted code and compare it with the host executor bit for bit
    #[arg(long)]
    emitted: bool,
    /// What the code is for
    #[arg(long, value_enum, default_value_t)]
    target: Target,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(zoo) = zoo::folder() else {
        return ExitCode::FAILURE;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/quantised-models");
    let is_wanted = |model: &&str| args.filter.as_ref().is_none_or(|filter| filter.is_match(model));
    let models: Vec<&str> = MODELS.iter().copied().filter(is_wanted).collect();
    if args.emitted {
        return emitted(&zoo, &folder, &models, args.target);
    }
    println!("| model | layers | equal | | one step off | more | at the end: equal | | one step off | more |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut code = ExitCode::SUCCESS;
    for model in models {
        match agreement(&zoo, model, &folder.join(model), args.more) {
            Ok(agreement) => {
                let (layers, whole) = (agreement.of_layers(), agreement.whole);
                println!("| {model} | {} | {layers} | {whole} |", agreement.layers.len());
                for (layer, steps) in agreement
                    .layers
                    .iter()
                    .filter(|(_, s)| args.layers && s.equal < s.all())
                {
                    println!("|   {layer} | | {steps} | | | | |");
                }
                if layers.more > 0 {
                    code = ExitCode::FAILURE;
                }
            }
            Err(error) => {
                eprintln!("error: {model}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn emitted(zoo: &Path, folder: &Path, models: &[&str], target: Target) -> ExitCode {
    let workspace = Workspace::open(&folder.join("emitted")).map_err(|e| e.to_string());
    match workspace.and_then(|workspace| differing(zoo, &workspace, models, target)) {
        Ok(differing) if differing.is_empty() => {
            println!(
                "{} models: emitted code and the host executor give the same bits",
                models.len()
            );
            ExitCode::SUCCESS
        }
        Ok(differing) => {
            differing.iter().for_each(|case| println!("differs: {case}"));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
