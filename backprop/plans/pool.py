"""Pooling of 2 x 2 windows with its buffers; images with the batch innermost.

What is computed is what ``layers.max_pool`` and ``layers.mean_pool`` compute, along the columns
and then along the rows.  In a tie the left entry wins, then the upper: the first row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.arrays import Array
from backprop.plans.arena import Arena, Wanted


class MaxPool:
    """The largest entry of each window; which one it was is asked again on the way back.

    Parameters
    ----------
    name : str
        Of its buffers.
    arena : Arena
        With the arrays of `wanted`.
    y : (U, C, V, N) array
        Where the outputs go.
    """

    def __init__(self, name: str, arena: Arena, y: Array) -> None:
        self.y, self._x = y, y
        self._narrow, self._dnarrow = arena[f"{name}narrow"], arena[f"{name}dnarrow"]
        self._left, self._upper = arena[f"{name}left"], arena[f"{name}upper"]

    @staticmethod
    def wanted(name: str, C: int, U: int, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for outputs of U x U."""
        narrow = (2 * U, C, U, N)
        return {
            name + "narrow": (narrow, dtype),
            name + "dnarrow": (narrow, dtype),
            name + "left": (narrow, bool),
            name + "upper": ((U, C, U, N), bool),
        }

    def forward(self, x: Array) -> Array:
        """Write the outputs."""
        self._x = x
        np.maximum(x[:, :, 0::2], x[:, :, 1::2], out=self._narrow)
        np.maximum(self._narrow[0::2], self._narrow[1::2], out=self.y)
        return self.y

    def backward(self, dy: Array, dx: Array) -> None:
        """Write the gradient on the images to `dx`."""
        x, narrow, dnarrow = self._x, self._narrow, self._dnarrow
        upper, left = dnarrow[0::2], dx[:, :, 0::2]
        np.greater_equal(narrow[0::2], narrow[1::2], out=self._upper)
        np.multiply(dy, self._upper, out=upper)
        np.subtract(dy, upper, out=dnarrow[1::2])  # whoever does not win gets dy - dy
        np.greater_equal(x[:, :, 0::2], x[:, :, 1::2], out=self._left)
        np.multiply(dnarrow, self._left, out=left)
        np.subtract(dnarrow, left, out=dx[:, :, 1::2])


class MeanPool:
    """The sum of each window with a scale and a bias a channel.

    Parameters
    ----------
    name : str
        Of its buffers.
    arena : Arena
        With the arrays of `wanted`.
    y : (U, C, V, N) array
        Where the outputs go.
    """

    def __init__(self, name: str, arena: Arena, y: Array) -> None:
        self.y, self._low = y, arena[f"{name}low"]
        self._total: Array = arena[f"{name}total"]
        self._scale, self._shift = arena[f"{name}scale"], arena[f"{name}shift"]
        self._t = arena[f"{name}t"]

    @staticmethod
    def wanted(name: str, C: int, U: int, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for outputs of U x U."""
        shapes = {
            "low": (U, C, 2 * U, N),
            "total": (U, C, U, N),
            "t": (U, C, U, N),
            "scale": (C, 1, 1),
            "shift": (C, 1, 1),
        }
        return {name + part: (shape, dtype) for part, shape in shapes.items()}

    def forward(self, x: Array, w: Array, a: Array, scale: float, shift: float) -> Array:
        """Write ``scale * w * sum + shift * a``."""
        np.multiply(w[:, None, None], scale, out=self._scale)
        np.multiply(a[:, None, None], shift, out=self._shift)
        np.add(x[0::2], x[1::2], out=self._low)
        np.add(self._low[:, :, 0::2], self._low[:, :, 1::2], out=self._total)
        np.multiply(self._total, self._scale, out=self.y)
        np.add(self.y, self._shift, out=self.y)
        return self.y

    def backward(self, dy: Array, dx: Array) -> Array:
        """Write the gradient on the images; return ``dy * sum``, whose sum is that on the scale."""
        share, low = self._t, self._low
        np.multiply(dy, self._scale, out=share)
        np.copyto(low[:, :, 0::2], share)
        np.copyto(low[:, :, 1::2], share)
        np.copyto(dx[0::2], low)
        np.copyto(dx[1::2], low)
        np.multiply(dy, self._total, out=self._total)
        return self._total
