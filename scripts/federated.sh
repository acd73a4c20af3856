#!/usr/bin/env bash
# Federated learning with Flower: a server and ten clients on this machine, each a process, whose model is the library
# that examples/federated is built into. Fails unless they learn together what no client learns alone.
#
#   scripts/federated.sh
#
# It is built in the development profile, with the workspace's features: otherwise cargo would build the compiler again
# for its build script.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

built=${CARGO_TARGET_DIR:-$root/target}/debug
example=examples/federated
# Apart from that of the tests: Flower brings many packages, in versions of its own.
venv=$root/target/venv-federated

install() {
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$example/requirements.txt" &&
        cp "$example/requirements.txt" "$venv/installed.txt"
}

if ! cmp -s "$example/requirements.txt" "$venv/installed.txt"; then
    say "Installing the packages of $example/requirements.txt into ${venv#"$root"/}"
    # Nothing else needs these packages.
    if ! install; then
        say "skipped, as the packages above cannot be installed: federated learning"
        exit
    fi
fi

# The tests have built it, through clippy, and say so.
[ -n "${FEDERATED_IS_BUILT:-}" ] || cargo build --quiet --workspace --lib
say "Federated learning: $("$venv/bin/python" -c 'import flwr; print("Flower", flwr.__version__)')"
(cd "$example" && "$venv/bin/python" -m unittest --quiet)
"$venv/bin/python" "$example/run.py" --library "$built"
