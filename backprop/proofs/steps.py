"""The chain rule as LaTeX: forward equations, the derivative, each contraction, the claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy as sp

from backprop.proofs.derivative import name_of
from backprop.proofs.indices import Expr, Index, Sum, bound, free_indices, freshen
from backprop.proofs.latex import latex, left_side

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim


class Steps(str):
    """LaTeX of an aligned display; shows itself in a notebook."""

    def _repr_markdown_(self) -> str:
        return f"$$\n{self}\n$$"


def steps(claim: Claim) -> Steps:
    """Return the derivation of a claim, delta by delta."""
    p = claim.p
    rows = []
    for name in used(claim):
        indices, body = p.definitions[name]
        t = p.tensors[name]
        rows.append(f"{latex(p, t[indices] if indices else t.symbol)} &= {latex(p, body, indices)}")
    left = left_side(claim)
    shown = ""
    for e in (claim.left, *contractions(claim.left), claim.equals):
        right = latex(p, e, claim.free)
        if right != shown:
            rows.append(f"{left} &= {right}")
        left, shown = "", right
    lines = " \\\\\n".join(rows)
    return Steps(f"\\begin{{aligned}}\n{lines}\n\\end{{aligned}}")


def used(claim: Claim) -> list[str]:
    """Return the names of the definitions between `wrt` and `of`, in order."""
    p = claim.p
    found: set[str] = set()

    def visit(e: Expr) -> None:
        for a in e.atoms(sp.Indexed, sp.Symbol):
            name = "" if isinstance(a, Index) else name_of(a)
            if name in p.definitions and name not in found | set(claim.closed):
                found.add(name)
                visit(p.definitions[name][1])

    visit(claim.of if claim.lhs is None else claim.lhs)
    return [name for name in p.definitions if name in found]


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
