use super::args::EvalArgs;
use super::verify::build;
use super::{note, print, print_json};
use edgec::tools::eval::{self, Boundary, Contender, Engine, Evaluation, Layer, LayerTable, Question, Table, TestSet};
use edgec::tools::harness::{Progress, Workspace};
use serde::Serialize;
use std::process::ExitCode;

/// All that `--json` prints.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    evaluation: Evaluation,
    layers: Vec<Layer>,
}

/// `edgec eval`.
pub(super) fn eval(args: &EvalArgs) -> miette::Result<ExitCode> {
    let compiler = args.target.apply(args.model.compiler()?);
    let float = compiler.compile()?;
    let (inputs, outputs) = (&float.program.inputs, &float.program.outputs);
    let set = TestSet::open(&args.data, args.samples.as_deref(), args.labels.as_deref(), inputs)?;
    let set = match args.first {
        Some(count) => set.first(count as usize),
        None => set,
    };
    let (output, classes) = set.judge(outputs, args.output.as_deref())?;
    set.notes.iter().for_each(|text| note(&format!("note: {text}\n")));

    // To see what is lost is what this is for.
    let quantizer = args.quantize.allowing_loss().apply(compiler.clone())?;
    let scheme = args.quantize.scheme();
    let compiled = scheme.as_ref().map(|_| quantizer.compile()).transpose()?;
    let quantized = compiled.as_ref().and_then(|c| c.quantized.as_ref());
    let boundary = quantized.map_or_else(Boundary::default, |q| Boundary::of(&q.graph));
    let (emitter, emitted) = compiled.as_ref().map_or((&compiler, &float), |c| (&quantizer, c));
    let runner = if args.no_build {
        None
    } else {
        Some(build(&Workspace::in_user_cache("verify")?, emitter, emitted)?)
    };

    let prefix = scheme.as_ref().map_or(String::new(), |scheme| format!("{scheme}, "));
    let mut contenders = vec![Contender {
        name: if compiled.is_some() {
            "float, executor".into()
        } else {
            "executor".into()
        },
        inputs: &float.program.inputs,
        engine: Engine::Executor(float.executor()),
        boundary: Boundary::default(),
        like: None,
    }];
    contenders.extend(compiled.as_ref().map(|compiled| Contender {
        name: format!("{prefix}executor"),
        inputs: &compiled.program.inputs,
        engine: Engine::Executor(compiled.executor()),
        boundary: boundary.clone(),
        like: None,
    }));
    let like = Some(contenders.len() - 1);
    contenders.extend(runner.as_ref().map(|runner| Contender {
        name: format!("{prefix}emitted code"),
        inputs: &emitted.program.inputs,
        engine: Engine::Emitted(runner),
        boundary,
        like,
    }));
    let question = Question {
        set: &set,
        outputs,
        output,
        classes,
    };
    let progress = Progress::start(format!("running {} samples", set.samples.len()));
    let evaluation = eval::evaluate(&question, &mut contenders)?;
    drop(progress);
    let layers = match quantized {
        Some(quantized) if args.layers > 0 || args.json => {
            let _progress = Progress::start("comparing layers");
            eval::layers(quantized, &set.samples)?
        }
        _ => vec![],
    };
    if args.json {
        print_json(&Report { evaluation, layers })?;
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
