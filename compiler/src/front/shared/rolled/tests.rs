//! Loops that become layers beside the same loops that do not.

use crate::front::proto::AttributeProto;
use crate::front::testing::{Given, Known, Operand, int, ints, run, subgraph};
use crate::ir::{DType, Tensor};

/// Numbers between -1 and 1 from a fixed sequence.
struct Random(u64);

impl Random {
    fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let mut next = || {
            self.0 = self
                .0
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        };
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
        Tensor::f32(shape, &values)
    }
}

type Nodes = Vec<(&'static str, &'static [&'static str], &'static [&'static str])>;

const UNITS: usize = 19;
const INPUTS: usize = 3;

/// The nodes of a step from `x`, `h` and `c` to `hn` and `cn`, and its weights.
fn step(kind: &str, random: &mut Random) -> (Nodes, Vec<(&'static str, Tensor)>) {
    let gates = if kind == "lstm" { 4 } else { 3 };
    let mut stored = vec![
        ("w", random.tensor(&[INPUTS, gates * UNITS])),
        ("r", random.tensor(&[UNITS, gates * UNITS])),
        ("b", random.tensor(&[gates * UNITS])),
        ("rb", random.tensor(&[gates * UNITS])),
        ("one", Tensor::f32(&[], &[1.0])),
        (
            "ends",
            Tensor::i64(
                &[gates + 1],
                &(0..=gates).map(|i| (i * UNITS) as i64).collect::<Vec<_>>(),
            ),
        ),
        ("axis", Tensor::i64(&[1], &[1])),
    ];
    for (i, name) in ["e0", "e1", "e2", "e3", "e4"].iter().enumerate().take(gates + 1) {
        stored.push((name, Tensor::i64(&[1], &[(i * UNITS) as i64])));
    }
    let mut nodes: Nodes = vec![
        ("MatMul", &["x", "w"], &["xw"]),
        ("Add", &["xw", "b"], &["xb"]),
        ("MatMul", &["h", "r"], &["hr"]),
        ("Add", &["hr", "rb"], &["hb"]),
    ];
    match kind {
        "lstm" => nodes.extend([
            ("Add", &["xb", "hb"][..], &["z"][..]),
            ("Slice", &["z", "e0", "e1", "axis"], &["zi"]),
            ("Slice", &["z", "e1", "e2", "axis"], &["zf"]),
            ("Slice", &["z", "e2", "e3", "axis"], &["zg"]),
            ("Slice", &["z", "e3", "e4", "axis"], &["zo"]),
            ("Sigmoid", &["zi"], &["i"]),
            ("Sigmoid", &["zf"], &["f"]),
            ("Tanh", &["zg"], &["g"]),
            ("Sigmoid", &["zo"], &["o"]),
            ("Mul", &["f", "c"], &["fc"]),
            ("Mul", &["g", "i"], &["ig"]),
            ("Add", &["ig", "fc"], &["cn"]),
            ("Tanh", &["cn"], &["tc"]),
            ("Mul", &["o", "tc"], &["hn"]),
        ]),
        _ => nodes.extend([
            ("Slice", &["xb", "e0", "e2", "axis"][..], &["xzr"][..]),
            ("Slice", &["hb", "e0", "e2", "axis"], &["hzr"]),
            ("Add", &["xzr", "hzr"], &["szr"]),
            ("Sigmoid", &["szr"], &["zr"]),
            ("Slice", &["zr", "e0", "e1", "axis"], &["z"]),
            ("Slice", &["zr", "e1", "e2", "axis"], &["rg"]),
            ("Slice", &["xb", "e2", "e3", "axis"], &["xn"]),
            ("Slice", &["hb", "e2", "e3", "axis"], &["hc"]),
            ("Mul", &["rg", "hc"], &["rh"]),
            ("Add", &["xn", "rh"], &["sn"]),
            ("Tanh", &["sn"], &["n"]),
            ("Sub", &["one", "z"], &["nz"]),
            ("Mul", &["z", "h"], &["zh"]),
            ("Mul", &["nz", "n"], &["zn"]),
            ("Add", &["zn", "zh"], &["hn"]),
            ("Identity", &["c"], &["cn"]),
        ]),
    }
    (nodes, stored)
}

/// A scan of a step. With `apart`, it also collects what no layer gives, so that it is written out.
fn body(kind: &str, masked: bool, apart: bool) -> AttributeProto {
    let (mut nodes, stored) = step(kind, &mut Random(5));
    let mut outputs = vec!["hn", "cn", "y"];
    if masked {
        nodes.extend([
            ("Where", &["m", "hn", "h"][..], &["h2"][..]),
            ("Where", &["m", "cn", "c"], &["c2"]),
            ("Identity", &["h2"], &["y"]),
        ]);
        outputs = vec!["h2", if kind == "lstm" { "c2" } else { "cn" }, "y"];
    } else {
        nodes.push(("Identity", &["hn"], &["y"]));
    }
    if apart {
        nodes.push(("Neg", &["hn"], &["other"]));
        outputs.push("other");
    }
    let inputs: &[&str] = if masked {
        &["h", "c", "x", "m"]
    } else {
        &["h", "c", "x"]
    };
    subgraph("body", &nodes, &stored, [inputs, &outputs])
}

fn scan(kind: &str, mask: Option<&[u8]>, batch: usize, steps: usize, apart: bool, backward: i64) -> Vec<Vec<f32>> {
    let mut random = Random(9);
    let mut state = || Given(random.tensor(&[batch, UNITS]));
    let mut operands: Vec<Operand> = vec![state(), state()];
    operands.push(Given(Random(3).tensor(&[steps, batch, INPUTS])));
    if let Some(mask) = mask {
        operands.push(Given(Tensor::new(DType::Bool, vec![steps, 1], mask.to_vec())));
    }
    let scanned = operands.len() - 2;
    let attributes = [
        body(kind, mask.is_some(), apart),
        int("num_scan_inputs", scanned as i64),
        ints("scan_input_directions", &vec![backward; scanned]),
    ];
    let outputs = run(16, "Scan", &attributes, &operands, 3 + usize::from(apart)).unwrap();
    outputs[..3].iter().map(|output| output.to_f32().unwrap()).collect()
}

#[test]
fn layers_compute_what_their_loops_do() {
    let masks: [&[u8]; 4] = [&[1, 1, 1, 0, 0, 0], &[0, 1, 0, 0, 1, 0], &[0; 6], &[1; 6]];
    for kind in ["lstm", "gru"] {
        for backward in [0, 1] {
            let mut cases: Vec<(Option<&[u8]>, usize)> = masks.iter().map(|mask| (Some(*mask), 1)).collect();
            cases.extend([(None, 1), (None, 3)]);
            for (mask, batch) in cases {
                let layer = scan(kind, mask, batch, 6, false, backward);
                let pieces = scan(kind, mask, batch, 6, true, backward);
                for (a, b) in layer.iter().flatten().zip(pieces.iter().flatten()) {
                    assert!((a - b).abs() < 2e-6, "{kind} {backward} {mask:?} {batch}: {a} {b}");
                }
            }
        }
    }
}

#[test]
fn layers_may_have_more_steps_than_are_written_out() {
    let y = scan("lstm", None, 1, 5000, false, 0);
    assert_eq!(y[2].len(), 5000 * UNITS);
    assert!(y[2].ends_with(&y[0]));
}

/// A `Loop` that counts its `steps` itself and reads `rows` from the last on.
fn counted(rows: usize, steps: i32, apart: bool) -> Vec<Vec<f32>> {
    let (mut nodes, mut stored) = step("gru", &mut Random(5));
    stored.extend([
        ("last", Tensor::i32(&[], &[rows as i32 - 1])),
        ("step", Tensor::i32(&[], &[1])),
        ("limit", Tensor::i32(&[], &[steps])),
    ]);
    nodes.insert(0, ("Gather", &["rows", "at"], &["x"]));
    nodes.insert(0, ("Sub", &["last", "t"], &["at"]));
    nodes.extend([
        ("Add", &["t", "step"][..], &["tn"][..]),
        ("Less", &["tn", "limit"], &["go"]),
        ("Identity", &["rows"], &["same"]),
        ("Identity", &["hn"], &["y"]),
        ("Neg", &["hn"], &["other"]),
    ]);
    let outputs: &[&str] = &["go", "same", "tn", "hn", "cn", "y", "other"];
    let outputs = if apart { outputs } else { &outputs[..6] };
    let inputs: &[&str] = &["index", "condition", "rows", "t", "h", "c"];
    let operands = [
        Known(Tensor::i64(&[], &[i64::MAX])),
        Known(Tensor::scalar(DType::Bool, 1.0)),
        Given(Random(3).tensor(&[rows, 1, INPUTS])),
        Known(Tensor::i32(&[], &[0])),
        Known(Tensor::f32(&[1, UNITS], &[0.0; UNITS])),
        Known(Tensor::f32(&[1, UNITS], &[0.0; UNITS])),
    ];
    let body = subgraph("body", &nodes, &stored, [inputs, outputs]);
    let outputs = run(16, "Loop", &[body], &operands, outputs.len() - 1).unwrap();
    assert_eq!(outputs[1], Tensor::i32(&[], &[steps]));
    [&outputs[2], &outputs[4]]
        .map(|output| output.to_f32().unwrap())
        .to_vec()
}

#[test]
fn counters_say_what_is_read_and_when_a_loop_ends() {
    let (layer, pieces) = (counted(8, 6, false), counted(8, 6, true));
    assert_eq!(layer[1].len(), 6 * UNITS);
    for (a, b) in layer.iter().flatten().zip(pieces.iter().flatten()) {
        assert!((a - b).abs() < 2e-6, "{a} {b}");
    }
    assert_eq!(counted(6000, 5000, false)[1].len(), 5000 * UNITS);
}
