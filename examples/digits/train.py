"""Trains the digit classifier of the examples and writes digits.onnx, samples.rs and calibration.npz beside this file.

    pip install -r requirements.txt && python train.py

The network is small enough to train with numpy in seconds:

    image [1,1,8,8] -> Conv 3x3x16, Relu -> Conv 3x3x16, Relu -> MaxPool 2x2
                    -> Conv 3x3x32, Relu -> MaxPool 2x2 -> Flatten -> Gemm -> scores [1,10]

Data: scikit-learn's `load_digits`, the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and
C. Kaynak, UCI Machine Learning Repository, CC BY 4.0). The last 360 digits are held out.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits

HERE = Path(__file__).resolve().parent
SEED = 7
HELD_OUT = 360
EPOCHS = 40
BATCH = 32
SAMPLES_PER_DIGIT = 2
CALIBRATION = 100


class Conv:
    """3x3 convolution with zero padding, followed by Relu. Images are [N, C, H, W]."""

    def __init__(self, rng, inputs, outputs):
        self.w = (rng.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))).astype(np.float32)
        self.b = np.zeros(outputs, np.float32)

    def forward(self, x):
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        self.shape = x.shape
        self.rows = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, self.w[0].size)
        y = self.rows @ self.w.reshape(len(self.b), -1).T + self.b
        n, _, h, w = x.shape
        self.y = np.maximum(y, 0).reshape(n, h, w, -1).transpose(0, 3, 1, 2)
        return self.y

    def backward(self, grad):
        grad = (grad * (self.y > 0)).transpose(0, 2, 3, 1).reshape(-1, len(self.b))
        self.dw = (grad.T @ self.rows).reshape(self.w.shape)
        self.db = grad.sum(0)
        n, c, h, w = self.shape
        windows = (grad @ self.w.reshape(len(self.b), -1)).reshape(n, h, w, c, 3, 3).transpose(0, 3, 1, 2, 4, 5)
        dx = np.zeros((n, c, h + 2, w + 2), np.float32)
        for i in range(3):
            for j in range(3):
                dx[:, :, i : i + h, j : j + w] += windows[..., i, j]
        return dx[:, :, 1:-1, 1:-1]


class MaxPool:
    """2x2 maximum, stride 2."""

    w = b = None

    def forward(self, x):
        n, c, h, w = x.shape
        self.tiles = x.reshape(n, c, h // 2, 2, w // 2, 2)
        self.y = self.tiles.max((3, 5), keepdims=True)
        return self.y[:, :, :, 0, :, 0]

    def backward(self, grad):
        n, c, h, w = grad.shape
        hit = self.tiles == self.y
        share = grad[:, :, :, None, :, None] / hit.sum((3, 5), keepdims=True)
        return (hit * share).astype(np.float32).reshape(n, c, 2 * h, 2 * w)


class Gemm:
    """Flatten, then a fully connected layer."""

    def __init__(self, rng, inputs, outputs):
        self.w = (rng.standard_normal((outputs, inputs)) * np.sqrt(1 / inputs)).astype(np.float32)
        self.b = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.w.T + self.b

    def backward(self, grad):
        self.dw = grad.T @ self.x
        self.db = grad.sum(0)
        return (grad @ self.w).reshape(self.shape)


def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def shifted(rng, images):
    """Moves each image by up to one pixel in each direction."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.stack([p[:, i : i + 8, j : j + 8] for p, i, j in zip(padded, *rng.integers(0, 3, (2, len(images))))])


def train(rng, images, labels):
    """Adam on the cross-entropy of the softmax of the scores."""
    layers = [Conv(rng, 1, 16), Conv(rng, 16, 16), MaxPool(), Conv(rng, 16, 32), MaxPool(), Gemm(rng, 128, 10)]
    learned = [layer for layer in layers if layer.w is not None]
    state = [[np.zeros_like(p) for p in (layer.w, layer.b) for _ in range(2)] for layer in learned]
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        total = 0.0
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            scores = forward(layers, shifted(rng, images[batch]))
            p = np.exp(scores - scores.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            total -= np.log(p[np.arange(len(batch)), labels[batch]] + 1e-12).sum()
            p[np.arange(len(batch)), labels[batch]] -= 1
            grad = p / len(batch)
            for layer in reversed(layers):
                grad = layer.backward(grad)
            step += 1
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * step / (EPOCHS * -(-len(images) // BATCH))))
            for layer, (mw, vw, mb, vb) in zip(learned, state):
                for value, g, m, v in ((layer.w, layer.dw, mw, vw), (layer.b, layer.db, mb, vb)):
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    value -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        print(f"epoch {epoch + 1:2}: loss {total / len(order):.4f}")
    return layers


def export(layers):
    """The trained network as an ONNX model, opset 17."""
    conv1, conv2, _, conv3, _, gemm = layers
    weights = {"conv1": conv1, "conv2": conv2, "conv3": conv3, "fc": gemm}

    def conv(name, x):
        return [
            helper.make_node(
                "Conv", [x, f"{name}.weight", f"{name}.bias"], [f"{name}_out"], name, kernel_shape=[3, 3], pads=[1] * 4
            ),
            helper.make_node("Relu", [f"{name}_out"], [f"{name}_relu"], f"{name}_relu"),
        ]

    def pool(name, x):
        return [helper.make_node("MaxPool", [x], [name], name, kernel_shape=[2, 2], strides=[2, 2])]

    graph = helper.make_graph(
        conv("conv1", "image")
        + conv("conv2", "conv1_relu")
        + pool("pool1", "conv2_relu")
        + conv("conv3", "pool1")
        + pool("pool2", "conv3_relu")
        + [
            helper.make_node("Flatten", ["pool2"], ["flat"], "flatten"),
            helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1),
        ],
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10])],
        [
            numpy_helper.from_array(value, f"{name}.{kind}")
            for name, layer in weights.items()
            for kind, value in (("weight", layer.w), ("bias", layer.b))
        ],
    )
    model = helper.make_model(
        graph, producer_name="edgec-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def rust_samples(pixels, labels, scores):
    """The samples as a Rust file."""
    out = [
        "// Written by train.py: held-out digits, and the scores that ONNX Runtime gives them.",
        "",
        "/// A digit that the model has not seen in training.",
        "pub(crate) struct Sample {",
        "    /// Darkness of 8 rows of 8 pixels, 0 to 16. The model takes sixteenths.",
        "    pub(crate) pixels: [u8; 64],",
        "    /// The digit that was written.",
        "    pub(crate) label: usize,",
        "    /// The expected output, one score a digit.",
        "    pub(crate) scores: [f32; 10],",
        "}",
        "",
        "/// Two of each digit.",
        "#[rustfmt::skip]",
        f"pub(crate) static SAMPLES: [Sample; {len(labels)}] = [",
    ]
    for image, label, score in zip(pixels, labels, scores):
        out.append("    Sample {")
        out.append("        pixels: [")
        out += [f"            {', '.join(f'{v:2}' for v in row)}," for row in image]
        out.append("        ],")
        out.append(f"        label: {label},")
        out.append(f"        scores: [{', '.join(np.format_float_positional(s, trim='0') for s in score)}],")
        out.append("    },")
    out.append("];")
    return "\n".join(out) + "\n"


def write_calibration(images):
    """Digits of the training part, for quantization to see which values occur."""
    chosen = np.sort(np.random.default_rng(SEED).choice(len(images), CALIBRATION, replace=False))
    np.savez_compressed(HERE / "calibration.npz", image=images[chosen])


def main():
    digits = load_digits()
    pixels = digits.images.astype(np.uint8)
    images = (digits.images / 16).astype(np.float32)[:, None]
    labels = digits.target
    layers = train(np.random.default_rng(SEED), images[:-HELD_OUT], labels[:-HELD_OUT])

    model = export(layers)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    held_out = range(len(images) - HELD_OUT, len(images))
    scores = {i: session.run(None, {"image": images[i : i + 1]})[0][0] for i in held_out}
    accuracy = np.mean([scores[i].argmax() == labels[i] for i in held_out])
    print(f"accuracy on {HELD_OUT} held-out digits: {accuracy:.2%}")
    if accuracy < 0.97:
        raise SystemExit("the model is worse than 97 %; nothing was written")

    chosen = [i for digit in range(10) for i in [i for i in held_out if labels[i] == digit][:SAMPLES_PER_DIGIT]]
    onnx.save(model, HERE / "digits.onnx")
    write_calibration(images[:-HELD_OUT])
    (HERE / "samples.rs").write_text(
        rust_samples(pixels[chosen], labels[chosen], [scores[i] for i in chosen]), encoding="utf-8"
    )
    print(f"digits.onnx: {(HERE / 'digits.onnx').stat().st_size} bytes; samples.rs: {len(chosen)} digits")


if __name__ == "__main__":
    main()
