# shellcheck shell=bash disable=SC2034
# Shared by the scripts: messages, and where things are. Source it; it does nothing by itself.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What the firmware is built for: Cortex-M4F, Cortex-M0.
targets=(thumbv7em-none-eabihf thumbv6m-none-eabi)
# What the compiler is built for to run on another processor: Rust links it without another compiler.
aarch64=aarch64-unknown-linux-musl
# Boards with 32 bits, of which models are tested: linked by GCC's cross-compiler.
armv7=armv7-unknown-linux-gnueabihf
# What the example for browsers is built for.
wasm=wasm32-unknown-unknown
venv=$root/target/venv

say() { printf '\n== %s\n' "$*"; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

has_rustup_targets() {
    have rustup || return 1
    local installed target
    installed=$(rustup target list --installed)
    for target in "${targets[@]}"; do
        grep -qx -- "$target" <<<"$installed" || return 1
    done
}

has_rust_for() { have rustup && rustup target list --installed | grep -x -- "$1" >/dev/null; }
has_rust_for_aarch64() { has_rust_for "$aarch64"; }

# A file of an installed Debian package, by the end of its path.
debian_file() { dpkg -L "$1" 2>/dev/null | grep -m1 "$2\$"; }

has_debian_rust() {
    [ -n "$(debian_file rustc-web /bin/rustc)" ] && [ -n "$(debian_file cargo-web /bin/cargo)" ] &&
        [ -n "$(debian_file rust-web-src /library)" ]
}
