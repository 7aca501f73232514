"""NumPy source of a claimed formula: sums of products become einsum, deltas np.eye.

For dimensions with a size; a formula over ZZ is evaluated by `Claim.numpy`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import sympy as sp

from backprop.proofs.derivative import name_of
from backprop.proofs.errors import DimensionError
from backprop.proofs.indices import ZZ, Expr, Index, Sum, bound, freshen

if TYPE_CHECKING:
    from backprop.proofs.claim import Claim

Code = tuple[list[Index], str, int]
"""Axes, source, and how tightly it binds: a sum, a product, or an atom."""
SUM, PRODUCT, POWER, ATOM = range(4)

CALLS = {
    "log": "np.log({})",
    "tanh": "np.tanh({})",
    "step": "({} > 0)",
    "relu": "np.maximum({}, 0)",
    "sign": "np.sign({})",
    "absolute": "np.abs({})",
    "sigmoid": "sigmoid({})",
}


def source(claim: Claim, name: str | None = None) -> str:
    """Return a function whose arguments are the arrays that the formula names."""
    e = claim.equals
    if any(i.dim == ZZ for i in e.atoms(Index)):
        raise DimensionError(f"{claim.id}: no source for a formula over ZZ; use numpy()")
    writer = Writer(claim.free)
    code = writer.spread(writer.translate(e))
    names = {name_of(a) for a in e.atoms(sp.Indexed, sp.Symbol) if not isinstance(a, Index)}
    arguments = [identifier(n) for n in claim.p.tensors if n in names]
    sizes = sorted({str(i.dim) for i in e.atoms(Index)} | {str(s) for s in e.free_symbols})
    arguments += [s for s in sizes if s not in arguments and re.search(rf"\b{s}\b", code)]
    return f"def {identifier(name or claim.id)}({', '.join(arguments)}):\n    return {code}\n"


class Writer:
    """Writes source; `free` are the axes of the result, in order."""

    def __init__(self, free: Sequence[Index]) -> None:
        self.free = list(free)

    def ordered(self, axes: Iterable[Index]) -> list[Index]:
        """Sort axes: those of the result first, as they stand there."""
        n = len(self.free)
        place = {i: k for k, i in enumerate(self.free)}
        return sorted(set(axes), key=lambda i: (place.get(i, n), i.dummy_index))

    def translate(self, e: Expr) -> Code:
        """Return the source of an expression and the order of its axes."""
        if e.is_Rational:
            return [], f"{e.p}" if e.q == 1 else f"{e.p} / {e.q}", ATOM if e.q == 1 else PRODUCT
        if e.is_Symbol:
            return [], identifier(e.name), ATOM
        if isinstance(e, sp.Indexed):
            return entry(e)
        if isinstance(e, sp.KroneckerDelta):
            return list(e.args), f"np.eye({e.args[0].dim})", ATOM
        if isinstance(e, sp.Mul | sp.Sum):
            return self.product(e)
        if isinstance(e, sp.Add):
            return self.added(e.args)
        if isinstance(e, sp.exp):
            axes, code, _ = self.translate(e.args[0])
            return axes, f"np.exp({code})", ATOM
        if isinstance(e, sp.Pow):
            return self.power(e)
        axes, code, _ = self.translate(e.args[0])
        called = identifier(type(e).__name__) + "({})"
        return axes, CALLS.get(type(e).__name__, called).format(code), ATOM

    def power(self, e: Expr) -> Code:
        """Return a power."""
        base = self.translate(e.base)
        if e.exp == sp.Rational(1, 2):
            return base[0], f"np.sqrt({base[1]})", ATOM
        if e.exp == -1:
            return base[0], f"1 / {tight(base, ATOM)}", PRODUCT
        exponent = str(e.exp) if e.exp.is_Integer and e.exp > 0 else f"({e.exp})"
        return base[0], f"{tight(base, ATOM)} ** {exponent}", POWER

    def product(self, e: Expr) -> Code:
        """Return a product, or a sum of products as one einsum."""
        summed: list[Index] = []
        while isinstance(e, sp.Sum):
            e = freshen(e)
            summed, e = [*summed, *bound(e)], e.function
        if summed and isinstance(e, sp.Add):
            return self.added([Sum(term, *summed) for term in e.args])
        factors: list[Expr] = []
        for f in sp.Mul.make_args(e):
            if isinstance(f, sp.Sum) and summed and not isinstance(f.function, sp.Add):
                f = freshen(f)
                summed += bound(f)
                factors += sp.Mul.make_args(f.function)
            else:
                factors.append(f)
        codes = [self.translate(f) for f in factors]
        scalars = [c for c in codes if not c[0]]
        arrays = [c for c in codes if c[0]]
        scalars += [([], str(i.dim), ATOM) for i in summed if not any(i in c[0] for c in arrays)]
        summed = [i for i in summed if any(i in c[0] for c in arrays)]
        minus = "-" if sum(c[1] == "-1" for c in scalars) % 2 else ""
        scalars = [c for c in scalars if c[1] != "-1"]
        if len(codes) == 1 and not summed and not minus:
            return codes[0]
        axes, parts = self.joined(arrays, summed)
        texts = [*(tight(c, PRODUCT) for c in scalars), *parts]
        return axes, minus + (" * ".join(texts) or "1"), PRODUCT

    def joined(
        self, arrays: Sequence[Code], summed: Sequence[Index]
    ) -> tuple[list[Index], list[str]]:
        """Multiply arrays: plainly if their axes are the same and stay, else by einsum."""
        every = [i for c in arrays for i in c[0]]
        axes = self.ordered(i for i in every if i not in summed)
        same = {tuple(c[0]) for c in arrays}
        if not summed and len(same) <= 1:
            return arrays[0][0] if arrays else [], [factor(c, k) for k, c in enumerate(arrays)]
        subscripts = ",".join(letters(c[0], every) for c in arrays)
        operands = ", ".join(c[1] for c in arrays)
        return axes, [f'np.einsum("{subscripts}->{letters(axes, every)}", {operands})']

    def added(self, terms: Sequence[Expr]) -> Code:
        """Return a sum of terms, each with the axes of all, the positive ones first."""
        codes = [self.translate(term) for term in terms]
        axes = max((c[0] for c in codes), key=len)
        if {i for c in codes for i in c[0]} != set(axes):
            axes = self.ordered(i for c in codes for i in c[0])
        parts = sorted((placed(c, axes) for c in codes), key=lambda t: t.startswith("-"))
        return axes, " + ".join(parts).replace("+ -", "- "), SUM

    def spread(self, code: Code) -> str:
        """Return the source as an array with exactly the axes of the result."""
        text = placed(code, self.free)
        if set(code[0]) == set(self.free):
            return text
        shape = ", ".join(str(i.dim) for i in self.free)
        comma = "," if len(self.free) == 1 else ""
        return f"np.broadcast_to({text}, ({shape}{comma}))"


def identifier(name: str) -> str:
    """Return a name as Python allows it.

    Examples
    --------
    >>> identifier("Ye17 (2)"), identifier("f'"), identifier("lambda")
    ('Ye17_2', 'f_prime', 'lambda_')
    """
    out = "".join(c if c.isalnum() else "_" for c in name.replace("'", "_prime")).strip("_")
    out = "_".join(part for part in out.split("_") if part)
    return f"{out}_" if keyword.iskeyword(out) else f"_{out}" if out[:1].isdigit() else out


def tight(code: Code, at_least: int) -> str:
    """Return the source, in parentheses if it binds less tightly than asked for."""
    return code[1] if code[2] >= at_least else f"({code[1]})"


def entry(e: Expr) -> Code:
    """Return a tensor, or a diagonal of it where an index is repeated."""
    axes = [i for i in e.indices if isinstance(i, Index)]
    name = identifier(name_of(e))
    if len(axes) < len(e.indices):
        name += "[" + ", ".join(":" if isinstance(i, Index) else str(i) for i in e.indices) + "]"
    once = list(dict.fromkeys(axes))
    if len(once) < len(axes):
        return once, f'np.einsum("{letters(axes, axes)}->{letters(once, axes)}", {name})', ATOM
    return axes, name, ATOM


def letters(axes: Sequence[Index], every: Sequence[Index]) -> str:
    """Name axes by letters, as einsum wants."""
    order = list(dict.fromkeys(every))
    return "".join("abcdefghijklmnopqrstuvwxyz"[order.index(i)] for i in axes)


def factor(code: Code, k: int) -> str:
    """Return the source as the k-th factor of a product; a later division needs brackets."""
    return tight(code, POWER if k else PRODUCT)


def placed(code: Code, axes: Sequence[Index]) -> str:
    """Return the source with its axes where they belong, of length 1 where it has none."""
    own, text, _ = code
    if not own or own == list(axes):
        return tight(code, PRODUCT) if own != list(axes) else text
    if text.startswith("-"):
        return "-" + placed((own, text[1:], code[2]), axes)
    order = [own.index(i) for i in axes if i in own]
    if order != sorted(order):
        text = (
            f"{tight(code, ATOM)}.T" if len(own) == 2 else f"np.transpose({text}, {tuple(order)})"
        )
    elif len(own) < len(axes):
        text = tight(code, ATOM)
    if len(own) < len(axes):
        text += "[" + ", ".join(":" if i in own else "None" for i in axes) + "]"
    return text
