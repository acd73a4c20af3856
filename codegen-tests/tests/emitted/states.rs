//! Models that keep states from one run to the next: on the host and emitted they give what the same model gives whose
//! states are passed by hand.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::workspace;
use codegen_tests::zoo;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiled, Compiler, Machine, Weights};
use std::collections::BTreeMap;
use tempfile::TempDir;

/// An input that starts with this number asks for a reset first.
const RESET: f32 = 1000.0;

/// States of the model of [`cell`].
const STATES: &[(&str, &str)] = &[
    ("h", "hn"),
    ("count", "counted"),
    ("flag", "flagged"),
    ("left", "new left"),
    ("right", "new right"),
    ("before", "now"),
];

/// A recurrent cell whose state is read otherwise too, a counter of integers, a flag, a value that moves on from state
/// to state, and the input of the run before.
fn cell(folder: &TempDir) -> Compiler {
    let numbers = |len: usize| (0..len).map(|i| (i as f32 * 0.71).sin() / 2.0).collect::<Vec<_>>();
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 4])
        .input("h", DType::F32, &[1, 4])
        .input("count", DType::I64, &[1])
        .input("flag", DType::Bool, &[2])
        .input("left", DType::F32, &[1, 4])
        .input("right", DType::F32, &[1, 4])
        .input("before", DType::F32, &[1, 4])
        .initializer_f32("w", &[4, 4], &numbers(16))
        .initializer_f32("r", &[4, 4], &numbers(16))
        .initializer_i64("one", &[1], &[1])
        .node("MatMul", &["x", "w"], &["from x"], &[])
        .node("MatMul", &["h", "r"], &["from h"], &[])
        .node("Add", &["from x", "from h"], &["sum"], &[])
        .node("Tanh", &["sum"], &["hn"], &[])
        .node("Add", &["count", "one"], &["counted"], &[])
        .node("Not", &["flag"], &["flagged"], &[])
        .node("Add", &["right", "hn"], &["new left"], &[])
        .node("Identity", &["left"], &["new right"], &[])
        .node("Identity", &["x"], &["now"], &[])
        .node("Sub", &["x", "before"], &["step"], &[])
        .node("Sub", &["left", "right"], &["change"], &[])
        .node("Mul", &["count", "count"], &["square"], &[])
        .node("Cast", &["flag"], &["raised"], &[("to", Attr::Int(1))])
        .node("Softmax", &["hn"], &["y"], &[])
        .output("y", DType::F32, &[1, 4])
        .output("hn", DType::F32, &[1, 4])
        .output("counted", DType::I64, &[1])
        .output("flagged", DType::Bool, &[2])
        .output("new left", DType::F32, &[1, 4])
        .output("new right", DType::F32, &[1, 4])
        .output("now", DType::F32, &[1, 4])
        .output("step", DType::F32, &[1, 4])
        .output("change", DType::F32, &[1, 4])
        .output("square", DType::I64, &[1])
        .output("raised", DType::F32, &[2])
        .bytes();
    let path = folder.path().join("cell.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path).name("Cell")
}

fn bound(compiler: Compiler, states: &[(&str, &str)]) -> Compiler {
    let states = states.iter();
    states.fold(compiler, |compiler, (input, output)| compiler.state(*input, *output))
}

/// What the model without states gives whose states are passed by hand, without what is passed.
fn by_hand(plain: &Compiled, states: &[(&str, &str)], runs: &[Vec<Tensor>]) -> Vec<Vec<Tensor>> {
    let zeros = |ty: &edgec::ir::TensorType| Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()]);
    let (inputs, outputs) = (&plain.program.inputs, &plain.program.outputs);
    let of_input = |name: &str| states.iter().find(|(input, _)| *input == name);
    let is_kept = |name: &str| states.iter().any(|(_, output)| *output == name);
    let mut kept: BTreeMap<&str, Tensor> = BTreeMap::new();
    let mut results = vec![];
    for given in runs {
        if given[0].to_f32().unwrap()[0] == RESET {
            kept.clear();
        }
        let mut given = given.iter().cloned();
        let operands = inputs.iter().map(|port| match of_input(&port.name) {
            Some((_, output)) => kept.get(output).cloned().unwrap_or_else(|| zeros(&port.ty)),
            None => given.next().unwrap(),
        });
        let all = plain.executor().run(&operands.collect::<Vec<_>>());
        let named = outputs.iter().zip(all);
        let (passed, shown): (Vec<_>, Vec<_>) = named.partition(|(port, _)| is_kept(&port.name));
        kept.extend(passed.into_iter().map(|(port, tensor)| (port.name.as_str(), tensor)));
        results.push(shown.into_iter().map(|(_, tensor)| tensor).collect());
    }
    results
}

/// What the host executor gives, run by run.
fn executed(compiled: &Compiled, runs: &[Vec<Tensor>]) -> Vec<Vec<Tensor>> {
    let mut executor = compiled.executor();
    let run = |inputs: &Vec<Tensor>| {
        if inputs[0].to_f32().unwrap()[0] == RESET {
            executor.reset();
        }
        executor.run(inputs)
    };
    runs.iter().map(run).collect()
}

/// Five runs, the fourth after a reset.
fn runs(shape: &[usize]) -> Vec<Vec<Tensor>> {
    let len: usize = shape.iter().product();
    let values = |run: usize| (0..len).map(move |i| ((i + 3 * run) as f32 * 0.37).sin());
    let mut runs: Vec<_> = (0..5).map(|run| values(run).collect::<Vec<_>>()).collect();
    runs[3][0] = RESET;
    runs.iter().map(|values| vec![Tensor::f32(shape, values)]).collect()
}

/// The module with a struct around the model that resets it where an input asks for that.
fn with_reset(mut module: Module, len: usize, result: &str) -> Module {
    let model = module.emitted.interface.model.clone();
    module.emitted.source.push_str(&format!(
        "pub struct Probe {{\n    model: {model},\n}}\n\nimpl Probe {{\n    \
         pub const fn new() -> Self {{\n        Self {{ model: {model}::new() }}\n    }}\n\n    \
         pub fn run(&mut self, x: &[f32; {len}]) -> {result} {{\n        \
         if x[0] == {RESET:?} {{\n            self.model.reset();\n        }}\n        self.model.run(x)\n    }}\n}}\n"
    ));
    module.emitted.interface.model = "Probe".into();
    module
}

#[test]
fn states_are_kept_as_if_they_were_passed_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(&[1, 4]);
    let expected = by_hand(&cell(&folder).compile().unwrap(), STATES, &runs);
    let mut modules = vec![];
    for (target, weights) in [(Machine::board(), Weights::Inline), (Machine::mcu(), Weights::Sidecar)] {
        let compiler = bound(cell(&folder), STATES).target(target).weights(weights);
        let compiled = compiler.compile().unwrap();
        assert_eq!(compiled.program.inputs.len(), 1);
        assert_eq!(executed(&compiled, &runs), expected);
        let module = Module::new(format!("cell{}", modules.len()), &compiler, &compiled);
        modules.push(with_reset(module, 4, "CellOutputs<'_>"));
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "states");
    for runner in workspace.build(&[modules]).unwrap() {
        let runner = runner.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(runner.run(&runs).unwrap(), expected, "emitted code");
    }
}

#[test]
fn a_state_is_named_in_the_emitted_file() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = bound(cell(&folder), &STATES[..1]).weights(Weights::Sidecar);
    let source = compiler.emit(&compiler.compile().unwrap(), "cell.weights").source;
    assert!(source.contains("/// - state `h`: f32 1x4, row-major."), "{source}");
    let reset = "        use cell_parts::slots;\n        arena.write(slots::STATE_H).fill(0.0);\n";
    assert!(source.contains(reset), "{source}");
    let plain = cell(&folder).weights(Weights::Sidecar);
    let source = plain.emit(&plain.compile().unwrap(), "cell.weights").source;
    assert!(!source.contains("fn reset"), "{source}");
}

#[test]
fn what_cannot_be_bound_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |states: &[(&str, &str)]| format!("{:?}", bound(cell(&folder), states).compile().unwrap_err());
    assert_eq!(
        told(&[("hh", "hn")]),
        "there is no input called `hh` to bind to a state\n  help: inputs that are not bound: `x`, `h`, `count`, `flag`, \
         `left`, `right`, `before`"
    );
    assert!(told(&[("h", "sum")]).starts_with("there is no output called `sum` to bind to a state"));
    assert!(told(&[("h", "counted")]).starts_with(
        "output `counted` is i64[1], but input `h`, which is to be what it was in the run before, is f32[1x4]"
    ));
    assert!(told(&[("h", "hn"), ("h", "new left")]).starts_with("input `h` is bound to two states"));
    assert!(told(&[("h", "hn"), ("left", "hn")]).starts_with("output `hn` is bound to two states"));
}

#[test]
fn a_streaming_lstm_keeps_its_states() {
    let Some(zoo) = zoo::folder() else { return };
    let compiler = || Compiler::new(zoo.join("tiny/lstm_stream.onnx")).name("Stream");
    let states = &[("h", "h_out"), ("c", "c_out")];
    let runs = runs(&[1, 1, 40]);
    let expected = by_hand(&compiler().compile().unwrap(), states, &runs);
    let compiler = bound(compiler(), states);
    let compiled = compiler.compile().unwrap();
    assert_eq!(executed(&compiled, &runs), expected);
    let module = with_reset(Module::new("stream", &compiler, &compiled), 40, "&[f32; 4]");
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "lstm_stream");
    let runner = workspace.build(&[vec![module]]).unwrap().remove(0);
    let runner = runner.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(runner.run(&runs).unwrap(), expected, "emitted code");
}
