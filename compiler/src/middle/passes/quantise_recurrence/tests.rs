use super::super::gate_panels;
use super::{CellObserver, RecurrenceRanges, quantise_recurrence};
use crate::back::portable;
use crate::ir::primitives::{Direction, Recurrence, RecurrentCell};
use crate::ir::{DType, Graph, NodeId, Tensor, TensorType};
use runtime_core::function::{AnyGateFunction, Relu, Sigmoid, Tanh};
use runtime_core::kernels::{DynamicState, Gru, Lstm, Rnn};

const STEPS: usize = 5;
const BATCH: usize = 2;
const HIDDEN: usize = 20;

fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(&mut next).take(count).collect()
}

/// Rows of weights, all of them integers of eight bits times one scale.
fn weights(rows: usize, inputs: usize) -> Vec<f32> {
    let row = |row: usize| {
        let integers = numbers(inputs, (row * 3 + inputs) as u32).into_iter().enumerate();
        integers.map(|(input, number)| {
            let integer = if input == 0 { 127.0 } else { (number * 127.0).round() };
            integer / 400.0
        })
    };
    (0..rows).flat_map(row).collect()
}

fn lstm() -> Lstm<AnyGateFunction, AnyGateFunction, AnyGateFunction> {
    Lstm {
        f: Sigmoid.into(),
        g: Tanh.into(),
        h: Tanh.into(),
        peephole: false,
        input_forget: false,
    }
}

fn gru(linear_before_reset: bool) -> RecurrentCell {
    RecurrentCell::Gru(Gru {
        f: Sigmoid.into(),
        g: Tanh.into(),
        linear_before_reset,
    })
}

fn rnn(f: impl Into<AnyGateFunction>) -> RecurrentCell {
    RecurrentCell::Rnn(Rnn { f: f.into() })
}

/// A layer of two directions, of sequences of different lengths.
fn layer(cell: RecurrentCell, batch_first: bool) -> Recurrence {
    Recurrence {
        hidden: HIDDEN,
        batch_first,
        clip: f32::INFINITY,
        directions: [true, false].map(|reverse| Direction { reverse, cell }).to_vec(),
        packed: false,
    }
}

struct Model {
    graph: Graph,
    node: NodeId,
    inputs: Vec<Tensor>,
}

fn model(layer: Recurrence) -> Model {
    let (gates, states, extras) = match layer.directions[0].cell {
        RecurrentCell::Rnn(_) => (1, 1, 0),
        RecurrentCell::Lstm(cell) | RecurrentCell::DynamicLstm(DynamicState { cell }) => {
            (4, 2, if cell.peephole { 3 } else { 0 })
        }
        RecurrentCell::Gru(cell) => (3, 1, usize::from(cell.linear_before_reset)),
    };
    let weights = [weights(gates * HIDDEN, HIDDEN), weights(extras * HIDDEN, 1)].concat();
    let directions = layer.directions.len();
    let shape = if layer.batch_first {
        [BATCH, STEPS]
    } else {
        [STEPS, BATCH]
    };
    let x = TensorType::new(DType::F32, [&shape[..], &[directions * gates * HIDDEN]].concat());
    let first = TensorType::new(DType::F32, [states * directions * BATCH * HIDDEN]);
    let inputs = vec![
        Tensor::f32(
            &x.shape,
            &numbers(x.len(), 1).iter().map(|x| x * 3.0).collect::<Vec<_>>(),
        ),
        Tensor::f32(&first.shape, &numbers(first.len(), 2)),
    ];
    let mut graph = Graph::new("model");
    let mut operands = vec![
        graph.add_input("x", x),
        graph.add_input("first", first),
        graph.add_constant("lengths", Tensor::i32(&[BATCH], &[3, 5])),
    ];
    for _ in 0..directions {
        operands.push(graph.add_constant("weights", Tensor::f32(&[weights.len()], &weights)));
    }
    let operands: Vec<_> = operands.into_iter().map(Some).collect();
    let node = graph.add("layer", layer, &operands, &[]).unwrap();
    for (index, output) in graph.node(node).outputs.clone().into_iter().enumerate() {
        graph.add_output(format!("y{index}"), output);
    }
    Model { graph, node, inputs }
}

impl Model {
    fn run(&self) -> Vec<Vec<f32>> {
        crate::ir::verify(&self.graph).unwrap();
        let mut graph = self.graph.clone();
        gate_panels(&mut graph).unwrap();
        let (program, plan) = portable(&graph).unwrap();
        let outputs = crate::back::exec::Executor::new(&program, &plan).run(&self.inputs);
        outputs.iter().map(|y| y.to_f32().unwrap()).collect()
    }

    fn quantise(&mut self, ranges: RecurrenceRanges) -> Result<Vec<String>, String> {
        quantise_recurrence(&mut self.graph, self.node, &ranges).unwrap()
    }
}

const RANGES: RecurrenceRanges = RecurrenceRanges {
    gates: 3.0,
    hidden: 1.0,
    cell: Some(4.0),
};

#[test]
fn layers_in_integers_are_close_to_those_in_floats() {
    for cell in [RecurrentCell::Lstm(lstm()), gru(false), gru(true), rnn(Tanh)] {
        for batch_first in [false, true] {
            let mut model = model(layer(cell, batch_first));
            let floats = model.run();
            assert_eq!(model.quantise(RANGES), Ok(vec![]));
            let integers = model.run();
            assert_eq!(floats.len(), integers.len());
            for (floats, integers) in floats.iter().zip(&integers) {
                for (float, integer) in floats.iter().zip(integers) {
                    assert!((float - integer).abs() < 1e-3, "{cell:?}: {integer} for {float}");
                }
            }
        }
    }
}

#[test]
fn observers_find_the_range_of_cells() {
    for batch_first in [false, true] {
        let model = model(layer(RecurrentCell::Lstm(lstm()), batch_first));
        let mut observer = CellObserver::new(&model.graph, model.node).unwrap().unwrap();
        let [x, first] = [0, 1].map(|index| model.inputs[index].clone());
        observer.observe(&x, &first, &Tensor::i32(&[BATCH], &[3, 5]));
        let last = model.run()[2].iter().fold(0.0_f32, |most, c| most.max(c.abs()));
        assert!(
            last <= observer.range() && observer.range() < 4.0,
            "{last} and {observer:?}"
        );
        // Without a step, what is seen is the first state.
        observer = CellObserver::new(&model.graph, model.node).unwrap().unwrap();
        observer.observe(&x, &first, &Tensor::i32(&[BATCH], &[0, 0]));
        let first = first.to_f32().unwrap();
        let cells = first[first.len() / 2..].iter();
        assert_eq!(observer.range(), cells.fold(0.0_f32, |most, c| most.max(c.abs())));
    }
    let model = model(layer(gru(true), false));
    assert!(CellObserver::new(&model.graph, model.node).unwrap().is_none());
}

#[test]
fn what_has_no_integers_stays_as_it_is() {
    let peephole = Lstm {
        peephole: true,
        ..lstm()
    };
    let coupled = Lstm {
        input_forget: true,
        ..lstm()
    };
    let clipped = Recurrence {
        clip: 2.0,
        ..layer(gru(true), false)
    };
    for (layer, ranges, reason) in [
        (layer(RecurrentCell::Lstm(peephole), false), RANGES, "peepholes"),
        (layer(RecurrentCell::Lstm(coupled), false), RANGES, "coupled"),
        (layer(rnn(Relu), false), RANGES, "Relu"),
        (clipped, RANGES, "clipped at 2"),
        (
            layer(rnn(Tanh), false),
            RecurrenceRanges {
                gates: f32::NAN,
                ..RANGES
            },
            "NaN",
        ),
        (
            layer(gru(true), false),
            RecurrenceRanges { hidden: 1.5, ..RANGES },
            "first hidden state reaches 1.5",
        ),
        (
            layer(RecurrentCell::Lstm(lstm()), false),
            RecurrenceRanges {
                cell: Some(1e9),
                ..RANGES
            },
            "come to",
        ),
    ] {
        let mut model = model(layer);
        let floats = model.run();
        let refused = model.quantise(ranges);
        assert!(refused.as_ref().is_err_and(|e| e.contains(reason)), "{refused:?}");
        assert_eq!(model.run(), floats);
    }
}

#[test]
fn cells_of_unknown_range_are_warned_of() {
    let unknown = RecurrenceRanges { cell: None, ..RANGES };
    let warnings = model(layer(RecurrentCell::Lstm(lstm()), false)).quantise(unknown);
    assert!(warnings.is_ok_and(|warnings| warnings.len() == 1 && warnings[0].contains("saturate at 16")));
    assert_eq!(model(layer(gru(true), false)).quantise(unknown), Ok(vec![]));
}
