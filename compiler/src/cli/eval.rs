use super::args::EvalArgs;
use super::verify::build;
use super::{note, print, print_json};
use edgec::tools::eval::{Findings, LayerTable, Table, TestSet, Trial};
use edgec::tools::harness::{Progress, Workspace};
use std::process::ExitCode;

/// `edgec eval`.
pub(super) fn eval(args: &EvalArgs) -> miette::Result<ExitCode> {
    let compiler = args.target.apply(args.model.compiler()?);
    let float = compiler.compile()?;
    let inputs = &float.program.inputs;
    let set = TestSet::open(&args.data, args.samples.as_deref(), args.labels.as_deref(), inputs)?;
    let set = match args.first {
        Some(count) => set.first(count as usize),
        None => set,
    };
    let mut trial = Trial {
        float: &float,
        quantized: None,
        runner: None,
        set: &set,
        output: args.output.as_deref(),
    };
    trial.check()?;
    set.notes.iter().for_each(|text| note(&format!("note: {text}\n")));

    // To see what is lost is what this is for.
    let quantizer = args.quantize.allowing_loss().apply(compiler.clone())?;
    let scheme = args.quantize.scheme();
    let compiled = scheme.as_ref().map(|_| quantizer.compile()).transpose()?;
    trial.quantized = compiled.as_ref().zip(scheme);
    let (emitter, emitted) = compiled.as_ref().map_or((&compiler, &float), |c| (&quantizer, c));
    let runner = if args.no_build {
        None
    } else {
        Some(build(&Workspace::in_user_cache("verify")?, emitter, emitted)?)
    };
    trial.runner = runner.as_ref();

    let progress = Progress::start(format!("running {} samples", set.samples.len()));
    let evaluation = trial.evaluate(&mut |_, _, _| {})?;
    drop(progress);
    let layers = match &compiled {
        Some(compiled) if compiled.quantized.is_some() && (args.layers > 0 || args.json) => {
            let _progress = Progress::start("comparing layers");
            trial.layers()?
        }
        _ => vec![],
    };
    if args.json {
        print_json(&Findings { evaluation, layers })?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = compiled.iter().flat_map(|c| c.report.remark_lines());
    lines.for_each(|line| note(&format!("{line}\n")));
    print(&Table(&evaluation).to_string())?;
    if !layers.is_empty() {
        print(&format!("\n{}", LayerTable(&layers, args.layers)))?;
    }
    Ok(ExitCode::SUCCESS)
}
