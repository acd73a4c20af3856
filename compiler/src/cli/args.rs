use super::build_args::BuildArgs;
use super::compile_args::CompileArgs;
use super::completions::{CompletionsArgs, ManArgs};
use super::help::EXAMPLES_AND_EXIT_CODES;
use super::if_model::IfModel;
use super::inspect::InspectArgs;
use super::layout_args::LayoutArgs;
use super::model_args::{Baked, ModelArgs, bake};
use super::new::NewArgs;
use super::output_args::OutputArgs;
use super::package::PackageArgs;
use super::prune::PruneArgs;
use super::quantize_args::QuantizeArgs;
use super::report::ReportArgs;
use super::stack::StackArgs;
use super::state_args::StateArgs;
use super::stream_args::StreamArgs;
use super::target_args::TargetArgs;
use super::tune::TuneArgs;
use super::update_args::{KeygenArgs, PackArgs, SignArgs};
use clap::{Args, Parser, Subcommand};
use edgec::Weights;
use std::path::PathBuf;

/// Compiles ONNX models to standalone Rust for boards and microcontrollers.
#[derive(Debug, Parser)]
#[command(
    name = "edgec",
    version,
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true
)]
#[command(after_help = EXAMPLES_AND_EXIT_CODES, override_usage = "edgec MODEL.onnx -o OUT.rs [OPTIONS]\n       edgec COMMAND MODEL.onnx [OPTIONS]")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) emit: IfModel<EmitArgs>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show inputs, outputs, dimensions to pin, operators, parameters and cost
    Inspect(InspectArgs),
    /// Run the model on the host, on arrays of an .npz file
    Run(RunArgs),
    /// Build the emitted code, run it on reference inputs and compare the outputs
    Verify(VerifyArgs),
    /// Build the emitted code as a user would and time it on this machine
    Bench(BenchArgs),
    /// Measure the ways to compute each layer on this machine, for --tuned
    Tune(TuneArgs),
    /// Write a page about a model: does it fit, memory over time, layers, quantization, passes
    Report(ReportArgs),
    /// Measure accuracy on a test set, of the model on this machine and of the emitted code
    Eval(EvalArgs),
    /// Remove the channels that a model needs least, and write it as ONNX
    Prune(PruneArgs),
    /// Write the weights of a model for code that was emitted with --weights updatable
    Pack(PackArgs),
    /// Sign weights that devices take as an update
    Sign(SignArgs),
    /// Make a key that signs updates, or one that encrypts them
    Keygen(KeygenArgs),
    /// Bound the stack that a built program takes, from its instructions, for Cortex-M and RV32
    Stack(StackArgs),
    /// Make a project around a model that builds at once, for a board or for Linux
    New(NewArgs),
    /// Build a model as a static library with a header for C and C++, for CMake, Zephyr, ESP-IDF and Arduino
    Package(PackageArgs),
    /// Say what is installed for which target, and how to install the rest
    Doctor,
    /// Print the script that completes commands and options in a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(super) struct EmitArgs {
    #[command(flatten)]
    pub(super) compile: CompileArgs,
    /// The Rust file to write; `-` for stdout
    #[arg(short, long, value_name = "OUT.rs")]
    pub(super) output: PathBuf,
    /// Write functions for C: this header, and OUT_c.rs beside OUT.rs, which defines what it declares
    #[arg(long, value_name = "MODEL.h")]
    pub(super) c_header: Option<PathBuf>,
    /// Write a page about what was compiled too: memory, layers, quantization, passes; see `edgec report`
    #[arg(long, value_name = "FILE.html")]
    pub(super) report: Option<PathBuf>,
    /// Write the files that the output was made of, as a rule of Make, for build systems
    #[arg(long, value_name = "FILE.d")]
    pub(super) depfile: Option<PathBuf>,
    /// Show what was measured of each layer on that page, from a file in JSON
    #[arg(long, value_name = "FILE.json", requires = "report")]
    pub(super) profile: Option<PathBuf>,
    /// Replace files at the output's place that edgec has not written
    #[arg(long)]
    pub(super) force: bool,
    /// Show the graph on stderr as it is after this pass; `all` for every pass
    #[arg(long, value_name = "PASS")]
    pub(super) print_after: Option<String>,
    /// Show what pruning brings: dead channels that were removed, zeros, and the cost with fewer channels
    #[arg(long)]
    pub(super) prune_report: bool,
    /// Print the summary as JSON on stdout
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub(super) model: PathBuf,
    /// Give an input its value at compile time; may be repeated
    #[arg(long, value_name = "INPUT=FILE.npy|.pb|NUMBERS", value_parser = bake)]
    pub(super) bake: Vec<(String, Baked)>,
    /// One array an input, named like it; shapes are taken from them. Of an input that is streamed, all its frames:
    /// they are fed run by run
    #[arg(long, value_name = "IN.npz")]
    pub(super) input: PathBuf,
    /// Gets one array an output: of a streamed model the frames of all runs, or what the last run gives
    #[arg(long, value_name = "OUT.npz")]
    pub(super) output: PathBuf,
    /// Replace a file at the output's place that edgec has not written
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) outputs: OutputArgs,
    #[command(flatten)]
    pub(super) layout: LayoutArgs,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The ONNX model
    #[arg(value_name = "MODEL.onnx")]
    pub(super) model: PathBuf,
    /// Give an input its value at compile time; may be repeated
    #[arg(long, value_name = "INPUT=FILE.npy|.pb|NUMBERS", value_parser = bake)]
    pub(super) bake: Vec<(String, Baked)>,
    /// Reference arrays: inK:INPUT and outK:OUTPUT for K = 0, 1, ..; others are ignored
    #[arg(long, value_name = "G.npz")]
    pub(super) golden: PathBuf,
    /// Relative part of the tolerance; by default 1e-3, for outputs of 16-bit floats, or cast from these, four of their
    /// steps
    #[arg(long, value_name = "R")]
    pub(super) rtol: Option<f64>,
    /// Absolute part of the tolerance; by default 1e-5, 1e-3 for float16, 1e-2 for bfloat16
    #[arg(long, value_name = "A")]
    pub(super) atol: Option<f64>,
    /// Check the host executor instead of the emitted code
    #[arg(long)]
    pub(super) executor: bool,
    /// Where the weights of the emitted code go
    #[arg(long, value_enum, default_value_t)]
    pub(super) weights: Weights,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) outputs: OutputArgs,
    #[command(flatten)]
    pub(super) layout: LayoutArgs,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
}

#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    #[command(flatten)]
    pub(super) model: ModelArgs,
    /// Runs to time; by default as many as take about a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) iterations: Option<u32>,
    /// Time other runtimes on the same model too, in turns: those that `python3` has, with commas between them
    #[arg(long, value_name = "PEER,..", value_enum, value_delimiter = ',')]
    pub(super) compare: Vec<Peer>,
    /// Threads that compute rows of layers side by side, in the peers as well
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) threads: u32,
    /// Measure what each kernel call takes too, on one thread; with --json in the form that `report --profile` reads
    #[arg(long, conflicts_with = "threads")]
    pub(super) layers: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) build: BuildArgs,
    /// Where the weights of the emitted code go
    #[arg(long, value_enum, default_value_t)]
    pub(super) weights: Weights,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    #[command(flatten)]
    pub(super) state: StateArgs,
    #[command(flatten)]
    pub(super) stream: StreamArgs,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
}

/// What emitted code is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Peer {
    /// ONNX Runtime, with as many threads
    Onnxruntime,
    /// LiteRT, with as many threads; `onnx2tf` converts the model, in minutes
    Litert,
    /// OpenVINO, with as many threads
    Openvino,
    /// tract, with one thread
    Tract,
}

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    #[command(flatten)]
    pub(super) model: ModelArgs,
    /// The samples, stacked on the first axis: FILE.npz, FILE.npz:KEY, FILE.npz:INPUT=KEY,INPUT=KEY, FILE.npy or a
    /// folder of .npy files
    #[arg(long, value_name = "TESTSET")]
    pub(super) data: String,
    /// The array of samples in --data; by default the one named like the input, else `x`
    #[arg(long, value_name = "KEY")]
    pub(super) samples: Option<String>,
    /// The array of labels in --data, or FILE.npz:KEY or FILE.npy: integers, or a row with a single 1 each; `none` for
    /// no accuracy; by default `y`, if there are labels
    #[arg(long, value_name = "KEY")]
    pub(super) labels: Option<String>,
    /// The output that classifies; by default the last
    #[arg(long, value_name = "NAME")]
    pub(super) output: Option<String>,
    /// Use only the first N samples
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) first: Option<u32>,
    /// Of a model that is quantised, show this many of the results that lose most by it
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) layers: usize,
    /// Leave out the emitted code, which takes a build
    #[arg(long)]
    pub(super) no_build: bool,
    #[command(flatten)]
    pub(super) target: TargetArgs,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) quantize: QuantizeArgs,
}

/// `NAME=VALUE`, cut at the last `=`: names of models hold anything.
pub(super) fn pair(text: &str) -> Result<(&str, &str), String> {
    text.rsplit_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| "write it as NAME=VALUE".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_model_needs_no_command() {
        let cli = Cli::parse_from([
            "edgec", "m.onnx", "-o", "m.rs", "--dim", "a=b=3", "--shape", "x=1,2", "--shape", "s=",
        ]);
        let model = cli.emit.0.unwrap().compile.model;
        assert_eq!(model.options.dim, [("a=b".to_owned(), 3)]);
        let shape = &model.options.shape;
        assert_eq!((&shape[0].1.0[..], shape[1].1.0.len()), (&[1, 2][..], 0));
    }

    #[test]
    fn commands_are_told_from_models() {
        let cli = Cli::parse_from(["edgec", "verify", "m.onnx", "--golden", "g.npz"]);
        assert!(matches!(cli.command, Some(Command::Verify(_))) && cli.emit.0.is_none());
        assert!(Cli::try_parse_from(["edgec", "m.onnx"]).is_err(), "no output");
        assert!(Cli::try_parse_from(["edgec", "m.onnx", "-o", "x", "--dim", "n"]).is_err());
    }
}
