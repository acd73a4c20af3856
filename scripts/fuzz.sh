#!/usr/bin/env bash
# Fuzzes what reads bytes of strangers: models, through the whole compiler and with quantization, files of arrays,
# signed weights, and the inputs of emitted code. Stops at the first finding, whose input it names.
#
#   scripts/fuzz.sh MINUTES [TARGET..]    so many minutes for all targets together; by default each of them
#
# Targets: read_model, compile, arrays, verify_weights, emitted. All but the last need a compiler for C++.
# What libFuzzer finds worth keeping stays in target/fuzz; compiler/fuzz/corpus is where it begins.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[[ ${1-} =~ ^[0-9]+$ ]] || die "usage: scripts/fuzz.sh MINUTES [TARGET..]"
minutes=$1
shift
chosen=("$@")
[ ${#chosen[@]} != 0 ] || chosen=(read_model compile arrays verify_weights emitted)
seconds=$((minutes * 60 / ${#chosen[@]}))
host=$(rustc --print host-tuple)

# As cargo-fuzz has it, without a sanitiser: the crates forbid unsafe code, or test it with Miri. `--target` keeps the
# flags from build scripts.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing"

libfuzzer() {
    local folder=$1 target=$2 built=$root/target/fuzz/build found=$root/target/fuzz/$2
    RUSTFLAGS=$coverage cargo build --release --manifest-path "$root/$folder/fuzz/Cargo.toml" \
        --target "$host" --target-dir "$built" --bin "$target"
    local corpus=("$found/corpus")
    mkdir -p "$found/corpus"
    [ ! -d "$root/$folder/fuzz/corpus/$target" ] || corpus+=("$root/$folder/fuzz/corpus/$target")
    "$built/$host/release/$target" "${corpus[@]}" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=16384 \
        -artifact_prefix="$found/" -print_final_stats=1 -verbosity=0
}

for target in "${chosen[@]}"; do
    say "$target: $seconds s"
    case $target in
        read_model | compile | arrays) libfuzzer compiler "$target" ;;
        verify_weights) libfuzzer runtime-core "$target" ;;
        emitted) cargo run --manifest-path "$root/Cargo.toml" -p codegen-tests --bin emitted-fuzz -- --seconds "$seconds" ;;
        *) die "no such target: $target" ;;
    esac
done
say "Nothing found"
