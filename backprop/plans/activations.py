"""The elementwise layers in place: what `layers` computes, in the same order, without new arrays.

Each derivative comes from the output, so the pre-activation may be overwritten.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Layer
from backprop.layers import relu, sigmoid, tanh

Mask = NDArray[np.bool_]


class Activation(Protocol):
    """A class with `forward` and `backward`, which write to what they are given."""

    @staticmethod
    def forward(a: Array, t: Array, on: Mask) -> None:
        """Replace `a` by the output; `t` and `on` are scratch of its shape."""

    @staticmethod
    def backward(dy: Array, y: Array, out: Array, t: Array, on: Mask) -> None:
        """Write the gradient on the pre-activation to `out`, which may be `dy`."""


class ReLU:
    """``layers.relu`` in place."""

    @staticmethod
    def forward(a: Array, t: Array, on: Mask) -> None:
        """Replace `a` by the output."""
        np.maximum(a, 0, out=a)

    @staticmethod
    def backward(dy: Array, y: Array, out: Array, t: Array, on: Mask) -> None:
        """Write the gradient to `out`: the output is positive where the input was."""
        np.greater(y, 0, out=on)
        np.multiply(dy, on, out=out)


class Tanh:
    """``layers.tanh`` in place."""

    @staticmethod
    def forward(a: Array, t: Array, on: Mask) -> None:
        """Replace `a` by the output."""
        np.tanh(a, out=a)

    @staticmethod
    def backward(dy: Array, y: Array, out: Array, t: Array, on: Mask) -> None:
        """Write the gradient to `out`."""
        np.multiply(y, y, out=t)
        np.subtract(1, t, out=t)
        np.multiply(dy, t, out=out)


class Sigmoid:
    """``layers.sigmoid`` in place."""

    @staticmethod
    def forward(a: Array, t: Array, on: Mask) -> None:
        """Replace `a` by the output; no exponent is positive, so nothing overflows."""
        np.negative(a, out=t)
        np.minimum(a, t, out=t)
        np.exp(t, out=t)
        np.greater(a, 0, out=on)
        np.maximum(on, t, out=a)
        np.add(1, t, out=t)
        np.divide(a, t, out=a)

    @staticmethod
    def backward(dy: Array, y: Array, out: Array, t: Array, on: Mask) -> None:
        """Write the gradient to `out`."""
        np.subtract(1, y, out=t)
        np.multiply(dy, y, out=out)
        np.multiply(out, t, out=out)


IN_PLACE: tuple[tuple[Any, type[Activation]], ...] = (
    (relu, ReLU),
    (tanh, Tanh),
    (sigmoid, Sigmoid),
)


def in_place(layer: Layer | None) -> type[Activation] | None:
    """Return the class that computes a layer in place; None for None.

    Raises
    ------
    NotImplementedError
        If there is none.
    """
    if layer is None:
        return None
    for known, activation in IN_PLACE:
        if layer is known:
            return activation
    name = getattr(layer, "__name__", repr(layer))
    raise NotImplementedError(f"no plan for the activation {name}; there is relu, tanh, sigmoid")
