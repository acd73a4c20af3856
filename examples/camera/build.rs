//! Compiles the model into `$OUT_DIR/model.rs`, and writes what the program has to know of it into
//! `$OUT_DIR/settings.rs`.
//!
//! By default it is camera.onnx, beside this file. For another one there are `CAMERA_MODEL`, `CAMERA_LABELS` and
//! `CAMERA_NORMALISE`; README.md says what they take.

#[path = "build/settings.rs"]
mod settings;

use edgec::machine::Favour;
use edgec::{Compiled, Compiler, InputLayout, Report};
use settings::Settings;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            for line in problem.lines() {
                println!("cargo::error={line}");
            }
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    for name in settings::VARIABLES {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let settings = Settings::of(|name| env::var(name).ok())?;
    for path in [&settings.model, &settings.labels] {
        println!("cargo::rerun-if-changed={path}");
    }
    let labels = fs::read_to_string(&settings.labels).map_err(|error| format!("{}: {error}", settings.labels))?;
    let labels = settings::labels(&labels);

    let (compiler, compiled) = compile(&settings.model)?;
    for path in &compiled.external_files {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let [height, width, channels] = image(&compiled.report)?;
    let normalisation = settings::normalisation(&settings.normalise, channels)?;
    let outputs = scores(&compiled.report)?;
    if labels.len() != outputs {
        return Err(format!(
            "{} has {} labels, one a line, but the model gives {outputs} scores",
            settings.labels,
            labels.len()
        ));
    }

    let folder = env::var("OUT_DIR").map_err(|error| format!("OUT_DIR: {error}"))?;
    let folder = Path::new(&folder);
    let written = compiler.write(&compiled, &folder.join("model.rs"));
    written.map_err(|error| format!("{error:?}"))?;
    let settings = settings::source(width, height, &normalisation, &labels);
    fs::write(folder.join("settings.rs"), settings).map_err(|error| format!("settings.rs: {error}"))
}

/// Compiles the model so that it takes pixels as they come: all channels of one, then those of the next.
fn compile(path: &str) -> Result<(Compiler, Compiled), String> {
    // What is built for development is to be compiled quickly, with one kernel for many layers.
    let development = env::var("PROFILE").is_ok_and(|profile| profile == "debug");
    let model = Compiler::new(path)
        .name("Network")
        .favour(if development { Favour::Flash } else { Favour::Speed })
        .threads(env::var_os("CARGO_FEATURE_THREADS").is_some());
    let channels_last = model.clone().input_layout(InputLayout::Nhwc);
    if let Ok(compiled) = channels_last.compile()
        && image(&compiled.report).is_ok()
    {
        return Ok((channels_last, compiled));
    }
    // As models of TensorFlow may have it themselves. Whatever is wrong with a model is said here.
    let compiled = model.compile().map_err(|error| format!("{error:?}"))?;
    image(&compiled.report)?;
    Ok((model, compiled))
}

/// Height, width and channels of the only input.
fn image(report: &Report) -> Result<[usize; 3], String> {
    let [input] = &report.inputs[..] else {
        return Err(format!(
            "the model has {} inputs; it must have one, an image",
            report.inputs.len()
        ));
    };
    match (input.dtype.as_str(), &input.shape[..]) {
        ("f32", &[1, height, width, channels @ (1 | 3)]) => Ok([height, width, channels]),
        (dtype, shape) => Err(format!(
            "the model's input `{}` is {dtype} {shape:?}, no image: that is f32 [1, 3, H, W] or [1, H, W, 3], with 1 \
             in the place of 3 for grey ones",
            input.name
        )),
    }
}

/// How many scores the only output has.
fn scores(report: &Report) -> Result<usize, String> {
    match &report.outputs[..] {
        [output] if output.dtype == "f32" => Ok(output.shape.iter().product()),
        [output] => Err(format!(
            "the model's output `{}` is {}; scores are f32",
            output.name, output.dtype
        )),
        outputs => Err(format!(
            "the model has {} outputs; it must have one, the scores of the labels",
            outputs.len()
        )),
    }
}
