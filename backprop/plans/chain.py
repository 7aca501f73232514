"""Dense layers one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backprop.arrays import Array
from backprop.plans.arena import Arena, Wanted
from backprop.plans.dense import Dense, Unit


class Chain:
    """A network of dense layers, for a `Plan`.

    Parameters
    ----------
    units : sequence of Unit
        The layers; each has as many inputs as the one before has outputs.
    """

    def __init__(self, units: Sequence[Unit]) -> None:
        self.inputs: tuple[int, ...] = (units[0].inputs,)
        self.outputs = units[-1].outputs
        self._units = units
        self._layers: list[Dense] = []

    def wanted(self, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for a batch of N."""
        widest = (N * max(unit.outputs for unit in self._units),)
        wanted: Wanted = {"t": (widest, dtype), "on": (widest, bool)}  # scratch of all layers
        for k, unit in enumerate(self._units):
            wanted |= Dense.wanted(k, unit, N, dtype)
        return wanted

    def place(self, arena: Arena) -> Array:
        """Take the buffers from an arena; return that of the outputs."""
        self._layers = [Dense(k, unit, arena) for k, unit in enumerate(self._units)]
        return self._layers[-1].z

    def forward(self, x: Array, params: list[Array]) -> None:
        """Write the outputs."""
        for layer in self._layers:
            x = layer.forward(x, params)

    def backward(self, dy: Array, x: Array, params: list[Array], grads: list[Array]) -> None:
        """Write the gradients on the parameters."""
        inputs = [x, *[layer.z for layer in self._layers[:-1]]]
        for layer, given in zip(reversed(self._layers), reversed(inputs), strict=True):
            dy = layer.backward(dy, given, params, grads)
