"""LaTeX as a book prints it: formulas, claims, and the chain rule step by step."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from backprop.proofs.derivative import contractions, name_of
from backprop.proofs.indices import Expr, Index, bound, free_indices, word

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim
    from backprop.proofs.derivation import Derivation

NUMBER, SCALAR, GRADIENT, ENTRY, DELTA, CALL, TERMS, SUM = range(8)  # factors in this order
DIVIDED = {NUMBER, SCALAR, ENTRY, CALL}  # what stands above a denominator


class Printer(LatexPrinter):  # type: ignore[misc]
    """SymPy's printer with the habits of index notation."""

    def __init__(self, p: Derivation) -> None:
        self.p = p
        self.place = {name: k for k, name in enumerate(p.tensors)}
        computed = {n for n, names in p.depends.items() if not names.isdisjoint(p.upstreams)}
        self.gradients = computed | p.upstreams.keys()
        names = {t.symbol: t.latex or word(t.name) for t in p.tensors.values()}
        names |= {p.tensors[name].symbol: self._gradient(name, "") for name in p.upstreams}
        self.texts: dict[Expr, str] = {}
        super().__init__({"symbol_names": names})

    def _print(self, e: Any, **settings: Any) -> str:
        """Print each part once: the order of factors depends on their texts too."""
        if settings or not isinstance(e, sp.Basic):
            return str(super()._print(e, **settings))
        if e not in self.texts:
            self.texts[e] = str(super()._print(e))
        return self.texts[e]

    def _gradient(self, name: str, at: str) -> str:
        """Print an opaque gradient as the derivative that it stands for."""
        p = self.p
        if p.tensors[name].latex:
            return f"{p.tensors[name].latex}{at}"
        y, loss, fixed = p.upstreams[name]
        bottom, top = (t.latex or word(t.name) for t in (y, p.of(loss)))
        text = rf"\frac{{\partial {top}}}{{\partial {self._with(bottom, at)}}}"
        if fixed:
            held = ", ".join(t.latex or word(t.name) for t in fixed)
            text = rf"\left.{text}\right|_{{{held}}}"
        return text

    def _with(self, base: str, at: str) -> str:
        """Add a subscript, if there is one."""
        return f"{{{base}}}{at}" if at and ("_" in base or "^" in base) else f"{base}{at}"

    def _as_ordered_terms(self, e: Expr, order: str | None = None) -> list[Expr]:
        terms = super()._as_ordered_terms(e, order)
        return sorted(terms, key=self._rank_of_term)

    def _rank_of_term(self, term: Expr) -> tuple[bool, int]:
        """Return where a term stands: what is subtracted last, open sums after the others."""
        last = max(sp.Mul.make_args(term), key=lambda f: self._rank(f)[0])
        kind = 2 if isinstance(last, sp.Sum) else int(term.is_Symbol)
        return negative(term), kind

    def slot(self, i: Expr) -> str:
        """Print an index expression, what is added before what is subtracted."""
        text = str(self._print(i))
        return f"-{text[2:]}" if text.startswith("- ") else text

    def _print_Indexed(self, e: Expr) -> str:
        slots = [self.slot(i) for i in e.indices]
        short = all(isinstance(i, Index | sp.Integer) for i in e.indices)
        inner = ("" if short and all(len(s) == 1 for s in slots) else ",").join(slots)
        if name_of(e) in self.p.upstreams:
            return self._gradient(name_of(e), f"_{{{inner}}}")
        return self._with(self._print(e.base.label), f"_{{{inner}}}")

    def _print_Pow(self, e: Expr) -> str:
        text = str(super()._print_Pow(e))
        named = isinstance(e.base, sp.Indexed) or e.base.is_Symbol
        if named and name_of(e.base) in self.p.upstreams and e.exp.is_positive:
            base = self._print(e.base)
            return text.replace(base, rf"\left({base}\right)", 1)
        return text

    def _print_Mul(self, e: Expr) -> str:
        """Print a product: what is divided first, then the other factors by their rank."""
        if negative(e):
            return f"- {self._factors(-e)}"
        return self._factors(e)

    def _factors(self, e: Expr) -> str:
        """Print a product without a sign in front."""
        above, below = [], []
        for f in sp.Mul.make_args(e):
            n, d = f.as_numer_denom() if f.is_Rational else (f, sp.S.One)
            if isinstance(f, sp.Pow) and f.exp.is_Rational and f.exp < 0:
                n, d = sp.S.One, f.base**-f.exp
            above += [n] if n != 1 else []
            below += [d] if d != 1 else []
        above.sort(key=self._rank)
        below.sort(key=self._rank)
        if below:
            inside = [f for f in above if self._rank(f)[0] in DIVIDED]
            if not inside and len(above) == 1 and isinstance(above[0], sp.Add):
                inside = above
            above = [f for f in above if f not in inside]
            top = self._print(inside[0]) if len(inside) == 1 else self._row(inside)
            bottom = self._print(below[0]) if len(below) == 1 else self._row(below)
            fraction = rf"\frac{{{top or 1}}}{{{bottom}}}"
            return f"{fraction} {self._row(above)}" if above else fraction
        return self._row(above)

    def _row(self, factors: list[Expr]) -> str:
        """Print factors one after the other, a sum in brackets unless it is the last."""
        texts = []
        for k, f in enumerate(factors):
            last = k == len(factors) - 1
            text = self._print(f)
            if isinstance(f, sp.Add) or (isinstance(f, sp.Sum) and not last):
                text = rf"\left({text}\right)"
            texts.append(text)
        return " ".join(texts)

    def _rank(self, f: Expr) -> tuple[Any, ...]:
        """Return where a factor stands: the kind, the order of declaration, the text."""
        base = f.base if isinstance(f, sp.Pow) else f
        name = name_of(base) if isinstance(base, sp.Indexed) or base.is_Symbol else ""
        if base.is_Number:
            kind = NUMBER
        elif name in self.gradients:
            kind = GRADIENT
        elif name:
            kind = SCALAR if base.is_Symbol else ENTRY
        elif isinstance(base, sp.Sum):
            kind = SUM
        elif isinstance(base, sp.Add):
            kind = TERMS
        else:
            kind = DELTA if isinstance(base, sp.KroneckerDelta) else CALL
        return kind, self.place.get(name, -1), str(self._print(f))

    def _print_Sum(self, e: Expr) -> str:
        names = ",".join(self._print(i) for i in bound(e))
        body = self._print(e.function)
        if isinstance(e.function, sp.Add) or negative(e.function):
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


def negative(e: Expr) -> bool:
    """Say whether a term is subtracted."""
    return bool(e.as_coeff_Mul()[0].is_negative)


def readable(p: Derivation, e: Expr, taken: Iterable[Index] = ()) -> Expr:
    """Rename bound indices so that no two that are in scope together look alike."""
    return _renamed(p, e, {i.name for i in (*taken, *free_indices(e))})


def _renamed(p: Derivation, e: Expr, names: set[str]) -> Expr:
    if isinstance(e, sp.Sum):
        new, used = {}, set(names)
        for i in bound(e):
            wanted = [i.name] if i.chosen else []
            name = next(n for n in itertools.chain(wanted, p.letters(i.dim)) if n not in used)
            used.add(name)
            new[i] = Index(name, i.dim)
        return sp.Sum(
            _renamed(p, e.function.xreplace(new), used),
            *((new[limit[0]], *limit[1:]) for limit in e.limits),
        )
    if not e.args or isinstance(e, sp.Indexed | sp.KroneckerDelta):
        return e
    return e.func(*(_renamed(p, a, names) for a in e.args))


def latex(p: Derivation, e: Expr, taken: Iterable[Index] = ()) -> str:
    """Print an expression of a derivation."""
    return str(Printer(p).doprint(readable(p, sp.sympify(e), taken)))


def left_side(claim: Claim) -> str:
    """Print the side that is not claimed."""
    if claim.lhs is not None:
        return latex(claim.p, claim.lhs)
    of, wrt = latex(claim.p, claim.of), latex(claim.p, claim.wrt)
    return rf"\frac{{\partial {of}}}{{\partial {wrt}}}"


def claim_latex(claim: Claim) -> str:
    """Print a claim as an equation."""
    return f"{left_side(claim)} = {latex(claim.p, claim.equals, claim.free)}"


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
