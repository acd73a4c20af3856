use super::args::BenchArgs;
use super::print;
use super::verify::build;
use edgec::ir::{DType, Tensor, TensorType};
use edgec::tools::harness::Workspace;
use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Runs that tell how many fit into [`BUDGET`], and warm the caches.
const TRIAL: usize = 5;
/// Time for the runs where their number is not given.
const BUDGET: Duration = Duration::from_secs(1);

/// `edgec bench`.
pub(super) fn bench(args: &BenchArgs) -> miette::Result<ExitCode> {
    let compiler = args.quantize.apply(args.model.compiler()?.target(args.target))?;
    let compiled = compiler.compile()?;
    // Other flags compile runtime-core again: a folder of their own keeps both.
    let folder = if args.rustflags.is_empty() { "verify" } else { "bench" };
    let workspace = Workspace::in_user_cache(folder)?.rustflags(&args.rustflags);
    let runner = build(&workspace, &compiler, &compiled)?;
    let inputs: Vec<_> = compiled.program.inputs.iter().map(|p| sample(&p.ty)).collect();
    let trial = runner.time(inputs.clone(), TRIAL)?;
    let fastest = trial
        .iter()
        .min()
        .copied()
        .unwrap_or_default()
        .max(Duration::from_nanos(20));
    let fitting = (BUDGET.as_nanos() / fastest.as_nanos()).clamp(10, 100_000) as usize;
    let mut times = runner.time(inputs, args.iterations.map_or(fitting, |n| n as usize))?;
    times.sort_unstable();
    let (min, median) = (times[0], times[times.len() / 2]);
    let macs = compiled.program.macs();
    let mut text = String::new();
    let micros = |d: Duration| d.as_secs_f64() * 1e6;
    let _ = writeln!(text, "runs    {}", times.len());
    let _ = writeln!(text, "min     {:.3} us", micros(min));
    let _ = writeln!(text, "median  {:.3} us", micros(median));
    let _ = writeln!(text, "MACs    {macs}");
    let _ = writeln!(
        text,
        "speed   {:.1} GFLOP/s at the median",
        2.0 * macs as f64 / median.as_secs_f64() / 1e9
    );
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Floats between 0 and 1 from a fixed sequence; zeros for other types, which are often indices.
fn sample(ty: &TensorType) -> Tensor {
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
