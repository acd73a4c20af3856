"""Attention and what comes with it."""
import numpy as np
from onnx import helper, numpy_helper

from cases import BF16, BOOL, F16, F32, F64, I64, Case, rounding
from operators import generates
from operators.conversions import NUMBER

WORKED_OUT = ("widened_evaluator", "evaluator")


@generates("Attention")
def attention(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    batch, queries, keys = draw.integer(1, 3), draw.integer(1, 5), draw.integer(1, 6)
    kv_heads = draw.integer(1, 3)
    heads = kv_heads * draw.pick([1, 1, 2, 3])
    size, value_size = draw.integer(1, 8), draw.integer(1, 8)
    past = draw.integer(1, 4) if draw.chance(0.3) else 0
    attributes = {}
    flat = draw.chance(0.4)

    def packed(count, length, width):
        return (batch, length, count * width) if flat else (batch, count, length, width)

    if flat:
        attributes |= {"q_num_heads": heads, "kv_num_heads": kv_heads}
    value = lambda shape: draw.uniform(shape, dtype, -2, 2)
    inputs = [
        draw.operand(value(packed(heads, queries, size)), 0.05),
        draw.operand(value(packed(kv_heads, keys, size)), 0.1),
        draw.operand(value(packed(kv_heads, keys, value_size)), 0.1),
    ]
    whole = past + keys
    if draw.chance(0.5):
        outer = draw.pick([(), (1, 1), (batch, 1), (batch, heads)])
        shape = (*outer, queries, whole)
        # At least one key remains for each query.
        allowed = draw.exact(shape, BOOL)
        allowed[..., 0] = True
        mask = allowed if draw.chance(0.5) else value(shape)
        inputs.append(draw.operand(mask, 0.3))
    else:
        inputs.append(None)
    if past:
        inputs.append(draw.operand(value((batch, kv_heads, past, size)), 0.1))
        inputs.append(draw.operand(value((batch, kv_heads, past, value_size)), 0.1))
    elif opset >= 24 and draw.chance(0.3):
        inputs += [None, None, draw.operand(draw.rng.integers(1, keys + 1, batch).astype(I64), 0.3)]
    attributes |= {"scale": draw.number(0.1, 1)} if draw.chance(0.3) else {}
    attributes |= {"is_causal": draw.integer(0, 1)} if draw.chance(0.5) else {}
    attributes |= {"softcap": draw.number(0.5, 3)} if draw.chance(0.3) else {}
    if opset >= 25:
        sides = ("left_window_size", "right_window_size")
        attributes |= {key: draw.integer(-1, 3) for key in sides if draw.chance(0.3)}
    outputs = [True]
    if past:
        outputs = [True, True, True]
    if draw.chance(0.3):
        outputs += [bool(past)] * (3 - len(outputs)) + [True]
        attributes["qk_matmul_output_mode"] = draw.integer(0, 3)
    case = Case(name, opset, inputs, attributes, tuple(outputs), atol=rounding(dtype, 8))
    # The runtime is older than what became of empty rows and of offsets. For the evaluator the raw product has the
    # soft cap.
    raw = len(outputs) == 4 and "softcap" in attributes and attributes["qk_matmul_output_mode"] == 0
    case.references = ("widened", "runtime") if raw else WORKED_OUT
    return case


@generates("RotaryEmbedding")
def rotary(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    batch, length, heads, half = draw.integer(1, 3), draw.integer(1, 5), draw.integer(1, 3), draw.integer(1, 4)
    size = 2 * half
    attributes = {"interleaved": draw.integer(0, 1)} if draw.chance(0.6) else {}
    rotated = size
    if draw.chance(0.4):
        rotated = 2 * draw.integer(1, half)
        attributes["rotary_embedding_dim"] = rotated
    flat = draw.chance(0.4)
    if flat:
        attributes["num_heads"] = heads
    x = draw.uniform((batch, length, heads * size) if flat else (batch, heads, length, size), dtype)
    caches = draw.integer(length, length + 4)
    positions = draw.rng.integers(0, caches, (batch, length)).astype(I64) if draw.chance(0.6) else None
    shape = (batch, length, rotated // 2) if positions is None else (caches, rotated // 2)
    tables = [draw.operand(draw.uniform(shape, dtype, -1, 1), 0.5) for _ in range(2)]
    inputs = [draw.operand(x, 0.05), *tables, None if positions is None else draw.operand(positions, 0.3)]
    case = Case(name, opset, inputs, attributes, atol=rounding(dtype, 8))
    case.references = WORKED_OUT
    return case


@generates("LinearAttention")
def linear_attention(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    state_type = draw.type_of(name, opset, "S")
    batch, length, kv_heads = draw.integer(1, 2), draw.integer(1, 5), draw.integer(1, 3)
    heads = kv_heads * draw.pick([1, 1, 2])
    keys, values = draw.integer(1, 4), draw.integer(1, 4)
    rule = draw.pick(["linear", "gated", "delta", "gated_delta"])
    value = lambda *shape: draw.uniform(shape, dtype, -1, 1)
    inputs = [
        draw.operand(value(batch, length, heads * keys), 0.05),
        draw.operand(value(batch, length, kv_heads * keys), 0.05),
        draw.operand(value(batch, length, kv_heads * values), 0.05),
        draw.optional(0.6, lambda: draw.operand(draw.uniform((batch, kv_heads, keys, values), state_type, -1, 1), 0.1)),
        None,
        None,
    ]
    if "gated" in rule:
        width = kv_heads * keys if draw.chance(0.5) else kv_heads
        inputs[4] = draw.operand(draw.uniform((batch, length, width), dtype, -1, 0), 0.1)
    if "delta" in rule:
        width = kv_heads if draw.chance(0.7) else 1
        inputs[5] = draw.operand(draw.uniform((batch, length, width), dtype, 0, 1), 0.1)
    attributes = {"q_num_heads": heads, "kv_num_heads": kv_heads}
    attributes |= {} if rule == "gated_delta" and draw.chance(0.5) else {"update_rule": rule}
    attributes |= {"scale": draw.number(0.2, 1)} if draw.chance(0.4) else {}
    attributes |= {"chunk_size": draw.integer(1, 4)} if draw.chance(0.3) else {}
    case = Case(name, opset, inputs, attributes, (True, True), atol=rounding(dtype, 16))
    case.references = WORKED_OUT
    return case


@generates("SwiGLU")
def swiglu(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape()
    attributes = {"alpha": draw.number(-2, 2)} if draw.chance(0.5) else {}
    inputs = [draw.operand(draw.uniform(shape, dtype), 0.2) for _ in range(2)]
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 4))


def modifier(draw, name, dtype):
    """A graph of one input and one output of the same type."""
    number = numpy_helper.from_array(np.array(draw.pick([0.5, -1.5, 2.0]), dtype))
    nodes = [
        helper.make_node("Constant", [], [f"{name}_k"], value=number),
        helper.make_node(draw.pick(["Add", "Mul"]), [f"{name}_x", f"{name}_k"], [f"{name}_m"]),
        helper.make_node(draw.pick(["Tanh", "Identity", "Relu"]), [f"{name}_m"], [f"{name}_y"]),
    ]
    kind = NUMBER[np.dtype(dtype)]
    ends = [helper.make_tensor_value_info(f"{name}_{end}", kind, [None] * 4) for end in "xy"]
    return helper.make_graph(nodes, name, ends[:1], ends[1:])


@generates("FlexAttention")
def flex_attention(draw, name):
    domain = "ai.onnx.preview"
    dtype = draw.dtype([F16, BF16, F32, F64])
    batch, queries, keys = draw.integer(1, 2), draw.integer(1, 4), draw.integer(1, 5)
    kv_heads = draw.integer(1, 2)
    heads = kv_heads * draw.pick([1, 1, 2, 3])
    size, value_size = draw.integer(1, 5), draw.integer(1, 5)
    value = lambda *shape: draw.uniform(shape, dtype, -2, 2)
    inputs = [
        draw.operand(value(batch, heads, queries, size), 0.05),
        draw.operand(value(batch, kv_heads, keys, size), 0.1),
        draw.operand(value(batch, kv_heads, keys, value_size), 0.1),
    ]
    attributes = {"scale": draw.number(0.1, 1)} if draw.chance(0.4) else {}
    precision = F64 if dtype == F64 else F32
    if dtype == F32 and draw.chance(0.2):
        precision = F64
    if precision != F32 or draw.chance(0.3):
        attributes["softmax_precision"] = NUMBER[precision]
    for key in ("score_mod", "prob_mod"):
        if draw.chance(0.4):
            attributes[key] = modifier(draw, key, precision)
    case = Case(name, 1, inputs, attributes, domain=domain, atol=rounding(dtype, 8))
    case.references = ("evaluator",)
    return case
