"""Concrete instances of a derivation: sizes, and arrays that satisfy the constraints."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from backprop.proofs.dual import Array, Dual, Ring
from backprop.proofs.evaluate import Evaluator
from backprop.proofs.field import P
from backprop.proofs.indices import ZZ, Expr
from backprop.proofs.tensors import Tensor

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation

Sizes = dict[Expr, int]


def unequal_sizes(p: Derivation, trial: int, seed: int) -> Sizes:
    """Draw sizes for an exact test: as unequal as possible, sometimes with a 1."""
    rng = random.Random(1000 * seed + trial)
    pool = [1, 2, 3] if trial % 4 == 3 else [2, 3, 4]
    rng.shuffle(pool)
    sizes = {dim: pool[k % 3] for k, dim in enumerate(p.dimensions())}
    return sizes | {s: rng.randint(1, 3) for s in p.integers}


class Instance:
    """Arrays for every given tensor of a derivation, at given sizes.

    In the exact ring the numbers are random; ordinary ones are drawn from a `pool`.
    """

    def __init__(
        self,
        p: Derivation,
        ring: Ring,
        sizes: Sizes,
        seed: int,
        window: int,
        pool: Sequence[float] = (),
        support: int = 0,
        thorough: bool = False,
    ) -> None:
        self.p, self.ring, self.sizes = p, ring, sizes
        self.window, self.thorough = window, thorough
        self.pool, self.support = pool, support
        self.rng = random.Random(seed)
        self.arrays = {t.name: self._sample(t) for t in p.given()}

    def shape(self, t: Tensor) -> tuple[int, ...]:
        """Return the shape of a tensor; the support over ZZ may have two or three elements."""
        return tuple(
            self.support or 2 + (len(t.name) + k) % 2
            if dim == ZZ
            else int(self.sizes.get(dim, dim))
            for k, dim in enumerate(t.shape)
        )

    def random(self, shape: tuple[int, ...]) -> Array:
        """Return random numbers of the ring."""
        n = int(np.prod(shape, dtype=int))
        if self.ring.exact:
            flat = np.array([self.rng.randrange(1, P) for _ in range(n)], dtype=np.int64)
        else:
            flat = np.array([self.rng.choice(self.pool) for _ in range(n)])
        return flat.reshape(shape)

    def _sample(self, t: Tensor) -> Array:
        a = self.random(self.shape(t))
        if t.name in self.p.positives:
            a = self.ring.multiply(a, a)  # a square has sign 1 in both rings
            a = a if self.ring.exact else a + (a == 0)
        if t.name in self.p.distributions:
            if self.ring.exact:
                a[..., -1] = (1 - a[..., :-1].sum(axis=-1)) % P
            else:
                a = (abs(a) + (a == 0)) / (abs(a) + (a == 0)).sum(axis=-1, keepdims=True)
        return a

    def evaluator(self, direction: Mapping[str, Array] | None = None) -> Evaluator:
        """Run the forward equations; `direction` gives tensors a derivative."""
        direction = direction or {}
        run = Evaluator(self.ring, self.sizes, self.window, self.thorough)
        for name, array in self.arrays.items():
            run.store(name, Dual(self.ring, array, direction.get(name)))
        for name, (indices, body) in self.p.definitions.items():
            run.define(name, indices, body)
            if name in direction:
                kept = run.stored[name]
                run.store(name, Dual(self.ring, kept.array.v, direction[name]), kept.first)
        return run
