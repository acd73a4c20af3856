"""What a test is, and the random choices that generators of tests make."""
import dataclasses
import typing
import zlib

import ml_dtypes
import numpy as np
import onnx

BF16 = np.dtype(ml_dtypes.bfloat16)
F16, F32, F64 = (np.dtype(f"float{bits}") for bits in (16, 32, 64))
I8, I16, I32, I64 = (np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
U8, U16, U32, U64 = (np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))
BOOL = np.dtype(bool)

FLOATS = [F16, BF16, F32, F64]
INTEGERS = [I8, I16, I32, I64, U8, U16, U32, U64]

#: The element types that edgec has, by ONNX's names of them.
TYPES = {f"tensor({dtype.name})": dtype for dtype in [*INTEGERS, BF16, BOOL]}
TYPES |= {"tensor(float16)": F16, "tensor(float)": F32, "tensor(double)": F64}

NEWEST = 28

#: An order of references for operators of which the evaluator has its own ideas.
RUNTIME_FIRST = ("widened", "runtime", "narrowed", "widened_evaluator", "evaluator")


def rounding(dtype, magnitude):
    """Absolute tolerance of results whose terms are as large as `magnitude`, and may cancel."""
    return {F16: 1e-3, BF16: 1e-2}.get(dtype, 2e-6) * magnitude


class Redraw(Exception):
    """What was drawn is no valid test."""


@dataclasses.dataclass
class Operand:
    """A node's input: an input of the model, or an initializer if it is `known` when the model is compiled."""

    value: np.ndarray
    known: bool = False


@dataclasses.dataclass
class Case:
    """One node, with its operands."""

    operator: str
    opset: int
    #: An input that is left out is `None`; the same operand twice is one value read twice.
    inputs: list
    attributes: dict = dataclasses.field(default_factory=dict)
    #: Which outputs have a name.
    outputs: tuple = (True,)
    domain: str = ""
    #: Operands that only graphs among the attributes read, by the names c0, c1 and so on.
    captured: list = dataclasses.field(default_factory=list)
    #: A model of these nodes rather than of the one operator; they read x0 and so on, and `constants`.
    nodes: list = dataclasses.field(default_factory=list)
    constants: dict = dataclasses.field(default_factory=dict)
    #: Tolerances, where the runner's (1e-3 relative and 1e-7 absolute) do not suit.
    rtol: float | None = None
    atol: float | None = None
    #: A case with the same results, for the references that do not know this one.
    same_as: "Case | None" = None
    #: Results by NumPy, for what no reference knows: called where all others fail.
    own: typing.Callable[[], list] | None = None
    #: Functions in `reference` to take the results from, the first that can. Both must agree if `agree`.
    references: tuple = ("widened", "runtime", "widened_evaluator", "evaluator", "narrowed")
    agree: bool = False
    #: The checker refuses operators that are deprecated, but models have them.
    deprecated: bool = False


def schema(name, opset, domain=""):
    return onnx.defs.get_schema(name, opset, domain)


def versions(name, domain=""):
    """The opsets that changed an operator."""
    everything = onnx.defs.get_all_schemas_with_history()
    return sorted(s.since_version for s in everything if (s.name, s.domain) == (name, domain) and not s.deprecated)


class Draw:
    """Random choices, the same for the same `seed`."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(zlib.crc32(seed.encode()))

    def chance(self, probability):
        return bool(self.rng.random() < probability)

    def integer(self, low, high):
        """From `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def number(self, low, high):
        """One that single precision holds."""
        return float(np.float32(self.rng.uniform(low, high)))

    def pick(self, choices):
        return choices[self.integer(0, len(choices) - 1)]

    def shuffled(self, values):
        return [values[i] for i in self.rng.permutation(len(values))]

    def opset(self, name, domain="", newest=NEWEST, oldest=1):
        """An opset with any of the operator's versions, each as likely."""
        starts = [version for version in versions(name, domain) if version <= newest]
        last = len(starts) - 1
        index = self.integer(min(sum(v <= oldest for v in starts[1:]), last), last)
        end = starts[index + 1] - 1 if index < last else newest
        return max(starts[index], oldest) if self.chance(0.5) else self.integer(max(starts[index], oldest), end)

    def dtype(self, allowed):
        """One of `allowed`, float32 half of the time."""
        return F32 if F32 in allowed and self.chance(0.4) else self.pick(list(allowed))

    def type_of(self, name, opset, constraint="T", domain=""):
        """One of the types that a version of an operator allows for a type constraint."""
        constraints = schema(name, opset, domain).type_constraints
        allowed = next(c.allowed_type_strs for c in constraints if c.type_param_str == constraint)
        return self.dtype([TYPES[text] for text in sorted(allowed) if text in TYPES])

    def size(self, most=7, empty=0.03):
        """One dimension: often 1, seldom 0."""
        roll = self.rng.random()
        return 0 if roll < empty else 1 if roll < empty + 0.15 else self.integer(min(2, most), most)

    def shape(self, low=0, high=4, most=7, empty=0.03):
        """Dimensions, of a rank from `low` to `high`. Now and then one is longer than vectors and blocks of kernels."""
        sizes = [self.size(most, empty) for _ in range(self.integer(low, high))]
        if sizes and self.chance(0.1):
            sizes = [min(size, 3) for size in sizes]
            sizes[self.integer(0, len(sizes) - 1)] = self.pick([self.integer(8, 40), self.integer(41, 300)])
        return tuple(sizes)

    def extent(self):
        """An extent of a matrix, mostly of a few vectors."""
        return self.size(20) if self.chance(0.9) else self.integer(21, 150)

    def broadcast(self, shape):
        """A shape that broadcasts to `shape`: leading dimensions left out, others 1."""
        if self.chance(0.3):
            return tuple(shape)
        kept = shape[self.integer(0, len(shape)) if self.chance(0.5) else 0 :]
        return tuple(1 if self.chance(0.3) else size for size in kept)

    def axis(self, rank, negative=True):
        axis = self.integer(0, rank - 1)
        return axis - rank if negative and self.chance(0.4) else axis

    def axes(self, rank, low=0, high=None, negative=True):
        """Different axes in any order."""
        count = self.integer(low, rank if high is None else high)
        chosen = self.shuffled(range(rank))[:count]
        return [axis - rank if negative and self.chance(0.4) else axis for axis in chosen]

    def operand(self, value, known=0.2):
        """An operand that is an initializer with probability `known`."""
        return Operand(np.asarray(value), self.chance(known))

    def ints(self, values, known=0.8):
        """An operand of int64, such as a shape."""
        return self.operand(np.array(values, I64).reshape(np.shape(values)), known)

    def optional(self, probability, make):
        return make() if self.chance(probability) else None

    def uniform(self, shape, dtype=F32, low=-3.0, high=3.0):
        """Floats between two numbers."""
        return self.rng.uniform(low, high, shape).astype(dtype)

    def exact(self, shape, dtype=F32, most=16):
        """Numbers whose sums and products of a few dozen are exact in float32: integers, or quarters as floats."""
        if dtype == BOOL:
            return self.rng.integers(0, 2, shape).astype(BOOL)
        if dtype.kind in "iu":
            low = 0 if dtype.kind == "u" else -most
            return self.rng.integers(low, most + 1, shape).astype(dtype)
        return (self.rng.integers(-most, most + 1, shape) / 4).astype(dtype)

    def any(self, shape, dtype):
        """The whole range of integers, finite floats of common sizes."""
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            values = self.rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
            return np.asarray(np.where(self.rng.random(shape) < 0.3, self.exact(shape, dtype), values), dtype)
        if dtype == BOOL:
            return self.exact(shape, BOOL)
        return self.uniform(shape, dtype, -8.0, 8.0)

    def special(self, values, probability=0.3):
        """Floats, some of them replaced by infinities, zeros of both signs, NaN and large and small numbers."""
        limits = ml_dtypes.finfo(values.dtype)
        kinds = [np.inf, -np.inf, np.nan, 0.0, -0.0, float(limits.max), float(limits.tiny), 1.0, -1.0]
        chosen = np.array(kinds)[self.rng.integers(0, len(kinds), values.shape)].astype(values.dtype)
        return np.where(self.rng.random(values.shape) < probability, chosen, values).astype(values.dtype)

    def distinct(self, shape, dtype=F32):
        """Values in random order that all differ, so that there are no ties."""
        count = int(np.prod(shape))
        if dtype.kind not in "iu" or count <= 100:
            order = self.rng.permutation(count) - (0 if dtype.kind == "u" else count // 2)
            return order.reshape(shape).astype(dtype)
        raise Redraw("too many elements to be different")
