#!/usr/bin/env python3
"""Trains a model by its emitted `train_step` and by JAX: the same weights, samples, order and learning rate.

    python3 scripts/compare_jax.py --edgec target/release/edgec MODEL.onnx SAMPLES.npz [--optimizer sgd] [--rate 0.01] [--shuffle]

SAMPLES.npz has `x`, one input of the model each, and `y`, the classes. Prints how far the losses of the first steps are
apart, the accuracy on the samples that were not trained on, and the least time of a step. Needs jax, numpy and onnx.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import numpy_helper

MAIN = r"""
use std::time::Instant;
mod model;
type Model = model::Trained;

fn main() {
    let bytes = std::fs::read("samples.bin").unwrap();
    let numbers: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let rows: Vec<_> = numbers.chunks_exact(LEN + 1).collect();
    let (trained, tested) = rows.split_at(TRAINED);
    let mut model = Box::new(Model::new());
    let mut least = f64::INFINITY;
    for row in trained {
        let (x, y) = (row[..LEN].try_into().unwrap(), [row[LEN] as i32]);
        let start = Instant::now();
        let loss = model.train_step(x, &y, RATE);
        least = least.min(start.elapsed().as_secs_f64());
        println!("{loss:e}");
    }
    let right = tested.iter().filter(|row| {
        let scores = model.run(row[..LEN].try_into().unwrap());
        let best = (0..scores.len()).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
        best == row[LEN] as usize
    });
    println!("{:e}", right.count() as f64 / tested.len() as f64);
    println!("{least:e}");
}
"""


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def recurrent(kind, a, x, w, r, b, first):
    """The hidden states after every step of a layer that runs forwards, as ONNX gives them."""
    linear, hidden = a.get("linear_before_reset", 0), r.shape[2]
    w, r, of_input, of_state = w[0].T, r[0].T, *jnp.split(b[0], 2)

    def times(h, weights):
        return jnp.matmul(h, weights, precision="highest")

    def gru(h, x):
        z, reset, new = jnp.split(x, 3, -1)
        both = jax.nn.sigmoid(jnp.concatenate([z, reset], -1) + times(h, r[:, : 2 * hidden]) + of_state[: 2 * hidden])
        z, reset = jnp.split(both, 2, -1)
        if linear:
            product = reset * (times(h, r[:, 2 * hidden :]) + of_state[2 * hidden :])
        else:
            product = times(reset * h, r[:, 2 * hidden :]) + of_state[2 * hidden :]
        h = (1 - z) * jnp.tanh(new + product) + z * h
        return h, h

    def lstm(states, x):
        h, c = states
        i, o, f, new = jnp.split(x + times(h, r) + of_state, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(new)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    step, states = (gru, first[0][0]) if kind == "GRU" else (lstm, (first[0][0], first[1][0]))
    return jax.lax.scan(step, states, times(x, w) + of_input)[1][:, None]


def predict(graph, parameters, x):
    """The model's output in JAX, for the operators that small classifiers have."""
    values = dict(parameters)
    values[graph.input[0].name] = x
    for node in graph.node:
        a, args = attributes(node), [values[name] for name in node.input if name]
        match node.op_type:
            case "Conv":
                rank = args[0].ndim - 2
                pads = a.get("pads", [0] * 2 * rank)
                y = jax.lax.conv_general_dilated(
                    args[0], args[1], a.get("strides", [1] * rank), list(zip(pads[:rank], pads[rank:])),
                    rhs_dilation=a.get("dilations", [1] * rank), feature_group_count=a.get("group", 1),
                    precision="highest",
                )
                if len(args) > 2:
                    y = y + args[2].reshape([1, -1] + [1] * rank)
            case "Relu":
                y = jax.nn.relu(args[0])
            case "Clip":
                y = jnp.clip(args[0], args[1], args[2])
            case "Add":
                y = args[0] + args[1]
            case "MaxPool":
                window = [1, 1] + list(a["kernel_shape"])
                strides = [1, 1] + list(a.get("strides", [1] * (len(window) - 2)))
                y = jax.lax.reduce_window(args[0], -jnp.inf, jax.lax.max, window, strides, "VALID")
            case "ReduceMean":
                y = args[0].mean(tuple(a["axes"]), keepdims=bool(a.get("keepdims", 1)))
            case "Flatten":
                y = args[0].reshape([args[0].shape[0], -1])
            case "Gemm":
                w = args[1].T if a.get("transB") else args[1]
                y = jnp.matmul(args[0], w, precision="highest") + args[2]
            case "Shape":
                y = np.array(args[0].shape)
            case "Concat":
                y = np.concatenate(args, a["axis"])
            case "Unsqueeze":
                y = np.expand_dims(args[0], tuple(args[1]))
            case "Expand":
                y = np.broadcast_to(args[0], args[1])
            case "Gather":
                y = args[0].take(args[1], a.get("axis", 0))
            case "Squeeze":
                y = jnp.squeeze(args[0], tuple(args[1]))
            case "Transpose":
                y = jnp.transpose(args[0], a["perm"])
            case "GRU" | "LSTM":
                y = recurrent(node.op_type, a, *args[:4], args[4:])
            case "Constant":
                y = numpy_helper.to_array(a["value"])
            case other:
                raise SystemExit(f"{other} is not known to this script")
        values[node.output[0]] = y
    return values[graph.output[0].name]


def updates(optimizer, gradients, kept, step, rate):
    """What is subtracted from the parameters, and what the optimizer keeps."""
    if optimizer == "sgd":
        return {k: rate * g for k, g in gradients.items()}, kept
    if optimizer == "momentum":
        kept = {k: 0.9 * kept.get(k, 0) + g for k, g in gradients.items()}
        return {k: rate * v for k, v in kept.items()}, kept
    mean = {k: 0.9 * kept.get(k, (0, 0))[0] + 0.1 * g for k, g in gradients.items()}
    square = {k: 0.999 * kept.get(k, (0, 0))[1] + 0.001 * g * g for k, g in gradients.items()}
    first, second = 1 - 0.9**step, 1 - 0.999**step
    moves = {k: rate * (mean[k] / first) / (jnp.sqrt(square[k] / second) + 1e-8) for k in gradients}
    return moves, {k: (mean[k], square[k]) for k in gradients}


def by_jax(model, xs, ys, trained, args):
    graph = model.graph
    parameters = {t.name: jnp.array(numpy_helper.to_array(t)) for t in graph.initializer}

    def loss(parameters, x, y):
        return -jax.nn.log_softmax(predict(graph, parameters, x))[0, y]

    both, kept, losses, least = jax.jit(jax.value_and_grad(loss)), {}, [], float("inf")
    step = jax.jit(lambda g, kept, i: updates(args.optimizer, g, kept, i, args.rate))
    for i in range(trained):
        start = time.perf_counter()
        value, gradients = both(parameters, xs[i], ys[i])
        moves, kept = step(gradients, kept, i + 1.0)
        parameters = {k: parameters[k] - moves[k] for k in parameters}
        losses.append(float(value))
        least = min(least, time.perf_counter() - start)
    scores = jax.jit(lambda p, x: predict(graph, p, x))
    right = [int(jnp.argmax(scores(parameters, x))) == y for x, y in zip(xs[trained:], ys[trained:])]
    return losses, float(np.mean(right)), least


def by_edgec(model, xs, ys, trained, args):
    runtime_core = pathlib.Path(__file__).resolve().parent.parent / "runtime-core"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "src").mkdir()
        command = [args.edgec, args.model, "-o", folder / "src/model.rs", "--name", "Trained", "--trainable", "all"]
        subprocess.run(command + ["--optimizer", args.optimizer], check=True, stderr=subprocess.DEVNULL)
        (folder / "Cargo.toml").write_text(
            '[workspace]\n[package]\nname = "trained"\nversion = "0.0.0"\nedition = "2024"\n'
            f'[dependencies]\nruntime-core = {{ path = "{runtime_core}" }}\n'
        )
        main = MAIN.replace("LEN", str(xs[0].size)).replace("TRAINED", str(trained)).replace("RATE", str(args.rate))
        (folder / "src/main.rs").write_text(main)
        rows = np.concatenate([xs.reshape(len(xs), -1), ys[:, None]], axis=1)
        (folder / "samples.bin").write_bytes(rows.astype("<f4").tobytes())
        run = subprocess.run(
            ["cargo", "run", "--release", "--quiet"], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        )
    *losses, accuracy, least = map(float, run.stdout.split())
    return losses, accuracy, least


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("samples")
    parser.add_argument("--edgec", required=True)
    parser.add_argument("--optimizer", choices=["sgd", "momentum", "adam"], default="sgd")
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--noise", type=float, default=0.3, help="added to the weights, so that there is much to learn")
    parser.add_argument("--shuffle", action="store_true", help="mix the samples, where they come sorted by class")
    args = parser.parse_args()
    model = onnx.load(args.model)
    random = np.random.default_rng(1)
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        noisy = weights + args.noise * weights.std() * random.standard_normal(weights.shape).astype(weights.dtype)
        tensor.CopyFrom(numpy_helper.from_array(noisy.astype(weights.dtype), tensor.name))
    samples = np.load(args.samples)
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    xs, ys = samples["x"].astype(np.float32).reshape([-1, *shape]), samples["y"].astype(int)
    if args.shuffle:
        order = random.permutation(len(xs))
        xs, ys = xs[order], ys[order]
    trained = len(xs) * 3 // 4
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(model, file.name)
        args.model = file.name
        ours, accuracy, least = by_edgec(model, xs, ys, trained, args)
    theirs, their_accuracy, their_least = by_jax(model, xs, ys, trained, args)
    apart = [abs(a - b) / max(abs(b), 1e-3) for a, b in zip(ours[:50], theirs[:50])]
    print(f"losses of 50 steps apart by at most {max(apart):.1e} (relative)")
    print(f"accuracy after {trained} steps: edgec {accuracy:.4f}, JAX {their_accuracy:.4f}")
    print(f"least time of a step: edgec {least * 1e6:.1f} us, JAX {their_least * 1e6:.1f} us")


if __name__ == "__main__":
    main()
