//! Published figures that ours stand beside.

/// Instructions of one inference by TensorFlow Lite Micro with CMSIS-NN on a Cortex-M4F, counted in the same emulator.
const CMSIS_NN_M4F: &[(&str, u64)] = &[
    ("kws_dscnn_int8", 7_844_359),
    ("vww_mobilenetv1_int8", 24_720_587),
    ("ic_resnet8_int8", 29_874_337),
    ("ad_autoencoder_int8", 582_347),
    ("tflm_micro_speech_int8", 1_494_476),
    ("tflm_hello_world_int8", 3_527),
];

/// Instructions of CMSIS-NN for a model on a core, where they are known.
pub fn cmsis_nn(model: &str, core: &str) -> Option<u64> {
    let found = CMSIS_NN_M4F.iter().find(|(name, _)| *name == model && core == "m4f");
    found.map(|(_, instructions)| *instructions)
}

/// What the last column is.
pub const NOTE: &str = "\nThe column CMSIS-NN has instructions of TensorFlow Lite Micro with CMSIS-NN (commit 99f736a6,\n\
    arm-none-eabi-gcc 12.2 at `-Ofast`) for the same model on a Cortex-M4F, counted in the same way.\n";
