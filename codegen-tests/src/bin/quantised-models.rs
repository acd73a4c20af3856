//! Compares quantised models with ONNX Runtime, layer by layer and as a whole.
#![forbid(unsafe_code)]

use clap::Parser;
use codegen_tests::quantised::{MODELS, agreement};
use codegen_tests::zoo;
use regex::Regex;
use std::path::Path;
use std::process::ExitCode;

/// Prints a table of how many integers equal ONNX Runtime's, are one step off and more: for each layer alone, and at
/// the end of the model
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
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(zoo) = zoo::folder() else {
        return ExitCode::FAILURE;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/quantised-models");
    let is_wanted = |model: &&str| args.filter.as_ref().is_none_or(|filter| filter.is_match(model));
    let models: Vec<&str> = MODELS.iter().copied().filter(is_wanted).collect();
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
