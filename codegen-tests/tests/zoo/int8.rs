//! Quantised models of the zoo: emitted code, the host executor and its baseline kernels give the same, bit for bit.

use codegen_tests::quantised::MODELS;
use codegen_tests::workspace;
use codegen_tests::zoo::{self, Reference};
use edgec::Machine;
use edgec::tools::harness::{Module, Progress};

/// Models in one crate: few, so that cargo compiles crates side by side.
const TOGETHER: usize = 4;

#[test]
fn integers_are_the_same_wherever_they_are_computed() {
    let Some(folder) = zoo::folder() else { return };
    let only = std::env::var("EDGEC_ONLY").unwrap_or_default();
    let models: Vec<_> = MODELS.iter().filter(|model| model.contains(&only)).collect();
    let compile = |model: &&&str| Reference::compile(&folder, model, Machine::board());
    let compiled: Vec<_> = models.iter().map(compile).collect();
    let modules: Vec<_> = compiled
        .iter()
        .flatten()
        .map(|r| Module::new(&r.module, &r.compiler, &r.compiled))
        .collect();
    let crates: Vec<_> = modules.chunks(TOGETHER).map(<[_]>::to_vec).collect();
    // Other tests build integers for any processor.
    let workspace = workspace::native(env!("CARGO_TARGET_TMPDIR"), "zoo_int8");
    let progress = Progress::start(format!("building {} models", modules.len()));
    let mut runners = workspace
        .build(&crates)
        .unwrap_or_else(|error| panic!("{error}"))
        .into_iter();
    drop(progress);
    let mut failed = vec![];
    for (model, reference) in models.iter().zip(&compiled) {
        let verdict = reference.as_ref().map_err(Clone::clone).and_then(|reference| {
            let runner = runners.next().ok_or("it was not built")?;
            reference.same_bits(&runner.map_err(|e| e.to_string())?)
        });
        match verdict {
            Ok(()) => println!("ok   {model}"),
            Err(error) => {
                println!("FAIL {model}: {error}");
                failed.push(**model);
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} models fail: {}",
        failed.len(),
        models.len(),
        failed.join(", ")
    );
}
