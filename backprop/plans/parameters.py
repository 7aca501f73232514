"""All parameters of a network as one vector, and all their gradients as another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.arrays import Array
from backprop.plans.arena import ALIGNMENT, Arena, Wanted, rounded


class Layout:
    """Where each array lies in a vector; each starts at a multiple of 64 bytes.

    Parameters
    ----------
    arrays : sequence of arrays
        Of one dtype; only their shapes are looked at.

    Examples
    --------
    >>> layout = Layout([np.ones((2, 3)), np.ones(2)])
    >>> layout.size
    16
    >>> [view.shape for view in layout.views(np.zeros(16))]
    [(2, 3), (2,)]
    """

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.shapes = [w.shape for w in arrays]
        self.dtype: np.dtype[Any] = arrays[0].dtype
        self.starts: list[int] = []
        self.size = 0
        for shape in self.shapes:
            self.starts.append(self.size)
            self.size += rounded(math.prod(shape), ALIGNMENT // self.dtype.itemsize)

    def views(self, vector: Array) -> list[Array]:
        """Return the arrays that lie in a vector: writing to one writes to the other."""
        return [
            vector[start : start + math.prod(shape)].reshape(shape)
            for start, shape in zip(self.starts, self.shapes, strict=True)
        ]


class Parameters:
    """A network's parameters twice, as they are and as they will be, and their gradients.

    A step reads one vector and writes the other, then the two change places in `flip`.  So a step
    that is interrupted has changed nothing, and the parameters before the last step are still
    there.

    Parameters
    ----------
    layout : Layout
        Of the parameters.
    arena : Arena
        With the arrays of `wanted`.
    """

    def __init__(self, layout: Layout, arena: Arena) -> None:
        self.layout = layout
        self.gradient: Array = arena["gradient"]
        self.gradients = layout.views(self.gradient)
        self.vectors: tuple[Array, Array] = (arena["params"], arena["next"])
        self.sides = tuple(layout.views(vector) for vector in self.vectors)
        self.side = 0

    @staticmethod
    def wanted(layout: Layout) -> Wanted:
        """Return what to ask of an arena."""
        return {name: ((layout.size,), layout.dtype) for name in ("params", "next", "gradient")}

    @property
    def now(self) -> list[Array]:
        """The parameters as they are, as views that the step after the next overwrites."""
        return self.sides[self.side]

    def flip(self) -> None:
        """Let what was written count."""
        self.side = 1 - self.side

    def load(self, params: Sequence[Array]) -> None:
        """Copy parameters in."""
        copy_into(self.now, params, "params")


def copy_into(views: Sequence[Array], arrays: Sequence[Array], name: str) -> None:
    """Copy arrays into views of the same shapes and dtype; raise before anything is written.

    Raises
    ------
    ValueError
        If a number of arrays or a shape differs.
    TypeError
        If a dtype differs.
    """
    if len(arrays) != len(views):
        raise ValueError(f"{name} has {len(arrays)} arrays; needs {len(views)}")
    for i, (view, array) in enumerate(zip(views, arrays, strict=True)):
        if array.shape != view.shape:
            raise ValueError(f"{name}[{i}] has shape {array.shape}; needs {view.shape}")
        if array.dtype != view.dtype:
            raise TypeError(f"{name}[{i}] has dtype {array.dtype}; needs {view.dtype}")
    for view, array in zip(views, arrays, strict=True):
        if array is not view:
            np.copyto(view, array)
