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

# It looks for no runtime-core in this checkout.
export EDGEC_FOR_OTHERS=1
# Symbols are for backtraces, which people who use the package do not read.
export CARGO_PROFILE_RELEASE_STRIP=true
# Nor are folders of this machine of use to them.
export RUSTFLAGS="--remap-path-prefix=$root=edgec --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
# Where maturin looks for what is to be installed beside the package.
data=$root/compiler/python/edgec._edgec.data
trap 'rm -rf "$data" "$built/wheel-command"' EXIT

say "The command, in some minutes"
# `install` leaves the packages of tests aside, as building the module does: with their features, the compiler would be
# built twice.
cargo install --quiet --path compiler --locked --no-track --force --target-dir "$built" --root "$built/wheel-command"
mkdir -p "$data/scripts"
mv "$built/wheel-command/bin/edgec" "$data/scripts"

say "The wheel"
rm -rf "$built/wheel"
"$tools/bin/maturin" build --release --locked --manifest-path compiler/python/Cargo.toml --out "$built/wheel"
(cd "$built/wheel" && du --bytes ./*.whl)
