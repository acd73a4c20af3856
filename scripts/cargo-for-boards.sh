#!/usr/bin/env bash
# Runs cargo in the current folder for boards, with the Rust that has their targets.
#
#   scripts/cargo-for-boards.sh TARGET.. -- CARGO-ARGUMENTS..
#
# Rust is rustup's with the targets or, for Cortex-M where rustup cannot download them, Debian's rustc-web, which builds
# `core` and `alloc` from source. EDGEC_FIRMWARE_RUST=rustup or =debian chooses.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

targets=()
while [ $# != 0 ] && [ "$1" != -- ]; do
    targets+=("$1")
    shift
done
[ ${#targets[@]} != 0 ] && [ $# -gt 1 ] || die "usage: scripts/cargo-for-boards.sh TARGET.. -- CARGO-ARGUMENTS.."
shift

choose_rust() {
    if has_rustup_targets; then
        echo rustup
    elif [[ ${targets[*]} == thumb* ]] && has_debian_rust; then
        echo debian
    elif have rustup && timeout 300 rustup target add "${targets[@]}" >&2; then
        echo rustup
    else
        die "no Rust for ${targets[*]}; run scripts/setup.sh"
    fi
}

arguments=("$@")
for target in "${targets[@]}"; do
    arguments+=(--target "$target")
done
rust=${EDGEC_FIRMWARE_RUST-}
[ -n "$rust" ] || rust=$(choose_rust)
case "$rust" in
    rustup)
        exec cargo "${arguments[@]}"
        ;;
    debian)
        # -Zbuild-std is for nightly compilers, and for those told to be.
        for target in "${targets[@]}"; do
            name=${target^^}
            name=${name//[-.]/_}
            case "$target" in
                thumb*) export "CARGO_TARGET_${name}_LINKER=arm-none-eabi-ld" ;;
                *) die "for $target only rustup's Rust will do: rustup target add $target" ;;
            esac
        done
        RUSTC=$(debian_file rustc-web /bin/rustc) RUSTC_BOOTSTRAP=1 \
            exec "$(debian_file cargo-web /bin/cargo)" "${arguments[@]}" -Zbuild-std=core,alloc
        ;;
    *)
        die "EDGEC_FIRMWARE_RUST is rustup or debian, not $rust"
        ;;
esac
