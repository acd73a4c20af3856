#!/usr/bin/env bash
# Builds what a release consists of, into the target folder's `dist`: for each processor an archive with the command
# `edgec`, linked statically, and the licences of all that is in it; lists of the components of the command and of
# runtime-core (CycloneDX); and SHA-256 sums.
#
#   scripts/release.sh [x86_64|aarch64]..     both, unless named
#   scripts/release.sh --lists                only the lists of components
#
# The same commit and the same Rust give the same bytes. rust-lld links, which comes with Rust: no compiler for C and no
# cross-compiler is needed. A processor takes some minutes.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

lists=false
case "${1-}" in
    --lists) lists=true processors=() ;;
    '') processors=(x86_64 aarch64) ;;
    *) processors=("$@") ;;
esac
for processor in "${processors[@]}"; do
    [[ $processor == x86_64 || $processor == aarch64 ]] || die "usage: scripts/release.sh [--lists | x86_64|aarch64 ..]"
    target=$processor-unknown-linux-musl
    has_rust_for "$target" || die "Rust for $target is missing: rustup target add $target"
done

built=$(realpath -m "${CARGO_TARGET_DIR:-target}")
dist=$built/dist
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
# It looks for no runtime-core in this checkout, and the bytes are the same in another.
export EDGEC_FOR_OTHERS=1
# Symbols are for backtraces, which users do not read, and folders of this machine are of no use to them.
export CARGO_PROFILE_RELEASE_STRIP=true
export RUSTFLAGS="--remap-path-prefix=$root=edgec --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"

$lists || rm -rf "$dist"
mkdir -p "$dist"

say "Components"
scripts/components.py runtime-core thumbv7em-none-eabihf "$dist/runtime-core-$version.cdx.json"
if $lists; then
    scripts/components.py edgec x86_64-unknown-linux-musl "$dist/edgec-$version.cdx.json"
    exit
fi

for processor in "${processors[@]}"; do
    target=$processor-unknown-linux-musl
    name=edgec-$version-$target
    say "The command for $target, in some minutes"
    linker=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$target")_LINKER
    # `install` leaves the packages of tests aside: with their features, other crates would be in it.
    env "$linker=rust-lld" cargo install --quiet --path compiler --locked --no-track --force --target "$target" \
        --target-dir "$built" --root "$dist/$name"
    mv "$dist/$name/bin/edgec" "$dist/$name/edgec"
    rmdir "$dist/$name/bin"
    scripts/components.py edgec "$target" "$dist/$name.cdx.json" --licences "$dist/$name/LICENCES-OF-COMPONENTS"
    cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$dist/$name.cdx.json" "$dist/$name"
    # A program that asks for a loader of libraries would not run everywhere.
    ! have readelf || ! readelf --program-headers --wide "$dist/$name/edgec" | grep -q INTERP || die "$name is not static"
    ! grep -qaF -- "$root/" "$dist/$name/edgec" || die "$name holds a folder of this machine"
    if [ "$processor" = "$(uname -m)" ]; then
        "$dist/$name/edgec" --version
    elif have "qemu-$processor"; then
        "qemu-$processor" "$dist/$name/edgec" --version
    fi
    tar --create --directory "$dist" --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
        --numeric-owner --mode='u=rwX,go=rX' "$name" | gzip --no-name --best >"$dist/$name.tar.gz"
    rm -r "${dist:?}/$name"
done
(cd "$dist" && sha256sum -- *.tar.gz *.json >SHA256SUMS && cat SHA256SUMS && du --bytes -- *)
