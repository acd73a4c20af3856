#!/usr/bin/env python3
"""Times models as `edgec bench` builds them and in ONNX Runtime, one thread each, turn by turn.

    python3 scripts/compare_onnxruntime.py [--edgec target/release/edgec] [--rounds 3] MODEL.onnx..

Prints a row of Markdown for each model: the least times of all rounds in microseconds, and how many times as long ONNX
Runtime takes; then the geometric mean of these. ONNX Runtime has all its optimisations, and its inputs and outputs are
bound. Models of fixed shapes only. Needs the packages onnxruntime and numpy.
"""

import argparse
import math
import pathlib
import re
import subprocess
import time

import numpy as np
import onnxruntime

TYPES = {
    "tensor(float)": np.float32,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
# Runs of a round: at least so many, and for so many seconds.
RUNS, SECONDS = 5, 0.5


def session(path):
    """A session with everything bound, and its binding."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding, random = model.io_binding(), np.random.default_rng(0)
    for port in model.get_inputs():
        if not all(isinstance(size, int) for size in port.shape):
            raise SystemExit(f"{path}: input {port.name} has no fixed shape: {port.shape}")
        value = random.random(port.shape).astype(TYPES[port.type])
        binding.bind_ortvalue_input(port.name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
    for port in model.get_outputs():
        binding.bind_output(port.name)
    return model, binding


def theirs(model, binding):
    """The least time of a round in ONNX Runtime, in microseconds."""
    times, end = [], time.perf_counter() + SECONDS
    while len(times) < RUNS or time.perf_counter() < end:
        start = time.perf_counter()
        model.run_with_iobinding(binding)
        times.append(time.perf_counter() - start)
    return min(times) * 1e6


def ours(edgec, path):
    """The least time that `edgec bench` measures, in microseconds."""
    output = subprocess.run([edgec, "bench", path], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"^min +([\d.]+) us", output, re.MULTILINE).group(1))


def main():
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+", metavar="MODEL.onnx")
    arguments.add_argument("--edgec", default="target/release/edgec")
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    ratios = []
    print("| model | edgec, us | ONNX Runtime, us | ratio |\n|---|--:|--:|--:|")
    for path in options.models:
        model, binding = session(path)
        # Builds, and fills the caches.
        ours(options.edgec, path)
        rounds = [(ours(options.edgec, path), theirs(model, binding)) for _ in range(options.rounds)]
        own, other = (min(times) for times in zip(*rounds))
        ratios.append(other / own)
        name = pathlib.Path(path).with_suffix("")
        print(f"| {name.parent.name}/{name.name} | {own:.1f} | {other:.1f} | {other / own:.2f} |", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"\nGeometric mean of {len(ratios)} ratios: {mean:.2f} (ONNX Runtime {onnxruntime.__version__})")


if __name__ == "__main__":
    main()
