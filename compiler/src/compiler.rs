use crate::back::Summary;
use crate::back::emit::{self, Emitted, Options, WeightsMode};
use crate::back::exec::Executor;
use crate::back::plan::{self, Plan};
use crate::data::samples::Spec;
use crate::front::import::{self, Dimensions};
use crate::front::load::{self, Model};
use crate::ir::program::Program;
use crate::ir::{Graph, Tensor};
use crate::middle::passes::{self, Pass};
use crate::middle::quantize::{Calibration, QuantizeOptions, Quantized, Scheme};
use crate::{Error, back::lower};
use std::path::{Path, PathBuf};

/// A compilation: a model file and what to make of it. The command and `build.rs` scripts use this.
///
/// ```no_run
/// // build.rs
/// edgec::Compiler::new("digits.onnx").name("Digits").emit_to_out_dir("digits.rs").unwrap();
/// ```
/// and in the program `include!(concat!(env!("OUT_DIR"), "/digits.rs"));`.
#[derive(Clone, Debug)]
pub struct Compiler {
    path: PathBuf,
    name: Option<String>,
    dimensions: Dimensions,
    weights: WeightsMode,
    target: Target,
    command: Option<String>,
    quantize: Option<QuantizeOptions>,
}

/// What the emitted code is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Linux boards and PCs: a copy of each kernel specialised to its layer.
    #[default]
    Board,
    /// Microcontrollers: a kernel that many layers call is shared between them, for small flash.
    Mcu,
}

/// Most copies of a kernel for microcontrollers. When this was chosen, the digits firmware with its three convolutions
/// specialised took 57 200 B of flash and 600 156 instructions an inference, with shared ones 61 400 B and 660 017
/// (`scripts/firmware.sh`, floats on a Cortex-M4F).
const MCU_COPIES: usize = 3;

/// A model compiled as far as a program with a memory plan.
#[derive(Debug)]
pub struct Compiled {
    /// The kernel calls.
    pub program: Program,
    /// Their memory.
    pub plan: Plan,
    /// Remarks for the user.
    pub notes: Vec<String>,
    /// Version of ONNX's own operators that the model imports.
    pub opset: i64,
    /// What quantization did, if it was asked for, with the graphs before and after.
    pub quantized: Option<Quantized>,
}

impl Compiled {
    /// What it costs.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.program, &self.plan, &self.notes)
    }

    /// The host executor of this program.
    pub fn executor(&self) -> Executor<'_> {
        Executor::new(&self.program, &self.plan)
    }
}

impl Compiler {
    /// Will compile the model file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            name: None,
            dimensions: Dimensions::default(),
            weights: WeightsMode::default(),
            target: Target::default(),
            command: None,
            quantize: None,
        }
    }

    /// Names the emitted struct; by default after the file.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Pins every dimension called `name` to `size`.
    pub fn dim(mut self, name: impl Into<String>, size: usize) -> Self {
        self.dimensions.named.insert(name.into(), size);
        self
    }

    /// Gives an input its whole shape.
    pub fn shape(mut self, input: impl Into<String>, shape: impl Into<Vec<usize>>) -> Self {
        self.dimensions.shapes.insert(input.into(), shape.into());
        self
    }

    /// Gives an input its value at compile time; it is then no parameter of `run`.
    pub fn bake(mut self, input: impl Into<String>, value: Tensor) -> Self {
        self.dimensions.baked.insert(input.into(), value);
        self
    }

    /// Says where the weights go.
    pub fn weights(mut self, weights: WeightsMode) -> Self {
        self.weights = weights;
        self
    }

    /// Says what the code is for.
    pub fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Quantises the model.
    pub fn quantize(mut self, options: QuantizeOptions) -> Self {
        self.quantize = Some(options);
        self
    }

    /// The command that the banner gives to make the file again.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    fn stem(&self) -> String {
        self.path
            .file_stem()
            .map_or("model".into(), |s| s.to_string_lossy().into_owned())
    }

    fn file_name(&self) -> String {
        self.path
            .file_name()
            .map_or("model.onnx".into(), |s| s.to_string_lossy().into_owned())
    }

    /// Reads the file, checks it and inlines its functions.
    pub fn load(&self) -> Result<Model, Error> {
        Ok(load::load(&self.path)?)
    }

    /// Compiles up to the memory plan.
    pub fn compile(&self) -> Result<Compiled, Error> {
        self.compile_model(&self.load()?, &mut |_, _| {})
    }

    /// Compiles a loaded model; `after` sees the graph after each pass.
    pub fn compile_model(&self, model: &Model, after: &mut dyn FnMut(&Pass, &Graph)) -> Result<Compiled, Error> {
        let imported = import::import(model, &self.stem(), &self.dimensions)?;
        let mut graph = imported.graph;
        passes::run(&mut graph, passes::BEFORE_QUANTIZATION, after)?;
        let mut quantized = None;
        if let Some(options) = self.quantize.as_ref().filter(|options| options.scheme != Scheme::F16) {
            let found = Calibration::open(options, &graph)?.quantize(&graph)?;
            graph = found.graph.clone();
            passes::run(&mut graph, passes::QUANTIZATION, after)?;
            quantized = Some(found);
        }
        passes::run(&mut graph, passes::AFTER_QUANTIZATION, after)?;
        if self
            .quantize
            .as_ref()
            .is_some_and(|options| options.scheme == Scheme::F16)
        {
            passes::run(&mut graph, passes::HALF_WEIGHTS, after)?;
        }
        let program = lower::lower(&graph)?;
        let plan = plan::plan(&program);
        let opset = model.opsets.get("").copied().unwrap_or(0);
        let mut notes = imported.notes;
        let report = quantized.as_ref().map(|quantized| &quantized.report);
        notes.extend(report.iter().flat_map(|report| report.notes()));
        let told = |remark: &&String| report.is_some_and(|report| report.tells(remark));
        notes.extend(graph.remarks().iter().filter(|remark| !told(remark)).cloned());
        Ok(Compiled {
            program,
            plan,
            notes,
            opset,
            quantized,
        })
    }

    /// Prints compiled code; `sidecar` names the weights' file, relative to the source.
    pub fn emit(&self, compiled: &Compiled, sidecar: &str) -> Emitted {
        let struct_name = self.name.clone().unwrap_or_else(|| self.stem());
        let command = self
            .command
            .clone()
            .unwrap_or_else(|| format!("edgec {}", self.file_name()));
        let options = Options {
            struct_name,
            source: format!("{} (opset {})", self.file_name(), compiled.opset),
            command,
            weights: self.weights,
            sidecar: sidecar.to_owned(),
            most_copies: match self.target {
                Target::Board => usize::MAX,
                Target::Mcu => MCU_COPIES,
            },
        };
        emit::emit(&compiled.program, &compiled.plan, &options)
    }

    /// Compiles and writes the source to `output`, and the weights beside it if they are not inline.
    pub fn emit_to(&self, output: &Path) -> Result<Summary, Error> {
        let compiled = self.compile()?;
        self.write(&compiled, output)?;
        Ok(compiled.summary())
    }

    /// Writes the source to `output`, and the weights beside it if they are not inline.
    pub fn write(&self, compiled: &Compiled, output: &Path) -> Result<Emitted, Error> {
        let sidecar = output.with_extension("weights");
        let file = sidecar
            .file_name()
            .map_or("model.weights".into(), |s| s.to_string_lossy().into_owned());
        let emitted = self.emit(compiled, &file);
        std::fs::write(output, &emitted.source).map_err(|e| Error::io(output, e))?;
        if let Some(bytes) = &emitted.sidecar {
            std::fs::write(&sidecar, bytes).map_err(|e| Error::io(&sidecar, e))?;
        }
        Ok(emitted)
    }

    /// For `build.rs`: compiles into cargo's `OUT_DIR` and asks cargo to run again when the model or its samples change.
    pub fn emit_to_out_dir(&self, file: &str) -> Result<Summary, Error> {
        let mut read = vec![self.path.clone()];
        for samples in self.quantize.iter().flat_map(|o| [&o.calibrate, &o.loss_samples]) {
            read.extend(samples.as_deref().map(Spec::parse).transpose()?.map(|spec| spec.path));
        }
        for path in read {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        let folder = std::env::var_os("OUT_DIR").ok_or_else(|| {
            Error::usage(
                "OUT_DIR is not set",
                "call this from a build script, or use `emit_to` with a path",
            )
        })?;
        self.emit_to(&Path::new(&folder).join(file))
    }
}
