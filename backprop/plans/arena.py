"""One block of memory for all that a computation writes.

Where an array starts decides how fast the processor reads it: registers of 64 bytes want starts
that are multiples of 64, and a fresh NumPy array starts 16 or 48 bytes beside one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64  # bytes: a cache line, and the widest register
Wanted = dict[str, tuple[tuple[int, ...], Any]]  # shape and dtype by name


def rounded(size: int, unit: int = ALIGNMENT) -> int:
    """Return the smallest multiple of `unit` that is not less than `size`.

    Examples
    --------
    >>> rounded(0), rounded(1), rounded(64), rounded(65)
    (0, 64, 64, 128)
    """
    return -(-size // unit) * unit


class Arena:
    """Arrays by name, all in one allocation, each starting at a multiple of 64 bytes.

    Parameters
    ----------
    wanted : dict from names to (shape, dtype)
        What is needed; sizes are added up first, then memory is taken once.

    Raises
    ------
    ValueError
        If a size is negative.

    Examples
    --------
    >>> arena = Arena({"z": ((2, 3), np.float32), "positive": ((3,), bool)})
    >>> arena["z"].shape, arena["positive"].dtype, arena.nbytes
    ((2, 3), dtype('bool'), 128)
    """

    def __init__(self, wanted: Wanted) -> None:
        starts: dict[str, int] = {}
        end = 0
        for name, (shape, dtype) in wanted.items():
            if min(shape, default=0) < 0:
                raise ValueError(f"{name} has shape {shape}; needs sizes of at least 0")
            starts[name] = end
            end += rounded(math.prod(shape) * np.dtype(dtype).itemsize)
        block = np.zeros(end + ALIGNMENT, np.uint8)
        shift = -block.__array_interface__["data"][0] % ALIGNMENT
        self.nbytes = end
        self._arrays = {
            name: np.ndarray(shape, dtype, block.data, shift + starts[name])
            for name, (shape, dtype) in wanted.items()
        }

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return the array of this name; at first it holds zeros."""
        return self._arrays[name]
