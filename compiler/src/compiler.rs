mod c;
mod depfile;
mod graph;
mod memory;
#[cfg(feature = "report")]
mod page;
mod profiling;
mod sections;
mod self_test;
mod source;
mod streaming;
mod threads_option;
mod training;
mod tune;
mod tuned;
mod updatable;
mod write;

pub use tune::{TimedWay, TunedLayer, Tuning};

use crate::Error;
use crate::back::budget;
use crate::back::emit::WeightsMode;
use crate::back::exec::Executor;
use crate::back::golden;
use crate::back::plan::Plan;
use crate::back::report::{Origin, Report};
use crate::back::sections::Sections;
use crate::back::threads;
use crate::front::import::Dimensions;
use crate::front::load::Model;
use crate::ir::program::Program;
use crate::ir::{DType, Graph, Tensor};
use crate::machine::{Choices, Favour, Machine, Overlapping};
use crate::middle::InputLayouts;
use crate::middle::passes::{Pass, PassChange};
use crate::middle::quantize::{QuantizeOptions, Quantized, Scheme};
use crate::middle::stream::StreamInput;
use crate::middle::train::TrainOptions;
use graph::Ready;
use memory::InMemory;
use source::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A compilation: a model file and what to make of it. The command and `build.rs` scripts use this.
///
/// ```no_run
/// // build.rs
/// edgec::Compiler::new("digits.onnx").name("Digits").emit_to_out_dir("digits.rs").unwrap();
/// ```
/// and in the program `include!(concat!(env!("OUT_DIR"), "/digits.rs"));`.
#[derive(Clone, Debug)]
pub struct Compiler {
    source: Source,
    name: Option<String>,
    dimensions: Dimensions,
    input_layouts: InputLayouts,
    weights: WeightsMode,
    target: Machine,
    favour: Option<Favour>,
    winograd: bool,
    overlap: Overlapping,
    tuned: Choices,
    ram: Option<usize>,
    flash: Option<usize>,
    command: Option<String>,
    quantize: Option<QuantizeOptions>,
    reads: Vec<PathBuf>,
    force: bool,
    states: Vec<(String, String)>,
    streams: Vec<StreamInput>,
    outputs: Vec<String>,
    train: Option<TrainOptions>,
    self_test: Option<BTreeMap<String, Tensor>>,
    c_header: Option<PathBuf>,
    sections: Sections,
    threads: bool,
    profiling: bool,
    #[cfg(feature = "report")]
    report: Option<PathBuf>,
    #[cfg(feature = "report")]
    profile: Option<PathBuf>,
    over_budget: bool,
}

/// In which order the caller gives the elements of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum InputLayout {
    /// As the model has it, mostly channels-first: `[N, C, H, W]`.
    #[default]
    Model,
    /// Channels-last, as cameras give it: `[N, H, W, C]` for `[N, C, H, W]`, `[N, L, C]` for `[N, C, L]`.
    Nhwc,
}

/// A model compiled as far as a program with a memory plan.
#[derive(Debug)]
pub struct Compiled {
    /// The kernel calls.
    pub program: Program,
    /// Their memory.
    pub plan: Plan,
    /// What they are for.
    pub machine: Machine,
    /// What it is and costs, and what the user should know of how it was compiled.
    pub report: Report,
    /// What quantization did, if it was asked for, with the graphs before and after.
    pub quantized: Option<Quantized>,
    /// Names of outputs in 32-bit floats that the model computes in narrower ones and casts, with the type of these.
    pub narrow_outputs: BTreeMap<String, DType>,
    /// Files beside the model that hold tensors of it.
    pub external_files: Vec<PathBuf>,
    /// What each pass did to the graph, in the order in which they ran.
    pub changes: Vec<PassChange>,
}

impl Compiled {
    /// The host executor of this program.
    pub fn executor(&self) -> Executor<'_> {
        Executor::new(&self.program, &self.plan)
    }
}

impl Compiler {
    fn of(source: Source) -> Self {
        Self {
            source,
            name: None,
            dimensions: Dimensions::default(),
            input_layouts: InputLayouts::default(),
            weights: WeightsMode::default(),
            target: Machine::default(),
            favour: None,
            winograd: true,
            overlap: Overlapping::default(),
            tuned: Choices::default(),
            ram: None,
            flash: None,
            command: None,
            quantize: None,
            reads: vec![],
            force: false,
            states: vec![],
            streams: vec![],
            outputs: vec![],
            train: None,
            self_test: None,
            c_header: None,
            sections: Sections::default(),
            threads: false,
            profiling: false,
            #[cfg(feature = "report")]
            report: None,
            #[cfg(feature = "report")]
            profile: None,
            over_budget: false,
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

    /// [`bake`](Self::bake) of numbers, such as a sample rate, which take the element type and the shape of the input.
    pub fn bake_numbers(mut self, input: impl Into<String>, numbers: impl Into<Vec<f64>>) -> Self {
        self.dimensions.numbers.insert(input.into(), numbers.into());
        self
    }

    /// Keeps a state: `input` is what `output` was in the run before, and zeros in the first run. `run` then takes no
    /// such input and gives no such output; `reset` begins anew.
    pub fn state(mut self, input: impl Into<String>, output: impl Into<String>) -> Self {
        self.states.push((input.into(), output.into()));
        self
    }

    /// Ends the model at these tensors, any of its graph, instead of at its own outputs. Nodes and inputs that they do
    /// not need are left out, whatever they are.
    ///
    /// ```no_run
    /// // Without the NonMaxSuppression that comes after these, which the program around the model does.
    /// edgec::Compiler::new("detector.onnx").outputs(["boxes", "scores"]).emit_to_out_dir("detector.rs").unwrap();
    /// ```
    pub fn outputs<T: Into<String>>(mut self, tensors: impl IntoIterator<Item = T>) -> Self {
        self.outputs = tensors.into_iter().map(Into::into).collect();
        self
    }

    /// Lets loops whose number of trips is only known at run time stay loops, in the emitted code as well, which make
    /// so many trips at most. What a loop has computed by then is its result.
    pub fn max_trips(mut self, trips: usize) -> Self {
        self.dimensions.max_trips = Some(trips);
        self
    }

    /// Says in which order the caller gives the elements of all inputs: with [`InputLayout::Nhwc`] all must be images
    /// or sequences of several channels, which are then not copied into the order that the kernels work in.
    pub fn input_layout(mut self, layout: InputLayout) -> Self {
        self.input_layouts.all_channels_last = layout == InputLayout::Nhwc;
        self
    }

    /// [`input_layout`](Self::input_layout) of one input.
    pub fn input_layout_of(mut self, input: impl Into<String>, layout: InputLayout) -> Self {
        match layout {
            InputLayout::Model => self.input_layouts.channels_last.remove(&input.into()),
            InputLayout::Nhwc => self.input_layouts.channels_last.insert(input.into()),
        };
        self
    }

    /// Says where the weights go.
    pub fn weights(mut self, weights: WeightsMode) -> Self {
        self.weights = weights;
        self
    }

    /// Says what the code is for: by default any [board](Machine::board).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use edgec::{Compiler, Machine};
    /// // In a build script: what cargo builds for.
    /// let machine = Machine::named(&std::env::var("TARGET")?)?;
    /// Compiler::new("digits.onnx").target(machine).emit_to_out_dir("digits.rs")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn target(mut self, target: impl Into<Machine>) -> Self {
        self.target = target.into();
        self
    }

    /// Says what matters more, where the target's own [`Favour`] is not meant.
    pub fn favour(mut self, favour: Favour) -> Self {
        self.favour = Some(favour);
        self
    }

    /// Whether 3x3 convolutions of floats may be computed by Winograd's filtering where that is faster, as they are by
    /// default: boards then take up to four times the weights of such a layer for a quarter of its products, and
    /// results differ from the direct ones by less than 4e-6 of the greatest.
    pub fn winograd(mut self, allowed: bool) -> Self {
        self.winograd = allowed;
        self
    }

    /// Bytes of RAM that the arena and the inputs may take together, the stack apart. Where they would take more, layers
    /// are computed in tiles, at the cost of time; compiling fails if that is not enough.
    pub fn ram(mut self, bytes: usize) -> Self {
        self.ram = Some(bytes);
        self
    }

    /// Bytes of flash that the weights may take: compiling fails if they take more. The code is apart.
    pub fn flash(mut self, bytes: usize) -> Self {
        self.flash = Some(bytes);
        self
    }

    /// Compiles a model that takes more than its budgets too, and says in the report what is too much: to look at it,
    /// not to use it.
    pub fn over_budget(mut self, allowed: bool) -> Self {
        self.over_budget = allowed;
        self
    }

    /// The target, with its budgets and what is favoured. Weights of 4 bits are asked for to save flash, so that they
    /// favour it on microcontrollers.
    fn machine(&self) -> Machine {
        let machine = self.target.clone();
        let four_bits = self
            .quantize
            .as_ref()
            .is_some_and(|options| options.scheme == Scheme::W4);
        let small = (four_bits && machine.microcontroller).then_some(Favour::Flash);
        let favour = self.favour.or(small).unwrap_or(machine.favour);
        Machine {
            winograd: self.winograd,
            overlap: self.overlap,
            tuned: self.tuned.clone(),
            ram: self.ram.or(machine.ram),
            flash: self.flash.or(machine.flash),
            ..machine.favour(favour)
        }
    }

    /// Quantises the model.
    pub fn quantize(mut self, options: QuantizeOptions) -> Self {
        self.quantize = Some(options);
        self
    }

    /// A file that what is given here comes from, such as that of a value for [`bake`](Self::bake): like the model and
    /// the samples, it is never written over.
    pub fn reads(mut self, path: impl Into<PathBuf>) -> Self {
        self.reads.push(path.into());
        self
    }

    /// Whether output may replace files that edgec has not written.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// The command that the banner gives to make the file again.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Compiles up to the memory plan.
    pub fn compile(&self) -> Result<Compiled, Error> {
        self.compile_model(&self.load()?, &mut |_, _| {})
    }

    /// Compiles a loaded model; `after` sees the graph after each pass.
    pub fn compile_model(&self, model: &Model, after: &mut dyn FnMut(&Pass, &Graph)) -> Result<Compiled, Error> {
        let machine = self.machine();
        self.check_threads(&machine)?;
        self.check_profiling()?;
        let Ready {
            graph,
            mut remarks,
            quantized,
            narrow_outputs,
            changes,
        } = self.graph(model, after)?;
        let InMemory {
            mut program,
            plan,
            notes,
            least,
            ram_by_rows,
        } = memory::in_memory(&graph, &machine)?;
        self.check_updatable(&program)?;
        remarks.extend(tuned::check(&machine, &model.sha256, &program)?);
        if self.threads {
            remarks.push(threads::divide(&mut program, &plan));
        }
        remarks.extend(notes);
        if let Some(given) = &self.self_test {
            remarks.extend(golden::add(&mut program, &plan, given)?);
        }
        let origin = Origin {
            sha256: model.sha256.clone(),
            opset: model.opsets.get("").copied().unwrap_or(0),
            target: machine.name.clone(),
            ram_budget: machine.ram,
            flash_budget: machine.flash,
            fast_weights: self.sections.fast_weights.clone(),
            alignment: if machine.microcontroller { 4 } else { 64 },
            ram_by_rows,
            remarks,
        };
        let mut report = Report::of(&program, &plan, origin);
        match budget::check(&program, &report, &machine, least) {
            Err(Error::Budget { message, help }) if self.over_budget => report.over_budget = Some([message, help]),
            checked => checked?,
        }
        Ok(Compiled {
            report,
            program,
            plan,
            machine,
            quantized,
            narrow_outputs,
            external_files: model.external_files.clone(),
            changes,
        })
    }
}
