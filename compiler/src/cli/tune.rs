use super::bench::sample;
use super::model_args::ModelArgs;
use super::quantize_args::QuantizeArgs;
use super::state_args::StateArgs;
use super::stream_args::StreamArgs;
use super::target_args::TargetArgs;
use super::{note, print};
use clap::Args;
use edgec::{TimedWay, Tuning};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct TuneArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// The file to write, which compiling takes as --tuned
    #[arg(short, long, value_name = "FILE.json")]
    output: PathBuf,
    /// Replace a file that edgec has not written
    #[arg(long)]
    force: bool,
    /// Seconds to measure for, five runs of each way at least; more of them are steadier
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    quantize: QuantizeArgs,
}

/// `edgec tune`.
pub(super) fn tune(args: &TuneArgs) -> miette::Result<ExitCode> {
    let compiler = args.stream.apply(args.state.apply(args.model.compiler()?));
    let compiler = args.quantize.apply(args.target.apply(compiler))?.force(args.force);
    if cfg!(debug_assertions) {
        note(
            "this edgec checks its own arithmetic, which slows some kernels more than others: tune with a release build\n",
        );
    }
    compiler.may_write_tuning(&args.output)?;
    note(&format!("measuring for some {} s\n", args.seconds));
    let tuning = compiler.tune(Duration::from_secs(args.seconds.into()), sample)?;
    compiler.write_tuning(&tuning, &args.output)?;
    print(&text(&tuning))?;
    note(&format!("{} is for --tuned\n", args.output.display()));
    Ok(ExitCode::SUCCESS)
}

/// A line for each layer, and what all of them take.
fn text(tuning: &Tuning) -> String {
    if tuning.layers.is_empty() {
        return "no layer can be computed in several ways\n".into();
    }
    let way = |timed: &TimedWay| format!("{:.1} us by {} of {}", timed.micros, timed.way.kernel, timed.way.layout);
    let mut text = String::new();
    for layer in &tuning.layers {
        let others: Vec<_> = layer.others.iter().map(way).collect();
        let kept = if layer.chosen.way == layer.estimated {
            ""
        } else {
            ", which the estimates do not choose"
        };
        let (name, chosen) = (&layer.name, way(&layer.chosen));
        let _ = writeln!(text, "{name}: {chosen}{kept}; {}", others.join("; "));
    }
    let sum = |micros: fn(&edgec::TunedLayer) -> f64| tuning.layers.iter().map(micros).sum::<f64>();
    let (estimated, chosen) = (sum(|layer| layer.estimated_micros()), sum(|layer| layer.chosen.micros));
    let _ = writeln!(
        text,
        "\n{} layers with several ways take {chosen:.1} us, as estimates choose {estimated:.1} us, on {}",
        tuning.layers.len(),
        tuning.processor
    );
    text
}
