"""What a model is, and how good."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from .artifact import Artifact
from .job import Job
from .options import takes_options
from .samples import Samples

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options


@takes_options
def inspect(
    model: Any, *, prune_report: bool = False, ram_curve: bool = False, **options: Unpack[Options]
) -> dict[str, Any]:
    """What a model is, as `edgec inspect --json` prints it: inputs, outputs, dimensions to give, operators and whether
    they are supported, and in `summary` what it costs. Where it does not compile, `problem` says why, and `advice` what
    to do.

    `prune_report` adds what pruning would bring, and `ram_curve` what less RAM would cost.
    """
    job = Job(model, options)
    return json.loads(job.run(lambda told: job.native.inspect(prune_report, ram_curve, told)))


@takes_options
def eval(
    model: Any,
    data: Samples,
    labels: Any = None,
    *,
    samples: str | None = None,
    output: str | None = None,
    first: int | None = None,
    layers: bool = True,
    **options: Unpack[Options],
) -> dict[str, Any]:
    """How good a model is on samples, as `edgec eval --json` prints it: `scores` has a row for the model in floats and,
    with `quantize`, one for the quantised model; `layers` what quantization loses in each layer, the most first.

    `model` may also be what `quantize` has made. `data` are samples, stacked on the first axis: an array, one for each
    input by name, or a file. `labels` are classes as integers, or rows with a single 1; in a file, the key of their
    array (by default `y`, if it is there). `samples` is the key of the samples in a file. `output` is the output that
    classifies, by default the last; `first` is how many samples are used. The models run on this machine; the command
    `edgec eval` builds the emitted code too, and compares.
    """
    if isinstance(model, Artifact):
        model, options = model._job.model, {**model._job.given, **options}  # type: ignore[typeddict-item]
    job = Job(model, options)
    given = job.in_file(data, "data")
    classes = labels if labels is None else job.in_file(labels, "labels")
    text, notes = job.run(lambda told: job.native.evaluate(given, samples, classes, output, first, layers, told))
    for note in notes:
        warnings.warn(note, stacklevel=2)
    return json.loads(text)
