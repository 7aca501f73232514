"""Verdicts of the first engine: a difference whose normal form is zero for all sizes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from backprop.proofs import constraints
from backprop.proofs.functions import sigmoid, tanh
from backprop.proofs.indices import Expr
from backprop.proofs.normal_form import NormalForm
from backprop.proofs.polynomials import Poly
from backprop.proofs.zero_test import is_zero

if TYPE_CHECKING:
    from backprop.proofs.derivation import Derivation

Names = frozenset[str]


def equal(p: Derivation, left: Expr, right: Expr) -> Names | None:
    """Prove that two expressions are equal for all sizes; return the definitions opened."""
    known = frozenset(p.positives), frozenset(p.distributions)
    for opened, mode in ways(p, left, right):
        try:
            a, b = (normal_form(p, e, opened, mode, *known) for e in (left, right))
            if is_zero(constraints.normalise(a - b, p.distributions)):
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
    return constraints.normalise(form.of(e), distributions)
