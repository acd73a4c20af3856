#!/usr/bin/env bash
# Builds the Python package as a wheel, with the command `edgec` in it, into the target folder's `wheel`.
#
#   scripts/wheel.sh
#
# It runs on every Python from 3.9 on, and where the C library is as new as here. `scripts/python.sh --wheel` tests it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

built=${CARGO_TARGET_DIR:-$root/target}
tools=$built/venv-maturin
maturin=$(sed -n 's/^requires = \["\(maturin==.*\)"\]$/\1/p' compiler/python/pyproject.toml)
[ -n "$maturin" ] || die "compiler/python/pyproject.toml names no maturin"

if ! "$tools/bin/pip" freeze 2>/dev/null | grep -qx -- "$maturin"; then
    say "Installing $maturin into ${tools#"$root"/}"
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check "$maturin"
fi

# Symbols are for backtraces, which people who use the package do not read.
export CARGO_PROFILE_RELEASE_STRIP=true
say "The command"
cargo build --release --package edgec --bins
# Where maturin looks for what is to be installed beside the package.
data=$root/compiler/python/edgec.data
trap 'rm -rf "$data"' EXIT
mkdir -p "$data/scripts"
cp "$built/release/edgec" "$data/scripts/edgec"

say "The wheel"
rm -rf "$built/wheel"
"$tools/bin/maturin" build --release --locked --manifest-path compiler/python/Cargo.toml --out "$built/wheel"
(cd "$built/wheel" && du --bytes ./*.whl)
