"""Operators that surround, cut, mirror and rearrange images and sequences."""
import numpy as np

from cases import I32, I64, Case
from operators import generates


@generates("Pad")
def pad(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4)
    dtype = draw.type_of(name, opset)
    modes = ["constant", "constant", "edge", "reflect"] + (["wrap"] if opset >= 19 else [])
    mode = draw.pick(modes)
    axes = draw.axes(len(shape), 1) if opset >= 18 and draw.chance(0.5) else None
    padded = list(range(len(shape))) if axes is None else axes
    amounts = [[], []]
    for axis in padded:
        size = shape[axis]
        for side in amounts:
            most = size - 1 if mode == "reflect" else size if mode == "wrap" else 3
            # Negative amounts take elements away.
            low = -1 if mode == "constant" and size >= 3 and draw.chance(0.3) else 0
            side.append(draw.integer(low, max(min(most, 3), 0)) if size or mode == "constant" else 0)
    pads = amounts[0] + amounts[1]
    attributes = {"mode": mode} if mode != "constant" or draw.chance(0.5) else {}
    x = draw.operand(draw.any(shape, dtype), 0.1)
    if opset < 11:
        attributes |= {"value": draw.number(-3, 3)} if draw.chance(0.5) else {}
        key = "paddings" if opset < 2 else "pads"
        same_as = Case(name, 2, [x], attributes | {"pads": pads}) if opset < 2 else None
        return Case(name, opset, [x], attributes | {key: pads}, same_as=same_as)
    value = draw.optional(0.6, lambda: draw.operand(draw.exact((), dtype, 9), 0.6))
    names = [] if axes is None else [draw.operand(np.array(axes, draw.pick([I32, I64])), 0.8)]
    return Case(name, opset, [x, draw.ints(pads), value, *names], attributes)


@generates("DepthToSpace", "SpaceToDepth")
def blocks(draw, name):
    opset = draw.opset(name)
    size = draw.integer(1, 3)
    batch, channels, height, width = (draw.size(3) for _ in range(4))
    if name == "DepthToSpace":
        shape = (batch, channels * size * size, height, width)
        modes = ["DCR", "CRD"] if opset >= 11 else []
    else:
        shape = (batch, channels, height * size, width * size)
        modes = ["DCR", "CRD"] if opset >= 28 else []
    attributes = {"blocksize": size} | ({"mode": draw.pick(modes)} if modes and draw.chance(0.7) else {})
    return Case(name, opset, [draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)], attributes)


@generates("CenterCropPad")
def crop(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4, empty=0)
    axes = draw.axes(len(shape), 1) if draw.chance(0.5) else None
    wanted = [draw.integer(1, 8) for _ in (shape if axes is None else axes)]
    target = draw.operand(np.array(wanted, draw.pick([I32, I64])), 0.8)
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)
    return Case(name, opset, [x, target], {"axes": axes})


@generates("Trilu")
def triangle(draw, name):
    opset = draw.opset(name)
    x = draw.operand(draw.any(draw.shape(2, 4), draw.type_of(name, opset)), 0.1)
    k = draw.optional(0.7, lambda: draw.operand(np.array(draw.integer(-8, 8), I64), 0.6))
    return Case(name, opset, [x, k], {"upper": draw.integer(0, 1)} if draw.chance(0.7) else {})


@generates("ReverseSequence")
def reverse_sequence(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(2, 4, empty=0)
    batch_axis = draw.integer(0, 1)
    lengths = draw.rng.integers(0 if opset >= 28 else 1, shape[1 - batch_axis] + 1, shape[batch_axis]).astype(I64)
    attributes = {"batch_axis": batch_axis, "time_axis": 1 - batch_axis}
    if batch_axis == 1 and draw.chance(0.3):
        attributes = {}
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)
    return Case(name, opset, [x, draw.operand(lengths, 0.4)], attributes)
