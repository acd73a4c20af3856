"""Gathering and scattering by indices that are operands."""
import numpy as np

from cases import BOOL, I32, I64, Case, Operand, Redraw
from operators import generates


def indices(draw, shape, size, negative=True, dtype=None):
    """Indices into an axis of `size` elements, some from its end."""
    if size == 0 and np.prod(shape):
        raise Redraw("an index into nothing")
    low = -size if negative else 0
    return draw.rng.integers(low, max(size, 1), shape).astype(dtype or draw.pick([I32, I64]))


@generates("Gather")
def gather(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4)
    axis = draw.axis(len(shape), opset >= 11)
    chosen = indices(draw, draw.shape(0, 3, most=4), shape[axis], opset >= 11)
    attributes = {"axis": axis} if axis != 0 or draw.chance(0.5) else {}
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)))
    return Case(name, opset, [x, draw.operand(chosen, 0.5)], attributes)


@generates("GatherElements")
def gather_elements(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4)
    axis = draw.axis(len(shape))
    # Along the other axes there may be fewer indices than elements.
    fewer = lambda size: draw.integer(0 if draw.chance(0.1) else min(size, 1), size)
    wanted = [fewer(size) if draw.chance(0.4) else size for size in shape]
    wanted[axis] = draw.size()
    attributes = {"axis": axis} if axis != 0 or draw.chance(0.5) else {}
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)))
    return Case(name, opset, [x, draw.operand(indices(draw, wanted, shape[axis]), 0.4)], attributes)


@generates("GatherND")
def gather_nd(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4, empty=0)
    batch = draw.integer(0, len(shape) - 1) if opset >= 12 and draw.chance(0.5) else 0
    depth = draw.integer(1, len(shape) - batch)
    outer = shape[:batch] + draw.shape(0 if batch else 0, 2, most=4, empty=0)
    parts = [indices(draw, outer, size, opset >= 11, I64) for size in shape[batch : batch + depth]]
    chosen = np.stack(parts, -1)
    attributes = {"batch_dims": batch} if batch or opset >= 12 and draw.chance(0.3) else {}
    x = draw.operand(draw.any(shape, draw.type_of(name, opset)))
    return Case(name, opset, [x, draw.operand(chosen, 0.4)], attributes)


def reductions(opset):
    return [] if opset < 16 else ["none", "add", "mul"] if opset < 18 else ["none", "add", "mul", "max", "min"]


def reduction(draw, opset, dtype):
    """How updates join what is there; duplicate indices are defined only if they do."""
    names = reductions(opset)
    if dtype == BOOL:
        names = [name for name in names if name == "none"]
    chosen = draw.pick(names) if names and draw.chance(0.7) else None
    return ({"reduction": chosen} if chosen else {}), chosen not in (None, "none")


@generates("Scatter", "ScatterElements")
def scatter_elements(draw, name):
    opset = draw.opset(name, newest=10 if name == "Scatter" else 28)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4)
    axis = draw.axis(len(shape), opset >= 11)
    attributes, repeated = reduction(draw, opset, dtype)
    wanted = [draw.integer(min(size, 1), size) if draw.chance(0.4) else size for size in shape]
    if repeated:
        wanted[axis] = draw.size()
        chosen = indices(draw, wanted, shape[axis])
    else:
        wanted[axis] = draw.integer(0, shape[axis])
        whole = [shape[axis] if i == axis % len(shape) else size for i, size in enumerate(wanted)]
        order = np.argsort(draw.rng.random(whole), axis)
        chosen = np.take(order, range(wanted[axis]), axis)
        back = draw.rng.random(chosen.shape) < (0.3 if opset >= 11 else 0)
        chosen = np.where(back, chosen - shape[axis], chosen).astype(draw.pick([I32, I64]))
    attributes |= {"axis": axis} if axis != 0 or draw.chance(0.5) else {}
    values = [draw.exact(shape, dtype, 8), draw.exact(chosen.shape, dtype, 8)]
    inputs = [draw.operand(values[0], 0.3), draw.operand(chosen, 0.4), draw.operand(values[1], 0.3)]
    return Case(name, opset, inputs, attributes)


@generates("ScatterND")
def scatter_nd(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = draw.shape(1, 4, most=5, empty=0)
    depth = draw.integer(1, len(shape))
    attributes, repeated = reduction(draw, opset, dtype)
    places = list(np.ndindex(*shape[:depth]))
    count = draw.integer(0, min(len(places), 8))
    chosen = [draw.pick(places) for _ in range(count)] if repeated else draw.shuffled(places)[:count]
    chosen = np.array(chosen, I64).reshape(count, depth)
    back = draw.rng.random(chosen.shape) < 0.3
    chosen = np.where(back, chosen - np.array(shape[:depth]), chosen).astype(I64)
    if count and count % 2 == 0 and draw.chance(0.4):
        chosen = chosen.reshape(2, count // 2, depth)
    updates = draw.exact(chosen.shape[:-1] + shape[depth:], dtype, 8)
    inputs = [draw.operand(draw.exact(shape, dtype, 8), 0.3), draw.operand(chosen, 0.4), draw.operand(updates, 0.3)]
    return Case(name, opset, inputs, attributes)


@generates("TensorScatter")
def tensor_scatter(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    shape = list(draw.shape(2, 4, empty=0))
    axis = draw.pick([axis for axis in range(-len(shape) + 1, len(shape)) if axis != 0])
    if axis % len(shape) == 0:
        raise Redraw("the axis of the batch")
    longest = shape[axis]
    mode = draw.pick(["linear", "circular"])
    shape_of_update = list(shape)
    shape_of_update[axis] = draw.integer(1, longest)
    most = longest - shape_of_update[axis] if mode == "linear" else longest - 1
    where = draw.rng.integers(0, most + 1, shape[0]).astype(I64)
    attributes = {} if mode == "linear" and draw.chance(0.5) else {"mode": mode}
    attributes |= {} if axis == -2 and draw.chance(0.5) else {"axis": axis}
    inputs = [draw.operand(draw.any(tuple(shape), dtype)), draw.operand(draw.any(tuple(shape_of_update), dtype))]
    return Case(name, opset, inputs + [draw.optional(0.8, lambda: draw.operand(where, 0.3))], attributes)


@generates("Compress")
def compress(draw, name):
    opset = draw.opset(name)
    shape = draw.shape(1, 4)
    axis = draw.axis(len(shape), opset >= 11) if draw.chance(0.7) else None
    whole = int(np.prod(shape)) if axis is None else shape[axis]
    # What the condition does not reach is left out.
    condition = draw.exact((draw.integer(0, whole),), BOOL)
    inputs = [draw.operand(draw.any(shape, draw.type_of(name, opset))), Operand(condition, draw.chance(0.9))]
    return Case(name, opset, inputs, {"axis": axis})


@generates("NonZero")
def non_zero(draw, name):
    opset = draw.opset(name)
    x = draw.exact(draw.shape(1, 4, most=4), draw.type_of(name, opset), 1)
    return Case(name, opset, [draw.operand(x, 0.9)])
