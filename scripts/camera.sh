#!/usr/bin/env bash
# Runs the camera example on its pictures, on this machine and, built for a 64-bit Raspberry Pi, under emulation, and
# compares what it finds with the names of the files: 7.jpg is a seven.
#
#   scripts/camera.sh
#
# It is built in the development profile, with the workspace's features: otherwise cargo would build the compiler again
# for its build script.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

built=${CARGO_TARGET_DIR:-$root/target}
pictures=(examples/camera/images/*)

# check COMMAND.. fails unless the first label of each picture is in the name of its file.
check() {
    local said
    said=$("$@" examples/camera/images)
    echo "$said"
    awk -v pictures=${#pictures[@]} '
        /^[^ ]/ { count = split($1, path, "/"); expected = substr(path[count], 1, 1); next }
        expected != "" && /%/ {
            if ($3 == expected) right++; else print "a " expected " is read as " $3
            expected = ""
        }
        END { print right " of " pictures " right"; exit right != pictures }' <<<"$said"
}

say "The camera example on this machine"
[ -x "$built/debug/camera" ] || cargo build --quiet --workspace --bin camera
check "$built/debug/camera"

if ! has_rust_for_aarch64 || ! have qemu-aarch64; then
    say "skipped, as Rust for aarch64 or qemu-aarch64 is missing: the camera example for a Raspberry Pi"
    exit
fi
say "The camera example for $aarch64, under emulation"
cargo build --quiet --workspace --bin camera --target "$aarch64"
check qemu-aarch64 "$built/$aarch64/debug/camera"
