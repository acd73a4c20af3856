#!/usr/bin/env python3
"""A table of models beside ONNX Runtime, as `edgec bench --compare onnxruntime` measures them, and the geometric means.

    python3 scripts/compare_onnxruntime.py [--edgec target/release/edgec] [--rounds 3] [--threads 1] MODEL.onnx[:DIM=SIZE]..

Prints a row of Markdown for each model: the least times of all rounds in microseconds, and how many times as long ONNX
Runtime takes; then their geometric mean, the version and the processor. With several threads, for both, the row also
has the time of edgec with one, and what the others gain.
"""

import argparse
import json
import math
import pathlib
import subprocess


def measured(edgec, model, threads):
    """What `edgec bench` finds."""
    path, *dims = model.split(":")
    command = [edgec, "bench", path, "--compare", "onnxruntime", "--json", "--threads", str(threads)]
    for dim in dims:
        command += ["--dim", dim]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def processor(threads):
    """Its name, how many there are of it and how many are used, on Linux."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    used = "one is" if threads == 1 else f"{threads} are"
    return f"{names[0]}, {len(names)} cores, of which {used} used"


def main():
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+", metavar="MODEL.onnx[:DIM=SIZE]")
    arguments.add_argument("--edgec", default="target/release/edgec")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    threads = options.threads
    several = ["one thread, us", "gain"] if threads > 1 else []
    heads = ["edgec, us", *several, "ONNX Runtime, us", "ratio"]
    print("| model | " + " | ".join(heads) + " |\n|---|" + "--:|" * len(heads))
    ratios, version = [], ""
    for model in options.models:
        rounds = [measured(options.edgec, model, threads) for _ in range(options.rounds)]
        own = min(found["min_us"] for found in rounds)
        other = min(found["onnxruntime"]["min_us"] for found in rounds)
        cells = [f"{own:.1f}"]
        if several:
            one = min(measured(options.edgec, model, 1)["min_us"] for _ in rounds)
            cells += [f"{one:.1f}", f"{one / own:.2f}"]
        cells += [f"{other:.1f}", f"{other / own:.2f}"]
        version = rounds[0]["onnxruntime"]["version"]
        ratios.append(other / own)
        name = pathlib.Path(model.split(":")[0]).with_suffix("")
        print(f"| {name.parent.name}/{name.name} | " + " | ".join(cells) + " |", flush=True)
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"\nGeometric mean of {len(ratios)} ratios: {mean:.2f} (ONNX Runtime {version}; {processor(threads)})")


if __name__ == "__main__":
    main()
