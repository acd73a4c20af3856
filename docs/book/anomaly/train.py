"""Trains an autoencoder on the vibration of a motor, and writes anomaly.onnx, calibration.npz, healthy.npz and
damaged.npz into the folder where it runs. It needs numpy and onnx only, and takes some seconds.

The vibration is made here: a shaft that turns at about 50 Hz with three harmonics and noise, sampled at 1600 Hz. A
bearing that is damaged rings at 520 Hz after each of its impacts, which no healthy window does. Training is in float64,
so that every machine prints the same.
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

RATE, WINDOW = 1600, 64
SIZES = [WINDOW, 32, 12, 32, WINDOW]
rng = np.random.default_rng(7)


def windows(count, damaged=False):
    """Windows of acceleration in g, one a row."""
    time = np.arange(WINDOW) / RATE
    turns = rng.uniform(49, 51, (count, 1)) * time + rng.uniform(0, 1, (count, 1))
    signal = rng.normal(0, 0.01, (count, WINDOW))
    for harmonic, size in enumerate([0.8, 0.3, 0.15], start=1):
        phase = rng.uniform(-0.3, 0.3, (count, 1))
        signal += size * rng.uniform(0.9, 1.1, (count, 1)) * np.sin(2 * np.pi * harmonic * turns + phase)
    if damaged:
        since = (time + rng.uniform(0, 0.01, (count, 1))) % 0.0102
        signal += rng.uniform(0.3, 0.7, (count, 1)) * np.exp(-since / 0.002) * np.sin(2 * np.pi * 520 * since)
    return signal


def layers(x, weights):
    """What each layer gives: the second and the fourth are not followed by a Relu."""
    values = [x]
    for index, (w, b) in enumerate(weights):
        y = values[-1] @ w + b
        values.append(np.maximum(y, 0) if index % 2 == 0 else y)
    return values


def train(x, steps=4000, batch=128):
    """Adam on the mean of the squared errors, with a rate that falls to zero."""
    weights = [[rng.normal(0, (2 / i) ** 0.5, (i, o)), np.zeros(o)] for i, o in zip(SIZES, SIZES[1:])]
    moments = [[[0.0, 0.0], [0.0, 0.0]] for _ in weights]
    for step in range(1, steps + 1):
        values = layers(x[rng.integers(0, len(x), batch)], weights)
        slope = 2 * (values[-1] - values[0]) / values[0].size * WINDOW
        for index in reversed(range(len(weights))):
            if index % 2 == 0:
                slope = slope * (values[index + 1] > 0)
            gradients = [values[index].T @ slope, slope.sum(0)]
            slope = slope @ weights[index][0].T
            for kind, gradient in enumerate(gradients):
                m, v = moments[index][kind]
                m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
                moments[index][kind] = [m, v]
                rate = 0.003 * (1 - step / steps) * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
                weights[index][kind] = weights[index][kind] - rate * m / (np.sqrt(v) + 1e-8)
    return weights


weights = train(windows(4000))
nodes, stored, value = [], [], "window"
for index, (w, b) in enumerate(weights):
    result = ["hidden", "code", "wide", "rebuilt"][index]
    stored += [numpy_helper.from_array(t.astype(np.float32), f"{k}{index}") for k, t in zip("wb", (w, b))]
    nodes.append(helper.make_node("Gemm", [value, f"w{index}", f"b{index}"], [result], f"fc{index}"))
    if index % 2 == 0:
        nodes.append(helper.make_node("Relu", [result], [f"{result}_relu"], f"relu{index}"))
    value = nodes[-1].output[0]
ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", WINDOW]) for name in ("window", "rebuilt")]
graph = helper.make_graph(nodes, "anomaly", ends[:1], ends[1:], stored)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
checker.check_model(model)
save(model, "anomaly.onnx")

for name, count, kind in ("calibration", 2000, False), ("healthy", 200, False), ("damaged", 200, True):
    x = windows(count, kind)
    np.savez_compressed(f"{name}.npz", window=x.astype(np.float32))
    errors = ((layers(x, weights)[-1] - x) ** 2).mean(1)
    print(f"{name}: mean squared error {errors.mean():.4f}, from {errors.min():.4f} to {errors.max():.4f}")
