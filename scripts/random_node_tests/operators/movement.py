"""Operators that move elements, by attributes and by operands that decide a shape."""
import dataclasses

import numpy as np

from cases import I32, I64, Case, Operand
from operators import generates


@generates("Transpose")
def transpose(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(0, 6, most=4)
    perm = draw.shuffled(range(len(shape)))
    attributes = {"perm": perm} if draw.chance(0.8) and shape else {}
    return Case(name, opset, [draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)], attributes)


@generates("Reshape")
def reshape(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(0, 4, most=6)
    total = int(np.prod(shape))
    wanted, rest = [], total
    for _ in range(draw.integer(0, 3)):
        factor = draw.pick([f for f in range(1, max(rest, 1) + 1) if rest % f == 0][:8]) if rest else draw.integer(0, 3)
        wanted.append(factor)
        rest = rest // factor if rest and factor else rest
    if int(np.prod(wanted)) != total:
        wanted.append(rest)
    keeps_zeros = opset >= 14 and 0 in wanted and draw.chance(0.7)
    if not keeps_zeros:
        # A zero stands for the input's dimension, a -1 for what remains.
        wanted = [0 if i < len(shape) and w == shape[i] and draw.chance(0.5) else w for i, w in enumerate(wanted)]
        if total and wanted and draw.chance(0.5):
            wanted[draw.integer(0, len(wanted) - 1)] = -1
    attributes = {"allowzero": 1} if keeps_zeros else {"allowzero": 0} if opset >= 14 and draw.chance(0.3) else {}
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)
    if opset < 5:
        same_as = Case(name, 5, [x, Operand(np.array(wanted, I64))])
        return Case(name, opset, [x], {"shape": wanted}, same_as=same_as)
    return Case(name, opset, [x, draw.ints(wanted)], attributes)


@generates("Flatten")
def flatten(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1 if opset < 9 else 0, 5, most=4)
    axis = draw.integer(-len(shape) if opset >= 11 else 0, len(shape))
    attributes = {"axis": axis} if draw.chance(0.8) or len(shape) < 1 else {}
    return Case(name, opset, [draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)], attributes)


@generates("Squeeze", "Unsqueeze")
def squeeze(draw, name):
    opset = draw.opset(name)
    shape = list(draw.shape(0, 4))
    if name == "Squeeze":
        for _ in range(draw.integer(0, 3)):
            shape.insert(draw.integer(0, len(shape)), 1)
        ones = [i for i, size in enumerate(shape) if size == 1]
        axes = draw.shuffled(ones)[: draw.integer(1, len(ones))] if ones and draw.chance(0.8) else None
        rank = len(shape)
    else:
        added = draw.integer(1, 3)
        rank = len(shape) + added
        axes = draw.shuffled(range(rank))[:added]
        axes = axes if draw.chance(0.5) or opset >= 13 else sorted(axes)
    if axes is not None and opset >= 11:
        axes = [axis - rank if draw.chance(0.4) else axis for axis in axes]
    x = draw.operand(draw.any(tuple(shape), draw.type_of(name, opset)), 0.1)
    if opset < 13:
        return Case(name, opset, [x], {"axes": axes})
    return Case(name, opset, [x] + ([] if axes is None else [draw.ints(axes)]))


@generates("Expand")
def expand(draw, name):
    opset = draw.opset(name)
    whole = draw.shape()
    x, shape = draw.any(draw.broadcast(whole), draw.type_of(name, opset)), draw.broadcast(whole)
    return Case(name, opset, [draw.operand(x, 0.1), draw.ints(list(shape))])


@generates("Tile")
def tile(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4, most=4)
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)
    if opset >= 6:
        return Case(name, opset, [x, draw.ints([draw.size(3) for _ in shape])])
    axis, tiles = draw.integer(0, len(shape) - 1), draw.integer(1, 3)
    repeats = [tiles if i == axis else 1 for i in range(len(shape))]
    inputs = [x, *(Operand(np.array(v, x.value.dtype), True) for v in (tiles, axis))]
    return Case(name, opset, inputs, same_as=Case(name, 6, [x, Operand(np.array(repeats, I64))]))


@generates("Concat")
def concat(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = list(draw.shape(1, 4))
    axis = draw.axis(len(shape), opset >= 11)
    if opset < 4:
        # Its default axis is 1.
        attributes = {} if axis == 1 and draw.chance(0.5) else {"axis": axis}
    else:
        attributes = {"axis": axis}
    parts = []
    for _ in range(draw.integer(1, 5)):
        shape[axis] = draw.size()
        parts.append(draw.operand(draw.any(tuple(shape), dtype)))
    if draw.chance(0.1):
        parts = [parts[0]] * draw.integer(2, 3)
    same_as = Case(name, 4, parts, {"axis": axis}) if opset < 4 else None
    return Case(name, opset, parts, attributes, same_as=same_as)


@generates("Split")
def split(draw, name):
    opset = draw.opset(name)
    shape = list(draw.shape(1, 4))
    axis = draw.axis(len(shape), opset >= 11)
    attributes = {"axis": axis} if axis != 0 or draw.chance(0.5) else {}
    count = draw.integer(1, 4)
    x = lambda: draw.operand(draw.any(tuple(shape), draw.type_of(name, opset)), 0.1)
    outputs = (True,) * count
    if draw.chance(0.5):
        sizes = [draw.size(4) for _ in range(count)]
        shape[axis] = sum(sizes)
        if opset < 13:
            case = Case(name, opset, [x()], attributes | {"split": sizes}, outputs)
        else:
            case = Case(name, opset, [x(), draw.ints(sizes)], attributes, outputs)
    else:
        if opset < 18:
            shape[axis] = count * draw.size(3)
        else:
            # The last part may be smaller, but each has at least one element.
            part = draw.integer(1, 3)
            shape[axis] = part * count - draw.integer(0, part - 1)
            attributes["num_outputs"] = count
        case = Case(name, opset, [x()], attributes, outputs)
    if opset == 1:
        case.same_as = dataclasses.replace(case, opset=2)
    return case


@generates("Slice")
def slices(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4)
    axes = draw.axes(len(shape), 1, negative=opset >= 10)
    has_axes = draw.chance(0.7)
    if not has_axes:
        axes = list(range(len(axes)))
    starts, ends, steps = [], [], []
    for axis in axes:
        size = shape[axis]
        steps.append(draw.pick([1, 1, 2, 3, -1, -2, 7, -9]) if opset >= 10 else 1)
        # For the runtime the largest int32 is the end of whichever way, which ONNX says only of the way forward.
        end = np.iinfo(np.int32).max if steps[-1] > 0 else -np.iinfo(np.int32).max
        starts.append(draw.integer(-size - 2, size + 2) if draw.chance(0.9) else -end)
        ends.append(draw.integer(-size - 2, size + 2) if draw.chance(0.7) else end)
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)), 0.1)
    if opset < 10:
        return Case(name, opset, [x], {"starts": starts, "ends": ends, "axes": axes if has_axes else None})
    dtype = draw.pick([I32, I64])
    has_steps = any(step != 1 for step in steps) or draw.chance(0.3)
    operands = [starts, ends, axes if has_axes else None, steps if has_steps else None]
    return Case(name, opset, [x] + [v and draw.operand(np.array(v, dtype), 0.8) for v in operands])
