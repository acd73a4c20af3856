//! Quantised models of the zoo against ONNX Runtime, layer by layer.

use codegen_tests::quantised::agreement;
use codegen_tests::{python, zoo};

/// Small models that between them hold every integer operator; `quantised-models` compares all.
const MODELS: &[&str] = &[
    "mlperf_tiny/ic_resnet8_int8",
    "mlperf_tiny/kws_dscnn_int8",
    "mlperf_tiny/sww_tcn_fp32_ortq8",
    "mlperf_tiny/vww_mobilenetv1_int8",
    "tiny/pulsevad_2.1k_int8",
    "tiny/tflm_micro_speech_int8",
    "trained/har_conv1d_minmax_s8_ortq8",
    "trained/lenet_mnist_minmax_s8_ortq8",
];

#[test]
fn layers_agree_with_onnx_runtime_to_within_one_step() {
    let Some(zoo) = zoo::folder() else { return };
    if !python::has(&["onnx", "onnxruntime"]) {
        println!("skipped: Python has no onnx and onnxruntime; scripts/setup.sh installs them");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for model in MODELS {
        let agreement = agreement(&zoo, model, folder.path(), 0).unwrap_or_else(|error| panic!("{model}: {error}"));
        let layers = agreement.of_layers();
        println!("{model}: layers {layers}; at the end {}", agreement.whole);
        assert_eq!(layers.more, 0, "{model}: {:?}", agreement.layers);
        assert!(layers.equal_part() >= 0.999, "{model}: {:?}", agreement.layers);
        assert!(agreement.whole.equal_part() >= 0.999, "{model}: {:?}", agreement.whole);
    }
}
