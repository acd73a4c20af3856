#!/usr/bin/env bash
# Packs the crates that people depend on and builds each from its package, as it would come from crates.io.
#
#   scripts/publish.sh              the rehearsal: nothing is uploaded
#   scripts/publish.sh --upload     the real thing, in the order of dependencies; needs `cargo login`
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

case "${1-}" in
    '') how=(--dry-run --allow-dirty) ;;
    --upload) how=() ;;
    *) die "usage: scripts/publish.sh [--upload]" ;;
esac
cargo publish "${how[@]}" --package runtime-core --package edgec-bindings --package edgec --package edgec-build
