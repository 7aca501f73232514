"""Decide whether a normal form is zero.  True is a proof; False says nothing.

Denominators and roots are cleared one base at a time; a product with an indicator [u > 0]
is settled by cases u > 0, u < 0 and u = 0.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from backprop.proofs.calls import Call, Sign, call, indicator
from backprop.proofs.polynomials import Atom, Entry, Poly, Root, Scalar, product, total


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
