use super::args::{self, BenchArgs};
use super::bench_layers;
use super::verify::build;
use super::{note, print, print_json};
use edgec::back::report::Report;
use edgec::ir::program::Port;
use edgec::ir::{DType, Tensor, TensorType};
use edgec::tools::harness::{HarnessError, Peer, RunningPeer, Workspace};
use serde_json::{Value, json};
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Runs that tell how many fit into [`BUDGET`], and warm the caches.
const TRIAL: usize = 5;
/// Time for the runs where their number is not given.
const BUDGET: Duration = Duration::from_secs(1);

/// Processes that are started to tell how long the first result takes.
const STARTS: usize = 5;

/// Turns that are taken with a peer, and the time of each.
const TURNS: u32 = 5;

/// `edgec bench`.
pub(super) fn bench(args: &BenchArgs) -> miette::Result<ExitCode> {
    let compiler = args
        .target
        .apply(args.stream.apply(args.state.apply(args.model.compiler()?)));
    let threads = args.threads as usize;
    let compiler = args
        .quantize
        .apply(compiler)?
        .weights(args.weights)
        .threads(threads > 1)
        .profiling(args.layers);
    let compiled = compiler.compile()?;
    // Before the emitted code is built: that takes a while, and there may be no peer.
    let (mut peers, refused) = load(args, &compiled.program.inputs)?;
    // Other flags compile runtime-core again: a folder of their own keeps both.
    let folder = if args.build.rustflags.is_empty() {
        "verify"
    } else {
        "bench"
    };
    let workspace = Workspace::in_user_cache(folder)?.rustflags(&args.build.rustflags);
    let runner = build(&workspace, &compiler, &compiled)?.threads(threads);
    let inputs: Vec<_> = compiled.program.inputs.iter().map(|p| sample(&p.ty)).collect();
    let trial = runner.time(inputs.clone(), TRIAL)?;
    let fastest = trial
        .iter()
        .min()
        .copied()
        .unwrap_or_default()
        .max(Duration::from_nanos(20));
    let turns = if peers.is_empty() { 1 } else { TURNS };
    let budget = BUDGET / turns;
    let fitting = (budget.as_nanos() / fastest.as_nanos()).clamp(10, 100_000) as usize;
    let (mut ours, mut theirs) = (vec![], vec![vec![]; peers.len()]);
    for _ in 0..turns {
        ours.extend(runner.time(inputs.clone(), args.iterations.map_or(fitting, |n| n as usize))?);
        for (peer, theirs) in peers.iter_mut().zip(&mut theirs) {
            theirs.extend(peer.time(budget)?);
        }
    }
    let times = Times::of(ours);
    let start = runner.start(inputs.clone(), STARTS)?;
    let layers = match args.layers {
        true => bench_layers::layers(&compiled.report, &runner, inputs, fitting)?,
        false => vec![],
    };
    let others: Vec<_> = peers.iter().zip(theirs.into_iter().map(Times::of)).collect();
    if args.json {
        let mut value = json(&times, compiled.report.macs, threads, &others);
        value["start_us"] = json!(micros(start));
        for (peer, error) in refused {
            value[peer.word()] = json!({ "error": error.message, "help": error.help });
        }
        if args.layers {
            bench_layers::add_profile(&mut value, &compiled.report, &layers);
        }
        print_json(&value)?;
    } else {
        print(&text(&times, start, &compiled.report, threads, &others))?;
        if args.layers {
            print(&bench_layers::text(&layers))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Peers that do not compare, and why.
type Refused = Vec<(Peer, HarnessError)>;

/// The peers that take the model, and those that do not if there are others: they are named on stderr.
fn load(args: &BenchArgs, inputs: &[Port]) -> miette::Result<(Vec<RunningPeer>, Refused)> {
    let mut wanted = args.compare.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let (mut running, mut refused) = (vec![], vec![]);
    for peer in wanted.into_iter().map(args::Peer::of) {
        match RunningPeer::load(peer, &args.model.model, inputs, args.threads as usize) {
            Ok(peer) => running.push(peer),
            Err(error) => refused.push((peer, error)),
        }
    }
    if running.is_empty() && !refused.is_empty() {
        let errors: Vec<_> = refused.iter().map(|(_, error)| error.message.as_str()).collect();
        let help: Vec<_> = refused.iter().filter_map(|(_, error)| error.help.as_deref()).collect();
        let error = HarnessError::new(errors.join("\n"));
        return Err(match help.is_empty() {
            true => error.into(),
            false => error.help(help.join("\n")).into(),
        });
    }
    for (peer, error) in &refused {
        let help = error.help.iter().map(|help| format!("  help: {help}\n"));
        let help = help.collect::<String>();
        note(&format!("{} is left out: {error}\n{help}", peer.name()));
    }
    Ok((running, refused))
}

impl args::Peer {
    fn of(self) -> Peer {
        match self {
            Self::Onnxruntime => Peer::OnnxRuntime,
            Self::Litert => Peer::LiteRt,
            Self::Openvino => Peer::OpenVino,
            Self::Tract => Peer::Tract,
        }
    }
}

/// How long runs took.
struct Times {
    runs: usize,
    min: Duration,
    median: Duration,
}

impl Times {
    /// Of at least one run.
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            runs: times.len(),
            min: times[0],
            median: times[times.len() / 2],
        }
    }

    /// Arithmetic at the median, in billions of operations per second.
    fn speed(&self, macs: u64) -> f64 {
        2.0 * macs as f64 / self.median.as_secs_f64() / 1e9
    }

    /// How many times as long the other takes at least, and at the median.
    fn ratios(&self, other: &Self) -> [f64; 2] {
        [(self.min, other.min), (self.median, other.median)].map(|(own, other)| other.as_secs_f64() / own.as_secs_f64())
    }

    fn json(&self) -> Value {
        json!({ "runs": self.runs, "min_us": micros(self.min), "median_us": micros(self.median) })
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What was measured, for people.
fn text(times: &Times, start: Duration, report: &Report, threads: usize, peers: &[(&RunningPeer, Times)]) -> String {
    let mut text = String::new();
    if threads > 1 {
        let _ = writeln!(text, "threads {threads}");
    }
    let _ = writeln!(text, "runs    {}", times.runs);
    let _ = writeln!(text, "min     {:.3} us", micros(times.min));
    let _ = writeln!(text, "median  {:.3} us", micros(times.median));
    let _ = writeln!(
        text,
        "start   {:.3} us, from the start of a process to its first result",
        micros(start)
    );
    let (macs, unit) = (report.macs, bench_layers::unit(&report.calls));
    let _ = writeln!(text, "MACs    {macs}");
    let _ = writeln!(text, "speed   {:.1} {unit} at the median", times.speed(macs));
    for (peer, other) in peers {
        let [min, median] = times.ratios(other);
        let _ = writeln!(
            text,
            "\n{} {}, {}, in turns",
            peer.peer().name(),
            peer.version(),
            if threads == 1 {
                "one thread".to_owned()
            } else {
                format!("{threads} threads")
            }
        );
        let _ = writeln!(text, "runs    {}", other.runs);
        let _ = writeln!(text, "min     {:.3} us, {min:.2} times as long", micros(other.min));
        let _ = writeln!(
            text,
            "median  {:.3} us, {median:.2} times as long",
            micros(other.median)
        );
    }
    text
}

/// What was measured, for programs.
fn json(times: &Times, macs: u64, threads: usize, peers: &[(&RunningPeer, Times)]) -> Value {
    let mut value = times.json();
    value["threads"] = json!(threads);
    value["macs"] = json!(macs);
    value["gflops"] = json!(times.speed(macs));
    for (peer, other) in peers {
        let [min, median] = times.ratios(other);
        let mut found = other.json();
        found["version"] = json!(peer.version());
        found["ratio"] = json!({ "min": min, "median": median });
        value[peer.peer().word()] = found;
    }
    value
}

/// Floats between 0 and 1 from a fixed sequence; zeros for other types, which are often indices.
pub(super) fn sample(ty: &TensorType) -> Tensor {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1 << 24)
    };
    if !ty.dtype.is_float() {
        return Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()]);
    }
    let element = |value: f64| Tensor::scalar(ty.dtype, value).bytes;
    if ty.dtype == DType::F32 {
        return Tensor::f32(&ty.shape, &(0..ty.len()).map(|_| next() as f32).collect::<Vec<_>>());
    }
    let bytes = (0..ty.len()).flat_map(|_| element(next()).to_vec()).collect();
    Tensor::new(ty.dtype, ty.shape.clone(), bytes)
}
