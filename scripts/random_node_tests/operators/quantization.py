"""Integers that stand for floats."""
import numpy as np

import reference
from cases import F16, F32, I32, U8, Case, Operand, Redraw
from operators import generates
from operators.conversions import NUMBER
from operators.matrices import stacked
from operators.windows import frame, grouped, kernel_of


def scale(draw, shape, dtype=F32):
    """Powers of two: quotients are exact, and halves among them show how ties are rounded."""
    return (2.0 ** draw.rng.integers(-4, 2, shape)).astype(dtype)


def unclear(values):
    """Whether a rounding error could decide how one of these is rounded to an integer."""
    return bool(np.any(np.abs(values - np.floor(values) - 0.5) < 1e-3))


def granularity(draw, opset, shape, attributes):
    """The shape of scales: one for all, one for each index of an axis, or one for each block along it."""
    kinds = ["all", "axis" if opset >= 13 else "all", "blocks" if opset >= 21 else "axis" if opset >= 13 else "all"]
    kind = draw.pick(kinds) if shape else "all"
    if kind == "all":
        return draw.pick([(), ()] + ([(1,)] if opset < 13 else []))
    axis = draw.axis(len(shape))
    attributes |= {"axis": axis} if axis != 1 or draw.chance(0.5) else {}
    if kind == "axis":
        return (shape[axis],)
    block = attributes["block_size"] = draw.integer(1, max(shape[axis], 1))
    blocks = list(shape)
    blocks[axis] = -(-shape[axis] // block)
    return tuple(blocks)


def spread(values, shape, attributes):
    """Scales as a tensor that broadcasts to `shape`."""
    if values.ndim == 0 or values.shape == (1,) and "axis" not in attributes and "block_size" not in attributes:
        return values.reshape(())
    axis = attributes.get("axis", 1) % len(shape)
    if "block_size" in attributes:
        return np.take(np.repeat(values, attributes["block_size"], axis), range(shape[axis]), axis)
    return values.reshape([-1 if i == axis else 1 for i in range(len(shape))])


@generates("QuantizeLinear")
def quantize(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    scales = draw.type_of(name, opset, "T2") if opset >= 23 else dtype if opset >= 19 else F32
    target = draw.type_of(name, opset, "T3" if opset >= 23 else "T2")
    shape = draw.shape(0 if draw.chance(0.2) else 2, 4)
    attributes = {}
    part = granularity(draw, opset, shape, attributes)
    if scales == I32 or opset < 23 and dtype == I32 and opset >= 19:
        raise Redraw("divisions of integers, of which the references have their own ideas")
    steps = scale(draw, part, scales)
    x = draw.exact(shape, dtype, 60)
    zero = draw.optional(0.7, lambda: draw.operand(draw.exact(part, target, 40), 0.7))
    if zero is None and opset >= 21 and (target != U8 or draw.chance(0.3)):
        attributes["output_dtype"] = NUMBER[target]
    elif zero is None:
        target = np.dtype(U8)
    if opset >= 23 and draw.chance(0.2):
        attributes["precision"] = NUMBER[F32]
    if opset >= 19 and draw.chance(0.1):
        attributes["saturate"] = 1
    inputs = [draw.operand(x, 0.1), draw.operand(steps, 0.8), zero]
    limits = np.iinfo(target)

    def own():
        y = np.rint(x.astype(np.float64) / spread(steps.astype(np.float64), shape, attributes))
        y = y + (0 if zero is None else spread(zero.value.astype(np.float64), shape, attributes))
        return [np.clip(y, limits.min, limits.max).astype(target)]

    return Case(name, opset, inputs, attributes, references=("runtime",), own=own)


@generates("DequantizeLinear")
def dequantize(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1" if opset >= 19 else "T")
    scales = draw.type_of(name, opset, "T2") if opset >= 19 else F32
    shape = draw.shape(0 if draw.chance(0.2) else 2, 4)
    attributes = {}
    part = granularity(draw, opset, shape, attributes)
    x, steps = draw.exact(shape, dtype, 100), draw.uniform(part, scales, 0.1, 2)
    # Of int32 there is no zero point but zero.
    point = np.zeros(part, dtype) if dtype == I32 else draw.exact(part, dtype, 60)
    zero = draw.optional(0.7, lambda: draw.operand(point, 0.7))
    result = scales
    if opset >= 23 and draw.chance(0.3):
        result = draw.type_of(name, opset, "T3")
        attributes["output_dtype"] = NUMBER[result]
    inputs = [draw.operand(x, 0.1), draw.operand(steps, 0.8), zero]

    def own():
        y = x.astype(np.float64) - (0 if zero is None else spread(zero.value.astype(np.float64), shape, attributes))
        return [(y * spread(steps.astype(np.float64), shape, attributes)).astype(result)]

    references = ("runtime",) if scales == F32 and result == F32 else ()
    rtol = 4e-3 if F16 in (scales, result) else None
    return Case(name, opset, inputs, attributes, references=references, own=own, rtol=rtol)


@generates("DynamicQuantizeLinear")
def dynamic(draw, name):
    opset = draw.opset(name)
    x = draw.uniform(draw.shape(1, 4, empty=0), F32, -4, draw.pick([4, 0.1]))
    low, high = min(float(x.min()), 0.0), max(float(x.max()), 0.0)
    step = (high - low) / 255
    if step == 0 or unclear(x.astype(np.float64) / step) or unclear(np.array(-low / step)):
        raise Redraw("a rounding that decides")
    return Case(name, opset, [draw.operand(x, 0.05)], {}, (True, True, True))


def requantized(exact, factor, point, target):
    """Sums in real numbers, scaled to the result's type; `Redraw` where a rounding error could decide."""
    real = exact.astype(np.float64) * factor
    if unclear(real) and not np.array_equal(np.log2(factor), np.rint(np.log2(factor))):
        raise Redraw("a rounding that decides")
    limits = np.iinfo(target)
    return np.clip(np.rint(real) + float(point), limits.min, limits.max).astype(target)


def scales_of_three(draw, each=()):
    """Scales of two operands, of which the second may have several, and of the result."""
    if draw.chance(0.5):
        return scale(draw, ()), scale(draw, each), (scale(draw, ()) * 64).astype(F32)
    return draw.uniform((), F32, 0.01, 0.1), draw.uniform(each, F32, 0.01, 0.1), draw.uniform((), F32, 0.3, 2)


@generates("QLinearMatMul")
def q_linear_mat_mul(draw, name):
    opset = draw.opset(name)
    types = [draw.type_of(name, opset, t) for t in ("T1", "T2", "T3")]
    a, b = stacked(draw)
    values = [draw.any(a, types[0]), draw.any(b, types[1])]
    points = [draw.any((), dtype) for dtype in types]
    scales = scales_of_three(draw)
    known = lambda value: Operand(np.asarray(value), True)
    operands = []
    for value, step, point in zip(values, scales, points):
        operands += [draw.operand(value, 0.4), known(step), known(point)]
    operands += [known(scales[2]), known(points[2])]
    left, right = (v.astype(np.int64) - int(p) for v, p in zip(values, points))
    factor = np.float64(scales[0]) * np.float64(scales[1]) / np.float64(scales[2])
    result = requantized(np.matmul(left, right), factor, points[2], types[2])
    return Case(name, opset, operands, references=(), own=lambda: [result])


def integer_conv(draw, name, opset, types):
    """A convolution of integers: attributes, image and weights."""
    kernel = kernel_of(draw, draw.pick([1, 2, 2]))
    attributes, sizes = frame(draw, opset, len(kernel), kernel)
    group, inner, outer = grouped(draw)
    attributes |= {"group": group} if group > 1 or draw.chance(0.3) else {}
    attributes |= {"kernel_shape": kernel} if draw.chance(0.6) else {}
    x = draw.any((draw.integer(1, 2), group * inner, *sizes), types[0])
    return attributes, x, draw.any((group * outer, inner, *kernel), types[1])


@generates("ConvInteger")
def conv_integer(draw, name):
    opset = draw.opset(name)
    types = [draw.type_of(name, opset, t) for t in ("T1", "T2")]
    attributes, x, weights = integer_conv(draw, name, opset, types)
    each = weights.shape[:1] if draw.chance(0.3) else ()
    points = [draw.any((), types[0]), draw.any(each, types[1])]
    points = [draw.optional(0.6, lambda point=point: draw.operand(point, 0.8)) for point in points]
    case = Case(name, opset, [draw.operand(x, 0.05), draw.operand(weights, 0.8), *points], attributes)
    case.references = ()
    case.own = lambda: [exact_conv(x, weights, points, attributes).astype(np.int32)]
    return case


def exact_conv(x, weights, points, attributes):
    """The convolution of numbers without zero points, as floats that hold the sums exactly, by the runtime."""
    zeros = [0 if p is None else p.value.astype(np.int32) for p in points]
    left = (x.astype(np.int32) - zeros[0]).astype(F32)
    each = np.reshape(zeros[1], (-1,) + (1,) * (weights.ndim - 1)) if np.ndim(zeros[1]) else zeros[1]
    right = (weights.astype(np.int32) - each).astype(F32)
    case = Case("Conv", 11, [Operand(left), Operand(right)], attributes, references=("runtime",))
    return np.rint(reference.outputs(case)[0]).astype(np.int64)


@generates("QLinearConv")
def q_linear_conv(draw, name):
    opset = draw.opset(name)
    types = [draw.type_of(name, opset, t) for t in ("T1", "T2", "T3")]
    attributes, x, weights = integer_conv(draw, name, opset, types)
    count = weights.shape[0]
    scales = scales_of_three(draw, (count,) if draw.chance(0.5) else ())
    points = [draw.any((), types[0]), draw.any((), types[1]), draw.any((), types[2])]
    if scales[1].ndim:
        points[1] = np.full((count,), points[1], types[1])
    bias = draw.optional(0.5, lambda: draw.operand(draw.rng.integers(-2000, 2000, count).astype(I32), 0.8))
    sums = exact_conv(x, weights, [Operand(p) for p in points[:2]], attributes)
    across = (-1,) + (1,) * (x.ndim - 2)
    sums = sums + (0 if bias is None else bias.value.astype(np.int64).reshape(across))
    factor = np.float64(scales[0]) * scales[1].astype(np.float64) / np.float64(scales[2])
    result = requantized(sums, factor.reshape(across) if factor.ndim else factor, points[2], types[2])
    known = lambda value: Operand(np.asarray(value), True)
    operands = [draw.operand(x, 0.05), known(scales[0]), known(points[0]), draw.operand(weights, 0.8)]
    operands += [known(scales[1]), known(points[1]), known(scales[2]), known(points[2]), bias]
    return Case(name, opset, operands, attributes, references=(), own=lambda: [result])
