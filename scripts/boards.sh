#!/usr/bin/env bash
# Ten models of the zoo in floats and ten in integers, as programs for boards with Linux, under emulation (qemu-user):
# on 64 bits as a Cortex-A72, which has no dot products, and as a processor that has them; on 32 bits as a Cortex-A7,
# with NEON.
#
#   scripts/boards.sh [aarch64|armv7].. [-- --only NAME]     both, unless named
#
# Floats have to be as near to their reference as on a PC, integers bit for bit those of this machine. What is missing
# for a processor is said, and the processor skipped.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

processors=()
while [ $# != 0 ] && [ "$1" != -- ]; do
    [[ $1 == aarch64 || $1 == armv7 ]] || die "usage: scripts/boards.sh [aarch64|armv7].. [-- --only NAME]"
    processors+=("$1")
    shift
done
[ $# = 0 ] || shift
[ ${#processors[@]} != 0 ] || processors=(aarch64 armv7)

built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
[ -n "${BOARDS_IS_BUILT:-}" ] || cargo build --quiet --workspace --bin boards

# models TARGET EMULATOR.. builds them for a target, and runs them by each emulator.
models() {
    local target=$1 emulators=()
    shift
    for emulator in "$@"; do emulators+=(--emulator "$emulator"); done
    "$built/debug/boards" --target "$target" "${emulators[@]}" --folder "$built/boards/${target%%-*}" \
        "${options[@]}"
}

for processor in "${processors[@]}"; do
    options=("$@")
    say "Models on $processor"
    if [ "$processor" = aarch64 ]; then
        if has_rust_for_aarch64 && have qemu-aarch64; then
            models "$aarch64" "qemu-aarch64 -cpu cortex-a72" "qemu-aarch64 -cpu max"
        else
            echo "skipped, as Rust for $aarch64 or qemu-aarch64 is missing"
        fi
    elif has_rust_for "$armv7" && have arm-linux-gnueabihf-gcc && have qemu-arm; then
        # Linked statically: the emulator needs no libraries of that system.
        options+=(--rustflags "-C target-feature=+crt-static,+neon")
        CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=arm-linux-gnueabihf-gcc \
            models "$armv7" "qemu-arm -cpu cortex-a7"
    else
        echo "skipped, as Rust for $armv7, arm-linux-gnueabihf-gcc or qemu-arm is missing"
    fi
done
