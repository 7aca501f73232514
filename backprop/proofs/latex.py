"""LaTeX as a book prints it: indices as subscripts, sums without their full range."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from backprop.proofs.indices import Expr, Index, bound, free_indices, word

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim
    from backprop.proofs.derivation import Derivation

LETTERS = "ijklmnpqrstuvabcdefgh"


class Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's printer with the habits of index notation."""

    def __init__(self, p: Derivation) -> None:
        names = {t.symbol: t.latex or word(t.name) for t in p.tensors.values()}
        super().__init__({"symbol_names": names})

    def _as_ordered_terms(self, e: Expr, order: str | None = None) -> list[Expr]:
        terms = super()._as_ordered_terms(e, order)
        return sorted(terms, key=lambda t: t.could_extract_minus_sign())

    def slot(self, i: Expr) -> str:
        """Print an index expression, what is added before what is subtracted."""
        text = str(self._print(i))
        return f"-{text[2:]}" if text.startswith("- ") else text

    def _print_Indexed(self, e: Expr, exponent: str | None = None) -> str:
        slots = [self.slot(i) for i in e.indices]
        short = all(isinstance(i, Index | sp.Integer) for i in e.indices)
        inner = ("" if short and all(len(s) == 1 for s in slots) else ",").join(slots)
        base = self._print(e.base.label)
        base = f"{{{base}}}" if "_" in base or "^" in base else base
        power = f"^{{{exponent}}}" if exponent is not None else ""
        return f"{base}_{{{inner}}}{power}"

    def _print_Sum(self, e: Expr) -> str:
        names = ",".join(self._print(i) for i in bound(e))
        body = self._print(e.function)
        if isinstance(e.function, sp.Add):
            body = rf"\left({body}\right)"
        return rf"\sum_{{{names}}} {body}"

    def _print_KroneckerDelta(self, e: Expr, exponent: str | None = None) -> str:
        a, b = (self._print(i) for i in e.args)
        comma = "" if len(a) == len(b) == 1 else ","
        return rf"\delta_{{{a}{comma}{b}}}"

    def _print_ExpBase(self, e: Expr, exp: Any = None) -> str:
        text = rf"e^{{{self._print(e.args[0])}}}"
        return text if exp is None else rf"\left({text}\right)^{{{exp}}}"

    _print_exp = _print_ExpBase


def readable(e: Expr, taken: Iterable[Index] = ()) -> Expr:
    """Rename bound indices so that no two that are in scope together look alike."""
    return _renamed(e, {i.name for i in (*taken, *free_indices(e))})


def _renamed(e: Expr, names: set[str]) -> Expr:
    if isinstance(e, sp.Sum):
        new, used = {}, set(names)
        for i in bound(e):
            name = next(
                n for n in [i.name, *LETTERS, *(f"i{k}" for k in range(99))] if n not in used
            )
            used.add(name)
            new[i] = Index(name, i.dim)
        return sp.Sum(
            _renamed(e.function.xreplace(new), used),
            *((new[limit[0]], *limit[1:]) for limit in e.limits),
        )
    if not e.args or isinstance(e, sp.Indexed | sp.KroneckerDelta):
        return e
    return e.func(*(_renamed(a, names) for a in e.args))


def latex(p: Derivation, e: Expr, taken: Iterable[Index] = ()) -> str:
    """Print an expression of a derivation."""
    return str(Printer(p).doprint(readable(sp.sympify(e), taken)))


def left_side(claim: Claim) -> str:
    """Print the side that is not claimed."""
    if claim.lhs is not None:
        return latex(claim.p, claim.lhs)
    of, wrt = latex(claim.p, claim.of), latex(claim.p, claim.wrt)
    return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"


def claim_latex(claim: Claim) -> str:
    """Print a claim as an equation."""
    return f"{left_side(claim)} = {latex(claim.p, claim.equals, claim.free)}"
