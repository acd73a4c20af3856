use clap::Args;
use edgec::Compiler;

/// Where the model ends.
#[derive(Debug, Args)]
pub(super) struct OutputArgs {
    /// End the model at these tensors, any of its graph, instead of at its own outputs
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    outputs: Vec<String>,
}

impl OutputArgs {
    /// `compiler` with these outputs.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        compiler.outputs(&self.outputs)
    }

    /// The value of `--outputs` that gives the same.
    pub(super) fn value(&self) -> Option<String> {
        (!self.outputs.is_empty()).then(|| self.outputs.join(","))
    }
}
