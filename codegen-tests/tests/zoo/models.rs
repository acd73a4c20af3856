//! Models of the zoo through emitted code, against their reference outputs.

use codegen_tests::workspace;
use codegen_tests::zoo::{self, Reference, Verdict};
use edgec::Machine;

const MODELS: &[&str] = &[
    "mlperf_tiny/ad_autoencoder_fp32",
    "mlperf_tiny/ic_resnet8_fp32",
    "mlperf_tiny/ic_resnet8_fp32_keras_bn",
    "mlperf_tiny/ic_resnet_large_fp32",
    "mlperf_tiny/kws_dscnn_fp32",
    "mlperf_tiny/sww_tcn_fp32",
    "mlperf_tiny/vww_mobilenetv1_fp32",
    "trained/lenet_mnist",
    "trained/dsnet_mnist",
    "trained/mlp_digits",
    "trained/har_conv1d",
    "trained/gru_vowels",
    "trained/lstm_vowels",
    "tiny/pulsevad_2.1k",
    "tiny/pulsevad_teacher_81k",
    "tiny/onnx2c_atmega_mnist",
    "tiny/onnx2c_mnist_model",
    "tiny/rten_mnist",
    "tiny/tflm_hello_world_fp32",
    "tiny/ch_ppocr_mobile_v2.0_cls_infer",
    "tiny/conv1d_ecg",
    "tiny/tcn",
    "tiny/unet_tiny_64",
    "tiny/mobilenetv2_035_96",
    "tiny/lstm_stream",
    "tiny/lstm_cls",
    "tiny/gru_cls",
    "tiny/bilstm_cls",
    "tiny/silero_vad_v6_openvino_16k",
    "tiny/tiny_transformer",
    "tiny/basic_pitch_nmp",
    "boards/mobilenetv2_224",
    "boards/mobilenetv3_small_224",
    "boards/resnet18_224",
    "boards/squeezenet1_1_224",
    "boards/efficientnet_lite0_224",
    "boards/shufflenetv2_x0_5_224",
    "boards/vit_tiny_p16_96_d4",
];

/// Models in one crate: few, so that cargo compiles crates side by side.
const TOGETHER: usize = 4;

fn report(model: &str, verdict: &Verdict) -> bool {
    match verdict {
        Err(error) => println!("FAIL {model}: {error}"),
        Ok(outputs) => {
            for (output, comparison) in outputs {
                let verdict = if comparison.passes() { "ok  " } else { "FAIL" };
                println!("{verdict} {model} `{output}`: {comparison}");
            }
        }
    }
    verdict
        .as_ref()
        .is_ok_and(|outputs| outputs.iter().all(|(_, c)| c.passes()))
}

#[test]
fn emitted_models_agree_with_their_references() {
    let Some(folder) = zoo::folder() else { return };
    let mut failed = vec![];
    let mut compiled = vec![];
    for model in MODELS {
        match Reference::compile(&folder, model, Machine::board()) {
            Ok(reference) => compiled.push((*model, reference)),
            Err(error) => {
                report(model, &Err(error));
                failed.push(*model);
            }
        }
    }
    let (names, references): (Vec<_>, Vec<_>) = compiled.into_iter().unzip();
    // Other tests build floats for any processor.
    let workspace = workspace::native(env!("CARGO_TARGET_TMPDIR"), "zoo");
    let verdicts = zoo::verify(&workspace, &references, TOGETHER);
    failed.extend(
        names
            .iter()
            .zip(&verdicts)
            .filter(|(model, verdict)| !report(model, verdict))
            .map(|(m, _)| m),
    );
    assert!(
        failed.is_empty(),
        "{} of {} models fail: {}",
        failed.len(),
        MODELS.len(),
        failed.join(", ")
    );
}
