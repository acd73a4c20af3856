//! Memory plans of real models, for several machines and in tiles, looked at by a checker that shares nothing with the
//! planner, and the report against it.

use codegen_tests::plans::{check, check_report};
use codegen_tests::zoo;
use edgec::machine::Overlapping;
use edgec::{Compiled, Compiler, Machine};
use std::path::Path;

/// Models that compile in a moment.
const MODELS: &[&str] = &[
    "mlperf_tiny/ad_autoencoder_fp32",
    "mlperf_tiny/ad_autoencoder_int8",
    "mlperf_tiny/ic_resnet8_fp32",
    "mlperf_tiny/ic_resnet8_int8",
    "mlperf_tiny/kws_dscnn_fp32",
    "mlperf_tiny/kws_dscnn_int8",
    "mlperf_tiny/sww_tcn_fp32",
    "mlperf_tiny/sww_tcn_int8",
    "mlperf_tiny/vww_mobilenetv1_fp32",
    "mlperf_tiny/vww_mobilenetv1_int8",
    "trained/lenet_mnist",
    "trained/dsnet_mnist",
    "trained/mlp_digits",
    "trained/har_conv1d",
    "trained/gru_vowels",
    "trained/lstm_vowels",
    "tiny/pulsevad_2.1k",
    "tiny/onnx2c_atmega_mnist",
    "tiny/tflm_hello_world_int8",
    "tiny/tflm_micro_speech_int8",
    "tiny/conv1d_ecg",
    "tiny/tcn",
    "tiny/unet_tiny_64",
    "tiny/mobilenetv2_035_96",
    "tiny/gru_cls",
    "tiny/tiny_transformer",
];

/// Models in tiles, with less RAM than they would take, and model and input of a stream.
const TILED: &[(&str, usize)] = &[
    ("mlperf_tiny/vww_mobilenetv1_int8", 66_388),
    ("mlperf_tiny/vww_mobilenetv1_int8", 45_912),
    ("tiny/mobilenetv2_035_96", 400_000),
];
const STREAMED: &[(&str, &str, i64)] = &[
    ("mlperf_tiny/kws_dscnn_int8", "input_1", 2),
    ("mlperf_tiny/sww_tcn_int8", "serving_default_input_1:0", 2),
    ("tiny/tcn", "input", 2),
];

fn looked_at(what: &str, compiler: Compiler) -> Compiled {
    let compiled = compiler.compile().unwrap_or_else(|error| panic!("{what}: {error}"));
    let Compiled {
        program, plan, report, ..
    } = &compiled;
    let figures = check(program, plan, compiled.machine.alignment()).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
    check_report(program, plan, report).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
    println!(
        "ok   {what}: {} B, {} live, {} calls in place, {} pairs share bytes",
        plan.peak, figures.live, figures.in_place, figures.shared
    );
    compiled
}

fn compiler(zoo: &Path, model: &str, target: &str) -> Compiler {
    let target = Machine::named(target).unwrap();
    Compiler::new(zoo.join(format!("{model}.onnx"))).target(target)
}

#[test]
fn plans_are_sound() {
    let Some(zoo) = zoo::folder() else { return };
    for target in ["board", "cortex-m4f"] {
        for model in MODELS {
            looked_at(&format!("{model} for {target}"), compiler(&zoo, model, target));
        }
    }
    for target in ["cortex-m4f", "cortex-m0"] {
        let mut overlapping = 0;
        for model in MODELS {
            let what = format!("{model} for {target}, by rows");
            let by_rows = looked_at(&what, compiler(&zoo, model, target).overlap(Overlapping::Always));
            let whole = compiler(&zoo, model, target).compile().unwrap();
            let count = by_rows.plan.overlaps.iter().flatten().count();
            assert_eq!(by_rows.plan.peak < whole.plan.peak, count > 0, "{what}");
            overlapping += usize::from(count > 0);
        }
        assert!(overlapping > MODELS.len() / 3, "{overlapping} models for {target}");
    }
    for (model, bytes) in TILED {
        let what = format!("{model} in {bytes} bytes");
        let tiled = looked_at(&what, compiler(&zoo, model, "cortex-m4f").ram(*bytes));
        assert!(tiled.program.calls.iter().any(|call| call.part.is_some()), "{what}");
        assert!(tiled.report.ram + tiled.report.input_bytes <= *bytes, "{what}");
    }
    for (model, input, axis) in STREAMED {
        let stream = compiler(&zoo, model, "cortex-m4f").stream(*input, *axis, None);
        looked_at(&format!("{model} as a stream"), stream);
    }
}
