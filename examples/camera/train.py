"""Trains the model of the camera example and writes camera.onnx and images/ beside this file.

    pip install -r requirements.txt && python train.py

A small MobileNet, trained with JAX on one core in some minutes, tells handwritten digits in photographs. It is made of
inverted residuals: a 1x1 convolution to three times the channels (not in the first), a depthwise 3x3 and a 1x1 back to
few channels.

    image [1,3,64,64] -> Conv 3x3/2 x16 -> x24 /2 -> x40 /2 -> x40 -> x40 -> x56 /2 -> x56 -> Conv 1x1 x112
                      -> mean -> Gemm -> scores [1,10]

Nobody has taken the photographs: photographs.py makes them of scikit-learn's `load_digits`, the test part of "Optical
Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0). The last 360
digits are held out; the pictures in images/ are of these.
"""

import os

# On one core sums are always in the same order, and so are the weights.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from photographs import HELD_OUT, digits, photographs

HERE = Path(__file__).resolve().parent
SEED = 3
SIDE = 64
STEM = 16
# Channels and stride of each inverted residual.
BLOCKS = [(24, 2), (40, 2), (40, 1), (40, 1), (56, 2), (56, 1)]
WIDER = 3
HEAD = 112
PICTURES = 24576
EPOCHS = 8
BATCH = 64
# Held-out digits of which there are pictures: digit, name of the file, and the EXIF orientation it is stored with.
SHOWN = [(2, "2.jpg", 1), (3, "3.jpg", 1), (4, "4.png", 1), (5, "5.jpg", 1), (7, "7.jpg", 6), (8, "8.jpg", 1)]


def layers():
    """The convolutions: name, kind, shape of the weights, stride, and whether a ReLU6 follows."""
    found, channels = [("stem", "full", (3, 3, 3, STEM), 2, True)], STEM
    for number, (outputs, stride) in enumerate(BLOCKS, 1):
        wide = channels * (WIDER if number > 1 else 1)
        if number > 1:
            found.append((f"block{number}_expand", "point", (channels, wide), 1, True))
        found.append((f"block{number}_depth", "depth", (3, 3, wide), stride, True))
        found.append((f"block{number}_project", "point", (wide, outputs), 1, False))
        channels = outputs
    return [*found, ("head", "point", (channels, HEAD), 1, True)]


LAYERS = layers()


def initial(rng):
    """Weights of each layer, and scale and shift of its normalisation."""
    params = {}
    for name, kind, shape, _, _ in LAYERS:
        inputs = np.prod(shape[:2] if kind == "depth" else shape[:-1])
        w = rng.standard_normal(shape) * np.sqrt(2 / inputs)
        params[name] = {"w": w, "scale": np.ones(shape[-1]), "shift": np.zeros(shape[-1])}
    params["fc"] = {"w": rng.standard_normal((HEAD, 10)) * np.sqrt(1 / HEAD), "b": np.zeros(10)}
    return jax.tree.map(lambda v: jnp.asarray(v, jnp.float32), params)


def convolution(kind, x, w, stride):
    """Of images [N, H, W, C]. XLA is slow at depthwise ones, so that each is a sum of nine shifted images."""
    if kind == "point":
        return x @ w
    if kind == "full":
        pads = ((1, 1), (1, 1))
        return jax.lax.conv_general_dilated(x, w, (stride, stride), pads, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    height, width = x.shape[1:3]
    padded = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = lambda i, j: padded[:, i : i + height : stride, j : j + width : stride]
    return sum(shifted(i, j) * w[i, j] for i in range(3) for j in range(3))


def forward(params, x):
    """Scores, and mean and variance of each layer before its normalisation."""
    moments, start = {}, None
    for name, kind, _, stride, active in LAYERS:
        if name.endswith("expand"):
            start = x
        p = params[name]
        x = convolution(kind, x, p["w"], stride)
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        moments[name] = mean, variance
        x = (x - mean) * (p["scale"] * jax.lax.rsqrt(variance + 1e-5)) + p["shift"]
        x = jnp.clip(x, 0, 6) if active else x
        if name.endswith("project") and start is not None and start.shape == x.shape:
            x = x + start
    return x.mean((1, 2)) @ params["fc"]["w"] + params["fc"]["b"], moments


def loss(params, images, labels):
    scores, moments = forward(params, images)
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1).mean(), moments


@partial(jax.jit, donate_argnums=0)
def step(state, images, labels, rate):
    """Adam with decay of the weights; the moments of the layers are followed."""
    params, m, v, followed, count = state
    (value, moments), grad = jax.value_and_grad(loss, has_aux=True)(params, images / 127.5 - 1, labels)
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grad)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grad)
    a, b = 1 - 0.9**count, 1 - 0.999**count
    decay = lambda p: 0.01 * p if p.ndim > 1 else 0
    change = lambda p, m, v: p - rate * (m / a / (jnp.sqrt(v / b) + 1e-8) + decay(p))
    followed = jax.tree.map(lambda old, new: 0.98 * old + 0.02 * new, followed, moments)
    return (jax.tree.map(change, params, m, v), m, v, followed, count + 1), value


def pictures(key, fields, side=SIDE):
    """Photographs of these digits, in steps of 8 bits."""
    make = jax.jit(photographs, static_argnums=(2, 3))
    parts = [fields[start : start + BATCH] for start in range(0, len(fields), BATCH)]
    keys = jax.random.split(key, len(parts))
    return np.concatenate([np.asarray(make(k, part, side, side) * 255, np.uint8) for k, part in zip(keys, parts)])


def varied(rng, images):
    """Moved by up to three pixels, and with the colours exchanged: all other chances are those of the photographs."""
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="edge")
    corners = rng.integers(0, 7, (2, len(images)))
    moved = np.stack([p[i : i + SIDE, j : j + SIDE] for p, i, j in zip(padded, *corners)])
    return moved[..., rng.permutation(3)].astype(np.float32)


def train(rng, images, labels):
    params = initial(rng)
    zeros = jax.tree.map(jnp.zeros_like, params)
    unit = {name: (jnp.zeros(shape[-1]), jnp.ones(shape[-1])) for name, _, shape, _, _ in LAYERS}
    state = params, zeros, jax.tree.map(jnp.zeros_like, params), unit, 1.0
    steps = EPOCHS * (len(images) // BATCH)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(images)), 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            part = order[start : start + BATCH]
            now = float(state[4])
            rate = 4e-3 * min(now / 200, 1) * 0.5 * (1 + np.cos(np.pi * now / steps))
            state, value = step(state, varied(rng, images[part]), labels[part], rate)
            total += float(value)
        print(f"epoch {epoch + 1:2}: loss {total / (len(order) // BATCH):.4f}", flush=True)
    return jax.tree.map(np.asarray, state[0]), jax.tree.map(np.asarray, state[3])


def export(params, moments):
    """The trained network as an ONNX model, opset 17, with the normalisations in the weights."""
    nodes, weights, x, channels, start = [], {"zero": np.float32(0), "six": np.float32(6)}, "image", 3, None
    for name, kind, shape, stride, active in LAYERS:
        if name.endswith("expand"):
            start = x, channels
        p, (mean, variance) = params[name], moments[name]
        factor = p["scale"] / np.sqrt(variance + 1e-5)
        w = p["w"] * factor
        # From HWIO, HWC or IO to OIHW.
        w = {"full": lambda w: w.transpose(3, 2, 0, 1), "depth": lambda w: w.transpose(2, 0, 1)[:, None]}.get(
            kind, lambda w: w.T[:, :, None, None]
        )(w)
        weights[f"{name}.weight"], weights[f"{name}.bias"] = w, p["shift"] - mean * factor
        size, groups = w.shape[2], channels if kind == "depth" else 1
        options = {"kernel_shape": [size] * 2, "pads": [size // 2] * 4, "strides": [stride] * 2, "group": groups}
        inputs = [x, f"{name}.weight", f"{name}.bias"]
        nodes.append(helper.make_node("Conv", inputs, [f"{name}_out"], name, **options))
        x, channels = f"{name}_out", shape[-1]
        if active:
            nodes.append(helper.make_node("Clip", [x, "zero", "six"], [f"{name}_relu"], f"{name}_relu"))
            x = f"{name}_relu"
        if name.endswith("project") and stride_of(name) == 1 and start is not None and start[1] == channels:
            added = name.replace("project", "add")
            nodes.append(helper.make_node("Add", [x, start[0]], [added], added))
            x = added
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["mean"], "mean"))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"], "flatten"))
    nodes.append(helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1))
    weights["fc.weight"], weights["fc.bias"] = params["fc"]["w"].T, params["fc"]["b"]
    graph = helper.make_graph(
        nodes,
        "camera",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
    )
    model = helper.make_model(
        graph, producer_name="edgec-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def stride_of(project):
    """Of the inverted residual that ends in this layer."""
    return BLOCKS[int(project.removeprefix("block").removesuffix("_project")) - 1][1]


def scores_of(session, images):
    """For pictures [N, H, W, 3] in steps of 8 bits."""
    inputs = (images / np.float32(127.5) - 1).astype(np.float32).transpose(0, 3, 1, 2)
    return np.concatenate([session.run(None, {"image": image[None]})[0] for image in inputs])


def show(key, fields, labels):
    """Writes the pictures: of each digit the first held-out ones, 320 by 240, as a small camera takes them."""
    make = jax.jit(photographs, static_argnums=(2, 3))
    for (digit, name, orientation), key in zip(SHOWN, jax.random.split(key, len(SHOWN))):
        chosen = np.flatnonzero(labels == digit)[:1]
        image = Image.fromarray(np.asarray(make(key, fields[chosen], 240, 320)[0] * 255, np.uint8))
        if orientation == 6:
            # As a camera stores it that is held upright: lying, to be turned by 90 degrees clockwise.
            image = image.rotate(90, expand=True)
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = HERE / "images" / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".png":
            image.resize((160, 120), Image.Resampling.BOX).quantize(64).save(path, optimize=True)
        else:
            image.save(path, quality=80, exif=exif.tobytes() if orientation != 1 else b"")
        print(f"images/{name}: {path.stat().st_size} bytes")


def main():
    fields, labels = digits()
    learned, held_out = slice(0, -HELD_OUT), slice(-HELD_OUT, None)
    rng = np.random.default_rng(SEED)
    keys = jax.random.split(jax.random.key(SEED), 3)
    chosen = np.resize(rng.permutation(len(fields) - HELD_OUT), PICTURES)
    params, moments = train(rng, pictures(keys[0], fields[learned][chosen]), labels[chosen])

    model = export(params, moments)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    chosen = np.repeat(np.arange(HELD_OUT), 5)
    guesses = scores_of(session, pictures(keys[1], fields[held_out][chosen])).argmax(1)
    right = guesses == labels[held_out][chosen]
    print(f"accuracy on {len(chosen)} photographs of {HELD_OUT} held-out digits: {right.mean():.1%}")
    for digit in range(10):
        print(f"  {digit}: {right[labels[held_out][chosen] == digit].mean():.1%}")
    if right.mean() < 0.9:
        raise SystemExit("the model is worse than 90 %; nothing was written")

    onnx.save(model, HERE / "camera.onnx")
    print(f"camera.onnx: {(HERE / 'camera.onnx').stat().st_size} bytes")
    show(keys[2], fields[held_out], labels[held_out])


if __name__ == "__main__":
    main()
