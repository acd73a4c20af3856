"""The emitted model, through its functions for C.

Names and sizes are those of the header that edgec wrote beside the library; nothing of the model is repeated here.
"""

import ctypes
import re
from pathlib import Path

import numpy as np

# Side by side in the folder where cargo builds.
LIBRARY, HEADER = "libfederated.so", "digits.h"


def definitions(header):
    """The numbers and strings that a header defines, without the prefix `DIGITS_`.

    Working memory has a definition for each kind of processor: the largest serves all of them.
    """
    found = {}
    for name, number, text in re.findall(r'^#define DIGITS_(\w+) (?:(\d+)|"(.*)")', header, re.MULTILINE):
        if number:
            found[name] = max(int(number), found.get(name, 0))
        else:
            found[name] = text
    return found


def falling(rate, epoch, epochs):
    """The learning rate of an epoch, counted from 1: in the second half it falls, so that the last steps are small."""
    return rate * min(1, 2 * (1 - (epoch - 1) / epochs))


class Library:
    """The shared library, and the header that was written with it."""

    def __init__(self, folder):
        folder = Path(folder).resolve()
        self.functions = ctypes.CDLL(str(folder / LIBRARY))
        self.sizes = definitions((folder / HEADER).read_text(encoding="ascii"))


class Model:
    """One model: its working memory, which holds its parameters."""

    def __init__(self, library):
        self.library = library
        align = library.sizes["STORAGE_ALIGN"]
        # Kept, as the model is a place in it.
        self._memory = np.zeros(library.sizes["STORAGE_BYTES"] + align, np.uint8)
        self._model = ctypes.c_void_p(self._memory.ctypes.data + -self._memory.ctypes.data % align)
        self._call("init")

    def _call(self, name, *arguments):
        status = getattr(self.library.functions, f"digits_{name}")(self._model, *arguments)
        if status != self.library.sizes["OK"]:
            raise RuntimeError(f"digits_{name} gives {status}: the header says what that means")

    def _floats(self, array, size):
        """What C gets of an array, which has as many floats as the header says."""
        length = self.library.sizes[size]
        if array.dtype != np.float32 or array.size != length or not array.flags.c_contiguous:
            raise ValueError(f"{length} float32 in one piece are needed, not {array.dtype} {array.shape}")
        return ctypes.c_void_p(array.ctypes.data)

    @property
    def parameters(self):
        """A copy of all parameters, one after another."""
        copy = np.zeros(self.library.sizes["PARAMETERS"], np.float32)
        self._call("parameters", self._floats(copy, "PARAMETERS"))
        return copy

    @parameters.setter
    def parameters(self, values):
        self._call("set_parameters", self._floats(values, "PARAMETERS"))

    def epoch(self, images, labels, seed, rate):
        """A step of training with each sample, in an order that the seed chooses; gives the mean of the losses."""
        loss, total, rate = ctypes.c_float(), 0.0, ctypes.c_float(rate)
        for i in np.random.default_rng(seed).permutation(len(labels)):
            image, label = self._floats(images[i], "IMAGE_LEN"), ctypes.c_int32(labels[i])
            self._call("train_step", image, ctypes.byref(label), rate, ctypes.byref(loss))
            total += loss.value
        return total / len(labels)

    def accuracy(self, images, labels):
        """The part of the images that have their highest score at their label."""
        scores = np.zeros(self.library.sizes["SCORES_LEN"], np.float32)
        right = 0
        for image, label in zip(images, labels):
            self._call("run", self._floats(image, "IMAGE_LEN"), self._floats(scores, "SCORES_LEN"))
            right += int(scores.argmax() == label)
        return right / len(labels)
