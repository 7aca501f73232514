"""The losses in place: value and gradient at once, in the order of `losses`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Layer
from backprop.losses import cross_entropy, mse
from backprop.plans.arena import Arena, Wanted


class Loss(Protocol):
    """What a plan needs of a loss; made for the buffer `y` of the (N, C) outputs."""

    dy: Array

    def __init__(self, y: Array, arena: Arena) -> None: ...

    @staticmethod
    def wanted(y: tuple[int, int], dtype: Any) -> Wanted:
        """Return what to ask of an arena."""

    def expect(self, target: Any, N: int) -> None:
        """Raise unless the target fits N examples."""

    def value(self, target: NDArray[Any]) -> float:
        """Return the mean loss, and leave its gradient in `dy`."""


class CrossEntropy:
    """``losses.cross_entropy`` of integer labels: softmax, loss and gradient in one buffer."""

    def __init__(self, y: Array, arena: Arena) -> None:
        self.dy: Array = arena["dy"]  # differences, probabilities, then their gradient
        self._y, self._t, self._column = y, arena["one_hot"], arena["column"]
        self._rows = np.arange(len(y))

    @staticmethod
    def wanted(y: tuple[int, int], dtype: Any) -> Wanted:
        """Return what to ask of an arena."""
        return {"dy": (y, dtype), "one_hot": (y, dtype), "column": ((y[0], 1), dtype)}

    def expect(self, target: Any, N: int) -> None:
        """Raise unless `target` has N integers from 0 to C - 1."""
        C = self.dy.shape[1]
        dtype = getattr(target, "dtype", np.dtype(object))
        if dtype.kind not in "iu" or target.shape != (N,):
            raise ValueError(
                f"target has shape {np.shape(target)} and dtype {dtype}; needs ({N},) integers"
            )
        if target.min() < 0 or target.max() >= C:
            cross_entropy.one_hot(target, np.empty((N, C)))  # raises, and says which

    def value(self, target: NDArray[Any]) -> float:
        """Return the mean loss, and leave its gradient in `dy`."""
        p, t, column = self.dy, self._t, self._column
        t.fill(0)
        t[self._rows, target] = 1
        np.maximum.reduce(self._y, axis=1, out=column, keepdims=True)
        np.subtract(self._y, column, out=p)  # the largest exponent is 0
        agreement = np.vdot(t, p)
        np.exp(p, out=p)
        np.add.reduce(p, axis=1, out=column, keepdims=True)
        np.divide(p, column, out=p)
        np.subtract(p, t, out=p)
        np.multiply(p, 1 / len(p), out=p)
        np.log(column, out=column)
        return float((np.add.reduce(column, axis=None) - agreement) / len(p))


class MSE:
    """``losses.mse``: half the squared distance and its gradient."""

    def __init__(self, y: Array, arena: Arena) -> None:
        self.dy: Array = arena["dy"]
        self._y, self._squares = y, arena["squares"]

    @staticmethod
    def wanted(y: tuple[int, int], dtype: Any) -> Wanted:
        """Return what to ask of an arena."""
        return {"dy": (y, dtype), "squares": (y, dtype)}

    def expect(self, target: Any, N: int) -> None:
        """Raise unless `target` has the shape and dtype of N outputs."""
        shape = N, self.dy.shape[1]
        if not isinstance(target, np.ndarray):
            raise TypeError(f"target is a {type(target).__name__}; needs a NumPy array")
        if target.dtype != self.dy.dtype:
            raise TypeError(
                f"target has dtype {target.dtype}; needs {self.dy.dtype}, that of the plan"
            )
        if target.shape != shape:
            raise ValueError(f"target has shape {target.shape}; needs {shape}")

    def value(self, target: NDArray[Any]) -> float:
        """Return the mean loss, and leave its gradient in `dy`."""
        error, squares = self.dy, self._squares
        np.subtract(self._y, target, out=error)
        np.multiply(error, error, out=squares)
        total = np.add.reduce(squares, axis=None)
        np.multiply(error, 1 / len(error), out=error)
        return float(total / (2 * len(error)))


IN_PLACE: tuple[tuple[Any, type[Loss]], ...] = ((cross_entropy, CrossEntropy), (mse, MSE))


def in_place(loss: Layer) -> type[Loss]:
    """Return the class that computes a loss in place.

    Raises
    ------
    NotImplementedError
        If there is none.
    """
    for known, planned in IN_PLACE:
        if loss is known:
            return planned
    name = getattr(loss, "__name__", repr(loss))
    raise NotImplementedError(f"no plan for the loss {name}; there is cross_entropy, mse")
