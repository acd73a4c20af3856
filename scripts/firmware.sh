#!/usr/bin/env bash
# Builds examples/firmware for a Cortex-M4F, runs it in QEMU, compares its scores with this machine's, and prints what
# it takes: flash, RAM, instructions. A panic path in the image is an error.
#
#   scripts/firmware.sh                 all of it
#   scripts/firmware.sh --build-only    build and measure, do not run
#
# Rust is rustup's with the target thumbv7em-none-eabihf or, where rustup cannot download that, Debian's rustc-web,
# which builds `core` from source. EDGEC_FIRMWARE_RUST=rustup or =debian chooses.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

run=true
case "${1-}" in
    '') ;;
    --build-only) run=false ;;
    *) die "usage: scripts/firmware.sh [--build-only]" ;;
esac

choose_rust() {
    if has_rustup_target; then
        echo rustup
    elif has_debian_rust; then
        echo debian
    elif have rustup && timeout 300 rustup target add "$target" >&2; then
        echo rustup
    else
        die "no Rust for $target; run scripts/setup.sh"
    fi
}

build() {
    case "$rust" in
        rustup)
            cargo build --release
            ;;
        debian)
            # -Zbuild-std is for nightly compilers, and for those told to be.
            RUSTC=$(debian_file rustc-web /bin/rustc) RUSTC_BOOTSTRAP=1 \
                CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER=arm-none-eabi-ld \
                "$(debian_file cargo-web /bin/cargo)" build --release -Zbuild-std=core
            ;;
        *)
            die "EDGEC_FIRMWARE_RUST is rustup or debian, not $rust"
            ;;
    esac
}

# The bytes of the named sections of the image.
section_bytes() {
    arm-none-eabi-size -A "$elf" | awk -v names=" $* " 'index(names, " " $1 " ") { sum += $2 } END { print sum + 0 }'
}

measure() {
    panics=$(arm-none-eabi-nm -C "$elf" | grep -c 'core::panicking' || true)
    printf 'flash  %7d bytes (code, constants, initial data)\n' "$(section_bytes .vector_table .text .rodata .data)"
    printf 'RAM    %7d bytes (data, bss; the stack comes on top)\n' "$(section_bytes .data .bss .uninit)"
    printf 'panics %7d functions of core::panicking\n' "$panics"
}

# Functions that call into core::panicking.
panicking() {
    arm-none-eabi-objdump -dC "$elf" | awk '
        /^[0-9a-f]+ <.*>:$/ { caller = $0; gsub(/^[0-9a-f]+ <|>:$/, "", caller) }
        /core::panicking/ && caller !~ /core::panicking/ { print "  " substr(caller, 1, 200) }' | sort | uniq -c
}

# Every instruction takes 64 ns of virtual time, in which the board's 25 MHz clock makes 1.6 ticks.
emulate() {
    timeout 120 qemu-system-arm -machine mps2-an386 -nographic -monitor none -serial none -icount shift=6 \
        -semihosting-config enable=on,target=native -kernel "$elf" </dev/null
}

for tool in qemu-system-arm arm-none-eabi-size arm-none-eabi-nm; do
    have "$tool" || die "$tool is missing; run scripts/setup.sh"
done
rust=${EDGEC_FIRMWARE_RUST-}
[ -n "$rust" ] || rust=$(choose_rust)
builds=${CARGO_TARGET_DIR:-$root/examples/firmware/target}
elf=$builds/$target/release/firmware

say "Building the firmware ($rust)"
(cd "$root/examples/firmware" && CARGO_TARGET_DIR=$builds build)
measure

if $run; then
    say "Running it on an emulated MPS2 board, Cortex-M4F"
    emulate | tee "$builds/board.txt"
    awk '/^one inference:/ { printf "       %7d instructions an inference\n", $3 / 1.6 }' "$builds/board.txt"

    say "Comparing with this machine"
    (cd "$root" && cargo run --quiet --release --package digits -- --board "$builds/board.txt")
fi
if [ "$panics" != 0 ]; then
    panicking >&2
    die "the firmware can panic; the functions above have checks that the compiler could not remove"
fi
printf '\nfirmware: %d s\n' "$SECONDS"
