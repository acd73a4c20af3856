//! Random operators between conversions, with what moves elements around them: in integers they are at most a step from
//! what the conversions and the floats between them give. `EDGEC_SEEDS=FROM..TO` runs others than the default ones.

mod operands;
mod operators;

use crate::quantised_graph::{Build, results};
use crate::seeds::seeds;
use edgec::ir::primitives::Lookup;
use edgec::middle::passes::{PIPELINE, UNFINISHED, run};
use operands::Random;
use runtime_core::function::Relu;
use std::ops::Range;

/// Seeds of the graphs that are always tried.
const SEEDS: Range<u64> = 1..400;

/// Steps by which a table between whose entries are lines may be off.
const TABLE_OFF: f64 = 32.0;

/// Whether the only operator that computes became integers, or why what it gives is wrong.
fn check(seed: u64) -> Result<bool, String> {
    let mut random = Random {
        build: Build::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        curves: false,
    };
    let dtype = random.dtype();
    let rank = 1 + random.below(4);
    let shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(6)).collect();
    let mut y = random.input(&shape, dtype);
    for _ in 0..random.below(3) {
        y = random.moved(y);
    }
    y = random.computed(y, dtype);
    if random.chance(30) {
        y = random.build.map(Relu, y);
    }
    for _ in 0..random.below(3) {
        y = random.moved(y);
    }
    let to = if random.chance(80) { dtype } else { random.dtype() };
    let samples = random.build.samples(3);
    let to = random.quantization(y, to, &samples[0]);
    random.build.output(y, &to);
    let mut graph = random.build.graph;
    let text = graph.to_string();
    let mut as_is = graph.clone();
    run(&mut as_is, UNFINISHED, &mut |_, _| {}).map_err(|e| format!("{e}\n{text}"))?;
    let floats = results(&as_is, &samples);
    run(&mut graph, PIPELINE, &mut |_, _| {}).map_err(|e| format!("{e}\n{text}"))?;
    let integers = results(&graph, &samples);
    let tables = graph
        .order()
        .into_iter()
        .any(|id| graph.node(id).op::<Lookup>().is_some());
    let most = if tables && random.curves { TABLE_OFF } else { 1.0 };
    for (got, wanted) in integers.iter().flatten().zip(floats.iter().flatten()) {
        if got.ty() != wanted.ty() {
            return Err(format!("{} instead of {}\n{text}\n{graph}", got.ty(), wanted.ty()));
        }
        for (got, wanted) in got.to_f64().into_iter().zip(wanted.to_f64()) {
            if (got - wanted).abs() > most {
                return Err(format!("{got} for {wanted}\n{text}\n{graph}"));
            }
        }
    }
    let in_floats = |remark: &edgec::Remark| remark.kind == edgec::RemarkKind::StaysInFloats;
    Ok(!graph.remarks().iter().any(in_floats))
}

#[test]
fn operators_between_conversions_are_a_step_off_at_most() {
    let (mut integers, mut failed) = (0, vec![]);
    let seeds = seeds(SEEDS);
    for seed in seeds.clone() {
        match check(seed) {
            Ok(converted) => integers += u64::from(converted),
            Err(error) => failed.push(format!("seed {seed}: {error}")),
        }
    }
    let all = seeds.end - seeds.start;
    println!("{integers} of {all} graphs are integers throughout");
    assert!(failed.is_empty(), "{} graphs fail\n{}", failed.len(), failed.join("\n"));
    assert!(
        4 * integers > 3 * all,
        "{integers} of {all} graphs are integers throughout"
    );
}
