"""The backend of ONNX, beside ONNX's own tests in `node_tests.py`."""

import unittest

import edgec.backend as backend
import numpy as np
import onnx
from models import DIGITS, FLOAT, digits, of_one_node
from onnx import TensorProto, helper


class Backend(unittest.TestCase):
    def test_models_run(self):
        digit = onnx.load(DIGITS)
        self.assertTrue(backend.is_compatible(digit))
        (scores,) = backend.run_model(digit, [digits(1)])
        by_name = backend.prepare(digit).run({"image": digits(1)})
        np.testing.assert_array_equal(scores, by_name["scores"])

    def test_shapes_may_change_and_decide_shapes(self):
        ports = [("x", FLOAT, ["N"]), ("shape", TensorProto.INT64, [2])]
        prepared = backend.prepare(of_one_node("Reshape", ports, [("y", FLOAT, None)]))
        for x, shape in [(np.arange(6), (2, 3)), (np.arange(6), (3, 2)), (np.arange(8), (4, 2))]:
            (y,) = prepared.run([x.astype(np.float32), np.int64(shape)])
            np.testing.assert_array_equal(y, x.reshape(shape))
        self.assertEqual(len(prepared.compiled), 3)

    def test_nodes_run(self):
        node = helper.make_node("Gemm", ["a", "b", ""], ["y"], transB=1)
        a, b = np.float32([[1, 2]]), np.float32([[3, 4], [5, 6]])
        self.assertEqual(backend.run_node(node, [a, b]).y.tolist(), [[11, 17]])
        self.assertEqual(backend.run_node(node, [a, b], opset_version=13)[0].tolist(), [[11, 17]])

    def test_what_is_beyond_it_is_skipped(self):
        unknown = of_one_node("Nothing", [("x", FLOAT, [2])], [("y", FLOAT, [2])])
        self.assertFalse(backend.is_compatible(unknown))
        with self.assertRaises(unittest.SkipTest):
            backend.run_model(unknown, [np.zeros(2, np.float32)])
        self.assertTrue(backend.supports_device("CPU") and not backend.supports_device("CUDA:1"))


if __name__ == "__main__":
    unittest.main()
