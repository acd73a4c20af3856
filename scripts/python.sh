#!/usr/bin/env bash
# The Python package, on the module that the workspace has built: its tests, ONNX's node tests by `onnx.backend.test`,
# and the tutorial.
#
#   scripts/python.sh         a slice of ONNX's tests: one in ten, and one of each operator
#   scripts/python.sh --all   all of them, some minutes
#   scripts/python.sh --wheel [--all]
#                             the same with the wheel of `scripts/wheel.sh` in a fresh environment; network
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

built=${CARGO_TARGET_DIR:-$root/target}
tests=$root/compiler/python/tests
slice=(--slice) wheel=false
for option in "$@"; do
    case "$option" in
        --all) slice=() ;;
        --wheel) wheel=true ;;
        *) die "usage: scripts/python.sh [--wheel] [--all]" ;;
    esac
done

# The tests have built it, through clippy, and say so.
[ -n "${PYTHON_IS_BUILT:-}" ] || cargo build --quiet --workspace --lib --bins

if $wheel; then
    python=$built/venv-wheel/bin/python
    rm -rf "$built/venv-wheel"
    python3 -m venv "$built/venv-wheel"
    # The tests compare with the others.
    "$built/venv-wheel/bin/pip" install --quiet --disable-pip-version-check "$built"/wheel/edgec-*.whl \
        --requirement examples/digits/requirements.txt
    "$built/venv-wheel/bin/edgec" --version
else
    # As the wheel has it, with the module beside the sources.
    python=$venv/bin/python
    [ -x "$python" ] || python=python3
    rm -rf "$built/python"
    mkdir -p "$built/python"
    cp -r compiler/python/edgec "$built/python"
    cp "$built/debug/lib_edgec.so" "$built/python/edgec/_edgec.abi3.so"
    export PYTHONPATH=$built/python
fi
export PYTHONDONTWRITEBYTECODE=1
# The tutorial's network is small: its threads would wait for each other, and for what runs beside them.
export OPENBLAS_NUM_THREADS=1

say "The package: $("$python" -c 'import edgec; print("edgec", edgec.__version__)')"
(cd "$tests" && "$python" -m unittest --quiet)

say "ONNX's node tests"
verdicts=$built/python-verdicts.json
"$built/debug/onnx-node-tests" "${slice[@]}" --executor --json "$verdicts" | tail -n 1
"$python" "$tests/node_tests.py" "$verdicts"

say "The tutorial"
"$python" examples/python/tutorial.py
