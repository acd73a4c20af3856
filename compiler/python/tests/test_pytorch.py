"""Models of PyTorch, where it is installed."""

import importlib.util
import unittest

import edgec
import numpy as np


@unittest.skipUnless(importlib.util.find_spec("torch"), "PyTorch is not installed")
class PyTorch(unittest.TestCase):
    def test_modules_compute_the_same(self):
        import torch

        layers = torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3)
        module = torch.nn.Sequential(*layers)
        image = torch.rand(1, 1, 8, 8)
        with torch.no_grad():
            wanted = module(image).numpy()
        for options in ({}, {"dynamo": False}):
            with self.subTest(options):
                model = edgec.from_torch(module, image, input_names=["image"], **options)
                self.assertTrue(module.training, "it is left as it was")
                executor = edgec.Executor(model)
                self.assertEqual(executor.inputs[0].name, "image")
                np.testing.assert_allclose(executor(image), wanted, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
