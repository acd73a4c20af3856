//! From the static library that rustc writes to one whose linkers see the functions of the model and nothing else.
//!
//! In what rustc writes, assembler has names that every program sees, as have routines of the compiler: two such
//! libraries in one program clash, and the compiler's routines take the place of those of the C library. Here all of it
//! is one object, without what no function reaches, in which those names are local.

use crate::cli::rust::Rust;
use edgec::tools::harness::HarnessError;
use object::{Object, ObjectSection, SectionKind};
use std::fs;
use std::path::Path;
use std::process::Command;

/// One object in the place of a library.
pub(super) struct Combined {
    /// The object's file.
    pub(super) bytes: Vec<u8>,
    /// Bytes of flash that it takes: code and constants.
    pub(super) flash: u64,
}

/// The object with these functions of the static library `library`, and with what they call. Files on the way are
/// written beside it.
///
/// # Errors
/// If the linker or `objcopy` is missing or fails.
pub(super) fn combine(rust: &Rust, library: &Path, functions: &[String]) -> Result<Combined, HarnessError> {
    let (linked, hidden) = (library.with_extension("linked.o"), library.with_extension("o"));
    let mut linker = rust
        .tool("rust-lld", "ld.lld")
        .ok_or_else(|| missing("rust-lld", "ld.lld", "lld"))?;
    if linker.get_program() != "ld.lld" {
        linker.args(["-flavor", "gnu"]);
    }
    linker.args(["--relocatable", "--gc-sections"]);
    linker.args(functions.iter().map(|name| format!("--undefined={name}")));
    run(linker.arg("-o").arg(&linked).arg(library))?;
    let mut objcopy = rust
        .tool("rust-objcopy", "llvm-objcopy")
        .ok_or_else(|| missing("rust-objcopy", "llvm-objcopy", "llvm"))?;
    objcopy.args(functions.iter().map(|name| format!("--keep-global-symbol={name}")));
    objcopy.arg("--strip-debug");
    // Bitcode of another LLVM than the linker's can stop it.
    objcopy.args([".llvmbc", ".llvmcmd", ".comment"].map(|name| format!("--remove-section={name}")));
    run(objcopy.arg(&linked).arg(&hidden))?;
    let read = |e| HarnessError::new(format!("{}: {e}", hidden.display()));
    let bytes = fs::read(&hidden).map_err(read)?;
    let flash = flash(&bytes)?;
    Ok(Combined { bytes, flash })
}

fn missing(own: &str, other: &str, package: &str) -> HarnessError {
    HarnessError::new(format!(
        "neither {own}, which comes with Rust from rustup, nor {other} is there"
    ))
    .help(format!(
        "install Rust from https://rustup.rs, or: apt-get install {package}"
    ))
}

fn run(command: &mut Command) -> Result<(), HarnessError> {
    let program = command.get_program().to_owned();
    let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    let output = command
        .output()
        .map_err(|e| HarnessError::new(format!("{program} cannot be run: {e}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(HarnessError::new(format!("{program} failed:\n{}", said.trim())))
}

/// Bytes of code and constants in an object.
fn flash(bytes: &[u8]) -> Result<u64, HarnessError> {
    let file = object::File::parse(bytes).map_err(|e| HarnessError::new(format!("the object cannot be read: {e}")))?;
    let in_flash = |kind| {
        matches!(
            kind,
            SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString | SectionKind::Data
        )
    };
    let sections = file.sections().filter(|section| in_flash(section.kind()));
    Ok(sections.map(|section| section.size()).sum())
}
