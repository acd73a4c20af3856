"""Samples in memory as files: the compiler reads samples one at a time, as there may be more than memory holds."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Union

import numpy as np

from .arrays import numbers

#: Samples, stacked on the first axis: an array for a model of one input, or one for each input by name; or, as the
#: command takes them, `FILE.npz`, `FILE.npz:KEY`, `FILE.npz:INPUT=KEY,INPUT=KEY`, `FILE.npy` or a folder of .npy files.
Samples = Union[str, "os.PathLike[str]", np.ndarray, Mapping[str, Any], Any]


def write(samples: Any, folder: Path, name: str) -> str:
    """Writes samples into a file in `folder` called `name`, and returns its path."""
    if not isinstance(samples, Mapping):
        path = folder / f"{name}.npy"
        with open(path, "wb") as file:
            _write(file, samples)
        return str(path)
    path = folder / f"{name}.npz"
    # Not `np.savez`, which takes names as keywords beside its own.
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in samples.items():
            with archive.open(key.replace("/", "|") + ".npy", "w", force_zip64=True) as file:
                _write(file, array)
    return str(path)


def _write(file: Any, value: Any) -> None:
    array = numbers(value)
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    np.lib.format.write_array(file, np.asanyarray(array, order="C"), allow_pickle=False)
