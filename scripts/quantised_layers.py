"""Takes a quantised model apart: one model for each tensor that it quantises, with what ONNX Runtime makes of it.

    quantised_layers.py MODEL.onnx CASES.npz FOLDER [--more N]

CASES.npz holds inputs as arrays `inK:INPUT`, K = 0, 1, ..; N more are drawn at random from their distribution. FOLDER gets a
sub-folder `layer_..` for each tensor with a `model.onnx` from the quantised tensors before it to that tensor, and `whole`
with the whole model up to the last of them before a Softmax; each has a `cases.npz` (`inK:INPUT`, `outK:OUTPUT`) by ONNX
Runtime without optimisations, which saturate on some processors.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

QUANTISE = {"QuantizeLinear", "QLinearConv", "QLinearMatMul", "QLinearAdd", "QLinearMul", "QGemm", "QLinearConcat",
            "QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"}
TYPES = {np.dtype(np.int8): 3, np.dtype(np.uint8): 2, np.dtype(np.int16): 5, np.dtype(np.uint16): 4,
         np.dtype(np.float32): 1, np.dtype(np.int64): 7}


def session(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def read_cases(path, model, more, seed):
    arrays = np.load(path)
    stored = {initializer.name for initializer in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in stored]
    key = {name: [a for a in arrays.files if a.split(":", 1)[-1].replace("|", "/") == name and a.startswith("in")]
           for name in names}
    cases = [{name: arrays[key[name][k]] for name in names} for k in range(len(key[names[0]]))]
    random = np.random.default_rng(seed)
    for _ in range(more):
        case = {}
        for name in names:
            drawn = np.stack([c[name] for c in cases[:3]])
            noise = random.permutation(drawn.reshape(-1))[: drawn[0].size].reshape(drawn[0].shape)
            case[name] = noise.astype(drawn.dtype)
        cases.append(case)
    return cases


def value_info(name, array):
    return onnx.helper.make_tensor_value_info(name, TYPES[array.dtype], array.shape)


def with_outputs(model, names):
    wider = onnx.ModelProto()
    wider.CopyFrom(model)
    have = {output.name for output in model.graph.output}
    wider.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in have)
    return wider


class Parts:
    def __init__(self, model):
        self.model = model
        self.constants = {initializer.name for initializer in model.graph.initializer}
        self.producer = {output: node for node in model.graph.node for output in node.output}
        # Constants that the model quantises itself.
        for node in model.graph.node:
            if node.op_type == "Constant" or (node.input and all(not i or i in self.constants for i in node.input)):
                self.constants.update(node.output)
        self.quantised = [node.output[0] for node in model.graph.node
                          if node.op_type in QUANTISE and node.output[0] not in self.constants]

    def before(self, tensor):
        """The nodes that make `tensor` of quantised tensors or inputs, and these."""
        nodes, ends, open_ = [], [], [tensor]
        while open_:
            name = open_.pop()
            node = self.producer.get(name)
            if node is None:
                if name and name not in self.constants and name not in ends:
                    ends.append(name)
            elif name != tensor and name in self.quantised:
                if name not in ends:
                    ends.append(name)
            elif node not in nodes:
                nodes.append(node)
                open_.extend(node.input)
        return [node for node in self.model.graph.node if node in nodes], ends

    def last_before_softmax(self):
        """The quantised tensor that a Softmax at the end reads, or the last one."""
        for node in reversed(self.model.graph.node):
            if "Softmax" in node.op_type:
                name = node.input[0]
                while name in self.producer and name not in self.quantised:
                    name = self.producer[name].input[0]
                if name in self.quantised:
                    return name
        return self.quantised[-1]

    def part(self, nodes, ends, tensor, values):
        used = {name for node in nodes for name in node.input}
        graph = onnx.helper.make_graph(
            nodes, "part",
            [value_info(name, values[name]) for name in ends],
            [value_info(tensor, values[tensor])],
            [initializer for initializer in self.model.graph.initializer if initializer.name in used])
        part = onnx.helper.make_model(graph, opset_imports=self.model.opset_import)
        part.ir_version = self.model.ir_version
        return part


def write(folder, model, inputs, output, runs):
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    arrays = {}
    for k, values in enumerate(runs):
        arrays |= {f"in{k}:{name}".replace("/", "|"): values[name] for name in inputs}
        arrays[f"out{k}:{output}".replace("/", "|")] = values[output]
    np.savez(folder / "cases.npz", **arrays)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("cases", type=Path)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--more", type=int, default=5)
    given = arguments.parse_args()
    model = onnx.load(given.model)
    parts = Parts(model)
    cases = read_cases(given.cases, model, given.more, seed=1)
    wider = session(with_outputs(model, parts.quantised))
    names = [output.name for output in wider.get_outputs()]
    runs = []
    for case in cases:
        runs.append(case | dict(zip(names, wider.run(names, case))))
    for index, tensor in enumerate(parts.quantised):
        nodes, ends = parts.before(tensor)
        if not ends:
            continue
        part = parts.part(nodes, ends, tensor, runs[0])
        alone = session(part)
        exact = [values | {tensor: alone.run([tensor], {name: values[name] for name in ends})[0]} for values in runs]
        write(given.folder / f"layer_{index:03}", part, ends, tensor, exact)
    last = parts.last_before_softmax()
    whole = with_outputs(model, [last])
    kept = [output for output in whole.graph.output if output.name == last]
    del whole.graph.output[:]
    whole.graph.output.append(value_info(last, runs[0][last]) if not kept[0].HasField("type") else kept[0])
    write(given.folder / "whole", whole, list(cases[0]), last, runs)


main()
