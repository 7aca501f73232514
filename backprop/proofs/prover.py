"""Verdicts of the first engine: a difference whose normal form is zero for all sizes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import sympy as sp

from backprop.proofs import constraints
from backprop.proofs.derivative import name_of
from backprop.proofs.indices import Expr, Index
from backprop.proofs.normal_form import NormalForm
from backprop.proofs.polynomials import Poly
from backprop.proofs.zero_test import is_zero

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation

Names = frozenset[str]


def equal(p: Derivation, left: Expr, right: Expr) -> Names | None:
    """Prove that two expressions are equal for all sizes; return the definitions opened."""
    known = frozenset(p.positives), frozenset(p.distributions)
    for opened, through_exp in ways(p, left, right):
        try:
            a, b = (normal_form(p, e, opened, through_exp, *known) for e in (left, right))
            if is_zero(constraints.normalise(a - b, p.distributions)):
                return opened
        except ZeroDivisionError:
            continue
    return None


def ways(p: Derivation, *sides: Expr) -> Iterator[tuple[Names, bool]]:
    """Return what to open: nothing, then definitions from the last on, then sigmoid and tanh."""
    names = [name for name in p.definitions if name in occurring(p, *sides)]
    for k in range(len(names), -1, -1):
        yield frozenset(names[k:]), False
    yield frozenset(names), True


def occurring(p: Derivation, *sides: Expr) -> set[str]:
    """Return the defined names that expressions mention, directly or through definitions."""
    found: set[str] = set()
    for e in sides:
        for a in e.atoms(sp.Indexed, sp.Symbol):
            name = "" if isinstance(a, Index) else name_of(a)
            if name in p.definitions and name not in found:
                found |= {name} | occurring(p, p.definitions[name][1])
    return found


@lru_cache(maxsize=256)
def normal_form(
    p: Derivation,
    e: Expr,
    opened: Names,
    through_exp: bool,
    positive: Names,
    distributions: Names,
) -> Poly:
    """Return the normal form of one side; the sides of many mutants are the same."""
    form = NormalForm(positive, p.opener(opened), through_exp)
    return constraints.normalise(form.of(e), distributions)
