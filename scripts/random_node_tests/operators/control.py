"""Operators that run graphs."""
import numpy as np
from onnx import helper, numpy_helper

from cases import BOOL, F32, I64, Case
from operators import generates
from operators.conversions import NUMBER


def info(name, shape, dtype=F32):
    return helper.make_tensor_value_info(name, NUMBER[np.dtype(dtype)], shape)


def constant(name, value):
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value, F32)))


@generates("If")
def conditional(draw, name):
    opset = draw.opset(name, oldest=7)
    shape = draw.shape(0, 3, empty=0)
    captured = [draw.operand(draw.exact(shape), 0.2) for _ in range(2)]

    def branch(label):
        operator = draw.pick(["Add", "Mul", "Sub"])
        nodes = [
            constant(f"{label}_k", draw.number(-2, 2)),
            helper.make_node(operator, ["c0", f"{label}_k"], [f"{label}_a"]),
            helper.make_node("Add", [f"{label}_a", draw.pick(["c0", "c1"])], [f"{label}_b"]),
        ]
        results = [info(f"{label}_a", shape), info(f"{label}_b", shape)][: len(outputs)]
        return helper.make_graph(nodes, label, [], results)

    outputs = draw.pick([(True,), (True, True)])
    attributes = {"then_branch": branch("yes"), "else_branch": branch("no")}
    condition = draw.operand(np.array(draw.chance(0.5)), 0.7)
    return Case(name, opset, [condition], attributes, outputs, captured=captured, atol=1e-5)


@generates("Loop")
def loop(draw, name):
    opset = draw.opset(name, oldest=7)
    shape = draw.shape(0, 2, most=4, empty=0)
    captured = [draw.operand(draw.exact(shape), 0.3)]
    nodes = [
        helper.make_node("Identity", ["go"], ["going"]),
        helper.make_node("Cast", ["i"], ["turn"], to=NUMBER[F32]),
        helper.make_node("Mul", ["state", "half"], ["decayed"]),
        helper.make_node("Add", ["decayed", "c0"], ["next"]),
        helper.make_node("Add", ["next", "turn"], ["row"]),
        constant("half", 0.5),
    ]
    nodes.insert(0, nodes.pop())
    inputs = [info("i", (), I64), info("go", (), BOOL), info("state", shape)]
    body = helper.make_graph(nodes, "body", inputs, [info("going", (), BOOL), info("next", shape), info("row", shape)])
    turns = draw.operand(np.array(draw.integer(1, 4), I64), 0.9)
    going = draw.optional(0.5, lambda: draw.operand(np.array(True), 0.9))
    state = draw.operand(draw.exact(shape), 0.2)
    return Case(name, opset, [turns, going, state], {"body": body}, (True, True), captured=captured, atol=1e-5)


@generates("Scan")
def scan(draw, name):
    opset = draw.opset(name, oldest=9)
    length, shape = draw.integer(1, 5), draw.shape(0, 2, most=4, empty=0)
    rank = len(shape) + 1
    in_axis, out_axis = (draw.axis(rank, opset >= 11) if draw.chance(0.4) else 0 for _ in range(2))
    attributes = {"num_scan_inputs": 1}
    if in_axis or draw.chance(0.2):
        attributes["scan_input_axes"] = [in_axis]
    if out_axis or draw.chance(0.2):
        attributes["scan_output_axes"] = [out_axis]
    if draw.chance(0.4):
        attributes["scan_input_directions"] = [draw.integer(0, 1)]
    if draw.chance(0.4):
        attributes["scan_output_directions"] = [draw.integer(0, 1)]
    nodes = [
        constant("half", 0.5),
        helper.make_node("Mul", ["state", "half"], ["decayed"]),
        helper.make_node("Add", ["decayed", "item"], ["next"]),
        helper.make_node("Sub", ["next", "c0"], ["row"]),
    ]
    attributes["body"] = helper.make_graph(
        nodes, "body", [info("state", shape), info("item", shape)], [info("next", shape), info("row", shape)]
    )
    items = np.moveaxis(draw.exact((length, *shape)), 0, in_axis)
    inputs = [draw.operand(draw.exact(shape), 0.2), draw.operand(items, 0.1)]
    captured = [draw.operand(draw.exact(shape), 0.3)]
    return Case(name, opset, inputs, attributes, (True, True), captured=captured, atol=1e-5)
