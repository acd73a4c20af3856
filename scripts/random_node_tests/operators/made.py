"""Operators that make tensors: from shapes, numbers and attributes."""
import numpy as np
from onnx import numpy_helper

from cases import I64, Case, Redraw, rounding
from operators import generates
from operators.conversions import NUMBER


@generates("Shape")
def shape_of(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(0, 5)
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)))
    keys = ("start", "end") if opset >= 15 else ()
    # Beyond the ends they count as the ends.
    attributes = {key: draw.integer(-len(shape) - 2, len(shape) + 2) for key in keys if draw.chance(0.6)}
    return Case(name, opset, [x], attributes)


@generates("Size")
def size_of(draw, name):
    opset = draw.opset(name)
    return Case(name, opset, [draw.operand(draw.any(draw.shape(0, 5), draw.type_of(name, opset)))])


@generates("Constant")
def constant(draw, name):
    opset = draw.opset(name)
    kinds = ["value"] + (["value_float", "value_floats", "value_int", "value_ints"] if opset >= 12 else [])
    kind = draw.pick(kinds)
    value = {
        "value": lambda: numpy_helper.from_array(draw.any(draw.shape(), draw.type_of(name, opset))),
        "value_float": lambda: draw.number(-3, 3),
        "value_floats": lambda: [draw.number(-3, 3) for _ in range(draw.integer(1, 4))],
        "value_int": lambda: draw.integer(-3, 3),
        "value_ints": lambda: [draw.integer(-3, 3) for _ in range(draw.integer(1, 4))],
    }[kind]()
    return Case(name, opset, [], {kind: value})


@generates("ConstantOfShape")
def constant_of_shape(draw, name):
    opset = draw.opset(name)
    attributes = {}
    if draw.chance(0.7):
        dtype = draw.type_of(name, opset, "T2")
        attributes["value"] = numpy_helper.from_array(draw.any((1,), dtype))
    return Case(name, opset, [draw.ints(list(draw.shape()))], attributes)


@generates("Range")
def ranges(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    step = draw.pick([1, 2, -1, -3, 5]) if dtype.kind == "i" else draw.pick([0.5, 1, -0.25, 1.5, -3, 0.1, 0.3])
    start = draw.integer(-9, 9)
    limit = start + step * draw.integer(-1, 12) + (0 if dtype.kind == "i" else draw.pick([0, 0.5 * step]))
    values = [np.array(v, dtype) for v in (start, limit, step)]
    attributes = {"stash_type": 1} if opset >= 27 and draw.chance(0.3) else {}
    # A length that a rounding decides is not asked for.
    length = (float(values[1]) - float(values[0])) / float(values[2])
    if abs(length - round(length)) < 0.05 and step in (0.1, 0.3):
        raise Redraw("the length is a matter of rounding")
    # The runtime adds step after step.
    tolerance = None if dtype.kind == "i" else rounding(dtype, 2)
    return Case(name, opset, [draw.operand(v, 0.8) for v in values], attributes, atol=tolerance)


@generates("EyeLike")
def eye(draw, name):
    opset = draw.opset(name)
    x = draw.operand(draw.any(tuple(draw.size() for _ in range(2)), draw.type_of(name, opset, "T1")))
    attributes = {"k": draw.integer(-4, 4)} if draw.chance(0.6) else {}
    if draw.chance(0.6):
        attributes["dtype"] = NUMBER[draw.type_of(name, opset, "T2")]
    return Case(name, opset, [x], attributes)


@generates("OneHot")
def one_hot(draw, name):
    opset = draw.opset(name)
    kinds, depths, dtype = (draw.type_of(name, opset, t) for t in ("T1", "T2", "T3"))
    depth = draw.integer(1, 6)
    shape = draw.shape(0, 3)
    low = 0 if kinds.kind == "u" else -depth
    # Beyond -depth and depth - 1 nothing is hot.
    extra = 2 if opset >= 11 else 0
    indices = draw.rng.integers(low - (extra if low else 0), depth + extra, shape).astype(kinds)
    attributes = {"axis": draw.integer(-len(shape) - 1, len(shape))} if draw.chance(0.7) else {}
    size = np.array([depth] if draw.chance(0.3) else depth, depths)
    off_on = draw.operand(draw.any((2,), dtype), 0.6)
    case = Case(name, opset, [draw.operand(indices), draw.operand(size, 0.8), off_on], attributes)

    def own():
        off, on = off_on.value
        hot = np.where(indices < 0, indices.astype(I64) + depth, indices)[..., None] == np.arange(depth)
        return [np.moveaxis(np.where(hot, on, off), -1, attributes.get("axis", -1))]

    case.references, case.own = ("runtime",), own
    return case
