#!/usr/bin/env bash
# Builds examples/bazel, models each for each target, with Bazel: twice, from nothing, in two folders, and compares the
# bytes with each other and with what the command writes.
#
#   scripts/fleet.sh [EDGEC]     with this program; by default the one that the tests have built
#
# BAZEL names Bazel, if it is not in PATH. Nothing is downloaded.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

case "${1-}" in -*) die "usage: [BAZEL=PROGRAM] scripts/fleet.sh [EDGEC]" ;; esac
bazel=${BAZEL:-$(command -v bazel || command -v bazelisk || true)}
[ -n "$bazel" ] || die "there is no bazel; set BAZEL to it"
edgec=$(realpath "${1:-${CARGO_TARGET_DIR:-target}/debug/edgec}")
[ -x "$edgec" ] || die "there is no $edgec; cargo build --workspace --bin edgec"

work=$(mktemp -d)
trap 'cd /; chmod -R u+w "$work"; rm -rf "$work"' EXIT

# build FOLDER prints the digests of all outputs, by their names.
build() {
    local folder=$work/$1/workspace
    mkdir -p "$folder/tools"
    cp examples/bazel/tools/BUILD.bazel "$folder/tools"
    cp examples/bazel/{.bazelrc,BUILD.bazel,MODULE.bazel,WORKSPACE,edgec.bzl} "$folder"
    cp examples/digits/digits.onnx examples/keywords/keywords.onnx "$folder"
    cp "$edgec" "$folder/tools/edgec"
    cp examples/digits/calibration.npz "$folder/digits.npz"
    (
        cd "$folder"
        "$bazel" --batch --output_user_root="$work/$1/out" build --noshow_progress //:fleet >&2
        cd bazel-bin
        sha256sum -- *.rs *.weights *.html
    )
}

say "Once"
build one >"$work/one.txt"
say "Once more, elsewhere"
build two >"$work/two.txt"
diff "$work/one.txt" "$work/two.txt" || die "the outputs of two builds differ"
# What an action does, outside of Bazel.
one=floats_digits_cortex_m4f
"$edgec" examples/digits/digits.onnx -o "$work/$one.rs" --report "$work/$one.html" --target cortex-m4f --name Model \
    --weights sidecar
(cd "$work" && sha256sum -- "$one".*) >"$work/command.txt"
grep -F "  $one." "$work/two.txt" | sort | diff - <(sort "$work/command.txt") || die "Bazel's files are not the command's"
say "$(wc -l <"$work/two.txt") files, the same bytes in both builds, and $one as the command writes it"
