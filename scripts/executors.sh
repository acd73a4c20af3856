#!/usr/bin/env bash
# Builds examples/executors, a model as a task of Embassy and as one of RTIC, for a Cortex-M4F, and runs both in QEMU:
# every digit must be read.
#
#   scripts/executors.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

# In the development profile, with the workspace's features, as for the tests: these have built it, and say so.
[ -n "${EDGEC_IS_BUILT:-}" ] || cargo build --quiet --workspace --bin edgec
EDGEC=$(realpath "${CARGO_TARGET_DIR:-target}/debug/edgec")
export EDGEC
builds=$(realpath -m "${CARGO_TARGET_DIR:-examples/executors/target}")
cd examples/executors
CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" thumbv7em-none-eabihf -- build --quiet --release --locked
for program in embassy rtic; do
    printf '%s: ' "$program"
    timeout 60 qemu-system-arm -machine mps2-an386 -nographic -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel "$builds/thumbv7em-none-eabihf/release/$program" </dev/null
done
