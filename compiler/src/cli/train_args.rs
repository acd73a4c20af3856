use clap::Args;
use edgec::{Compiler, Init, Loss, Optimizer, TrainOptions};

/// Training on the device.
#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// Let these layers learn on the device: `all`, `last:N` for the last N with weights, or names of nodes or weights,
    /// in which `*` stands for any characters; several with commas. The struct gets `train_step`
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    trainable: Vec<String>,
    /// What training makes small: `softmax-cross-entropy` (of classes by index), `mse`, `binary-cross-entropy`, or
    /// `distillation:T` (of a teacher's scores, softened by the temperature T)
    #[arg(
        long,
        value_name = "LOSS",
        default_value = "softmax-cross-entropy",
        requires = "trainable"
    )]
    loss: Loss,
    /// How parameters follow their gradients: `sgd`, `momentum[:BETA]` or `adam`
    #[arg(long, value_name = "OPTIMIZER", default_value = "sgd", requires = "trainable")]
    optimizer: Optimizer,
    /// Batches of any size, sample by sample: the struct gets `accumulate`, which sums gradients up, and `apply`, which
    /// makes a step with their mean. Takes 4 bytes of RAM for each parameter
    #[arg(long, requires = "trainable")]
    accumulate: bool,
    /// What is trained begins with: `keep`, what the file holds; `he:SEED`, random weights, the same for the same
    /// number (He et al. 2015), and biases of zero; or `zeros`
    #[arg(long, value_name = "INIT", default_value = "keep", requires = "trainable")]
    init: Init,
}

impl TrainArgs {
    /// `compiler` with the training that was asked for.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        if self.trainable.is_empty() {
            return compiler;
        }
        compiler.train(TrainOptions {
            layers: self.trainable.clone(),
            loss: self.loss,
            optimizer: self.optimizer,
            accumulate: self.accumulate,
            init: self.init,
        })
    }

    /// The flags, with their values, that give the same.
    pub(super) fn values(&self) -> Vec<(&'static str, String)> {
        if self.trainable.is_empty() {
            return vec![];
        }
        let mut values = vec![
            ("--trainable", self.trainable.join(",")),
            ("--loss", self.loss.to_string()),
            ("--optimizer", self.optimizer.to_string()),
        ];
        if self.init != Init::Keep {
            values.push(("--init", self.init.to_string()));
        }
        values
    }

    /// The flags without values that give the same.
    pub(super) fn switches(&self) -> Option<&'static str> {
        self.accumulate.then_some("--accumulate")
    }
}
