//! Accuracy and SQNR of the zoo's trained models, quantised by every method and scheme, as the table of the documentation:
//! `cargo run --release -p codegen-tests --bin ptq-table [MODEL..]`.

use edgec::ir::{DType, Graph, Tensor};
use edgec::passes::{self, BEFORE_QUANTIZATION};
use edgec::quantize::{Method, QuantizeOptions, Rounding, Scheme, Watch, quantize};
use edgec::{Compiler, import, npz};

const MODELS: &[&str] = &[
    "lenet_mnist",
    "dsnet_mnist",
    "mlp_digits",
    "har_conv1d",
    "lstm_vowels",
    "gru_vowels",
];

fn samples(stacked: &Tensor, shape: &[usize]) -> Vec<Vec<Tensor>> {
    let size: usize = shape.iter().product::<usize>() * stacked.dtype.size();
    let bytes = stacked.bytes.chunks(size);
    bytes
        .map(|b| vec![Tensor::new(stacked.dtype, shape.to_vec(), b.to_vec())])
        .collect()
}

fn argmax(values: &[f32]) -> usize {
    (0..values.len())
        .max_by(|a, b| values[*a].total_cmp(&values[*b]))
        .unwrap()
}

fn outputs(graph: &Graph, samples: &[Vec<Tensor>]) -> Vec<Vec<f32>> {
    let watch = Watch::new(graph, &[]).unwrap();
    let mut watching = watch.start();
    samples.iter().map(|s| watching.run(s).0[0].to_f32().unwrap()).collect()
}

fn main() {
    let zoo = codegen_tests::zoo::folder().expect("the zoo");
    let chosen: Vec<_> = std::env::args().skip(1).collect();
    for model in MODELS
        .iter()
        .filter(|m| chosen.is_empty() || chosen.iter().any(|c| m.contains(c.as_str())))
    {
        let data = npz::read(&zoo.join(format!("data/{model}_testset.npz"))).unwrap();
        let compiler = Compiler::new(zoo.join(format!("trained/{model}.onnx")));
        let loaded = compiler.load().unwrap();
        let mut graph = import::import(&loaded, model, &Default::default()).unwrap().graph;
        passes::run(&mut graph, BEFORE_QUANTIZATION, &mut |_, _| {}).unwrap();
        let shape = graph.ty(graph.inputs()[0]).shape.clone();
        let (x, calib) = (samples(&data["x"], &shape), samples(&data["calib"], &shape));
        let labels: Vec<usize> = data["y"].to_f64().iter().map(|y| *y as usize).collect();
        let accuracy = |y: &[Vec<f32>]| {
            100.0 * y.iter().zip(&labels).filter(|(y, label)| argmax(y) == **label).count() as f64 / labels.len() as f64
        };
        let float = outputs(&graph, &x);
        println!("{model}: float {:.2} %", accuracy(&float));
        assert_eq!(data["x"].dtype, DType::F32);
        let base = QuantizeOptions::new("");
        let mut variants = vec![];
        for method in [Method::Minmax, Method::Percentile, Method::Mse, Method::Entropy] {
            let plain = QuantizeOptions {
                method,
                rounding: Rounding::Nearest,
                bias_correction: false,
                equalize: false,
                ..base.clone()
            };
            variants.push((format!("{method:?}"), plain.clone()));
            variants.push((
                format!("{method:?} +bias"),
                QuantizeOptions {
                    bias_correction: true,
                    ..plain.clone()
                },
            ));
            variants.push((
                format!("{method:?} +adaptive"),
                QuantizeOptions {
                    method,
                    equalize: false,
                    ..base.clone()
                },
            ));
            variants.push((format!("{method:?} all"), QuantizeOptions { method, ..base.clone() }));
        }
        for scheme in [Scheme::Int16x8, Scheme::W4] {
            variants.push((format!("{scheme:?}"), QuantizeOptions { scheme, ..base.clone() }));
            variants.push((
                format!("{scheme:?} nearest"),
                QuantizeOptions {
                    scheme,
                    rounding: Rounding::Nearest,
                    ..base.clone()
                },
            ));
        }
        for (name, options) in variants {
            let start = std::time::Instant::now();
            let source =
                || -> Result<Box<dyn Iterator<Item = _>>, edgec::Error> { Ok(Box::new(calib.iter().cloned().map(Ok))) };
            let quantised = quantize(&graph, &options, &source, None, &mut |_, _, _| {}).unwrap();
            let took = start.elapsed().as_secs_f64();
            let got = outputs(&quantised.graph, &x);
            let (mut signal, mut noise) = (0.0, 0.0);
            for (a, b) in float.iter().flatten().zip(got.iter().flatten()) {
                signal += f64::from(*a).powi(2);
                noise += f64::from(a - b).powi(2);
            }
            let agree = float.iter().zip(&got).filter(|(a, b)| argmax(a) == argmax(b)).count();
            println!(
                "  {name:24} accuracy {:6.2}  agree {:6.2}  SQNR {:6.2} dB  {took:.1} s {:?}",
                accuracy(&got),
                100.0 * agree as f64 / got.len() as f64,
                10.0 * (signal / noise).log10(),
                quantised.report.notes(),
            );
        }
    }
}
