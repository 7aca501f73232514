"""Numbers: a prime field for exact tests, float64, and dual numbers over either.

In GF(p), p = 2**31 - 1, there are stand-ins for the real functions.  The sign of a number is
its quadratic character: multiplicative, and -1 has sign -1, as p = 3 mod 4.  A square root
is the root of sign 1 and exists for half of all numbers.  exp, log and opaque functions are
fixed random functions; exp has positive values, and exp(-v) = 1/exp(v).  A false identity
between such expressions survives one random test with probability about d/p for degree d, a
true one always.

The derivatives of functions are written down here once more, apart from `functions`, so that
the two engines do not share them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = Any  # an array of a ring's numbers
P = (1 << 31) - 1
Residues = NDArray[np.int64]


class Resample(Exception):
    """A random number without inverse or root was drawn: draw again."""


def power(v: Residues, n: int) -> Residues:
    """Raise to a non-negative power by squaring."""
    out = np.ones_like(v)
    while n:
        if n & 1:
            out = out * v % P
        v = v * v % P
        n >>= 1
    return out


def random_function(name: str, v: Residues) -> Residues:
    """Evaluate a fixed random function on GF(p), by the SplitMix64 finaliser."""
    salt = hashlib.blake2b(name.encode(), digest_size=8).digest()
    x = np.atleast_1d(v).astype(np.uint64) + np.uint64(int.from_bytes(salt, "big"))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    x = x ^ (x >> np.uint64(31))
    return np.asarray(x % np.uint64(P), dtype=np.int64).reshape(v.shape)


class PrimeField:
    """The exact ring of the tests."""

    exact = True

    def number(self, p: int, q: int = 1) -> Residues:
        """Return the fraction p/q."""
        return np.asarray(p * pow(q, P - 2, P) % P, dtype=np.int64)

    def reduce(self, v: Residues) -> Residues:
        """Return the representatives in 0..p-1."""
        return v % P

    def multiply(self, a: Residues, b: Residues) -> Residues:
        """Return a b."""
        return a * b % P

    def inverse(self, v: Residues) -> Residues:
        """Return 1/v."""
        if not v.all():
            raise Resample
        return power(v, P - 2)

    def root(self, v: Residues) -> Residues:
        """Return the square root of sign 1."""
        r = power(v, (P + 1) // 4)
        if np.any(r * r % P != v) or not r.all():
            raise Resample
        return r

    def sign(self, v: Residues) -> Residues:
        """Return the quadratic character, -1, 0 or 1 modulo p."""
        return power(v, (P - 1) // 2)

    def exp(self, v: Residues) -> Residues:
        """Return a random square, with exp(0) = 1 and exp(-v) = 1/exp(v)."""
        below = np.minimum(v, P - v)
        r = np.maximum(random_function("exp", below), 1)
        y = np.where(v == 0, 1, r * r % P)
        return np.where(below == v, y, self.inverse(y))

    def log(self, v: Residues) -> Residues:
        """Return a random number."""
        return random_function("log", v)

    def opaque(self, name: str, v: Residues) -> Residues:
        """Return a random number that depends on the name."""
        return random_function(name, v)


Floats = NDArray[np.float64]
Functions = Mapping[str, Sequence[Callable[[Floats], Floats]]]
NO_FUNCTIONS: Functions = MappingProxyType({})


class Reals:
    """Float64 with the interface of `PrimeField`.

    Parameters
    ----------
    functions : mapping of str to callables, optional
        What stands for opaque functions: the function, then its derivatives in order.
        A sine with a phase of its own stands for any other.
    """

    exact = False

    def __init__(self, functions: Functions = NO_FUNCTIONS) -> None:
        self.functions = functions
        self.kink = False  # whether a sign of zero was asked for

    def number(self, p: int, q: int = 1) -> Floats:
        """Return the fraction p/q."""
        return np.asarray(p / q)

    def reduce(self, v: Floats) -> Floats:
        """Return v itself."""
        return v

    def multiply(self, a: Floats, b: Floats) -> Floats:
        """Return a b."""
        return np.asarray(a * b)

    def inverse(self, v: Floats) -> Floats:
        """Return 1/v."""
        return np.asarray(1.0 / v)

    def root(self, v: Floats) -> Floats:
        """Return the square root."""
        return np.asarray(np.sqrt(v))

    def sign(self, v: Floats) -> Floats:
        """Return -1, 0 or 1."""
        self.kink = self.kink or not np.all(v)
        return np.asarray(np.sign(v))

    def exp(self, v: Floats) -> Floats:
        """Return e**v."""
        return np.asarray(np.exp(v))

    def log(self, v: Floats) -> Floats:
        """Return the natural logarithm."""
        return np.asarray(np.log(v))

    def opaque(self, name: str, v: Floats) -> Floats:
        """Return what was given for a function, else sin(1.3 v + phase) or a derivative."""
        plain = name.rstrip("'")
        order = len(name) - len(plain)
        given = self.functions.get(plain)
        if given is not None:
            if order >= len(given):
                raise ValueError(
                    f"the formula needs {name}: give {plain} as a tuple of "
                    f"{order + 1} callables, the function and its derivatives"
                )
            return np.asarray(given[order](v), dtype=float)
        digest = hashlib.blake2b(plain.encode(), digest_size=4).digest()
        phase = 2 * np.pi * int.from_bytes(digest, "big") / 2**32
        return np.asarray(1.3**order * np.sin(1.3 * v + phase + order * np.pi / 2))


class Ring(Protocol):
    """What `PrimeField` and `Reals` have in common."""

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
