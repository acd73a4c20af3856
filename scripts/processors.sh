#!/usr/bin/env bash
# Compares, byte for byte, what edgec emits for quantised models on this processor and on others, which qemu-user
# emulates: an x86-64 without AVX, and an aarch64.
#
#   scripts/processors.sh PROCESSOR.. [-- MODEL.onnx SAMPLES.npz ..]
#
# Processors: x86-64, on an x86-64 machine; aarch64, for which the command is built, in some minutes. Models: each is
# quantised in three ways; by default that is the keyword spotter of the examples. The command is built if it is not
# there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

processors=()
while [ $# != 0 ] && [ "$1" != -- ]; do
    processors+=("$1")
    shift
done
[ ${#processors[@]} != 0 ] || die "usage: scripts/processors.sh x86-64|aarch64.. [-- MODEL.onnx SAMPLES.npz ..]"
# The ways.
options=(
    "--quantize int8 --method percentile --self-test"
    "--quantize int16x8 --method mse"
    "--quantize w4 --equalize --method entropy"
)
# What is compiled: model, samples, and the way, one after another.
cases=()
for ((i = 2; i <= $#; i += 2)); do
    [ "$i" != $# ] || die "no samples for ${!i}"
    # They are read from other folders.
    for way in "${options[@]}"; do cases+=("$(realpath "${@:i:1}")" "$(realpath "${@:i + 1:1}")" "$way"); done
done
# How the command for aarch64 is built: for few models, what rustc saves is more than what they take longer.
profile=()
if [ ${#cases[@]} = 0 ]; then
    profile=(--config profile.dev.opt-level=0 --config profile.dev.package.edgec-bindings.opt-level=0)
    example=$root/examples/keywords/keywords
    for i in 0 1 2; do
        cases+=("$example.onnx" "$(dirname "$example")/calibration.npz" "${options[i]}")
    done
fi

built=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
edgec=$built/debug/edgec
[ -x "$edgec" ] || (cd "$root" && cargo build -p edgec)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# emit FOLDER COMMAND.. compiles every case into a file of its number.
emit() {
    local folder=$work/$1 i
    shift
    mkdir -p "$folder"
    for ((i = 0; i < ${#cases[@]}; i += 3)); do
        # shellcheck disable=SC2086 # options are words
        (cd "$folder" && "$@" "${cases[i]}" ${cases[i + 2]} --calibrate "${cases[i + 1]}" -o "case$i.rs") 2>>"$work/log" ||
            { tail -n 20 "$work/log" >&2; die "${cases[i]} ${cases[i + 2]}: failed on $(basename "$folder")"; }
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
            # With the workspace's features, as the camera example is built for it. Linked with what comes with Rust,
            # and statically (.cargo/config.toml): no other compiler and no libraries are needed.
            (cd "$root" &&
                cargo build --workspace --bin edgec --target "$aarch64" \
                    "${profile[@]}")
            emit aarch64 qemu-aarch64 "$built/$aarch64/debug/edgec"
            ;;
        *) die "no such processor: $processor" ;;
    esac
    diff -r "$work/here" "$work/$processor" >"$work/difference" ||
        { head -n 20 "$work/difference" >&2; die "other bytes on $processor"; }
    say "$((${#cases[@]} / 3)) quantised models: the same bytes on $processor"
done
