//! The crate around an emitted model, and cargo's work on it.

use super::board::Board;
use super::subject::{Subject, root};
use edgec::back::emit::Interface;
use edgec::ir::{DType, TensorType};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Readings of the counter that come before those of the inference: two in a row tell what one costs.
pub const READINGS_BEFORE: usize = 2;

/// A crate whose program runs one model on one board.
#[derive(Debug)]
pub struct Image<'s> {
    /// The crate.
    pub folder: PathBuf,
    /// The board.
    pub board: &'static Board,
    /// Readings of the counter per inference.
    pub hooks: usize,
    name: String,
    builds: PathBuf,
    rustflags: &'s str,
}

impl<'s> Image<'s> {
    /// Writes the crate into a folder of `work`; with `layers`, its program reads the counter between kernel calls.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(
        work: &Path,
        subject: &Subject,
        board: &'static Board,
        layers: bool,
        rustflags: &'s str,
    ) -> Result<Self, String> {
        let part = if layers { "-layers" } else { "" };
        let name = format!("{}-{}{part}", board.name, subject.name)
            .replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_");
        let folder = work.join(&name);
        let compiler = subject.compiler.clone().profiling(layers);
        let emitted = compiler.emit(&subject.compiled, "model.weights");
        let calls = subject.compiled.program.calls.len();
        let hooks = if layers { calls + 1 + READINGS_BEFORE } else { 0 };
        let machine = if board.triple.starts_with("riscv") {
            include_str!("template/riscv.rs")
        } else {
            include_str!("template/cortex_m.rs")
        };
        let name = format!("firmware-{name}");
        let lock = fs::read(root().join("Cargo.lock")).map_err(|e| format!("Cargo.lock: {e}"))?;
        let texts = [
            ("Cargo.toml", manifest(&name, board)),
            ("build.rs", BUILD.to_owned()),
            ("link.x", link(board)),
            ("src/main.rs", include_str!("template/main.rs").to_owned()),
            ("src/machine.rs", machine.to_owned()),
            ("src/job.rs", job(&emitted.interface, board, hooks)),
            ("src/model.rs", emitted.source),
        ];
        fs::create_dir_all(folder.join("src")).map_err(|e| format!("{}: {e}", folder.display()))?;
        for (file, text) in texts {
            write_changed(&folder.join(file), text.as_bytes())?;
        }
        write_changed(&folder.join("src/model.weights"), &emitted.sidecar.unwrap_or_default())?;
        if !folder.join("Cargo.lock").exists() {
            write_changed(&folder.join("Cargo.lock"), &lock)?;
        }
        Ok(Self {
            folder,
            board,
            hooks,
            name,
            builds: work.join("build"),
            rustflags,
        })
    }

    /// Builds the program at an optimisation level, and gives its path.
    ///
    /// # Errors
    /// What cargo says, and what to do about it.
    pub fn build(&self, level: &str) -> Result<PathBuf, String> {
        let profile = format!("opt-{level}");
        let output = Command::new("bash")
            .arg(root().join("scripts/cargo-for-boards.sh"))
            .args([self.board.triple, "--", "build", "--quiet", "--profile", &profile])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", &self.builds)
            .env("CARGO_INCREMENTAL", "0")
            .env("RUSTFLAGS", self.rustflags)
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .map_err(|e| format!("bash cannot be run: {e}"))?;
        let text = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            return Ok(self.builds.join(self.board.triple).join(profile).join(&self.name));
        }
        if text.contains("will not fit in region") {
            return Err(format!("{} does not fit on the core `{}`", self.name, self.board.name));
        }
        Err(format!(
            "{} does not build for {}: {}",
            self.name,
            self.board.triple,
            text.trim()
        ))
    }
}

/// Writes a file unless it is like that already, so that cargo sees what changed.
fn write_changed(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}

const BUILD: &str = "//! Hands the linker the memory map.\n\nfn main() {\n    \
    let folder = std::env::var(\"CARGO_MANIFEST_DIR\").unwrap_or_default();\n    \
    println!(\"cargo::rerun-if-changed=link.x\");\n    \
    println!(\"cargo::rustc-link-arg-bins=-T{folder}/link.x\");\n}\n";

/// `Cargo.toml`, with a profile for each optimisation level: those of firmware that somebody would flash.
fn manifest(name: &str, board: &Board) -> String {
    let core = root().join("runtime-core");
    let mut text = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[workspace]\n\n\
         [dependencies]\nruntime-core = {{ path = {:?}, features = [{}] }}\n\n\
         [profile.release]\nlto = true\ncodegen-units = 1\npanic = \"abort\"\n",
        core.to_string_lossy(),
        board.features
    );
    for level in ["1", "2", "3", "\"s\"", "\"z\""] {
        let name = level.trim_matches('"');
        let _ = write!(
            text,
            "\n[profile.opt-{name}]\ninherits = \"release\"\nopt-level = {level}\n"
        );
    }
    text
}

/// The linker script: everything of the model in `.text`, `.rodata`, `.data` and `.bss`, and what is around it in
/// `.probe`.
fn link(board: &Board) -> String {
    let ((code, code_size), (ram, ram_size)) = (board.code, board.ram);
    let entry = if board.triple.starts_with("riscv") {
        "_start"
    } else {
        "probe"
    };
    format!(
        "MEMORY\n{{\n  CODE : ORIGIN = {code:#010x}, LENGTH = {code_size}K\n  RAM : ORIGIN = {ram:#010x}, LENGTH = {ram_size}K\n}}\n\
         ENTRY({entry})\n\
         SECTIONS\n{{\n  \
         .vectors : {{ KEEP(*(.vectors)) }} > CODE\n  \
         .probe : {{ *(.probe.text.*) *(.probe.rodata) }} > CODE\n  \
         .text : {{ *(.text .text.*) }} > CODE\n  \
         .rodata : {{ *(.rodata .rodata.* .srodata .srodata.*) }} > CODE\n  \
         .data : {{ *(.data .data.* .sdata .sdata.*) }} > RAM\n  \
         .bss (NOLOAD) : {{ *(.bss .bss.* .sbss .sbss.*) *(.probe.bss) . = ALIGN(4); }} > RAM\n  \
         _end = .;\n  \
         _stack_top = ORIGIN(RAM) + LENGTH(RAM);\n  \
         /DISCARD/ : {{ *(.ARM.exidx .ARM.exidx.*) *(.ARM.extab .ARM.extab.*) *(.eh_frame) }}\n}}\n"
    )
}

/// The module between the fixed part and the model: its operands, its call, and the board's counter.
fn job(interface: &Interface, board: &Board, hooks: usize) -> String {
    let (model, clock) = (&interface.model, &board.clock);
    let capture = clock.capture.map(|address| format!("{address:#x}"));
    let capture = capture.map_or("None".to_owned(), |address| format!("Some({address})"));
    let outputs = interface.outputs.len();
    let mut text = format!(
        "//! The model, its operands, its call, and the board's counter.\n#![allow(dead_code)]\n\n\
         use crate::Bytes;\nuse crate::model::{model};\n\n\
         pub const COUNTER: usize = {:#x};\npub const CAPTURE: Option<usize> = {capture};\n\
         pub const TIMER: [(usize, u32); {}] = {:?};\n\
         pub const HOOKS: usize = {hooks};\npub const OUTPUTS: usize = {outputs};\n\n\
         static mut MODEL: {model} = {model}::new();\n\
         static mut RESULTS: [Bytes; OUTPUTS] = [const {{ Bytes(core::ptr::null(), 0) }}; OUTPUTS];\n",
        clock.counter,
        clock.timer.len(),
        clock.timer,
    );
    for (i, ty) in interface.inputs.iter().enumerate() {
        let array = array(ty);
        let _ = writeln!(
            text,
            "// SAFETY: zeros are numbers.\nstatic mut INPUT{i}: {array} = unsafe {{ core::mem::zeroed() }};"
        );
    }
    let inputs = interface.inputs.iter().enumerate();
    let listed = inputs
        .clone()
        .map(|(i, ty)| format!("Bytes((&raw const INPUT{i}).cast(), {})", bytes(ty)));
    let _ = writeln!(
        text,
        "\n#[unsafe(link_section = \".probe.rodata\")]\npub static INPUTS: [Bytes; {}] = [{}];",
        interface.inputs.len(),
        listed.collect::<Vec<_>>().join(", ")
    );
    let mut arguments: Vec<_> = inputs.map(|(i, _)| format!("&*(&raw const INPUT{i})")).collect();
    // Readings of the counter between the kernel calls.
    let (before, run) = if hooks > 0 {
        arguments.push("|_| crate::hook()".into());
        ("crate::hook();\n        ", "run_profiled")
    } else {
        ("", "run")
    };
    let fields = interface.fields.iter().map(|field| format!("outputs.{field}"));
    let fields: Vec<_> = if outputs == 1 {
        vec!["outputs".to_owned()]
    } else {
        fields.collect()
    };
    let results = fields.iter().zip(&interface.outputs);
    let results = results.map(|(field, ty)| format!("Bytes({field}.as_ptr().cast(), {})", bytes(ty)));
    let _ = write!(
        text,
        "\n/// One inference.\n#[inline(never)]\npub extern \"C\" fn infer() {{\n    \
         // SAFETY: there is one thread, and nothing else uses these meanwhile.\n    unsafe {{\n        \
         let model = &mut *(&raw mut MODEL);\n        \
         {before}let outputs = model.{run}({});\n        RESULTS = [{}];\n    }}\n}}\n\n\
         /// What came out.\n#[inline(always)]\npub fn output(at: usize) -> Bytes {{\n    \
         // SAFETY: as in `infer`; `at` is below `OUTPUTS`.\n    \
         unsafe {{ (&raw const RESULTS).cast::<Bytes>().add(at).read() }}\n}}\n",
        arguments.join(", "),
        results.collect::<Vec<_>>().join(", "),
    );
    text
}

fn bytes(ty: &TensorType) -> usize {
    ty.len() * ty.dtype.size()
}

fn array(ty: &TensorType) -> String {
    let path = match ty.dtype {
        DType::F16 | DType::Bf16 | DType::Bool => "runtime_core::",
        _ => "",
    };
    format!("[{path}{}; {}]", ty.dtype.rust_name(), ty.len())
}
