#!/usr/bin/env bash
# Builds examples/web: the model of handwritten digits as WebAssembly, in a page that is one file. Prints the size of
# the module, then opens the page in Chromium without a window, draws digits on it, and fails if a seven is not read or
# a score is not that of ONNX Runtime.
#
#   scripts/web.sh                 all of it
#   scripts/web.sh --build-only    build and measure, do not run
#   scripts/web.sh --compare       time the model and ONNX Runtime Web in the page as well; needs npm and the network
#   scripts/web.sh --serve         wait on http://127.0.0.1:8000 instead; after --compare, with ONNX Runtime Web
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$root"

todo=test
case "${1-}" in
    '') ;;
    --build-only | --compare | --serve) todo=${1#--} ;;
    *) die "usage: scripts/web.sh [--build-only | --compare | --serve]" ;;
esac

example=$root/examples/web
builds=$(realpath -m "${CARGO_TARGET_DIR:-$example/target}")
out=$builds/page
module=$builds/$wasm/release/digits.wasm

if ! has_rust_for "$wasm"; then
    say "skipped, as Rust for $wasm is missing (scripts/setup.sh installs it): the example for browsers"
    exit
fi

# Puts what the page refers to into it, so that it is one file that opens without a server.
assemble() {
    awk -F'"' -v sources="$example/page" -v made="$out" '
        function include(name, tag,    file, found, line) {
            file = (name == "wasm.js" ? made : sources) "/" name
            print "<" tag ">"
            while ((found = (getline line < file)) > 0) print line
            if (found < 0) { print "error: cannot read " file >"/dev/stderr"; exit 1 }
            print "</" tag ">"
        }
        /^<script src=/ { include($2, "script"); next }
        /^<link rel="stylesheet"/ { include($4, "style"); next }
        { print }' "$example/page/index.html"
}

# bytes FILE.. prints size and gzipped size.
bytes() { printf '%8d bytes, %8d gzipped' "$(cat "$@" | wc -c)" "$(cat "$@" | gzip -9n | wc -c)"; }

# serve PORT runs a server for this machine alone, whose first line names its port.
serve() { exec python3 -u -m http.server --bind 127.0.0.1 --directory "$out" "$1"; }

# In the development profile, with the workspace's features, as for the tests: these have built it, and say so.
[ -n "${EDGEC_IS_BUILT:-}" ] || cargo build --quiet --workspace --bin edgec
command=$(realpath "${CARGO_TARGET_DIR:-target}/debug/edgec")

say "Building the page for a browser"
(cd "$example" && EDGEC=$command CARGO_TARGET_DIR=$builds cargo build --quiet --release --target "$wasm")
mkdir -p "$out"
printf 'const WASM = "%s";\n' "$(base64 <"$module" | tr -d '\n')" >"$out/wasm.js"
assemble >"$out/digits.html"
echo "  digits.wasm with weights  $(bytes "$module")"
echo "  digits.html               $(bytes "$out/digits.html")"
echo "  the page: $out/digits.html"

if [ $todo = compare ]; then
    have npm || die "npm is missing, which installs ONNX Runtime Web"
    say "Installing ONNX Runtime Web"
    mkdir -p "$builds/npm" "$out/ort"
    cp "$example/package.json" "$example/package-lock.json" "$builds/npm"
    npm ci --silent --no-audit --no-fund --ignore-scripts --prefix "$builds/npm"
    files=(ort.wasm.min.mjs ort-wasm-simd-threaded.mjs ort-wasm-simd-threaded.wasm)
    cp "${files[@]/#/$builds/npm/node_modules/onnxruntime-web/dist/}" "$out/ort"
    cp "$root/examples/digits/digits.onnx" "$out"
    echo "  edgec: the module         $(bytes "$module")"
    echo "  ONNX Runtime Web + model  $(cd "$out" && bytes "${files[@]/#/ort/}" digits.onnx)"
fi

case $todo in
    build-only) exit ;;
    serve)
        say "http://127.0.0.1:8000/digits.html; digits.html?compare where --compare has installed ONNX Runtime Web"
        serve 8000
        ;;
esac

browser=
for name in chromium chromium-browser google-chrome; do
    ! have $name || { browser=$(command -v $name) && break; }
done
if [ -z "$browser" ]; then
    say "skipped, as Chromium is missing: drawing in the page"
    exit
fi

# test_page PAGE [--compare] opens it in the browser.
test_page() { PYTHONDONTWRITEBYTECODE=1 python3 "$example/test/run.py" --browser "$browser" "$@"; }

say "Drawing in the page"
test_page "$out/digits.html"

if [ $todo = compare ]; then
    say "Comparing with ONNX Runtime Web"
    said=$(mktemp)
    serve 0 >"$said" 2>/dev/null &
    server=$!
    trap 'kill $server 2>/dev/null; rm -f "$said"' EXIT
    until grep -q port "$said"; do
        kill -0 $server 2>/dev/null || die "no server for the page"
        sleep 0.1
    done
    port=$(grep -o 'port [0-9]*' "$said" | grep -o '[0-9]*')
    test_page "http://127.0.0.1:$port/digits.html" --compare
fi
