//! The trained models of the zoo on their test sets, as the host executor computes them.

use edgec::ir::Tensor;
use edgec::tools::eval::{Classes, Noise, TestSet};
use edgec::{Compiled, Compiler, Error};
use std::path::Path;

/// The models.
pub const MODELS: &[&str] = &[
    "lenet_mnist",
    "dsnet_mnist",
    "mlp_digits",
    "har_conv1d",
    "lstm_vowels",
    "gru_vowels",
];

/// A model, in floats, and its test set.
pub struct Trained {
    /// What compiles it.
    pub compiler: Compiler,
    /// The model in floats.
    pub float: Compiled,
    /// The file of the test set.
    pub data: String,
    set: TestSet,
    output: usize,
    classes: Classes,
}

/// What a model gives on a test set.
pub struct Results {
    /// Its scores, sample by sample.
    pub outputs: Vec<Tensor>,
    /// The classes that they tell.
    pub classes: Vec<usize>,
    /// How many of these are those of the labels.
    pub right: usize,
}

impl Trained {
    /// Opens one of [`MODELS`].
    ///
    /// # Errors
    /// A model or a test set that cannot be read.
    ///
    /// # Panics
    /// If the test set has no labels for the model's scores.
    pub fn open(zoo: &Path, model: &str) -> Result<Self, Error> {
        let data = zoo.join(format!("data/{model}_testset.npz")).display().to_string();
        let compiler = Compiler::new(zoo.join(format!("trained/{model}.onnx")));
        let float = compiler.compile()?;
        let set = TestSet::open(&data, None, None, &float.program.inputs)?;
        let (output, classes) = set.judge(&float.program.outputs, None)?;
        let classes = classes.unwrap_or_else(|| panic!("{model} has no scores of classes to compare with the labels"));
        Ok(Self {
            compiler,
            float,
            data,
            set,
            output,
            classes,
        })
    }

    /// The samples that quantised models are calibrated with.
    pub fn calibration(&self) -> String {
        format!("{}:calib", self.data)
    }

    /// Runs the model, however it is compiled, on the whole test set.
    ///
    /// # Errors
    /// A sample that cannot be read.
    pub fn run(&self, compiled: &Compiled) -> Result<Results, Error> {
        let mut executor = compiled.executor();
        let (mut outputs, mut classes) = (vec![], vec![]);
        for sample in &self.set.samples {
            let tensor = executor.run(&sample?).swap_remove(self.output);
            classes.extend(self.classes.best(&tensor));
            outputs.push(tensor);
        }
        let labels = self.set.labels.as_ref().map_or(&[][..], |labels| labels.classes());
        let right = classes.iter().zip(labels).filter(|(a, b)| a == b).count();
        Ok(Results {
            outputs,
            classes,
            right,
        })
    }
}

impl Results {
    /// The right ones in percent.
    pub fn accuracy(&self) -> f64 {
        self.percent(self.right)
    }

    /// How many classes are those of `other`, in percent.
    pub fn agreement(&self, other: &Self) -> f64 {
        let pairs = self.classes.iter().zip(&other.classes);
        self.percent(pairs.filter(|(a, b)| a == b).count())
    }

    /// How far the scores are from those of `wanted`.
    pub fn noise(&self, wanted: &Self) -> Noise {
        let mut noise = Noise::default();
        let pairs = wanted.outputs.iter().zip(&self.outputs);
        pairs.for_each(|(wanted, got)| noise.add_tensor(wanted, got));
        noise
    }

    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.classes.len().max(1) as f64
    }
}
