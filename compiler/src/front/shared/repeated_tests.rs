//! Loops that stay loops, one body each.

use crate::front::import::Dimensions;
use crate::front::proto::AttributeProto;
use crate::front::testing::{Absent, Given, Known, Operand, int, run_in, subgraph};
use crate::ir::{DType, Tensor};

/// A body with these nodes, of the state `s`, whose results are `t` and the condition `go`.
fn body(nodes: &[(&str, &[&str], &[&str])], outputs: &[&str]) -> AttributeProto {
    let stored = [
        ("two", Tensor::f32(&[], &[2.0])),
        ("axis", Tensor::i64(&[1], &[0])),
        ("repeats", Tensor::i64(&[1], &[2])),
    ];
    subgraph("body", nodes, &stored, [&["i", "c", "s"], outputs])
}

fn of(body: AttributeProto, operands: &[Operand], outputs: usize) -> Result<Vec<Tensor>, String> {
    let dimensions = Dimensions {
        max_trips: Some(4),
        ..Dimensions::default()
    };
    run_in(&dimensions, 18, "Loop", &[body], operands, outputs)
}

fn count(count: i64) -> Operand {
    Given(Tensor::i64(&[1], &[count]))
}

fn go(value: bool) -> Operand {
    Given(Tensor::scalar(DType::Bool, f64::from(u8::from(value))))
}

fn state(values: &[f32]) -> Tensor {
    Tensor::f32(&[values.len()], values)
}

const DOUBLED: (&str, &[&str], &[&str]) = ("Mul", &["s", "two"], &["t"]);
const ALWAYS: (&str, &[&str], &[&str]) = ("Identity", &["c"], &["go"]);

#[test]
fn a_count_of_run_time_bounds_it_up_to_the_most_trips() {
    for (trips, expected) in [
        (-1, 1.0),
        (0, 1.0),
        (1, 2.0),
        (3, 8.0),
        (4, 16.0),
        (5, 16.0),
        (i64::MAX, 16.0),
    ] {
        let operands = [count(trips), Absent, Given(state(&[1.0, -1.0]))];
        let y = of(body(&[DOUBLED, ALWAYS], &["go", "t"]), &operands, 1);
        assert_eq!(y, Ok(vec![state(&[expected, -expected])]), "{trips} trips");
    }
}

#[test]
fn a_condition_of_run_time_ends_it() {
    let nodes: [(&str, &[&str], &[&str]); 3] = [
        DOUBLED,
        ("ReduceMax", &["t", "axis"], &["greatest"]),
        ("Less", &["greatest", "two"], &["go"]),
    ];
    for (first, initial, expected) in [
        (true, 1.0, 2.0),
        (true, 0.75, 3.0),
        (true, 0.0625, 1.0),
        (false, 0.5, 0.5),
    ] {
        let endless = Known(Tensor::i64(&[], &[i64::MAX]));
        for trips in [count(9), endless, Absent] {
            let operands = [trips, go(first), Given(state(&[initial]))];
            let y = of(body(&nodes, &["go", "t"]), &operands, 1);
            assert_eq!(y, Ok(vec![state(&[expected])]), "{initial}");
        }
    }
}

#[test]
fn what_is_around_the_body_is_read_in_each_trip() {
    // Operands of the node, one known and one not, and the index of the trip.
    let nodes: [(&str, &[&str], &[&str]); 5] = [
        ("Cast", &["i"], &["index"]),
        ("Add", &["s", "x2"], &["sum"]),
        ("Mul", &["sum", "two"], &["twice"]),
        ("Add", &["twice", "index"], &["t"]),
        ALWAYS,
    ];
    let mut attribute = body(&nodes, &["go", "t"]);
    let graph = attribute.g.as_mut().unwrap();
    graph.node[0].attribute.push(int("to", 1));
    let y = of(attribute, &[count(2), Absent, Given(state(&[1.0]))], 1);
    // 2 (1 + 1) + 0 = 4, 2 (4 + 1) + 1 = 11.
    assert_eq!(y, Ok(vec![state(&[11.0])]));
}

#[test]
fn what_cannot_be_a_loop_is_refused() {
    let run = |nodes: &[(&str, &[&str], &[&str])], outputs: &[&str], condition: Operand| {
        let results = outputs.len() - 1;
        of(
            body(nodes, outputs),
            &[count(2), condition, Given(state(&[1.0]))],
            results,
        )
        .unwrap_err()
    };
    let collects = run(&[DOUBLED, ALWAYS], &["go", "t", "t"], Absent);
    assert!(
        collects.contains("scan outputs depends on the number of trips"),
        "{collects}"
    );
    let grows = run(&[("Tile", &["s", "repeats"], &["t"]), ALWAYS], &["go", "t"], Absent);
    assert!(
        grows.contains("state 0 is f32[1] before a trip and f32[2] after it"),
        "{grows}"
    );
    let ends = run(&[DOUBLED, ("Less", &["i", "axis"], &["go"])], &["go", "t"], Absent);
    assert!(ends.contains("the loop has no condition"), "{ends}");
    let shape = run(&[("Expand", &["s", "i"], &["t"]), ALWAYS], &["go", "t"], go(true));
    assert!(shape.contains("must be known at compile time"), "{shape}");
    let sequence = run(&[("SequenceConstruct", &["s"], &["t"]), ALWAYS], &["go", "t"], go(true));
    assert!(sequence.contains("sequence"), "{sequence}");
}
