//! Recurrent models of the zoo with their layers in integers, against the same models in floats.

use codegen_tests::workspace;
use codegen_tests::zoo::{self, Reference};
use edgec::back::report::{Origin, Report};
use edgec::front::import::{self, Dimensions};
use edgec::ir::primitives::Recurrence;
use edgec::ir::{Graph, NodeId, Tensor, ValueId, verify};
use edgec::middle::passes::{self, CellObserver, RecurrenceRanges, quantise_recurrence};
use edgec::tools::harness::{Case, Tolerance};
use edgec::{Compiled, Compiler, Machine, back::portable, data::npz};
use std::collections::BTreeMap;
use std::path::Path;

fn graph(zoo: &Path, model: &str) -> Graph {
    let model = Compiler::new(zoo.join(format!("{model}.onnx"))).load().unwrap();
    let mut graph = import::import(&model, "model", &Dimensions::default()).unwrap().graph;
    passes::run(&mut graph, passes::BEFORE_QUANTIZATION, &mut |_, _| {}).unwrap();
    graph
}

fn layers(graph: &Graph) -> Vec<NodeId> {
    let nodes = graph.order().into_iter();
    nodes
        .filter(|id| graph.node(*id).op::<Recurrence>().is_some())
        .collect()
}

fn compiled(graph: &Graph) -> Compiled {
    verify(graph).unwrap();
    let mut graph = graph.clone();
    passes::run(&mut graph, passes::AFTER_QUANTIZATION, &mut |_, _| {}).unwrap();
    let (program, plan) = portable(&graph).unwrap();
    Compiled {
        report: Report::of(&program, &plan, Origin::default()),
        program,
        plan,
        machine: Machine::portable(),
        quantized: None,
        narrow_outputs: Default::default(),
        external_files: vec![],
        changes: vec![],
    }
}

/// The inputs of a layer that [`CellObserver`] looks at.
fn observed(graph: &Graph, layer: NodeId) -> [ValueId; 3] {
    [0, 1, 2].map(|index| graph.node(layer).inputs[index].unwrap())
}

/// The ranges of each layer for these inputs of the model.
fn ranges(zoo: &Path, model: &str, samples: &[Vec<Tensor>]) -> Vec<RecurrenceRanges> {
    let mut graph = graph(zoo, model);
    let layers = layers(&graph);
    let mut observers: Vec<_> = layers
        .iter()
        .map(|layer| CellObserver::new(&graph, *layer).unwrap())
        .collect();
    let outputs = graph.outputs().len();
    for layer in &layers {
        for value in observed(&graph, *layer) {
            graph.add_output("observed", value);
        }
    }
    let compiled = compiled(&graph);
    let mut executor = compiled.executor();
    let mut gates = vec![0.0_f32; layers.len()];
    for inputs in samples {
        let values = executor.run(inputs);
        for (index, values) in values[outputs..].as_chunks::<3>().0.iter().enumerate() {
            let x = values[0].to_f32().unwrap();
            gates[index] = x.iter().fold(gates[index], |most, x| most.max(x.abs()));
            if let Some(observer) = &mut observers[index] {
                observer.observe(&values[0], &values[1], &values[2]);
            }
        }
    }
    let ranges = gates.into_iter().zip(&observers);
    ranges
        .map(|(gates, observer)| RecurrenceRanges {
            gates,
            // The models begin with zeros.
            hidden: 0.0,
            cell: observer.as_ref().map(CellObserver::range),
        })
        .collect()
}

fn quantised(zoo: &Path, model: &str, ranges: &[RecurrenceRanges]) -> (Compiled, Vec<String>) {
    let mut graph = graph(zoo, model);
    let mut warnings = vec![];
    for (layer, ranges) in layers(&graph).into_iter().zip(ranges) {
        warnings.extend(quantise_recurrence(&mut graph, layer, ranges).unwrap().unwrap());
    }
    assert!(layers(&graph).is_empty());
    (compiled(&graph), warnings)
}

/// Signal to noise in decibels.
fn sqnr(expected: &[f32], got: &[f32]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>();
    let noise = power(&mut expected.iter().zip(got).map(|(a, b)| a - b));
    10.0 * (power(&mut expected.iter().copied()) / noise).log10()
}

/// One sample after the other, with a batch of one.
fn samples(stacked: &Tensor) -> Vec<Vec<Tensor>> {
    let mut shape = stacked.shape.clone();
    shape[0] = 1;
    let values = stacked.to_f32().unwrap();
    let len = shape.iter().product::<usize>();
    values
        .chunks(len)
        .map(|sample| vec![Tensor::f32(&shape, sample)])
        .collect()
}

fn accuracy(logits: &[f32], labels: &Tensor) -> f64 {
    let labels = labels.to_f64();
    let classes = logits.chunks(logits.len() / labels.len());
    let best = |logits: &[f32]| {
        (0..logits.len())
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]))
            .unwrap() as f64
    };
    let right = classes.zip(&labels).filter(|(logits, label)| best(logits) == **label);
    100.0 * right.count() as f64 / labels.len() as f64
}

#[test]
fn trained_models_keep_their_accuracy() {
    let Some(zoo) = zoo::folder() else { return };
    for model in ["lstm_vowels", "gru_vowels"] {
        let data = npz::read(&zoo.join(format!("data/{model}_testset.npz"))).unwrap();
        let float = data["fp32_logits"].to_f32().unwrap();
        let path = format!("trained/{model}");
        let seen = ranges(&zoo, &path, &samples(&data["calib"]));
        let unseen: Vec<_> = seen
            .iter()
            .map(|seen| RecurrenceRanges { cell: None, ..*seen })
            .collect();
        for ranges in [seen, unseen] {
            let (compiled, warnings) = quantised(&zoo, &path, &ranges);
            let mut executor = compiled.executor();
            let logits = samples(&data["x"])
                .into_iter()
                .map(|x| executor.run(&x)[0].to_f32().unwrap());
            let logits = logits.collect::<Vec<_>>().concat();
            let [before, after] = [&float, &logits].map(|logits| accuracy(logits, &data["y"]));
            let db = sqnr(&float, &logits);
            println!("{model} {ranges:?}: {db:.1} dB, accuracy {after:.2} % for {before:.2} %, {warnings:?}");
            assert!(db >= 50.0, "{model}: {db:.1} dB");
            assert!(
                (before - after).abs() <= 0.5,
                "{model}: accuracy {after:.2} % for {before:.2} %"
            );
        }
    }
}

#[test]
fn emitted_code_computes_what_the_host_does() {
    let Some(zoo) = zoo::folder() else { return };
    let mut references = vec![];
    for name in ["lstm_cls", "gru_cls", "bilstm_cls", "lstm_stream"] {
        let path = format!("tiny/{name}");
        let mut reference = Reference::compile(&zoo, &path, Machine::mcu()).unwrap();
        let program = &reference.compiled.program;
        let inputs = reference
            .cases
            .iter()
            .map(|case| edgec::tools::harness::inputs(program, &case.inputs).unwrap());
        let inputs: Vec<Vec<Tensor>> = inputs.collect();
        let (compiled, warnings) = quantised(&zoo, &path, &ranges(&zoo, &path, &inputs));
        assert_eq!(warnings, [""; 0]);
        let mut executor = compiled.executor();
        for (case, inputs) in reference.cases.iter_mut().zip(&inputs) {
            let names = compiled.program.outputs.iter().map(|port| port.name.clone());
            let results: BTreeMap<_, _> = names.zip(executor.run(inputs)).collect();
            let db = results
                .iter()
                .map(|(name, y)| sqnr(&case.outputs[name].to_f32().unwrap(), &y.to_f32().unwrap()));
            let db: Vec<_> = db.collect();
            println!("{name}: {db:.1?} dB");
            assert!(db.iter().all(|db| *db > 40.0), "{name}: {db:?} dB");
            *case = Case {
                inputs: case.inputs.clone(),
                outputs: results,
            };
        }
        let float = reference.compiled.plan.peak;
        println!("{name}: arena {} B, {float} B in floats", compiled.plan.peak);
        reference.tolerance = Tolerance {
            absolute: 0.0,
            relative: 0.0,
        };
        reference.compiled = compiled;
        references.push(reference);
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "qlinear_recurrence");
    for (reference, verdict) in references
        .iter()
        .zip(zoo::verify(&workspace, &references, references.len()))
    {
        for (output, comparison) in verdict.unwrap() {
            assert!(comparison.passes(), "{} `{output}`: {comparison}", reference.module);
        }
    }
}
