//! Quantised models of the zoo, layer by layer and as a whole, against ONNX Runtime.

use crate::python;
use edgec::ir::Tensor;
use edgec::{Compiler, data::npz, tools::harness};
use std::fmt;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

/// The quantised models.
pub const MODELS: &[&str] = &[
    "mlperf_tiny/ad_autoencoder_int8",
    "mlperf_tiny/ic_resnet8_int8",
    "mlperf_tiny/ic_resnet_large_int8",
    "mlperf_tiny/kws_dscnn_int8",
    "mlperf_tiny/sww_tcn_int8",
    "mlperf_tiny/vww_mobilenetv1_int8",
    "mlperf_tiny/ad_autoencoder_fp32_ortq8",
    "mlperf_tiny/ic_resnet8_fp32_ortq8",
    "mlperf_tiny/kws_dscnn_fp32_ortq8",
    "mlperf_tiny/sww_tcn_fp32_ortq8",
    "mlperf_tiny/vww_mobilenetv1_fp32_ortq8",
    "trained/dsnet_mnist_minmax_s8_ortq8",
    "trained/gru_vowels_minmax_s8_ortq8",
    "trained/har_conv1d_minmax_s8_ortq8",
    "trained/lenet_mnist_minmax_s8_ortq8",
    "trained/lstm_vowels_minmax_s8_ortq8",
    "trained/mlp_digits_minmax_s8_ortq8",
    "tiny/pulsevad_2.1k_int8",
    "tiny/tflm_hello_world_int8",
    "tiny/tflm_micro_speech_int8",
    "tiny/tinyengine_mcunet_vww_int8",
    "tiny/tinyengine_mnist_lenet300_ptq",
    "boards/mobilenetv2_224_ortq8",
    "boards/squeezenet1_1_224_ortq8",
];

/// How many integers are those of the reference, one step off, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// The same.
    pub equal: usize,
    /// One step off.
    pub one: usize,
    /// More than one.
    pub more: usize,
}

impl Steps {
    /// All of them.
    pub fn all(self) -> usize {
        self.equal + self.one + self.more
    }

    /// The part that is equal.
    pub fn equal_part(self) -> f64 {
        self.equal as f64 / self.all().max(1) as f64
    }

    /// Compares integers one by one.
    pub fn between(got: &Tensor, expected: &Tensor) -> Self {
        let mut steps = Self::default();
        for (got, expected) in got.to_f64().into_iter().zip(expected.to_f64()) {
            match (got - expected).abs() {
                0.0 => steps.equal += 1,
                1.0 => steps.one += 1,
                _ => steps.more += 1,
            }
        }
        steps
    }
}

impl AddAssign for Steps {
    fn add_assign(&mut self, other: Self) {
        self.equal += other.equal;
        self.one += other.one;
        self.more += other.more;
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.equal_part();
        write!(f, "{} | {percent:.3} % | {} | {}", self.equal, self.one, self.more)
    }
}

/// A model's agreement with its reference.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// Layers, each with the reference's tensors before it as inputs.
    pub layers: Vec<(String, Steps)>,
    /// The last quantised tensor before a Softmax, from the model's inputs.
    pub whole: Steps,
}

impl Agreement {
    /// All layers together.
    pub fn of_layers(&self) -> Steps {
        let mut all = Steps::default();
        self.layers.iter().for_each(|(_, steps)| all += *steps);
        all
    }
}

/// Takes `model` apart into `folder`, and compares what the host executor computes on its cases and on `more` random
/// ones.
///
/// # Errors
/// What a person needs to know of what went wrong.
pub fn agreement(zoo: &Path, model: &str, folder: &Path, more: usize) -> Result<Agreement, String> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let path = |path: PathBuf| path.to_string_lossy().into_owned();
    let arguments = [
        path(zoo.join(format!("{model}.onnx"))),
        path(zoo.join(format!("golden/{name}.npz"))),
        path(folder.to_owned()),
        "--more".into(),
        more.to_string(),
    ];
    let _ = std::fs::remove_dir_all(folder);
    python::run("quantised_layers.py", &arguments.each_ref().map(String::as_str))?;
    let mut agreement = Agreement::default();
    let entries = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
    let mut parts: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    parts.sort();
    for part in parts {
        let steps = steps(&part).map_err(|e| format!("{}: {e}", part.display()))?;
        let name = part.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "whole" {
            agreement.whole = steps;
        } else {
            agreement.layers.push((name, steps));
        }
    }
    Ok(agreement)
}

/// What the host executor makes of the model and the cases in a folder.
fn steps(folder: &Path) -> Result<Steps, String> {
    let text = |e: &dyn fmt::Display| e.to_string();
    let arrays = npz::read(&folder.join("cases.npz")).map_err(|e| text(&e))?;
    let cases = harness::cases(arrays).map_err(|e| text(&e))?;
    let compiler = Compiler::new(folder.join("model.onnx"));
    let compiler = harness::pin_shapes(compiler, &cases[0].inputs).map_err(|e| text(&e))?;
    let compiled = compiler.compile().map_err(|e| text(&e))?;
    let mut executor = compiled.executor();
    let mut steps = Steps::default();
    for case in &cases {
        let inputs = harness::inputs(&compiled.program, &case.inputs).map_err(|e| text(&e))?;
        let got = executor.run(&inputs);
        let expected = case.outputs.values().next().ok_or("a case without outputs")?;
        steps += Steps::between(&got[0], expected);
    }
    Ok(steps)
}
