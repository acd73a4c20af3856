#!/usr/bin/env bash
# Builds the keyword spotter of examples/firmware for a core and runs it in QEMU: it says which words it hears.
#
#   scripts/listen.sh [m0|m4f|m33|m55|rv32]     by default m4f
#
# scripts/cargo-for-boards.sh says with which Rust.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

core=${1-m4f} options=() emulator=qemu-system-arm
case "$core" in
    m0) target=thumbv6m-none-eabi machine=microbit ;;
    m4f) target=thumbv7em-none-eabihf machine=mps2-an386 ;;
    m33) target=thumbv8m.main-none-eabihf machine=mps2-an505 ;;
    m55) target=thumbv8m.main-none-eabihf machine=mps3-an547 options=(--features m55) ;;
    rv32) target=riscv32imac-unknown-none-elf machine='virt -bios none' emulator=qemu-system-riscv32 ;;
    *) die "usage: scripts/listen.sh [m0|m4f|m33|m55|rv32]" ;;
esac
have "$emulator" || die "$emulator is missing; run scripts/setup.sh"
builds=${CARGO_TARGET_DIR:-$root/examples/firmware/target}
(cd "$root/examples/firmware" &&
    CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" "$target" -- \
        build --quiet --release --bin listen "${options[@]}")
# shellcheck disable=SC2086
timeout 120 "$emulator" -machine $machine -nographic -monitor none -serial none -icount shift=2 \
    -semihosting-config enable=on,target=native -kernel "$builds/$target/release/listen" </dev/null
