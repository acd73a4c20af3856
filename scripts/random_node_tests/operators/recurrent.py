"""Recurrent networks."""
import numpy as np

import reference
from cases import I32, Case, Operand, Redraw, rounding
from operators import generates

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
#: Functions of each direction.
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
SCALED = {"Affine": 2, "LeakyRelu": 1, "ThresholdedRelu": 1, "ScaledTanh": 2, "HardSigmoid": 2, "Elu": 1}
PLAIN = ["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"]


def activations(draw, name, directions):
    """Other functions than the usual ones, with parameters where they have some."""
    chosen = [draw.pick(PLAIN + list(SCALED)) for _ in range(FUNCTIONS[name] * directions)]
    attributes = {"activations": chosen}
    if draw.chance(0.5):
        # The lists have a number for each function that has the parameter, in order.
        if all(SCALED.get(function, 0) == 2 for function in chosen):
            attributes["activation_alpha"] = [draw.number(0.3, 0.9) for _ in chosen]
            attributes["activation_beta"] = [draw.number(0.3, 0.9) for _ in chosen]
    return attributes


@generates("RNN", "GRU", "LSTM")
def recurrent(draw, name):
    opset = draw.opset(name)
    dtype = draw.type_of(name, opset)
    length, batch, inputs, hidden = draw.integer(1, 5), draw.integer(1, 3), draw.integer(1, 5), draw.integer(1, 6)
    attributes = {"hidden_size": hidden} if draw.chance(0.7) else {}
    directions = 1
    if draw.chance(0.6):
        attributes["direction"] = draw.pick(["forward", "reverse", "bidirectional"])
        directions = 2 if attributes["direction"] == "bidirectional" else 1
    if draw.chance(0.25):
        attributes |= activations(draw, name, directions)
    if draw.chance(0.15):
        attributes["clip"] = draw.number(0.2, 1.5)
    if name == "GRU" and opset >= 3 and draw.chance(0.5):
        attributes["linear_before_reset"] = draw.integer(0, 1)
    if name == "LSTM" and draw.chance(0.15):
        attributes["input_forget"] = draw.integer(0, 1)
    if opset < 7:
        attributes |= {"output_sequence": 1} if draw.chance(0.3) else {}
    batch_first = opset >= 14 and draw.chance(0.2)
    if batch_first:
        attributes["layout"] = 1
    gates = GATES[name] * hidden
    value = lambda *shape: draw.uniform(shape, dtype, -1, 1)
    weight = lambda *shape: draw.operand(value(*shape), 0.8)
    state = (batch, directions, hidden) if batch_first else (directions, batch, hidden)
    lengths = draw.rng.integers(1, length + 1, batch).astype(I32)
    operands = [
        draw.operand(value(*((batch, length) if batch_first else (length, batch)), inputs), 0.05),
        weight(directions, gates, inputs),
        weight(directions, gates, hidden),
        draw.optional(0.6, lambda: weight(directions, 2 * gates)),
        draw.optional(0.3, lambda: draw.operand(lengths, 0.5)),
        draw.optional(0.5, lambda: draw.operand(value(*state), 0.3)),
    ]
    outputs = [True, True]
    if name == "LSTM":
        operands.append(draw.optional(0.5, lambda: draw.operand(value(*state), 0.3)))
        operands.append(draw.optional(0.25, lambda: weight(directions, 3 * hidden)))
        outputs = [True, True, True]
    if draw.chance(0.4):
        outputs = [draw.chance(0.6) for _ in outputs]
        outputs = outputs if any(outputs) else [True]
    if opset < 7 and name == "GRU":
        outputs = [True, True]
    # The runtime knows all functions, clipping and lengths, but no other layout.
    case = Case(name, opset, operands, attributes, tuple(outputs), atol=rounding(dtype, 8))
    case.references = ("widened", "runtime", "narrowed")
    # The runtime wants to be told the size of the state.
    later = {key: v for key, v in attributes.items() if key != "output_sequence"} | {"hidden_size": hidden}
    case.same_as = Case(name, max(opset, 7), operands, later, tuple(outputs))
    if batch_first:
        case.own = lambda: transposed(case, draw)
        case.references = ()
    if "activations" in attributes and any(np.max(np.abs(value)) > 50 for value in reference.outputs(case)):
        raise Redraw("a state that grows and grows")
    return case


def transposed(case, draw):
    """The results of layout 1 from those of layout 0."""
    turn = lambda o: o and Operand(np.moveaxis(o.value, 0, 1), o.known)
    inputs = [turn(o) if i in (0, 5, 6) else o for i, o in enumerate(case.inputs)]
    attributes = {key: v for key, v in case.same_as.attributes.items() if key != "layout"}
    usual = Case(case.operator, case.opset, inputs, attributes, case.outputs)
    usual.references = ("widened", "runtime", "narrowed")
    results = iter(reference.outputs(usual))
    # [length, directions, batch, hidden] becomes [batch, length, directions, hidden].
    back = lambda index, value: np.moveaxis(value, 2, 0) if index == 0 else np.moveaxis(value, 0, 1)
    return [back(index, next(results)) for index, wanted in enumerate(case.outputs) if wanted]
