"""Dual numbers v + d*eps over a ring: the derivative along one direction, exactly.

The derivatives of functions are written down here once more, apart from `functions`, so
that the two engines do not share them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from backprop.proofs.reals import Reals

Array = Any  # an array of the ring's numbers


class Ring(Protocol):
    """What `field.PrimeField` and `reals.Reals` have in common."""

    exact: bool

    def number(self, p: int, q: int = 1) -> Array:
        """Return the fraction p/q."""

    def reduce(self, v: Array) -> Array:
        """Return the representatives of numbers after additions."""

    def multiply(self, a: Array, b: Array) -> Array:
        """Return a b."""

    def inverse(self, v: Array) -> Array:
        """Return 1/v."""

    def root(self, v: Array) -> Array:
        """Return the square root."""

    def sign(self, v: Array) -> Array:
        """Return -1, 0 or 1."""

    def exp(self, v: Array) -> Array:
        """Return the exponential."""

    def log(self, v: Array) -> Array:
        """Return the logarithm."""

    def opaque(self, name: str, v: Array) -> Array:
        """Return an opaque function."""


class Dual:
    """An array of dual numbers; `d` is None where the derivative is zero throughout."""

    __slots__ = ("d", "ring", "v")

    def __init__(self, ring: Ring, v: Array, d: Array | None = None) -> None:
        self.ring, self.v, self.d = ring, v, d

    def __add__(self, other: Dual) -> Dual:
        """Return the sum."""
        reduce = self.ring.reduce
        if self.d is None and other.d is None:
            d = None
        else:
            d = reduce(self.tangent(other.v) + other.tangent(self.v))
        return Dual(self.ring, reduce(self.v + other.v), d)

    def __mul__(self, other: Dual) -> Dual:
        """Return the product, by the product rule."""
        times, d = self.ring.multiply, None
        for a, b in ((self, other), (other, self)):
            if a.d is not None:
                term = times(a.d, b.v)
                d = term if d is None else self.ring.reduce(d + term)
        return Dual(self.ring, times(self.v, other.v), d)

    def tangent(self, like: Array | None = None) -> Array:
        """Return the derivative, zeros if there is none."""
        if self.d is not None:
            return self.d
        shape = np.broadcast_shapes(self.v.shape, () if like is None else like.shape)
        return np.zeros(shape, dtype=self.v.dtype)

    def map(self, f: Callable[[Array], Array]) -> Dual:
        """Apply a linear rearrangement to values and derivatives."""
        return Dual(self.ring, f(self.v), None if self.d is None else f(self.d))

    def sum(self, axis: int) -> Dual:
        """Sum along an axis."""
        return self.map(lambda a: self.ring.reduce(a.sum(axis=axis)))

    def _chain(self, value: Array, slope: Callable[[], Array]) -> Dual:
        d = None if self.d is None else self.ring.multiply(slope(), self.d)
        return Dual(self.ring, value, d)

    def inverse(self) -> Dual:
        """Return 1/u, with derivative -1/u**2."""
        r = self.ring.inverse(self.v)
        return self._chain(r, lambda: self.ring.reduce(-self.ring.multiply(r, r)))

    def root(self) -> Dual:
        """Return the square root r, with derivative 1/(2 r)."""
        r = self.ring.root(self.v)
        return self._chain(r, lambda: self.ring.inverse(self.ring.reduce(2 * r)))

    def power(self, p: int, q: int) -> Dual:
        """Return u**(p/q) where q is a power of two."""
        out, u = Dual(self.ring, self.v * 0 + self.ring.number(1)), self
        while q > 1:
            if q % 2:
                raise ValueError(f"the exponent {p}/{q} is not a multiple of a power of 1/2")
            u, q = u.root(), q // 2
        u = u.inverse() if p < 0 else u
        for _ in range(abs(p)):
            out = out * u
        return out

    def call(self, name: str) -> Dual:
        """Apply exp, log, a function with a kink, or an opaque function."""
        ring = self.ring
        if name == "exp":
            y = ring.exp(self.v)
            return self._chain(y, lambda: y)
        if name == "log":
            return self._chain(ring.log(self.v), lambda: ring.inverse(self.v))
        if name in {"step", "relu", "sign", "absolute"}:
            s = ring.sign(self.v)
            if name in {"step", "relu"}:  # (s + s**2)/2 is 0 at 0
                half = ring.number(1, 2)
                s = ring.multiply(half, ring.reduce(s + ring.multiply(s, s)))
            if name in {"step", "sign"}:
                return Dual(ring, s)
            return self._chain(ring.multiply(s, self.v), lambda: s)
        if isinstance(ring, Reals) and name == "tanh":
            y = np.tanh(self.v)
            return self._chain(y, lambda: 1 - y * y)
        if isinstance(ring, Reals) and name == "sigmoid":
            y = 0.5 + 0.5 * np.tanh(0.5 * self.v)
            return self._chain(y, lambda: y * (1 - y))
        return self._chain(ring.opaque(name, self.v), lambda: ring.opaque(name + "'", self.v))
