//! Trained models of the zoo on their test sets: accuracy and logits of the float models.

use codegen_tests::zoo;
use edgec::Compiler;
use edgec::eval::{Boundary, Contender, Engine, Question, TestSet, evaluate};
use edgec::harness::{Tolerance, compare};
use edgec::npz;
use std::path::Path;

const MODELS: &[&str] = &[
    "mlp_digits",
    "lenet_mnist",
    "dsnet_mnist",
    "har_conv1d",
    "lstm_vowels",
    "gru_vowels",
];

/// What is wrong with a model, if anything is.
fn check(zoo: &Path, model: &str, accuracy: f64) -> Result<(), String> {
    let data = zoo.join(format!("data/{model}_testset.npz"));
    let data = data.to_str().ok_or("the folder's name is not UTF-8")?;
    let compiler = Compiler::new(zoo.join(format!("trained/{model}.onnx")));
    let compiled = compiler.compile().map_err(|e| e.to_string())?;
    let outputs = &compiled.program.outputs;
    let set = TestSet::open(data, None, None, &compiled.program.inputs).map_err(|e| e.to_string())?;
    let (output, classes) = set.judge(outputs, None).map_err(|e| e.to_string())?;
    let question = Question {
        set: &set,
        outputs,
        output,
        classes,
    };
    let mut contenders = [Contender {
        name: "executor".into(),
        engine: Engine::Executor(compiled.executor()),
        boundary: Boundary::default(),
        like: None,
    }];
    let evaluation = evaluate(&question, &mut contenders).map_err(|e| e.to_string())?;
    let correct = evaluation.scores[0].correct.ok_or("there are no labels")?;
    println!("{model}: {correct} of {}", evaluation.samples);
    if correct as f64 != (accuracy * evaluation.samples as f64).round() {
        return Err(format!("{correct} of {} are right, not {accuracy}", evaluation.samples));
    }
    let arrays = npz::read(Path::new(data)).map_err(|e| e.to_string())?;
    let logits = arrays["fp32_logits"].to_f64();
    let wanted = logits.chunks_exact(logits.len() / set.samples.len());
    let mut executor = compiled.executor();
    for (number, (sample, wanted)) in set.samples.iter().zip(wanted).enumerate() {
        let got = executor.run(&sample.map_err(|e| e.to_string())?).swap_remove(output);
        let wanted: Vec<f32> = wanted.iter().map(|v| *v as f32).collect();
        let wanted = edgec::ir::Tensor::f32(&got.shape, &wanted);
        let comparison = compare(&got, &wanted, Tolerance::default());
        if !comparison.passes() {
            return Err(format!("sample {number}: {comparison}"));
        }
    }
    Ok(())
}

#[test]
fn trained_models_are_as_accurate_as_their_reference() {
    let Some(zoo) = zoo::folder() else { return };
    let text = std::fs::read_to_string(zoo.join("trained/ptq.json")).unwrap();
    let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut failed = vec![];
    for model in MODELS {
        let accuracy = reference[model]["fp32"].as_f64().unwrap();
        failed.extend(
            check(&zoo, model, accuracy)
                .err()
                .map(|error| format!("{model}: {error}")),
        );
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
