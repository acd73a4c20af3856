#!/usr/bin/env python3
"""A table of models beside other runtimes, as `edgec bench --compare` measures them, with geometric means and a plot.

    python3 scripts/performance.py [--peers onnxruntime,litert,openvino,tract] [--plot FILE.svg] MODEL.onnx[:DIM=SIZE]..

Prints a row of Markdown for each model: the least times of all rounds in microseconds, and behind those of each peer how
many times as long it takes; then their geometric means, the versions and the processor. A dash stands where a peer does
not take a model; why is said on stderr. The peers are those of the `python3` that is found first: scripts/peers.sh
installs them. With several threads, for all, the row also has the time of edgec with one, and what the others gain.
"""

import argparse
import json
import math
import pathlib
import subprocess
import sys

PEERS = {"onnxruntime": "ONNX Runtime", "litert": "LiteRT", "openvino": "OpenVINO", "tract": "tract"}


def bench(options, model, peers, threads):
    """What `edgec bench` finds, or why it fails."""
    path, *dims = model.split(":")
    command = [options.edgec, "bench", path, "--json", "--threads", str(threads)]
    if peers:
        command += ["--compare", ",".join(peers)]
    for dim in dims:
        command += ["--dim", dim]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (json.loads(done.stdout), "") if done.returncode == 0 else (None, done.stderr.strip())


def measured(options, model, peers):
    """The best of all rounds: the times of the peers that take the model, by name, and ours by none; versions and MACs."""
    found, reason = bench(options, model, peers, options.threads)
    if found is None:
        print(f"{model}: without peers: {reason}", file=sys.stderr)
        found, reason = bench(options, model, [], options.threads)
    if found is None:
        sys.exit(f"{model}: {reason}")
    taken = [peer for peer in peers if "min_us" in found.get(peer, {})]
    for peer in peers:
        if "error" in found.get(peer, {}):
            print(f"{model}: {found[peer]['error']}", file=sys.stderr)
    rounds = [found] + [bench(options, model, taken, options.threads)[0] for _ in range(options.rounds - 1)]
    times = {"": min(found["min_us"] for found in rounds)}
    times.update({peer: min(found[peer]["min_us"] for found in rounds) for peer in taken})
    return times, {peer: found[peer]["version"] for peer in taken}, found["macs"]


def processor(threads):
    """Its name, how many there are of it and how many are used, on Linux."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    used = "one is" if threads == 1 else f"{threads} are"
    return f"{names[0]}, {len(names)} cores, of which {used} used"


def name_of(model):
    """Folder and name of a model, without its dimensions."""
    path = pathlib.Path(model.split(":")[0]).with_suffix("")
    return f"{path.parent.name}/{path.name}"


def plot(rows, peers, peak):
    """A picture in SVG: for each model the time of each peer as a multiple of ours, on a logarithmic axis."""
    marks = {peer: colour for peer, colour in zip(peers, ("#c0392b", "#2471a3", "#b9770e", "#7d3c98"))}
    shown = {peer: PEERS[peer] for peer in peers}
    if peak:
        marks["limit"], shown["limit"] = "#555555", "at the peak of floats"
    left, width, line = 290, 520, 16
    x = lambda ratio: left + width * (math.log2(min(max(ratio, 0.125), 16)) + 3) / 7
    height = 46 + line * len(rows) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 20} {height}" font-family="sans-serif"'
        ' font-size="11">',
        f'<rect width="{left + width + 20}" height="{height}" fill="#ffffff"/>',
    ]
    at = left
    for mark, colour in marks.items():
        parts.append(f'<circle cx="{at}" cy="12" r="4" fill="{colour}"/><text x="{at + 8}" y="16">{shown[mark]}</text>')
        at += 26 + 6 * len(shown[mark])
    for step in range(-3, 5):
        ratio, weight = 2.0**step, 2 if step == 0 else 1
        parts.append(
            f'<path d="M{x(ratio):.1f} 40V{height - 6}" stroke="{"#333333" if step == 0 else "#dddddd"}"'
            f' stroke-width="{weight}"/><text x="{x(ratio):.1f}" y="34" text-anchor="middle">{ratio:g}</text>'
        )
    for index, (model, times, macs) in enumerate(rows):
        y = 46 + line * index + line // 2
        parts.append(f'<text x="{left - 40}" y="{y + 4}" text-anchor="end">{model}</text>')
        ratios = {peer: times[peer] / times[""] for peer in peers if peer in times}
        if peak:
            ratios["limit"] = 2 * macs / (peak * 1e3) / times[""]
        for mark, ratio in ratios.items():
            title = f"{model}, {shown[mark]}: {ratio:.2f}"
            parts.append(
                f'<circle cx="{x(ratio):.1f}" cy="{y}" r="4" fill="{marks[mark]}"><title>{title}</title></circle>'
            )
    return "\n".join([*parts, "</svg>", ""])


def main():
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="+", metavar="MODEL.onnx[:DIM=SIZE]")
    arguments.add_argument("--edgec", default="target/release/edgec")
    arguments.add_argument("--peers", default="onnxruntime", help="which, with commas between them (default: %(default)s)")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--plot", metavar="FILE.svg", help="write a picture of the ratios")
    arguments.add_argument("--peak", type=float, metavar="GFLOPS", help="of one core, as a limit in the picture")
    options = arguments.parse_args()
    peers, threads = options.peers.split(","), options.threads
    several = ["one thread, us", "gain"] if threads > 1 else []
    heads = ["edgec, us", *several]
    for peer in peers:
        heads += [f"{PEERS[peer]}, us", "ratio"]
    print("| model | " + " | ".join(heads) + " |\n|---|" + "--:|" * len(heads))
    rows, versions = [], {}
    for model in options.models:
        times, found, macs = measured(options, model, peers)
        versions.update(found)
        rows.append((name_of(model), times, macs))
        cells = [f"{times['']:.1f}"]
        if several:
            one = min(bench(options, model, [], 1)[0]["min_us"] for _ in range(options.rounds))
            cells += [f"{one:.1f}", f"{one / times['']:.2f}"]
        for peer in peers:
            cells += [f"{times[peer]:.1f}", f"{times[peer] / times['']:.2f}"] if peer in times else ["-", "-"]
        print(f"| {name_of(model)} | " + " | ".join(cells) + " |", flush=True)
    print()
    for peer in peers:
        ratios = [times[peer] / times[""] for _, times, _ in rows if peer in times]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            print(f"Geometric mean of {len(ratios)} ratios to {PEERS[peer]} {versions[peer]}: {mean:.2f}")
    print(f"({processor(threads)})")
    if options.plot:
        pathlib.Path(options.plot).write_text(plot(rows, peers, options.peak), encoding="utf-8")


if __name__ == "__main__":
    main()
