use super::args::EmitArgs;
use super::{WithPruneReport, note, print_json, print_source};
use edgec::back::emit::{self, Interface};
use edgec::ir::Graph;
use edgec::middle::passes::{self, Pass};
use edgec::tools::harness::RuntimeCore;
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
    if to_stdout && matches!(args.compile.weights, Weights::Sidecar | Weights::Updatable) {
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
    if to_stdout && args.depfile.is_some() {
        Err(wrong(
            "stdout is no file that a rule of Make could be about",
            "use -o with a file, or leave out --depfile",
        ))?;
    }
    if args.output.is_dir() {
        Err(wrong(
            &format!("{} is a folder", args.output.display()),
            "give -o a file name in it, ending in .rs",
        ))?;
    }
    check_pass(args.print_after.as_deref())?;
    let header: Vec<_> = args
        .c_header
        .iter()
        .map(|header| ("--c-header", header.as_path()))
        .collect();
    let mut compiler = args.compile.compiler()?.force(args.force);
    compiler = compiler.command(args.compile.command(&args.output, &header));
    if let Some(header) = &args.c_header {
        compiler = compiler.c_header(header);
    }
    if let Some(report) = &args.report {
        compiler = compiler.report(report);
    }
    if let Some(profile) = &args.profile {
        compiler = compiler.profile(profile);
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
    let interface = write(&compiler, &compiled, args, to_stdout)?;
    let summary = &compiled.report;
    let prune_report = unpruned.as_ref().map(PruneReport::of).transpose()?;
    if args.json {
        print_json(&WithPruneReport {
            of: summary,
            prune_report,
        })?
    } else {
        note(&summary.to_string());
        if args.compile.weights == Weights::Updatable {
            let weights = args.output.with_extension("weights");
            let weights = weights.display();
            note(&format!(
                "  weights are in {weights}; devices take them once `edgec sign` has signed them\n"
            ));
        }
        note(&format!("  Cargo.toml    {}\n", dependency(&interface)));
        prune_report.iter().for_each(|report| note(&format!("\n{report}")));
    }
    Ok(ExitCode::SUCCESS)
}

fn write(
    compiler: &Compiler,
    compiled: &edgec::Compiled,
    args: &EmitArgs,
    to_stdout: bool,
) -> miette::Result<Interface> {
    if to_stdout {
        if let Some(report) = &args.report {
            compiler.write_page(compiled, report)?;
        }
        let emitted = compiler.emit(compiled, "");
        print_source(&emitted.source)?;
        return Ok(emitted.interface);
    }
    // First, as it may be refused.
    if let Some(depfile) = &args.depfile {
        compiler.write_depfile(compiled, &args.output, depfile)?;
    }
    Ok(compiler.write(compiled, &args.output)?.interface)
}

/// What the manifest around the emitted file needs. A folder that `EDGEC_RUNTIME_CORE` names by mistake is told of
/// where something is built with it.
fn dependency(interface: &Interface) -> String {
    let runtime_core = RuntimeCore::find().unwrap_or(RuntimeCore::Version(env!("CARGO_PKG_VERSION")));
    emit::dependency(&runtime_core.dependency(), &interface.features)
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
