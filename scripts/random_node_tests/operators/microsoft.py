"""Operators of ONNX Runtime, which is the only reference for them."""
import numpy as np

import reference
from cases import F32, I8, I32, I64, U8, Case, Operand, Redraw
from operators import generates

DOMAIN = "com.microsoft"
ONE = ("runtime",)


def case(name, inputs, attributes, outputs=(True,), **more):
    operator = name.removeprefix(f"{DOMAIN}.")
    return Case(operator, 1, inputs, attributes, outputs, domain=DOMAIN, references=ONE, **more)


def known(value):
    return Operand(np.asarray(value), True)


def some(draw, **attributes):
    """Each attribute in half of the cases."""
    return {name: value for name, value in attributes.items() if draw.chance(0.5)}


@generates("com.microsoft.Gelu", "com.microsoft.QuickGelu", "com.microsoft.FastGelu", "com.microsoft.BiasGelu")
def gelu(draw, name):
    shape = draw.shape(1, 4, empty=0)
    inputs = [draw.operand(draw.uniform(shape, low=-6, high=6))]
    if name.endswith("BiasGelu") or name.endswith("FastGelu") and draw.chance(0.5):
        inputs.append(draw.operand(draw.uniform(shape[-1:]), 0.7))
    attributes = some(draw, alpha=draw.number(0.5, 3)) if "Quick" in name else {}
    return case(name, inputs, attributes, atol=2e-6)


def activation(draw, letters):
    """An activation with its numbers, as a list or one by one."""
    kinds = {"Relu": 0, "Tanh": 0, "Sigmoid": 0, "LeakyRelu": 1, "HardSigmoid": 2}
    kinds |= {"Elu": 1, "ThresholdedRelu": 1, "Softplus": 0, "Softsign": 0, "Selu": 2} if letters else {"Clip": 2}
    name = draw.pick(list(kinds))
    numbers = [draw.number(0.05, 0.6), draw.number(0.7, 1.5)][: kinds[name]]
    if not letters:
        return {"activation": name} | ({"activation_params": numbers} if numbers else {})
    names = ["alpha", "gamma"] if name == "Selu" else ["alpha", "beta"]
    return {"activation": name} | {f"activation_{letter}": number for letter, number in zip(names, numbers)}


@generates("com.microsoft.FusedConv")
def fused_conv(draw, name):
    group, inner, outer = draw.pick([1, 1, 2]), draw.integer(1, 3), draw.integer(1, 4)
    kernel = [draw.integer(1, 3) for _ in range(draw.pick([1, 2, 2]))]
    sizes = [draw.integer(4, 7) for _ in kernel]
    attributes = some(draw, strides=[draw.integer(1, 2) for _ in kernel], kernel_shape=kernel)
    attributes |= some(draw, pads=[draw.integer(0, 1) for _ in kernel * 2]) | ({"group": group} if group > 1 else {})
    attributes |= activation(draw, letters=False) if draw.chance(0.9) else {}
    count = group * outer
    pads, strides = attributes.get("pads", [0] * len(kernel) * 2), attributes.get("strides", [1] * len(kernel))
    out = [
        (size + pads[i] + pads[i + len(kernel)] - kernel[i]) // strides[i] + 1 for i, size in enumerate(sizes)
    ]
    batch = draw.integer(1, 2)
    x = draw.operand(draw.uniform((batch, group * inner, *sizes)), 0.0)
    weights = draw.operand(draw.uniform((count, inner, *kernel)), 0.8)
    bias = draw.optional(0.6, lambda: draw.operand(draw.uniform((count,)), 0.8))
    rest = draw.optional(0.4, lambda: draw.operand(draw.uniform((batch, count, *out)), 0.1))
    return case(name, [x, weights, bias, rest], attributes, atol=1e-5)


@generates("com.microsoft.NhwcConv")
def nhwc_conv(draw, name):
    """ONNX Runtime has it on other processors only: what `Conv` gives with the axes in another order."""
    group, inner, outer = draw.pick([1, 1, 2]), draw.integer(1, 3), draw.integer(1, 4)
    kernel = [draw.integer(1, 3) for _ in range(draw.pick([1, 2, 2]))]
    attributes = some(draw, strides=[draw.integer(1, 2) for _ in kernel], pads=[draw.integer(0, 1) for _ in kernel * 2])
    attributes |= {"group": group} if group > 1 else {}
    x = draw.uniform((draw.integer(1, 2), *(draw.integer(4, 7) for _ in kernel), group * inner))
    weights = draw.operand(draw.uniform((group * outer, inner, *kernel)), 0.8)
    bias = draw.optional(0.6, lambda: draw.operand(draw.uniform((group * outer,)), 0.8))
    first = Case("Conv", 11, [Operand(np.moveaxis(x, -1, 1)), weights, bias], attributes, references=ONE)
    own = lambda: [np.moveaxis(reference.outputs(first)[0], 1, -1)]
    return case(name, [Operand(x), weights, bias], attributes, own=own, atol=1e-5)


@generates("com.microsoft.QLinearReduceMean")
def q_linear_reduce_mean(draw, name):
    """ONNX Runtime has it on other processors only."""
    dtype = draw.pick([I8, U8])
    shape = draw.shape(1, 4, empty=0)
    axes = draw.axes(len(shape), low=1)
    attributes = {"axes": axes} if draw.chance(0.8) else {}
    attributes |= some(draw, keepdims=draw.integer(0, 1))
    scales = [np.float32(2.0 ** draw.integer(-3, 1)) for _ in range(2)]
    x, zeros = matrix(draw, shape, dtype), [matrix(draw, (), dtype) for _ in range(2)]

    def own():
        over = tuple(axes) if "axes" in attributes else None
        numbers = (x.astype(np.float64) - zeros[0]) * scales[0]
        mean = np.mean(numbers, axis=over, keepdims=bool(attributes.get("keepdims", 1))) / scales[1]
        if np.any((np.abs(mean - np.floor(mean) - 0.5) < 1e-6) & (np.abs(mean - np.floor(mean) - 0.5) > 0)):
            raise Redraw("a rounding error could decide how it is rounded")
        limits = np.iinfo(dtype)
        return [np.clip(np.rint(mean) + zeros[1], limits.min, limits.max).astype(dtype)]

    inputs = [Operand(x), known(scales[0]), known(zeros[0]), known(scales[1]), known(zeros[1])]
    return case(name, inputs, attributes, own=own)


@generates("com.microsoft.FusedGemm")
def fused_gemm(draw, name):
    m, k, n = draw.integer(1, 9), draw.integer(1, 20), draw.integer(1, 20)
    attributes = some(draw, transA=draw.integer(0, 1), transB=draw.integer(0, 1), alpha=draw.number(0.2, 2))
    attributes |= some(draw, beta=draw.number(0.2, 2)) | activation(draw, letters=True)
    a = draw.uniform((k, m) if attributes.get("transA") else (m, k))
    b = draw.uniform((n, k) if attributes.get("transB") else (k, n))
    c = draw.optional(0.6, lambda: draw.operand(draw.uniform(draw.pick([(n,), (1, n), (m, 1), (m, n)])), 0.7))
    return case(name, [draw.operand(a, 0.05), draw.operand(b, 0.7), c], attributes, atol=2e-5)


@generates("com.microsoft.FusedMatMul")
def fused_mat_mul(draw, name):
    m, k, n = draw.integer(1, 9), draw.integer(1, 20), draw.integer(1, 9)
    batch = [draw.integer(1, 3) for _ in range(draw.integer(0, 2))]
    attributes = some(draw, alpha=draw.number(0.2, 2))
    operands = []
    for letter, rows, columns in (("A", m, k), ("B", k, n)):
        if draw.chance(0.5):
            attributes[f"trans{letter}"] = 1
            rows, columns = columns, rows
        shape = [*batch, rows, columns]
        if batch and draw.chance(0.3):
            attributes[f"transBatch{letter}"] = 1
            shape = [rows, *batch, columns]
        operands.append(draw.operand(draw.uniform(shape), 0.2))
    return case(name, operands, attributes, atol=2e-5)


@generates("SimplifiedLayerNormalization")
def simplified(draw, name):
    shape = draw.shape(2, 3, empty=0)
    inputs = [draw.operand(draw.uniform(shape), 0.05), draw.operand(draw.uniform(shape[-1:]), 0.8)]
    attributes = some(draw, axis=-1, epsilon=draw.number(1e-6, 1e-2), stash_type=1)
    return Case(name, 17, inputs, attributes, references=ONE, deprecated=True, atol=1e-5)


@generates("com.microsoft.SkipLayerNormalization", "com.microsoft.SkipSimplifiedLayerNormalization")
def skip(draw, name):
    shape = (draw.integer(1, 3), draw.integer(1, 4), draw.integer(2, 40))
    skipped = draw.pick([shape, shape, (1, *shape[1:]), shape[1:]])
    row = lambda: draw.operand(draw.uniform(shape[-1:]), 0.8)
    inputs = [draw.operand(draw.uniform(shape), 0.05), draw.operand(draw.uniform(skipped), 0.1), row()]
    inputs += [] if "Simplified" in name else [draw.optional(0.7, row)]
    inputs += [draw.optional(0.5, row)]
    attributes = some(draw, epsilon=draw.number(1e-6, 1e-2))
    outputs = draw.pick([(True,), (True, False, False, True)])
    return case(name, inputs, attributes, outputs, rtol=2e-3, atol=1e-4)


def matrix(draw, shape, dtype):
    limits = np.iinfo(dtype)
    return draw.rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


@generates("com.microsoft.DynamicQuantizeMatMul", "com.microsoft.MatMulIntegerToFloat")
def dynamic(draw, name):
    m, k, n = draw.integer(1, 9), draw.integer(1, 30), draw.integer(1, 20)
    batch = [2] if draw.chance(0.3) else []
    dtype = draw.pick([I8, U8])
    each = (n,) if draw.chance(0.5) else ()
    b = draw.operand(matrix(draw, (k, n), dtype), 0.8)
    b_scale = draw.operand(draw.uniform(each, low=0.005, high=0.05), 0.8)
    b_zero = draw.optional(0.6, lambda: draw.operand(matrix(draw, each, dtype), 0.9))
    bias = draw.optional(0.5, lambda: draw.operand(draw.uniform((n,)), 0.8))
    if "Dynamic" in name:
        a = draw.operand(draw.uniform((*batch, m, k)), 0.0)
        return case(name, [a, b, b_scale, b_zero, bias], {}, atol=1e-3)
    a_type = draw.pick([I8, U8]) if dtype == I8 else U8
    a = draw.operand(matrix(draw, (*batch, m, k), a_type), 0.0)
    a_scale = draw.operand(np.float32(draw.number(0.005, 0.05)), 0.8)
    a_zero = draw.optional(0.6, lambda: draw.operand(matrix(draw, (), a_type), 0.9))
    return case(name, [a, b, a_scale, b_scale, a_zero, b_zero, bias], {}, atol=1e-4)


@generates("com.microsoft.MatMulNBits")
def n_bits(draw, name):
    bits = draw.pick([4, 4, 4, 8])
    size = draw.pick([16, 32, 64])
    k, n = size * draw.integer(1, 3), draw.integer(1, 9)
    if draw.chance(0.3):
        k = max(1, k - draw.integer(1, size - 1))
    blocks = -(-k // size)
    b = matrix(draw, (n, blocks, size * bits // 8), U8)
    scales = draw.uniform((n * blocks,), low=0.01, high=0.1)
    zeros = draw.optional(0.5, lambda: known(matrix(draw, (n * -(-blocks * bits // 8),), U8)))
    bias = draw.optional(0.3, lambda: known(draw.uniform((n,))))
    attributes = {"K": k, "N": n, "bits": bits, "block_size": size} | some(draw, accuracy_level=0)
    x = draw.operand(draw.uniform((*([2] if draw.chance(0.3) else []), draw.integer(1, 4), k)), 0.0)
    return case(name, [x, known(b), known(scales), zeros, None, bias], attributes, atol=1e-4)


def mask(draw, batch, queries, keys):
    """A mask of integers in one of its forms; each query may attend a key."""
    form = draw.pick(["ends", "keys", "keys", "queries"])
    if form == "ends":
        return draw.rng.integers(1, keys + 1, (batch,)).astype(I32)
    values = draw.rng.integers(0, 2, (batch, keys) if form == "keys" else (batch, queries, keys)).astype(I32)
    values[..., 0] = 1
    return values


@generates("com.microsoft.MultiHeadAttention")
def multi_head(draw, name):
    batch, queries, heads = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 3)
    size, value_size = draw.integer(1, 8), draw.integer(1, 8)
    past = draw.integer(1, 3) if draw.chance(0.3) else 0
    value_size = size if past else value_size
    keys = queries if past or draw.chance(0.5) else draw.integer(1, 6)
    whole = keys + past
    value = lambda *shape: draw.operand(draw.uniform(shape, low=-2, high=2), 0.05)
    crossed = not past and draw.chance(0.2)
    inputs = [value(batch, queries, heads * size)]
    for width in (size, value_size):
        inputs.append(value(batch, heads, keys, width) if crossed else value(batch, keys, heads * width))
    bias = draw.optional(0.4, lambda: value(heads * (2 * size + value_size)))
    inputs.append(bias)
    inputs.append(draw.optional(0.3, lambda: draw.operand(mask(draw, batch, queries, whole), 0.2)))
    outer = (draw.pick([1, batch]), draw.pick([1, heads]))
    inputs.append(draw.optional(0.3, lambda: value(*outer, queries, whole)))
    if past:
        inputs += [value(batch, heads, past, size), value(batch, heads, past, value_size)]
    attributes = {"num_heads": heads} | some(draw, scale=draw.number(0.1, 1), unidirectional=draw.integer(0, 1))
    outputs = (True, True, True) if past else (True,)
    return case(name, inputs, attributes, outputs, atol=1e-5)


def self_attention(draw):
    """Sizes of attention of tokens to one another."""
    batch, tokens, heads, size = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 3), draw.integer(1, 8)
    past = draw.integer(1, 3) if draw.chance(0.3) else 0
    return batch, tokens, heads, size, past


@generates("com.microsoft.Attention")
def attention(draw, name):
    batch, tokens, heads, size, past = self_attention(draw)
    width, values = draw.integer(1, 12), size if past or draw.chance(0.7) else draw.integer(1, 8)
    joint = heads * (2 * size + values)
    x = draw.operand(draw.uniform((batch, tokens, width), low=-1, high=1), 0.0)
    weights = draw.operand(draw.uniform((width, joint), low=-1, high=1), 0.8)
    bias = draw.operand(draw.uniform((joint,), low=-1, high=1), 0.8)
    inputs = [x, weights, bias]
    inputs.append(draw.optional(0.4, lambda: draw.operand(mask(draw, batch, tokens, past + tokens), 0.2)))
    kept = lambda: draw.operand(draw.uniform((2, batch, heads, past, size)), 0.1)
    inputs.append(kept() if past else None)
    outer = (draw.pick([1, batch]), draw.pick([1, heads]))
    inputs.append(draw.optional(0.3, lambda: draw.operand(draw.uniform((*outer, tokens, past + tokens)), 0.1)))
    attributes = {"num_heads": heads} | some(draw, scale=draw.number(0.1, 1), unidirectional=draw.integer(0, 1))
    if values != size:
        attributes["qkv_hidden_sizes"] = [heads * size, heads * size, heads * values]
    attributes |= some(draw, mask_filter_value=-1000.0)
    return case(name, inputs, attributes, (True, True) if past else (True,), atol=1e-5)


@generates("com.microsoft.QAttention")
def q_attention(draw, name):
    batch, tokens, heads, size, past = self_attention(draw)
    width, joint = draw.integer(1, 12), 3 * heads * size
    each = (joint,) if draw.chance(0.5) else ()
    inputs = [
        draw.operand(matrix(draw, (batch, tokens, width), U8), 0.0),
        draw.operand(matrix(draw, (width, joint), I8), 0.9),
        draw.operand(draw.uniform((joint,), low=-1, high=1), 0.8),
        known(np.float32(draw.number(0.005, 0.02))),
        known(draw.uniform(each, low=0.002, high=0.02)),
        draw.optional(0.4, lambda: draw.operand(mask(draw, batch, tokens, past + tokens), 0.2)),
        known(matrix(draw, (), U8)),
        known(np.zeros(each, I8)),
    ]
    if past:
        inputs.append(draw.operand(draw.uniform((2, batch, heads, past, size)), 0.1))
    attributes = {"num_heads": heads} | some(draw, unidirectional=draw.integer(0, 1))
    return case(name, inputs, attributes, (True, True) if past else (True,), atol=1e-5)


@generates("com.microsoft.EmbedLayerNormalization")
def embedding(draw, name):
    batch, tokens, width = draw.integer(1, 3), draw.integer(1, 5), draw.integer(2, 30)
    table = lambda rows: known(draw.uniform((rows, width)))
    ids = lambda rows: draw.operand(draw.rng.integers(0, rows, (batch, tokens)).astype(I32), 0.05)
    segments = draw.chance(0.6)
    inputs = [ids(9), ids(2) if segments else None, table(9), table(7), table(2) if segments else None]
    inputs += [known(draw.uniform((width,))), known(draw.uniform((width,)))]
    inputs.append(draw.optional(0.5, lambda: draw.operand(draw.exact((batch, tokens), I32, 1) & 1, 0.1)))
    inputs.append(draw.optional(0.4, lambda: ids(7)))
    attributes = some(draw, epsilon=draw.number(1e-6, 1e-2))
    return case(name, inputs, attributes, (True, True), rtol=2e-3, atol=1e-4)


@generates("com.microsoft.RotaryEmbedding")
def rotary(draw, name):
    batch, tokens, heads, half = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 3), draw.integer(1, 4)
    angles = draw.uniform((12, half))
    flat = draw.chance(0.5)
    shape = (batch, tokens, heads * 2 * half) if flat else (batch, heads, tokens, 2 * half)
    first = draw.chance(0.5)
    positions = draw.rng.integers(0, 7, (1,) if first else (batch, tokens)).astype(I64)
    inputs = [draw.operand(draw.uniform(shape), 0.0), draw.operand(positions, 0.2), known(np.cos(angles))]
    inputs.append(known(np.sin(angles)))
    attributes = some(draw, interleaved=draw.integer(0, 1), scale=1.0)
    return case(name, inputs, attributes, atol=1e-5)


@generates("com.microsoft.QLinearWhere")
def q_linear_where(draw, name):
    dtype = draw.pick([I8, U8])
    shape = draw.shape(1, 3, empty=0)
    # Powers of two: no quotient lies beside the middle of two integers.
    scale = lambda: known(np.float32(2.0 ** draw.integer(-3, 1)))
    zero = lambda: known(matrix(draw, (), dtype))
    inputs = [draw.operand(draw.exact(draw.broadcast(shape), np.dtype(bool)), 0.2)]
    for _ in range(2):
        inputs += [draw.operand(matrix(draw, shape, dtype), 0.1), scale(), zero()]
    return case(name, [*inputs, scale(), zero()], {})


@generates("com.microsoft.DynamicQuantizeLSTM")
def lstm(draw, name):
    # Of a batch of one: ONNX Runtime rounds hidden states by the range of a whole batch.
    steps, size, hidden = draw.integer(1, 5), draw.integer(1, 9), draw.pick([1, 3, 8, 16, 20])
    direction = draw.pick(["forward", "reverse", "bidirectional"])
    directions = 2 if direction == "bidirectional" else 1
    dtype = draw.pick([I8, U8])
    each = (directions, 4 * hidden) if draw.chance(0.3) and dtype == I8 else (directions,)
    zeros = lambda: known(np.zeros(each, I8) if len(each) == 2 else matrix(draw, each, dtype))
    scales = lambda: known(draw.uniform(each, low=0.002, high=0.01))
    inputs = [
        draw.operand(draw.uniform((steps, 1, size)), 0.0),
        known(matrix(draw, (directions, size, 4 * hidden), dtype)),
        known(matrix(draw, (directions, hidden, 4 * hidden), dtype)),
        draw.optional(0.7, lambda: known(draw.uniform((directions, 8 * hidden), low=-1, high=1))),
        None,
        draw.optional(0.3, lambda: draw.operand(draw.uniform((directions, 1, hidden), low=-1, high=1), 0.1)),
        draw.optional(0.3, lambda: draw.operand(draw.uniform((directions, 1, hidden), low=-1, high=1), 0.1)),
        draw.optional(0.2, lambda: known(draw.uniform((directions, 3 * hidden), low=-1, high=1))),
        scales(),
        zeros(),
        scales(),
        zeros(),
    ]
    attributes = {"hidden_size": hidden, "direction": direction} | some(draw, clip=3.0)
    # The last digit may decide how a state is rounded.
    return case(name, inputs, attributes, (True, True, True), rtol=5e-3, atol=5e-3)
