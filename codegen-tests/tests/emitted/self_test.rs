//! The self-test of emitted code: it passes where the code computes what the host has computed, and finds a changed
//! weight.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::program;
use edgec::data::blob;
use edgec::ir::{DType, Tensor};
use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::tools::updates::{SecretKey, sign};
use edgec::{Compiler, Machine, TrainOptions, Weights};
use std::path::Path;
use tempfile::TempDir;

pub(super) fn example(file: &str) -> String {
    format!("{}/../examples/digits/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn digits() -> Compiler {
    Compiler::new(example("digits.onnx")).self_test(true)
}

/// The digits' model in integers.
pub(super) fn int8(compiler: Compiler) -> Compiler {
    compiler.quantize(QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new(example("calibration.npz"))
    })
}

/// A model with a state and outputs of three types: halves, 64-bit integers and truth values.
fn mixed(folder: &TempDir) -> Compiler {
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F16, &[1, 4])
        .input("count", DType::I64, &[1])
        .input("by", DType::I64, &[1])
        .initializer_f32(
            "w",
            &[4, 4],
            &(0..16).map(|i| (i * 11 % 16) as f32 / 8.0 - 0.9).collect::<Vec<_>>(),
        )
        .node("Cast", &["x"], &["wide"], &[("to", Attr::Int(1))])
        .node("MatMul", &["wide", "w"], &["product"], &[])
        .node("Cast", &["product"], &["y"], &[("to", Attr::Int(10))])
        .node("Add", &["count", "by"], &["counted"], &[])
        .node("Mul", &["count", "by"], &["square"], &[])
        .node("Less", &["wide", "product"], &["less"], &[])
        .output("y", DType::F16, &[1, 4])
        .output("counted", DType::I64, &[1])
        .output("square", DType::I64, &[1])
        .output("less", DType::Bool, &[1, 4])
        .bytes();
    let path = folder.path().join("mixed.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path)
        .name("Mixed")
        .state("count", "counted")
        .self_test(true)
}

/// The digits' model with its floats a little smaller.
fn retrained(folder: &TempDir) -> Compiler {
    let mut file = std::fs::read(example("digits.onnx")).unwrap();
    let model = edgec::front::load::load_bytes(&file, None).unwrap();
    for tensor in &model.graph.initializer {
        let raw = tensor.raw_data();
        let at = file.windows(raw.len()).position(|window| window == raw).unwrap();
        for number in file[at..at + raw.len()].as_chunks_mut::<4>().0 {
            *number = (f32::from_le_bytes(*number) * 0.9).to_le_bytes();
        }
    }
    let path = folder.path().join("retrained.onnx");
    std::fs::write(&path, file).unwrap();
    Compiler::new(path).self_test(true)
}

/// `source` with one digit of one byte of its first weights changed.
fn with_a_changed_weight(source: &str) -> String {
    let (before, after) = source.split_once("_WEIGHTS: Weights<").unwrap();
    // The last digit of the fourth byte, with which the exponent of the first float ends.
    let at = after.find("\\x").unwrap() + 3 * "\\x00".len() + 3;
    let digit = if &after[at..=at] == "4" { "3" } else { "4" };
    format!("{before}_WEIGHTS: Weights<{}{digit}{}", &after[..at], &after[at + 1..])
}

#[test]
fn a_self_test_of_mixed_types_with_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = mixed(&folder).weights(Weights::Inline);
    insta::assert_snapshot!(compiler.emit(&compiler.compile().unwrap(), "").source);
}

/// Runs the self-tests of the modules beside it.
const PROGRAM: &str = r#"#![deny(warnings)]
mod changed_floats;
mod changed_integers;
mod floats;
mod integers;
mod mixed;
mod trained;
mod updatable;

#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

fn main() {
    println!("floats {:?}", floats::Model::new().self_test());
    println!("integers {:?}", integers::Model::new().self_test());
    println!("changed floats {}", changed_floats::Model::new().self_test().is_err());
    println!("changed integers {}", changed_integers::Model::new().self_test().is_err());

    let mut mixed = mixed::Model::new();
    let x = [runtime_core::f16::from_f32(0.5); 4];
    let squares = [3, 4].map(|by| mixed.run(&x, &[by]).square[0]);
    println!("mixed {:?} {squares:?} {}", mixed.self_test(), mixed.run(&x, &[5]).square[0]);

    let mut trained = trained::Model::new();
    trained.train_step(&[0.5; 64], &[3], 0.1);
    println!("trained {:?}", trained.self_test());

    let blobs: [&Aligned<[u8]>; 3] = [
        &Aligned(*include_bytes!("first.weights")),
        &Aligned(*include_bytes!("retrained.weights")),
        &Aligned(*include_bytes!("changed.weights")),
    ];
    for blob in blobs {
        let weights = updatable::ModelWeights::verify(&blob.0, &KEY, 1).unwrap();
        println!("updatable {:?}", updatable::Model::new().self_test(&weights).is_ok());
    }
}
"#;

#[test]
fn emitted_code_tests_itself() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/self_test");
    let sources = folder.join("src");
    std::fs::create_dir_all(&sources).unwrap();
    let models = tempfile::tempdir().unwrap();
    let write = |name: &str, compiler: Compiler| {
        let compiler = compiler.name("Model").force(true);
        compiler
            .write(&compiler.compile().unwrap(), &sources.join(name))
            .unwrap()
    };
    let mcu = || Machine::named("cortex-m0").unwrap();
    let learning = TrainOptions {
        layers: vec!["last:1".into()],
        ..TrainOptions::default()
    };
    write("floats.rs", digits().weights(Weights::Sidecar));
    write("integers.rs", int8(digits()).target(mcu()).weights(Weights::Inline));
    write("mixed.rs", mixed(&models));
    write("trained.rs", digits().train(learning));
    for (name, compiler) in [("floats", digits()), ("integers", int8(digits()).target(mcu()))] {
        let file = format!("changed_{name}.rs");
        let source = write(&file, compiler.weights(Weights::Inline)).source;
        std::fs::write(sources.join(&file), with_a_changed_weight(&source)).unwrap();
    }

    let key = SecretKey::from_seed(&[7; 32]);
    let first = write("updatable.rs", digits().weights(Weights::Updatable))
        .block
        .unwrap();
    let retrained = retrained(&models).name("Model").weights(Weights::Updatable);
    let retrained = retrained.weights_for(&retrained.compile().unwrap(), &sources.join("updatable.rs"));
    let mut changed = first.clone();
    changed.bytes[3] ^= 4;
    for (name, block) in [
        ("first", &first),
        ("retrained", &retrained.unwrap()),
        ("changed", &changed),
    ] {
        let blob = sign(&blob::unsigned(block.structure, &block.bytes), &key, 1).unwrap();
        std::fs::write(sources.join(format!("{name}.weights")), blob).unwrap();
    }
    let main = format!("{PROGRAM}\nconst KEY: [u8; 32] = {:?};\n", key.public_key());
    let expected = "floats Ok(())\nintegers Ok(())\nchanged floats true\nchanged integers true\n\
                    mixed Ok(()) [0, 12] 0\ntrained Ok(())\nupdatable true\nupdatable true\nupdatable false\n";
    assert_eq!(program::run(&folder, &["updates"], &main, true), expected);
}

#[test]
fn inputs_of_the_case_are_checked() {
    let error = |name: &str, value| digits().self_test_input(name, value).compile().unwrap_err().to_string();
    let unknown = error("pixels", Tensor::f32(&[1], &[0.0]));
    assert!(unknown.contains("there is no input called `pixels`"), "{unknown}");
    let short = error("image", Tensor::f32(&[1], &[0.0]));
    assert!(
        short.contains("`image` is f32[1x1x8x8], but the self-test is to give it f32[1]"),
        "{short}"
    );
    let given = digits().self_test_input("image", Tensor::f32(&[1, 1, 8, 8], &[0.5; 64]));
    let program = given.compile().unwrap().program;
    let golden = program.golden.as_ref().unwrap();
    let edgec::ir::program::Storage::Constant(image) = &program.buffer(golden.inputs[0]).storage else {
        panic!("the case is constant");
    };
    assert_eq!(image.to_f32().unwrap(), [0.5; 64]);
}
