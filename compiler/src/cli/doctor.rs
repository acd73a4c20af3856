//! `edgec doctor`: what is installed for which target, and the commands that install the rest.

mod table;

use super::print;
use super::rust::{Rust, on_path};
use edgec::tools::harness::RuntimeCore;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;
use table::{BOARD_TOOLS, ROWS, Row, Tool};

/// The triple of rustc that a name of `--target` is built for, if it has one.
pub(super) fn triple(name: &str) -> Option<&'static str> {
    let row = ROWS.iter().find(|row| row.names.contains(&name))?;
    Some(row.triple)
}

/// Succeeds if emitted code can be built for this machine.
pub(super) fn doctor() -> miette::Result<ExitCode> {
    let rust = Rust::find();
    let mut install = BTreeSet::new();
    let mut text = String::new();
    let ready = host(&mut text, rust.as_ref(), &mut install);
    let _ = writeln!(text, "runtime-core  {}", runtime_core());
    let _ = writeln!(
        text,
        "\n{:24}  {:29}  Rust  linker  emulator",
        "--target", "triple of rustc"
    );
    for row in ROWS {
        target(&mut text, row, rust.as_ref(), &mut install);
    }
    text.push_str("\nFor boards and for firmware in C\n");
    for (tool, what) in BOARD_TOOLS {
        let found = installed(tool, &mut install);
        let _ = writeln!(text, "  {:22}  {:3}  {what}", tool.program, mark(found));
    }
    if !install.is_empty() {
        text.push_str("\nWhat installs the rest, each as it is needed:\n");
        install
            .iter()
            .for_each(|command| text.push_str(&format!("  {command}\n")));
    }
    text.push_str(match ready {
        true => "\nThis machine can build emitted code.\n",
        false => "\nThis machine cannot build emitted code yet.\n",
    });
    print(&text)?;
    Ok(ExitCode::from(u8::from(!ready)))
}

/// Rust and the linker of this machine, and whether they can build.
fn host(text: &mut String, rust: Option<&Rust>, install: &mut BTreeSet<String>) -> bool {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    let Some(rust) = rust else {
        let _ = writeln!(text, "rustc         no: edgec needs {needed} or newer");
        install.insert("Rust: https://rustup.rs".into());
        return false;
    };
    let recent = rust.is_at_least(needed);
    let verdict = if recent { "ok" } else { "too old" };
    let _ = writeln!(
        text,
        "rustc         {verdict}: {}, edgec needs {needed} or newer",
        rust.version
    );
    if !recent {
        install.insert("rustup update stable".into());
    }
    let cargo = on_path("cargo");
    let _ = writeln!(text, "cargo         {}", mark(cargo));
    let rustup = on_path("rustup");
    let _ = writeln!(
        text,
        "rustup        {}",
        if rustup { "ok" } else { "no: only rustup adds targets" }
    );
    if !cargo || !rustup {
        install.insert("Rust: https://rustup.rs".into());
    }
    // Microsoft's linker is not in PATH; rustc finds it.
    let linker = cfg!(windows) || on_path("cc");
    let _ = writeln!(text, "linker        {}", mark(linker));
    if !linker {
        install.insert(match cfg!(target_os = "macos") {
            true => "xcode-select --install".into(),
            false => "apt-get install build-essential".into(),
        });
    }
    recent && cargo && linker
}

/// Where emitted code gets its kernels from, and the version that this edgec emits for.
fn runtime_core() -> String {
    let version = env!("CARGO_PKG_VERSION");
    match RuntimeCore::find() {
        Ok(RuntimeCore::Path(path)) => format!("{version} in {}", path.display()),
        Ok(RuntimeCore::Version(version)) => format!("{version} of crates.io"),
        Err(error) => format!("{version}, but {error}"),
    }
}

/// A row of the table of targets.
fn target(text: &mut String, row: &Row, rust: Option<&Rust>, install: &mut BTreeSet<String>) {
    let is_host = rust.is_some_and(|rust| rust.host == row.triple);
    let library = rust.is_some_and(|rust| rust.has(row.triple));
    if !library {
        install.insert(format!("rustup target add {}", row.triple));
    }
    let linker = match &row.linker {
        Some(tool) if !is_host => installed(tool, install),
        // Rust brings it; or it is that of this machine, which stands above.
        _ => true,
    };
    let emulator = match &row.emulator {
        Some(_) if is_host => "-",
        Some(tool) => mark(installed(tool, install)),
        None => "-",
    };
    let _ = writeln!(
        text,
        "{:24}  {:29}  {:4}  {:6}  {emulator}",
        row.names.join(", "),
        row.triple,
        mark(library),
        mark(linker)
    );
}

/// Whether a tool is there; if not, what installs it is noted.
fn installed(tool: &Tool, install: &mut BTreeSet<String>) -> bool {
    let found = on_path(tool.program);
    if !found {
        install.insert(tool.install.into());
    }
    found
}

fn mark(found: bool) -> &'static str {
    if found { "ok" } else { "no" }
}
