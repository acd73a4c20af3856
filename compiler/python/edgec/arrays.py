"""NumPy arrays as they cross the border to the compiler: element type, shape and bytes."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

#: Element types, as NumPy and as the compiler calls them.
NAMES = {
    "float32": "f32",
    "float64": "f64",
    "float16": "f16",
    "bfloat16": "bf16",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
    "bool": "bool",
}
NUMPY_NAMES = {ours: numpy for numpy, ours in NAMES.items()}

#: What crosses the border.
Crossing = tuple[str, tuple[int, ...], bytes]


def numbers(value: Any) -> np.ndarray:
    """An array of numbers, little-endian."""
    array = np.asarray(value)
    if array.dtype.name not in NAMES:
        raise TypeError(f"arrays of {array.dtype} are no tensors of numbers: convert them with .astype(..)")
    return array.astype(array.dtype.newbyteorder("<")) if array.dtype.byteorder == ">" else array


def crossing(value: Any) -> Crossing:
    """What crosses the border for an array, or for what NumPy makes one of."""
    array = numbers(value)
    return NAMES[array.dtype.name], array.shape, array.tobytes()


def array(dtype: str, shape: Sequence[int], data: bytes) -> np.ndarray:
    """The array that has crossed the border."""
    buffer = bytearray(data)
    if dtype != "bf16":
        return np.ndarray(shape, NUMPY_NAMES[dtype], buffer)
    try:
        import ml_dtypes
    except ImportError:
        # NumPy has no bfloat16, which is the upper half of a float32.
        return (np.ndarray(shape, "<u2", buffer).astype("<u4") << 16).view("<f4")
    return np.ndarray(shape, ml_dtypes.bfloat16, buffer)
