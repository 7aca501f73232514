"""The chain rule on index expressions, and the contraction of its deltas as on paper.

The derivative shows every Kronecker delta.  What is printed contracts them with sums, one
step at a time; proofs do not use that, the normal form contracts them in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from backprop.proofs.functions import through_output
from backprop.proofs.indices import Expr, Index, Sum, bound, delta, free_indices, freshen

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


def final(e: Expr) -> Expr:
    """Return what remains after all contractions."""
    return [e, *contractions(e)][-1]


def contractions(e: Expr) -> Iterator[Expr]:
    """Return what remains after each contraction of a delta with a sum."""
    while True:
        new = contracted(e)
        if new == e:
            return
        yield new
        e = new


def contracted(e: Expr) -> Expr:
    """Contract the innermost sums that hold a delta, one index each."""
    if not e.has(sp.Sum) or not e.has(sp.KroneckerDelta):
        return e
    if not isinstance(e, sp.Sum):
        return e.func(*map(contracted, e.args)) if e.args else e
    inner = contracted(e.function)
    if inner != e.function:
        return Sum(inner, *bound(e))
    inner = distributed(inner)
    if isinstance(inner, sp.Add) and inner.has(sp.KroneckerDelta):
        return sp.Add(*(summed(term, bound(e)) for term in inner.args))
    for d in sp.Mul.make_args(inner):
        solved = solve(d, bound(e)) if isinstance(d, sp.KroneckerDelta) else None
        if solved:
            i, value = solved
            rest = freshen(sp.Mul(*(f for f in sp.Mul.make_args(inner) if f is not d)))
            return Sum(rest.xreplace({i: value}), *(j for j in bound(e) if j != i))
    moved = pulled(inner, bound(e))
    return e if moved is None else moved


def summed(e: Expr, indices: tuple[Index, ...]) -> Expr:
    """Return a sum with its number and sign in front."""
    c, rest = e.as_coeff_Mul()
    return c * Sum(rest, *indices)


def distributed(e: Expr) -> Expr:
    """Multiply a product out over one factor that is a sum of terms with deltas."""
    factors = sp.Mul.make_args(e)
    for f in factors:
        if len(factors) > 1 and isinstance(f, sp.Add) and f.has(sp.KroneckerDelta):
            rest = sp.Mul(*(g for g in factors if g is not f))
            return sp.Add(*(rest * term for term in f.args))
    return e


def solve(d: Expr, indices: tuple[Index, ...]) -> tuple[Index, Expr] | None:
    """Solve the equation of a delta for one of the indices."""
    difference = sp.expand(d.args[0] - d.args[1])
    for i in indices:
        c = difference.coeff(i)
        if abs(c) == 1:
            return i, sp.expand(i - c * difference)
    return None


def pulled(e: Expr, outer: tuple[Index, ...]) -> Expr | None:
    """Join a sum with an inner sum whose delta holds an outer index."""
    for f in sp.Mul.make_args(e):
        if isinstance(f, sp.Sum) and any(
            free_indices(d) & set(outer) for d in f.atoms(sp.KroneckerDelta)
        ):
            f_new = freshen(f)
            rest = [g for g in sp.Mul.make_args(e) if g is not f]
            body = sp.Mul(*rest, f_new.function)
            if isinstance(f_new.function, sp.Add):
                body = sp.Add(*(sp.Mul(*rest, g) for g in f_new.function.args))
            return Sum(body, *outer, *bound(f_new))
    return None
