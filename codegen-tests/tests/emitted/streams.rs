//! Models that are streamed: emitted, on the host, and the whole model give the same.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::workspace;
use edgec::ir::{DType, StreamedOutput, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiler, Machine, Weights};
use tempfile::TempDir;

/// Frames of the window.
const FRAMES: usize = 16;

/// A convolution that looks at a frame before and after, a sum with its input, and a recurrent layer, whose states go
/// out at each frame and at the last, in sequences of `frames`.
fn recurrent(folder: &TempDir, operator: &str, gates: usize, frames: usize) -> Compiler {
    let numbers = |len: usize, step: f32| (0..len).map(|i| (i as f32 * step).sin() / 2.0).collect::<Vec<_>>();
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 3, frames])
        .initializer_f32("filter", &[3, 3, 3], &numbers(27, 0.71))
        .initializer_f32("bias", &[3], &[0.5, -0.25, 1.0])
        .initializer_f32("w", &[1, gates * 5, 3], &numbers(gates * 15, 0.37))
        .initializer_f32("r", &[1, gates * 5, 5], &numbers(gates * 25, 0.53))
        .node(
            "Conv",
            &["x", "filter", "bias"],
            &["near"],
            &[("pads", Attr::Ints(vec![1, 1]))],
        )
        .node("Add", &["near", "x"], &["sum"], &[])
        .node("Transpose", &["sum"], &["rows"], &[("perm", Attr::Ints(vec![2, 0, 1]))])
        .node(
            operator,
            &["rows", "w", "r"],
            &["steps", "last"],
            &[("hidden_size", Attr::Int(5))],
        )
        .output("steps", DType::F32, &[frames, 1, 1, 5])
        .output("last", DType::F32, &[1, 1, 5])
        .bytes();
    let path = folder.path().join(format!("{operator}_{frames}.onnx"));
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path).name("Model")
}

fn frames() -> Tensor {
    let values: Vec<f32> = (0..3 * FRAMES).map(|i| (i as f32 * 0.61).cos()).collect();
    Tensor::f32(&[1, 3, FRAMES], &values)
}

/// The arrays of each run of `step` frames.
fn runs(x: &Tensor, step: usize) -> Vec<Vec<Tensor>> {
    let values = x.to_f32().unwrap();
    let run = |run: usize| {
        let part: Vec<f32> = values
            .chunks(FRAMES)
            .flat_map(|row| row[run * step..][..step].to_vec())
            .collect();
        vec![Tensor::f32(&[1, 3, step], &part)]
    };
    (0..FRAMES / step).map(run).collect()
}

#[test]
fn recurrent_layers_go_on_from_run_to_run() {
    let folder = tempfile::tempdir().unwrap();
    for (operator, gates) in [("LSTM", 4), ("GRU", 3), ("RNN", 1)] {
        let whole = recurrent(&folder, operator, gates, FRAMES).compile().unwrap();
        let want = whole.executor().run(&[frames()]);
        for step in [2, 4, 8] {
            let compiler = recurrent(&folder, operator, gates, FRAMES).stream("x", 2, Some(step));
            let compiled = compiler.compile().unwrap();
            // A whole run comes before the first frame, so that the layer can wait for it.
            let StreamedOutput::Frames { delay, .. } = compiled.program.streaming.as_ref().unwrap().outputs[0].1 else {
                panic!("the first output has frames");
            };
            assert_eq!(delay, step, "{operator}");
            let got = compiled.executor().run_stream(&[frames()]);
            // Beyond the last frame that sees the one after it, the whole model has padding.
            let (got, want) = (got[0].to_f32().unwrap(), want[0].to_f32().unwrap());
            let known = 5 * (FRAMES - delay);
            assert_eq!(got[5 * delay..], want[..known], "{operator}, {step} frames a run");
        }
    }
}

#[test]
fn the_last_state_is_that_of_the_last_frame() {
    let folder = tempfile::tempdir().unwrap();
    let stream = recurrent(&folder, "GRU", 3, FRAMES)
        .stream("x", 2, Some(2))
        .compile()
        .unwrap();
    let outputs = &stream.program.streaming.as_ref().unwrap().outputs;
    assert_eq!(outputs[1], (1, StreamedOutput::Latest { delay: 2 }));
    let all = stream.executor().run_stream(&[frames()]);
    // What it ends with is the last of the frames that it gives.
    assert_eq!(all[1].to_f32().unwrap(), all[0].to_f32().unwrap()[5 * (FRAMES - 1)..]);
}

/// The module with a struct around the model that begins anew where an input asks for that, and gives one output.
fn with_reset(mut module: Module, len: usize) -> Module {
    let model = module.emitted.interface.model.clone();
    module.emitted.source.push_str(&format!(
        "pub struct Probe {{\n    model: {model},\n}}\n\nimpl Probe {{\n    \
         pub const fn new() -> Self {{\n        Self {{ model: {model}::new() }}\n    }}\n\n    \
         pub fn run(&mut self, x: &[f32; {len}]) -> {model}Outputs<'_> {{\n        \
         if x[0] == 1000.0 {{\n            self.model.reset();\n        }}\n        self.model.run(x)\n    }}\n}}\n"
    ));
    module.emitted.interface.model = "Probe".into();
    module
}

#[test]
fn emitted_code_gives_what_the_host_gives() {
    let folder = tempfile::tempdir().unwrap();
    let mut runs = runs(&frames(), 4);
    let again = runs[0][0].to_f32().unwrap();
    runs.push(vec![Tensor::f32(&[1, 3, 4], &[&[1000.0], &again[1..]].concat())]);
    runs.extend(runs[1..3].to_vec());
    let (mut modules, mut expected) = (vec![], vec![]);
    for (target, weights) in [(Machine::board(), Weights::Inline), (Machine::mcu(), Weights::Sidecar)] {
        let compiler = recurrent(&folder, "LSTM", 4, FRAMES).stream("x", -1, Some(4));
        let compiler = compiler.target(target).weights(weights);
        let compiled = compiler.compile().unwrap();
        let mut executor = compiled.executor();
        let run = |inputs: &Vec<Tensor>| {
            if inputs[0].to_f32().unwrap()[0] == 1000.0 {
                executor.reset();
            }
            executor.run(inputs)
        };
        expected.push(runs.iter().map(run).collect::<Vec<_>>());
        let module = Module::new(format!("stream{}", modules.len()), &compiler, &compiled);
        modules.push(with_reset(module, 12));
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "streams");
    for (runner, expected) in workspace.build(&[modules]).unwrap().into_iter().zip(expected) {
        let runner = runner.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(runner.run(&runs).unwrap(), expected, "emitted code");
    }
}

#[test]
fn the_emitted_file_says_what_a_run_takes_and_gives() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = recurrent(&folder, "GRU", 3, FRAMES)
        .stream("x", 2, Some(4))
        .weights(Weights::Inline);
    let compiled = compiler.compile().unwrap();
    let source = compiler.emit(&compiled, "").source;
    let lines = [
        "/// - each run takes 4 frames of 'x' along axis 2; the whole model has 16.",
        "/// - 'steps': 4 frames a run, 4 frames of 'x' later; the first 4 that it gives are none of the model's.",
        "/// - 'last': what the whole model gives for the newest 16 frames, 4 frames of 'x' later.",
    ];
    for line in lines {
        assert!(source.contains(line), "{source}");
    }
    assert!(source.contains("/// - input `x`: f32 1x3x4, row-major."), "{source}");
    let json = serde_json::to_value(&compiled.report).unwrap();
    assert_eq!(json["stream"]["inputs"][0]["step"], 4);
    assert_eq!(json["stream"]["outputs"][0]["delay"], 4);
}
