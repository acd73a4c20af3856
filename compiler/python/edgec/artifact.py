"""Compiled models."""

from __future__ import annotations

import html
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _edgec
from .job import Job
from .options import takes_options
from .samples import Samples

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options


class Artifact:
    """A compiled model: its Rust source, what it costs, and files around it. `compile` makes it."""

    def __init__(self, job: Job, compiled: _edgec.Compiled) -> None:
        self._job, self._compiled = job, compiled
        self._emitted: tuple[str, bytes | None] | None = None
        #: What it is and costs, as `edgec MODEL.onnx -o OUT.rs --json` prints it: `ram` and `weights` are bytes of the
        #: arena and of flash, `macs` the multiply-accumulates of an inference, `calls` the table of layers.
        self.report: dict[str, Any] = json.loads(compiled.report())

    @property
    def source(self) -> str:
        """The Rust source. Where the weights are not inside, it reads them from a file beside it: see `weights`."""
        return self._emit()[0]

    @property
    def weights(self) -> bytes | None:
        """What is to be in the file of weights beside the source, `model.weights` if the model is `model.onnx`;
        `None` if they are inside the source."""
        return self._emit()[1]

    def _emit(self) -> tuple[str, bytes | None]:
        if self._emitted is None:
            self._emitted = self._compiled.emit(f"{self._stem}.weights")
        return self._emitted

    @property
    def _stem(self) -> str:
        """The model's name as that of a module."""
        return re.sub(r"\W", "_", self._job.stem, flags=re.ASCII).lower()

    def write(
        self, path: str | os.PathLike[str], *, c_header: str | os.PathLike[str] | None = None, force: bool = False
    ) -> Path:
        """Writes the source and what belongs beside it, and returns its path: `path` if that ends in `.rs`, else a file
        in this folder that is named after the model.

        `c_header` is a header to write for C, with a second Rust file that defines its functions. Files that edgec has
        not written are replaced with `force` only.
        """
        output = Path(path)
        if output.suffix != ".rs":
            output = output / f"{self._stem}.rs"
        output.parent.mkdir(parents=True, exist_ok=True)
        header = None if c_header is None else Path(c_header)
        self._job.run(lambda _: self._compiled.write(output, header, force))
        return output

    def page(self, *, profile: str | os.PathLike[str] | None = None) -> str:
        """A page about the model, as HTML: memory over time, layers, quantization and passes.

        `profile` is a file with what was measured of each layer, as `edgec report --profile` takes it.
        """
        measured = None if profile is None else Path(profile)
        return self._job.run(lambda _: self._compiled.page(measured))

    def __str__(self) -> str:
        return self._compiled.summary()

    def __repr__(self) -> str:
        of = self.report
        costs = f"{of['weights']} B of weights, {of['ram']} B of RAM, {of['macs']} MACs"
        return f"<edgec.Artifact {of['model']} for {of['target']}: {costs}>"

    def _repr_html_(self) -> str:
        """What notebooks show."""
        of = self.report
        rows = {
            "target": of["target"],
            "weights": f"{of['weights']:,} B",
            "RAM": f"{of['ram']:,} B, and {of['input_bytes']:,} B of inputs",
            "work": f"{of['macs']:,} MACs in {len(of['calls'])} calls",
            "notes": "; ".join(of["notes"]) or "none",
        }
        cells = [f"<tr><th>{name}</th><td>{html.escape(text)}</td></tr>" for name, text in rows.items()]
        return f"<table><caption>{html.escape(of['model'])}</caption>{''.join(cells)}</table>"


@takes_options
def compile(model: Any, **options: Unpack[Options]) -> Artifact:
    """Compiles a model: the path of a file, the bytes of one, or an `onnx.ModelProto`.

    `help(edgec.Options)` says what each option means.

    Raises `edgec.Error`, which names the node and what to do.
    """
    job = Job(model, options)
    return Artifact(job, job.run(job.native.compile))


@takes_options
def quantize(model: Any, samples: Samples | None, scheme: str = "int8", **options: Unpack[Options]) -> Artifact:
    """Compiles a model in floats to integers: `compile(model, quantize=scheme, calibrate=samples)`.

    `samples` are some hundred typical inputs, stacked on the first axis: an array, one for each input by name, or a
    file. `scheme` is `int8`, `int16x8` or `w4`; `f16` stores weights in 16-bit floats, and takes no samples.
    """
    quantized: Options = {**options, "quantize": scheme, "calibrate": samples}
    return compile(model, **quantized)
