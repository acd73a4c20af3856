//! Each pass on small graphs: what it makes of one (a snapshot), which ones it must leave alone, and that results stay.

pub(crate) mod build;
mod clean_up;
mod fuse;
mod integers;
mod layout;
mod recognise;
mod recognise_attention;
mod small_weights;
mod zeros;

use build::{Build, build};
use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::{Graph, Tensor, TensorType};
use edgec::middle::passes::{PIPELINE, Pass, REQUIRED, run};
use std::path::Path;

pub(crate) fn pass(name: &str) -> Pass {
    *PIPELINE
        .iter()
        .find(|pass| pass.name == name)
        .unwrap_or_else(|| panic!("no pass `{name}`"))
}

/// The outputs after these passes, for random inputs.
pub(crate) fn results(graph: Graph, passes: &[Pass]) -> Vec<Tensor> {
    results_of(graph, passes, 7, |random| 3.0 * random)
}

/// The outputs after these passes, for inputs made of random numbers between -1 and 1.
fn results_of(mut graph: Graph, passes: &[Pass], seed: u64, number: impl Fn(f32) -> f32) -> Vec<Tensor> {
    run(&mut graph, passes, &mut |_, _| {}).unwrap();
    let mut random = Build {
        graph: Graph::default(),
        seed,
        made: 0,
    };
    let mut tensor = |ty: &TensorType| {
        let values: Vec<f32> = (0..ty.len()).map(|_| number(random.random())).collect();
        Tensor::f32(&ty.shape, &values)
    };
    let inputs: Vec<_> = graph.inputs().iter().map(|v| tensor(graph.ty(*v))).collect();
    let (program, plan) = portable(&graph).unwrap();
    Executor::new(&program, &plan).run(&inputs)
}

/// Neither the pass alone nor the whole pipeline changes what the graph computes, except for the order of sums.
pub(crate) fn keeps_results(pass: Pass, make: &dyn Fn(&mut Build)) {
    let expected = results(build(make), REQUIRED);
    let alone = [&[pass], REQUIRED].concat();
    for (what, passes) in [(pass.name, &alone[..]), ("the pipeline", PIPELINE)] {
        let found = results(build(make), passes);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.ty(), expected.ty(), "{what}");
            let (found, expected) = (found.to_f64(), expected.to_f64());
            let scale = expected
                .iter()
                .filter(|v| v.is_finite())
                .fold(1.0, |most: f64, v| most.max(v.abs()));
            for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
                let near = (a - b).abs() <= 1e-5 * scale || a == b || a.is_nan() && b.is_nan();
                assert!(near, "{what} makes element {i} {a}, it was {b}");
            }
        }
    }
}

/// Numbers at which a pattern may differ from what it is recognised in: where functions saturate, squares and products
/// overflow or vanish, and what is no number.
const EXTREMES: [f32; 16] = [
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    -0.0,
    0.0,
    1e38,
    -1e38,
    f32::MIN,
    1e20,
    -5e19,
    89.5,
    -104.0,
    1e-40,
    -1e-30,
    3.0,
    -3.0,
];

/// A recognised pattern computes what its pieces do of any input, random ones mixed with extremes.
fn equals_its_pieces(pass: Pass, make: &dyn Fn(&mut Build)) {
    for (seed, share) in (0..200).map(|seed| (seed, [0.02, 0.1, 0.4, 1.0][seed as usize % 4])) {
        let number = |random: f32| {
            let place = (random + 1.0) / 2.0;
            let extreme = EXTREMES.get((place / share * EXTREMES.len() as f32) as usize);
            extreme.copied().unwrap_or(3.0 * random)
        };
        let expected = results_of(build(make), REQUIRED, seed, number);
        let found = results_of(build(make), &[&[pass], REQUIRED].concat(), seed, number);
        for (found, expected) in found.iter().zip(&expected) {
            for (i, (a, b)) in found.to_f64().into_iter().zip(expected.to_f64()).enumerate() {
                let near = (a - b).abs() <= 1e-4 * b.abs() + 1e-5;
                assert!(
                    near || a == b || a.is_nan() && b.is_nan(),
                    "{}, seed {seed}: element {i} is {a}, it was {b}",
                    pass.name
                );
            }
        }
    }
}

/// Snapshots what the pass makes of a graph, which it must change.
#[track_caller]
pub(crate) fn changes(name: &str, make: impl Fn(&mut Build)) {
    let pass = pass(name);
    let mut graph = build(&make);
    let before = graph.to_string();
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    let after = graph.to_string();
    assert_ne!(before, after, "{name} changes nothing");
    keeps_results(pass, &make);
    if ["recognise-activations", "recognise-normalization", "recognise-softmax"].contains(&name) {
        equals_its_pieces(pass, &make);
    }
    insta::assert_snapshot!(name, format!("{before}\n{name}:\n\n{after}"));
}

/// The pass must not change the graph: `why`.
#[track_caller]
pub(crate) fn leaves(name: &str, why: &str, make: impl Fn(&mut Build)) {
    let pass = pass(name);
    let mut graph = build(&make);
    let before = graph.to_string();
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    assert_eq!(before, graph.to_string(), "{name} must not touch it: {why}");
    keeps_results(pass, &make);
}

#[test]
fn every_pass_is_tested() {
    let mut names: Vec<_> = PIPELINE.iter().map(|pass| pass.name).collect();
    names.sort_unstable();
    names.dedup();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/middle/passes");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let sources = files.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    let text: String = sources.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let source: String = text.split_whitespace().collect();
    for name in names {
        let calls = |verb: &str| source.contains(&format!("{verb}(\"{name}\""));
        // Those that only note what they see, or let it be looked at, change no graph.
        let changes = calls("changes") || ["import", "note-ports"].contains(&name);
        assert!(changes && calls("leaves"), "pass `{name}` has no tests here");
    }
}
