"""The chain rule as LaTeX: forward equations, the derivative, each contraction, the claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from backprop.proofs.contraction import contractions
from backprop.proofs.derivative import name_of
from backprop.proofs.indices import Expr, Index
from backprop.proofs.latex import latex, left_side

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim


class Steps(str):
    """LaTeX of an aligned display; shows itself in a notebook."""

    __repr__ = str.__str__

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
