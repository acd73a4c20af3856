"""Writes two small models for the pages of questions, into the folder where it runs; it needs numpy and onnx only:
ecg.onnx, whose input has open dimensions, and detector.onnx, which ends in an operator that no device can run.
"""

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

rng = np.random.default_rng(3)


def weights(name, *shape):
    return numpy_helper.from_array(rng.normal(0, 0.2, shape).astype(np.float32), name)


def write(name, nodes, inputs, outputs, stored):
    ends = [[helper.make_tensor_value_info(n, t, shape) for n, t, shape in end] for end in (inputs, outputs)]
    graph = helper.make_graph(nodes, name, *ends, stored)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), f"{name}.onnx")


write(
    "ecg",
    [
        helper.make_node("Conv", ["signal", "w"], ["waves"], "conv", strides=[2]),
        helper.make_node("Relu", ["waves"], ["beats"], "relu"),
        helper.make_node("ReduceMean", ["beats"], ["scores"], "mean", axes=[2], keepdims=0),
    ],
    [("signal", TensorProto.FLOAT, ["batch", 1, "time"])],
    [("scores", TensorProto.FLOAT, ["batch", 4])],
    [weights("w", 4, 1, 8)],
)
write(
    "detector",
    [
        helper.make_node("Conv", ["image", "w"], ["features"], "conv", strides=[8, 8]),
        helper.make_node("Reshape", ["features", "rows"], ["grid"], "grid"),
        helper.make_node("Split", ["grid", "parts"], ["scores", "places"], "split", axis=1),
        helper.make_node("Transpose", ["places"], ["boxes"], "turn", perm=[0, 2, 1]),
        helper.make_node("NonMaxSuppression", ["boxes", "scores", "most"], ["chosen"], "nms"),
    ],
    [("image", TensorProto.FLOAT, [1, 3, 64, 64])],
    [("chosen", TensorProto.INT64, ["boxes found", 3])],
    [
        weights("w", 6, 3, 8, 8),
        numpy_helper.from_array(np.array([1, 6, 64]), "rows"),
        numpy_helper.from_array(np.array([2, 4]), "parts"),
        numpy_helper.from_array(np.array([10]), "most"),
    ],
)
