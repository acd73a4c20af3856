"""Operators next to each other, as networks have them: what each computes must not depend on its neighbours, which the
compiler may join with it or transpose. Every node is computed by itself, by ONNX Runtime."""
import numpy as np
from onnx import helper

import reference
from cases import I64, Case, Operand, Redraw
from operators import generates, pieces

OPSET = 18

PIECES = [pieces.normalization, pieces.softmax, pieces.attention, pieces.attention, pieces.quantized_layer]

ACTIVATIONS = {
    "Relu": {},
    "Sigmoid": {},
    "Tanh": {},
    "HardSwish": {},
    "LeakyRelu": {"alpha": 0.1},
    "Elu": {},
    "Erf": {},
    "Neg": {},
    "Softplus": {},
}


class Chain:
    """Nodes under construction, with what they compute."""

    def __init__(self, draw):
        self.draw, self.nodes, self.constants = draw, [], {}
        shape = (draw.pick([1, 1, 1, 2, 0]), draw.integer(1, 5), draw.integer(1, 8), draw.integer(1, 8))
        shape = shape if draw.chance(0.7) else draw.shape(2, 4)
        self.values = {"x0": draw.uniform(shape)}

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def add(self, operator, *inputs, count=1, **attributes):
        """Adds a node and computes it; gives the names of its outputs."""
        known = lambda name: self.values[name] if name in self.values else self.constants[name]
        operands = [name and Operand(known(name)) for name in inputs]
        case = Case(operator, OPSET, [operand or None for operand in operands], attributes, (True,) * count)
        outputs = [f"v{len(self.values) + i}" for i in range(count)]
        try:
            results = reference.runtime(case)
        except Exception as error:  # it may fail with anything
            raise Redraw(f"{operator}: {error}") from error
        if any(value.size > 20000 or not np.all(np.isfinite(value)) for value in results):
            raise Redraw("too large")
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=f"node{len(self.nodes)}", **attributes))
        self.values.update(zip(outputs, results))
        return outputs

    def weights(self, *shape):
        return self.constant(self.draw.uniform(shape, low=-1, high=1))

    def step(self, name):
        """Adds an operator, or a few, to what `name` is; gives the name of the result."""
        if self.draw.chance(0.2):
            return self.draw.pick(PIECES)(self, name, self.values[name].shape)
        choices = [self.activation, self.arithmetic, self.arithmetic, self.residual, self.move, self.reduce, self.part]
        shape = self.values[name].shape
        if len(shape) == 4 and shape[1]:
            choices += [self.convolution, self.convolution, self.convolution, self.normalize, self.pool, self.image]
        if len(shape) == 2 and shape[1]:
            choices += [self.product, self.product]
        return self.draw.pick(choices)(name, shape)

    def activation(self, name, shape):
        kind = self.draw.pick([*ACTIVATIONS, "Clip", "swish", "gelu"])
        if kind == "Clip":
            return self.add("Clip", name, self.constant(np.float32(0)), self.constant(np.float32(6)))[0]
        if kind == "swish":
            return self.add("Mul", name, *self.add("Sigmoid", name))[0]
        if kind == "gelu":
            scaled = self.add("Div", name, self.constant(np.float32(2**0.5)))
            more = self.add("Add", *self.add("Erf", *scaled), self.constant(np.float32(1)))
            half = self.add("Mul", name, self.constant(np.float32(0.5)))
            return self.add("Mul", *half, *more)[0]
        return self.add(kind, name, **ACTIVATIONS[kind])[0]

    def arithmetic(self, name, shape):
        operator = self.draw.pick(["Add", "Mul", "Sub", "Max", "Min"])
        kinds = [(), (1,), self.draw.broadcast(shape)]
        kinds += [(shape[1], *(1,) * (len(shape) - 2))] * 3 if len(shape) > 2 else []
        pair = [name, self.weights(*self.draw.pick(kinds))]
        return self.add(operator, *(pair[::-1] if self.draw.chance(0.3) else pair))[0]

    def residual(self, name, shape):
        alike = [other for other, value in self.values.items() if value.shape == shape]
        operator = self.draw.pick(["Add", "Add", "Mul", "Concat"])
        attributes = {"axis": self.draw.axis(len(shape))} if operator == "Concat" else {}
        return self.add(operator, name, self.draw.pick(alike), **attributes)[0]

    def move(self, name, shape):
        if self.draw.chance(0.6):
            perms = [[0, 2, 3, 1], [0, 3, 1, 2]] if len(shape) == 4 else []
            perm = self.draw.pick([self.draw.shuffled(range(len(shape))), *perms])
            return self.add("Transpose", name, perm=perm)[0]
        if len(shape) == 2 or self.draw.chance(0.5):
            at = self.draw.integer(1, len(shape))
            if len(shape) == 4 and self.draw.chance(0.5):
                return self.add("Flatten", name, axis=1)[0]
            return self.add("Unsqueeze", name, self.constant(np.array([at], I64)))[0] if len(shape) < 4 else name
        wanted = [*shape[:1], shape[1] * shape[2], *shape[3:]]
        return self.add("Reshape", name, self.constant(np.array(wanted, I64)), allowzero=1)[0]

    def reduce(self, name, shape):
        if self.draw.chance(0.4):
            return self.add("Softmax", name, axis=self.draw.axis(len(shape)))[0]
        if 0 in shape:
            return name
        if self.draw.chance(0.3):
            return self.add("LayerNormalization", name, self.weights(shape[-1]), self.weights(shape[-1]))[0]
        axes = self.constant(np.array(self.draw.axes(len(shape), 1), I64))
        return self.add(self.draw.pick(["ReduceMean", "ReduceMax", "ReduceSum"]), name, axes, keepdims=1)[0]

    def part(self, name, shape):
        axis = self.draw.axis(len(shape), negative=False)
        if shape[axis] < 2:
            return name
        if self.draw.chance(0.5):
            first = self.draw.integer(1, shape[axis] - 1)
            sizes = self.constant(np.array([first, shape[axis] - first], I64))
            return self.draw.pick(self.add("Split", name, sizes, count=2, axis=axis))
        ends = [self.constant(np.array([v], I64)) for v in (0, shape[axis] - 1, axis, self.draw.integer(1, 2))]
        return self.add("Slice", name, *ends)[0]

    def convolution(self, name, shape):
        channels, sizes = shape[1], shape[2:]
        kernel = [self.draw.pick([k for k in (1, 2, 3) if k <= size + 1]) for size in sizes]
        pads = [min((k - 1) // 2 + self.draw.integer(0, 1), k - 1, 1) for k in kernel * 2]
        if any(n + pads[i] + pads[i + 2] < k for i, (n, k) in enumerate(zip(sizes, kernel))):
            return name
        transposed = self.draw.chance(0.15)
        group = channels if self.draw.chance(0.3) else 1
        outputs = channels // group if self.draw.chance(0.4) else self.draw.integer(1, 5)
        shape = (channels, outputs) if transposed else (group * outputs, channels // group)
        inputs = [name, self.weights(*shape, *kernel)]
        inputs += [self.weights(group * outputs)] if self.draw.chance(0.6) else []
        attributes = {"pads": pads, "group": group, "strides": [self.draw.pick([1, 1, 2]) for _ in kernel]}
        return self.add("ConvTranspose" if transposed else "Conv", *inputs, **attributes)[0]

    def normalize(self, name, shape):
        weights = [self.weights(shape[1]) for _ in range(3)]
        if self.draw.chance(0.7):
            spread = self.constant(self.draw.uniform(shape[1:2], low=0.3, high=2))
            return self.add("BatchNormalization", name, *weights, spread)[0]
        return self.add("InstanceNormalization", name, *weights[:2])[0] if np.prod(shape[2:]) > 2 else name

    def pool(self, name, shape):
        if 0 in shape[1:] or self.draw.chance(0.3):
            return self.add("GlobalAveragePool", name)[0] if 0 not in shape[1:] else name
        kernel = [min(self.draw.integer(1, 3), size) for size in shape[2:]]
        attributes = {"kernel_shape": kernel, "strides": [self.draw.integer(1, 2) for _ in kernel]}
        return self.add(self.draw.pick(["MaxPool", "AveragePool"]), name, **attributes)[0]

    def image(self, name, shape):
        if self.draw.chance(0.5):
            pads = [0, 0, *(self.draw.integer(0, 1) for _ in range(2))] * 2
            mode = self.draw.pick(["constant", "constant", "edge"]) if 0 not in shape else "constant"
            return self.add("Pad", name, self.constant(np.array(pads, I64)), mode=mode)[0]
        scales = self.constant(np.array([1, 1, 2, self.draw.pick([1, 2])], np.float32))
        if 0 in shape:
            return name
        return self.add("Resize", name, "", scales, mode="nearest", nearest_mode="floor",
                        coordinate_transformation_mode="asymmetric")[0]

    def product(self, name, shape):
        columns = self.draw.integer(1, 6)
        if self.draw.chance(0.5):
            return self.add("MatMul", name, self.weights(shape[1], columns))[0]
        return self.add("Gemm", name, self.weights(shape[1], columns), self.weights(columns))[0]


@generates("Chain")
def chain(draw, name):
    made = Chain(draw)
    last = "x0"
    for _ in range(draw.integer(2, 9)):
        last = made.step(last)
    names = [node_output for node in made.nodes for node_output in node.output]
    if last == "x0":
        raise Redraw("nothing was added")
    # Now and then what lies between is wanted as well, so that it cannot be joined away.
    wanted = [last] + ([draw.pick(names)] if draw.chance(0.3) else [])
    wanted = list(dict.fromkeys(wanted))
    outputs = [made.values[output] for output in wanted]
    size = max([1.0, *(float(np.max(np.abs(value))) for value in made.values.values() if value.size)])
    inputs = [Operand(made.values["x0"])]
    return Case(name, OPSET, inputs, {}, tuple(wanted), nodes=made.nodes, constants=made.constants,
                references=(), own=lambda: outputs, atol=2e-5 * size)
