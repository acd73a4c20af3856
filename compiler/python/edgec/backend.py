"""A backend of ONNX: `onnx.backend.test` and others run models by it.

    import edgec.backend

    edgec.backend.run_model(model, [x])

Shapes are known when a model is compiled, so that a prepared model is compiled by the first inputs that it is run on,
and again for inputs of other shapes. Inputs that decide a shape are compiled in.
"""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import onnx
from onnx.backend.base import Backend as OnnxBackend
from onnx.backend.base import BackendRep, Device, DeviceType, namedtupledict

from .errors import Error
from .evaluation import inspect
from .executor import Executor

#: Most elements of an input that is compiled in: it is to be a shape, axes or the like.
MOST_BAKED = 16
#: Kinds of errors that say that a model is beyond what edgec compiles.
REFUSALS = ("load", "operators", "dimensions")


class Prepared(BackendRep):
    """A model to run."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        stored = {tensor.name for tensor in model.graph.initializer}
        self.inputs = [value.name for value in model.graph.input if value.name not in stored]
        self.outputs = [value.name for value in model.graph.output]
        self.compiled: dict[Any, Executor] = {}

    def run(self, inputs: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Runs it on arrays, in order or by name; gives arrays in order, also by name."""
        named = inputs if isinstance(inputs, dict) else dict(zip(self.inputs, inputs))
        arrays = {name: np.asarray(array) for name, array in named.items()}
        executor = self._executor(arrays)
        results = executor.run({port.name: arrays[port.name] for port in executor.inputs})
        return namedtupledict("Outputs", self.outputs)(*(results[name] for name in self.outputs))

    def _executor(self, arrays: dict[str, np.ndarray]) -> Executor:
        shapes = {name: array.shape for name, array in arrays.items()}
        baked: dict[str, np.ndarray] = {}
        while True:
            fixed = tuple((name, array.dtype.str, array.tobytes()) for name, array in baked.items())
            key = (tuple(shapes.items()), fixed)
            if key in self.compiled:
                return self.compiled[key]
            try:
                self.compiled[key] = Executor(self.model, shapes=shapes, bake=baked)
            except Error as error:
                asked = {name for problem in error.problems for name in problem.bake} - set(baked)
                more = {name: arrays[name] for name in asked if name in arrays and arrays[name].size <= MOST_BAKED}
                if not more:
                    raise refused(error) from error
                baked.update(more)


def refused(error: Error) -> Exception:
    """What ONNX's tests expect of a backend that a model is beyond; any other error as it is."""
    if error.kind not in REFUSALS:
        return error
    from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

    return BackendIsNotSupposedToImplementIt(str(error))


class Backend(OnnxBackend):
    """What `onnx.backend.test.BackendTest` takes."""

    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> bool:
        """Whether every operator of the model is known."""
        return all(operator["supported"] for operator in inspect(model)["operators"])

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> Prepared:
        """A model to run again and again."""
        if not cls.supports_device(device):
            raise Error(f"there is no device {device}", "models run on the CPU")
        return Prepared(model)

    @classmethod
    def run_node(
        cls, node: onnx.NodeProto, inputs: Any, device: str = "CPU", outputs_info: Any = None, **kwargs: Any
    ) -> tuple[Any, ...]:
        """Runs one node on arrays; `opset_version` says by which operators, by default the newest."""
        arrays = [np.asarray(array) for array in inputs]
        version = kwargs.get("opset_version", onnx.defs.onnx_opset_version())
        names = [name for name in node.input if name]
        value = lambda name, array: onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        graph = onnx.helper.make_graph(
            [node],
            "node",
            [value(name, array) for name, array in zip(names, arrays)],
            [onnx.ValueInfoProto(name=name) for name in node.output if name],
        )
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(node.domain, version)])
        return cls.run_model(model, dict(zip(names, arrays)), device)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether models run on this device: the CPU."""
        return Device(device).type == DeviceType.CPU


is_compatible = Backend.is_compatible
prepare = Backend.prepare
run_model = Backend.run_model
run_node = Backend.run_node
supports_device = Backend.supports_device
