use super::args::EvalArgs;
use super::verify::build;
use super::{print, print_json};
use edgec::eval::{self, Contender, Engine, Question, Table, TestSet};
use edgec::harness::{Progress, Workspace};
use std::process::ExitCode;

/// `edgec eval`.
pub(super) fn eval(args: &EvalArgs) -> miette::Result<ExitCode> {
    let compiler = args.quantize.apply(args.model.compiler()?.target(args.target))?;
    let compiled = compiler.compile()?;
    let program = &compiled.program;
    let set = TestSet::open(
        &args.data,
        args.samples.as_deref(),
        args.labels.as_deref(),
        &program.inputs,
    )?;
    let (output, classes) = set.judge(&program.outputs, args.output.as_deref())?;
    set.notes.iter().for_each(|note| eprintln!("note: {note}"));
    let runner = if args.no_build {
        None
    } else {
        Some(build(&Workspace::in_user_cache("verify")?, &compiler, &compiled)?)
    };
    let mut contenders = vec![Contender {
        name: "executor".into(),
        engine: Engine::Executor(compiled.executor()),
        like: None,
    }];
    contenders.extend(runner.as_ref().map(|runner| Contender {
        name: "emitted code".into(),
        engine: Engine::Emitted(runner),
        like: Some(0),
    }));
    let question = Question {
        set: &set,
        outputs: &program.outputs,
        output,
        classes,
    };
    let progress = Progress::start(format!("running {} samples", set.samples.len()));
    let evaluation = eval::evaluate(&question, &mut contenders)?;
    drop(progress);
    if args.json {
        print_json(&evaluation)?;
    } else {
        print(&Table(&evaluation).to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}
