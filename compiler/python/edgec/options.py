"""Options of compilation, by the names of the command's flags."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any, Callable, TypedDict, TypeVar, Union

from .progress import Progress
from .samples import Samples

#: Bytes, or a number with a unit of 1024: `"64K"`, `"1M"`.
Bytes = Union[int, str]


class Options(TypedDict, total=False):
    """Keywords of `compile`, `quantize`, `eval`, `inspect` and `Executor`."""

    #: What the code is for; `edgec.targets()` lists the names. By default `board`: any Linux board or PC.
    target: str
    #: Name of the struct; by default after the file.
    name: str | None
    #: Sizes of open dimensions, by name.
    dims: Mapping[str, int]
    #: Whole shapes of inputs.
    shapes: Mapping[str, Sequence[int]]
    #: Values of inputs that are fixed now; `run` does not take them then.
    bake: Mapping[str, Any]
    #: Tensors to end the model at, instead of at its own outputs.
    outputs: Sequence[str]
    #: Trips that loops make at most whose number of trips is only known at run time.
    max_trips: int | None
    #: `"nhwc"` to take images channels-last, for all inputs or, in a mapping, for some.
    input_layout: str | Mapping[str, str]
    #: States: an input, and the output that it was in the run before.
    state: Mapping[str, str]
    #: Inputs that bring new frames with each run: their axis of time, or that and the frames of a run.
    stream: Mapping[str, int | tuple[int, int]]
    #: Where the weights go: `auto`, `inline`, `sidecar` or `updatable`.
    weights: str
    #: What matters more where a choice costs flash or time: `speed` or `flash`.
    favour: str | None
    #: Whether 3x3 convolutions of floats may have fewer products and more weights, by Winograd's filtering.
    winograd: bool
    #: When layers overwrite their input row by row, which takes less RAM: `if-needed`, where the model takes more than
    #: `ram` otherwise, `always` or `never`.
    overlap: str
    #: File of `edgec tune`: layers are computed in the ways that it has measured to be the fastest.
    tuned: str | os.PathLike[str] | None
    #: RAM for the arena and the inputs. A model that takes more has layers that overwrite their input, or is computed in
    #: tiles.
    ram: Bytes | None
    #: Flash for the weights.
    flash: Bytes | None
    #: Compile even what takes more than that; the report says so in `over_budget`.
    over_budget: bool
    #: Let the emitted struct take threads.
    threads: bool
    #: Give the struct a test of itself, on values of the inputs if they are given.
    self_test: bool | Mapping[str, Any]
    #: Link section of the weights.
    weights_section: str | None
    #: Bytes of fast memory for the weights that are read most; also `"SECTION=64K"`.
    fast_weights: Bytes | None
    #: Link section of the static with the model.
    arena_section: str | None
    #: Layers that learn on the device: `["all"]`, `["last:2"]`, or names.
    trainable: Sequence[str]
    #: What training makes small.
    loss: str
    #: How parameters follow their gradients: `sgd`, `momentum`, `momentum:0.9` or `adam`.
    optimizer: str
    #: Sum gradients up, sample by sample.
    accumulate: bool
    #: What is trained begins with: `keep`, `he:SEED` or `zeros`.
    init: str
    #: Compute in integers: `int8`, `int16x8` or `w4`; or `f16` for weights of 16-bit floats.
    quantize: str | None
    #: Some hundred typical inputs, which integers need.
    calibrate: Samples | None
    #: How ranges are chosen: `minmax`, `percentile`, `mse`, `entropy` or `auto`.
    method: str
    #: What `percentile` keeps of a tensor's values on each side, in percent.
    percentile: float
    #: What `run` takes and gives: `float` or `int8`.
    io: str
    #: How weights are rounded: `nearest` or `adaptive`.
    round: str
    #: Keep more bits where that is needed to lose no more than this: `"30dB"` or `"0.5%"`.
    max_loss: str | None
    #: The samples that this is for, with labels `y` if it is of accuracy; by default those of calibration.
    loss_samples: Samples | None
    #: Compile even where little of an output is left.
    allow_loss: bool
    #: Bring channels of neighbouring layers to like ranges first.
    equalize: bool
    #: Let biases take up the mean error of their layers.
    bias_correction: bool
    #: What is shown of long work: nothing (`False`), a bar, or what a function makes of it that is told what is being
    #: done, how much of it is, and how much there is.
    progress: Progress


DEFAULTS: dict[str, Any] = {
    "target": "board",
    "name": None,
    "dims": {},
    "shapes": {},
    "bake": {},
    "outputs": [],
    "max_trips": None,
    "input_layout": "model",
    "state": {},
    "stream": {},
    "weights": "auto",
    "favour": None,
    "winograd": True,
    "overlap": "if-needed",
    "tuned": None,
    "ram": None,
    "flash": None,
    "over_budget": False,
    "threads": False,
    "self_test": False,
    "weights_section": None,
    "fast_weights": None,
    "arena_section": None,
    "trainable": [],
    "loss": "softmax-cross-entropy",
    "optimizer": "sgd",
    "accumulate": False,
    "init": "keep",
    "quantize": None,
    "calibrate": None,
    "method": "minmax",
    "percentile": 99.99,
    "io": "float",
    "round": "adaptive",
    "max_loss": None,
    "loss_samples": None,
    "allow_loss": False,
    "equalize": False,
    "bias_correction": True,
    "progress": None,
}

Function = TypeVar("Function", bound=Callable[..., Any])


def takes_options(function: Function) -> Function:
    """Shows all options in the signature of a function that takes `**options`, as notebooks and `help` print it."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    known = {parameter.name for parameter in own}
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=DEFAULTS[name], annotation=hint.__forward_arg__)
        for name, hint in Options.__annotations__.items()
        if name not in known
    ]
    function.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    return function


def check(options: Mapping[str, Any]) -> None:
    """An error for a keyword that is no option, as Python has it for functions."""
    for name in options:
        if name not in DEFAULTS:
            near = difflib.get_close_matches(name, DEFAULTS, 1)
            meant = f"; did you mean {near[0]}?" if near else "; help(edgec.Options) lists them"
            raise TypeError(f"there is no option {name}{meant}")
