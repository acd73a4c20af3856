"""A model with options, as the compiler takes them."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Iterator, TypeVar

import numpy as np

from . import _edgec
from .arrays import Crossing, crossing
from .errors import Error
from .options import DEFAULTS, check
from .progress import Listener, shown
from .samples import Samples, write

T = TypeVar("T")


def source(model: Any) -> tuple[str | None, bytes | None]:
    """The path of a model's file, or what the file would hold."""
    if isinstance(model, (str, os.PathLike)):
        return os.fspath(model), None
    if isinstance(model, (bytes, bytearray, memoryview)):
        return None, bytes(model)
    # What `torch.onnx.export` gives.
    model = getattr(model, "model_proto", model)
    serialize = getattr(model, "SerializeToString", None)
    if serialize is None:
        raise TypeError(f"a model is a path, the bytes of a file, or an onnx.ModelProto, not {type(model).__name__}")
    return None, serialize()


class Job:
    """A model with options. Keeps samples that were in memory in files, for as long as somebody may read them."""

    def __init__(self, model: Any, options: Mapping[str, Any]) -> None:
        check(options)
        self.model, self.given = model, dict(options)
        self.path, data = source(model)
        values = {**DEFAULTS, **options}
        self.progress = values.pop("progress")
        baked, tested = self._arrays(values)
        for name in ("calibrate", "loss_samples"):
            if values[name] is not None:
                values[name] = self.in_file(values[name], name)
        values["command"] = self._call()
        with self._errors():
            self.native = _edgec.Model(self.path, data, _json(values), baked, tested)

    @property
    def stem(self) -> str:
        """Name of the model's file without its ending, or `model`."""
        return Path(self.path).stem if self.path is not None else "model"

    def run(self, work: Callable[[Listener | None], T]) -> T:
        """Does long work, which is shown."""
        with self._errors(), shown(self.progress) as listener:
            return work(listener)

    @functools.cached_property
    def folder(self) -> Path:
        """A folder for samples, which goes away with this."""
        folder = tempfile.mkdtemp(prefix="edgec-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def in_file(self, samples: Samples, name: str) -> str:
        """Where samples are, as the command takes it: in a file called `name` where they are in memory."""
        if isinstance(samples, (str, os.PathLike)):
            return os.fspath(samples)
        return write(samples, self.folder, name)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Error as error:
            if "folder" not in vars(self):
                raise
            # Where samples are for the compiler's sake is no concern of users.
            raise error.without(f"{self.folder}{os.sep}") from None

    def _arrays(self, values: dict[str, Any]) -> tuple[dict[str, Crossing], dict[str, Crossing]]:
        """Takes out the values of inputs that are arrays: those baked, and those of the self-test."""
        bake, tested = values["bake"], values["self_test"]
        baked = {name: crossing(value) for name, value in bake.items() if hasattr(value, "dtype")}
        values["bake"] = {name: _numbers(value) for name, value in bake.items() if name not in baked}
        if not isinstance(tested, Mapping):
            return baked, {}
        values["self_test"] = True
        return baked, {name: crossing(value) for name, value in tested.items()}

    def _call(self) -> str:
        """The call that makes the same again, without folders and with dots for what is in memory."""
        words = [repr(Path(self.path).name) if self.path is not None else "model"]
        for name, value in self.given.items():
            if name != "progress" and value is not DEFAULTS[name]:
                words.append(f"{name}={_shown(name, value)}")
        return f"edgec.compile({', '.join(words)})"


def _shown(name: str, value: Any) -> str:
    if name in ("calibrate", "loss_samples", "tuned"):
        return repr(os.path.basename(value)) if isinstance(value, (str, os.PathLike)) else ".."
    text = repr(value)
    return text if len(text) < 200 and "\n" not in text else ".."


def _numbers(value: Any) -> list[float]:
    """A number or several, as the element type of the input takes them."""
    return [float(number) for number in np.ravel(value)]


def _json(values: dict[str, Any]) -> str:
    """Options as JSON, each in a line of its own, by which errors tell which one is wrong."""
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in _plain(values).items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Options in types that JSON has."""
    outputs, trainable = values["outputs"], values["trainable"]
    layout, fast, tuned = values["input_layout"], values["fast_weights"], values["tuned"]
    return {
        **values,
        "dims": {name: int(size) for name, size in values["dims"].items()},
        "shapes": {name: [int(size) for size in shape] for name, shape in values["shapes"].items()},
        "outputs": [outputs] if isinstance(outputs, str) else list(outputs),
        "trainable": trainable.split(",") if isinstance(trainable, str) else list(trainable),
        "input_layout": layout if isinstance(layout, str) else dict(layout),
        "state": dict(values["state"]),
        "stream": {name: _frames(value) for name, value in values["stream"].items()},
        "fast_weights": fast if fast is None else str(fast),
        "tuned": tuned if tuned is None else os.fspath(tuned),
    }


def _frames(value: Any) -> tuple[int, int | None]:
    """The axis of time, and how many frames a run takes."""
    return (value[0], value[1]) if isinstance(value, (tuple, list)) else (value, None)
