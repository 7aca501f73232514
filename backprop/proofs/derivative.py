"""The chain rule on index expressions, without capture and without contraction.

The result shows every Kronecker delta; the normal form contracts them.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from backprop.proofs.functions import through_output
from backprop.proofs.indices import Expr, Sum, bound, delta, freshen

Opener = Callable[[Expr], Expr | None]
"""Gives the definition of an entry or of a scalar name, or None."""


def name_of(e: Expr) -> str:
    """Return the name of a tensor entry or of a scalar."""
    return str(e.base.label) if isinstance(e, sp.Indexed) else str(e.name)


def open_none(e: Expr) -> None:
    """Open no definition."""


def differentiate(e: Expr, wrt: Expr, opened: Opener = open_none) -> Expr:
    """Differentiate an expression by an entry with fresh indices, or by a scalar.

    Names for which `opened` gives a definition are differentiated through it.
    """

    def d(e: Expr) -> Expr:
        if isinstance(e, sp.Indexed) or e.is_Symbol:
            return d_name(e)
        if isinstance(e, sp.Add):
            return sp.Add(*map(d, e.args))
        if isinstance(e, sp.Mul):
            return sp.Add(*(d_factor(e, k) for k in range(len(e.args))))
        if isinstance(e, sp.exp):
            return times(e, d(e.args[0]))
        if isinstance(e, sp.Pow):
            return times(e.exp * e.base ** (e.exp - 1), d(e.base))
        if isinstance(e, sp.Sum):
            e = freshen(e)
            return Sum(d(e.function), *bound(e))
        if e.is_number or isinstance(e, sp.KroneckerDelta):
            return sp.S.Zero
        if isinstance(e, sp.Function) and len(e.args) == 1:
            inner = d(e.args[0])
            return times(e.fdiff(1), inner) if inner != 0 else inner
        raise TypeError(f"cannot differentiate {type(e).__name__}: {e}")

    def d_name(e: Expr) -> Expr:
        if e == wrt:
            return sp.S.One
        if isinstance(e, sp.Indexed) and isinstance(wrt, sp.Indexed) and e.base == wrt.base:
            pairs = zip(e.indices, wrt.indices, strict=True)
            return sp.Mul(*(delta(a, b) for a, b in pairs))
        definition = opened(e)
        if definition is None:
            return sp.S.Zero
        outer = through_output(definition, e)
        return d(definition) if outer is None else times(outer, d(definition.args[0]))

    def d_factor(e: Expr, k: int) -> Expr:
        inner = d(e.args[k])
        return sp.Mul(*e.args[:k], inner, *e.args[k + 1 :]) if inner != 0 else inner

    return d(sp.sympify(e))


def times(outer: Expr, inner: Expr) -> Expr:
    """Multiply by the inner derivative, without rewriting when it is zero."""
    return outer * inner if inner != 0 else inner
