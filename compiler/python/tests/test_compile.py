"""What compiling gives, and what it takes."""

import ast
import json
import tempfile
import unittest
from pathlib import Path

import edgec
import numpy as np
import onnx
from edgec import _edgec, options
from models import CALIBRATION, DIGITS


class Compiling(unittest.TestCase):
    def test_a_path_bytes_and_a_proto_are_the_same_model(self):
        given = [DIGITS, str(DIGITS), DIGITS.read_bytes(), onnx.load(DIGITS)]
        made = [edgec.compile(model, name="Digits") for model in given]
        for artifact in made[1:]:
            called = {name: artifact.report[name] for name in ("model", "sha256")}
            self.assertEqual(artifact.report, made[0].report | called)
        self.assertIn("pub struct Digits", made[0].source)
        self.assertIn("edgec.compile('digits.onnx', name='Digits')", made[0].source)
        self.assertIn("pub struct Model", edgec.compile(given[2]).source)
        with self.assertRaisesRegex(TypeError, "not int"):
            edgec.compile(3)

    def test_options_are_those_of_the_command(self):
        small = edgec.compile(DIGITS, target="cortex-m4f", favour="flash", ram="64K", flash=1 << 20, self_test=True)
        report = small.report
        self.assertEqual((report["target"], report["ram_budget"]), ("cortex-m4f", 64 << 10))
        self.assertIn("self_test", small.source)
        ended = edgec.compile(DIGITS, outputs=["conv1_relu"], input_layout={"image": "nhwc"}, bake={})
        self.assertEqual(ended.report["outputs"][0]["name"], "conv1_relu")
        learning = edgec.compile(DIGITS, trainable=["last:1"], optimizer="momentum:0.9")
        self.assertEqual(learning.report["training"]["parameters"], 1290)

    def test_layers_are_computed_as_they_were_tuned(self):
        plain = edgec.compile(DIGITS, winograd=False, name="Digits").source
        self.assertNotIn("kernels::winograd_conv2d(", plain)
        layer = {"name": "conv2", "kernel": "winograd_conv2d", "layout": "transformed floats"}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "digits.tuned.json")
            path.write_text(json.dumps({"target": "board", "layers": [layer]}))
            source = edgec.compile(DIGITS, tuned=path).source
            self.assertIn("kernels::winograd_conv2d(", source)
            self.assertIn("tuned='digits.tuned.json'", source)
            with self.assertRaisesRegex(edgec.Error, "the tuned file is for the target board"):
                edgec.compile(DIGITS, tuned=path, target="x86-64")
            path.write_text("{}")
            with self.assertRaisesRegex(edgec.Error, "tuned: no file of measured layers"):
                edgec.compile(DIGITS, tuned=path)
            with self.assertRaisesRegex(edgec.Error, "tuned: .*nothing.json"):
                edgec.compile(DIGITS, tuned=Path(folder, "nothing.json"))

    def test_wrong_options_are_told(self):
        with self.assertRaisesRegex(TypeError, "did you mean target"):
            edgec.compile(DIGITS, tarket="mcu")
        wrong = {"target": "cortex-m5f", "quantize": "int9", "ram": "64G", "dims": {"N": 1}, "weights": "nowhere"}
        for name, value in wrong.items():
            with self.subTest(name), self.assertRaisesRegex(edgec.Error, name[:3]):
                edgec.compile(DIGITS, **{name: value})
        with self.assertRaisesRegex(edgec.Error, "did you mean `cortex-m4`.*\n`edgec.targets"):
            edgec.compile(DIGITS, target="cortex-m4g")

    def test_files_are_written(self):
        artifact = edgec.compile(DIGITS, weights="sidecar", target="mcu")
        with tempfile.TemporaryDirectory() as folder:
            path = artifact.write(folder, c_header=Path(folder, "digits.h"))
            self.assertEqual(path, Path(folder, "digits.rs"))
            names = sorted(file.name for file in Path(folder).iterdir())
            self.assertEqual(names, ["digits.h", "digits.rs", "digits.weights", "digits_c.rs"])
            self.assertEqual(path.read_text(), artifact.source)
            self.assertEqual(Path(folder, "digits.weights").read_bytes(), artifact.weights)
            path.write_text("mine")
            with self.assertRaisesRegex(edgec.Error, "edgec has not written it"):
                artifact.write(folder)
            self.assertEqual(artifact.write(path, force=True).read_text(), artifact.source)
            deep = edgec.compile(DIGITS.read_bytes()).write(Path(folder, "a", "b"))
            self.assertEqual(deep, Path(folder, "a", "b", "model.rs"))

    def test_it_is_shown(self):
        artifact = edgec.quantize(DIGITS, CALIBRATION, target="cortex-m4f", progress=False)
        self.assertRegex(repr(artifact), r"<edgec.Artifact digits for cortex-m4f: \d+ B of weights, \d+ B of RAM")
        self.assertIn("MACs", str(artifact))
        self.assertIn("<th>RAM</th>", artifact._repr_html_())
        self.assertIn("</html>", artifact.page())
        self.assertIsNone(edgec.compile(DIGITS).weights)

    def test_what_was_measured_is_on_the_page(self):
        artifact = edgec.compile(DIGITS, target="cortex-m4f")
        layers = [{"name": call["name"], "value": 7, "unit": "cycles"} for call in artifact.report["calls"]]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "profile.json")
            path.write_text(json.dumps({"layers": layers}))
            self.assertIn("cycles, measured", artifact.page(profile=path))
            path.write_text(json.dumps({"layers": layers[1:]}))
            with self.assertRaisesRegex(edgec.Error, f"the model's layer `{layers[0]['name']}` is not in it"):
                artifact.page(profile=str(path))


class Package(unittest.TestCase):
    def test_the_stub_has_what_the_module_has(self):
        stub = ast.parse(Path(edgec.__file__).with_name("_edgec.pyi").read_text())
        classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef)}
        functions = {node.name for node in stub.body if isinstance(node, ast.FunctionDef)}
        public = {name for name in vars(_edgec) if not name.startswith("_")}
        self.assertEqual(public, set(classes) | functions)
        for name, node in classes.items():
            methods = {method.name for method in node.body} - {"__new__"}
            self.assertEqual(methods, {name for name in vars(getattr(_edgec, name)) if not name.startswith("_")})

    def test_every_option_has_a_default(self):
        self.assertEqual(list(options.DEFAULTS), list(edgec.Options.__annotations__))
        self.assertEqual(edgec.__version__, _edgec.__version__)

    def test_targets_are_listed(self):
        self.assertIn("cortex-m4f", dict(edgec.targets()))

    def test_arrays_that_are_no_numbers(self):
        with self.assertRaisesRegex(TypeError, "no tensors of numbers"):
            edgec.compile(DIGITS, bake={"image": np.array(["a"])})


if __name__ == "__main__":
    unittest.main()
