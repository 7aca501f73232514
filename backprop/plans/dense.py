"""One layer of a perceptron with its buffers: product, bias, activation, shortcut.

The equations are those of ``layers.linear``, whose lines name their source.  ``np.dot`` takes the
product of the same routine as ``@``, and gets there half a microsecond sooner.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop.arrays import Array
from backprop.plans.activations import Activation
from backprop.plans.arena import Arena, Wanted


class Unit(NamedTuple):
    """What a layer is: positions of its parameters, its sizes and what follows the product."""

    weights: int
    bias: int | None
    inputs: int
    outputs: int
    activation: type[Activation] | None = None
    skip: bool = False


class Dense:
    """A layer whose gradients go where the plan wants them.

    Parameters
    ----------
    k : int
        Its number.
    unit : Unit
        What it is.
    arena : Arena
        With the arrays of `wanted`.
    """

    def __init__(self, k: int, unit: Unit, arena: Arena) -> None:
        self.unit = unit
        self.y: Array = arena[f"y{k}"]  # pre-activation, then output
        N, M = self.y.shape
        self.z: Array = arena[f"z{k}"] if unit.skip else self.y  # output with the shortcut
        self.dx: Array | None = arena[f"dx{k}"] if k else None  # nobody needs that of the first
        self._delta = arena[f"delta{k}"] if unit.skip else None
        self._scratch = arena["t"][: N * M].reshape(N, M), arena["on"][: N * M].reshape(N, M)

    @staticmethod
    def wanted(k: int, unit: Unit, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        outputs, inputs = ((N, unit.outputs), dtype), ((N, unit.inputs), dtype)
        shortcut = {f"z{k}": outputs, f"delta{k}": outputs} if unit.skip else {}
        return {f"y{k}": outputs} | shortcut | ({f"dx{k}": inputs} if k else {})

    def forward(self, x: Array, params: list[Array]) -> Array:
        """Return the output, as a view of the arena."""
        unit = self.unit
        np.dot(x, params[unit.weights].T, out=self.y)
        if unit.bias is not None:
            np.add(self.y, params[unit.bias], out=self.y)
        if unit.activation is not None:
            unit.activation.forward(self.y, *self._scratch)
        return np.add(self.y, x, out=self.z) if unit.skip else self.y

    def backward(self, dz: Array, x: Array, params: list[Array], grads: list[Array]) -> Any:
        """Write the gradients on the parameters; return that on `x`, if anybody needs it."""
        unit, delta = self.unit, dz
        if unit.activation is not None:
            delta = dz if self._delta is None else self._delta  # a shortcut needs dz once more
            unit.activation.backward(dz, self.y, delta, *self._scratch)
        np.dot(delta.T, x, out=grads[unit.weights])
        if unit.bias is not None:
            np.add.reduce(delta, axis=0, out=grads[unit.bias])
        if self.dx is not None:
            np.dot(delta, params[unit.weights], out=self.dx)
            if unit.skip:
                np.add(self.dx, dz, out=self.dx)
        return self.dx
