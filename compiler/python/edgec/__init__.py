"""Compiles ONNX models to standalone Rust for boards and microcontrollers.

    import edgec

    edgec.inspect("model.onnx")                           # what it is, and whether it compiles
    artifact = edgec.quantize("model.onnx", samples, target="cortex-m4f")
    artifact.report["ram"], artifact.report["weights"]    # what the firmware takes
    edgec.Executor(artifact)(x)                           # what it computes, by the kernels that devices run
    artifact.write("firmware/src")                        # the Rust source

A model is the path of a file, the bytes of one, or an `onnx.ModelProto`. Options have the names of the command's flags;
`help(edgec.Options)` lists them. What goes wrong is an `edgec.Error`, with the node and with advice.
"""

from ._edgec import __version__, targets
from .artifact import Artifact, compile, quantize
from .errors import Error, Problem
from .evaluation import eval, inspect
from .executor import Executor, Port
from .options import Options
from .pytorch import from_torch

__all__ = [
    "Artifact",
    "Error",
    "Executor",
    "Options",
    "Port",
    "Problem",
    "__version__",
    "compile",
    "eval",
    "from_torch",
    "inspect",
    "quantize",
    "targets",
]
