#!/usr/bin/env python3
"""A table of models beside ONNX Runtime, as `edgec bench --compare onnxruntime` measures them, and the geometric means.

    python3 scripts/compare_onnxruntime.py [--edgec target/release/edgec] [--rounds 3] MODEL.onnx[:DIM=SIZE]..

Prints a row of Markdown for each model: the least times of all rounds in microseconds, and how many times as long ONNX
Runtime takes; then their geometric mean, the version and the processor.
"""

import argparse
import json
import math
import pathlib
import subprocess


def measured(edgec, model):
    """What `edgec bench` finds."""
    path, *dims = model.split(":")
    command = [edgec, "bench", path, "--compare", "onnxruntime", "--json"]
    for dim in dims:
        command += ["--dim", dim]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def processor():
    """Its name and how many there are of it, on Linux."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores, of which one is used"


def main():
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+", metavar="MODEL.onnx[:DIM=SIZE]")
    arguments.add_argument("--edgec", default="target/release/edgec")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    ratios, version = [], ""
    print("| model | edgec, us | ONNX Runtime, us | ratio |\n|---|--:|--:|--:|")
    for model in options.models:
        rounds = [measured(options.edgec, model) for _ in range(options.rounds)]
        own = min(found["min_us"] for found in rounds)
        other = min(found["onnxruntime"]["min_us"] for found in rounds)
        version = rounds[0]["onnxruntime"]["version"]
        ratios.append(other / own)
        name = pathlib.Path(model.split(":")[0]).with_suffix("")
        print(f"| {name.parent.name}/{name.name} | {own:.1f} | {other:.1f} | {other / own:.2f} |", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"\nGeometric mean of {len(ratios)} ratios: {mean:.2f} (ONNX Runtime {version}; {processor()})")


if __name__ == "__main__":
    main()
