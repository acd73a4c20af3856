#!/usr/bin/env bash
# Fuzzes what reads bytes of strangers: models, through the whole compiler and with quantization, files of arrays,
# signed weights, and the inputs of emitted code. Fails at the first finding of a target, whose input it names.
#
#   scripts/fuzz.sh MINUTES [TARGET..]    so many minutes for all targets together; by default each of them
#
# Targets: read_model, compile, arrays, verify_weights, emitted. All but the last need a compiler for C++.
# As many run beside each other as there are processors. EDGEC_FUZZ_TIMEOUT: seconds that one input may take, 5 if it is
# not set. What libFuzzer finds worth keeping stays in target/fuzz; compiler/fuzz/corpus is where it begins.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

[[ ${1-} =~ ^[0-9]+$ ]] || die "usage: scripts/fuzz.sh MINUTES [TARGET..]"
minutes=$1
shift
chosen=("$@")
[ ${#chosen[@]} != 0 ] || chosen=(read_model compile arrays verify_weights emitted)
beside=$(nproc)
rounds=$(((${#chosen[@]} + beside - 1) / beside))
seconds=$((minutes * 60 / rounds))
host=$(rustc --print host-tuple)
built=$root/target/fuzz/build

# As cargo-fuzz has it, without a sanitiser: the crates forbid unsafe code, or test it with Miri. `--target` keeps the
# flags from build scripts.
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing"

# The folder of a target's crate.
crate() {
    case $1 in
        read_model | compile | arrays) echo compiler ;;
        verify_weights) echo runtime-core ;;
        emitted) echo codegen-tests ;;
        *) die "no such target: $1" ;;
    esac
}

# Builds the targets of a crate.
build() {
    local folder=$1 targets=() target
    for target in "${chosen[@]}"; do
        [ "$(crate "$target")" != "$folder" ] || targets+=(--bin "$target")
    done
    [ ${#targets[@]} != 0 ] || return 0
    if [ "$folder" = codegen-tests ]; then
        # The tests have built it, through clippy, and say so.
        [ -n "${EMITTED_FUZZ_IS_BUILT:-}" ] || (cd "$root" && cargo build --workspace --bin emitted-fuzz)
    else
        RUSTFLAGS=$coverage cargo build --release --locked --manifest-path "$root/$folder/fuzz/Cargo.toml" \
            --target "$host" --target-dir "$built" "${targets[@]}"
    fi
}

# Runs a target.
fuzz() {
    local target=$1 found=$root/target/fuzz/$1 folder
    folder=$(crate "$target")
    if [ "$target" = emitted ]; then
        "${CARGO_TARGET_DIR:-$root/target}/debug/emitted-fuzz" --seconds "$seconds"
        return
    fi
    local corpus=("$found/corpus")
    mkdir -p "$found/corpus"
    [ ! -d "$root/$folder/fuzz/corpus/$target" ] || corpus+=("$root/$folder/fuzz/corpus/$target")
    "$built/$host/release/$target" "${corpus[@]}" -max_total_time="$seconds" -timeout="${EDGEC_FUZZ_TIMEOUT:-5}" \
        -rss_limit_mb=1024 -max_len=16384 -artifact_prefix="$found/" -print_final_stats=1 -verbosity=0
}

for target in "${chosen[@]}"; do crate "$target" >/dev/null; done
say "Building ${chosen[*]}"
for folder in compiler runtime-core codegen-tests; do build "$folder"; done
say "$seconds s for each target, $beside beside each other"
logs=$root/target/fuzz/logs
mkdir -p "$logs"
failed=()
for ((i = 0; i < ${#chosen[@]}; i += beside)); do
    running=()
    for target in "${chosen[@]:i:beside}"; do
        fuzz "$target" >"$logs/$target" 2>&1 &
        running+=($!)
    done
    for ((j = 0; j < ${#running[@]}; j++)); do
        target=${chosen[i + j]}
        wait "${running[j]}" || failed+=("$target")
        say "$target"
        tail -n 20 "$logs/$target"
    done
done
[ ${#failed[@]} = 0 ] || die "found something: ${failed[*]}; the whole logs are in ${logs#"$root"/}"
say "Nothing found"
