"""Writes digits.onnx beside this file: the network that all clients train, without anything learned.

    pip install -r ../digits/requirements.txt && python network.py

    image [1,64] -> Gemm, Relu [1,64] -> Gemm -> scores [1,10]

The weights are zeros: what training begins with is chosen in build.rs.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
PIXELS, HIDDEN, CLASSES = 64, 64, 10


def network():
    """The model, opset 17."""
    shapes = {
        "hidden.weight": (HIDDEN, PIXELS),
        "hidden.bias": (HIDDEN,),
        "scores.weight": (CLASSES, HIDDEN),
        "scores.bias": (CLASSES,),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["image", "hidden.weight", "hidden.bias"], ["sums"], "hidden", transB=1),
            helper.make_node("Relu", ["sums"], ["features"], "relu"),
            helper.make_node("Gemm", ["features", "scores.weight", "scores.bias"], ["scores"], "scores", transB=1),
        ],
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, PIXELS])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in shapes.items()],
    )
    model = helper.make_model(
        graph, producer_name="edgec-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    onnx.save(network(), HERE / "digits.onnx")
    print(f"digits.onnx: {(HERE / 'digits.onnx').stat().st_size} bytes")
