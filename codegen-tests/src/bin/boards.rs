//! Models of the zoo on processors of boards, which an emulator plays: floats as exact as on a PC, integers bit for bit
//! those of the host.

use clap::Parser;
use codegen_tests::zoo::{self, Reference};
use edgec::Machine;
use edgec::tools::harness::{Module, Runner, Workspace};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Models in floats.
const FLOATS: &[&str] = &[
    "mlperf_tiny/ad_autoencoder_fp32",
    "mlperf_tiny/ic_resnet8_fp32",
    "mlperf_tiny/kws_dscnn_fp32",
    "mlperf_tiny/sww_tcn_fp32",
    "mlperf_tiny/vww_mobilenetv1_fp32",
    "tiny/conv1d_ecg",
    "tiny/tiny_transformer",
    "trained/gru_vowels",
    "trained/lenet_mnist",
    "trained/lstm_vowels",
];

/// Quantised models.
const INTEGERS: &[&str] = &[
    "mlperf_tiny/ad_autoencoder_int8",
    "mlperf_tiny/ic_resnet8_int8",
    "mlperf_tiny/kws_dscnn_int8",
    "mlperf_tiny/sww_tcn_int8",
    "mlperf_tiny/vww_mobilenetv1_int8",
    "tiny/pulsevad_2.1k_int8",
    "tiny/tflm_micro_speech_int8",
    "trained/gru_vowels_minmax_s8_ortq8",
    "trained/har_conv1d_minmax_s8_ortq8",
    "trained/lenet_mnist_minmax_s8_ortq8",
];

/// Models in one crate: few, so that cargo compiles crates side by side.
const TOGETHER: usize = 5;

/// Runs models of the zoo as programs for another processor. Prints a line for each, and ends with code 1 if one fails.
#[derive(Debug, Parser)]
struct Args {
    /// The target triple that they are built for
    #[arg(long)]
    target: String,
    /// An emulator with its arguments, as one word; may be repeated: the same programs run on each
    #[arg(long, required = true)]
    emulator: Vec<String>,
    /// Flags of rustc, such as "-C target-feature=+neon"
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    rustflags: String,
    /// The folder to build in
    #[arg(long)]
    folder: PathBuf,
    /// Only models whose name has this in it
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    let Some(zoo) = zoo::folder() else {
        return ExitCode::SUCCESS;
    };
    match run(&Args::parse(), &zoo) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all models compute what they should.
fn run(args: &Args, zoo: &Path) -> Result<bool, String> {
    let machine: Machine = args.target.parse().map_err(|e| format!("--target: {e}"))?;
    let models: Vec<_> = FLOATS
        .iter()
        .chain(INTEGERS)
        .filter(|model| model.contains(&args.only))
        .collect();
    if models.is_empty() {
        return Err(format!("no model has `{}` in its name", args.only));
    }
    let compile = |model: &&&str| Reference::compile(zoo, model, machine.clone()).map_err(|e| format!("{model}: {e}"));
    let compiled = models.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
    let module = |model: &Reference| Module::new(&model.module, &model.compiler, &model.compiled);
    let crates: Vec<Vec<_>> = compiled
        .chunks(TOGETHER)
        .map(|some| some.iter().map(module).collect())
        .collect();
    let workspace = Workspace::open(&args.folder).map_err(|e| e.to_string())?;
    let workspace = workspace.target(&args.target).rustflags(&args.rustflags);
    let built = workspace.build(&crates).map_err(|e| e.to_string())?;
    let built = built
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| e.to_string())?;
    let mut good = true;
    for emulator in &args.emulator {
        for ((model, reference), runner) in models.iter().zip(&compiled).zip(&built) {
            let runner = runner.clone().emulator(emulator.split_whitespace());
            match check(reference, &runner, INTEGERS.contains(model)) {
                Ok(()) => println!("ok   {emulator}: {model}"),
                Err(error) => {
                    println!("FAIL {emulator}: {model}: {error}");
                    good = false;
                }
            }
        }
    }
    Ok(good)
}

/// What is wrong with a model, if anything is: integers with any bit, floats with what is further from the reference
/// than on a PC.
fn check(model: &Reference, runner: &Runner, integers: bool) -> Result<(), String> {
    if integers {
        return model.same_bits(runner);
    }
    match model
        .agrees(runner)?
        .into_iter()
        .find(|(_, comparison)| !comparison.passes())
    {
        Some((name, comparison)) => Err(format!("`{name}`: {comparison}")),
        None => Ok(()),
    }
}
