"""Ordinary numbers for the same formulas: counterexamples and NumPy code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Reals:
    """Float64 with the interface of `field.PrimeField`."""

    exact = False

    def number(self, p: int, q: int = 1) -> Array:
        """Return the fraction p/q."""
        return np.asarray(p / q)

    def reduce(self, v: Array) -> Array:
        """Return v itself."""
        return v

    def multiply(self, a: Array, b: Array) -> Array:
        """Return a b."""
        return np.asarray(a * b)

    def inverse(self, v: Array) -> Array:
        """Return 1/v."""
        return np.asarray(1.0 / v)

    def root(self, v: Array) -> Array:
        """Return the square root."""
        return np.asarray(np.sqrt(v))

    def sign(self, v: Array) -> Array:
        """Return -1, 0 or 1."""
        return np.asarray(np.sign(v))

    def exp(self, v: Array) -> Array:
        """Return e**v."""
        return np.asarray(np.exp(v))

    def log(self, v: Array) -> Array:
        """Return the natural logarithm."""
        return np.asarray(np.log(v))

    def opaque(self, name: str, v: Array) -> Array:
        """Return sin(1.3 v + phase) or a derivative of it, by the number of primes."""
        order = len(name) - len(name.rstrip("'"))
        phase = 0.2 + 0.37 * (sum(map(ord, name.rstrip("'"))) % 7)
        return np.asarray(1.3**order * np.sin(1.3 * v + phase + order * np.pi / 2))
