//! Compiling takes time in proportion to the model, whatever its shape: many nodes in a row, side by side, of one name.
//!
//! `EDGEC_NODES=100000` compiles models of so many nodes, and of an eighth of them, instead of small ones.

use super::build::{along, floats, model, node, text, value};
use super::{compile, processor_time};
use edgec::front::proto::*;
use prost::Message;
use std::time::Duration;

/// Nodes of the larger models unless the user says otherwise.
const NODES: usize = 1200;
/// How many times as many these are as those of the smaller ones.
const TIMES: usize = 8;
/// How many times as long they may take: n log n is about ten times, and n^2 would be 64.
const LONGER: u32 = 24;
/// What takes less tells nothing.
const MOMENT: Duration = Duration::from_millis(10);

/// A graph from `x` of `width` elements to `y`.
fn graph(nodes: Vec<NodeProto>, width: usize, constants: Vec<TensorProto>) -> GraphProto {
    GraphProto {
        node: nodes,
        input: vec![value("x", &[1, width as i64])],
        output: vec![ValueInfoProto {
            name: text("y"),
            ..Default::default()
        }],
        initializer: constants,
        ..Default::default()
    }
}

/// A node of any number of inputs and outputs.
fn many(op: &str, inputs: impl Iterator<Item = String>, outputs: impl Iterator<Item = String>) -> NodeProto {
    NodeProto {
        input: inputs.collect(),
        output: outputs.collect(),
        ..node(op, &[], &[])
    }
}

/// The name of the value after `step` of `steps`.
fn step(step: usize, steps: usize) -> String {
    match step {
        0 => "x".to_owned(),
        _ if step == steps => "y".to_owned(),
        _ => format!("t{step}"),
    }
}

/// A chain in which node `i` is an operator of a name and reads a constant, if it has one.
fn chain(count: usize, at: impl Fn(usize) -> (&'static str, String, Option<String>)) -> Vec<NodeProto> {
    let one = |i: usize| {
        let (op, name, constant) = at(i);
        let inputs = std::iter::once(step(i, count)).chain(constant);
        NodeProto {
            name: Some(name),
            ..many(op, inputs, std::iter::once(step(i + 1, count)))
        }
    };
    (0..count).map(one).collect()
}

const SIN_OR_RELU: [&str; 2] = ["Sin", "Relu"];

fn in_a_row(count: usize) -> GraphProto {
    graph(chain(count, |i| (SIN_OR_RELU[i % 2], format!("n{i}"), None)), 4, vec![])
}

fn in_reverse(count: usize) -> GraphProto {
    let mut graph = in_a_row(count);
    graph.node.reverse();
    graph
}

fn of_one_name(count: usize) -> GraphProto {
    let name = |i: usize| ["conv", "Conv", "con v", "conv_2"][i % 4].to_owned();
    graph(chain(count, |i| (SIN_OR_RELU[i % 2], name(i), None)), 4, vec![])
}

/// Names that differ only where identifiers are cut off.
fn of_one_beginning(count: usize) -> GraphProto {
    let name = |i: usize| format!("{}{i}", "x".repeat(90));
    graph(chain(count, |i| (SIN_OR_RELU[i % 2], name(i), None)), 4, vec![])
}

fn of_one_end(count: usize) -> GraphProto {
    let name = |i: usize| format!("{i}/{}", "block/".repeat(10));
    graph(chain(count, |i| (SIN_OR_RELU[i % 2], name(i), None)), 4, vec![])
}

fn with_constants(count: usize) -> GraphProto {
    let constants = (0..count).map(|i| TensorProto {
        raw_data: Some((i as f32).to_le_bytes().repeat(4)),
        ..floats(&format!("k{i}"), &[1, 4])
    });
    let nodes = chain(count, |i| ("Add", format!("n{i}"), Some(format!("k{i}"))));
    graph(nodes, 4, constants.collect())
}

fn of_constants(count: usize) -> GraphProto {
    let mut nodes = chain(count, |i| (SIN_OR_RELU[i % 2], format!("n{i}"), None));
    nodes[0].input = vec!["k".to_owned()];
    nodes[count - 1] = node("Add", &["x", &step(count - 1, count)], &["y"]);
    graph(nodes, 4, vec![floats("k", &[1, 4])])
}

/// `width` chains from the input to one node, their nodes in turn.
fn side_by_side(count: usize, width: usize) -> GraphProto {
    let length = count / width;
    let name = |chain: usize, i: usize| {
        if i == 0 {
            "x".to_owned()
        } else {
            format!("c{chain}_{i}")
        }
    };
    let mut nodes: Vec<_> = (0..length * width)
        .map(|i| (i % width, i / width))
        .map(|(chain, i)| {
            let op = ["Sin", "Cos", "Exp", "Tanh"][(chain + i) % 4];
            many(op, std::iter::once(name(chain, i)), std::iter::once(name(chain, i + 1)))
        })
        .collect();
    let ends = (0..width).map(|chain| name(chain, length));
    nodes.push(along(1, many("Concat", ends, std::iter::once("y".to_owned()))));
    graph(nodes, 4, vec![])
}

fn fanned_out(count: usize) -> GraphProto {
    let constants = (0..count).map(|i| TensorProto {
        raw_data: Some((i as f32).to_le_bytes().repeat(4)),
        ..floats(&format!("k{i}"), &[1, 4])
    });
    let ends = |i: usize| format!("a{i}");
    let one = |i: usize| node("Add", &["x", &format!("k{i}")], &[&ends(i)]);
    let mut nodes: Vec<_> = (0..count).map(one).collect();
    nodes.push(many("Sum", (0..count).map(ends), std::iter::once("y".to_owned())));
    graph(nodes, 4, constants.collect())
}

fn split_and_joined(count: usize) -> GraphProto {
    let (parts, sines) = (|i: usize| format!("a{i}"), |i: usize| format!("b{i}"));
    let mut nodes = vec![along(
        1,
        many("Split", std::iter::once("x".to_owned()), (0..count).map(parts)),
    )];
    nodes.extend((0..count).map(|i| node("Sin", &[&parts(i)], &[&sines(i)])));
    nodes.push(along(
        1,
        many("Concat", (0..count).map(sines), std::iter::once("y".to_owned())),
    ));
    graph(nodes, count, vec![])
}

fn equal_nodes(count: usize) -> GraphProto {
    let name = |i: usize| format!("a{i}");
    let mut nodes: Vec<_> = (0..count).map(|i| node("Sin", &["x"], &[&name(i)])).collect();
    nodes.push(many("Sum", (0..count).map(name), std::iter::once("y".to_owned())));
    graph(nodes, 4, vec![])
}

/// Every value of the first half is read once more, the last first: all of them are live in the middle.
fn all_live(count: usize) -> GraphProto {
    let half = count / 2;
    let mut nodes = chain(half, |i| (SIN_OR_RELU[i % 2], format!("n{i}"), None));
    nodes[half - 1].output = vec!["b0".to_owned()];
    for i in 1..half {
        let sum = if i == half - 1 { "y".to_owned() } else { format!("b{i}") };
        nodes.push(node("Add", &[&format!("b{}", i - 1), &step(half - i, half)], &[&sum]));
    }
    graph(nodes, 4, vec![])
}

fn layers(count: usize) -> GraphProto {
    let constants = (0..count).map(|i| TensorProto {
        raw_data: Some(
            (0..16)
                .flat_map(|k| (((i + k) % 7) as f32 - 3.0).to_le_bytes())
                .collect(),
        ),
        ..floats(&format!("k{i}"), &[4, 4])
    });
    let op = |i: usize| ["MatMul", "Relu"][i % 2];
    let nodes = chain(count, |i| {
        (op(i), format!("n{i}"), (i % 2 == 0).then(|| format!("k{i}")))
    });
    graph(nodes, 4, constants.collect())
}

fn many_inputs(count: usize) -> GraphProto {
    let name = |i: usize| format!("x{i}");
    let sum = many("Sum", (0..count).map(name), std::iter::once("y".to_owned()));
    GraphProto {
        input: (0..count).map(|i| value(&name(i), &[1, 4])).collect(),
        ..graph(vec![sum], 4, vec![])
    }
}

/// A model of so many nodes.
type Kind = fn(usize) -> GraphProto;

fn many_outputs(count: usize) -> GraphProto {
    let nodes = chain(count, |i| (SIN_OR_RELU[i % 2], format!("n{i}"), None));
    let outputs = (1..=count).map(|i| ValueInfoProto {
        name: Some(step(i, count)),
        ..Default::default()
    });
    GraphProto {
        output: outputs.collect(),
        ..graph(nodes, 4, vec![])
    }
}

#[test]
fn time_grows_with_the_number_of_nodes() {
    let nodes = std::env::var("EDGEC_NODES").map_or(NODES, |nodes| nodes.parse().expect("EDGEC_NODES is a number"));
    let kinds: [(&str, Kind); 18] = [
        ("in a row", in_a_row),
        ("in reverse", in_reverse),
        ("of one name", of_one_name),
        ("of one beginning", of_one_beginning),
        ("of one end", of_one_end),
        ("with constants", with_constants),
        ("of constants", of_constants),
        ("in two chains", |count| side_by_side(count, 2)),
        ("in many chains", |count| side_by_side(count, count / 8)),
        ("side by side", |count| side_by_side(count, count)),
        ("fanned out", fanned_out),
        ("split and joined", split_and_joined),
        ("all equal", equal_nodes),
        ("all live", all_live),
        ("layers", layers),
        ("many inputs", many_inputs),
        ("many outputs", many_outputs),
        ("twelve chains", |count| side_by_side(count, 12)),
    ];
    for (what, of) in kinds {
        let time = |count: usize| {
            let bytes = model(of(count)).encode_to_vec();
            let start = processor_time();
            compile(&bytes).unwrap_or_else(|error| panic!("{count} nodes {what}: {error}"));
            Some(processor_time()? - start?)
        };
        let (Some(few), Some(all)) = (time(nodes / TIMES), time(nodes)) else {
            eprintln!("skipped: the system does not tell the processor time of a thread");
            return;
        };
        println!("{what}: {few:?} for {} nodes, {all:?} for {nodes}", nodes / TIMES);
        assert!(
            all < LONGER * few.max(MOMENT),
            "{nodes} nodes {what} take {all:?}, an eighth of them {few:?}"
        );
    }
}
