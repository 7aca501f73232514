"""Sums over indices of the normal form.

A sum is split over the terms of its body, contracted with deltas, freed of factors that
do not depend on the index, and made canonical: dummies are numbered so that equal sums
have equal texts.  Dummies over ZZ may also be re-parametrised.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

from backprop.proofs import affine
from backprop.proofs.affine import Form, Var
from backprop.proofs.errors import tick
from backprop.proofs.polynomials import (
    Atom,
    Delta,
    Entry,
    Monomial,
    Poly,
    Scalar,
    Values,
    monomial_text,
    product,
    sorted_monomial,
    total,
)

Factors = dict[Atom, Fraction]


class Bound(Atom):
    """A sum of a product over indices that link its factors, canonical in its dummies."""

    __slots__ = ("dims", "factors")

    def __init__(self, dims: tuple[str, ...], factors: Monomial) -> None:
        self.dims, self.factors = dims, factors
        depth = 1 + max(a.depth for a, _ in factors)
        free = frozenset[Var]().union(*(a.free for a, _ in factors))
        text = f"S<{','.join(dims)}>({monomial_text(factors)})"
        super().__init__(text, free - set(dummies(depth, dims)), depth)

    @property
    def positive(self) -> bool:
        """Say whether every factor is known to be positive."""
        return "ZZ" not in self.dims and all(a.positive for a, _ in self.factors)

    def opened(self) -> tuple[list[Var], Poly]:
        """Return the body with fresh dummies."""
        fresh = [affine.fresh(dim) for dim in self.dims]
        new = dict(zip(dummies(self.depth, self.dims), map(affine.of_var, fresh), strict=True))
        return fresh, product(a.substitute(new) ** e for a, e in self.factors)

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        fresh, body = self.opened()
        body = body.substitute(values)
        for v in fresh:
            body = sum_over(body, v)
        return body


def dummies(depth: int, dims: tuple[str, ...]) -> list[Var]:
    """Return the variables that a sum of this depth binds."""
    return [Var(f"b{depth}.{k}", dim) for k, dim in enumerate(dims)]


def sum_over(p: Poly, v: Var) -> Poly:
    """Sum a polynomial over the whole range of a variable."""
    return total(_sum_of_term(m, c, v) for m, c in p.terms.items())


def _sum_of_term(m: Monomial, c: Fraction, v: Var) -> Poly:
    tick()
    inside = [(a, e) for a, e in m if v in a.free]
    outside = Poly([(tuple(f for f in m if v not in f[0].free), c)])
    if not inside:
        return outside * size(v.dim)
    variables, factors = [v], Factors()
    for a, e in inside:
        if isinstance(a, Bound) and e.denominator == 1 and e > 0:
            for _ in range(int(e)):  # a power of a sum is a sum over as many dummies
                more, body = a.opened()
                variables += more
                factors.update(only_term(body))
        else:
            factors[a] = e
    contracted = contract(v, variables, factors)
    if contracted is None:
        contracted = canonical(variables, factors)
    return outside * contracted


def contract(v: Var, variables: list[Var], factors: Factors) -> Poly | None:
    """Use a delta to remove v, and sum over the other variables; None if no delta can."""
    for a in factors:
        solved = affine.solve(a.form, {v}) if isinstance(a, Delta) else None
        if solved:
            values = dict([solved])
            out = product(b.substitute(values) ** e for b, e in factors.items() if b != a)
            for w in variables:
                out = out if w == v else sum_over(out, w)
            return out
    return None


def only_term(p: Poly) -> Monomial:
    """Return the monomial of a polynomial that is known to be one."""
    if p.single is None or p.single[1] != 1:
        raise ValueError(f"{p.text} is not a monomial")
    return p.single[0]


def size(dim: str) -> Poly:
    """Return the sum of 1 over a dimension."""
    if dim == "ZZ":
        raise ValueError("a sum over ZZ diverges: no factor depends on its index")
    return Poly.constant(int(dim)) if dim.isdigit() else Poly.atom(Scalar(dim, True))


def canonical(variables: list[Var], factors: Factors) -> Poly:
    """Return a sum with its dummies numbered so that equal sums are equal atoms.

    A change of dummies over ZZ may leave factors that no dummy links: the sum is then a
    product of sums.
    """
    factors = {a: e for a, e in factors.items() if e}
    depth = 1 + max(a.depth for a in factors)
    integers = [v for v in variables if v.dim == "ZZ"]
    plain = [v for v in variables if v.dim != "ZZ"]
    found: list[tuple[int, Bound]] = []
    for values, made in reparametrised(integers, factors):
        for order in orders(plain, variables, factors):
            tick()
            labelled = [*order, *made]
            dims = tuple(v.dim for v in labelled)
            new = dict(zip(labelled, map(affine.of_var, dummies(depth, dims)), strict=True))
            for v, value in values.items():
                new[v] = affine.substitute(value, new)
            sum_ = Bound(dims, rename(factors, new))
            found.append((-len(linked(sum_)) if integers else -1, sum_))
    count, best = min(found)
    if count == -1:
        return Poly.atom(best)
    bound = dummies(best.depth, best.dims)
    return product(
        canonical([v for v in bound if any(v in a.free for a, _ in part)], dict(part))
        for part in linked(best)
    )


def linked(s: Bound) -> list[Monomial]:
    """Return the factors of a sum in groups that share no dummy."""
    bound = set(dummies(s.depth, s.dims))
    groups: list[tuple[set[Var], Monomial]] = []
    for a, e in s.factors:
        own: frozenset[Var] | set[Var] = a.free & bound
        group: Monomial = ((a, e),)
        apart = [g for g in groups if g[0].isdisjoint(own)]
        for g in groups:
            if not g[0].isdisjoint(own):
                own, group = own | g[0], (*g[1], *group)
        groups = [*apart, (set(own), group)]
    return [group for _, group in groups]


def rename(factors: Factors, new: Values) -> Monomial:
    """Substitute in factors where a factor is known to stay a factor."""
    out = Factors()
    for a, e in factors.items():
        for b, x in only_term(a.substitute(new)):
            out[b] = out.get(b, 0) + x * e
    return sorted_monomial(out)


def orders(plain: list[Var], variables: list[Var], factors: Factors) -> Iterator[list[Var]]:
    """Return the orders of dummies to try: only those that look alike are permuted."""
    if len(plain) <= 1:
        yield plain
        return
    groups: dict[tuple[str, str], list[Var]] = {}
    for v in plain:
        groups.setdefault((v.dim, colour(v, variables, factors)), []).append(v)
    choices = [itertools.permutations(groups[key]) for key in sorted(groups)]
    for choice in itertools.product(*choices):
        yield [v for group in choice for v in group]


def colour(v: Var, variables: list[Var], factors: Factors) -> str:
    """Describe how a dummy occurs, without the names of the others."""
    marks = {w: affine.of_var(Var("this" if w == v else "other", w.dim)) for w in variables}
    try:
        return "*".join(sorted(f"{a.substitute(marks).text}^{e}" for a, e in factors.items()))
    except ZeroDivisionError:  # two dummies that were given one name cancelled
        return ""


def reparametrised(
    integers: list[Var], factors: Factors
) -> Iterator[tuple[dict[Var, Form], list[Var]]]:
    """Return changes of dummies over ZZ that turn slots into single dummies."""
    slots = [s for a in factors for s in open_slots(a, frozenset())] if integers else []

    def search(
        left: list[Var], slots: list[Form], values: dict[Var, Form], made: list[Var]
    ) -> Iterator[tuple[dict[Var, Form], list[Var]]]:
        if not left:
            yield values, made
            return
        new = Var(f"z{len(made)}", "ZZ")
        pivots = [(v, s) for v in left for s in sorted(set(slots), key=affine.text)]
        solved = [(v, value) for v, s in pivots if (value := pivot(s, v, new))]
        for v, value in solved or [(left[0], affine.of_var(new))]:
            step = {v: value}
            yield from search(
                [w for w in left if w != v],
                [affine.substitute(s, step) for s in slots],
                {**{w: affine.substitute(x, step) for w, x in values.items()}, v: value},
                [*made, new],
            )

    yield from search(integers, slots, {}, [])


def pivot(slot: Form, v: Var, new: Var) -> Form | None:
    """Solve slot = new for v, if v occurs there once with coefficient 1 or -1."""
    solved = affine.solve(affine.subtract(slot, affine.of_var(new)), {v})
    return solved[1] if solved else None


def open_slots(a: Atom, hidden: frozenset[Var]) -> Iterator[Form]:
    """Return the slots of entries in a factor that no inner sum binds."""
    if isinstance(a, Entry):
        yield from (s for s in a.slots if hidden.isdisjoint(affine.variables(s)))
    elif isinstance(a, Bound):
        inner = hidden | set(dummies(a.depth, a.dims))
        for b, _ in a.factors:
            yield from open_slots(b, inner)
    else:
        inner_poly = getattr(a, "arg", None) or getattr(a, "base", None)
        for m in inner_poly.terms if inner_poly else ():
            for b, _ in m:
                yield from open_slots(b, hidden)
