"""Operators in pieces, as exporters write them and the compiler finds them again, and what only looks alike: another
axis, another power, one more reader."""
import numpy as np

from cases import F32, I8, I64, U8


def number(chain, value):
    return chain.constant(np.float32(value))


def axes_of(chain, *axes):
    return chain.constant(np.array(axes, I64))


def some_axis(chain, rank):
    """Mostly the last."""
    return -1 if chain.draw.chance(0.7) else chain.draw.axis(rank)


def squared(chain, name):
    if chain.draw.chance(0.4):
        return chain.add("Mul", name, name)[0]
    power = chain.draw.pick([2.0, 2.0, 2.0, 4.0])
    return chain.add("Pow", name, number(chain, power))[0]


def mean(chain, name, axes):
    return chain.add(chain.draw.pick(["ReduceMean"] * 7 + ["ReduceSum"]), name, axes, keepdims=1)[0]


def deviation(chain, squares, axes):
    """The root of a mean of squares."""
    variance = mean(chain, squares, axes)
    epsilon = number(chain, chain.draw.pick([1e-5, 1e-3, 0.5]))
    return chain.add("Sqrt", *chain.add("Add", variance, epsilon))[0]


def normalization(chain, name, shape):
    """Layer or RMS normalisation."""
    draw = chain.draw
    if 0 in shape:
        return name
    last = [some_axis(chain, len(shape))] if draw.chance(0.7) else [-2, -1]
    axes = axes_of(chain, *last)
    other = axes_of(chain, *last) if draw.chance(0.9) else axes_of(chain, draw.axis(len(shape)))
    scale = chain.weights(*(shape[-len(last) :] if draw.chance(0.8) else (1,)))
    if draw.chance(0.3):
        divisor = deviation(chain, squared(chain, name), axes)
        return chain.add("Mul", *chain.add("Div", name, divisor), scale)[0]
    average = mean(chain, name, axes)
    centred = chain.add("Sub", name, average)[0]
    divisor = deviation(chain, squared(chain, centred), other)
    bias = chain.weights(*(shape[-1:] if draw.chance(0.8) else ()))
    if draw.chance(0.3):
        factor = chain.add("Div", scale, divisor)[0]
        shift = chain.add("Sub", bias, *chain.add("Mul", average, factor))
        return chain.add("Add", *chain.add("Mul", name, factor), *shift)[0]
    if draw.chance(0.3):
        quotient = chain.add("Mul", centred, *chain.add("Reciprocal", divisor))
    else:
        quotient = chain.add("Div", centred, divisor)
    return chain.add("Add", *chain.add("Mul", *quotient, scale), bias)[0]


def softmax(chain, name, shape):
    draw = chain.draw
    if 0 in shape:
        return name
    axis = some_axis(chain, len(shape))
    if draw.chance(0.6):
        greatest = chain.add("ReduceMax", name, axes_of(chain, axis), keepdims=1)
        name = chain.add("Sub", name, *greatest)[0]
    else:
        name = chain.add("Tanh", name)[0]
    power = chain.add("Exp", name)[0]
    axis = axis if draw.chance(0.9) else draw.axis(len(shape))
    total = chain.add("ReduceSum", power, axes_of(chain, axis), keepdims=1)[0]
    if draw.chance(0.2):
        return chain.add("Mul", power, *chain.add("Reciprocal", total))[0]
    return chain.add("Div", power, total)[0]


def attention(chain, name, shape):
    """Queries, keys and values of one tensor, with or without heads."""
    draw = chain.draw
    if len(shape) != 3 or 0 in shape:
        return name
    batch, length, width = shape
    heads = draw.pick([h for h in (1, 2, 3) if width % h == 0])
    parts = [chain.add("MatMul", name, chain.weights(width, width))[0] for _ in range(3)]
    if heads > 1 or draw.chance(0.5):
        split = chain.constant(np.array([batch, length, heads, width // heads], I64))
        parts = [chain.add("Reshape", part, split)[0] for part in parts]
        parts = [chain.add("Transpose", part, perm=[0, 2, 1, 3])[0] for part in parts]
    queries, keys, values = parts
    rank = len(chain.values[keys].shape)
    last = [*range(rank - 2), rank - 1, rank - 2]
    scale = number(chain, draw.pick([0.5, 0.25, 2.0]))
    when = draw.pick(["before", "after", "never"])
    if when == "before":
        queries = chain.add("Mul", queries, scale)[0]
    scores = chain.add("MatMul", queries, *chain.add("Transpose", keys, perm=last))[0]
    if when == "after":
        scores = chain.add(draw.pick(["Mul", "Div"]), scores, scale)[0]
    outer = draw.pick([(), (1,), (batch,)] + [(batch, heads)] * (rank == 4))
    if len(outer) == 1 and rank == 4:
        outer = (*outer, 1)
    mask = draw.chance(0.5) and draw.rng.random((*outer, length, length)) < 0.4
    kind = draw.pick(["none", "add", "where"]) if mask is not False else "none"
    if kind == "add":
        large = draw.pick([-1e9, -10000.0, -1.0, -np.inf])
        mask[..., 0] = False
        scores = chain.add("Add", scores, chain.constant(np.where(mask, F32.type(large), F32.type(0)).astype(F32)))[0]
    elif kind == "where":
        mask[..., 0] = False
        chosen = [number(chain, draw.pick([-1e9, -1.0])), scores]
        scores = chain.add("Where", chain.constant(mask), *chosen)[0]
    weights = chain.add("Softmax", scores, axis=-1 if draw.chance(0.9) else 0)[0]
    result = chain.add("MatMul", weights, values)[0]
    if rank == 4:
        result = chain.add("Transpose", result, perm=[0, 2, 1, 3])[0]
        whole = chain.constant(np.array([batch, length, width], I64))
        result = chain.add("Reshape", result, whole)[0]
    return result


def quantized(chain, name, dtype=None, scale=None):
    """The nearest numbers that 8 bits hold. Scales are powers of two, so that sums are exact and ties are ties."""
    draw = chain.draw
    dtype = dtype or draw.pick([U8, I8])
    step = number(chain, scale or 2.0 ** draw.integer(-5, -2))
    point = chain.constant(np.array(draw.integer(-20, 20) if dtype == I8 else draw.integer(90, 150), dtype))
    return chain.add("DequantizeLinear", *chain.add("QuantizeLinear", name, step, point), step, point)[0]


def quantized_weights(chain, shape, channels, axis):
    draw = chain.draw
    values = chain.constant(draw.rng.integers(-40, 41, shape).astype(I8))
    if draw.chance(0.5):
        steps = (2.0 ** draw.rng.integers(-8, -5, channels)).astype(F32)
        points = chain.constant(np.zeros(channels, I8))
        return chain.add("DequantizeLinear", values, chain.constant(steps), points, axis=axis)[0]
    point = chain.constant(np.array(0 if draw.chance(0.7) else draw.integer(-5, 5), I8))
    return chain.add("DequantizeLinear", values, number(chain, 2.0 ** draw.integer(-8, -5)), point)[0]


def quantized_layer(chain, name, shape):
    """A layer of quantised operands, with a quantised result."""
    draw = chain.draw
    if 0 in shape or len(shape) not in (2, 4):
        return name
    x = quantized(chain, name)
    kind = draw.pick(["product", "sum", "alone"] + ["convolution"] * 3 * (len(shape) == 4))
    if kind == "convolution":
        channels, outputs = shape[1], draw.integer(1, 5)
        group = channels if draw.chance(0.3) else 1
        outputs = group * outputs if group > 1 else outputs
        kernel = [min(draw.integer(1, 3), size) for size in shape[2:]]
        weights = quantized_weights(chain, (outputs, channels // group, *kernel), outputs, 0)
        bias = [chain.constant((draw.rng.integers(-64, 65, outputs) / 64).astype(F32))] if draw.chance(0.5) else []
        pads = [draw.integer(0, k - 1) for k in kernel * 2]
        y = chain.add("Conv", x, weights, *bias, group=group, pads=pads)[0]
    elif kind == "product" and len(shape) == 2:
        columns = draw.integer(1, 6)
        y = chain.add("MatMul", x, quantized_weights(chain, (shape[1], columns), columns, 1))[0]
    elif kind == "sum":
        y = chain.add(draw.pick(["Add", "Mul"]), x, quantized(chain, draw.pick([name, x])))[0]
    else:
        y = x
    if draw.chance(0.5):
        y = chain.add("Relu", y)[0]
    return quantized(chain, y) if draw.chance(0.9) else y
