//! A layer computed in parts gives the bits of the whole: every call of models of the zoo, divided at random places, on the
//! kernels of several machines.

use codegen_tests::parts::{divide_all, same_as_whole};
use codegen_tests::zoo::{self, Reference};
use edgec::Machine;
use edgec::tools::harness;
use std::collections::BTreeMap;

const INTEGERS: &[&str] = &[
    "mlperf_tiny/vww_mobilenetv1_int8",
    "mlperf_tiny/ic_resnet8_int8",
    "mlperf_tiny/kws_dscnn_int8",
    "mlperf_tiny/sww_tcn_int8",
    "mlperf_tiny/ad_autoencoder_int8",
];

const FLOATS: &[&str] = &[
    "mlperf_tiny/vww_mobilenetv1_fp32",
    "mlperf_tiny/ic_resnet8_fp32",
    "trained/dsnet_mnist",
    "tiny/unet_tiny_64",
    "tiny/mobilenetv2_035_96",
    "tiny/tcn",
    "tiny/tiny_transformer",
    "tiny/ch_ppocr_mobile_v2.0_cls_infer",
    "tiny/basic_pitch_nmp",
    "boards/mobilenetv3_small_224",
    "boards/shufflenetv2_x0_5_224",
    "boards/vit_tiny_p16_96_d4",
];

/// Kernels of which some call must have been divided.
const KERNELS: &[&str] = &[
    "binary",
    "concat",
    "conv2d",
    "conv2d_add",
    "depthwise_conv2d",
    "gemm",
    "gemm_add",
    "layer_normalization",
    "map",
    "max_pool2d",
    "pad",
    "qlinear_add",
    "qlinear_conv2d",
    "qlinear_conv2d_interleaved",
    "qlinear_conv2d_paired",
    "qlinear_conv2d_rows",
    "qlinear_depthwise_conv2d",
    "qlinear_depthwise_conv2d_interleaved",
    "qlinear_depthwise_conv2d_paired",
    "qlinear_depthwise_conv2d_rows",
    "qlinear_gemm",
    "qlinear_gemm_interleaved",
    "qlinear_gemm_paired",
    "qlinear_gemm_rows",
    "strided",
];

#[test]
fn parts_of_a_layer_give_the_bits_of_the_whole() {
    let Some(folder) = zoo::folder() else { return };
    let machine = |name: &str| Machine::named(name).unwrap();
    let microcontrollers = ["cortex-m4f", "cortex-m55", "cortex-m0"].map(machine);
    let machines = |models: &'static [&str], machines: &[Machine]| {
        let machines = machines.to_vec();
        models
            .iter()
            .flat_map(move |model| machines.clone().into_iter().map(move |machine| (*model, machine)))
    };
    let cases = machines(INTEGERS, &microcontrollers)
        .chain(machines(INTEGERS, &[Machine::board()]))
        .chain(machines(FLOATS, &[Machine::board()]));
    let (mut failed, mut divided) = (vec![], BTreeMap::new());
    for (seed, (model, machine)) in cases.enumerate() {
        let name = format!("{model} for {}", machine.name);
        match check(&folder, model, machine, seed as u64) {
            Ok(kernels) => {
                println!("ok   {name}: {} calls divided", kernels.values().sum::<usize>());
                for (kernel, count) in kernels {
                    *divided.entry(kernel).or_insert(0) += count;
                }
            }
            Err(error) => {
                println!("FAIL {name}: {error}");
                failed.push(name);
            }
        }
    }
    println!("divided calls: {divided:?}");
    assert!(failed.is_empty(), "{} models fail: {}", failed.len(), failed.join(", "));
    let never: Vec<_> = KERNELS.iter().filter(|kernel| !divided.contains_key(*kernel)).collect();
    assert!(never.is_empty(), "no call was divided of {never:?}");
}

fn check(
    zoo: &std::path::Path,
    model: &str,
    machine: Machine,
    seed: u64,
) -> Result<BTreeMap<&'static str, usize>, String> {
    let whole = Reference::compile(zoo, model, machine.clone())?;
    let mut divided = Reference::compile(zoo, model, machine)?.compiled;
    let kernels = divide_all(&mut divided, seed);
    for case in whole.cases.iter().take(2) {
        let inputs = harness::inputs(&whole.compiled.program, &case.inputs).map_err(|e| e.to_string())?;
        same_as_whole(&whole.compiled, &divided, &inputs)?;
    }
    Ok(kernels)
}
