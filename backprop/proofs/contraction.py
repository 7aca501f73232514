"""Contraction of Kronecker deltas with sums, one step at a time, as on paper."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from backprop.proofs.indices import Expr, Index, Sum, bound, free_indices, freshen


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
