#!/usr/bin/env bash
# Compares, byte for byte, what edgec emits for quantised models on this processor and on others, which qemu-user
# emulates: an x86-64 without AVX, and an aarch64.
#
#   scripts/processors.sh PROCESSOR.. [-- MODEL.onnx SAMPLES.npz ..]
#
# Processors: x86-64, on an x86-64 machine; aarch64, for which the command is built, in some minutes. Models: by default
# those of the examples. The command is built if it is not there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

processors=()
while [ $# != 0 ] && [ "$1" != -- ]; do
    processors+=("$1")
    shift
done
[ ${#processors[@]} != 0 ] || die "usage: scripts/processors.sh x86-64|aarch64.. [-- MODEL.onnx SAMPLES.npz ..]"
models=()
# They are read from other folders.
for file in "${@:2}"; do models+=("$(realpath "$file")"); done
if [ ${#models[@]} = 0 ]; then
    for example in digits keywords; do
        models+=("$root/examples/$example/$example.onnx" "$root/examples/$example/calibration.npz")
    done
fi
# Each model is quantised in each of these ways.
options=(
    "--quantize int8 --method percentile --self-test"
    "--quantize int16x8 --method mse"
    "--quantize w4 --equalize --method entropy"
)

built=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
edgec=$built/debug/edgec
[ -x "$edgec" ] || (cd "$root" && cargo build -p edgec)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# emit FOLDER COMMAND.. compiles every model with all options into files of the same names.
emit() {
    local folder=$work/$1 i o
    shift
    mkdir -p "$folder"
    for ((i = 0; i < ${#models[@]}; i += 2)); do
        for o in "${!options[@]}"; do
            # shellcheck disable=SC2086 # options are words
            (cd "$folder" && "$@" "${models[i]}" ${options[o]} --calibrate "${models[i + 1]}" -o "m${i}_$o.rs") \
                2>>"$work/log" ||
                { tail -n 20 "$work/log" >&2; die "${models[i]} ${options[o]}: failed on $(basename "$folder")"; }
        done
    done
}

emit here "$edgec"
for processor in "${processors[@]}"; do
    case $processor in
        x86-64)
            [ "$(uname -m)" = x86_64 ] || die "it runs the command of this machine, which is no x86-64"
            have qemu-x86_64 || die "qemu-x86_64 is missing: apt-get install qemu-user"
            emit x86-64 qemu-x86_64 -cpu Nehalem "$edgec"
            ;;
        aarch64)
            have qemu-aarch64 || die "qemu-aarch64 is missing: apt-get install qemu-user"
            has_rust_for_aarch64 || die "Rust for it is missing: rustup target add $aarch64"
            # Linked with what comes with Rust, and statically: no other compiler and no libraries are needed.
            (cd "$root" &&
                CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld cargo build -p edgec --target "$aarch64")
            emit aarch64 qemu-aarch64 "$built/$aarch64/debug/edgec"
            ;;
        *) die "no such processor: $processor" ;;
    esac
    diff -r "$work/here" "$work/$processor" >"$work/difference" ||
        { head -n 20 "$work/difference" >&2; die "other bytes on $processor"; }
    say "$((${#models[@]} / 2)) models with ${#options[@]} quantisations each: the same bytes on $processor"
done
