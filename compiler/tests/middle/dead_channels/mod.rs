//! Random graphs with dead channels, in integers and in floats: without them, every bit of the outputs is the same.

mod blocks;
mod graphs;

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::front::import::{Dimensions, import};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId};
use edgec::middle::passes::{PIPELINE, Pass, REQUIRED, run};
use graphs::Random;
use std::path::{Path, PathBuf};

/// The outputs after these passes, and the multiply-accumulates that they take.
fn results(mut graph: Graph, passes: &[Pass], seed: u64) -> (Vec<Tensor>, u64) {
    run(&mut graph, passes, &mut |_, _| {}).unwrap();
    let integers = graph.ty(graph.inputs()[0]).dtype == DType::I8;
    let mut random = Random::new(seed + 1000, integers);
    let input = |v: &ValueId| {
        let ty = graph.ty(*v);
        let numbers: Vec<f64> = (0..ty.len()).map(|_| random.number()).collect();
        Random::tensor(ty.dtype, &ty.shape, &numbers)
    };
    let inputs: Vec<Tensor> = graph.inputs().iter().map(input).collect();
    let (program, plan) = portable(&graph).unwrap();
    (Executor::new(&program, &plan).run(&inputs), program.macs())
}

/// The pipeline without the pass.
fn others() -> Vec<Pass> {
    let all = PIPELINE.iter().copied();
    all.filter(|pass| pass.name != "dead-channels").collect()
}

fn keeps_every_bit(integers: bool, cases: u64) {
    let dead = *PIPELINE.iter().find(|pass| pass.name == "dead-channels").unwrap();
    let (mut before, mut after) = (0, 0);
    for seed in 0..cases {
        let build = || Random::build(seed, integers);
        let (expected, macs) = results(build(), REQUIRED, seed);
        let (found, fewer) = results(build(), &[&[dead], REQUIRED].concat(), seed);
        assert_eq!(
            bits(&found),
            bits(&expected),
            "case {seed}, integers: {integers}\n{}",
            build()
        );
        assert!(fewer <= macs);
        (before, after) = (before + macs, after + fewer);
        let (expected, _) = results(build(), &others(), seed);
        let (found, _) = results(build(), PIPELINE, seed);
        assert_eq!(
            bits(&found),
            bits(&expected),
            "case {seed} in the pipeline, integers: {integers}"
        );
    }
    // Else there was little to test. Floats keep more, for the order of their sums.
    let most = if integers { before / 2 } else { before / 10 * 9 };
    assert!(after < most, "{before} multiply-accumulates became {after}");
}

fn bits(tensors: &[Tensor]) -> Vec<(TensorType, Vec<u8>)> {
    tensors
        .iter()
        .map(|tensor| (tensor.ty(), tensor.bytes.to_vec()))
        .collect()
}

#[test]
fn integers_keep_every_bit() {
    keeps_every_bit(true, 60);
}

#[test]
fn floats_keep_every_bit() {
    keeps_every_bit(false, 60);
}

/// Half of this model's channels are dead. The floats keep some for the order of their sums.
#[test]
fn a_real_model_keeps_every_bit() {
    let zoo = std::env::var_os("EDGEC_ZOO").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo"),
        PathBuf::from,
    );
    for (name, least) in [("vww_mobilenetv1_int8", 3_730_000), ("vww_mobilenetv1_fp32", 3_750_000)] {
        let path = zoo.join(format!("mlperf_tiny/{name}.onnx"));
        if !path.exists() {
            eprintln!("skipped: there is no {}", path.display());
            return;
        }
        let model = edgec::Compiler::new(&path).load().unwrap();
        let graph = || import(&model, name, &Dimensions::default()).unwrap().graph;
        for seed in 0..3 {
            let (expected, macs) = results(graph(), &others(), seed);
            let (found, fewer) = results(graph(), PIPELINE, seed);
            assert_eq!(bits(&found), bits(&expected), "{name}");
            assert_eq!(macs, 7_489_664);
            assert!((least..least + 20_000).contains(&fewer), "{name}: {fewer}");
        }
    }
}
