"""Operators that run along axes: reductions, cumulative ones, orders, and softmax with its relatives."""
import dataclasses

import numpy as np

from cases import BF16, F16, FLOATS, I32, I64, Case, Redraw
from operators import generates

MONOTONE = ("ReduceMax", "ReduceMin")
ADDING = ("ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceProd")
LOGARITHMIC = ("ReduceLogSum", "ReduceLogSumExp")

#: Opsets from which the axes are an input.
AXES_INPUT = {"ReduceSum": 13}


@generates(*MONOTONE, *ADDING, *LOGARITHMIC)
def reduction(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    if name == "ReduceLogSumExp" and dtype.kind in "iu":
        raise Redraw("how often an integer is rounded on the way")
    shape = draw.shape(0 if opset >= 18 else 1, 5, most=5, empty=0.03 if opset >= 20 or name not in MONOTONE else 0)
    if name in LOGARITHMIC:
        values = draw.uniform(shape, dtype, 0.5, 3) if dtype.kind not in "iu" else draw.rng.integers(1, 9, shape)
    elif name == "ReduceProd":
        values = draw.rng.choice([1, -1, 2, 0.5, -2, 3], shape) if dtype in FLOATS else draw.rng.integers(0, 3, shape)
    elif name in MONOTONE:
        values = draw.any(shape, dtype)
    else:
        values = draw.exact(shape, dtype)
    case = Case(name, opset, [draw.operand(values.astype(dtype), 0.1)], atol=1e-5 if name in LOGARITHMIC else None)
    if draw.chance(0.6):
        case.attributes["keepdims"] = draw.integer(0, 1)
    low = 1 if opset < 18 and name != "ReduceSum" else 0
    axes = draw.axes(len(shape), min(low, len(shape)), negative=opset >= 11) if draw.chance(0.8) else None
    if opset < AXES_INPUT.get(name, 18):
        case.attributes["axes"] = axes or None
    else:
        if axes is not None:
            case.inputs.append(draw.ints(axes))
        if draw.chance(0.3):
            case.attributes["noop_with_empty_axes"] = draw.integer(0, 1)
        if case.attributes.get("noop_with_empty_axes") and not axes:
            # Then nothing is reduced but the function of each element is computed; the runtime returns the input.
            case.references = ("evaluator",)
    if opset < 11:
        case.same_as = dataclasses.replace(case, opset=11)
    if 0 in shape and name in ("ReduceMean",):
        raise Redraw("a mean of nothing")
    return case


@generates("ArgMax", "ArgMin")
def position(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4)
    case = Case(name, opset, [draw.operand(draw.exact(shape, dtype, 3), 0.1)])
    if draw.chance(0.8):
        case.attributes["axis"] = draw.axis(len(shape), opset >= 11)
    if draw.chance(0.6):
        case.attributes["keepdims"] = draw.integer(0, 1)
    if opset >= 12 and draw.chance(0.5):
        case.attributes["select_last_index"] = draw.integer(0, 1)
    return case


@generates("CumSum", "CumProd")
def cumulative(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4)
    choices = [1, -1, 2, 0.5] if dtype in FLOATS else [0, 1, 2, 3]
    values = draw.exact(shape, dtype) if name == "CumSum" else draw.rng.choice(choices, shape).astype(dtype)
    axis = np.array(draw.axis(len(shape)), draw.pick([I32, I64]))
    attributes = {key: draw.integer(0, 1) for key in ("exclusive", "reverse") if draw.chance(0.6)}
    return Case(name, opset, [draw.operand(values, 0.1), draw.operand(axis, 0.8)], attributes)


@generates("TopK")
def top(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4, most=5)
    axis = draw.axis(len(shape), opset >= 11)
    k = draw.integer(0 if opset >= 10 else 1, shape[axis]) if shape[axis] else 0
    # Of equal values the one with the lower index comes first, if they are sorted.
    is_sorted = opset < 11 or draw.chance(0.8)
    make = (lambda: draw.exact(shape, dtype, 3)) if is_sorted and opset >= 11 else (lambda: draw.distinct(shape, dtype))
    attributes = {"axis": axis} if axis not in (-1, len(shape) - 1) or draw.chance(0.5) else {}
    inputs = [draw.operand(make(), 0.1)]
    if opset < 10:
        attributes["k"] = k
    else:
        inputs.append(draw.ints([k]))
    if opset >= 11:
        attributes |= {"largest": draw.integer(0, 1)} if draw.chance(0.6) else {}
        attributes |= {"sorted": 1} if draw.chance(0.3) else {}
    return Case(name, opset, inputs, attributes, (True, True))


@generates("Softmax", "LogSoftmax", "Hardmax")
def soft(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4)
    values = draw.uniform(shape, dtype, -6, 6) if name != "Hardmax" else draw.exact(shape, dtype, 4)
    attributes = {"axis": draw.axis(len(shape), opset >= 11)} if draw.chance(0.7) or opset < 13 else {}
    if draw.chance(0.1) and name != "Hardmax":
        values = (values * 100).astype(dtype)
    # Below opset 13 the axes from `axis` on are one; the evaluator does not know.
    references = ("widened", "runtime", "narrowed") if opset < 13 else ("widened", "runtime", "evaluator")
    case = Case(name, opset, [draw.operand(values, 0.1)], attributes, references=references)
    return dataclasses.replace(case, atol={F16: 1e-3, BF16: 1e-2}.get(dtype, 1e-6))


@generates("LpNormalization")
def norm(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4)
    attributes = {"axis": draw.axis(len(shape))} if draw.chance(0.8) else {}
    attributes |= {"p": draw.integer(1, 2)} if draw.chance(0.8) else {}
    return Case(name, opset, [draw.operand(draw.exact(shape, dtype), 0.1)], attributes)
