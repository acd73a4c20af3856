use super::args::RunArgs;
use super::model_args::baked;
use super::note;
use edgec::{Compiler, data::npz, tools::harness};
use std::process::ExitCode;

/// `edgec run`.
pub(super) fn run(args: &RunArgs) -> miette::Result<ExitCode> {
    let compiler = args.outputs.apply(Compiler::new(&args.model));
    let model = compiler.load()?;
    let streamed: Vec<_> = args.stream.inputs().collect();
    let (arrays, others) = npz::read_where(&args.input, harness::inputs_of_stream(&model, &streamed))?;
    let given = harness::shapes_to_pin(&model, &arrays, &streamed);
    let compiler = harness::pin_shapes(baked(compiler, &args.bake)?, &given)?;
    let compiler = args.layout.apply(args.target.apply(compiler));
    let compiler = args.stream.apply(args.state.apply(compiler));
    let compiler = args.quantize.apply(compiler)?;
    let compiler = compiler.reads(&args.input).force(args.force);
    let compiled = compiler.compile()?;
    let outputs = harness::run_on_host(&compiled, &arrays).map_err(|error| error.others(&others))?;
    let names = compiled.program.outputs.iter().map(|p| p.name.as_str());
    compiler.write_arrays(&compiled, &args.output, &names.zip(&outputs).collect::<Vec<_>>())?;
    for (port, output) in compiled.program.outputs.iter().zip(&outputs) {
        note(&format!("`{}` {}\n", port.name.escape_debug(), output.ty()));
    }
    compiled
        .report
        .stream
        .iter()
        .flat_map(|stream| stream.lines())
        .for_each(|line| note(&format!("{line}\n")));
    Ok(ExitCode::SUCCESS)
}
