"""Generators of cases, by operator."""
import importlib
import pathlib

#: Function from `Draw` to `Case`, by operator; other domains than ONNX's own come before the name.
GENERATORS = {}


def generates(*names):
    """Decorates a function of `draw` and the operator's name."""

    def register(function):
        for name in names:
            assert name not in GENERATORS, name
            GENERATORS[name] = lambda draw, name=name: function(draw, name)
        return function

    return register


for path in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
    importlib.import_module(f"{__name__}.{path.stem}")
