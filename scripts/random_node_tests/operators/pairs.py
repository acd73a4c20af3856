"""Functions of two and more numbers, with broadcasting."""
import dataclasses

import numpy as np

from cases import BOOL, FLOATS, Case, Operand
from operators import generates
from operators.functions import oldest

ARITHMETIC = ("Add", "Sub", "Mul", "Div")
COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
LOGIC = ("And", "Or", "Xor")


def operands(draw, shapes, make):
    """An operand for each shape; now and then the same one for all, where they have one shape."""
    if len(set(shapes)) == 1 and draw.chance(0.1):
        return [draw.operand(make(shapes[0]), 0.1)] * len(shapes)
    return [draw.operand(make(shape), 0.25) for shape in shapes]


def shapes(draw, count=2):
    whole = draw.shape()
    return [draw.broadcast(whole) for _ in range(count)]


def limited(draw, case, make):
    """Broadcasting before opset 7: the second operand is as wide as some axes of the first, from `axis` on."""
    shape = draw.shape()
    first = draw.operand(make(shape), 0.1)
    start = draw.integer(0, len(shape))
    end = draw.integer(start, len(shape))
    second = make(shape[start:end] if draw.chance(0.8) else (1,) * draw.integer(0, len(shape)))
    at_end = second.size == 1 or end == len(shape)
    if second.shape == shape and draw.chance(0.5):
        return dataclasses.replace(case, inputs=[first, draw.operand(second)], same_as=numpy_like(case, first, second))
    attributes = {"broadcast": 1} | ({} if at_end and draw.chance(0.5) else {"axis": 0 if second.size == 1 else start})
    if second.size == 1 and second.shape != shape[start:end]:
        attributes.pop("axis", None)
    aligned = second if second.size == 1 else second.reshape(second.shape + (1,) * (len(shape) - end))
    inputs = [first, draw.operand(second)]
    return dataclasses.replace(case, inputs=inputs, attributes=attributes, same_as=numpy_like(case, first, aligned))


def numpy_like(case, first, second):
    return dataclasses.replace(case, opset=8 if case.operator in ("Add", "Sub", "Mul", "Div", "Pow") else 9,
                               inputs=[first, Operand(second)])


@generates(*ARITHMETIC, *COMPARISONS, *LOGIC, "BitwiseAnd", "BitwiseOr", "BitwiseXor")
def pair(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    make = lambda shape: draw.any(shape, dtype) if draw.chance(0.5) else draw.exact(shape, dtype, 4)
    case = Case(name, opset, [])
    if opset < 7:
        return limited(draw, case, lambda shape: nonzero(make(shape)) if name == "Div" else make(shape))
    case.inputs = operands(draw, shapes(draw), make)
    if name == "Div":
        case.inputs[1] = draw.operand(nonzero(case.inputs[1].value), 0.3)
    elif dtype in FLOATS and draw.chance(0.1):
        case.inputs = [draw.operand(draw.special(o.value), 0.2) for o in case.inputs]
        case.agree = True
    return case


def nonzero(values):
    """Divisors: no zeros, and not the one that overflows."""
    bad = (values == 0) | ((values == -1) if values.dtype.kind == "i" else False)
    return np.where(bad, values.dtype.type(3), values).astype(values.dtype)


@generates("Mod")
def modulo(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    integers = dtype.kind in "iu"
    make = lambda shape: draw.any(shape, dtype) if integers and draw.chance(0.3) else draw.exact(shape, dtype, 40)
    first, second = shapes(draw)
    inputs = [draw.operand(make(first), 0.2), draw.operand(nonzero(make(second)), 0.4)]
    flag = draw.integer(0, 1) if integers or opset >= 28 else 1
    # Before 28 the runtime's `fmod` of 0 is the C remainder for no type; 28 only adds floats.
    return Case(name, opset, inputs, {"fmod": flag} if flag or draw.chance(0.5) else {})


@generates("Pow")
def power(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    exponents = draw.type_of(name, opset, "T1") if opset >= 12 else dtype
    whole = exponents.kind in "iu" or draw.chance(0.5)

    def base(shape):
        if dtype.kind in "iu":
            return draw.rng.integers(0 if not whole else -6, 7, shape).astype(dtype)
        return draw.uniform(shape, dtype, -3, 3) if whole else draw.uniform(shape, dtype, 0.1, 4)

    def exponent(shape):
        # A negative power of an integer is no integer.
        low = 0 if exponents.kind == "u" or dtype.kind in "iu" else -3
        if whole:
            return draw.rng.integers(low, 5, shape).astype(exponents)
        if dtype.kind in "iu":
            return draw.rng.choice([0.0, 1.0, 2.0, 3.0, 0.5], shape).astype(exponents)
        return draw.uniform(shape, exponents, -2, 3)

    case = Case(name, opset, [])
    if opset < 7:
        seen = []
        return limited(draw, case, lambda shape: exponent(shape) if seen else seen.append(1) or base(shape))
    first, second = shapes(draw)
    if draw.chance(0.4):
        second = draw.pick([(), (1,)])
    return dataclasses.replace(case, inputs=[draw.operand(base(first), 0.1), draw.operand(exponent(second), 0.5)])


@generates("PRelu")
def p_relu(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    if opset >= 7:
        shape = draw.shape()
        slope = draw.broadcast(shape)
        x = draw.operand(draw.exact(shape, dtype), 0.1)
        return Case(name, opset, [x, draw.operand(draw.exact(slope, dtype), 0.6)])
    # One slope for all, or one for each channel.
    shape = draw.shape(2)
    x, slope = draw.operand(draw.exact(shape, dtype), 0.1), draw.exact(draw.pick([(1,), shape[1:2]]), dtype)
    aligned = Operand(slope.reshape(slope.shape + (1,) * (len(shape) - 2)))
    return Case(name, opset, [x, draw.operand(slope, 0.6)], same_as=Case(name, 9, [x, aligned]))


@generates("Sum", "Mean", "Max", "Min")
def several(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    whole = draw.shape()
    count = draw.integer(1, 5)
    chosen = [draw.broadcast(whole) if opset >= 8 else whole for _ in range(count)]
    case = Case(name, opset, operands(draw, chosen, lambda shape: draw.exact(shape, dtype)))
    if dtype in FLOATS and draw.chance(0.1):
        case.inputs = [draw.operand(draw.special(o.value), 0.2) for o in case.inputs]
        case.agree = True
    return oldest(draw, case)


@generates("Where")
def where(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    condition, first, second = shapes(draw, 3)
    values = [draw.any(first, dtype), draw.any(second, dtype)]
    return Case(name, opset, [draw.operand(value) for value in [draw.exact(condition, BOOL), *values]])


@generates("BitShift")
def shift(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    first, second = shapes(draw)
    bits = dtype.itemsize * 8
    # Shifts by as much as the width, and of signed integers, are defined by opset 28.
    low, high = (0, bits - 1) if opset < 28 else (0 if dtype.kind == "u" else -2, bits + 2)
    amount = draw.rng.integers(low, high + 1, second).astype(dtype)
    attributes = {"direction": draw.pick(["LEFT", "RIGHT"])}
    case = Case(name, opset, [draw.operand(draw.any(first, dtype)), draw.operand(amount, 0.5)], attributes)
    if opset >= 28:
        case.references = ("evaluator",)
    return case
