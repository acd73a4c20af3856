#!/usr/bin/env bash
# Everything a change must pass, in the order in which it fails fastest. Stops at the first failure.
#
#   scripts/test.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

summary=()

# Seconds of processor time that finished commands took, in `processors`. A subshell would only see its own.
processors=0
used=$(mktemp)
trap 'rm -f "$used"' EXIT
count_processors() {
    times >"$used"
    processors=$(awk 'NR == 2 { split($1 "m" $2, t, /[ms]+/); printf "%d", 60 * (t[1] + t[3]) + t[2] + t[4] }' "$used")
}

step() {
    local name=$1 start=$SECONDS before=$processors
    shift
    say "$name: $*"
    if ! "$@"; then
        printf '\n== FAILED: %s (%d s)\n' "$name" $((SECONDS - start)) >&2
        exit 1
    fi
    count_processors
    summary+=("$(printf '%6d s  %6d s of processors  %s' $((SECONDS - start)) $((processors - before)) "$name")")
}

# What runs beside the steps, by name: its process, and the file of what it says.
declare -A beside logs
end_beside() {
    for process in "${beside[@]}"; do kill -- -"$process" 2>/dev/null || true; done
    rm -f "$used" "$beside_summary" "${logs[@]}"
}

# begin NAME COMMAND.. starts a command beside the steps that follow, which leave processors idle at times: rustc works
# on one crate alone wherever all others wait for it. It gets a process group, so that all of it ends if a step fails.
begin() {
    logs[$1]=$(mktemp)
    set -m
    "${@:2}" >"${logs[$1]}" 2>&1 &
    set +m
    beside[$1]=$!
    trap end_beside EXIT
}

# Waits for it, and shows what it said.
finish() {
    local code=0
    wait "${beside[$1]}" || code=$?
    cat "${logs[$1]}"
    return "$code"
}

# The lines of the steps that ran beside others.
beside_summary=$(mktemp)

step "set-up" scripts/setup.sh
# The tests take their reference results from this Python.
export PATH=$venv/bin:$PATH

step "format" cargo fmt --all --check
step "format of the firmware" cargo fmt --all --manifest-path examples/firmware/Cargo.toml --check
step "format of the executors" cargo fmt --manifest-path examples/executors/Cargo.toml --check
step "format of the example for browsers" cargo fmt --manifest-path examples/web/Cargo.toml --check
# What needs no network; advisories are looked for by hand, in a database that is fetched.
if have cargo-deny; then
    step "licences and sources of crates" cargo deny --all-features --offline check licenses bans sources
else
    say "skipped, as cargo-deny is missing: licences and sources of crates"
fi
# Clippy's compiler also builds: with the arguments that `cargo clippy` gives it, one pass lints and builds. Where it is
# missing, as in Debian's Rust, there are two passes.
through_clippy=()
driver=$(rustc --print sysroot)/bin/clippy-driver
if [ -x "$driver" ]; then
    through_clippy=(env RUSTC_WORKSPACE_WRAPPER="$driver" CLIPPY_ARGS=-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__)
fi
# The images are built by their own target folder; they run when `digits` is there to compare with.
begin firmware scripts/firmware.sh --build-only
[ ${#through_clippy[@]} != 0 ] || step "lint" cargo clippy --workspace --lib --bins --tests -- -D warnings
step "build, linted" "${through_clippy[@]}" cargo build --workspace --lib --bins --tests
# Benchmarks are linted, not built.
step "lint of the benchmarks" cargo clippy --package runtime-core --package kernel-tests --benches -- -D warnings

# What takes one processor, mostly: emulation, short commands, and compiling single crates. The command itself is run
# under emulation: on an x86-64 without AVX, and on aarch64.
others=()
[ "$(uname -m)" != x86_64 ] || others+=(x86-64)
! has_rust_for_aarch64 || others+=(aarch64)
# Models of the zoo or, without it, of the example: integers as here, and nothing that firmware may not hold.
model=digits
[ ! -d "${EDGEC_ZOO:-../shared/zoo}/golden" ] || model=ad,micro_speech
emulated() {
    summary=() processors=0
    step "the Python package" env PYTHON_IS_BUILT=1 scripts/python.sh
    # The build that is still under way: a child of the script, not of this function's process.
    tail --pid="${beside[firmware]}" -f /dev/null
    step "firmware" env DIGITS_IS_BUILT=1 scripts/firmware.sh
    step "a model on microcontrollers" "${CARGO_TARGET_DIR:-target}/debug/firmware" --model $model \
        --core m0,m3,m4f,m55,rv32 --opt s
    # Within a third of the arena that it would take.
    [ $model = digits ] || step "a model in tiles on microcontrollers" "${CARGO_TARGET_DIR:-target}/debug/firmware" \
        --model vww --ram 45912 --core m0,m4f,m55 --opt s
    [ $model = digits ] || step "layers that overwrite their input on microcontrollers" \
        "${CARGO_TARGET_DIR:-target}/debug/firmware" --model kws --overlap --core m0,m4f,m55,rv32 --opt 3
    step "tasks of Embassy and RTIC" env EDGEC_IS_BUILT=1 scripts/executors.sh
    step "components" scripts/release.sh --lists
    step "example for browsers" env EDGEC_IS_BUILT=1 scripts/web.sh
    step "commands of the book" env EDGEC_IS_BUILT=1 scripts/book.sh
    # What cargo builds comes last: meanwhile it keeps others out of the folder. Through clippy, or cargo would build
    # the compiler again for the build script.
    step "example for a Raspberry Pi" "${through_clippy[@]}" scripts/camera.sh
    if has_rust_for_aarch64; then
        step "kernels of aarch64" scripts/aarch64.sh
    else
        say "skipped, as Rust for aarch64 is missing: the kernels of aarch64"
    fi
    step "models on boards" env BOARDS_IS_BUILT=1 scripts/boards.sh
    [ ${#others[@]} = 2 ] || say "skipped, as Rust for aarch64 is missing or this is no x86-64: emitted bytes on one processor"
    [ ${#others[@]} = 0 ] || step "emitted bytes on other processors" scripts/processors.sh "${others[@]}"
    printf '%s, beside the tests\n' "${summary[@]}" >"$beside_summary"
}
begin emulated emulated
# With what the tests print: a line for each model of the zoo, and what was skipped.
step "tests" "${through_clippy[@]}" cargo test --workspace -- --show-output
# As they were built with the whole workspace: for one package alone cargo would choose other features, and build again.
step "ONNX's node tests, a slice" "${CARGO_TARGET_DIR:-target}/debug/onnx-node-tests" --slice
# As it was built with the workspace: in the release profile the compiler would be built again for its build script.
step "example" "${CARGO_TARGET_DIR:-target}/debug/digits"
step "example of distillation" "${CARGO_TARGET_DIR:-target}/debug/distill"
step "building the firmware, beside the steps above" finish firmware
step "what ran beside the tests" finish emulated

say "All passed"
printf '%s\n' "${summary[@]}"
cat "$beside_summary"
printf '%6d s  %6d s of processors  in all\n' "$SECONDS" "$processors"
