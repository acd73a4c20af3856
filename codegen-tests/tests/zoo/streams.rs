//! Models of the zoo over time, fed frame by frame, against the whole models.

use codegen_tests::zoo;
use edgec::ir::{DType, StreamedOutput, Tensor};
use edgec::tools::harness::{self, Tolerance, compare};
use edgec::{Compiled, Compiler, data::npz};
use std::path::Path;

/// Models whose layers see nothing after a frame, so that the first window is the whole model's: model, input and axis.
const CAUSAL: &[(&str, &str, i64)] = &[
    ("tiny/tcn", "input", 2),
    ("mlperf_tiny/sww_tcn_fp32", "input", 2),
    ("mlperf_tiny/sww_tcn_int8", "serving_default_input_1:0", 2),
    ("tiny/gru_cls", "input", 1),
    ("tiny/lstm_cls", "input", 1),
];

/// Models that look ahead: model, input, the frames that its last layer reduces, and how many of these see the end of
/// the window.
const CENTRED: &[(&str, &str, &str, usize)] = &[
    ("tiny/conv1d_ecg", "input", "/n/n.4/n.4.2/Relu_output_0", 3),
    (
        "mlperf_tiny/kws_dscnn_fp32",
        "input",
        "functional_1/activation_8/Relu:0",
        7,
    ),
    (
        "mlperf_tiny/kws_dscnn_int8",
        "input_1",
        "functional_1/average_pooling2d/AvgPool_prequant__168_DequantizeLinear__231:0",
        7,
    ),
];

fn compiler(zoo: &Path, model: &str) -> Compiler {
    Compiler::new(zoo.join(format!("{model}.onnx"))).name("Model")
}

/// What the model is given in each case of its reference.
fn inputs(zoo: &Path, model: &str, compiled: &Compiled) -> Vec<Vec<Tensor>> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let arrays = npz::read(&zoo.join(format!("golden/{name}.npz"))).unwrap();
    let cases = harness::cases(arrays).unwrap();
    let cases = cases
        .iter()
        .map(|case| harness::inputs(&compiled.program, &case.inputs).unwrap());
    cases.collect()
}

/// Integers are the same; floats to within what one frame by itself, which is added up in another order, may differ.
fn same(got: &Tensor, want: &Tensor, what: &str) {
    if want.dtype == DType::F32 {
        let tolerance = Tolerance {
            relative: 1e-4,
            absolute: 1e-5,
        };
        let comparison = compare(got, want, tolerance);
        assert!(comparison.passes(), "{what}: {comparison}");
    } else {
        assert_eq!(got, want, "{what}");
    }
}

#[test]
fn the_first_window_of_causal_models() {
    let Some(zoo) = zoo::folder() else { return };
    for (model, input, axis) in CAUSAL {
        let whole = compiler(&zoo, model).compile().unwrap();
        let cases = inputs(&zoo, model, &whole);
        for step in [None, Some(2)] {
            let stream = compiler(&zoo, model).stream(*input, *axis, step).compile().unwrap();
            assert_eq!(stream.report.stream.as_ref().unwrap().outputs[0].delay, 0, "{model}");
            for case in &cases {
                let (got, want) = (stream.executor().run_stream(case), whole.executor().run(case));
                same(&got[0], &want[0], &format!("{model}, step {step:?}"));
            }
        }
        println!("ok   {model}");
    }
}

/// Frames `from` to `to` along an axis.
fn frames(tensor: &Tensor, axis: usize, from: usize, to: usize) -> Tensor {
    let frame = tensor.shape[axis + 1..].iter().product::<usize>() * tensor.dtype.size();
    let windows = tensor.bytes.chunks_exact(frame * tensor.shape[axis]);
    let bytes = windows
        .flat_map(|window| window[from * frame..to * frame].to_vec())
        .collect();
    let mut shape = tensor.shape.clone();
    shape[axis] = to - from;
    Tensor::new(tensor.dtype, shape, bytes)
}

#[test]
fn frames_of_centred_models() {
    let Some(zoo) = zoo::folder() else { return };
    for (model, input, output, ahead) in CENTRED {
        let whole = compiler(&zoo, model).outputs([*output]).compile().unwrap();
        let stream = compiler(&zoo, model)
            .outputs([*output])
            .stream(*input, 2, None)
            .compile()
            .unwrap();
        let streaming = stream.program.streaming.as_ref().unwrap();
        let StreamedOutput::Frames { axis, delay, .. } = streaming.outputs[0].1 else {
            panic!("{model}: frames are expected");
        };
        let step = streaming.inputs[0].step;
        for case in inputs(&zoo, model, &whole) {
            let want = whole.executor().run(&case).remove(0);
            let given = frames(&case[0], 2, 0, case[0].shape[2] / step * step);
            let got = stream.executor().run_stream(&[given]).remove(0);
            let known = (want.shape[axis] - ahead).min(got.shape[axis] - delay);
            assert!(known > 8, "{model}: {known} frames");
            let got = frames(&got, axis, delay, delay + known);
            same(&got, &frames(&want, axis, 0, known), model);
        }
        println!("ok   {model}");
    }
}

#[test]
fn a_step_of_keyword_spotting_is_a_small_part_of_the_whole() {
    let Some(zoo) = zoo::folder() else { return };
    let whole = compiler(&zoo, "mlperf_tiny/kws_dscnn_int8").compile().unwrap();
    let stream = compiler(&zoo, "mlperf_tiny/kws_dscnn_int8")
        .stream("input_1", 2, None)
        .compile()
        .unwrap();
    assert!(
        6 * stream.report.macs < whole.report.macs,
        "{} MACs",
        stream.report.macs
    );
    let report = stream.report.stream.as_ref().unwrap();
    assert_eq!((report.inputs[0].step, report.outputs[0].delay), (2, 13));
}

#[test]
fn states_that_are_bound_go_on_in_a_stream() {
    let Some(zoo) = zoo::folder() else { return };
    let bound = |compiler: Compiler| compiler.state("h", "h_out").state("c", "c_out");
    let model = "tiny/lstm_stream";
    let plain = bound(compiler(&zoo, model)).compile().unwrap();
    let stream = bound(compiler(&zoo, model)).stream("input", 1, None).compile().unwrap();
    let values: Vec<f32> = (0..5 * 40).map(|i| (i as f32 * 0.37).sin()).collect();
    let mut executor = plain.executor();
    let runs = values
        .chunks(40)
        .map(|run| executor.run(&[Tensor::f32(&[1, 1, 40], run)]).remove(0));
    let want = runs.last().unwrap();
    let all = stream
        .executor()
        .run_stream(&[Tensor::f32(&[1, 5, 40], &values)])
        .remove(0);
    let frames = all.to_f32().unwrap();
    assert_eq!(frames[frames.len() - 4..], want.to_f32().unwrap());
}

#[test]
fn a_voice_detector_is_streamed_with_its_state() {
    let Some(zoo) = zoo::folder() else { return };
    let model = "tiny/silero_vad_v6_openvino_16k";
    let stream = compiler(&zoo, model)
        .state("state", "stateN")
        .stream("input", 1, None)
        .compile()
        .unwrap();
    assert_eq!(stream.report.stream.as_ref().unwrap().inputs[0].step, 512);
    // The spectrum's frames, of 256 samples every 128: what is before the network, and sees no padding but at the end.
    let spectrum = "F0::If_0_then_branch__Inline_0__/encoder/0/reparam_conv/Conv_output_0";
    let whole = compiler(&zoo, model).outputs([spectrum]).compile().unwrap();
    let stream = compiler(&zoo, model)
        .outputs([spectrum])
        .stream("input", 1, None)
        .compile()
        .unwrap();
    let values: Vec<f32> = (0..576).map(|i| (i as f32 * 0.11).sin() / 2.0).collect();
    let want = whole.executor().run(&[Tensor::f32(&[1, 576], &values)]).remove(0);
    let got = stream
        .executor()
        .run_stream(&[Tensor::f32(&[1, 512], &values[..512])])
        .remove(0);
    same(&frames(&got, 2, 2, 4), &frames(&want, 2, 0, 2), model);
}
