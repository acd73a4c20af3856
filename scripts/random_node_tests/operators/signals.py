"""Fourier transforms and windows."""
import numpy as np

from cases import F32, FLOATS, I32, I64, Case, Redraw, rounding
from operators import generates
from operators.conversions import NUMBER


@generates("DFT")
def transform(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    rank = draw.integer(2, 4)
    inverse, onesided = draw.chance(0.4), draw.chance(0.4)
    if inverse and onesided and opset < 20:
        raise Redraw("not defined")
    complex_input = (inverse or not onesided and draw.chance(0.5)) or inverse
    shape = tuple(draw.integer(1, 6) for _ in range(rank - 1)) + (2 if complex_input else 1,)
    axis = draw.integer(0 if rank > 2 else 0, rank - 2)
    negative = draw.chance(0.4)
    given = axis - rank if negative else axis
    attributes = {}
    if inverse or draw.chance(0.3):
        attributes["inverse"] = int(inverse)
    if onesided or draw.chance(0.3):
        attributes["onesided"] = int(onesided)
    length = draw.optional(0.5, lambda: draw.operand(np.array(draw.integer(1, 8), draw.pick([I32, I64])), 0.8))
    inputs = [draw.operand(draw.uniform(shape, dtype), 0.1), length]
    if opset < 20:
        attributes |= {"axis": given} if given != 1 or draw.chance(0.5) else {}
    elif given != -2 or draw.chance(0.5):
        inputs.append(draw.operand(np.array(given, I64), 0.8))
    case = Case(name, opset, inputs, attributes, atol=rounding(dtype, 40))
    # For the runtime one side of a transform is not what it is inverted from.
    case.references = ("widened_evaluator", "evaluator")
    return case


@generates("STFT")
def short_time(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset, "T1")
    length, frame, step = draw.integer(4, 20), draw.integer(1, 8), draw.integer(1, 4)
    if frame > length:
        raise Redraw("a frame longer than the signal")
    onesided = draw.integer(0, 1)
    parts = draw.pick([1, 1, 2]) if not onesided else 1
    signal = draw.uniform((draw.integer(1, 3), length, parts), dtype)
    window = draw.optional(0.6, lambda: draw.operand(draw.uniform((frame,), dtype, 0.1, 1), 0.7))
    types = draw.pick([I32, I64])
    has_length = window is None or draw.chance(0.5)
    inputs = [draw.operand(signal, 0.1), draw.operand(np.array(step, types), 0.8), window]
    inputs.append(draw.operand(np.array(frame, types), 0.8) if has_length else None)
    attributes = {} if onesided and draw.chance(0.5) else {"onesided": onesided}
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 40))


@generates("BlackmanWindow", "HammingWindow", "HannWindow")
def window(draw, name):
    opset = draw.opset(name)
    dtype = draw.dtype(FLOATS)
    size = draw.operand(np.array(draw.integer(1, 20), draw.pick([I32, I64])), 0.8)
    attributes = {"periodic": draw.integer(0, 1)} if draw.chance(0.6) else {}
    attributes |= {"output_datatype": NUMBER[dtype]} if dtype != F32 or draw.chance(0.3) else {}
    # A symmetric window of one element divides zero by zero.
    if size.value == 1 and not attributes.get("periodic", 1):
        raise Redraw("a symmetric window of one element")
    return Case(name, opset, [size], attributes, atol=rounding(dtype, 2))


@generates("MelWeightMatrix")
def mel(draw, name):
    opset = draw.opset(name)
    kinds, dtype = draw.pick([I32, I64]), draw.dtype(FLOATS)
    rate, bins, length = draw.pick([8000, 16000]), draw.integer(1, 10), draw.pick([16, 32, 64])
    numbers = [np.array(v, kinds) for v in (bins, length, rate)]
    edges = [np.array(v, draw.pick([F32])) for v in (draw.integer(0, 200), draw.integer(1000, rate // 2))]
    attributes = {"output_datatype": NUMBER[dtype]} if dtype != F32 or draw.chance(0.3) else {}
    inputs = [draw.operand(v, 0.8) for v in numbers + edges]
    return Case(name, opset, inputs, attributes, atol=rounding(dtype, 1))
