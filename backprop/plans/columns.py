"""A dense layer with the batch innermost, and what carries scores out of such a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.arrays import Array
from backprop.plans.activations import Activation
from backprop.plans.arena import Arena, Wanted


class Columns:
    """A dense layer of columns: ``y = f(scale * W x + shift * b)``.

    ``layer.y`` holds the outputs, ``layer.d`` is where their gradients go.

    Parameters
    ----------
    name : str
        Of its buffers.
    arena : Arena
        With the arrays of `wanted`.
    activation : Activation
        The elementwise function f.
    scale, shift : float
        Of the product and of the bias.
    """

    def __init__(
        self,
        name: str,
        arena: Arena,
        activation: type[Activation],
        scale: float = 1.0,
        shift: float = 1.0,
    ) -> None:
        self.y, self.d = arena[f"{name}y"], arena[f"{name}d"]
        self._bias = arena[f"{name}bias"]
        self._scratch = arena[f"{name}t"], arena[f"{name}on"]
        self._f, self._scale, self._shift = activation, scale, shift

    @staticmethod
    def wanted(name: str, M: int, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena for M outputs and a batch of N."""
        wanted: Wanted = {name + part: ((M, N), dtype) for part in ("y", "d", "t")}
        return wanted | {name + "on": ((M, N), bool), name + "bias": ((M,), dtype)}

    def forward(self, x: Array, W: Array, b: Array) -> Array:
        """Write the outputs of columns x, (D, N)."""
        np.dot(W.reshape(len(W), -1), x, out=self.y)
        if self._scale != 1:
            np.multiply(self.y, self._scale, out=self.y)
        if self._shift != 1:
            b = np.multiply(b, self._shift, out=self._bias)
        np.add(self.y, b[:, None], out=self.y)
        self._f.forward(self.y, *self._scratch)
        return self.y

    def backward(self, x: Array, W: Array, dW: Array, db: Array, dx: Array) -> None:
        """Write the gradients, given those in ``layer.d``; that on the columns goes to `dx`."""
        d = self.d
        self._f.backward(d, self.y, d, *self._scratch)
        np.add.reduce(d, axis=1, out=db)
        if self._shift != 1:
            np.multiply(db, self._shift, out=db)
        if self._scale != 1:
            np.multiply(d, self._scale, out=d)
        np.dot(d, x.T, out=dW.reshape(len(W), -1))
        np.dot(W.reshape(len(W), -1).T, d, out=dx)


class Scores:
    """Linear scores, example by example, of columns: ``y = scale * (W x)^T + b``.

    Parameters
    ----------
    arena : Arena
        With the arrays of `wanted`.
    scale : float
        Of the product.
    """

    def __init__(self, arena: Arena, scale: float = 1.0) -> None:
        self.y, self._d, self._scale = arena["scores"], arena["dscores"], scale

    @staticmethod
    def wanted(D: int, C: int, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena."""
        return {"scores": ((N, C), dtype), "dscores": ((N, C), dtype)}

    def forward(self, x: Array, W: Array, b: Array) -> None:
        """Write the scores of columns x, (D, N)."""
        np.dot(x.T, W.T, out=self.y)
        if self._scale != 1:
            np.multiply(self.y, self._scale, out=self.y)
        np.add(self.y, b, out=self.y)

    def backward(self, dy: Array, x: Array, W: Array, dx: Array, dW: Array, db: Array) -> None:
        """Write the gradients; that on the columns goes to `dx`."""
        np.add.reduce(dy, axis=0, out=db)
        if self._scale != 1:
            dy = np.multiply(dy, self._scale, out=self._d)
        np.dot(dy.T, x.T, out=dW)
        np.dot(W.T, dy.T, out=dx)


class Distances:
    """Minus the squared distances of columns to fixed codes, by one product.

    ``-|s x - c|^2 = 2 s x c - s^2 |x|^2 - |c|^2``.

    Parameters
    ----------
    arena : Arena
        With the arrays of `wanted`.
    codes : (C, D) array
        In any dtype; a copy is kept.
    scale : float
        The factor s of the columns.
    """

    def __init__(self, arena: Arena, codes: Any, scale: float = 1.0) -> None:
        self.y, self._codes, self._lengths = arena["scores"], arena["codes"], arena["lengths"]
        self._t, self._row = arena["distances"], arena["row"]
        self._scale = scale
        np.multiply(codes, 2 * scale, out=self._codes)
        np.add.reduce(np.square(codes, dtype=self._codes.dtype), axis=1, out=self._lengths)

    @staticmethod
    def wanted(D: int, C: int, N: int, dtype: Any) -> Wanted:
        """Return what to ask of an arena."""
        shapes = {"scores": (N, C), "codes": (C, D), "lengths": (C,)}
        return {
            name: (shape, dtype)
            for name, shape in (shapes | {"distances": (D, N), "row": (N,)}).items()
        }

    def forward(self, x: Array) -> None:
        """Write the scores of columns x, (D, N)."""
        np.multiply(x, x, out=self._t)
        np.add.reduce(self._t, axis=0, out=self._row)
        np.multiply(self._row, self._scale**2, out=self._row)
        np.dot(x.T, self._codes.T, out=self.y)
        np.subtract(self.y, self._row[:, None], out=self.y)
        np.subtract(self.y, self._lengths, out=self.y)

    def backward(self, dy: Array, x: Array, dx: Array) -> None:
        """Write the gradient on the columns to `dx`."""
        np.add.reduce(dy, axis=1, out=self._row)
        np.multiply(self._row, 2 * self._scale**2, out=self._row)
        np.multiply(x, self._row, out=self._t)
        np.dot(self._codes.T, dy.T, out=dx)
        np.subtract(dx, self._t, out=dx)
