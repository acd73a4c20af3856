"""Federated learning on this machine: a server and its clients, each a process, beside training without them.

    python run.py --library ../../target/debug

Prints how well digits are read that nobody has trained with, after each client has trained alone, after one model was
trained with the samples of all, and after each round of federated learning, with as many epochs. The exit code is 1 if
federated learning does not beat every client, or is more than a point worse than training with the samples of all.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import data
import numpy as np
import port
import samples
from model import Library, Model, falling

HERE = Path(__file__).resolve().parent
CLIENTS = 10
ROUNDS = 50
# A mean of many models forgives larger steps.
RATE_FEDERATED, RATE_ALONE = 0.2, 0.05
# Of the federated processes, in seconds.
DEADLINE = 300


class Processes:
    """The server and the clients, which end with this program."""

    def __init__(self, folder):
        self.folder, self.running = folder, {}

    def start(self, name, script, *arguments):
        # Flower reports its use and asks for updates unless told otherwise, and keeps files in the home directory.
        quiet = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1", "FLWR_HOME": str(self.folder)}
        quiet["no_proxy"] = port.HOST
        command = [sys.executable, HERE / script, *map(str, arguments)]
        with open(self.folder / f"{name}.log", "wb") as log:
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | quiet)

    def wait(self, deadline):
        """Returns when all have ended well; the first that has not is an error, as is the deadline."""
        end = time.monotonic() + deadline
        while self.running:
            for name, process in list(self.running.items()):
                if process.poll() == 0:
                    del self.running[name]
                elif process.poll() is not None:
                    log = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
                    raise SystemExit(f"{log}\nerror: {name} ended with {process.returncode}, what it said is above")
            if time.monotonic() > end:
                raise SystemExit(f"error: still running after {deadline} s: {', '.join(self.running)}")
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            process.kill()
            process.wait()


def start_all(processes, folder, library, seed, shares, held_out):
    """Gives each process its samples, and starts it."""
    at = port.free()
    samples.write(folder / "held-out.npz", *held_out)
    common = ("--library", library, "--port", at)
    server = ("--held-out", folder / "held-out.npz", "--history", folder / "history.json")
    numbers = ("--clients", CLIENTS, "--rounds", ROUNDS, "--rate", RATE_FEDERATED)
    processes.start("server", "server.py", *common, *server, *numbers)
    for number, share in enumerate(shares):
        file = folder / f"client-{number}.npz"
        samples.write(file, *share)
        client = ("--samples", file, "--number", number, "--seed", seed)
        processes.start(f"client-{number}", "client.py", *common, *client)


def trained(library, seed, share, rate):
    """A model that has trained with these samples only, for as many epochs as federated learning has rounds."""
    model = Model(library)
    for epoch in range(1, ROUNDS + 1):
        model.epoch(*share, (seed, epoch), falling(rate, epoch, ROUNDS))
    return model


def print_table(shares, alone, central, rounds):
    print("client  samples  of each digit, 0 to 9                             alone")
    for number, ((_, labels), accuracy) in enumerate(zip(shares, alone)):
        counts = "".join(f"{count:5}" for count in np.bincount(labels, minlength=data.CLASSES))
        print(f"{number:6}  {len(labels):7}  {counts}  {accuracy:6.1%}")
    print(f"\none model with the samples of all: {central:.1%}")
    print("federated, after each round:")
    for first in range(0, len(rounds), 10):
        print(f"{first:5}  " + "".join(f"{accuracy:8.1%}" for accuracy in rounds[first : first + 10]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True, help="the folder of libfederated.so and digits.h")
    parser.add_argument("--seed", type=int, default=1, help="of the split and of the order of the samples; 1")
    options = parser.parse_args()

    (images, labels), held_out = data.digits()
    shares = [(images[share], labels[share]) for share in data.shares(labels, CLIENTS, options.seed)]
    library = Library(options.library)
    with tempfile.TemporaryDirectory() as folder, Processes(Path(folder)) as processes:
        start_all(processes, Path(folder), options.library, options.seed, shares, held_out)
        alone = [trained(library, options.seed, share, RATE_ALONE).accuracy(*held_out) for share in shares]
        central = trained(library, options.seed, (images, labels), RATE_ALONE).accuracy(*held_out)
        processes.wait(DEADLINE)
        rounds = json.loads((Path(folder) / "history.json").read_text(encoding="ascii"))

    print_table(shares, alone, central, rounds)
    if rounds[-1] <= max(alone):
        raise SystemExit("error: a client alone is as good as federated learning")
    if rounds[-1] < central - 0.01:
        raise SystemExit("error: federated learning is more than a point worse than training with the samples of all")


if __name__ == "__main__":
    main()
