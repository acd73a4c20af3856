"""Writes student.onnx, the network that learns, and digits.npz, what it learns from and is judged by, beside this file.

    pip install -r ../digits/requirements.txt && python make.py

    image [1,1,8,8] -> Flatten -> Gemm, Relu [1,16] -> Gemm -> scores [1,10]

The student's weights are zeros: what training begins with is chosen in build.rs.

Data: as of examples/digits/train.py, whose network is the teacher. `unlabelled` are digits that the teacher was trained
with, of which `known` says what the first are; `images` and `labels` are the 360 that it has not seen.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
HIDDEN, CLASSES, PIXELS = 16, 10, 64
# As in examples/digits/train.py.
SEED, HELD_OUT = 7, 360
UNLABELLED, KNOWN = 600, 100


def student():
    """The model, opset 17."""
    shapes = {
        "hidden.weight": (HIDDEN, PIXELS),
        "hidden.bias": (HIDDEN,),
        "scores.weight": (CLASSES, HIDDEN),
        "scores.bias": (CLASSES,),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["image"], ["pixels"], "flatten"),
            helper.make_node("Gemm", ["pixels", "hidden.weight", "hidden.bias"], ["sums"], "hidden", transB=1),
            helper.make_node("Relu", ["sums"], ["features"], "relu"),
            helper.make_node("Gemm", ["features", "scores.weight", "scores.bias"], ["scores"], "scores", transB=1),
        ],
        "student",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, CLASSES])],
        [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in shapes.items()],
    )
    model = helper.make_model(
        graph, producer_name="edgec-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    digits = load_digits()
    pixels, labels = digits.data.astype(np.uint8), digits.target.astype(np.uint8)
    chosen = np.random.default_rng(SEED).choice(len(pixels) - HELD_OUT, UNLABELLED, replace=False)
    np.savez_compressed(
        HERE / "digits.npz",
        unlabelled=pixels[chosen],
        known=labels[chosen[:KNOWN]],
        images=pixels[-HELD_OUT:],
        labels=labels[-HELD_OUT:],
    )
    onnx.save(student(), HERE / "student.onnx")
    for name in ["digits.npz", "student.onnx"]:
        print(f"{name}: {(HERE / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
