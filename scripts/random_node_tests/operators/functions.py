"""Functions of one number."""
import dataclasses

import numpy as np

from cases import BF16, F16, F32, F64, Case, schema, versions
from operators import generates

#: Where each function is far from overflow.
DOMAINS = {
    "Abs": (-9, 9),
    "Acos": (-1, 1),
    "Acosh": (1, 9),
    "Asin": (-1, 1),
    "Asinh": (-9, 9),
    "Atan": (-9, 9),
    "Atanh": (-0.97, 0.97),
    "Ceil": (-9, 9),
    "Celu": (-9, 9),
    "Cos": (-9, 9),
    "Cosh": (-4, 4),
    "Elu": (-9, 9),
    "Erf": (-4, 4),
    "Exp": (-9, 9),
    "Floor": (-9, 9),
    "Gelu": (-6, 6),
    "HardSigmoid": (-6, 6),
    "HardSwish": (-6, 6),
    "LeakyRelu": (-9, 9),
    "Log": (0.01, 99),
    "Mish": (-9, 9),
    "Neg": (-9, 9),
    "Reciprocal": (0.1, 9),
    "Relu": (-9, 9),
    "Round": (-9, 9),
    "Selu": (-9, 9),
    "Shrink": (-4, 4),
    "Sigmoid": (-9, 9),
    "Sign": (-2, 2),
    "Sin": (-9, 9),
    "Sinh": (-4, 4),
    "Softplus": (-9, 9),
    "Softsign": (-9, 9),
    "Sqrt": (0, 99),
    "Swish": (-6, 6),
    "Tan": (-1.4, 1.4),
    "Tanh": (-5, 5),
    "ThresholdedRelu": (-4, 4),
}

#: Attributes of floats, with the range of each.
PARAMETERS = {
    "Celu": {"alpha": (0.3, 3)},
    "Elu": {"alpha": (0.0, 3)},
    "HardSigmoid": {"alpha": (-1, 1), "beta": (-1, 1)},
    "LeakyRelu": {"alpha": (-1, 1.5)},
    "Selu": {"alpha": (0.0, 3), "gamma": (0.1, 3)},
    "Shrink": {"lambd": (0, 2), "bias": (-1, 1)},
    "Swish": {"alpha": (-2, 2)},
    "ThresholdedRelu": {"alpha": (-1, 2)},
}

#: Near a zero of the function, results differ by roundings of its terms.
ABSOLUTE = {F16: 1e-3, BF16: 1e-2, F32: 1e-6, F64: 1e-6}


@generates(*DOMAINS)
def function(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape()
    if dtype.kind in "iu":
        # Of large integers the references compute in floats that do not hold them.
        values = draw.exact(shape, dtype, 3) if name in ("Erf", "Shrink") else draw.any(shape, dtype)
    elif draw.chance(0.3) and DOMAINS[name][0] < -1:
        values = draw.exact(shape, dtype)
    else:
        values = draw.uniform(shape, dtype, *DOMAINS[name])
    case = Case(name, opset, [draw.operand(values, 0.1)], atol=ABSOLUTE.get(dtype))
    for attribute, limits in PARAMETERS.get(name, {}).items():
        if draw.chance(0.7):
            case.attributes[attribute] = draw.number(*limits)
    if name == "Gelu" and draw.chance(0.6):
        case.attributes["approximate"] = draw.pick(["none", "tanh"])
    special = dtype in (F16, F32, F64) and draw.chance(0.15)
    if special:
        # What becomes of infinities and NaN is asked for only where both references say the same.
        case.inputs = [draw.operand(draw.special(values), 0.1)]
        case.agree = True
    return oldest(draw, case)


def oldest(draw, case):
    """Versions before 6 name inputs that may be overwritten, which means nothing; the runtime begins with 6."""
    newer = [version for version in versions(case.operator) if version >= 6]
    if case.opset < 6 and newer:
        case.same_as = dataclasses.replace(case, opset=newer[0])
        if "consumed_inputs" in schema(case.operator, case.opset).attributes and draw.chance(0.3):
            case.attributes = {**case.attributes, "consumed_inputs": [0] * len(case.inputs)}
    return case


@generates("Clip")
def clip(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    x = draw.exact(draw.shape(), dtype)
    low, high = sorted(draw.exact(2, dtype, 8))
    case = Case(name, opset, [draw.operand(x, 0.1)])
    if opset < 11:
        case.attributes = {key: float(value) for key, value in (("min", low), ("max", high)) if draw.chance(0.7)}
        return oldest(draw, case)
    bounds = [draw.optional(0.7, lambda bound=bound: draw.operand(bound, 0.6)) for bound in (low, high)]
    return dataclasses.replace(case, inputs=case.inputs + bounds)


@generates("Not")
def negation(draw, name):
    return Case(name, draw.opset(name), [draw.operand(draw.exact(draw.shape(), np.dtype(bool)))])


@generates("BitwiseNot")
def bits(draw, name):
    opset = draw.opset(name)
    return Case(name, opset, [draw.operand(draw.any(draw.shape(), draw.type_of(name, opset)), 0.1)])


@generates("IsNaN", "IsInf")
def kinds(draw, name):
    opset = draw.opset(name)
    values = draw.special(draw.uniform(draw.shape(), draw.type_of(name, opset, "T1")), 0.5)
    attributes = {key: draw.integer(0, 1) for key in schema(name, opset).attributes if draw.chance(0.5)}
    return Case(name, opset, [draw.operand(values, 0.1)], attributes)
