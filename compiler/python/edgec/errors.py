"""What goes wrong, with the node and with advice."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from .advice import in_python


class Problem(NamedTuple):
    """A node that cannot be compiled, and why."""

    #: Name of the node.
    node: str
    #: The operator, with its domain unless it is ONNX's own.
    operator: str
    #: The opset version that the model imports; 0 for nodes that the compiler has made.
    opset: int
    #: What is wrong.
    message: str
    #: What is supported, or what to do.
    help: str | None
    #: Inputs of the model whose values would have to be known when it is compiled: `bake={..}` gives them.
    bake: Sequence[str]


class Error(Exception):
    """A model that does not compile, samples or arrays that do not fit it, or options that make no sense.

    All problems that were found come at once, in `problems`; `node` and `operator` are those of the first.
    """

    def __init__(
        self, message: str, help: str | None = None, kind: str = "usage", problems: Sequence[Sequence] = ()
    ) -> None:
        #: What is wrong.
        self.message: str = in_python(message)
        #: What to do about it, if there is more to say.
        self.help: str | None = help and in_python(help)
        #: What it is about: `load`, `operators`, `dimensions`, `budget`, `quantization`, `samples`, `arrays`, `usage`,
        #: `io`, or `internal` for a fault of the compiler.
        self.kind: str = kind
        #: The nodes that cannot be compiled, if it is about nodes.
        self.problems: list[Problem] = [_problem(*fields) for fields in problems]
        super().__init__(self.message, self.help, self.kind, self.problems)

    @property
    def node(self) -> str | None:
        """Name of the first node that cannot be compiled."""
        return self.problems[0].node if self.problems else None

    @property
    def operator(self) -> str | None:
        """Operator of the first node that cannot be compiled."""
        return self.problems[0].operator if self.problems else None

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message}\n  help: {self.help}"

    def without(self, text: str) -> Error:
        """The same without a text, such as a folder that means nothing to the user."""
        help = self.help and self.help.replace(text, "")
        return Error(self.message.replace(text, ""), help, self.kind, self.problems)


def _problem(node: str, operator: str, opset: int, message: str, help: str | None, bake: Sequence[str]) -> Problem:
    return Problem(node, operator, opset, in_python(message), help and in_python(help), tuple(bake))
