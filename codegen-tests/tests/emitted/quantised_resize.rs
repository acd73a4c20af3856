//! Quantised models with a linear or cubic Resize: the whole model is integers, the same wherever they are computed.

use codegen_tests::model_builder::{Attr, Encoding, ModelBuilder};
use codegen_tests::same_bits::same_bits;
use codegen_tests::workspace;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiler, Machine};

/// What a model does to an image of `[1, 20, 5, 6]`.
struct Model {
    name: &'static str,
    dtype: DType,
    mode: &'static str,
    coordinates: &'static str,
    sizes: [i64; 2],
    target: &'static str,
}

const MODELS: &[Model] = &[
    Model {
        name: "upsampled",
        dtype: DType::I8,
        mode: "linear",
        coordinates: "half_pixel",
        sizes: [10, 12],
        target: "mcu",
    },
    Model {
        name: "bytes",
        dtype: DType::U8,
        mode: "cubic",
        coordinates: "align_corners",
        sizes: [3, 17],
        target: "board",
    },
    Model {
        name: "one_axis",
        dtype: DType::I16,
        mode: "linear",
        coordinates: "asymmetric",
        sizes: [5, 9],
        target: "board",
    },
];

/// The image, resized between two conversions.
fn model(model: &Model) -> Vec<u8> {
    let zero = Tensor::new(model.dtype, vec![], vec![3; model.dtype.size()]);
    let [h, w] = model.sizes;
    ModelBuilder::new(21)
        .input("x", model.dtype, &[1_i64, 20, 5, 6])
        .initializer("zero", &zero, Encoding::Raw)
        .initializer_f32("scale", &[], &[0.05])
        .initializer_f32("finer", &[], &[0.043])
        .initializer_i64("sizes", &[4], &[1, 20, h, w])
        .node("DequantizeLinear", &["x", "scale", "zero"], &["floats"], &[])
        .node(
            "Resize",
            &["floats", "", "", "sizes"],
            &["resized"],
            &[
                ("mode", Attr::Str(model.mode)),
                ("coordinate_transformation_mode", Attr::Str(model.coordinates)),
            ],
        )
        .node("QuantizeLinear", &["resized", "finer", "zero"], &["y"], &[])
        .output("y", model.dtype, &[1_i64, 20, h, w])
        .bytes()
}

#[test]
fn integers_are_the_same_wherever_they_are_computed() {
    let folder = tempfile::tempdir().unwrap();
    let mut compiled = vec![];
    for case in MODELS {
        let path = folder.path().join(format!("{}.onnx", case.name));
        std::fs::write(&path, model(case)).unwrap();
        let compiler = Compiler::new(path).target(Machine::named(case.target).unwrap());
        let model = compiler
            .compile()
            .unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let notes = &model.report.notes;
        assert!(!notes.iter().any(|note| note.contains("in floats")), "{notes:?}");
        compiled.push((compiler, model));
    }
    let modules = MODELS.iter().zip(&compiled);
    let modules = modules.map(|(case, (compiler, model))| vec![Module::new(case.name, compiler, model)]);
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "qlinear_resize");
    let runners = workspace.build(&modules.collect::<Vec<_>>()).unwrap();
    for ((case, runner), (_, model)) in MODELS.iter().zip(runners).zip(&compiled) {
        let ty = model.program.inputs[0].ty.clone();
        let input = |seed: usize| {
            let bytes = (0..ty.bytes()).map(|i| (((i + seed) * 40_503) >> 7) as u8).collect();
            vec![Tensor::new(ty.dtype, ty.shape.clone(), bytes)]
        };
        let inputs: Vec<_> = (0..4).map(input).collect();
        same_bits(model, &inputs, &runner.unwrap()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    }
}
