"""Sequences of tensors, which are inside the models only."""
import numpy as np
from onnx import helper

from cases import F32, I64, Case
from operators import generates
from operators.control import info

NAMES = ("SequenceEmpty", "SequenceConstruct", "SequenceAt", "SequenceInsert", "SequenceErase", "SequenceLength")


@generates("SplitToSequence", "ConcatFromSequence", "SequenceMap", *NAMES)
def sequences(draw, name):
    """Parts of a tensor as a sequence that is changed and put together again, by way of the operator `name`."""
    opset = draw.integer(18, 23)
    rank = draw.integer(1, 3)
    axis = draw.integer(0, rank - 1)
    parts = draw.integer(3, 5)
    shape = [draw.integer(1, 4) for _ in range(rank)]
    shape[axis] = parts
    part = [1 if i == axis else size for i, size in enumerate(shape)]
    nodes, constants = [], {}

    def node(operator, inputs, output, **attributes):
        nodes.append(helper.make_node(operator, inputs, [output], name=f"node{len(nodes)}", **attributes))
        return output

    def number(value):
        constant = f"k{len(constants)}"
        constants[constant] = np.array(value, I64)
        return constant

    sequence = node("SplitToSequence", ["x0"], "parts", axis=axis)
    first = node("SequenceAt", [sequence, number(draw.pick([0, 1, -1]))], "first")
    second = node("SequenceAt", [sequence, number(-2)], "second")
    if name == "SequenceConstruct":
        sequence = node(name, [first, second, first], "made")
    if name == "SequenceEmpty":
        sequence = node(name, [], "none", **draw.pick([{}, {"dtype": 1}]))
        sequence = node("SequenceInsert", [sequence, second], "one")
    if name in ("SequenceInsert", "SequenceLength"):
        place = draw.pick([[], [number(draw.pick([0, 2, -1, parts]))]])
        sequence = node("SequenceInsert", [sequence, first, *place], "longer")
    if name in ("SequenceErase", "SequenceLength"):
        place = draw.pick([[], [number(draw.pick([0, 1, -2]))]])
        sequence = node("SequenceErase", [sequence, *place], "shorter")
    if name == "SequenceMap":
        inside = [helper.make_node("Add", ["element", "other"], ["sum"]), helper.make_node("Neg", ["sum"], ["result"])]
        inputs = [info("element", part), info("other", part)]
        body = helper.make_graph(inside, "body", inputs, [info("result", part)])
        sequence = node(name, [sequence, draw.pick([first, sequence])], "mapped", body=body)
    new_axis = draw.chance(0.5)
    place = draw.integer(-1, rank if new_axis else rank - 1)
    node("ConcatFromSequence", [sequence], "y0", axis=place, new_axis=int(new_axis))
    node("SequenceLength", [sequence], "y1")
    x = draw.operand(draw.exact(shape, F32), 0.0)
    return Case(name, opset, [x], {}, ("y0", "y1"), nodes=nodes, constants=constants)
