use super::args::{RunArgs, baked};
use edgec::{Compiler, data::npz, tools::harness};
use std::process::ExitCode;

/// `edgec run`.
pub(super) fn run(args: &RunArgs) -> miette::Result<ExitCode> {
    let arrays = npz::read(&args.input)?;
    let compiler = harness::pin_shapes(baked(Compiler::new(&args.model), &args.bake)?, &arrays)?;
    let compiled = args.quantize.apply(compiler)?.compile()?;
    let outputs = compiled.executor().run(&harness::inputs(&compiled.program, &arrays)?);
    let names = compiled.program.outputs.iter().map(|p| p.name.as_str());
    npz::write(&args.output, &names.zip(&outputs).collect::<Vec<_>>())?;
    for (port, output) in compiled.program.outputs.iter().zip(&outputs) {
        eprintln!("`{}` {}", port.name.escape_debug(), output.ty());
    }
    Ok(ExitCode::SUCCESS)
}
