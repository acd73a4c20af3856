//! The table of the documentation: accuracy, SQNR and size of the zoo's trained models quantised in several ways, as the
//! host executor computes them. `cargo run --release -p codegen-tests --bin ptq-table [MODEL | PART OF A WAY'S NAME]..`;
//! with `NOTES` in the environment also what the compiler remarks on each.

use edgec::eval::{Classes, Noise, TestSet};
use edgec::ir::Tensor;
use edgec::quantize::{Method, QuantizeOptions, Rounding, Scheme};
use edgec::{Compiled, Compiler, Error};
use std::path::Path;

/// The trained models of the zoo.
const MODELS: &[&str] = &[
    "lenet_mnist",
    "dsnet_mnist",
    "mlp_digits",
    "har_conv1d",
    "lstm_vowels",
    "gru_vowels",
];

/// What a model gives on a test set.
struct Results {
    outputs: Vec<Tensor>,
    right: usize,
    classes: Vec<usize>,
}

fn run(compiled: &Compiled, set: &TestSet, output: usize, classes: Classes) -> Result<Results, Error> {
    let mut executor = compiled.executor();
    let labels = set.labels.as_ref().map_or(&[][..], |labels| labels.classes());
    let mut results = Results {
        outputs: vec![],
        right: 0,
        classes: vec![],
    };
    for sample in &set.samples {
        let tensor = executor.run(&sample?).swap_remove(output);
        results.classes.extend(classes.best(&tensor));
        results.outputs.push(tensor);
    }
    results.right = results.classes.iter().zip(labels).filter(|(a, b)| a == b).count();
    Ok(results)
}

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
    let data = zoo.join(format!("data/{model}_testset.npz")).display().to_string();
    let compiler = Compiler::new(zoo.join(format!("trained/{model}.onnx")));
    let float = compiler.compile()?;
    let set = TestSet::open(&data, None, None, &float.program.inputs)?;
    let (output, classes) = set.judge(&float.program.outputs, None)?;
    let Some(classes) = classes else { return Ok(()) };
    let wanted = run(&float, &set, output, classes)?;
    let percent = |count: usize| 100.0 * count as f64 / wanted.classes.len().max(1) as f64;
    println!(
        "\n{model}: {:.2} % in floats, {} B of weights\n",
        percent(wanted.right),
        float.program.weight_bytes()
    );
    println!("| quantised | accuracy | agrees | SQNR | weights | RAM | takes |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let mut ways = ways(&format!("{data}:calib"));
    ways.retain(|(name, _)| parts.is_empty() || parts.iter().any(|part| name.contains(part)));
    for (name, options) in ways {
        let start = std::time::Instant::now();
        let compiled = compiler.clone().quantize(options).compile()?;
        let took = start.elapsed().as_secs_f64();
        let got = run(&compiled, &set, output, classes)?;
        let mut noise = Noise::default();
        let pairs = wanted.outputs.iter().zip(&got.outputs);
        pairs.for_each(|(wanted, got)| noise.add_tensor(wanted, got));
        let same = wanted.classes.iter().zip(&got.classes).filter(|(a, b)| a == b).count();
        println!(
            "| {name} | {:.2} % | {:.2} % | {noise} | {} B | {} B | {took:.1} s |",
            percent(got.right),
            percent(same),
            compiled.program.weight_bytes(),
            compiled.plan.peak,
        );
        if std::env::var_os("NOTES").is_some() {
            compiled.notes.iter().for_each(|note| println!("    {note}"));
        }
    }
    Ok(())
}

fn main() -> Result<(), Error> {
    let Some(zoo) = codegen_tests::zoo::folder() else {
        return Ok(());
    };
    let (models, parts): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .partition(|name| MODELS.contains(&name.as_str()));
    let is_chosen = |model: &&&str| models.is_empty() || models.iter().any(|name| name == **model);
    let mut chosen = MODELS.iter().filter(is_chosen);
    chosen.try_for_each(|model| table(&zoo, model, &parts))
}
