use super::args::EmitArgs;
use super::{WithPruneReport, note, print_json, print_source};
use edgec::ir::Graph;
use edgec::middle::passes::{self, Pass};
use edgec::words::quoted;
use edgec::{Compiler, Error, PruneReport, Weights};
use std::path::Path;
use std::process::ExitCode;

/// `edgec MODEL.onnx -o OUT.rs`.
pub(super) fn emit(args: &EmitArgs) -> miette::Result<ExitCode> {
    let to_stdout = args.output == Path::new("-");
    let wrong = |message: &str, help: &str| Error::Usage {
        message: message.into(),
        help: Some(help.into()),
    };
    if to_stdout && matches!(args.weights, Weights::Sidecar | Weights::Updatable) {
        Err(wrong(
            "there is no place for a file of weights beside stdout",
            "use --weights inline, or -o with a file",
        ))?;
    }
    if to_stdout && args.c_header.is_some() {
        Err(wrong(
            "there is no place for the functions that --c-header declares beside stdout",
            "use -o with a file",
        ))?;
    }
    if to_stdout && args.json {
        Err(wrong(
            "the source and the JSON summary cannot both go to stdout",
            "use -o with a file",
        ))?;
    }
    if args.output.is_dir() {
        Err(wrong(
            &format!("{} is a folder", args.output.display()),
            "give -o a file name in it, ending in .rs",
        ))?;
    }
    check_pass(args.print_after.as_deref())?;
    let mut compiler = args
        .target
        .apply(args.model.compiler()?)
        .weights(args.weights)
        .force(args.force)
        .threads(args.threads)
        .command(command(args));
    compiler = args.stream.apply(args.train.apply(args.state.apply(compiler)));
    compiler = args
        .sections
        .apply(args.self_test.apply(args.quantize.apply(compiler)?)?);
    if let Some(name) = &args.name {
        compiler = compiler.name(name);
    }
    if let Some(header) = &args.c_header {
        compiler = compiler.c_header(header);
    }
    if to_stdout {
        compiler = compiler.weights(Weights::Inline);
    }
    let model = compiler.load()?;
    let mut unpruned = None;
    let compiled = compiler.compile_model(&model, &mut |pass, graph| {
        show(args, pass, graph);
        if args.prune_report && PruneReport::follows(pass) {
            unpruned = Some(graph.clone());
        }
    })?;
    write(&compiler, &compiled, args, to_stdout)?;
    let summary = &compiled.report;
    let prune_report = unpruned.as_ref().map(PruneReport::of).transpose()?;
    if args.json {
        print_json(&WithPruneReport {
            of: summary,
            prune_report,
        })?
    } else {
        note(&summary.to_string());
        if args.weights == Weights::Updatable {
            let weights = args.output.with_extension("weights");
            let weights = weights.display();
            note(&format!(
                "  weights are in {weights}; devices take them once `edgec sign` has signed them\n"
            ));
        }
        prune_report.iter().for_each(|report| note(&format!("\n{report}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn write(compiler: &Compiler, compiled: &edgec::Compiled, args: &EmitArgs, to_stdout: bool) -> miette::Result<()> {
    if to_stdout {
        return print_source(&compiler.emit(compiled, "").source);
    }
    compiler.write(compiled, &args.output)?;
    Ok(())
}

fn check_pass(name: Option<&str>) -> Result<(), Error> {
    let known: Vec<_> = passes::PIPELINE
        .iter()
        .chain(passes::QUANTIZATION)
        .chain(passes::STREAMING)
        .chain(passes::REQUIRED)
        .map(|p| p.name)
        .collect();
    match name {
        Some(name) if name != "all" && !known.contains(&name) => Err(Error::Usage {
            message: format!("there is no pass `{name}`"),
            help: Some(format!("passes, in order: {}; or `all`", known.join(", "))),
        }),
        _ => Ok(()),
    }
}

fn show(args: &EmitArgs, pass: &Pass, graph: &Graph) {
    if args
        .print_after
        .as_deref()
        .is_some_and(|name| name == "all" || name == pass.name)
    {
        note(&format!("after {}:\n{graph}\n", pass.name));
    }
}

/// The command line that makes the same file again, without the folders of this machine.
fn command(args: &EmitArgs) -> String {
    let file = |path: &Path| quoted(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    let mut words = vec![
        "edgec".to_owned(),
        file(&args.model.model),
        "-o".into(),
        file(&args.output),
    ];
    let mut flag = |flag: &str, value: &str| words.extend([flag.to_owned(), quoted(value)]);
    if let Some(name) = &args.name {
        flag("--name", name);
    }
    for (name, size) in &args.model.options.dim {
        flag("--dim", &format!("{name}={size}"));
    }
    for (name, shape) in &args.model.options.shape {
        let sizes: Vec<_> = shape.0.iter().map(usize::to_string).collect();
        flag("--shape", &format!("{name}={}", sizes.join(",")));
    }
    for (name, value) in &args.model.options.bake {
        flag("--bake", &format!("{name}={}", value.text()));
    }
    for (name, value) in args.model.options.outputs.flags() {
        flag(name, &value);
    }
    args.state.values().for_each(|value| flag("--state", &value));
    args.stream.values().for_each(|value| flag("--stream", &value));
    for (name, value) in args.train.values() {
        flag(name, &value);
    }
    for value in args.model.options.layout.values() {
        flag("--input-layout", &value);
    }
    match args.weights {
        Weights::Auto => {}
        Weights::Inline => flag("--weights", "inline"),
        Weights::Sidecar => flag("--weights", "sidecar"),
        Weights::Updatable => flag("--weights", "updatable"),
    }
    let flags = args.target.flags().into_iter().chain(args.quantize.flags());
    for (name, value) in flags.chain(args.sections.flags()) {
        flag(name, &value);
    }
    let switches = args.train.switches().into_iter().chain(args.quantize.switches());
    words.extend(switches.map(str::to_owned));
    words.extend(args.threads.then(|| "--threads".to_owned()));
    if let Some(header) = &args.c_header {
        words.extend(["--c-header".to_owned(), file(header)]);
    }
    words.extend(args.self_test.words().iter().map(|word| quoted(word)));
    words.join(" ")
}
