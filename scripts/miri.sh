#!/usr/bin/env bash
# Runs what runtime-core does with raw memory in Miri, an interpreter that finds undefined behaviour: the arena, weights
# and elements in its tests, and a small emitted model, on a machine of 64 bits and on one of 32.
#
#   scripts/miri.sh
#
# It needs a nightly Rust with `rustup +nightly component add miri rust-src`. It takes minutes, so CI does not run it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

cargo +nightly miri --version >/dev/null 2>&1 || die "Miri is missing: rustup +nightly component add miri rust-src"
folder=target/miri-model
mkdir -p "$folder/src"

say "A model of the corpus, emitted"
tail -c +3 compiler/fuzz/corpus/compile/convolutions > "$folder/model.onnx"
cargo build --quiet --workspace --bin edgec
"${CARGO_TARGET_DIR:-target}/debug/edgec" "$folder/model.onnx" -o "$folder/src/model.rs" --name Model --force
cat > "$folder/Cargo.toml" <<TOML
[package]
name = "miri-model"
version = "0.0.0"
edition = "2024"

[dependencies]
runtime-core = { path = "$root/runtime-core", features = ["alloc"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
//! Runs the model twice, in its own memory and in an arena on the heap.
mod model;

fn main() {
    let x: Vec<f32> = (0..25).map(|i| (i as f32).sin()).collect();
    let x = x.first_chunk().expect("there are 25");
    let mut own = model::Model::new();
    let first = own.run(x);
    let mut arena = runtime_core::Arena::boxed();
    let second = model::Model::run_in(&mut arena, x);
    println!("{first:?} {second:?}");
    assert_eq!(first, second);
}
RUST

for target in x86_64-unknown-linux-gnu i686-unknown-linux-gnu; do
    say "$target: the emitted model"
    cargo +nightly miri run --manifest-path "$folder/Cargo.toml" --target "$target"
    say "$target: runtime-core"
    # Documentation holds the tests of the arena; those of kernels over many sizes or numbers would take hours, and
    # functions of numbers hold no unsafe code.
    cargo +nightly miri test -p runtime-core --target "$target" --doc
    cargo +nightly miri test -p kernel-tests --target "$target" --test weights memory
    cargo +nightly miri test -p kernel-tests --target "$target" --test movement -- --skip every --skip random --skip far_larger
done
say "Nothing found"
