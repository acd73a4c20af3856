"""Quantization, evaluation and inspection."""

import unittest
from unittest import mock

import edgec
import numpy as np
from models import CALIBRATION, DIGITS, digits


class Quantizing(unittest.TestCase):
    def test_samples_in_memory_are_as_good_as_files(self):
        samples = np.load(CALIBRATION)["image"]
        given = [CALIBRATION, samples, {"image": samples.astype(np.float64)}, list(samples)]
        sources = [edgec.quantize(DIGITS, one).source.split("\n", 8)[-1] for one in given]
        for source in sources[1:]:
            self.assertEqual(source, sources[0])

    def test_progress_is_told(self):
        told = []
        edgec.quantize(DIGITS, CALIBRATION, progress=lambda *step: told.append(step))
        self.assertTrue(told)
        for what, done, of in told:
            self.assertTrue(what and 0 <= done <= of, (what, done, of))

    def test_a_bar_is_drawn_if_there_is_tqdm(self):
        auto = mock.MagicMock()
        auto.tqdm.return_value.n = 0
        with mock.patch.dict("sys.modules", {"tqdm": mock.MagicMock(auto=auto), "tqdm.auto": auto}):
            edgec.quantize(DIGITS, CALIBRATION)
        self.assertIsNone(auto.tqdm.call_args.kwargs["disable"])
        self.assertEqual(auto.tqdm.return_value.close.call_count, auto.tqdm.call_count)
        with mock.patch.dict("sys.modules", {"tqdm.auto": None}):
            edgec.quantize(DIGITS, CALIBRATION)
            with self.assertRaises(ImportError):
                edgec.quantize(DIGITS, CALIBRATION, progress=True)

    def test_what_samples_lack_is_told_without_folders(self):
        for samples, text in [(np.zeros((4, 3), np.float32), "calibrate.npy: "), (None, "without samples")]:
            with self.assertRaises(edgec.Error) as raised:
                edgec.quantize(DIGITS, samples)
            self.assertIn(text, raised.exception.message)
            self.assertNotIn("edgec-", str(raised.exception))

    def test_wider_integers_and_halves(self):
        options = {"io": "int8", "method": "mse", "max_loss": "30dB", "bias_correction": False}
        wide = edgec.quantize(DIGITS, CALIBRATION, "int16x8", **options)
        self.assertEqual(wide.report["inputs"][0]["dtype"], "i16")
        self.assertLess(edgec.quantize(DIGITS, None, "f16").report["weights"], edgec.compile(DIGITS).report["weights"])


class Evaluating(unittest.TestCase):
    def test_scores_are_of_both_models(self):
        images = digits()
        scores = np.stack([edgec.Executor(DIGITS)(image[None])[0] for image in images])
        labels = scores.argmax(1)
        labels[:4] = (labels[:4] + 1) % 10
        artifact = edgec.quantize(DIGITS, CALIBRATION)
        told = []
        listen = lambda *step: told.append(step)
        by = {
            "arrays": edgec.eval(artifact, images, labels, progress=listen),
            "names": edgec.eval(DIGITS, {"image": images, "y": labels}, quantize="int8", calibrate=CALIBRATION),
        }
        self.assertEqual(by["arrays"], by["names"])
        float, int8 = by["arrays"]["scores"]
        self.assertEqual((float["model"], int8["model"]), ("float, executor", "int8, executor"))
        self.assertEqual((float["correct"], by["arrays"]["samples"]), (36, 40))
        self.assertGreater(int8["agrees"], 30)
        self.assertEqual(told[-1], ("running samples", 40, 40))
        self.assertTrue(by["arrays"]["layers"])
        few = edgec.eval(DIGITS, images, first=7, layers=False)
        self.assertEqual((few["samples"], few["scores"][0]["correct"], few["layers"]), (7, None, []))

    def test_labels_must_fit(self):
        with self.assertRaisesRegex(edgec.Error, "39 labels for 40 samples"):
            edgec.eval(DIGITS, digits(), np.zeros(39, np.int64))


class Inspecting(unittest.TestCase):
    def test_it_is_what_the_command_prints(self):
        inspected = edgec.inspect(DIGITS, target="cortex-m4f", prune_report=True, ram_curve=True)
        self.assertEqual(inspected["inputs"], [{"name": "image", "dtype": "FLOAT", "shape": ["1", "1", "8", "8"]}])
        self.assertEqual(inspected["summary"], edgec.compile(DIGITS, target="cortex-m4f").report)
        self.assertTrue(inspected["ram_curve"]["points"])
        self.assertIn("prune_report", inspected)


if __name__ == "__main__":
    unittest.main()
