//! `edgec package`: a model as a static library for C and C++, with what build systems want to find beside it.
//!
//! | file | holds |
//! |---|---|
//! | `target` | what libraries are built for |
//! | `kind` | by which signs compilers and build systems know a target |
//! | `object` | one object with local names, of what rustc writes |
//! | `archive` | the library around it |
//! | `texts`, `examples` | the files of the package |
//! | `record` | what a package is, and which files edgec has written |
//! | `name` | names that would hide something of the C library |

mod archive;
mod examples;
mod kind;
mod name;
mod object;
mod record;
mod target;
#[cfg(test)]
mod tests;
mod texts;

use super::build_args::BuildArgs;
use super::compile_args::CompileArgs;
use super::note;
use super::rust::Rust;
use clap::{Args, ValueEnum};
use edgec::back::emit::plain;
use edgec::tools::harness::{HarnessError, Progress, StaticLibrary, Workspace};
use edgec::words::quoted;
use edgec::{Compiled, Compiler, Error, Weights};
use record::{RECORD, Record};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use target::{ForTargets, Target};
use texts::{About, Built, files};

#[derive(Debug, Args)]
pub(super) struct PackageArgs {
    #[command(flatten)]
    compile: ForTargets<CompileArgs>,
    /// The folder to write; one that this command has written is written again, in place
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// How the library is optimised: for speed (3, 2) or for size (s, z)
    #[arg(long, value_enum, default_value_t)]
    opt: OptLevel,
    /// Version of the package, for ESP-IDF and Arduino
    #[arg(long, value_name = "N.N.N", default_value = "0.1.0", value_parser = version)]
    package_version: String,
    #[command(flatten)]
    build: BuildArgs,
    /// Write into a folder that holds other files, and replace those at the places of the package's
    #[arg(long)]
    force: bool,
}

/// `opt-level` of cargo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OptLevel {
    #[default]
    #[value(name = "3")]
    Three,
    #[value(name = "2")]
    Two,
    S,
    Z,
}

impl OptLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Three => "3",
            Self::Two => "2",
            Self::S => "s",
            Self::Z => "z",
        }
    }
}

fn version(text: &str) -> Result<String, String> {
    // Neither signs nor zeros in front.
    let is_number = |text: &str| text.parse::<u32>().is_ok_and(|number| number.to_string() == text);
    match text.split('.').count() == 3 && text.split('.').all(is_number) {
        true => Ok(text.to_owned()),
        false => Err("write it as three numbers, such as 1.0.2".into()),
    }
}

/// `edgec package`.
pub(super) fn package(args: &PackageArgs) -> miette::Result<ExitCode> {
    let targets = Target::all(&args.compile.machines)?;
    let recorded = Record::of(&args.output);
    refuse_files(args, recorded.is_some())?;
    refuse_weights(args)?;
    if let (Some(recorded), false) = (&recorded, args.force) {
        recorded.refuse_changed(&args.output)?;
    }
    let rust = Rust::find().ok_or_else(|| {
        HarnessError::new("rustc cannot be run").help("install Rust from https://rustup.rs; `edgec doctor` says more")
    })?;
    refuse_targets(&rust, &targets)?;
    let command = command(args);
    // What is wrong with the model is told before anything is built.
    let compiled = targets.into_iter().map(|target| compile(args, &command, target));
    let compiled = compiled.collect::<Result<Vec<_>, _>>()?;
    // Which files are read, and the digest of the model, are the same for all targets.
    let Some((_, compiler, first)) = compiled.first() else {
        return Err(miette::miette!("there is no target"));
    };
    let workspace = Workspace::in_user_cache("package")?.rustflags(&args.build.rustflags);
    let all = compiled.iter().map(|(target, compiler, compiled)| {
        let progress = Progress::start(format!("building the library for {}", target.triple));
        let built = build(&workspace, &rust, args, (target, compiler, compiled));
        drop(progress);
        built
    });
    let all = all.collect::<Result<Vec<_>, _>>()?;
    let model = args.compile.of.model.model.file_name().unwrap_or_default();
    let about = About {
        model: &plain(&model.to_string_lossy()),
        command: &command,
        version: &args.package_version,
    };
    let files = files(&about, &all);
    let record = Record::new(&args.package_version, &first.report.sha256, &all, &files);
    write(args, (compiler, first), recorded.as_ref(), &record, files)?;
    say(&args.output, &all);
    Ok(ExitCode::SUCCESS)
}

/// Writes the files, with what is recorded of them first: should it be interrupted, the same command goes on.
fn write(
    args: &PackageArgs,
    (compiler, compiled): (&Compiler, &Compiled),
    recorded: Option<&Record>,
    record: &Record,
    mut files: Vec<(String, Vec<u8>)>,
) -> miette::Result<()> {
    let folder = &args.output;
    let file = |record: &Record| -> miette::Result<_> { Ok((RECORD.to_owned(), record.text()?.into_bytes())) };
    let ours = |file: &str| recorded.is_some_and(|recorded| recorded.has(folder, file));
    let first = recorded.map_or_else(|| record.clone(), |old| record.replacing(old));
    files.insert(0, file(&first)?);
    compiler.write_folder(compiled, folder, &files, ours)?;
    if let Some(recorded) = recorded {
        recorded.remove_others(folder, &files)?;
        compiler.write_folder(compiled, folder, &[file(record)?], ours)?;
    }
    Ok(())
}

/// The model for a target, with functions for C.
fn compile(args: &PackageArgs, command: &str, target: Target) -> Result<(Target, Compiler, Compiled), Error> {
    let compiler = args.compile.of.compiler()?.target(target.machine.clone());
    // Nothing is written to that place: it tells that functions for C are wanted.
    let compiler = compiler.c_header("model.h").command(command).force(args.force);
    name::refuse(&compiler.c_prefix())?;
    let compiled = compiler.compile()?;
    note(&compiled.report.to_string());
    Ok((target, compiler, compiled))
}

/// The library for a target.
fn build(
    workspace: &Workspace,
    rust: &Rust,
    args: &PackageArgs,
    (target, compiler, compiled): (&Target, &Compiler, &Compiled),
) -> Result<Built, HarnessError> {
    let emitted = compiler.emit(compiled, StaticLibrary::SIDECAR);
    let c = compiler.emit_c(compiled, StaticLibrary::MODULE, &format!("{}.h", compiler.c_prefix()));
    let library = workspace.static_library(&StaticLibrary {
        emitted: &emitted,
        functions: &c.source,
        triple: &target.triple,
        opt_level: args.opt.name(),
        features: target.features,
    })?;
    Ok(Built {
        object: object::combine(rust, &library, &c.functions)?,
        target: target.clone(),
        c,
        ram: compiled.report.ram,
    })
}

/// What was written, on stderr.
fn say(folder: &Path, all: &[Built]) {
    let folder = quoted(&folder.display().to_string());
    note(&format!("\n{folder} is ready; README.md in it says how to use it:\n"));
    for built in all {
        let (target, library) = (&built.target, built.target.folder());
        let (name, flash, ram) = (&built.c.prefix, built.object.flash, built.ram);
        note(&format!(
            "  {}: lib/{library}/lib{name}.a, {flash} B of flash, {ram} B of RAM\n",
            target.machine
        ));
    }
}

/// The command that makes the package again, without the folders of this machine: a line of printable ASCII.
fn command(args: &PackageArgs) -> String {
    let targets: Vec<_> = args
        .compile
        .machines
        .iter()
        .map(|machine| machine.name.as_str())
        .collect();
    let mut command = args.compile.of.package_command(&args.output, &targets.join(","));
    if args.opt != OptLevel::default() {
        command += &format!(" --opt {}", args.opt.name());
    }
    if args.package_version != "0.1.0" {
        command += &format!(" --package-version {}", args.package_version);
    }
    if !args.build.rustflags.is_empty() {
        command += &format!(" --rustflags {}", quoted(&args.build.rustflags));
    }
    command.replace(|c: char| !(' '..='~').contains(&c), "?")
}

/// An error if the folder holds something else than a package.
fn refuse_files(args: &PackageArgs, is_package: bool) -> Result<(), Error> {
    let folder = args.output.display();
    let wrong = |message: String, help: &str| Error::Usage {
        message,
        help: Some(help.into()),
    };
    let is_empty = match fs::read_dir(&args.output) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) if args.output.exists() => {
            return Err(wrong(format!("{folder} is no folder"), "give the name of a folder"));
        }
        Err(_) => true,
    };
    match is_empty || is_package || args.force {
        true => Ok(()),
        false => Err(wrong(
            format!("{folder} is not empty, and `edgec package` has not written it"),
            "give another folder, or --force to write into this one",
        )),
    }
}

/// An error if the weights are no part of the library.
fn refuse_weights(args: &PackageArgs) -> Result<(), Error> {
    match args.compile.of.weights {
        Weights::Updatable => Err(Error::Usage {
            message: "a package cannot have --weights updatable yet".into(),
            help: Some(
                "leave it out, or build a library around `edgec MODEL.onnx --weights updatable --c-header`".into(),
            ),
        }),
        _ => Ok(()),
    }
}

/// An error if Rust lacks a target.
fn refuse_targets(rust: &Rust, targets: &[Target]) -> Result<(), HarnessError> {
    let triples = targets.iter().map(|target| target.triple.as_str());
    let missing: Vec<_> = triples.filter(|triple| !rust.has(triple)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Rust for {} is not installed", missing.join(", "));
    Err(HarnessError::new(message).help(format!("rustup target add {}", missing.join(" "))))
}
