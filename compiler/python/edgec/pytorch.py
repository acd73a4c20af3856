"""Models of PyTorch."""

from __future__ import annotations

import importlib.util
import io
from typing import Any


def from_torch(module: Any, example: Any, **export: Any) -> bytes:
    """A module of PyTorch as ONNX: what every function here takes as a model.

    `example` is an input, or a tuple of all; the model gets its shapes. Other keywords are those of
    `torch.onnx.export`, such as `input_names`. The module is exported as it is for inference.
    """
    import torch

    arguments = example if isinstance(example, tuple) else (example,)
    # The newer exporter needs a package that PyTorch does not bring.
    dynamo = export.pop("dynamo", importlib.util.find_spec("onnxscript") is not None)
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            if dynamo:
                export.setdefault("verbose", False)
                program: Any = torch.onnx.export(module, arguments, dynamo=True, **export)
                return program.model_proto.SerializeToString()
            file: Any = io.BytesIO()
            torch.onnx.export(module, arguments, file, dynamo=False, **export)
            return file.getvalue()
    finally:
        module.train(training)
