# %% [markdown]
# # From scikit-learn to firmware
#
# A classifier of handwritten digits, trained here, becomes 8-bit integers and Rust for a Cortex-M4F. Run it cell by
# cell in an editor that knows `# %%`, or as a script: `python tutorial.py`.
#
#     pip install edgec scikit-learn skl2onnx
#
# Data: scikit-learn's `load_digits`, the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and
# C. Kaynak, UCI Machine Learning Repository, CC BY 4.0).

# %%
import tempfile
from pathlib import Path

import edgec
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

images, digits = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32)
train_images, test_images, train_digits, test_digits = train_test_split(images, digits, random_state=0)
network = MLPClassifier(hidden_layer_sizes=(96, 64), tol=0.005, random_state=0).fit(train_images, train_digits)
print(f"scikit-learn: {network.score(test_images, test_digits):.1%} of {len(test_digits)} digits are right")

# %% [markdown]
# ## ONNX
#
# `skl2onnx` writes the network as ONNX. It can take any number of images at once; a device takes one, and so does what
# is compiled unless `dims` or `shapes` say otherwise. `inspect` says what is open, which operators there are, and
# whether the model compiles.

# %%
from skl2onnx import to_onnx

model = to_onnx(network, images[:1], options={id(network): {"zipmap": False}})
options = {"outputs": ["probabilities"], "name": "Digits"}

inspected = edgec.inspect(model, **options)
print("operators:", {operator["name"]: operator["nodes"] for operator in inspected["operators"]})
print("open dimensions:", [(dimension["input"], dimension["axis"]) for dimension in inspected["open_dimensions"]])
print("compiles:", inspected["problem"] is None)

# %% [markdown]
# ## Does it compute the same?
#
# The executor runs the model by the kernels that devices run.

# %%
executor = edgec.Executor(model, **options)
print(executor)
ours = np.concatenate([executor(image[None]) for image in test_images])
difference = abs(ours - network.predict_proba(test_images)).max()
print(f"largest difference of a probability: {difference:.1e}")
assert difference < 1e-4

# %% [markdown]
# ## 8-bit integers
#
# Some hundred typical images tell the ranges of the values. `eval` compares both models on digits that neither has
# seen.

# %%
artifact = edgec.quantize(model, train_images[:200], target="cortex-m4f", **options)
result = edgec.eval(artifact, test_images, test_digits)
for score in result["scores"]:
    print(f"{score['model']:16} {score['correct'] / result['samples']:.1%} right")
in_floats, in_integers = (score["correct"] / result["samples"] for score in result["scores"])
assert in_floats > 0.95 and in_integers > in_floats - 0.02
print("most is lost in:", result["layers"][0]["name"])

# %% [markdown]
# ## What the firmware takes
#
# Flash for the weights, and RAM for everything between input and output; the code comes on top, and the stack.

# %%
whole = edgec.compile(model, target="cortex-m4f", **options)
for name, one in (("floats", whole), ("int8", artifact)):
    report = one.report
    ram = report["ram"] + report["input_bytes"]
    print(f"{name:7} flash {report['weights']:6} B   RAM {ram:5} B   {report['macs']} MACs")
assert artifact.report["weights"] < whole.report["weights"] / 3
artifact

# %% [markdown]
# ## Rust
#
# The source holds a struct with a `run` method. It depends on the crate `runtime-core` only, and `cargo build` checks
# the memory plan again. With `self_test=True` the device can tell by itself that it computes what this machine does.

# %%
with tempfile.TemporaryDirectory() as folder:
    path = artifact.write(Path(folder, "src", "digits.rs"))
    source = path.read_text()
print("\n".join(source.splitlines()[:6]))
assert "pub struct Digits" in source
