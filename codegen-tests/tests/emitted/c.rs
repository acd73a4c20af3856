//! Emitted functions for C: the header compiles as C99 and C++ without warnings, and what C gets is what the host
//! executor computes.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::program;
use edgec::ir::{DType, Tensor};
use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::{Compiled, Compiler, Machine, Optimizer, TrainOptions, Weights};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn digits() -> Compiler {
    let example = |file: &str| format!("{}/../examples/digits/{file}", env!("CARGO_MANIFEST_DIR"));
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new(example("calibration.npz"))
    };
    Compiler::new(example("digits.onnx"))
        .quantize(int8)
        .target(Machine::mcu())
        .self_test(true)
}

/// A state, halves, truth values and 64-bit integers, under names that are keywords of C and C++, macros of compilers,
/// and text that would end a comment.
fn hostile(folder: &TempDir) -> Compiler {
    let bytes = ModelBuilder::new(17)
        .input("*/ int evil; /*", DType::F32, &[1, 4])
        .input("register", DType::I64, &[1])
        .input("count", DType::I64, &[1])
        .node("Add", &["count", "register"], &["counted"], &[])
        .node("Mul", &["count", "register"], &["unix"], &[])
        .node(
            "Cast",
            &["*/ int evil; /*"],
            &["__LINE__ ??/"],
            &[("to", Attr::Int(10))],
        )
        .node("Less", &["*/ int evil; /*", "*/ int evil; /*"], &["\\"], &[])
        .output("counted", DType::I64, &[1])
        .output("unix", DType::I64, &[1])
        .output("__LINE__ ??/", DType::F16, &[1, 4])
        .output("\\", DType::Bool, &[1, 4])
        .bytes();
    let path = folder.path().join("hostile.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path)
        .name("int")
        .state("count", "counted")
        .self_test(true)
}

#[test]
fn functions_and_header() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = hostile(&folder);
    let c = compiler.emit_c(&compiler.compile().unwrap(), "hostile", "hostile.h");
    assert!(c.header.is_ascii() && c.source.is_ascii());
    insta::assert_snapshot!("functions", c.source);
    insta::assert_snapshot!("header", c.header);
}

/// The digits' model, whose last layer learns, by steps or from sums.
fn learner() -> Compiler {
    let options = TrainOptions {
        layers: vec!["last:1".into()],
        optimizer: Optimizer::Momentum { beta: 0.9 },
        accumulate: true,
        ..TrainOptions::default()
    };
    Compiler::new(format!("{}/../examples/digits/digits.onnx", env!("CARGO_MANIFEST_DIR")))
        .name("Learner")
        .train(options)
        .self_test(true)
}

#[test]
fn functions_and_header_of_a_model_that_learns() {
    let compiler = learner();
    let c = compiler.emit_c(&compiler.compile().unwrap(), "learner", "learner.h");
    let declared = c.header.split("int32_t ").filter_map(|text| text.split_once('('));
    let declared: Vec<_> = declared
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("learner_"))
        .collect();
    assert_eq!(declared, c.functions);
    let from = |text: &str, start: &str| text[text.find(start).unwrap()..].to_owned();
    insta::assert_snapshot!("functions_of_training", from(&c.source, "/// Runs one step"));
    insta::assert_snapshot!("header_of_training", from(&c.header, "/* A model, best"));
}

/// Runs the digits' model on one input, then the other model, and passes pointers that cannot be used.
const PROGRAM: &str = r#"
#include <stdio.h>
#include "digits.h"
#include "hostile.h"
#include "learner.h"

static digits_model model;
static int_model other;
static learner_model learner;

static void print_bits(float number) {
    union { float number; uint32_t bits; } both;
    both.number = number;
    printf(" %08x", (unsigned)both.bits);
}

/* Trains by a step and from sums, and moves the parameters into a new model. */
static void learn(void) {
    static const float image[] = { DARKNESS };
    static float parameters[LEARNER_PARAMETERS];
    const int32_t seven[] = { 7 };
    float loss, scores[LEARNER_SCORES_LEN];
    printf("%d", (int)learner_init(&learner));
    learner_train_step(&learner, image, seven, 0.01f, &loss);
    print_bits(loss);
    learner_train_step(&learner, image, seven, 0.01f, 0);
    printf(" %d", (int)learner_accumulate(&learner, image, seven, &loss));
    print_bits(loss);
    printf(" %d", (int)learner_apply(&learner, 0.01f));
    printf(" %d", (int)learner_parameters(&learner, parameters));
    printf(" %d", (int)learner_self_test(&learner, 0, 0));
    printf(" %d", (int)learner_set_parameters(&learner, parameters));
    learner_run(&learner, image, scores);
    print_bits(scores[7]);
    printf(" %d\n", (int)learner_train_step(&learner, image, 0, 0.01f, &loss));
}

int main(void) {
    static const int8_t shape[] = DIGITS_IMAGE_SHAPE;
    static const int8_t image[DIGITS_IMAGE_LEN] = { PIXELS };
    int8_t scores[DIGITS_SCORES_LEN + 1];
    const float x[INT_INT_EVIL_LEN] = { 1.0f, -2.0f, 0.5f, 0.0f };
    const int64_t by[] = { 3 };
    int64_t square[1];
    uint16_t halves[4];
    uint8_t less[4];
    uint32_t output = 9, index = 9;
    unsigned i;
    printf("%d %d\n", (int)digits_init(&model), (int)sizeof shape);
    printf("%d", (int)digits_run(&model, image, scores));
    for (i = 0; i < DIGITS_SCORES_LEN; i++) printf(" %d", scores[i]);
    printf("\n%d\n", (int)digits_self_test(&model, &output, &index));
    printf("%d %d %d\n", (int)digits_init(0), (int)digits_run(&model, image, 0), (int)digits_run(&model, 0, scores));
    printf("%d\n", (int)digits_init((digits_model *)((char *)&model + 1)));
    int_init(&other);
    for (i = 0; i < 2; i++) int_run(&other, x, by, square, halves, less);
    printf("%d %x %d\n", (int)square[0], halves[1], less[0]);
    printf("%d", (int)int_reset(&other));
    int_run(&other, x, by, square, halves, less);
    printf(" %d\n", (int)square[0]);
    other.storage[0] ^= 1;
    printf("%d\n", (int)int_self_test(&other, 0, 0));
    learn();
    return 0;
}
"#;

/// What the model that learns is shown.
fn darkness() -> impl Iterator<Item = f32> {
    (0..64).map(|i| (i * 37 % 17) as f32 / 16.0)
}

/// What C prints of the model that learns.
fn learnt(compiled: &Compiled) -> String {
    let image = Tensor::f32(&[1, 1, 8, 8], &darkness().collect::<Vec<_>>());
    let (seven, rate) = (Tensor::i32(&[1], &[7]), Tensor::f32(&[], &[0.01]));
    let mut executor = compiled.executor();
    let bits = |tensor: &Tensor, index: usize| tensor.to_f32().unwrap()[index].to_bits();
    let step = [image.clone(), seven.clone(), rate.clone()];
    let first = bits(&executor.train_step(&step).unwrap(), 0);
    executor.train_step(&step).unwrap();
    let summed = bits(&executor.accumulate(&[image.clone(), seven]).unwrap(), 0);
    executor.apply(&rate);
    let score = bits(&executor.run(&[image]).remove(0), 7);
    format!("0 {first:08x} 0 {summed:08x} 0 0 0 0 {score:08x} 1\n")
}

fn tool(name: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(name).args(arguments).current_dir(folder).output();
    let output = output.unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn c_and_cpp_get_what_the_host_computes() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/c_functions");
    let sources = folder.join("src");
    std::fs::create_dir_all(&sources).unwrap();
    let models = tempfile::tempdir().unwrap();
    let write = |name: &str, compiler: Compiler| {
        let header = folder.join(name).with_extension("h");
        let compiler = compiler.weights(Weights::Inline).c_header(header).force(true);
        let compiled = compiler.compile().unwrap();
        compiler
            .write(&compiled, &sources.join(name).with_extension("rs"))
            .unwrap();
        compiled
    };
    let compiled = write("digits", digits());
    write("hostile", hostile(&models));
    let learns = write("learner", learner());
    let pixels: Vec<i8> = (0..64).map(|i| (i * 37 % 256 - 128) as i8).collect();
    let image = Tensor::new(
        DType::I8,
        vec![1, 1, 8, 8],
        pixels.iter().map(|pixel| *pixel as u8).collect(),
    );
    let expected = compiled.executor().run(&[image]).remove(0);

    let library =
        "#![deny(warnings)]\nmod digits;\nmod digits_c;\nmod hostile;\nmod hostile_c;\nmod learner;\nmod learner_c;\n";
    let built = program::static_library(&folder, &[], library);
    let list = |values: &mut dyn Iterator<Item = String>| values.collect::<Vec<_>>();
    let pixels = list(&mut pixels.iter().map(i8::to_string)).join(", ");
    let darkness = list(&mut darkness().map(|pixel| format!("{pixel:?}f"))).join(", ");
    let program = PROGRAM.replace("PIXELS", &pixels).replace("DARKNESS", &darkness);
    std::fs::write(folder.join("main.c"), program).unwrap();
    std::fs::copy(folder.join("main.c"), folder.join("main.cpp")).unwrap();
    let mut text = "0 4\n0".to_owned();
    expected.to_f64().iter().for_each(|score| {
        let _ = write!(text, " {score}");
    });
    text.push_str("\n0\n1 1 1\n2\n9 c000 0\n0 0\n0\n");
    text.push_str(&learnt(&learns));
    assert_eq!(built_and_run(&folder, &built), [text.clone(), text]);
}

/// What `main.c` and `main.cpp` print, built as C99 and C++11 around a library, without a warning.
pub(super) fn built_and_run(folder: &Path, library: &Path) -> [String; 2] {
    let warnings = ["-Wall", "-Wextra", "-Werror", "-pedantic"];
    [("cc", "-std=c99", "main.c"), ("c++", "-std=c++11", "main.cpp")].map(|(compiler, standard, file)| {
        let library = library.to_string_lossy();
        let rest = [
            standard,
            "-I.",
            "-o",
            "main",
            file,
            &library,
            "-lpthread",
            "-ldl",
            "-lm",
        ];
        tool(compiler, &[&warnings[..], &rest].concat(), folder);
        tool("./main", &[], folder)
    })
}
