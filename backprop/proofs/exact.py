"""The second engine: claims tested on random instances, exactly, without index calculus.

An instance gives sizes to dimensions and numbers to the given tensors.  The true side of a
claim is a derivative along a random direction, by dual numbers.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from backprop.proofs.evaluate import Evaluator
from backprop.proofs.functions import log, sigmoid, tanh
from backprop.proofs.indices import ZZ, Expr, Index
from backprop.proofs.rings import Array, Dual, P, PrimeField, Resample, Ring
from backprop.proofs.tensors import Tensor

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim
    from backprop.proofs.derivation import Derivation

Sizes = dict[Expr, int]
TRIALS = 3
REACH = 3  # results over ZZ are compared at positions -REACH..REACH
WINDOWS = (5, 8)  # a disagreement over ZZ must persist in the wider window


def unequal_sizes(p: Derivation, k: int, seed: int) -> Sizes:
    """Draw sizes for the k-th exact test: as unequal as three small numbers can be.

    Which dimensions have the same size changes from test to test, so that among the first
    three no two have the same size in each.  Later tests may have a size of 1.
    """
    rng = random.Random(1000 * seed + k)
    pool = [1, 2, 3] if k % 4 == 3 else [2, 3, 4]
    rng.shuffle(pool)
    sizes: Sizes = {}
    for n, dim in enumerate(p.dimensions()):
        a, b, c = n % 3, n // 3 % 3, n // 9
        sizes[dim] = pool[(a, a + b, a + 2 * b + c)[k % 3] % 3]
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


class Trial:
    """The true side of a claim on one instance, and a test of any claimed formula.

    The derivative is taken along one random direction of `wrt`, by one forward pass with
    dual numbers; the claimed entries are contracted with the same direction.
    """

    def __init__(self, claim: Claim, instance: Instance) -> None:
        self.claim, self.instance = claim, instance
        self.ring, self.thorough = instance.ring, instance.thorough
        self.plain = self.instance.evaluator()
        if claim.wrt is not None:
            t = claim.wrt_tensor
            stored = self.plain.stored[t.name]
            self.shape, self.first = stored.array.v.shape, stored.first
            self.direction = self.instance.random(self.shape)

    def opened(self, e: Expr) -> Expr:
        """Put definitions in place of names, in a thorough test."""
        return self.claim.inlined(e) if self.thorough else e

    @cached_property
    def true(self) -> Array:
        """Return the true side: the derivative along the direction, or `lhs`."""
        claim = self.claim
        if claim.wrt is None:
            return self._window(self.plain, claim.lhs, claim.free).v
        return self.derivative(self.direction)

    def derivative(self, direction: Array) -> Array:
        """Return the derivative of `of` along a direction of `wrt`."""
        claim, name = self.claim, self.claim.wrt_tensor.name
        if claim.total:
            run, e = self.instance.evaluator({name: direction}), self.opened(claim.of)
        else:
            run, e = self.instance.evaluator(), claim.immediate
            kept = run.stored[name]
            array = type(kept.array)(self.ring, kept.array.v, direction)
            run.store(name, array, kept.first)
        return self._window(run, e, claim.of_indices).tangent()

    def claimed(self, e: Expr) -> Array:
        """Return a claimed formula in the form of the true side."""
        claim = self.claim
        if claim.wrt is None:
            return self._window(self.plain, self.opened(e), claim.free).v
        entries = self.ring.multiply(self.entries(e), self.direction)
        for _ in self.shape:
            entries = self.ring.reduce(entries.sum(axis=-1))
        return entries

    def entries(self, e: Expr) -> Array:
        """Return all claimed entries: the axes of `of`, then those of `wrt`."""
        claim, w = self.claim, self.plain.window
        out = self.plain.array(self.opened(e), claim.free).v
        n = len(claim.of_indices)
        out = out[self._central(claim.of_indices)]
        support = tuple(
            slice(w + a, w + a + size) if i.dim == ZZ else slice(None)
            for i, a, size in zip(claim.wrt_indices, self.first, self.shape, strict=True)
        )
        return out[(slice(None),) * n + support]

    def agrees(self, e: Expr) -> bool:
        """Say whether a formula equals the true side here."""
        return bool(np.array_equal(self.true, self.claimed(e)))

    def _window(self, run: Evaluator, e: Expr, indices: list[Index]) -> Any:
        where = self._central(indices)
        return run.array(self.opened(e), indices).map(lambda a: a[where])

    def _central(self, indices: list[Index]) -> tuple[slice, ...]:
        w = self.plain.window
        near = slice(max(0, w - REACH), w + REACH + 1)
        return tuple(near if i.dim == ZZ else slice(None) for i in indices)


def seed_of(claim: Claim) -> int:
    """Return a seed that depends on the name of the claim only."""
    digest = hashlib.blake2b(claim.id.encode(), digest_size=3).digest()
    return int.from_bytes(digest, "big")


def trial(claim: Claim, k: int, window: int = WINDOWS[0], thorough: bool = False) -> Trial:
    """Draw the k-th exact test of a claim, again until every inverse and root exists."""
    for attempt in range(400):
        sizes = unequal_sizes(claim.p, k, seed_of(claim))
        if attempt >= 40:  # fewer entries, fewer roots that must exist at once
            sizes = {s: min(n, 2 if attempt < 150 else 1) for s, n in sizes.items()}
        try:
            seed = 1000 * k + attempt
            out = Trial(
                claim, Instance(claim.p, PrimeField(), sizes, seed, window, thorough=thorough)
            )
            _ = out.true, out.claimed(claim.equals)
        except Resample:
            continue
        return out
    raise Resample(f"{claim.id}: no instance has all roots")


def trials(claim: Claim, count: int = TRIALS) -> tuple[bool, list[Trial]]:
    """Test a claim exactly; return whether it holds in all tests, and the tests.

    The stand-in of exp is no homomorphism: a claim that fails and has such functions is
    tested once more with all definitions opened, so that their arguments can be taken apart.
    """
    done: list[Trial] = []
    thorough = False
    while len(done) < count:
        t = trial(claim, len(done), thorough=thorough)
        if not t.agrees(claim.equals) and claim.over_integers:
            t = trial(claim, len(done), WINDOWS[1], thorough)
        if not t.agrees(claim.equals):
            if thorough or not has_functions(claim):
                return False, [*done, t]
            done, thorough = [], True
            continue
        done.append(t)
    return True, done


def has_functions(claim: Claim) -> bool:
    """Say whether a claim or a definition behind it has exp, log, sigmoid or tanh."""
    p, sides = claim.p, [claim.of if claim.lhs is None else claim.lhs, claim.equals]
    names = set[str]().union(*map(p.behind, sides))
    bodies = [p.definitions[name][1] for name in names if name in p.definitions]
    return any(e.has(sp.exp, log, sigmoid, tanh) for e in (*sides, *bodies))
