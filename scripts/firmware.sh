#!/usr/bin/env bash
# Builds examples/firmware for a Cortex-M4F and a Cortex-M0, runs it in QEMU, compares its scores with this machine's,
# and prints what it takes. The integers of the quantised model must be this machine's, the one that trains its last
# layer must have learned, and so must the client of federated learning; signed weights must be taken and survive cuts
# of the power, and the keyword spotter must hear what is said. A program in C runs the model too, and one in C++ two
# packages of it. A panic path is an error, and so is a float in a quantised image. Random layers then run through the
# kernels that cores have assembler for.
#
#   scripts/firmware.sh                 all of it
#   scripts/firmware.sh --build-only    build and measure, do not run
#
# scripts/cargo-for-boards.sh says with which Rust.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Program, target, machine that QEMU emulates, and instructions per tick of its core clock: every instruction takes 4 ns
# of virtual time, and the clocks run at 25 and 16 MHz.
images=(
    "float thumbv7em-none-eabihf mps2-an386 10"
    "int8 thumbv7em-none-eabihf mps2-an386 10"
    "float thumbv6m-none-eabi microbit 15.625"
    "int8 thumbv6m-none-eabi microbit 15.625"
    "adapt thumbv7em-none-eabihf mps2-an386 10"
    "client thumbv7em-none-eabihf mps2-an386 10"
    "verify thumbv7em-none-eabihf mps2-an386 10"
    "verify thumbv6m-none-eabi microbit 15.625"
    "update thumbv7em-none-eabihf mps2-an386 10"
    "listen thumbv7em-none-eabihf mps2-an386 10"
    "listen thumbv6m-none-eabi microbit 15.625"
)

# Target, machine and options of cargo for the random layers: Cortex-M0 (its code on a Cortex-M3), M3, M4F and M55.
cores=(
    "thumbv6m-none-eabi mps2-an385"
    "thumbv7m-none-eabi mps2-an385"
    "thumbv7em-none-eabihf mps2-an386"
    "thumbv8m.main-none-eabihf mps3-an547 --features=mve"
)

run=true
case "${1-}" in
    '') ;;
    --build-only) run=false ;;
    *) die "usage: scripts/firmware.sh [--build-only]" ;;
esac

# The bytes of the named sections of an image.
section_bytes() {
    local elf=$1
    shift
    arm-none-eabi-size -A "$elf" | awk -v names=" $* " 'index(names, " " $1 " ") { sum += $2 } END { print sum + 0 }'
}

# Functions of core::panicking in an image.
panics() { arm-none-eabi-nm -C "$1" | grep 'core::panicking' || true; }

# Functions that call them.
panicking() {
    arm-none-eabi-objdump -dC "$1" | awk '
        /^[0-9a-f]+ <.*>:$/ { caller = $0; gsub(/^[0-9a-f]+ <|>:$/, "", caller) }
        /core::panicking/ && caller !~ /core::panicking/ { print "  " substr(caller, 1, 200) }' | sort | uniq -c
}

# What an image computes floats with: instructions of the floating-point unit, with the function that holds them, and
# routines that stand for them elsewhere, such as __aeabi_fadd, __aeabi_i2d, __mulsf3, __fixdfsi and __extendhfsf2.
floats() {
    arm-none-eabi-objdump -dC --no-show-raw-insn "$1" | awk '
        /^[0-9a-f]+ <.*>:$/ { caller = $0; gsub(/^[0-9a-f]+ <|>:$/, "", caller) }
        $2 ~ /^v/ { print $2 " in " substr(caller, 1, 200) }'
    arm-none-eabi-nm "$1" | awk '
        $3 ~ /^__aeabi_([fdh]|u?[il]2[fd])/ || $3 ~ /^__(gnu_)?[a-z]+[hsdtx]f[0-9a-z]*(_ieee)?$/ { print "  " $3 }
        $3 ~ /libm|compiler_builtins.*float/ { print "  " $3 }'
}

count() { grep -c . || true; }

# emulate MACHINE ELF
emulate() {
    timeout 120 qemu-system-arm -machine "$1" -nographic -monitor none -serial none -icount shift=2 \
        -semihosting-config enable=on,target=native -kernel "$2" </dev/null
}

for tool in qemu-system-arm arm-none-eabi-{gcc,g++,size,nm,objdump}; do
    have "$tool" || die "$tool is missing; run scripts/setup.sh"
done
builds=${CARGO_TARGET_DIR:-$root/examples/firmware/target}

say "Building the firmware for ${targets[*]}"
(cd "$root/examples/firmware" &&
    CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" "${targets[@]}" -- build --quiet --release)
# What takes more RAM than a micro:bit has.
(cd "$root/examples/firmware" &&
    CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" thumbv7em-none-eabihf -- \
        build --quiet --release --features more-ram --bin client --bin update)

table=("image target flash RAM stack instructions panics floats")
problems=()
sums=()

# The model as a library for C, and a program in C around it.
say "Building and running the firmware in C"
(cd "$root/examples/firmware" &&
    CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" thumbv7em-none-eabihf -- \
        build --quiet --release --package digits-c)
library=$builds/thumbv7em-none-eabihf/release
sources=$root/examples/firmware/c
m4f=(-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16)
freestanding=(-Wall -Wextra -Werror -O2 "${m4f[@]}" -ffreestanding)
link=(-nostdlib -T "$sources/link.ld" "-Wl,--gc-sections,-z,noexecstack")
arm-none-eabi-gcc -std=c11 "${freestanding[@]}" -c -o "$library/start.o" "$sources/start.c"
arm-none-eabi-gcc -std=c11 "${freestanding[@]}" "${link[@]}" -I "$library" -o "$library/digits-c.elf" \
    "$sources/main.c" "$library/start.o" "$library/libdigits_c.a"
! $run || emulate mps2-an386 "$library/digits-c.elf"
[ "$(panics "$library/digits-c.elf" | count)" = 0 ] || problems+=("the firmware in C can panic")

if $run; then
    # With the workspace's features and in the development profile, as for the tests: otherwise cargo would build the
    # compiler again for a build script. The tests have built it, through clippy, and say so.
    [ -n "${DIGITS_IS_BUILT:-}" ] || (cd "$root" && cargo build --quiet --workspace --bin edgec --bin digits)
fi

# Packages of the same model: they need nothing else, and two of them are linked into one program.
package() {
    XDG_CACHE_HOME=$builds/cache "${CARGO_TARGET_DIR:-$root/target}/debug/edgec" package "$root/examples/digits/digits.onnx" \
        --target thumbv7em-none-eabihf --self-test --force -o "$packages/$1" "${@:2}"
}
if $run && ! has_rustup_targets; then
    say "skipped, as rustup has no Rust for thumbv7em-none-eabihf: two packages in a program in C++"
elif $run; then
    say "Two packages in a program in C++"
    packages=$builds/packages
    package float
    package int8 --name DigitsInt8 --quantize int8 --calibrate "$root/examples/digits/calibration.npz" --io int8
    both=("$packages"/float/lib/*/libdigits.a "$packages"/int8/lib/*/libdigits_int8.a)
    needed=$(arm-none-eabi-nm --undefined-only "${both[@]}" | awk '$1 == "U"')
    [ -z "$needed" ] || problems+=("the packages need something else: $needed")
    arm-none-eabi-g++ -std=c++11 -fno-exceptions -fno-rtti "${freestanding[@]}" "${link[@]}" -I "$packages/float/include" \
        -I "$packages/int8/include" -o "$packages/both.elf" "$sources/both.cpp" "$library/start.o" "${both[@]}"
    emulate mps2-an386 "$packages/both.elf"
    [ "$(panics "$packages/both.elf" | count)" = 0 ] || problems+=("the packages can panic")
fi

for image in "${images[@]}"; do
    read -r program target machine a_tick <<<"$image"
    elf=$builds/$target/release/$program
    stack=- instructions=-
    if $run; then
        say "Running $program on an emulated $machine ($target)"
        board=$builds/$target/$program.txt
        emulate "$machine" "$elf" | tee "$board" | grep -v '^digit '
        stack=$(awk '/^stack:/ { print $2 }' "$board")
        instructions=$(awk -v a_tick="$a_tick" '/^one (inference|step of training|verification|start):/ { printf "%d", $(NF - 5) * a_tick }' "$board")
    fi
    panics=$(panics "$elf" | count)
    floats=$(floats "$elf" | count)
    # What is left in those that verify signatures is a lookup in a table of 8 by the digits of a number, which are odd
    # and below 16 (`NafLookupTable5` of curve25519-dalek): it cannot fail. Nothing else may be able to.
    signatures=' ed25519_dalek::verifying::'
    if [ "$(panicking "$elf" | awk -v known="$signatures" 'index($0, known) == 0' | count)" != 0 ]; then
        panicking "$elf" >&2
        problems+=("$program for $target can panic; the functions above have checks that the compiler could not remove")
    fi
    # The Cortex-M4F has weights and arena of this model in sections of their own, and the scores of the Cortex-M0.
    if [ "$program" = listen ]; then
        ! $run || sums+=("$(awk '/^sum of all scores:/ { print $NF }' "$board")")
        for section in .model_weights .fast_weights .fast_arena; do
            [ "$target" != thumbv7em-none-eabihf ] || [ "$(section_bytes "$elf" "$section")" != 0 ] ||
                problems+=("nothing is in the section $section of $program for $target")
        done
    fi
    # The images in floats show that they are found.
    if [[ $program == float || $program == adapt || $program == client ]]; then
        [ "$floats" != 0 ] || problems+=("no float was found in $program for $target, which computes with them")
    elif [ "$floats" != 0 ]; then
        floats "$elf" | sort | uniq -c >&2
        problems+=("$program for $target computes with floats, as listed above")
    fi
    table+=("$program $target $(section_bytes "$elf" .vector_table .text .rodata .data .model_weights .fast_weights) \
        $(section_bytes "$elf" .data .bss .uninit .fast_weights .fast_arena) $stack $instructions $panics $floats")
done
if $run && [ "${sums[0]}" != "${sums[1]}" ]; then
    problems+=("listen has other scores where its weights are in sections: ${sums[*]}")
fi

if $run; then
    say "Comparing with this machine"
    for image in "${images[@]}"; do
        read -r program target _ <<<"$image"
        [[ $program == float || $program == int8 ]] || continue
        option=--board
        [ "$program" = float ] || option=--board-$program
        printf '%s, %s: ' "$program" "$target"
        "${CARGO_TARGET_DIR:-$root/target}/debug/digits" "$option" "$builds/$target/$program.txt"
    done
fi

# The assembler of runtime-core against its plain kernels, with operands at the end of memory.
for core in "${cores[@]}"; do
    read -r target machine options <<<"$core"
    say "Random layers for $target"
    # shellcheck disable=SC2086
    (cd "$root/codegen-tests/cortex-m" &&
        CARGO_TARGET_DIR=$builds "$root/scripts/cargo-for-boards.sh" "$target" -- build --quiet --release $options)
    ! $run || emulate "$machine" "$builds/$target/release/cortex-m-kernels"
done

say "Flash, RAM and stack in bytes (RAM without the stack), instructions per inference or step, functions of core::panicking,"
echo "   and instructions or routines that compute with floats"
printf '%s\n' "${table[@]}" | awk '{ printf "%-6s %-22s %7s %6s %6s %13s %7s %7s\n", $1, $2, $3, $4, $5, $6, $7, $8 }'
if [ ${#problems[@]} != 0 ]; then
    die "$(printf '%s\n' "${problems[@]}")"
fi
printf '\nfirmware: %d s\n' "$SECONDS"
