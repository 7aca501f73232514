"""One exact or floating-point test of a claim on a concrete instance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop.proofs.dual import Array
from backprop.proofs.evaluate import Evaluator
from backprop.proofs.indices import ZZ, Expr, Index
from backprop.proofs.instance import Instance

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim

REACH = 3  # results over ZZ are compared at positions -REACH..REACH


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
