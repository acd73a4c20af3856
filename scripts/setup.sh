#!/usr/bin/env bash
# Installs what building and testing edgec needs beside Rust itself, and says what it does.
#
#   scripts/setup.sh            install what is missing (Debian and Ubuntu; sudo unless root)
#   scripts/setup.sh --check    only report; exit code 1 if something is missing
#
# Running it again installs nothing that is there.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

check=false
case "${1-}" in
    '') ;;
    --check) check=true ;;
    *) die "usage: scripts/setup.sh [--check]" ;;
esac

missing=0
report() { printf '  %-8s %s\n' "$1" "$2"; }

# found NAME TEST.. reports, and fails if the test fails.
found() {
    local name=$1
    shift
    if "$@"; then
        report ok "$name"
    else
        missing=$((missing + 1))
        report missing "$name"
        return 1
    fi
}

apt_install() {
    have apt-get || die "install by hand, this system has no apt-get: $*"
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    report apt-get "$*"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

rust_for_boards() { has_rustup_targets || has_debian_rust; }
rust_components() { have cargo && cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1; }
requirements() { cat "$root"/examples/digits/requirements.txt; }
python_packages() { requirements | cmp -s - "$venv/installed.txt"; }

say "Rust"
found "cargo, rustfmt, clippy" rust_components || $check || die "install Rust from https://rustup.rs, then run this again"
if ! found "Rust for Cortex-M4F and M0 (${targets[*]})" rust_for_boards && ! $check; then
    if have rustup && report rustup "target add ${targets[*]}" && timeout 300 rustup target add "${targets[@]}"; then
        report ok "${targets[*]}"
    else
        # Debian's compiler builds `core` from its source package instead.
        apt_install rustc-web cargo-web rust-web-src
    fi
fi

# The comparison of emitted bytes and examples use them, which say so where one is missing.
for target in "$aarch64" "$armv7" "$wasm"; do
    if ! found "Rust for $target" has_rust_for "$target" && ! $check && have rustup; then
        report rustup "target add $target"
        timeout 300 rustup target add "$target" || report missing "$target"
    fi
done

say "Emulators, and programs that tests run"
packages=()
found "qemu-system-arm" have qemu-system-arm || packages+=(qemu-system-arm)
found "qemu-system-riscv32" have qemu-system-riscv32 || packages+=(qemu-system-misc)
found "arm-none-eabi-size, -nm, -ld" have arm-none-eabi-size || packages+=(binutils-arm-none-eabi)
# Emulates another processor for the compiler itself.
found "qemu-x86_64" have qemu-x86_64 || packages+=(qemu-user)
# Links models for boards with 32 bits.
found "arm-linux-gnueabihf-gcc" have arm-linux-gnueabihf-gcc ||
    packages+=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross)
# The firmware in C, with the assembler and the linker above.
found "arm-none-eabi-gcc" have arm-none-eabi-gcc || packages+=(gcc-arm-none-eabi)
# Builds what `edgec package` writes; tests say where it is missing.
found "cmake" have cmake || packages+=(cmake)
if [ ${#packages[@]} != 0 ] && ! $check; then
    apt_install "${packages[@]}"
fi
# Opens the page of examples/web, whose script says where it is missing. Ubuntu's package is one of snap, for desktops.
if grep -qx 'ID=debian' /etc/os-release 2>/dev/null && ! found "chromium" have chromium && ! $check; then
    apt_install chromium || report missing "chromium"
fi

say "Python, for reference results (${venv#"$root"/})"
if ! found "packages of examples/digits/requirements.txt" python_packages && ! $check; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || apt_install python3 python3-venv
    report venv "${venv#"$root"/}"
    python3 -m venv "$venv"
    requirements > "$venv/requirements.txt"
    report pip "$(requirements | grep -v '^#' | tr '\n' ' ')"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --requirement "$venv/requirements.txt"
    mv "$venv/requirements.txt" "$venv/installed.txt"
fi

if $check && [ $missing != 0 ]; then
    die "$missing missing; scripts/setup.sh installs them"
fi
