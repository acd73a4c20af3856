//! The model zoo: real models with reference inputs and outputs, in a folder beside the checkout.

use crate::same_bits::same_bits;
use edgec::ir::Tensor;
use edgec::tools::harness::{self, Case, Comparison, HarnessError, Module, Progress, Runner, Tolerance, Workspace};
use edgec::{Compiled, Compiler, Machine, data::npz};
use std::path::{Path, PathBuf};

/// The zoo's folder, `EDGEC_ZOO` or `../shared/zoo` from the workspace; prints why tests are skipped if it is absent.
pub fn folder() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo");
    let folder = std::env::var_os("EDGEC_ZOO").map_or_else(default, PathBuf::from);
    if folder.join("golden").is_dir() {
        return Some(folder);
    }
    println!(
        "skipped: there is no model zoo at {}; set EDGEC_ZOO to its folder",
        folder.display()
    );
    None
}

/// Models of fifty layers with random weights and outputs around 0.8, some of them near zero. Their references, in
/// float32, are themselves off from a float64 evaluation (of onnx's reference evaluator) by up to 2.7e-5, 1.7e-5 and
/// 1.5e-5; the host executor is off by up to 2.3e-5, 1.9e-5 and 1.8e-5. So 1e-5 cannot be asked of every output.
const DEEP: &[&str] = &["mobilenetv2_035_96", "mobilenetv2_224", "shufflenetv2_x0_5_224"];

/// Models whose emitted code takes threads.
const THREADED: &[&str] = &[
    "mobilenetv2_224",
    "resnet18_224",
    "unet_tiny_64",
    "mobilenetv2_224_ortq8",
    "vww_mobilenetv1_int8",
];

/// Numbers of threads for which these give the same bits.
const THREADS: [usize; 3] = [2, 3, 8];

/// How far floats of this model may be from its reference.
pub fn tolerance(model: &str) -> Tolerance {
    let deep = DEEP.contains(&model);
    Tolerance {
        absolute: if deep { 3e-5 } else { 1e-5 },
        relative: 1e-3,
    }
}

/// A model compiled for its reference.
pub struct Reference {
    /// Name of the module: the model's, as an identifier.
    pub module: String,
    /// How it was compiled.
    pub compiler: Compiler,
    /// What came of it.
    pub compiled: Compiled,
    /// The reference.
    pub cases: Vec<Case>,
    /// How exact it is.
    pub tolerance: Tolerance,
}

impl Reference {
    /// Compiles `model`, such as `tiny/tcn`, with the shapes of its reference.
    ///
    /// # Errors
    /// What a person needs to know of what went wrong.
    pub fn compile(zoo: &Path, model: &str, target: Machine) -> Result<Self, String> {
        let name = model.rsplit('/').next().unwrap_or(model);
        let arrays = npz::read(&zoo.join(format!("golden/{name}.npz"))).map_err(|e| e.to_string())?;
        let cases = harness::cases(arrays).map_err(|e| e.to_string())?;
        let compiler = Compiler::new(zoo.join(format!("{model}.onnx")))
            .name("Model")
            .threads(THREADED.contains(&name) && !target.microcontroller)
            .target(target);
        let compiler = harness::pin_shapes(compiler, &cases[0].inputs).map_err(|e| e.to_string())?;
        let compiled = compiler.compile().map_err(|e| e.to_string())?;
        let module = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_lowercase();
        let tolerance = tolerance(name);
        Ok(Self {
            module,
            compiler,
            compiled,
            cases,
            tolerance,
        })
    }

    /// The inputs of each case, as `run` takes them.
    ///
    /// # Errors
    /// If the reference has not what the model takes.
    pub fn inputs(&self) -> Result<Vec<Vec<Tensor>>, HarnessError> {
        let program = &self.compiled.program;
        let cases = self.cases.iter();
        cases.map(|case| harness::inputs(program, &case.inputs)).collect()
    }

    /// Compares what the model computes once it is built, with several threads too if it takes them.
    ///
    /// # Errors
    /// If it computes nothing, or something else with other numbers of threads.
    pub fn agrees(&self, runner: &Runner) -> Verdict {
        let check = || {
            let inputs = self.inputs()?;
            let got = runner.run(&inputs)?;
            same_for_threads(runner, &inputs, &got)?;
            harness::check(&self.compiled.program, &self.cases, &got, |_| self.tolerance)
        };
        check().map_err(|error: HarnessError| error.to_string())
    }

    /// Whether the model, once it is built, computes every bit that the host does, with several threads too if it takes
    /// them.
    ///
    /// # Errors
    /// What differs.
    pub fn same_bits(&self, runner: &Runner) -> Result<(), String> {
        let inputs = self.inputs().map_err(|e| e.to_string())?;
        same_bits(&self.compiled, &inputs, runner)?;
        let one = runner.run(&inputs).map_err(|e| e.to_string())?;
        same_for_threads(runner, &inputs, &one).map_err(|e| e.to_string())
    }
}

/// How emitted code compares with its reference, output by output.
pub type Verdict = Result<Vec<(String, Comparison)>, String>;

/// Builds the emitted code of several models, `together` of them in one crate, and compares what it computes. Gives one
/// verdict a model, in order.
pub fn verify(workspace: &Workspace, models: &[Reference], together: usize) -> Vec<Verdict> {
    let module = |model: &Reference| Module::new(&model.module, &model.compiler, &model.compiled);
    let crates: Vec<Vec<Module>> = models
        .chunks(together)
        .map(|c| c.iter().map(module).collect())
        .collect();
    let progress = Progress::start(format!("building {} models in {} crates", models.len(), crates.len()));
    let built = workspace.build(&crates).unwrap_or_else(|error| panic!("{error}"));
    drop(progress);
    let verdicts = models.iter().zip(built);
    verdicts
        .map(|(model, runner)| model.agrees(&runner.map_err(|e| e.to_string())?))
        .collect()
}

/// Whether a model that takes threads gives, with several, what it gave with one; a model that takes none does.
///
/// # Errors
/// The number of threads for which it does not, and whatever went wrong.
pub fn same_for_threads(runner: &Runner, inputs: &[Vec<Tensor>], one: &[Vec<Tensor>]) -> Result<(), HarnessError> {
    let counts = THREADS.iter().filter(|_| runner.takes_threads());
    for count in counts {
        if runner.clone().threads(*count).run(inputs)? != one {
            return Err(HarnessError::new(format!(
                "other bits with {count} threads than with one"
            )));
        }
    }
    Ok(())
}
