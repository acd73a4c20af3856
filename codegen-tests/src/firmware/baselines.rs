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

/// Layers of the DS-CNN for keyword spotting: their products, and instructions on Cortex-M0, M3, M4F and M55. Those of
/// M0 are of its code on a Cortex-M3, as ours.
const CMSIS_NN_KWS: &[(u64, [u64; 4])] = &[
    (320_000, [3_014_162, 1_362_467, 1_111_178, 289_044]),
    (72_000, [2_569_506, 674_332, 599_615, 166_877]),
    (512_000, [3_871_240, 1_591_832, 1_068_927, 202_878]),
    (768, [6_019, 3_145, 2_173, 668]),
];

/// Instructions of CMSIS-NN for the layer of a model that has so many products, where they are known.
pub fn cmsis_nn_layer(model: &str, core: &str, macs: u64) -> Option<u64> {
    let cores = ["m0", "m3", "m4f", "m55"];
    let core = cores.iter().position(|name| *name == core)?;
    let layers = if model == "kws_dscnn_int8" { CMSIS_NN_KWS } else { &[] };
    let (_, instructions) = layers.iter().find(|(products, _)| *products == macs)?;
    Some(instructions[core])
}

/// What the last column is.
pub const NOTE: &str = "\nThe column CMSIS-NN has instructions of TensorFlow Lite Micro with CMSIS-NN (commit\n\
    99f736a6, arm-none-eabi-gcc 12.2 at `-Ofast`) for the same model on a Cortex-M4F, and of CMSIS-NN's\n\
    functions for layers of the same shape on other cores, counted in the same way.\n";
