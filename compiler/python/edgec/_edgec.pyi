from collections.abc import Callable
from os import PathLike
from typing import Any

_Given = tuple[str, tuple[int, ...], bytes]
_Made = tuple[str, list[int], bytes]
_Listener = Callable[[str, int, int], Any]

__version__: str

def targets() -> list[tuple[str, str]]:
    """The names of targets, each with what it stands for."""

class Model:
    def __new__(
        cls,
        path: str | None,
        bytes: bytes | None,
        options: str,
        bake: dict[str, _Given],
        self_test: dict[str, _Given],
    ) -> Model: ...
    def compile(self, progress: _Listener | None) -> Compiled: ...
    def inspect(self, prune_report: bool, ram_curve: bool, progress: _Listener | None) -> str: ...
    def evaluate(
        self,
        data: str,
        samples: str | None,
        labels: str | None,
        output: str | None,
        first: int | None,
        layers: bool,
        progress: _Listener | None,
    ) -> tuple[str, list[str]]: ...

class Compiled:
    def report(self) -> str: ...
    def summary(self) -> str: ...
    def emit(self, sidecar: str) -> tuple[str, bytes | None]: ...
    def write(self, output: PathLike[str], c_header: PathLike[str] | None, force: bool) -> None: ...
    def page(self, profile: PathLike[str] | None) -> str: ...
    def executor(self) -> Executor: ...

class Executor:
    def inputs(self) -> list[tuple[str, str, list[int]]]: ...
    def outputs(self) -> list[tuple[str, str, list[int]]]: ...
    def run(self, inputs: list[_Given]) -> list[_Made]: ...
    def reset(self) -> None: ...
