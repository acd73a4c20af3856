"""Samples in a file, which one process has."""

import numpy as np


def write(path, images, labels):
    """Samples as a file, which one process reads."""
    np.savez(path, images=images, labels=labels)


def read(path):
    """Images and labels of a file."""
    with np.load(path) as file:
        return np.ascontiguousarray(file["images"]), file["labels"]
