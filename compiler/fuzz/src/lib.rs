//! What is done with any bytes. The fuzz targets call these functions, and the compiler's tests of hostile files do so
//! for each file of the corpus and some changes to it.

use edgec::data::{npz, samples::Samples};
use edgec::front::load::{Model, load_bytes, tensor};
use edgec::front::proto::TensorProto;
use edgec::ir::program::Port;
use edgec::ir::{DType, Tensor, TensorType};
use edgec::machine::{Favour, NAMED};
use edgec::middle::quantize::{Io, Method, QuantizeOptions, Rounding, Scheme};
use edgec::{Compiled, Compiler, Weights};
use prost::Message;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Samples that a model is quantised with: as few as are taken.
const SAMPLES: usize = 10;
/// A model that takes more memory is not run.
const MOST_RAM: usize = 1 << 22;
/// A model with a sample of more bytes is not quantised: that takes time in proportion to them.
const MOST_SAMPLE_BYTES: usize = 1 << 17;

/// Reads a model and its tensors.
pub fn read_model(bytes: &[u8]) {
    if let Ok(model) = load_bytes(bytes, None) {
        for stored in &model.graph.initializer {
            let _ = tensor(stored, None);
        }
    }
}

/// Compiles a model in floats and in integers, prints both, and runs them on a sample. The first two bytes choose how,
/// the others are the model.
pub fn compile(bytes: &[u8]) {
    let [how, quantized, model @ ..] = bytes else { return };
    let Ok(model) = load_bytes(model, None) else { return };
    let target = NAMED[usize::from(how >> 2) % NAMED.len()].machine();
    let favour = if how & 1 == 0 { Favour::Speed } else { Favour::Flash };
    let weights = if how & 2 == 0 {
        Weights::Inline
    } else {
        Weights::Sidecar
    };
    let compiler = Compiler::new("model.onnx")
        .target(target)
        .favour(favour)
        .weights(weights);
    let Some(compiled) = finished(&compiler, &model) else {
        return;
    };
    let types: Vec<_> = compiled.program.inputs.iter().map(|port| port.model_ty()).collect();
    let names = compiled.program.inputs.iter().map(|port| port.name.as_str());
    if types.iter().map(TensorType::bytes).sum::<usize>() > MOST_SAMPLE_BYTES {
        return;
    }
    let path = scratch("samples.npz");
    let stacked: Vec<_> = types.iter().map(|ty| sample(ty, SAMPLES)).collect();
    let arrays: Vec<_> = names.zip(&stacked).collect();
    if npz::write(&path, &arrays).is_err() {
        return;
    }
    let compiler = compiler.quantize(quantization(*quantized, &path));
    finished(&compiler, &model);
    let _ = std::fs::remove_file(path);
}

/// Reads bytes as each kind of file of arrays.
pub fn arrays(bytes: &[u8]) {
    let _ = npz::array(bytes);
    if let Ok(proto) = TensorProto::decode(bytes) {
        let _ = tensor(&proto, None);
    }
    let path = scratch("arrays.npz");
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let _ = npz::read(&path);
    if let Some(spec) = path.to_str()
        && let Ok(samples) = Samples::open(spec, &INPUTS)
    {
        samples.iter().take(SAMPLES).for_each(drop);
    }
    let _ = std::fs::remove_file(path);
}

/// A compiled model that has been printed, and has run if it is small.
fn finished(compiler: &Compiler, model: &Model) -> Option<Compiled> {
    let compiled = compiler.compile_model(model, &mut |_, _| {}).ok()?;
    compiler.emit(&compiled, "model.weights");
    if compiled.plan.peak <= MOST_RAM {
        let inputs = compiled.program.inputs.iter().map(|port| sample(&port.ty, 1));
        let inputs: Vec<_> = inputs
            .zip(&compiled.program.inputs)
            .map(|(x, port)| x.reshaped(&port.ty.shape))
            .collect();
        compiled.executor().run(&inputs);
    }
    Some(compiled)
}

/// How a byte says that a model is quantised.
fn quantization(how: u8, samples: &Path) -> QuantizeOptions {
    let chosen = |shift: u32| usize::from(how.rotate_right(shift));
    QuantizeOptions {
        scheme: [Scheme::Int8, Scheme::Int16x8, Scheme::W4, Scheme::F16][chosen(0) % 4],
        method: [Method::Minmax, Method::Percentile, Method::Mse, Method::Entropy][chosen(2) % 4],
        io: [Io::Float, Io::Int8][chosen(4) % 2],
        rounding: [Rounding::Adaptive, Rounding::Nearest][chosen(5) % 2],
        equalize: chosen(6) % 2 == 1,
        max_loss: (chosen(7) % 2 == 1).then(|| "30dB".parse().expect("a bound")),
        allow_loss: true,
        ..QuantizeOptions::new(samples.to_string_lossy())
    }
}

/// So many samples one after another along the first axis, small numbers that differ.
fn sample(ty: &TensorType, count: usize) -> Tensor {
    let mut shape = ty.shape.clone();
    match shape.first_mut() {
        Some(rows) => *rows *= count,
        None => shape.push(count),
    }
    let element = |i: usize| {
        let number = (i.wrapping_mul(40_503) >> 4) % 255;
        match ty.dtype {
            DType::F32 | DType::F64 | DType::F16 | DType::Bf16 => number as f64 / 127.0 - 1.0,
            _ => (number % 2) as f64,
        }
    };
    let bytes = (0..shape.iter().product()).flat_map(|i| Tensor::scalar(ty.dtype, element(i)).bytes.to_vec());
    Tensor::new(ty.dtype, shape, bytes.collect())
}

/// Inputs for arrays that are found.
static INPUTS: LazyLock<Vec<Port>> = LazyLock::new(|| {
    let model = include_bytes!("../corpus/compile/affine");
    let model = load_bytes(&model[2..], None).expect("a model of the corpus");
    let compiled = Compiler::new("affine.onnx").compile_model(&model, &mut |_, _| {});
    compiled.expect("a model of the corpus").program.inputs
});

/// A file of this process alone.
fn scratch(name: &str) -> PathBuf {
    let thread = std::thread::current().id();
    std::env::temp_dir().join(format!("edgec-fuzz-{}-{thread:?}-{name}", std::process::id()))
}
