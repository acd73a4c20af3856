"""Running models."""

import threading
import unittest

import edgec
import numpy as np
import onnxruntime
from models import CALIBRATION, DIGITS, FLOAT, counter, digits, model, of_one_node
from onnx import TensorProto, helper


class Running(unittest.TestCase):
    def test_floats_are_those_of_onnx_runtime(self):
        executor = edgec.Executor(DIGITS)
        peer = onnxruntime.InferenceSession(str(DIGITS))
        for image in digits(4):
            scores = executor(image[None])
            np.testing.assert_allclose(scores, peer.run(None, {"image": image[None]})[0], rtol=1e-4, atol=1e-4)
            scores[0] = 0  # What comes out is the caller's.
        self.assertEqual(repr(executor), "<edgec.Executor (image: float32[1, 1, 8, 8]) -> (scores: float32[1, 10])>")

    def test_integers_are_the_same_for_every_target(self):
        samples = np.load(CALIBRATION)["image"]
        targets = ("board", "cortex-m4f", "rv32imac")
        executors = [edgec.Executor(edgec.quantize(DIGITS, samples, io="int8", target=target)) for target in targets]
        self.assertEqual(executors[0].inputs[0].dtype, "int8")
        for values in np.random.default_rng(2).integers(-128, 128, (8, 1, 1, 8, 8), dtype=np.int8):
            first, *others = [executor(values) for executor in executors]
            for other in others:
                np.testing.assert_array_equal(first, other)

    def test_every_element_type_goes_through(self):
        floats = ["float16", "float32", "float64"]
        integers = [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
        for name in [*floats, *integers, "bool"]:
            with self.subTest(name):
                dtype = np.dtype(name)
                number = helper.np_dtype_to_tensor_dtype(dtype)
                flip = of_one_node("Transpose", [("x", number, [2, 3])], [("y", number, [3, 2])])
                x = np.arange(6).reshape(3, 2).T.astype(dtype)  # not in the order of C
                y = edgec.Executor(flip)(x)
                self.assertEqual(y.dtype, dtype)
                np.testing.assert_array_equal(y, x.T)

    def test_bfloat16(self):
        import ml_dtypes

        ports = [("x", TensorProto.BFLOAT16, [3])], [("y", TensorProto.BFLOAT16, [3])]
        executor = edgec.Executor(of_one_node("Neg", *ports))
        self.assertEqual(executor.inputs[0].dtype, "bfloat16")
        x = np.array([1, -2, 0.5])
        for given in (x.astype(np.float32), x.astype(ml_dtypes.bfloat16)):
            np.testing.assert_array_equal(executor(given).astype(np.float32), -x)

    def test_inputs_by_name_and_several_outputs(self):
        ports = [("a", FLOAT, [2]), ("b:0", FLOAT, [2])]
        executor = edgec.Executor(
            model(
                [helper.make_node("Sub", ["a", "b:0"], ["d"]), helper.make_node("Mul", ["a", "b:0"], ["p"])],
                ports,
                [("d", FLOAT, [2]), ("p", FLOAT, [2])],
            )
        )
        a, b = np.float32([5, 6]), np.float32([2, 3])
        difference, product = executor(a, b)
        self.assertEqual((difference.tolist(), product.tolist()), ([3, 3], [10, 18]))
        self.assertEqual(executor(a, **{"b:0": b})[0].tolist(), [3, 3])
        self.assertEqual(executor.run({"a": a, "b:0": b})["p"].tolist(), [10, 18])
        for wrong in ((a,), (a, b, a)):
            with self.assertRaises(TypeError):
                executor(*wrong)
        with self.assertRaises(TypeError):
            executor(a, b, a=a)

    def test_arrays_that_do_not_fit_are_told(self):
        executor = edgec.Executor(DIGITS)
        with self.assertRaisesRegex(edgec.Error, r"(?s)`image` is f64.*astype"):
            executor(np.zeros((1, 1, 8, 8)))
        with self.assertRaisesRegex(edgec.Error, r"`image` is f32\[1x1x8x8\] but the array is f32\[8x8\]"):
            executor(np.zeros((8, 8), np.float32))

    def test_states_are_kept(self):
        executor = edgec.Executor(counter(), state={"before": "after"})
        one = np.float32([1, 2])
        self.assertEqual([executor(one).tolist() for _ in range(3)], [[2, 4], [4, 8], [6, 12]])
        executor.reset()
        self.assertEqual(executor(one).tolist(), [2, 4])

    def test_threads_take_turns(self):
        executor = edgec.Executor(DIGITS)
        images = digits(8)
        wanted = [executor(image[None]) for image in images]
        found = {}

        def run(number):
            found[number] = [executor(images[number][None]) for _ in range(5)]

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number, results in found.items():
            for result in results:
                np.testing.assert_array_equal(result, wanted[number])


if __name__ == "__main__":
    unittest.main()
