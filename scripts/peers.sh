#!/usr/bin/env bash
# Installs the runtimes that `edgec bench --compare` and scripts/performance.py measure beside emitted code into a
# folder of their own, target/peers, and says how they are found. Nothing else of the project needs them.
#
#   scripts/peers.sh
set -euo pipefail
. "$(dirname "$0")/lib.sh"

folder=${CARGO_TARGET_DIR:-$root/target}/peers
have python3 || die "python3 is missing: apt-get install python3 python3-venv"
say "ONNX Runtime, LiteRT, OpenVINO and tract (${folder#"$root"/})"
[ -x "$folder/bin/python3" ] || python3 -m venv "$folder"
"$folder/bin/python3" -m pip install --quiet --disable-pip-version-check \
    numpy==2.4.6 onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9 ai-edge-litert==2.1.0
# LiteRT takes no ONNX. What converts it needs older packages: it gets a folder of its own, and the program is linked.
converter=$folder-converter
say "onnx2tf, with TensorFlow (${converter#"$root"/}): half a gigabyte"
[ -x "$converter/bin/python3" ] || python3 -m venv "$converter"
"$converter/bin/python3" -m pip install --quiet --disable-pip-version-check \
    onnx2tf==1.29.24
ln -sf "$(realpath "$converter")/bin/onnx2tf" "$folder/bin/onnx2tf"
say "Installed. They are found with: export PATH=$folder/bin:\$PATH"
