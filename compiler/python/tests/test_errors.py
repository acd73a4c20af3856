"""What goes wrong is an `edgec.Error`, and says what to do."""

import os
import unittest

import edgec
from edgec.advice import in_python
from models import DIGITS, FLOAT, ROOT, of_one_node


class Errors(unittest.TestCase):
    def test_nodes_are_named(self):
        unknown = of_one_node("Nothing", [("x", FLOAT, [2])], [("y", FLOAT, [2])])
        with self.assertRaises(edgec.Error) as raised:
            edgec.compile(unknown)
        error = raised.exception
        self.assertEqual((error.kind, error.node, error.operator), ("operators", "it", "Nothing"))
        self.assertEqual([problem.node for problem in error.problems], ["it"])
        self.assertIn("inspect", error.help)
        self.assertIn("help: ", str(error))
        inspected = edgec.inspect(unknown)
        self.assertFalse(inspected["operators"][0]["supported"])
        self.assertIsNone(inspected["summary"])

    def test_open_dimensions_come_with_the_keyword(self):
        neg = of_one_node("Neg", [("x", FLOAT, [2, "N"])], [("y", FLOAT, [2, "N"])])
        with self.assertRaises(edgec.Error) as raised:
            edgec.compile(neg)
        self.assertEqual((raised.exception.kind, raised.exception.node), ("dimensions", None))
        self.assertIn('dims={"N": SIZE}', str(raised.exception))
        self.assertEqual(edgec.compile(neg, dims={"N": 3}).report["inputs"][0]["shape"], [2, 3])
        self.assertEqual(edgec.compile(neg, shapes={"x": (2, 4)}).report["inputs"][0]["shape"], [2, 4])

    def test_files_that_are_no_models(self):
        for given in (b"", b"PK\x03\x04", os.urandom(100), "absent.onnx", str(ROOT)):
            with self.subTest(given), self.assertRaises(edgec.Error) as raised:
                edgec.compile(given)
            self.assertEqual(raised.exception.kind, "load")
            self.assertEqual((raised.exception.node, raised.exception.problems), (None, []))

    def test_damaged_models_never_panic(self):
        data = DIGITS.read_bytes()
        damaged = [data[:length] for length in range(0, len(data), 997)]
        corpus = ROOT / "compiler/fuzz/corpus"
        # Two bytes before each model choose options of the fuzz target.
        damaged += [file.read_bytes()[2:] for file in sorted((corpus / "compile").iterdir())]
        damaged += [file.read_bytes() for file in sorted((corpus / "read_model").iterdir())]
        for number, given in enumerate(damaged):
            with self.subTest(number):
                try:
                    edgec.compile(given)
                except edgec.Error as error:
                    self.assertNotEqual(error.kind, "internal", error)

    def test_budgets(self):
        with self.assertRaises(edgec.Error) as raised:
            edgec.compile(DIGITS, flash=100)
        self.assertEqual(raised.exception.kind, "budget")
        self.assertTrue(edgec.compile(DIGITS, flash=100, over_budget=True).report["over_budget"])

    def test_a_listener_ends_the_work(self):
        class Enough(Exception):
            pass

        def listener(what, done, of):
            raise Enough(what)

        with self.assertRaises(Enough):
            edgec.quantize(DIGITS, DIGITS.with_name("calibration.npz"), progress=listener)


class Advice(unittest.TestCase):
    def test_flags_become_keywords(self):
        cases = {
            "add --dim N=1 --dim 'past + 1=T'": 'add dims={"N": 1, "past + 1": T}',
            'give --shape "x y=1,3,D0"': 'give shapes={"x y": (1, 3, D0)}',
            "--bake x=FILE.npy": 'bake={"x": array}',
            "--bake sr=NUMBER, or": 'bake={"sr": NUMBER}, or',
            "all dimensions are fixed: remove --dim": "all dimensions are fixed: remove dims",
            "leave out --dim where no other": "leave out dims where no other",
            "add --method percentile; --max-loss 0.5%.": 'add method="percentile"; max_loss="0.5%".',
            "names samples by --loss-samples FILE.npz, which": 'names samples by loss_samples="FILE.npz", which',
            "--ram 4352 is the least; no --ram": "ram=4352 is the least; no ram",
            "--allow-loss compiles": "allow_loss compiles",
            "a -- b, x--y": "a -- b, x--y",
        }
        for text, wanted in cases.items():
            self.assertEqual(in_python(text), wanted)


if __name__ == "__main__":
    unittest.main()
