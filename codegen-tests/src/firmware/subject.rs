//! A model to measure: what is emitted, what it is run on, and what should come out.

use crate::zoo;
use edgec::ir::{DType, Tensor};
use edgec::machine::{Favour, Overlapping};
use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::middle::stream::StreamInput;
use edgec::tools::harness::{self, Case, Tolerance};
use edgec::{Compiled, Compiler, InputLayout, Machine, data::npz};
use std::path::{Path, PathBuf};

/// Short names of models of the zoo.
pub const SHORT: &[(&str, &str)] = &[
    ("kws", "mlperf_tiny/kws_dscnn_int8"),
    ("vww", "mlperf_tiny/vww_mobilenetv1_int8"),
    ("ic", "mlperf_tiny/ic_resnet8_int8"),
    ("ad", "mlperf_tiny/ad_autoencoder_int8"),
    ("micro_speech", "tiny/tflm_micro_speech_int8"),
    ("sww", "mlperf_tiny/sww_tcn_int8"),
    ("hello_world", "tiny/tflm_hello_world_int8"),
];

/// The models of `--all`: those above, and others of the zoo that a microcontroller has room for.
pub const ALL: &[&str] = &[
    "kws",
    "vww",
    "ic",
    "ad",
    "micro_speech",
    "sww",
    "hello_world",
    "mlperf_tiny/kws_dscnn_fp32_ortq8",
    "trained/lenet_mnist_minmax_s8_ortq8",
    "trained/dsnet_mnist_minmax_s8_ortq8",
    "trained/har_conv1d_minmax_s8_ortq8",
    "trained/mlp_digits_minmax_s8_ortq8",
    "tiny/pulsevad_2.1k_int8",
];

/// The quantised model of the project's own example, for machines without the zoo.
pub const DIGITS: &str = "digits";

/// What is passed on to the compiler.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Instead of the target that belongs to the core.
    pub target: Option<Machine>,
    /// What matters more.
    pub favour: Option<Favour>,
    /// Whether layers overwrite their input row by row.
    pub overlap: bool,
    /// Whether images come channels-last.
    pub channels_last: bool,
    /// RAM for the arena and the inputs, in bytes.
    pub ram: Option<usize>,
    /// Inputs that bring new frames with each inference.
    pub streams: Vec<StreamInput>,
}

/// A model's file and its reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What tables call it.
    pub name: String,
    model: PathBuf,
    /// Reference inputs and outputs; without, integers are made up for inputs.
    golden: Option<PathBuf>,
}

impl Source {
    /// Finds a model: `digits`, a short name, the name of a file of the zoo without `.onnx`, or a path.
    ///
    /// # Errors
    /// If there is none, or a path comes without a reference.
    pub fn find(model: &str, golden: Option<&Path>) -> Result<Self, String> {
        if model == DIGITS {
            let model = root().join("examples/digits/digits.onnx");
            let name = DIGITS.to_owned();
            return Ok(Self {
                name,
                model,
                golden: None,
            });
        }
        let path = Path::new(model);
        let stem = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if model.ends_with(".onnx") {
            let golden = golden.ok_or_else(|| format!("{model}: --golden FILE.npz must give inputs and outputs"))?;
            return Ok(Self {
                name: stem(path),
                model: path.into(),
                golden: Some(golden.into()),
            });
        }
        let zoo = zoo::folder().ok_or("give --model digits, or --model PATH.onnx --golden PATH.npz")?;
        let long = SHORT
            .iter()
            .find(|(short, _)| *short == model)
            .map_or(model, |(_, long)| long);
        let folders = ["", "mlperf_tiny", "tiny", "trained", "boards"];
        let paths = folders
            .iter()
            .map(|folder| zoo.join(folder).join(format!("{long}.onnx")));
        let found = paths.into_iter().find(|path| path.is_file());
        let path = found.ok_or_else(|| format!("there is no model `{model}` in {}", zoo.display()))?;
        let name = stem(&path);
        let golden = golden.map_or_else(|| zoo.join(format!("golden/{name}.npz")), Path::to_owned);
        Ok(Self {
            name,
            model: path,
            golden: Some(golden),
        })
    }
}

/// A model compiled for a machine.
pub struct Subject {
    /// What tables call it.
    pub name: String,
    /// How it was compiled.
    pub compiler: Compiler,
    /// What came of it.
    pub compiled: Compiled,
    /// Inputs of each case, as `run` takes them.
    pub inputs: Vec<Vec<Tensor>>,
    /// What the host executor makes of them.
    pub expected: Vec<Vec<Tensor>>,
    /// The reference.
    pub cases: Vec<Case>,
    /// How exact floats must be.
    pub tolerance: Tolerance,
}

impl Subject {
    /// Compiles a model for `machine`.
    ///
    /// # Errors
    /// What a person needs to know of what went wrong.
    pub fn compile(source: &Source, machine: Machine, options: &Options) -> Result<Self, String> {
        let named = |e: &dyn std::fmt::Display| format!("{}: {e}", source.name);
        let mut compiler = Compiler::new(&source.model).name("Model");
        compiler = compiler.target(options.target.clone().unwrap_or(machine));
        if options.overlap {
            compiler = compiler.overlap(Overlapping::Always);
        }
        if let Some(favour) = options.favour {
            compiler = compiler.favour(favour);
        }
        if let Some(bytes) = options.ram {
            compiler = compiler.ram(bytes);
        }
        if options.channels_last {
            compiler = compiler.input_layout(InputLayout::Nhwc);
        }
        let mut cases = vec![];
        if let Some(golden) = &source.golden {
            let arrays = npz::read(golden).map_err(|e| format!("{}: {e}", golden.display()))?;
            cases = harness::cases(arrays).map_err(|e| named(&e))?;
            compiler = harness::pin_shapes(compiler, &cases[0].inputs).map_err(|e| named(&e))?;
        } else {
            let calibration = root().join("examples/digits/calibration.npz");
            let quantize = QuantizeOptions::new(calibration.to_string_lossy());
            compiler = compiler.quantize(QuantizeOptions {
                io: Io::Int8,
                ..quantize
            });
        }
        if !options.streams.is_empty() {
            let streams = options.streams.iter();
            compiler = streams.fold(compiler, |compiler, input| {
                compiler.stream(&input.name, input.axis, input.step)
            });
            // The reference is of the whole window: the host's executor is what is compared.
            cases.clear();
        }
        let compiled = compiler.compile().map_err(|e| named(&e))?;
        let program = &compiled.program;
        let inputs: Vec<Vec<Tensor>> = if cases.is_empty() {
            (0..3)
                .map(|seed| {
                    program
                        .inputs
                        .iter()
                        .map(|port| made_up(port.ty.dtype, &port.ty.shape, seed))
                        .collect()
                })
                .collect()
        } else {
            let inputs = cases.iter().map(|case| harness::inputs(program, &case.inputs));
            inputs.collect::<Result<_, _>>().map_err(|e| named(&e))?
        };
        let mut executor = compiled.executor();
        let expected = inputs.iter().map(|inputs| executor.run(inputs)).collect();
        Ok(Self {
            name: source.name.clone(),
            tolerance: zoo::tolerance(&source.name),
            compiler,
            inputs,
            expected,
            cases,
            compiled,
        })
    }

    /// Whether it computes with integers alone, so that no float may be in its firmware.
    pub fn is_integer(&self) -> bool {
        let is_float = |dtype: DType| matches!(dtype, DType::F16 | DType::Bf16 | DType::F32 | DType::F64);
        !self
            .compiled
            .program
            .buffers
            .iter()
            .any(|buffer| is_float(buffer.dtype))
    }
}

/// Bytes of a simple generator, as integers.
fn made_up(dtype: DType, shape: &[usize], seed: u32) -> Tensor {
    let mut state = seed.wrapping_mul(0x9e37_79b9).wrapping_add(1);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let bytes = shape.iter().product::<usize>() * dtype.size();
    Tensor::new(
        dtype,
        shape.to_vec(),
        std::iter::repeat_with(next).take(bytes).collect(),
    )
}

/// The checkout.
pub(super) fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    folder.canonicalize().unwrap_or(folder)
}
