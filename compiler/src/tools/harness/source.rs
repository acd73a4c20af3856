//! The sources of a crate of models and of the program that runs them.

use super::updatable;
use crate::back::emit::Emitted;
use crate::ir::{DType, TensorType};
use crate::{Compiled, Compiler};
use std::fmt::Write;

/// How a crate takes in an emitted file; it works both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inclusion {
    /// `mod model;`
    #[default]
    Mod,
    /// `mod model { include!("model.rs"); }`
    Include,
}

/// A model to build.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name of the module: an identifier, unique among what is built together.
    pub name: String,
    /// What was emitted, with `NAME.weights` as its sidecar.
    pub emitted: Emitted,
    /// How it is taken in.
    pub inclusion: Inclusion,
    /// The signed blob of its weights, if they are updatable: at first signed with a key for this only.
    pub blob: Option<Vec<u8>>,
}

impl Module {
    /// Prints `compiled` as a module taken in by `mod`.
    pub fn new(name: impl Into<String>, compiler: &Compiler, compiled: &Compiled) -> Self {
        let name = name.into();
        let emitted = compiler.emit(compiled, &format!("{name}.weights"));
        Self {
            blob: emitted.block.as_ref().and_then(updatable::signed),
            emitted,
            name,
            inclusion: Inclusion::Mod,
        }
    }

    /// The emitted file, relative to the crate's `src`.
    pub(super) fn file(&self) -> String {
        match self.inclusion {
            Inclusion::Mod => format!("{}.rs", self.name),
            Inclusion::Include => format!("included/{}.rs", self.name),
        }
    }

    /// Its sidecar, relative to the crate's `src`.
    pub(super) fn sidecar_file(&self) -> String {
        self.file().trim_end_matches(".rs").to_owned() + ".weights"
    }
}

/// `Cargo.toml` of a crate of `modules`; `runtime_core` is where runtime-core is, as in a table of TOML.
pub(super) fn manifest(name: &str, runtime_core: &str, modules: &[&Module]) -> String {
    let updatable = modules.iter().any(|module| module.blob.is_some());
    let threads = modules.iter().any(|module| module.emitted.interface.threads);
    let features = match (updatable, threads) {
        (false, false) => "",
        (true, false) => ", features = [\"updates\"]",
        (false, true) => ", features = [\"threads\"]",
        (true, true) => ", features = [\"threads\", \"updates\"]",
    };
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\npath = \"src/models.rs\"\n\n[dependencies]\nruntime-core = {{ {runtime_core}{features} }}\n"
    )
}

/// The library: the models as a user's firmware would hold them.
pub(super) fn library(modules: &[&Module]) -> String {
    // Attributes of link sections are unsafe, and nothing else.
    let has_sections = modules
        .iter()
        .any(|module| module.emitted.source.contains("#[unsafe(link_section"));
    let level = if has_sections { "deny" } else { "forbid" };
    let mut text = format!("#![no_std]\n#![deny(warnings)]\n#![{level}(unsafe_code)]\n\n");
    for module in modules {
        let _ = match module.inclusion {
            Inclusion::Mod => writeln!(text, "pub mod {};", module.name),
            Inclusion::Include => {
                writeln!(
                    text,
                    "pub mod {} {{\n    include!(\"{}\");\n}}",
                    module.name,
                    module.file()
                )
            }
        };
    }
    text
}

/// The program: one function a model, around the fixed part in `run_models.rs`.
pub(super) fn program(library: &str, modules: &[&Module]) -> String {
    let mut text = include_str!("run_models.rs").to_owned();
    text.push_str(match modules.iter().any(|module| module.emitted.interface.profiling) {
        true => include_str!("peaks.rs"),
        false => "\nfn print_peaks() {}\n",
    });
    text.push_str("\nfn run(model: &str, job: &mut Job) -> Result<(), String> {\n    match model {\n");
    for module in modules {
        let _ = writeln!(text, "        \"{0}\" => run_{0}(job),", module.name);
    }
    text.push_str("        _ => Err(format!(\"there is no model `{model}`\")),\n    }\n}\n");
    for module in modules {
        text.push_str(&function(library, module));
    }
    text
}

fn function(library: &str, module: &Module) -> String {
    let (name, interface) = (&module.name, &module.emitted.interface);
    let path = format!("{library}::{name}::{}", interface.model);
    let weights = interface.weights.iter().map(|_| "weights".to_owned());
    let inputs = (0..interface.inputs.len()).map(|i| format!("&input{i}"));
    let arguments: Vec<_> = weights.chain(inputs).collect();
    let hidden: Vec<_> = arguments.iter().map(|a| format!("black_box({a})")).collect();
    let mut prepared = updatable::statements(library, module);
    if interface.threads {
        prepared.push_str(
            "    let count = std::env::args().nth(5).and_then(|count| count.parse().ok()).unwrap_or(1);\n    \
             let threads = runtime_core::Threads::new(count).map_err(|e| e.to_string())?;\n    \
             model.set_threads(threads);\n",
        );
    }
    let mut text = format!(
        "\nfn run_{name}(job: &mut Job) -> Result<(), String> {{\n    \
         static MODEL: Mutex<{path}> = Mutex::new({path}::new());\n    \
         let mut model = MODEL.lock().map_err(|e| e.to_string())?;\n{prepared}    \
         while job.next_case()? {{\n"
    );
    for (i, ty) in interface.inputs.iter().enumerate() {
        let _ = writeln!(text, "        let input{i}: Box<{}> = job.take()?;", array(ty));
    }
    let _ = writeln!(
        text,
        "        job.time(|| {{\n            black_box(model.run({}));\n        }});",
        hidden.join(", ")
    );
    if interface.profiling {
        let _ = writeln!(
            text,
            "        job.profile({path}::CALLS.len(), |after| {{\n            \
             black_box(model.run_profiled({}{}after));\n        }});",
            hidden.join(", "),
            if hidden.is_empty() { "" } else { ", " }
        );
    }
    let _ = writeln!(text, "        let outputs = model.run({});", arguments.join(", "));
    if interface.fields.is_empty() && interface.outputs.len() == 1 {
        text.push_str("        job.put(outputs);\n");
    }
    for field in &interface.fields {
        let _ = writeln!(text, "        job.put(outputs.{field});");
    }
    text.push_str("        job.end_case()?;\n    }\n    Ok(())\n}\n");
    text
}

fn array(ty: &TensorType) -> String {
    let path = match ty.dtype {
        DType::F16 | DType::Bf16 | DType::Bool => "runtime_core::",
        _ => "",
    };
    format!("[{path}{}; {}]", ty.dtype.rust_name(), ty.len())
}
