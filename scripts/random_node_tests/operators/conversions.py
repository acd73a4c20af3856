"""Conversions between element types, and operators that only hand on."""

import numpy as np
from onnx import TensorProto, helper

from cases import BF16, BOOL, F32, F64, TYPES, Case, Operand, Redraw
from operators import generates

NUMBER = {dtype: helper.np_dtype_to_tensor_dtype(dtype) for dtype in TYPES.values()}


def convertible(draw, shape, source, target):
    """Values that fit into the target: what happens to others is undefined, but for integers, which wrap."""
    if source == BOOL or target == BOOL:
        return draw.exact(shape, source, 2)
    if source.kind in "iu":
        return draw.any(shape, source) if target.kind in "iu" or target in (F32, F64) else draw.exact(shape, source, 99)
    if target.kind in "iu":
        low, high = (0.0, 99.0) if target.kind == "u" else (-99.0, 99.0)
        return draw.uniform(shape, source, low, high)
    values = draw.uniform(shape, source, -99, 99)
    return draw.special(values, 0.1) if draw.chance(0.3) else values


@generates("Cast", "CastLike")
def cast(draw, name):
    opset = draw.opset(name)
    source, target = draw.type_of(name, opset, "T1"), draw.type_of(name, opset, "T2")
    x = draw.operand(convertible(draw, draw.shape(), source, target))
    attributes = {"saturate": draw.integer(0, 1)} if opset >= 19 and draw.chance(0.1) else {}
    # Widening would round twice, and the runtime has no bfloat16 on this processor.
    references = ("evaluator",) if BF16 in (source, target) else ("runtime", "evaluator")
    if name == "CastLike":
        return Case(name, opset, [x, draw.operand(draw.exact(draw.shape(), target))], attributes, references=references)
    if opset >= 6:
        return Case(name, opset, [x], attributes | {"to": NUMBER[target]}, references=references)
    # The type was text.
    same_as = Case(name, 9, [x], {"to": NUMBER[target]})
    text = TensorProto.DataType.Name(NUMBER[target])
    return Case(name, opset, [x], {"to": text}, references=references, same_as=same_as)


@generates("BitCast")
def bit_cast(draw, name):
    opset = draw.opset(name)
    source = draw.type_of(name, opset, "T1")
    targets = [t for t in TYPES.values() if t.itemsize == source.itemsize and BOOL not in (t, source)]
    if not targets:
        raise Redraw("no other type of this size")
    target = draw.pick(targets)
    # Bits that are a NaN may lose their payload where they pass through a register.
    x = draw.any(draw.shape(), source)
    return Case(name, opset, [draw.operand(x)], {"to": NUMBER[target]}, references=("evaluator",))


@generates("Identity")
def identity(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "V" if opset >= 14 else "T")
    return Case(name, opset, [draw.operand(draw.any(draw.shape(), dtype))])


@generates("Dropout")
def dropout(draw, name):
    opset = draw.opset(name)
    x = draw.operand(draw.any(draw.shape(), draw.type_of(name, opset)))
    if opset >= 12:
        ratio = draw.optional(0.5, lambda: draw.operand(np.float32(draw.number(0, 0.9)), 0.8))
        training = draw.optional(0.5, lambda: draw.operand(np.array(False), 0.8))
        if draw.chance(0.1):
            # A training that drops nothing.
            ratio, training = Operand(np.float32(0), True), Operand(np.array(True), True)
        attributes = {"seed": 3} if draw.chance(0.2) else {}
        return Case(name, opset, [x, ratio, training], attributes, draw.pick([(True,), (True, True)]))
    # What the mask holds is not said before opset 12.
    attributes = {"ratio": draw.number(0, 0.9)} if draw.chance(0.5) else {}
    same_as = Case(name, 7, [x]) if opset < 7 else None
    return Case(name, opset, [x], attributes | ({"is_test": 1} if opset < 7 else {}), same_as=same_as)
