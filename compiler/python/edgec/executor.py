"""Running models on this machine, by the kernels that devices run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .arrays import NUMPY_NAMES, array, crossing
from .artifact import Artifact, compile
from .options import takes_options

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options


class Port(NamedTuple):
    """An input or output."""

    #: Its name in the model.
    name: str
    #: Its element type, as NumPy calls it, or `bfloat16`.
    dtype: str
    #: Its shape.
    shape: tuple[int, ...]


class Executor:
    """Runs a model, or what was compiled of one, on NumPy arrays.

    It computes what the emitted code computes: integers are the same bits on every machine. Arrays are as the emitted
    `run` takes them, of exactly the element types and shapes of `inputs`. States are kept from one run to the next.
    """

    @takes_options
    def __init__(self, model: Any, **options: Unpack[Options]) -> None:
        if isinstance(model, Artifact) and options:
            raise TypeError("the options of what is compiled already are those it was compiled with")
        #: What is run.
        self.artifact: Artifact = model if isinstance(model, Artifact) else compile(model, **options)
        self._native = self.artifact._compiled.executor()
        #: The inputs, in order.
        self.inputs: list[Port] = _ports(self._native.inputs())
        #: The outputs, in order.
        self.outputs: list[Port] = _ports(self._native.outputs())

    def __call__(self, *arrays: Any, **named: Any) -> np.ndarray | list[np.ndarray]:
        """Runs one inference on arrays in the order of the inputs, or by their names. Returns the array of the output,
        or a list of arrays if there are several."""
        names = [port.name for port in self.inputs]
        twice = [name for name in names[: len(arrays)] if name in named]
        if len(arrays) > len(names) or twice or set(named) - set(names):
            raise TypeError(f"the inputs are {', '.join(names) or 'none'}: give each one array")
        given = {**dict(zip(names, arrays)), **named}
        outputs = list(self.run(given).values())
        return outputs[0] if len(outputs) == 1 else outputs

    def run(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Runs one inference on arrays by the names of inputs; returns arrays by the names of outputs."""
        missing = [port.name for port in self.inputs if port.name not in inputs]
        if missing:
            raise TypeError(f"there is no array for {', '.join(missing)}")
        given = [crossing(inputs[port.name]) for port in self.inputs]
        outputs = self._native.run(given)
        return {port.name: array(*output) for port, output in zip(self.outputs, outputs)}

    def reset(self) -> None:
        """Sets states back to what they were before the first run."""
        self._native.reset()

    def __repr__(self) -> str:
        return f"<edgec.Executor ({_shown(self.inputs)}) -> ({_shown(self.outputs)})>"


def _shown(ports: list[Port]) -> str:
    return ", ".join(f"{port.name}: {port.dtype}{list(port.shape)}" for port in ports)


def _ports(described: list[tuple[str, str, list[int]]]) -> list[Port]:
    return [Port(name, NUMPY_NAMES[dtype], tuple(shape)) for name, dtype, shape in described]
