#!/usr/bin/env bash
# The kernels of aarch64 under emulation (qemu-user), each time as a Cortex-A72, which has no dot products, and as a
# processor that has them.
#
#   scripts/aarch64.sh            every level against plain Rust, integers bit for bit; and the loops of products: that
#                                 they hold what they are written for, and keep their sums in registers; and that the
#                                 short ones of the kernels below take no more instructions than docs/performance.md has
#   scripts/aarch64.sh --count    instructions of some kernels, as a table: no times, as no Arm processor runs them
#
# The table is for docs/performance.md: what a second run of a kernel adds to the first.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

has_rust_for_aarch64 || die "Rust for it is missing: rustup target add $aarch64"
have qemu-aarch64 || die "qemu-aarch64 is missing: apt-get install qemu-user"
processors=(cortex-a72 max)

# The program that cargo has built last, from its messages.
program() { sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -n 1; }

# count PROCESSOR PROGRAM ARGUMENT.. says how many instructions it executes: QEMU lists those of each block when it
# translates it, and every block that is run.
count() {
    qemu-aarch64 -cpu "$1" -d in_asm,exec,nochain -D /dev/stdout "${@:2}" | awk '
        function place(digits) { sub(/^0+/, "", digits); return digits }
        /^IN:/ { block = ""; next }
        /^0x/ { if (block == "") { block = place(substr($1, 3, length($1) - 3)); size[block] = 0 } size[block]++; next }
        /^Trace/ { split($4, at, "/"); total += size[place(at[2])] }
        END { printf "%d\n", total }'
}

# counts MOST prints a row for each kernel of at most so many products.
counts() {
    local built name macs row processor once twice
    built=$(cargo bench --quiet --package kernel-tests --bench instructions --target "$aarch64" --no-run \
        --message-format json | program)
    qemu-aarch64 "$built" | while read -r name macs; do
        [ "$macs" -le "$1" ] || continue
        row="| $name | $macs |"
        for processor in "${processors[@]}"; do
            once=$(count "$processor" "$built" "$name" 1)
            twice=$(count "$processor" "$built" "$name" 2)
            row+=" $(awk -v n=$((twice - once)) -v macs="$macs" 'BEGIN { printf "%.3f", n / macs }') |"
        done
        echo "$row"
    done
}

# compare FILE compares rows on standard input with those of a document: up to 3 % more instructions are noise of rustc.
compare() {
    awk -F ' *\\| *' '
        NR == FNR { if (NF == 6) for (i = 4; i <= 5; i++) had[$2, i] = $i; next }
        {
            for (i = 4; i <= 5; i++)
                if (!(($2, i) in had) || $i > 1.03 * had[$2, i]) {
                    print $2 " takes " $i " instructions a MAC, not " had[$2, i]
                    failed = 1
                }
        }
        END { print FNR " kernels counted"; exit failed || FNR == 0 }' "$1" -
}

if [ "${1:-}" = --count ]; then
    echo "| kernel | MACs | instructions a MAC, Cortex-A72 | with dot products |"
    echo "|---|--:|--:|--:|"
    counts 1000000000
    exit
fi

# loops FILE checks every loop of a file of assembler that is one block and multiplies: nothing of it is on the stack.
# Of each kind there is one with so many products.
loops() {
    awk '
        /^\.Ltmp/ { next }
        /^[.A-Za-z_].*:/ { label = substr($1, 1, length($1) - 1); sdot = sadalp = fmla = stack = 0; next }
        $1 == "sdot" { sdot++ }
        $1 == "sadalp" { sadalp++ }
        $1 == "fmla" { fmla++ }
        /\[sp|\[x29/ { stack++ }
        $1 ~ /^b\./ && $2 == label && sdot + sadalp + fmla {
            if (stack) { print "a loop with " sdot + sadalp + fmla " products is on the stack: " label; failed = 1 }
            if (sdot > most["sdot"]) most["sdot"] = sdot
            if (sadalp > most["sadalp"]) most["sadalp"] = sadalp
            if (fmla > most["fmla"]) most["fmla"] = fmla
        }
        $1 ~ /^(b|b\..*|cbn?z|tbn?z)$/ { label = "" }
        END {
            print "in the largest loops: " most["sdot"] + 0 " SDOT, " most["sadalp"] + 0 " SADALP, " \
                most["fmla"] + 0 " FMLA"
            exit failed || most["sdot"] < 24 || most["sadalp"] < 16 || most["fmla"] < 24
        }' "$1"
}

# With optimisation, unlike elsewhere: without it the emulator would take minutes, and loops would not be those of
# users. In one unit, and without what debuggers read, there is one file of assembler, which holds only instructions.
built=$(cargo rustc --quiet --package kernel-tests --test levels --features runtime-core/portable --target "$aarch64" \
    --profile release --message-format json -- --emit asm -C codegen-units=1 -C debuginfo=0 | program)
for processor in "${processors[@]}"; do
    say "Every level of aarch64: $processor"
    qemu-aarch64 -cpu "$processor" "$built" --quiet
done
say "Loops of products on aarch64"
loops "$built.s" || die "a loop of products is not what it should be"
say "Instructions of kernels on aarch64"
counts 4000000 | compare docs/performance.md || die "scripts/aarch64.sh --count makes the table of docs/performance.md"
