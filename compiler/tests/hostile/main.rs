//! Whatever the bytes, the compiler answers: with a result or an error, never a panic, in bounded time and memory.

mod build;
mod bytes;
mod corpus;
mod graphs;
mod growth;
mod live;
mod names;
mod numbers;
mod scaling;
#[path = "../shared/seeds.rs"]
#[expect(unreachable_pub, reason = "other programs of tests use this file too")]
mod seeds;
mod single_nodes;

use edgec::front::load::load_bytes;
use edgec::front::proto::*;
use edgec::{Compiler, Weights};
use prost::Message;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long one model may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the tests on models of the zoo may take together, each.
pub(crate) const ZOO_TIME: Duration = Duration::from_secs(10);

/// How much memory this whole file of tests may take, in KiB.
pub(crate) const MEMORY: u64 = 1 << 20;

/// What is tested: from the bytes of a model to Rust source, which must be Rust.
pub(crate) fn compile(bytes: &[u8]) -> Result<String, String> {
    compile_as("model", bytes)
}

/// [`compile`] with a name for the struct.
pub(crate) fn compile_as(name: &str, bytes: &[u8]) -> Result<String, String> {
    let model = load_bytes(bytes, None).map_err(|error| error.to_string())?;
    let compiler = Compiler::new("model.onnx").name(name).weights(Weights::Sidecar);
    let compiled = compiler
        .compile_model(&model, &mut |_, _| {})
        .map_err(|error| error.to_string())?;
    let source = compiler.emit(&compiled, "model.weights").source;
    if let Err(error) = syn::parse_file(&source) {
        panic!("what is emitted is not Rust: {error}\n{source}");
    }
    Ok(source)
}

/// Compiles what may be wrong; `what` tells the cases apart when one fails.
pub(crate) fn survives(what: &str, bytes: &[u8]) -> Result<String, String> {
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| compile(bytes)));
    let took = start.elapsed();
    assert!(took < PATIENCE, "{what} took {took:?}");
    if let Some(peak) = peak_memory() {
        assert!(peak < MEMORY, "{what} brought the process to {peak} KiB");
    }
    result.unwrap_or_else(|_| panic!("{what} makes the compiler panic"))
}

/// Compiles what is wrong, and returns the error.
pub(crate) fn error(what: &str, model: &ModelProto) -> String {
    survives(what, &model.encode_to_vec()).expect_err(what)
}

/// The most memory the process has had so far, in KiB, where the system tells.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Processor time of this thread, where the system tells: what else runs on the machine does not count.
pub(crate) fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}

/// splitmix64: the same cases in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }
}

/// The zoo's models up to a size, or none, said aloud.
pub(crate) fn zoo(max: u64) -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo");
    let root = std::env::var_os("EDGEC_ZOO").map_or(default, PathBuf::from);
    let Ok(folders) = std::fs::read_dir(&root) else {
        eprintln!("skipped: no models at {} (EDGEC_ZOO)", root.display());
        return Vec::new();
    };
    let files = folders
        .flatten()
        .filter_map(|folder| std::fs::read_dir(folder.path()).ok())
        .flatten()
        .flatten();
    let small = |path: &PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() <= max);
    let mut models: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "onnx"))
        .filter(small)
        .collect();
    models.sort();
    models
}
