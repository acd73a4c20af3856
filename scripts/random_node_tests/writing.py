"""Cases as models and as folders of a test."""
import json

import numpy as np
import onnx
from onnx import helper, numpy_helper

#: Newer than what any opset wants of tensors.
IR_VERSION = 10


def operands(case):
    """The different operands in order, with their names."""
    named = {}
    for operand in case.inputs:
        if operand is not None and id(operand) not in named:
            named[id(operand)] = (f"x{len(named)}", operand)
    for index, operand in enumerate(case.captured):
        named[id(operand)] = (f"c{index}", operand)
    return named


def model(case, outputs=None):
    """The model of one node. Without `outputs` their types are those that ONNX infers, if any."""
    named = operands(case)
    results, nodes = (case.outputs, case.nodes) if case.nodes else one_node(case, named)
    graph = onnx.GraphProto(name="test", node=nodes)
    graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in case.constants.items())
    for name, operand in named.values():
        if operand.known:
            graph.initializer.append(numpy_helper.from_array(operand.value, name))
        else:
            graph.input.append(declared(name, operand.value))
    wanted = [name for name in results if name]
    if outputs is None:
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted)
    else:
        graph.output.extend(declared(name, value) for name, value in zip(wanted, outputs, strict=True))
    imports = [helper.make_opsetid(case.domain, case.opset)]
    if case.domain:
        imports.append(helper.make_opsetid("", 22))
    made = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="random_node_tests")
    made = onnx.shape_inference.infer_shapes(made, check_type=True, strict_mode=True, data_prop=True)
    if outputs is not None and not case.deprecated:
        onnx.checker.check_model(made)
    return made


def one_node(case, named):
    """Names of the results, and the node."""
    inputs = ["" if operand is None else named[id(operand)][0] for operand in case.inputs]
    while inputs and not inputs[-1]:
        inputs.pop()
    results = [f"y{i}" if wanted else "" for i, wanted in enumerate(case.outputs)]
    node = helper.make_node(case.operator, inputs, results, name="node", domain=case.domain)
    # `None` leaves an attribute out, as generators have them.
    for name, value in case.attributes.items():
        if value is not None:
            node.attribute.append(attribute(case, name, value))
    return results, [node]


def declared(name, value):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def attribute(case, name, value):
    if not onnx.defs.has(case.operator, case.domain):
        # An operator of ONNX Runtime: what its schema would say must show in the value.
        return helper.make_attribute(name, value)
    schema = onnx.defs.get_schema(case.operator, case.opset, case.domain)
    kind = int(schema.attributes[name].type.value)
    return helper.make_attribute(name, value, attr_type=kind)


def write(folder, case, outputs):
    """A folder in the layout of ONNX's node tests."""
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model(case, outputs).SerializeToString())
    inputs = [operand.value for _, operand in operands(case).values() if not operand.known]
    for side, values in (("input", inputs), ("output", outputs)):
        for index, value in enumerate(values):
            tensor = numpy_helper.from_array(np.ascontiguousarray(value).reshape(np.shape(value)), f"{side}_{index}")
            (data / f"{side}_{index}.pb").write_bytes(tensor.SerializeToString())
    tolerances = {"rtol": case.rtol, "atol": case.atol}
    if any(tolerance is not None for tolerance in tolerances.values()):
        own = {name: value for name, value in tolerances.items() if value is not None}
        (folder / "data.json").write_text(json.dumps(own))
