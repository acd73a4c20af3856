//! Builds random small models and runs their code on any bytes.
#![forbid(unsafe_code)]

use clap::Parser;
use codegen_tests::random_model::{Random, any_bits, model};
use edgec::front::load::load_bytes;
use edgec::ir::Tensor;
use edgec::tools::harness::{Module, Tolerance, Workspace, compare};
use edgec::{Compiled, Compiler};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Compares the emitted code of random models with the executor, on inputs of any bits
#[derive(Debug, Parser)]
struct Args {
    /// Begins no further batch of models after so many seconds
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Models that are built together
    #[arg(long, value_name = "N", default_value_t = 60)]
    models: usize,
    /// Inputs of each model
    #[arg(long, value_name = "N", default_value_t = 200)]
    inputs: usize,
    /// Number of the first model
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let start = Instant::now();
    let (mut seed, mut runs) = (args.seed, 0);
    loop {
        let seeds: Vec<u64> = (seed..).take(args.models).collect();
        match batch(&seeds, args.inputs) {
            Ok(count) => runs += count,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
        seed += args.models as u64;
        println!("models {} to {seed}: {runs} runs are equal", args.seed);
        if start.elapsed() > Duration::from_secs(args.seconds) {
            return ExitCode::SUCCESS;
        }
    }
}

/// Builds a model for each seed and runs all of them; gives the number of runs.
fn batch(seeds: &[u64], inputs: usize) -> Result<usize, String> {
    let (mut modules, mut compiled) = (vec![], vec![]);
    for seed in seeds {
        let bytes = model(&mut Random(*seed));
        let read = load_bytes(&bytes, None).map_err(|e| format!("model {seed}: {e}"))?;
        let compiler = Compiler::new(format!("m{seed}.onnx"));
        let one = compiler
            .compile_model(&read, &mut |_, _| {})
            .map_err(|e| format!("model {seed}: {e}"))?;
        modules.push(Module::new(format!("m{seed}"), &compiler, &one));
        compiled.push(one);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/emitted-fuzz");
    let workspace = Workspace::open(&folder).map_err(|e| e.to_string())?;
    let runners = workspace.build(&[modules]).map_err(|e| e.to_string())?;
    for ((seed, compiled), runner) in seeds.iter().zip(&compiled).zip(runners) {
        let runner = runner.map_err(|e| format!("model {seed}: {e}"))?;
        let mut random = Random(!seed);
        let ports = &compiled.program.inputs;
        let cases: Vec<Vec<Tensor>> = (0..inputs)
            .map(|_| ports.iter().map(|port| any_bits(&port.ty, &mut random)).collect())
            .collect();
        let got = runner.run(&cases).map_err(|e| format!("model {seed}: {e}"))?;
        differ(compiled, &cases, &got).map_err(|e| format!("model {seed}: {e}"))?;
    }
    Ok(seeds.len() * inputs)
}

/// Compares with the executor.
fn differ(compiled: &Compiled, cases: &[Vec<Tensor>], got: &[Vec<Tensor>]) -> Result<(), String> {
    let mut executor = compiled.executor();
    for (number, (inputs, got)) in cases.iter().zip(got).enumerate() {
        for (got, want) in got.iter().zip(executor.run(inputs)) {
            let compared = compare(got, &want, Tolerance::of(got.dtype));
            if !compared.passes() {
                return Err(format!("input {number}: {compared}"));
            }
        }
    }
    Ok(())
}
