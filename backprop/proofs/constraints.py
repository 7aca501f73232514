"""Constraints that a statement may use: a distribution sums to one.

The rule rewrites ``sum_c t[..., c]`` to 1, also where that sum is part of a larger one.
"""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from backprop.proofs import affine
from backprop.proofs.affine import Var
from backprop.proofs.polynomials import Atom, Entry, Monomial, Poly, total
from backprop.proofs.sums import Bound, sum_over


def normalise(p: Poly, distributions: Collection[str]) -> Poly:
    """Apply the rule until nothing changes."""
    while distributions:
        new = total(_of_term(m, c, distributions) for m, c in p.terms.items())
        if new.text == p.text:
            break
        p = new
    return p


def _of_term(m: Monomial, c: Fraction, distributions: Collection[str]) -> Poly:
    for a, e in m:
        if isinstance(a, Bound) and e == 1:
            fresh, body = a.opened()
            factors = body.single[0] if body.single else ()
            hit = _total_of(fresh, factors, distributions)
            if hit:
                found, v = hit
                inner = Poly([(tuple(f for f in factors if f[0] != found), Fraction(1))])
                for w in fresh:
                    inner = inner if w == v else sum_over(inner, w)
                return Poly([(tuple(f for f in m if f[0] != a), c)]) * inner
    return Poly([(m, c)])


def _total_of(
    fresh: list[Var], factors: Monomial, distributions: Collection[str]
) -> tuple[Atom, Var] | None:
    """Find a distribution whose last index is summed and occurs nowhere else."""
    for a, e in factors:
        if isinstance(a, Entry) and a.name in distributions and e == 1:
            for v in fresh:
                last = a.slots[-1] == affine.of_var(v)
                if last and sum(v in b.free for b, _ in factors) == 1:
                    if not any(v in affine.variables(s) for s in a.slots[:-1]):
                        return a, v
    return None
