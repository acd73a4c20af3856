#!/usr/bin/env python3
"""Writes random float models with calibration samples, and how far ONNX Runtime's static quantizer is from floats on them.

    python3 scripts/random_ptq --seed 1 --count 100 FOLDER
    cargo test -p codegen-tests --test random

Each model is FOLDER/K/model.onnx with its samples FOLDER/K/calib.npz; FOLDER/reference.json has the signal to noise of
each output in decibels, over the first 32 samples, or null where ONNX Runtime's quantizer fails. The models have
branches, concatenations, shared readers, pads, masks, reductions and casts. The same arguments give the same models.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import onnx

import models
import reference

SAMPLES = 64
COMPARED = 32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=24, help="models")
    return parser.parse_args()


def main():
    args = arguments()
    found = {}
    for number in range(args.count):
        folder = args.folder / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng([args.seed, number])
        model = models.draw(random)
        samples = {
            i.name: models.samples(random, [d.dim_value for d in i.type.tensor_type.shape.dim], SAMPLES)
            for i in model.graph.input
        }
        onnx.save(model, folder / "model.onnx")
        np.savez(folder / "calib.npz", **samples)
        found[number] = reference.decibels(folder / "model.onnx", samples, COMPARED)
    (args.folder / "reference.json").write_text(json.dumps(found))


if __name__ == "__main__":
    sys.exit(main())
