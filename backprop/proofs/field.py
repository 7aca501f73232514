"""Arithmetic of GF(p), p = 2**31 - 1, with stand-ins for the real functions.

The sign of a number is its quadratic character: multiplicative, and -1 has sign -1, as
p = 3 mod 4.  A square root is the root of sign 1 and exists for half of all numbers.  exp,
log and opaque functions are fixed random functions; exp has positive values.  A false
identity between such expressions survives one random test with probability about d/p for
degree d, a true one always.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

P = (1 << 31) - 1
Array = NDArray[np.int64]


class Resample(Exception):
    """A random number without inverse or root was drawn: draw again."""


def power(v: Array, n: int) -> Array:
    """Raise to a non-negative power by squaring."""
    out = np.ones_like(v)
    while n:
        if n & 1:
            out = out * v % P
        v = v * v % P
        n >>= 1
    return out


def random_function(name: str, v: Array) -> Array:
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

    def number(self, p: int, q: int = 1) -> Array:
        """Return the fraction p/q."""
        return np.asarray(p * pow(q, P - 2, P) % P, dtype=np.int64)

    def reduce(self, v: Array) -> Array:
        """Return the representatives in 0..p-1."""
        return v % P

    def multiply(self, a: Array, b: Array) -> Array:
        """Return a b."""
        return a * b % P

    def inverse(self, v: Array) -> Array:
        """Return 1/v."""
        if not v.all():
            raise Resample
        return power(v, P - 2)

    def root(self, v: Array) -> Array:
        """Return the square root of sign 1."""
        r = power(v, (P + 1) // 4)
        if np.any(r * r % P != v) or not r.all():
            raise Resample
        return r

    def sign(self, v: Array) -> Array:
        """Return the quadratic character, -1, 0 or 1 modulo p."""
        return power(v, (P - 1) // 2)

    def exp(self, v: Array) -> Array:
        """Return a random square, with exp(0) = 1 and exp(-v) = 1/exp(v)."""
        below = np.minimum(v, P - v)
        r = np.maximum(random_function("exp", below), 1)
        y = np.where(v == 0, 1, r * r % P)
        return np.where(below == v, y, self.inverse(y))

    def log(self, v: Array) -> Array:
        """Return a random number."""
        return random_function("log", v)

    def opaque(self, name: str, v: Array) -> Array:
        """Return a random number that depends on the name."""
        return random_function(name, v)
