"""Random models of images, and of rows made of them."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS = 6


def samples(random, shape, count):
    return random.uniform(-1, 1, (count, *shape)).astype(np.float32)


class Draw:
    def __init__(self, random):
        self.random = random
        self.nodes, self.constants, self.shapes = [], [], {}

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def floats(self, values):
        return self.constant(np.asarray(values, np.float32))

    def node(self, kind, inputs, shape, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=f"{kind}_{name}", **attributes))
        self.shapes[name] = list(shape)
        return name

    def pick(self, values):
        return values[self.random.integers(len(values))]

    def weights(self, *shape, size=0.5):
        return self.floats(self.random.normal(0, size, shape))

    def conv(self, x, channels):
        n, ic, h, w = self.shapes[x]
        inputs = [x, self.weights(channels, ic, 3, 3), self.weights(channels)][: self.pick([2, 3])]
        return self.node("Conv", inputs, [n, channels, h, w], pads=[1, 1, 1, 1], kernel_shape=[3, 3])

    def product(self, x, columns):
        rows, k = self.shapes[x]
        return self.node("MatMul", [x, self.weights(k, columns)], [rows, columns])

    def function(self, x):
        kind = self.pick(["Relu", "Sigmoid", "Tanh", "HardSigmoid", "LeakyRelu", "Softplus"])
        return self.node(kind, [x], self.shapes[x])

    def scaled(self, x):
        return self.node("Mul", [x, self.floats(self.pick([0.05, 0.5, 3.0, 20.0]))], self.shapes[x])

    def image(self, x, images):
        n, c, h, w = self.shapes[x]
        way = self.random.integers(9)
        if way <= 1:
            return self.conv(x, int(self.random.integers(1, 8)))
        if way == 2:
            return self.function(x)
        if way == 3:
            kind = self.pick(["MaxPool", "AveragePool"])
            return self.node(kind, [x], self.shapes[x], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        if way == 4:
            part = self.node(
                "Slice", [x, self.constant(np.array([1])), self.constant(np.array([h - 1])), self.constant(np.array([2]))], [n, c, h - 2, w]
            )
            number = self.floats(self.pick([0.0, 1.5, -2.0]))
            return self.node("Pad", [part, self.constant(np.array([0, 0, 1, 0, 0, 0, 1, 0])), number], [n, c, h, w])
        if way == 5:
            y = self.pick(images)
            return self.node("Concat", [x, y], [n, c + self.shapes[y][1], h, w], axis=1)
        if way == 6:
            return self.scaled(x)
        if way == 7 and c > 1:
            first = int(self.random.integers(1, c))
            bounds = [self.constant(np.array([v])) for v in (first, c, 1)]
            return self.node("Slice", [x, *bounds], [n, c - first, h, w])
        return self.node("Add", [x, self.conv(x, c)], self.shapes[x])

    def attention(self, x):
        q, k, v = (self.product(x, 4) for _ in range(3))
        k = self.node("Transpose", [k], [4, ROWS], perm=[1, 0])
        scores = self.node("MatMul", [q, k], [ROWS, ROWS])
        scores = self.node("Mul", [scores, self.floats(0.2)], [ROWS, ROWS])
        later = np.triu(np.ones((ROWS, ROWS), bool), 1)
        number = self.pick([-100.0, -1e4, -1e9])
        if self.random.integers(2):
            mask = self.floats(np.where(later, number, 0.0))
            scores = self.node("Add", [scores, mask], [ROWS, ROWS])
        else:
            scores = self.node("Where", [self.constant(later), self.floats(number), scores], [ROWS, ROWS])
        shares = self.node("Softmax", [scores], [ROWS, ROWS], axis=-1)
        return self.node("MatMul", [shares, v], [ROWS, 4])

    def rows(self, x, others):
        n, k = self.shapes[x]
        way = self.random.integers(7)
        if way <= 1:
            return self.product(x, int(self.random.integers(1, 9)))
        if way == 2:
            return self.function(x)
        if way == 3:
            y = self.pick(others)
            return self.node("Concat", [x, y], [n, k + self.shapes[y][1]], axis=1)
        if way == 4:
            return self.node("Softmax", [x], [n, k], axis=1)
        if way == 5:
            return self.attention(x)
        return self.node("Mul", [self.product(x, 5), self.product(x, 5)], [n, 5])

    def output(self, images, rows):
        row, image = self.pick(rows), self.pick(images)
        way = self.random.integers(6)
        if way == 0:
            return self.node("ReduceMean", [row, self.constant(np.array([1]))], [ROWS, 1])
        if way == 1:
            shape = self.shapes[image]
            return self.node("ReduceMax", [image, self.constant(np.array([1]))], [shape[0], 1, *shape[2:]])
        if way == 2:
            other = self.pick(rows)
            return self.node("Concat", [row, other], [ROWS, self.shapes[row][1] + self.shapes[other][1]], axis=1)
        if way == 3:
            return self.node("Identity", [image], self.shapes[image])
        if way == 4:
            whole = self.node("Cast", [self.scaled(row)], self.shapes[row], to=TensorProto.INT32)
            real = self.node("Cast", [whole], self.shapes[row], to=TensorProto.FLOAT)
            return self.node("Add", [real, self.scaled(row)], self.shapes[row])
        return self.node("Identity", [row], self.shapes[row])


def draw(random):
    d = Draw(random)
    d.shapes["x"] = [1, 3, ROWS, ROWS]
    images = ["x", d.conv("x", 6)]
    for _ in range(4):
        images.append(d.image(d.pick(images), images))
    rows = []
    for _ in range(2):
        x = d.pick(images)
        columns = d.shapes[x][1] * ROWS
        rows.append(d.node("Reshape", [x, d.constant(np.array([ROWS, columns]))], [ROWS, columns]))
    for _ in range(4):
        rows.append(d.rows(d.pick(rows), rows))
    outputs = [d.output(images, rows) for _ in range(random.integers(1, 4))]
    value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, d.shapes[name])
    graph = helper.make_graph(d.nodes, "random", [value("x")], [value(y) for y in outputs], d.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return model
