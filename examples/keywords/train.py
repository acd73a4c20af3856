"""Trains the keyword spotter of the examples and writes keywords.onnx, calibration.npz and the recording beside this
file.

    pip install -r ../digits/requirements.txt && python train.py

The words are not recordings: this script speaks them, with harmonics of a voice and noise that are shaped by formants,
at random pitch, speed and loudness. The network takes samples as a microphone gives them, at 8 kHz, and is small enough
to train with numpy in less than a minute:

    sound [1,1,8192] -> Conv 64/32 x16 -> Conv 3/2 x16 -> Conv 5/2 x24 -> Conv 7/1 x24, each with Relu
                     -> mean over time -> Gemm -> scores [1,5]

No layer is padded, so that a stream of it gives the bits of the whole model: it takes 128 samples a run, 16 ms.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
SEED = 5
RATE = 8000
WINDOW = 8192
VOICES = 120
EPOCHS = 12
BATCHES = 60
BATCH = 40
CALIBRATION = 12
WORDS = ["nothing", "yes", "no", "stop", "hey"]

# Formants in hertz, how much of the sound is noise, and loudness.
PHONES = {
    "i": ((280, 2250, 2900), 0.0, 1.0),
    "e": ((530, 1840, 2480), 0.0, 1.0),
    "a": ((730, 1090, 2440), 0.0, 1.0),
    "o": ((500, 850, 2400), 0.0, 1.0),
    "u": ((310, 870, 2250), 0.0, 0.8),
    "n": ((250, 1300, 2300), 0.0, 0.4),
    "h": ((600, 1800, 2500), 1.0, 0.15),
    "s": ((3300, 3600, 3900), 1.0, 0.5),
    "p": ((500, 1000, 1500), 1.0, 0.6),
    " ": ((500, 1500, 2500), 0.0, 0.0),
}
# Phones with their lengths in milliseconds.
SPOKEN = {
    "yes": [("i", 90), ("e", 150), ("s", 170)],
    "no": [("n", 110), ("o", 180), ("u", 110)],
    "stop": [("s", 130), (" ", 50), ("a", 150), (" ", 50), ("p", 30)],
    "hey": [("h", 80), ("e", 140), ("i", 160)],
}


def sound(rng, phones):
    """One voice that says these phones, as samples of about -1 to 1."""
    speed = rng.uniform(0.8, 1.25)
    lengths = [int(RATE * ms / 1000 * speed * rng.uniform(0.85, 1.15)) for _, ms in phones]
    total = sum(lengths)
    vowels = rng.uniform(0.9, 1.15)
    # What a sample has of each parameter, gliding from phone to phone within 30 ms.
    chosen = [PHONES[name] for name, _ in phones]
    rows = np.array([[f * (1 if noise else vowels) for f in peaks] + [noise, loud] for peaks, noise, loud in chosen])
    steps = np.repeat(rows, lengths, axis=0)
    glide = np.hanning(241)
    glide /= glide.sum()
    padded = np.pad(steps, ((120, 120), (0, 0)), mode="edge")
    steps = np.stack([np.convolve(column, glide, "valid") for column in padded.T], axis=1)
    formants, noisy, loud = steps[:, :3], np.clip(steps[:, 3], 0, 1), steps[:, 4]
    pitch = rng.uniform(95, 220) * np.linspace(rng.uniform(1, 1.15), rng.uniform(0.8, 1), total)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    harmonics = np.arange(1, int(3800 / pitch.max()) + 1)

    def shape(hertz):
        """How loud the formants let a frequency be: their weights and widths are those of a voice."""
        peaks = zip(formants.T, (1, 0.6, 0.3), (80, 110, 150))
        return sum(weight / (1 + ((hertz - peak[:, None]) / width) ** 2) for peak, weight, width in peaks)

    voice = (np.sin(phase[:, None] * harmonics) * shape(pitch[:, None] * harmonics)).sum(1)
    # Noise in bands, each as loud as the formants let it be.
    centres = np.arange(250, 4000, 250)
    spectrum = np.fft.rfft(rng.standard_normal(total))
    frequencies = np.fft.rfftfreq(total, 1 / RATE)
    bands = [np.fft.irfft(spectrum * (np.abs(frequencies - c) < 125), total) for c in centres]
    noise = (np.stack(bands, 1) * shape(centres[None].astype(float))).sum(1) * 3
    mixed = loud * ((1 - noisy) * voice + noisy * noise)
    fade = min(160, total // 4)
    mixed[:fade] *= np.linspace(0, 1, fade)
    mixed[-fade:] *= np.linspace(1, 0, fade)
    return (mixed / (np.abs(mixed).max() + 1e-9)).astype(np.float32)


def babble(rng):
    """Sounds that are no word: one or two phones, or the beginning or end of a word."""
    if rng.random() < 0.5:
        phones = list(SPOKEN[WORDS[rng.integers(1, len(WORDS))]])
        return sound(rng, phones[:1] if rng.random() < 0.5 else phones[-1:])
    names = [p for p in PHONES if p != " "]
    return sound(rng, [(names[rng.integers(len(names))], rng.integers(60, 250)) for _ in range(rng.integers(1, 3))])


def voices(rng, count):
    """Sounds of each class; those of nothing are babble."""
    return [[babble(rng) if word == "nothing" else sound(rng, SPOKEN[word]) for _ in range(count)] for word in WORDS]


def batch(rng, pool, count):
    """Windows in which one sound begins anywhere, over noise, as a microphone of 8 bits gives them."""
    windows = np.zeros((count, 1, WINDOW), np.float32)
    labels = rng.integers(0, len(WORDS), count)
    for window, label in zip(windows, labels):
        window += rng.standard_normal(WINDOW) * 10 ** rng.uniform(-3, -1.7)
        if label != 0 or rng.random() < 0.7:
            clip = pool[label][rng.integers(len(pool[label]))]
            start = rng.integers(0, WINDOW - len(clip))
            window[0, start : start + len(clip)] += clip * rng.uniform(0.3, 0.9)
    return np.clip(np.round(windows * 128), -128, 127) / 128, labels


class Conv:
    """Convolution over time, not padded, followed by Relu. Sounds are [N, C, T]."""

    def __init__(self, rng, inputs, outputs, taps, stride):
        self.w = (rng.standard_normal((outputs, inputs, taps)) * np.sqrt(2 / (taps * inputs))).astype(np.float32)
        self.b = np.zeros(outputs, np.float32)
        self.taps, self.stride = taps, stride

    def forward(self, x):
        windows = np.lib.stride_tricks.sliding_window_view(x, self.taps, axis=2)[:, :, :: self.stride]
        self.shape, self.frames = x.shape, windows.shape[2]
        self.rows = windows.transpose(0, 2, 1, 3).reshape(-1, self.w[0].size)
        y = self.rows @ self.w.reshape(len(self.b), -1).T + self.b
        self.y = np.maximum(y, 0).reshape(len(x), self.frames, -1).transpose(0, 2, 1)
        return self.y

    def backward(self, grad, first=False):
        grad = (grad * (self.y > 0)).transpose(0, 2, 1).reshape(-1, len(self.b))
        self.dw = (grad.T @ self.rows).reshape(self.w.shape)
        self.db = grad.sum(0)
        if first:
            return None
        n, c, _ = self.shape
        windows = (grad @ self.w.reshape(len(self.b), -1)).reshape(n, self.frames, c, self.taps).transpose(0, 2, 3, 1)
        dx = np.zeros(self.shape, np.float32)
        for tap in range(self.taps):
            dx[:, :, tap : tap + self.stride * self.frames : self.stride] += windows[:, :, tap]
        return dx


class Gemm:
    """The mean over time, then a fully connected layer."""

    def __init__(self, rng, inputs, outputs):
        self.w = (rng.standard_normal((outputs, inputs)) * np.sqrt(1 / inputs)).astype(np.float32)
        self.b = np.zeros(outputs, np.float32)

    def forward(self, x):
        self.frames = x.shape[2]
        self.x = x.mean(2)
        return self.x @ self.w.T + self.b

    def backward(self, grad):
        self.dw = grad.T @ self.x
        self.db = grad.sum(0)
        return np.repeat((grad @ self.w / self.frames)[:, :, None], self.frames, axis=2)


def forward(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def train(rng, pool):
    """Adam on the cross-entropy of the softmax of the scores."""
    layers = [
        Conv(rng, 1, 16, 64, 32),
        Conv(rng, 16, 16, 3, 2),
        Conv(rng, 16, 24, 5, 2),
        Conv(rng, 24, 24, 7, 1),
        Gemm(rng, 24, len(WORDS)),
    ]
    state = [[np.zeros_like(p) for p in (layer.w, layer.b) for _ in range(2)] for layer in layers]
    step = 0
    for epoch in range(EPOCHS):
        total = 0.0
        for _ in range(BATCHES):
            windows, labels = batch(rng, pool, BATCH)
            scores = forward(layers, windows)
            p = np.exp(scores - scores.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            total -= np.log(p[np.arange(BATCH), labels] + 1e-12).sum()
            p[np.arange(BATCH), labels] -= 1
            grad = layers[-1].backward(p / BATCH)
            for layer in layers[-2:0:-1]:
                grad = layer.backward(grad)
            layers[0].backward(grad, first=True)
            step += 1
            rate = 4e-3 * 0.5 * (1 + np.cos(np.pi * step / (EPOCHS * BATCHES)))
            for layer, (mw, vw, mb, vb) in zip(layers, state):
                for value, g, m, v in ((layer.w, layer.dw, mw, vw), (layer.b, layer.db, mb, vb)):
                    m += 0.1 * (g - m)
                    v += 0.001 * (g * g - v)
                    value -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        print(f"epoch {epoch + 1:2}: loss {total / (BATCHES * BATCH):.4f}")
    return layers


def export(layers):
    """The trained network as an ONNX model, opset 17."""
    convs, gemm = layers[:-1], layers[-1]
    nodes, weights, x = [], [], "sound"
    for number, layer in enumerate(convs, 1):
        name = f"conv{number}"
        inputs, outputs = [x, f"{name}.weight", f"{name}.bias"], [f"{name}_out"]
        nodes.append(
            helper.make_node("Conv", inputs, outputs, name, kernel_shape=[layer.taps], strides=[layer.stride])
        )
        nodes.append(helper.make_node("Relu", outputs, [f"{name}_relu"], f"{name}_relu"))
        weights += [(f"{name}.weight", layer.w), (f"{name}.bias", layer.b)]
        x = f"{name}_relu"
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["mean"], "mean"))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"], "flatten"))
    nodes.append(helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1))
    weights += [("fc.weight", gemm.w), ("fc.bias", gemm.b)]
    graph = helper.make_graph(
        nodes,
        "keywords",
        [helper.make_tensor_value_info("sound", TensorProto.FLOAT, [1, 1, WINDOW])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(WORDS)])],
        [numpy_helper.from_array(value, name) for name, value in weights],
    )
    model = helper.make_model(
        graph, producer_name="edgec-example", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


def recording(rng, held_out):
    """Held-out voices that say some words over noise, one after another, and what they say; the fifth is no word."""
    said = ["hey", "yes", "no", "nothing", "stop", "no"]
    gap = int(1.15 * RATE)
    samples = rng.standard_normal(gap * len(said) + RATE) * 0.004
    for place, word in enumerate(said):
        clip = sound(rng, [("u", 200)]) if word == "nothing" else held_out[WORDS.index(word)][place]
        start = RATE // 4 + place * gap
        samples[start : start + len(clip)] += clip * rng.uniform(0.4, 0.9)
    samples = samples[: len(samples) // 128 * 128]
    return np.clip(np.round(samples * 128), -128, 127).astype(np.int8), [word for word in said if word != "nothing"]


def write_recording(samples, said):
    (HERE / "recording.raw").write_bytes(samples.tobytes())
    words, heard = (", ".join(f'"{word}"' for word in names) for names in (WORDS, said))
    (HERE / "recording.rs").write_text(
        "// Written by train.py.\n\n"
        "/// What the scores stand for.\n"
        f"pub(crate) const WORDS: [&str; {len(WORDS)}] = [{words}];\n\n"
        "/// Samples of 8 bits at 8 kHz: voices that the model has not heard in training.\n"
        f'pub(crate) static RECORDING: &[u8; {len(samples)}] = include_bytes!("recording.raw");\n\n'
        "/// The words in it.\n"
        f"pub(crate) const SAID: [&str; {len(said)}] = [{heard}];\n",
        encoding="utf-8",
    )


def main():
    rng = np.random.default_rng(SEED)
    pool = voices(rng, VOICES)
    layers = train(rng, pool)

    model = export(layers)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    others = np.random.default_rng(SEED + 1)
    held_out = voices(others, VOICES // 3)
    windows, labels = batch(others, held_out, 500)
    guesses = [session.run(None, {"sound": window[None]})[0].argmax() for window in windows]
    accuracy = np.mean(guesses == labels)
    print(f"accuracy on {len(labels)} windows with held-out voices: {accuracy:.1%}")
    if accuracy < 0.93:
        raise SystemExit("the model is worse than 93 %; nothing was written")

    onnx.save(model, HERE / "keywords.onnx")
    # Sounds of this example use the whole range of 8 bits, so that a step of the input is 1/128.
    calibration = batch(rng, pool, CALIBRATION)[0]
    calibration[0, 0, :2] = -1, 127 / 128
    np.savez_compressed(HERE / "calibration.npz", sound=calibration)
    write_recording(*recording(others, held_out))
    for name in ("keywords.onnx", "calibration.npz", "recording.raw"):
        print(f"{name}: {(HERE / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
