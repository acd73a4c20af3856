"""Normalisations."""
import dataclasses

import numpy as np

from cases import F32, Case, Operand, Redraw, rounding
from operators import generates


def epsilon(draw):
    return {"epsilon": draw.pick([1e-5, 1e-3, 0.1])} if draw.chance(0.5) else {}


def near(dtype):
    """Results are of size 1 to 10, and differences from a mean cancel."""
    return {"atol": rounding(dtype, 20)}


@generates("BatchNormalization")
def batch(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    others = draw.type_of(name, opset, "T1" if opset >= 15 else "U") if opset >= 14 else dtype
    shape = (draw.size(3), draw.size(6, 0), *(draw.size(5) for _ in range(draw.integer(0, 3))))
    attributes = epsilon(draw) | ({"momentum": 0.8} if draw.chance(0.3) else {})
    channels = shape[1:2]
    if opset < 9 and draw.chance(0.2):
        attributes["spatial"] = 1
    if opset < 7:
        attributes["is_test"] = 1
    if opset < 6:
        attributes["consumed_inputs"] = [0, 0, 0, 1, 1]
    statistics = [draw.uniform(channels, others, low, 2) for low in (-2, -2, -2, 0.2)]
    inputs = [draw.operand(draw.uniform(shape, dtype), 0.05), *(draw.operand(s, 0.8) for s in statistics)]
    case = Case(name, opset, inputs, attributes, **near(dtype))
    if opset >= 14 and draw.chance(0.2) and 0 not in shape:
        # The statistics of the batch; the runtime computes them only where it is built for training.
        case.attributes |= {"training_mode": 1}
        return dataclasses.replace(case, outputs=(True,) * 3, references=("widened_evaluator", "evaluator"))
    if opset in (7, 8) and draw.chance(0.2):
        # Numbers for each element rather than each channel.
        each = [draw.operand(draw.uniform(shape[1:], dtype, low, 2), 0.8) for low in (-2, -2, -2, 0.2)]
        return dataclasses.replace(case, inputs=[inputs[0], *each], attributes=attributes | {"spatial": 0})
    if opset < 9:
        newer = {key: value for key, value in attributes.items() if key in ("epsilon", "momentum")}
        case.same_as = dataclasses.replace(case, opset=9, attributes=newer)
    return case


@generates("InstanceNormalization")
def instance(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = (draw.size(3), draw.size(5, 0), *(draw.size(6, 0) for _ in range(draw.integer(1, 3))))
    weights = [draw.operand(draw.uniform(shape[1:2], dtype), 0.8) for _ in range(2)]
    inputs = [draw.operand(draw.uniform(shape, dtype), 0.05), *weights]
    case = Case(name, opset, inputs, epsilon(draw), **near(dtype))
    if opset < 6:
        case.same_as = dataclasses.replace(case, opset=6)
        case.attributes = case.attributes | ({"consumed_inputs": [0, 0, 0]} if draw.chance(0.3) else {})
    return case


@generates("GroupNormalization")
def group(draw, name):
    # Version 18, deprecated, scales groups; 21 scales channels.
    opset = draw.pick([18, 20, 21, 28])
    dtype = draw.type_of(name, opset)
    groups = draw.integer(1, 4)
    shape = (draw.size(3), groups * draw.integer(1, 3), *(draw.size(5, 0) for _ in range(draw.integer(1, 3))))
    weights = [draw.uniform((groups if opset < 21 else shape[1],), dtype) for _ in range(2)]
    x = draw.uniform(shape, dtype)
    if np.any(x.astype(np.float64).reshape(shape[0], groups, int(np.prod(shape[1:])) // groups).var(-1) < 0.05):
        # The references subtract the square of the mean from the mean of squares, which loses digits.
        raise Redraw("numbers that are nearly equal")
    inputs = [draw.operand(x, 0.05), *(draw.operand(w, 0.8) for w in weights)]
    attributes = epsilon(draw) | {"num_groups": groups}
    attributes |= {"stash_type": 1} if opset >= 21 and draw.chance(0.3) else {}
    case = Case(name, opset, inputs, attributes, **near(dtype))
    if opset < 21:
        each = [Operand(np.repeat(w, shape[1] // groups)) for w in weights]
        case.same_as = dataclasses.replace(case, opset=21, inputs=[inputs[0], *each])
        case.deprecated = True
    return case


@generates("LayerNormalization", "RMSNormalization")
def layer(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4, empty=0)
    axis = draw.axis(len(shape))
    attributes = epsilon(draw) | ({"axis": axis} if axis not in (-1, len(shape) - 1) or draw.chance(0.5) else {})
    attributes |= {"stash_type": 1} if draw.chance(0.2) else {}
    normalized = shape[axis:] if axis < 0 else shape[axis:]
    scale = draw.uniform(draw.broadcast(normalized) if draw.chance(0.2) else normalized, dtype)
    inputs = [draw.operand(draw.uniform(shape, dtype), 0.05), draw.operand(scale, 0.8)]
    if name == "RMSNormalization":
        return Case(name, opset, inputs, attributes, **near(dtype))
    inputs.append(draw.optional(0.6, lambda: draw.operand(draw.uniform(normalized, dtype), 0.8)))
    outputs = draw.pick([(True,), (True,), (True, True), (True, True, True), (True, False, True)])
    return Case(name, opset, inputs, attributes, outputs, **near(dtype))


@generates("LRN")
def local_response(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = (draw.size(2), draw.size(9, 0), *(draw.size(4) for _ in range(draw.integer(1, 3))))
    attributes = {"size": draw.integer(1, 6)}
    limits = {"alpha": (1e-4, 2), "beta": (0.2, 1.5), "bias": (0.5, 2)}
    attributes |= {key: draw.number(*limit) for key, limit in limits.items() if draw.chance(0.6)}
    x = draw.uniform(shape, dtype)

    def own():
        """By the text: the runtime has no even sizes, and neither has other images than those of two axes."""
        size, squares = attributes["size"], np.square(x.astype(np.float64))
        sums = np.zeros_like(squares)
        for channel in range(shape[1]):
            first, last = channel - (size - 1) // 2, channel + size // 2
            sums[:, channel] = squares[:, max(0, first) : last + 1].sum(1)
        scale = attributes.get("bias", 1.0) + attributes.get("alpha", 1e-4) / size * sums
        return [(x / scale ** attributes.get("beta", 0.75)).astype(dtype)]

    references = ("widened", "runtime")
    return Case(name, opset, [draw.operand(x, 0.05)], attributes, references=references, own=own, **near(dtype))


@generates("MeanVarianceNormalization")
def mean_variance(draw, name):
    opset = draw.opset(name)
    # Its function as ONNX defines it is valid for no other type.
    dtype = F32
    shape = (draw.integer(2, 3), draw.integer(1, 4), draw.integer(2, 5), draw.integer(2, 5))
    attributes = {"axes": draw.axes(4, 1)} if draw.chance(0.6) else {}
    x = draw.distinct(shape, dtype) / dtype.type(8)
    # Of equal numbers the runtime makes NaN, against the function that defines the operator.
    return Case(name, opset, [draw.operand(x, 0.05)], attributes, references=("evaluator",), **near(dtype))
