//! Options of compilation as JSON: those of the command, by the same names.

use crate::border::Failure;
use crate::progress::Listener;
use edgec::back::sections::FAST_WEIGHTS;
use edgec::data::read_text;
use edgec::machine::{Choices, Favour, Overlapping};
use edgec::middle::quantize::{Io, MaxLoss, Method, QuantizeOptions, Rounding, Scheme};
use edgec::words::byte_count;
use edgec::{Compiler, Error, InputLayout, Machine, TrainOptions, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

/// What `edgec.Options` holds, all of it: the Python side fills in defaults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    target: String,
    name: Option<String>,
    command: String,
    dims: BTreeMap<String, usize>,
    shapes: BTreeMap<String, Vec<usize>>,
    bake: BTreeMap<String, Vec<f64>>,
    outputs: Vec<String>,
    max_trips: Option<usize>,
    input_layout: InputLayouts,
    state: BTreeMap<String, String>,
    stream: BTreeMap<String, (i64, Option<usize>)>,
    weights: Weights,
    favour: Option<Favour>,
    winograd: bool,
    overlap: Overlapping,
    tuned: Option<PathBuf>,
    ram: Option<Bytes>,
    flash: Option<Bytes>,
    over_budget: bool,
    threads: bool,
    self_test: bool,
    weights_section: Option<String>,
    fast_weights: Option<String>,
    arena_section: Option<String>,
    trainable: Vec<String>,
    loss: String,
    optimizer: String,
    accumulate: bool,
    init: String,
    quantize: Option<Scheme>,
    calibrate: Option<String>,
    method: Method,
    percentile: f64,
    io: Io,
    round: Rounding,
    max_loss: Option<String>,
    loss_samples: Option<String>,
    allow_loss: bool,
    equalize: bool,
    bias_correction: bool,
}

/// One layout for all inputs, or one each.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "give nhwc or model, or one of these for each input")]
enum InputLayouts {
    All(InputLayout),
    Each(BTreeMap<String, InputLayout>),
}

/// A number of bytes, or one with a unit.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "give a number of bytes, or one with a unit, such as 64K")]
enum Bytes {
    Number(usize),
    Text(String),
}

impl Bytes {
    fn count(&self) -> Result<usize, String> {
        match self {
            Self::Number(bytes) => Ok(*bytes),
            Self::Text(text) => byte_count(text),
        }
    }
}

/// The value of an option, or an error that names it.
fn value<T>(option: &str, value: Result<T, impl ToString>) -> Result<T, Failure> {
    value.map_err(|error| Failure::usage(format!("{option}: {}", error.to_string())))
}

fn parsed<T: FromStr<Err: ToString>>(option: &str, text: &str) -> Result<T, Failure> {
    value(option, text.parse())
}

impl Options {
    /// Reads them, each in a line of its own.
    ///
    /// # Errors
    /// Which option has no such value.
    pub(crate) fn read(json: &str) -> Result<Self, Failure> {
        serde_json::from_str(json).map_err(|error| {
            let option = json
                .lines()
                .nth(error.line() - 1)
                .and_then(|line| line.split('"').nth(1));
            let (message, place) = (error.to_string(), format!(" at line {}", error.line()));
            let what = message.rsplit_once(&place).map_or(&*message, |(what, _)| what);
            Failure::usage(format!("{}: {what}", option.unwrap_or("options")))
        })
    }

    /// The integers to quantise to, such as `int8`.
    pub(crate) fn scheme(&self) -> Option<String> {
        let name = serde_json::to_value(self.quantize?).ok()?;
        Some(name.as_str()?.to_owned())
    }

    /// The compiler with all options but those of quantization.
    ///
    /// # Errors
    /// Which option has no such value.
    pub(crate) fn apply(&self, compiler: Compiler) -> Result<Compiler, Failure> {
        let target: Machine = parsed("target", &self.target)?;
        let mut compiler = compiler.target(target).command(&self.command);
        compiler = compiler.weights(self.weights).threads(self.threads);
        compiler = compiler.outputs(&self.outputs).over_budget(self.over_budget);
        if let Some(name) = &self.name {
            compiler = compiler.name(name);
        }
        if let Some(favour) = self.favour {
            compiler = compiler.favour(favour);
        }
        compiler = compiler.winograd(self.winograd).overlap(self.overlap);
        if let Some(path) = &self.tuned {
            let named = |error| format!("{}: {error}", path.display());
            let text = value("tuned", read_text(path).map_err(named))?;
            compiler = compiler.tuned(value("tuned", Choices::parse(&text))?).reads(path);
        }
        if let Some(bytes) = &self.ram {
            compiler = compiler.ram(value("ram", bytes.count())?);
        }
        if let Some(bytes) = &self.flash {
            compiler = compiler.flash(value("flash", bytes.count())?);
        }
        if self.self_test {
            compiler = compiler.self_test(true);
        }
        self.sections(self.training(self.shape(compiler))?)
    }

    /// The compiler with dimensions, layouts, states and streams.
    fn shape(&self, mut compiler: Compiler) -> Compiler {
        for (name, size) in &self.dims {
            compiler = compiler.dim(name, *size);
        }
        for (input, shape) in &self.shapes {
            compiler = compiler.shape(input, shape.clone());
        }
        for (input, numbers) in &self.bake {
            compiler = compiler.bake_numbers(input, numbers.clone());
        }
        if let Some(trips) = self.max_trips {
            compiler = compiler.max_trips(trips);
        }
        compiler = match &self.input_layout {
            InputLayouts::All(layout) => compiler.input_layout(*layout),
            InputLayouts::Each(layouts) => layouts.iter().fold(compiler, |compiler, (input, layout)| {
                compiler.input_layout_of(input, *layout)
            }),
        };
        for (input, output) in &self.state {
            compiler = compiler.state(input, output);
        }
        for (input, (axis, step)) in &self.stream {
            compiler = compiler.stream(input, *axis, *step);
        }
        compiler
    }

    fn training(&self, compiler: Compiler) -> Result<Compiler, Failure> {
        if self.trainable.is_empty() {
            return Ok(compiler);
        }
        Ok(compiler.train(TrainOptions {
            layers: self.trainable.clone(),
            loss: parsed("loss", &self.loss)?,
            optimizer: parsed("optimizer", &self.optimizer)?,
            accumulate: self.accumulate,
            init: parsed("init", &self.init)?,
        }))
    }

    fn sections(&self, mut compiler: Compiler) -> Result<Compiler, Failure> {
        if let Some(section) = &self.weights_section {
            compiler = compiler.weights_section(section);
        }
        if let Some(section) = &self.arena_section {
            compiler = compiler.arena_section(section);
        }
        if let Some(fast) = &self.fast_weights {
            let (section, size) = fast.split_once('=').unwrap_or((FAST_WEIGHTS, fast));
            compiler = compiler.fast_weights(section, value("fast_weights", byte_count(size))?);
        }
        Ok(compiler)
    }

    /// The compiler that quantises too, if that is asked for; `allow_loss` even if little is left.
    ///
    /// # Errors
    /// Which option has no such value.
    pub(crate) fn quantize(&self, compiler: Compiler, allow_loss: bool, told: &Listener) -> Result<Compiler, Failure> {
        let Some(scheme) = self.quantize else {
            return Ok(compiler);
        };
        if scheme == Scheme::F16 && self.calibrate.is_some() {
            return Err(Failure::from(Error::Usage {
                message: "weights of 16-bit floats need no samples".into(),
                help: Some("leave out the samples, or ask for integers: int8".into()),
            }));
        }
        let max_loss: Option<MaxLoss> = self
            .max_loss
            .as_deref()
            .map(|bound| parsed("max_loss", bound))
            .transpose()?;
        Ok(compiler.quantize(QuantizeOptions {
            scheme,
            calibrate: self.calibrate.clone(),
            method: self.method,
            percentile: self.percentile,
            io: self.io,
            rounding: self.round,
            equalize: self.equalize,
            bias_correction: self.bias_correction,
            max_loss,
            loss_samples: self.loss_samples.clone(),
            allow_loss: allow_loss || self.allow_loss,
            progress: Some(told.start()),
            ..QuantizeOptions::default()
        }))
    }
}
