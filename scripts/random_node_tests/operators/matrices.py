"""Products of matrices."""
import dataclasses

import numpy as np

from cases import Case, Redraw, rounding
from operators import generates


@generates("Gemm")
def gemm(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    rows, inner, columns = (draw.extent() for _ in range(3))
    attributes = {key: draw.integer(0, 1) for key in ("transA", "transB") if draw.chance(0.6)}
    if dtype.kind != "i" and dtype.kind != "u":
        attributes |= {key: draw.number(-2, 2) for key in ("alpha", "beta") if draw.chance(0.5)}
    a = (inner, rows) if attributes.get("transA") else (rows, inner)
    b = (columns, inner) if attributes.get("transB") else (inner, columns)
    inputs = [draw.operand(draw.exact(a, dtype), 0.1), draw.operand(draw.exact(b, dtype), 0.6)]
    case = Case(name, opset, inputs, attributes, atol=rounding(dtype, 50) if dtype.kind not in "iu" else None)
    if opset >= 11 and draw.chance(0.4):
        return case
    shape = draw.pick([(rows, columns), (columns,), (1, columns), (rows, 1), (1, 1), (1,), ()])
    c = draw.exact(shape, dtype)
    case.inputs = inputs + [draw.operand(c, 0.6)]
    if opset < 7:
        if shape == (rows, columns):
            case.same_as = dataclasses.replace(case, opset=7)
        elif shape in ((columns,), (1, 1), (1,), ()):
            # Broadcasting of that time: from the last axis on, or a single number.
            case.same_as = dataclasses.replace(case, opset=7)
            case.attributes = attributes | {"broadcast": 1}
        else:
            raise Redraw("not the broadcasting of that time")
    return case


def stacked(draw):
    """Shapes of two operands of MatMul."""
    rows, inner, columns = (draw.extent() for _ in range(3))
    outer = draw.shape(0, 3, most=3)
    a, b = draw.broadcast(outer) + (rows, inner), draw.broadcast(outer) + (inner, columns)
    return ((inner,) if draw.chance(0.12) else a), ((inner,) if draw.chance(0.12) else b)


@generates("MatMul")
def mat_mul(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    a, b = stacked(draw)
    inputs = [draw.operand(draw.exact(a, dtype), 0.1), draw.operand(draw.exact(b, dtype), 0.5)]
    return Case(name, opset, inputs, atol=rounding(dtype, 20) if dtype.kind not in "iu" else None)


@generates("MatMulInteger")
def mat_mul_integer(draw, name):
    opset = draw.opset(name)
    types = [draw.type_of(name, opset, t) for t in ("T1", "T2")]
    a, b = stacked(draw)
    inputs = [draw.operand(draw.any(shape, dtype), 0.4) for shape, dtype in zip((a, b), types)]
    points = []
    for side, (shape, dtype) in enumerate(zip((a, b), types)):
        # One for all, or one for each row of the first and each column of the second.
        size = shape[-2 + side] if len(shape) == 2 else 1
        each = draw.chance(0.4) and len(shape) == 2
        points.append(draw.optional(0.6, lambda: draw.operand(draw.any((size,) if each else (), dtype), 0.6)))
    case = Case(name, opset, inputs + points, references=("evaluator",))

    def own():
        a, b = (o.value.astype(np.int32) for o in inputs)
        za, zb = (np.int32(0) if p is None else p.value.astype(np.int32) for p in points)
        return [np.matmul(a - (za[:, None] if np.ndim(za) else za), b - zb)]

    case.references, case.own = (), own
    return case


@generates("Einsum")
def einsum(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    letters = "ijklm"
    sizes = {letter: draw.size(5) for letter in letters}
    terms = ["".join(draw.pick(letters) for _ in range(draw.integer(0, 3))) for _ in range(draw.integer(1, 3))]
    dots = draw.shape(0, 2, most=3) if draw.chance(0.3) else None
    shapes = []
    for index, term in enumerate(terms):
        shape = tuple(sizes[letter] for letter in term)
        if dots is not None and draw.chance(0.8):
            terms[index] = "..." + term if draw.chance(0.7) else term + "..."
            part = draw.broadcast(dots)
            shape = part + shape if terms[index].startswith("...") else shape + part
        shapes.append(shape)
    equation = ",".join(terms)
    used = sorted(set("".join(terms)) - set("."))
    if draw.chance(0.7):
        result = "".join(draw.shuffled(used)[: draw.integer(0, len(used))])
        equation += "->" + ("..." if any("..." in term for term in terms) else "") + result
    if draw.chance(0.2):
        equation = equation.replace(",", " , ").replace("->", " -> ")
    inputs = [draw.operand(draw.exact(shape, dtype, 6), 0.2) for shape in shapes]
    case = Case(name, opset, inputs, {"equation": equation})
    if any(0 in shape for shape in shapes):
        # The runtime may divide by zero and take this program with it.
        case.references = ("widened_evaluator", "evaluator")
    return dataclasses.replace(case, atol=rounding(dtype, 20) if dtype.kind not in "iu" else None)


@generates("Det")
def determinant(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    size = draw.integer(1, 5)
    x = draw.exact(draw.shape(0, 2, most=3) + (size, size), dtype, 8)
    return Case(name, opset, [draw.operand(x, 0.1)], atol=rounding(dtype, 50))
