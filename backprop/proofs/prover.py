"""The first engine: a difference whose normal form is zero is zero for all sizes.

Expressions become polynomials over canonical atoms, generic in every dimension.  Rules used,
and nothing else: the axioms of commutative rings, renaming of dummies,
sum_i delta(i, j) f(i) = f(j), sum_i 1 = dim, constants leave sums, a declared distribution
sums to one, the functional equations of `calls`, and sums over ZZ may be re-parametrised.
No dimension gets a value.  Whether a normal form is zero is decided by clearing denominators
and roots, one base at a time, and by cases u > 0, u < 0 and u = 0 for an indicator [u > 0].
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import TYPE_CHECKING

import sympy as sp

from backprop.proofs import affine, polynomials
from backprop.proofs.affine import Var
from backprop.proofs.calls import Call, Sign, call, indicator
from backprop.proofs.derivative import Opener, name_of, open_none
from backprop.proofs.functions import sigmoid, tanh
from backprop.proofs.indices import Expr, Index, bound
from backprop.proofs.polynomials import Atom, Entry, Monomial, Poly, Root, Scalar, product, total
from backprop.proofs.sums import Bound, sum_over

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation

Variables = Mapping[Index, Var]
Names = frozenset[str]


# -- translation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class NormalForm:
    """What a translation needs to know about names: which are positive, which to open."""

    positive: frozenset[str] = frozenset()
    opened: Opener = open_none
    mode: str = ""  # see `calls.call`

    def of(self, e: Expr, names: Variables | None = None) -> Poly:
        """Return the normal form; equal normal forms are equal for all sizes."""
        e, names = sp.sympify(e), names or {}
        if e.is_Rational:
            return Poly.constant(Fraction(int(e.p), int(e.q)))
        if isinstance(e, sp.Add):
            return total(self.of(a, names) for a in e.args)
        if isinstance(e, sp.Mul):
            return product(self.of(a, names) for a in e.args)
        if isinstance(e, sp.Indexed) or e.is_Symbol:
            return self._of_name(e, names)
        if isinstance(e, sp.Sum):
            return self._of_sum(e, names)
        if isinstance(e, sp.KroneckerDelta):
            i, j = (affine.of_expression(a, names) for a in e.args)
            return polynomials.delta(affine.subtract(i, j))
        if e is sp.E:
            return call("exp", Poly.constant(1))
        if isinstance(e, sp.exp):
            return call("exp", self.of(e.args[0], names))
        if isinstance(e, sp.Pow) and e.exp.is_Rational:
            return self.of(e.base, names) ** Fraction(int(e.exp.p), int(e.exp.q))
        if isinstance(e, sp.Function) and len(e.args) == 1:
            return call(type(e).__name__, self.of(e.args[0], names), self.mode)
        raise ValueError(f"no normal form for {type(e).__name__}: {e}")

    def _of_name(self, e: Expr, names: Variables) -> Poly:
        if isinstance(e, Index):
            raise ValueError(f"the index {e} is used as a value")
        definition = self.opened(e)
        if definition is not None:
            return self.of(definition, names)
        name = name_of(e)
        if e.is_Symbol:
            return Poly.atom(Scalar(name, bool(e.is_positive)))
        slots = tuple(affine.of_expression(i, names) for i in e.indices)
        return Poly.atom(Entry(name, slots, name in self.positive))

    def _of_sum(self, e: Expr, names: Variables) -> Poly:
        new = {i: affine.fresh(str(i.dim)) for i in bound(e)}
        out = self.of(e.function, {**names, **new})
        for v in new.values():
            out = sum_over(out, v)
        return out


# -- constraints ---------------------------------------------------------------------------


def normalise(p: Poly, distributions: Collection[str]) -> Poly:
    """Put 1 for ``sum_c t[..., c]``, also within larger sums, until nothing changes."""
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


# -- the test for zero ---------------------------------------------------------------------


def is_zero(p: Poly, depth: int = 12) -> bool:
    """Prove that a polynomial is zero; the bases of its powers are assumed not to be."""
    if not p:
        return True
    if depth == 0:
        return False
    powers: dict[Atom, list[Fraction]] = {}
    for m in p.terms:
        for a, e in m:
            if isinstance(a, Root) or e.denominator != 1:
                powers.setdefault(a, []).append(e)
    if powers:
        a = max(powers, key=lambda a: (a.depth, a.text))
        everywhere = all(any(b == a for b, _ in m) for m in p.terms)
        lowest = min(powers[a]) if everywhere else min(Fraction(0), *powers[a])
        return all(is_zero(q, depth - 1) for q in cleared(p, a, lowest))
    signs = sorted({a for m in p.terms for a, _ in m if isinstance(a, Sign)})
    return bool(signs) and by_cases(p, signs[0], depth)


def cleared(p: Poly, a: Atom, lowest: Fraction) -> list[Poly]:
    """Divide by a power of an atom; collect what remains by the fractional part left over."""
    base = a.base if isinstance(a, Root) else Poly.atom(a)
    classes: dict[Fraction, list[Poly]] = {}
    for m, c in p.terms.items():
        factors = dict(m)
        e = factors.pop(a, Fraction(0)) - lowest
        part = Poly.monomial(factors).scaled(c) * base ** floor(e)
        classes.setdefault(e - floor(e), []).append(part)
    return [total(parts) for parts in classes.values()]


def by_cases(p: Poly, s: Sign, depth: int) -> bool:
    """Prove that p is zero for u > 0, for u < 0 and for u = 0."""
    above, below = Sign(s.arg, False), Sign(s.arg, True)
    positive = assume(p, {above: 1, below: 0})
    negative = assume(p, {above: 0, below: 1})
    return (
        is_zero(positive, depth - 1)
        and is_zero(negative, depth - 1)
        and is_zero(vanishing(assume(p, {above: 0, below: 0}), s.arg), depth - 1)
    )


def assume(p: Poly, values: dict[Sign, int]) -> Poly:
    """Put values in place of indicators."""
    terms = []
    for m, c in p.terms.items():
        factors = [(a, e) for a, e in m if a not in values]
        held = all(values[a] for a, _ in m if isinstance(a, Sign) and a in values)
        terms += [(tuple(factors), c)] if held else []
    return Poly(terms)


def vanishing(p: Poly, u: Poly) -> Poly:
    """Use u = 0: a linear entry of u is replaced by the rest."""
    for m, c in u.terms.items():
        if len(m) == 1 and m[0][1] == 1 and isinstance(m[0][0], Entry | Scalar):
            rest = Poly((k, -x / c) for k, x in u.terms.items() if k != m)
            return replaced(p, m[0][0], rest)
    return p


def replaced(p: Poly, a: Atom, value: Poly) -> Poly:
    """Put a polynomial in place of an atom, in functions too, but not under sums."""

    def of(b: Atom) -> Poly:
        if b == a:
            return value
        if isinstance(b, Call):
            return call(b.name, replaced(b.arg, a, value))
        if isinstance(b, Sign):
            return indicator(replaced(b.arg, a, value), b.below)
        return Poly.atom(b)

    return total(product(of(b) ** e for b, e in m).scaled(c) for m, c in p.terms.items())


# -- verdicts ------------------------------------------------------------------------------


def equal(p: Derivation, left: Expr, right: Expr) -> Names | None:
    """Prove that two expressions are equal for all sizes; return the definitions opened."""
    known = frozenset(p.positives), frozenset(p.distributions)
    for opened, mode in ways(p, left, right):
        try:
            a, b = (normal_form(p, e, opened, mode, *known) for e in (left, right))
            if is_zero(normalise(a - b, p.distributions)):
                return opened
        except ZeroDivisionError:
            continue
    return None


def ways(p: Derivation, *sides: Expr) -> Iterator[tuple[Names, str]]:
    """Return what to open, and how to write functions.

    Nothing is opened, then definitions from the last on; then tanh goes through sigmoid, and
    both through exp.
    """
    found = set[str]().union(*map(p.behind, sides))
    names = [name for name in p.definitions if name in found]
    for k in range(len(names), -1, -1):
        yield frozenset(names[k:]), ""
    bodies = [p.definitions[name][1] for name in names]
    if any(e.has(sigmoid, tanh) for e in (*sides, *bodies)):
        yield frozenset(names), "sigmoid"
        yield frozenset(names), "exp"


@lru_cache(maxsize=256)
def normal_form(
    p: Derivation,
    e: Expr,
    opened: Names,
    mode: str,
    positive: Names,
    distributions: Names,
) -> Poly:
    """Return the normal form of one side; the sides of many mutants are the same."""
    form = NormalForm(positive, p.opener(opened), mode)
    return normalise(form.of(e), distributions)
