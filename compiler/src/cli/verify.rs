use super::args::VerifyArgs;
use super::model_args::baked;
use super::{FAILURE, print};
use edgec::ir::program::Port;
use edgec::tools::harness::{self, Module, Progress, Tolerance, Workspace};
use edgec::{Compiler, data::npz};
use std::process::ExitCode;

/// `edgec verify`.
pub(super) fn verify(args: &VerifyArgs) -> miette::Result<ExitCode> {
    let compiler = args.outputs.apply(Compiler::new(&args.model));
    let model = compiler.load()?;
    let (arrays, _) = npz::read_where(&args.golden, harness::cases_of(&model))?;
    let cases = harness::cases(arrays)?;
    let compiler = harness::pin_shapes(baked(compiler, &args.bake)?, &cases[0].inputs)?;
    let compiler = args.state.apply(args.layout.apply(args.target.apply(compiler)));
    let compiler = args.quantize.apply(compiler)?.weights(args.weights);
    let compiled = compiler.compile()?;
    let inputs = cases
        .iter()
        .map(|c| harness::inputs(&compiled.program, &c.inputs))
        .collect::<Result<Vec<_>, _>>()?;
    let got = if args.executor {
        let mut executor = compiled.executor();
        inputs.iter().map(|i| executor.run(i)).collect()
    } else {
        let workspace = Workspace::in_user_cache("verify")?;
        build(&workspace, &compiler, &compiled)?.run(&inputs)?
    };
    let tolerance = |output: &Port| {
        let narrow = compiled.narrow_outputs.get(&output.name);
        let usual = Tolerance::of(*narrow.unwrap_or(&output.ty.dtype));
        Tolerance {
            relative: args.rtol.unwrap_or(usual.relative),
            absolute: args.atol.unwrap_or(usual.absolute),
        }
    };
    let results = harness::check(&compiled.program, &cases, &got, tolerance)?;
    let mut ok = true;
    for (name, comparison) in &results {
        ok &= comparison.passes();
        let verdict = if comparison.passes() { "ok  " } else { "FAIL" };
        print(&format!("{verdict} `{}`: {comparison}\n", name.escape_debug()))?;
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

/// Builds one model.
pub(super) fn build(
    workspace: &Workspace,
    compiler: &Compiler,
    compiled: &edgec::Compiled,
) -> miette::Result<harness::Runner> {
    let _progress = Progress::start("building the emitted code");
    let module = Module::new("model", compiler, compiled);
    let runner = workspace.build(&[vec![module]])?.pop();
    Ok(runner.ok_or_else(|| miette::miette!("cargo built nothing"))??)
}
