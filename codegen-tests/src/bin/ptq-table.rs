//! The table of the documentation: accuracy, SQNR and size of the zoo's trained models quantised in several ways, as
//! the host executor computes them. `cargo run --release -p codegen-tests --bin ptq-table [MODEL | PART OF A WAY'S
//! NAME]..`; with `NOTES` in the environment also what the compiler remarks on each.

use codegen_tests::trained::{MODELS, Trained};
use codegen_tests::zoo;
use edgec::Error;
use edgec::middle::quantize::{Method, QuantizeOptions, Rounding, Scheme};
use std::path::Path;

/// The ways, each with its name.
fn ways(calibrate: &str) -> Vec<(String, QuantizeOptions)> {
    let best = QuantizeOptions::new(calibrate);
    let mut ways = vec![];
    for method in [Method::Minmax, Method::Percentile, Method::Mse, Method::Entropy] {
        let name = format!("int8, {method:?}").to_lowercase();
        let best = QuantizeOptions { method, ..best.clone() };
        let biases = QuantizeOptions {
            rounding: Rounding::Nearest,
            ..best.clone()
        };
        let plain = QuantizeOptions {
            bias_correction: false,
            ..biases.clone()
        };
        ways.push((format!("{name} alone"), plain));
        ways.push((format!("{name}, biases corrected"), biases));
        ways.push((format!("{name}, and weights rounded adaptively"), best));
    }
    let equalize = !best.equalize;
    let name = format!(
        "int8, {:?}, {} equalisation",
        best.method,
        if equalize { "with" } else { "without" }
    );
    let name = name.to_lowercase();
    ways.push((
        name,
        QuantizeOptions {
            equalize,
            ..best.clone()
        },
    ));
    for scheme in [Scheme::Int16x8, Scheme::W4] {
        for rounding in [Rounding::Nearest, Rounding::Adaptive] {
            let name = format!("{scheme:?}, {rounding:?}").to_lowercase();
            let options = QuantizeOptions {
                scheme,
                rounding,
                ..best.clone()
            };
            ways.push((name, options));
        }
    }
    let halves = QuantizeOptions {
        scheme: Scheme::F16,
        ..QuantizeOptions::default()
    };
    ways.push(("f16 weights".into(), halves));
    ways
}

fn table(zoo: &Path, model: &str, parts: &[String]) -> Result<(), Error> {
    let trained = Trained::open(zoo, model)?;
    let wanted = trained.run(&trained.float)?;
    println!(
        "\n{model}: {:.2} % in floats, {} B of weights\n",
        wanted.accuracy(),
        trained.float.program.weight_bytes()
    );
    println!("| quantised | accuracy | agrees | SQNR | weights | RAM | takes |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let mut ways = ways(&trained.calibration());
    ways.retain(|(name, _)| parts.is_empty() || parts.iter().any(|part| name.contains(part)));
    for (name, options) in ways {
        let start = std::time::Instant::now();
        let compiled = trained.compiler.clone().quantize(options).compile()?;
        let took = start.elapsed().as_secs_f64();
        let got = trained.run(&compiled)?;
        println!(
            "| {name} | {:.2} % | {:.2} % | {} | {} B | {} B | {took:.1} s |",
            got.accuracy(),
            got.agreement(&wanted),
            got.noise(&wanted),
            compiled.report.weights,
            compiled.report.ram,
        );
        if std::env::var_os("NOTES").is_some() {
            compiled.report.notes.iter().for_each(|note| println!("    {note}"));
        }
    }
    Ok(())
}

fn main() -> Result<(), Error> {
    let Some(zoo) = zoo::folder() else {
        return Ok(());
    };
    let (models, parts): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|name| MODELS.contains(&name.as_str()));
    let is_chosen = |model: &&&str| models.is_empty() || models.iter().any(|name| name == **model);
    let mut chosen = MODELS.iter().filter(is_chosen);
    chosen.try_for_each(|model| table(&zoo, model, &parts))
}
