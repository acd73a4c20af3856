use super::args::{RunArgs, baked};
use super::note;
use edgec::{Compiler, data::npz, tools::harness};
use std::process::ExitCode;

/// `edgec run`.
pub(super) fn run(args: &RunArgs) -> miette::Result<ExitCode> {
    let compiler = args.outputs.apply(Compiler::new(&args.model));
    let model = compiler.load()?;
    let (arrays, others) = npz::read_where(&args.input, harness::inputs_of(&model))?;
    let compiler = harness::pin_shapes(baked(compiler, &args.bake)?, &arrays)?;
    let compiler = args.quantize.apply(args.layout.apply(compiler))?;
    let compiler = compiler.reads(&args.input).force(args.force);
    let compiled = compiler.compile()?;
    let inputs = harness::inputs(&compiled.program, &arrays).map_err(|error| error.others(&others))?;
    let outputs = compiled.executor().run(&inputs);
    let names = compiled.program.outputs.iter().map(|p| p.name.as_str());
    compiler.write_arrays(&compiled, &args.output, &names.zip(&outputs).collect::<Vec<_>>())?;
    for (port, output) in compiled.program.outputs.iter().zip(&outputs) {
        note(&format!("`{}` {}\n", port.name.escape_debug(), output.ty()));
    }
    Ok(ExitCode::SUCCESS)
}
