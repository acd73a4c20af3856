use clap::Args;
use edgec::Compiler;
use edgec::middle::stream::StreamInput;

/// Inputs that bring new frames with each run.
#[derive(Debug, Args)]
pub(super) struct StreamArgs {
    /// Stream the model: each run takes STEP new frames of INPUT along AXIS, as few as possible if no STEP is given,
    /// and keeps what it needs of those before; may be repeated
    #[arg(long = "stream", value_name = "INPUT:AXIS[=STEP]")]
    streams: Vec<StreamInput>,
}

impl StreamArgs {
    /// `compiler` with the streamed inputs.
    pub(super) fn apply(&self, compiler: Compiler) -> Compiler {
        let streams = self.streams.iter();
        streams.fold(compiler, |compiler, input| {
            compiler.stream(&input.name, input.axis, input.step)
        })
    }

    /// The values of `--stream` that give the same.
    pub(super) fn values(&self) -> impl Iterator<Item = String> + '_ {
        self.streams.iter().map(StreamInput::to_string)
    }

    /// Names of the streamed inputs.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &str> {
        self.streams.iter().map(|input| input.name.as_str())
    }
}
