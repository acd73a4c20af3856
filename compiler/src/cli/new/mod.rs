//! `edgec new`: a project around a model, which builds at once.
//!
//! The model is emitted into `src/model.rs`, once. A build script would compile it again whenever it changes, but its
//! user would first have to compile edgec.

mod board;

use super::args::{Cli, EmitArgs};
use super::model_args::ModelOptions;
use super::quantize_args::QuantizeArgs;
use super::state_args::StateArgs;
use super::stream_args::StreamArgs;
use super::{emit, note};
use board::{Board, README, Template};
use clap::{Args, Parser};
use edgec::Error;
use edgec::tools::harness::RuntimeCore;
use edgec::words::quoted;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// The folder to make; the program is called like it
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// The ONNX model
    #[arg(long, value_name = "MODEL.onnx")]
    model: PathBuf,
    /// What it runs on
    #[arg(long, value_enum, default_value_t)]
    board: Board,
    #[command(flatten)]
    options: ModelOptions,
    #[command(flatten)]
    state: StateArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    quantize: QuantizeArgs,
}

/// `edgec new`.
pub(super) fn new(args: NewArgs) -> miette::Result<ExitCode> {
    let folder = args.folder.clone();
    let name = package_name(&folder)?;
    refuse_files(&folder)?;
    let template = args.board.template();
    let files = files(&args, &name, &template)?;
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| Error::io(path, error)
    };
    let source = folder.join("src");
    let is_new = !folder.exists();
    fs::create_dir_all(&source).map_err(io(&source))?;
    let made = emit::emit(&emit_args(args, &template));
    if made.is_err() {
        // Empty, unless something else has written into them.
        let _ = fs::remove_dir(&source);
        if is_new {
            let _ = fs::remove_dir(&folder);
        }
    }
    let code = made?;
    for (file, text) in files {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(&folder);
        fs::create_dir_all(parent).map_err(io(parent))?;
        fs::write(&path, text).map_err(io(&path))?;
    }
    let folder = quoted(&folder.display().to_string());
    note(&format!("\n{folder} is ready; README.md in it says more:\n"));
    for command in build(&template, &format!("cd {folder} && cargo build --release")) {
        note(&format!("  {command}\n"));
    }
    Ok(code)
}

/// The commands that build the project, the last of them this one.
fn build(template: &Template, last: &str) -> Vec<String> {
    let target = template.triple.map(|triple| format!("rustup target add {triple}"));
    target.into_iter().chain([last.to_owned()]).collect()
}

/// What the folder's name is as that of a package.
fn package_name(folder: &Path) -> Result<String, Error> {
    let full = std::path::absolute(folder).map_err(|error| Error::io(folder, error))?;
    let Some(name) = full.file_name() else {
        return Err(Error::Usage {
            message: format!("{} has no name that a program could have", folder.display()),
            help: Some("give the name of a folder to make, such as my-app".into()),
        });
    };
    let allowed = |c: char| {
        if c.is_ascii_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = name.to_string_lossy().chars().map(allowed).collect();
    // Crates that the program uses, and names that cargo keeps for itself.
    let taken = [
        "alloc",
        "build",
        "core",
        "deps",
        "examples",
        "incremental",
        "runtime-core",
        "std",
        "test",
    ];
    let letter = name.starts_with(|c: char| c.is_ascii_alphabetic());
    Ok(match letter && !taken.contains(&name.as_str()) {
        true => name,
        false => format!("app-{}", name.trim_start_matches('-')),
    })
}

const ONLY_THE_MODEL: &str = "name a folder that does not exist, or write only the model: \
                              edgec MODEL.onnx -o src/model.rs --name Model --self-test";

/// An error if there is anything in the folder, or something else in its place.
fn refuse_files(folder: &Path) -> Result<(), Error> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !folder.exists(),
    };
    if is_free {
        return Ok(());
    }
    Err(Error::Usage {
        message: format!("{} exists and is not empty", folder.display()),
        help: Some(ONLY_THE_MODEL.into()),
    })
}

/// The arguments that emit the model into the project.
fn emit_args(args: NewArgs, template: &Template) -> EmitArgs {
    // The paths take their places below: here one that begins with a minus would be a flag.
    let fixed = ["edgec", "-", "-o", "-", "--name", "Model", "--self-test"];
    let parsed = Cli::try_parse_from(fixed.iter().chain(template.flags));
    let parsed = parsed.ok().and_then(|cli| cli.emit.0);
    let mut emit = parsed.expect("the flags of templates are flags of the command");
    emit.output = args.folder.join("src/model.rs");
    let compile = &mut emit.compile;
    compile.model.model = args.model;
    (compile.model.options, compile.state, compile.stream) = (args.options, args.state, args.stream);
    compile.quantize = args.quantize;
    emit
}

/// All files except the model, by their paths in the project.
fn files(args: &NewArgs, name: &str, template: &Template) -> miette::Result<Vec<(&'static str, String)>> {
    let model = args.model.file_name().unwrap_or_default().to_string_lossy();
    let readme = README
        .replace("{name}", name)
        .replace("{model}", &model)
        .replace("{about}", template.about)
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{build}", &build(template, "cargo build --release").join("\n"))
        .replace("{run}", template.run);
    let mut files = vec![
        ("Cargo.toml", manifest(name, template)?),
        (".cargo/config.toml", template.config.to_owned()),
        (".gitignore", "/target\n".to_owned()),
        ("src/main.rs", template.main.to_owned()),
        ("README.md", readme),
    ];
    files.extend(template.memory.map(|memory| ("memory.x", memory.to_owned())));
    Ok(files)
}

fn manifest(name: &str, template: &Template) -> miette::Result<String> {
    let runtime_core = RuntimeCore::find()?.dependency();
    let profile = match template.triple {
        Some(_) => {
            "# Without optimisation, programs for microcontrollers are ten times larger.\n\
             [profile.dev]\nopt-level = 1\npanic = \"abort\"\n\n\
             [profile.release]\nopt-level = 3\nlto = true\ncodegen-units = 1\npanic = \"abort\"\n"
        }
        None => "# Models are slow without optimisation.\n[profile.dev]\nopt-level = 3\n",
    };
    Ok(format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\nrust-version = \"{}\"\n\n\
         # A workspace of its own, wherever the folder is.\n[workspace]\n\n\
         [dependencies]\nruntime-core = {{ {runtime_core} }}\n{}\n{profile}",
        env!("CARGO_PKG_RUST_VERSION"),
        template.dependencies
    ))
}
