"""Models of the tests."""

from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples/digits/digits.onnx"
CALIBRATION = ROOT / "examples/digits/calibration.npz"


def model(nodes, inputs, outputs, stored=(), opset=17) -> ModelProto:
    """A model; inputs and outputs are name, element type and shape."""
    value = lambda port: helper.make_tensor_value_info(*port)
    graph = helper.make_graph(
        nodes,
        "graph",
        [value(port) for port in inputs],
        [value(port) for port in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(stored).items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def of_one_node(operator, inputs, outputs, **attributes) -> ModelProto:
    """A model of one node called `it`."""
    names = lambda ports: [port[0] for port in ports]
    node = helper.make_node(operator, names(inputs), names(outputs), name="it", **attributes)
    return model([node], inputs, outputs)


FLOAT = TensorProto.FLOAT


def counter() -> ModelProto:
    """Adds its input to a state."""
    node = helper.make_node("Add", ["x", "before"], ["after"], name="sum")
    ports = [("x", FLOAT, [2]), ("before", FLOAT, [2])]
    twice = helper.make_node("Add", ["after", "after"], ["y"], name="twice")
    return model([node, twice], ports, [("y", FLOAT, [2]), ("after", FLOAT, [2])])


def digits(count=40, seed=1):
    """Images like those of the digits' model, and what it says of them."""
    return np.random.default_rng(seed).random((count, 1, 8, 8), dtype=np.float32)
