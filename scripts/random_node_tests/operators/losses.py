"""Losses, and what counts words."""
import numpy as np

from cases import I32, I64, Case, Redraw, rounding
from operators import generates


@generates("NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss")
def loss(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    classes = draw.integer(1, 6)
    outer = (draw.integer(1, 4), *(draw.integer(1, 4) for _ in range(draw.integer(0, 3))))
    scores = draw.uniform(outer[:1] + (classes,) + outer[1:], dtype, -4, 0)
    labels = draw.rng.integers(0, classes, outer).astype(draw.pick([I32, I64]))
    attributes = {"reduction": draw.pick(["none", "sum", "mean"])} if draw.chance(0.8) else {}
    if draw.chance(0.5):
        ignored = draw.pick([-1, -100, classes, draw.integer(0, classes - 1)])
        attributes["ignore_index"] = ignored
        labels = np.where(draw.rng.random(outer) < 0.2, ignored, labels).astype(labels.dtype)
        if attributes.get("reduction", "mean") == "mean" and np.all(labels == ignored):
            raise Redraw("a mean of nothing")
    inputs = [draw.operand(scores, 0.1), draw.operand(labels, 0.2)]
    inputs.append(draw.optional(0.5, lambda: draw.operand(draw.uniform((classes,), dtype, 0.2, 2), 0.7)))
    outputs = (True, True) if name == "SoftmaxCrossEntropyLoss" and draw.chance(0.4) else (True,)
    return Case(name, opset, inputs, attributes, outputs, atol=rounding(dtype, 16))
