use super::model_args::ModelArgs;
use super::{note, print, print_json};
use clap::Args;
use edgec::data::samples::Spec;
use edgec::middle::quantize::StartProgress;
use edgec::tools::eval::{self, Boundary, Contender, Engine, Evaluation, Question, Table, TestSet};
use edgec::tools::prune::{PruneOptions, PruneSummary, Pruned, prune as pruned};
use edgec::{Compiled, Error};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Loss of accuracy, in points, that is told loudly.
const LOSS: f64 = 1.0;
/// Decibels of an output below which the same is done, where no labels tell more.
const LEAST_DECIBELS: f64 = 10.0;

#[derive(Debug, Args)]
#[command(after_help = "\
The file keeps its shapes: what is pruned is zero in it, and edgec does without what only leads to zeros when it \
compiles the file. Other tools compute the zeros.")]
pub(super) struct PruneArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Remove channels until this share of the multiply-accumulates of the whole model is gone: those first that
    /// change least for each that they save, whatever layer they are in
    #[arg(long, value_name = "P%", value_parser = share, required_unless_present = "sparsity")]
    channels: Option<f64>,
    /// Make this share of the weights of each layer zero, the smallest times what they multiply; makes the model no
    /// faster
    #[arg(long, value_name = "P%", value_parser = share)]
    sparsity: Option<f64>,
    /// Some hundred typical inputs, by which it is judged what matters, stacked on the first axis: FILE.npz,
    /// FILE.npz:KEY, FILE.npz:INPUT=KEY,INPUT=KEY, FILE.npy or a folder of .npy files
    #[arg(long, value_name = "SAMPLES")]
    calibrate: String,
    /// The ONNX file to write
    #[arg(short, long, value_name = "PRUNED.onnx")]
    output: PathBuf,
    /// Samples to compare both models on, written as for `eval`; by default those of --calibrate
    #[arg(long, value_name = "TESTSET")]
    data: Option<String>,
    /// The array of samples in --data; by default the one named like the input, else `x`
    #[arg(long, value_name = "KEY", requires = "data")]
    samples: Option<String>,
    /// The array of labels in --data, or FILE.npz:KEY or FILE.npy; `none` for no accuracy; by default `y`, if there are
    /// labels
    #[arg(long, value_name = "KEY", requires = "data")]
    labels: Option<String>,
    /// Do not fit the weights that are left to make up for those that are gone
    #[arg(long)]
    no_refit: bool,
    /// Replace a file at the output's place that edgec has not pruned
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// All that `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a PruneSummary,
    evaluation: Evaluation,
}

/// `edgec prune`.
pub(super) fn prune(args: &PruneArgs) -> miette::Result<ExitCode> {
    if args.output == Path::new("-") {
        Err(Error::Usage {
            message: "a model is not written to stdout".into(),
            help: Some("give -o a file name, ending in .onnx".into()),
        })?;
    }
    let files = std::iter::once(&args.calibrate).chain(&args.data);
    let compiler = files
        .map(|text| Spec::parse(text))
        .try_fold(args.model.compiler()?.force(args.force), |compiler, spec| {
            Ok::<_, Error>(compiler.reads(spec?.path))
        })?;
    Pruned::check_output(&compiler, &args.output)?;
    let before = compiler.compile()?;
    let inputs = &before.program.inputs;
    let calibration = TestSet::open(&args.calibrate, None, Some("none"), inputs)?;
    let test = match &args.data {
        Some(data) => TestSet::open(data, args.samples.as_deref(), args.labels.as_deref(), inputs)?,
        None => calibration.clone(),
    };
    let options = PruneOptions {
        channels: args.channels,
        sparsity: args.sparsity,
        refit: !args.no_refit,
        progress: Some(StartProgress::new(super::progress::bar)),
    };
    let pruned = pruned(&compiler, &calibration.samples, &options)?;
    let evaluation = evaluate(&before, &pruned.compiled, &test)?;
    pruned.write(&compiler, &args.output)?;
    let notes = calibration
        .notes
        .iter()
        .chain(args.data.iter().flat_map(|_| &test.notes));
    let notes = notes.cloned().chain(pruned.summary.notes());
    notes.for_each(|text| note(&format!("note: {text}\n")));
    if args.json {
        print_json(&Report {
            summary: &pruned.summary,
            evaluation: evaluation.clone(),
        })?;
    } else {
        print(&format!("{}\n{}", pruned.summary, Table(&evaluation)))?;
    }
    warning(&evaluation).into_iter().for_each(|text| note(&text));
    Ok(ExitCode::SUCCESS)
}

/// Runs both models on the samples.
fn evaluate(before: &Compiled, after: &Compiled, set: &TestSet) -> miette::Result<Evaluation> {
    let outputs = &before.program.outputs;
    let (output, classes) = set.judge(outputs, None)?;
    let mut contenders = [("before", before), ("after", after)].map(|(name, compiled)| Contender {
        name: name.into(),
        inputs: &compiled.program.inputs,
        engine: Engine::Executor(compiled.executor()),
        boundary: Boundary::default(),
        like: None,
    });
    let question = Question {
        set,
        outputs,
        output,
        classes,
    };
    Ok(eval::evaluate(&question, &mut contenders, &mut |_, _, _| {})?)
}

/// What is told loudly of a model that has lost much.
fn warning(evaluation: &Evaluation) -> Option<String> {
    let [before, after] = &evaluation.scores[..] else {
        return None;
    };
    let advice = "prune less, give more samples, or train the pruned model further, with its zeros kept";
    if let (Some(before), Some(after)) = (before.correct, after.correct) {
        let points = 100.0 * (before as f64 - after as f64) / evaluation.samples.max(1) as f64;
        return (points > LOSS).then(|| format!("WARNING: the accuracy falls by {points:.1} points: {advice}\n"));
    }
    let (name, noise) = after
        .sqnr
        .iter()
        .min_by(|a, b| a.1.decibels().total_cmp(&b.1.decibels()))?;
    let lost = noise.decibels() < LEAST_DECIBELS || noise.decibels().is_nan();
    let name = name.escape_debug();
    lost.then(|| format!("WARNING: no more than {noise} are left of output `{name}`: {advice}\n"))
}

fn share(text: &str) -> Result<f64, String> {
    let number = text
        .strip_suffix('%')
        .and_then(|number| number.trim().parse::<f64>().ok());
    let share = number.filter(|number| *number > 0.0 && *number < 100.0);
    share
        .map(|share| share / 100.0)
        .ok_or_else(|| "write it in per cent, above 0 and below 100, as in 30%".into())
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_in_per_cent() {
        assert_eq!(share("30%"), Ok(0.3));
        assert_eq!(share("2.5 %"), Ok(0.025));
        for text in ["30", "0.3", "0%", "100%", "-5%", "%", "nan%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
