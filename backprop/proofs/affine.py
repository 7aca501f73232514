"""Affine forms in index variables: what may stand in a slot over ZZ.

A form is a sum of terms ``integer * symbols * variable``, such as ``2 + s*e - a``, where
the symbols are strides and the like.  Forms are sorted tuples, so equal forms are equal.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sympy as sp

from backprop.proofs.indices import Expr, Index


class Var(NamedTuple):
    """An index variable of the normal form and its dimension."""

    name: str
    dim: str


Key = tuple[tuple[str, ...], Var | None]
Form = tuple[tuple[Key, int], ...]

_numbers = itertools.count()


def fresh(dim: str) -> Var:
    """Return a variable that occurs nowhere else."""
    return Var(f"t{next(_numbers)}", dim)


def free(i: Index) -> Var:
    """Return the variable of a free index."""
    return Var(f"f{i.dummy_index}", str(i.dim))


def form(terms: Iterable[tuple[Key, int]]) -> Form:
    """Add terms up and sort them."""
    total: dict[Key, int] = {}
    for key, c in terms:
        total[key] = total.get(key, 0) + c
    return tuple(sorted(((k, c) for k, c in total.items() if c), key=text_of_term))


def text_of_term(term: tuple[Key, int]) -> str:
    """Return a text that orders terms, by the variable first and by the coefficient last."""
    (symbols, v), c = term
    return f"{v.name + ':' + v.dim if v else ''}*{'*'.join(symbols)}*{c}"


def text(a: Form) -> str:
    """Return a text that is the same only for equal forms."""
    return "+".join(map(text_of_term, a))


def of_var(v: Var) -> Form:
    """Return the form v."""
    return ((((), v), 1),)


def subtract(a: Form, b: Form) -> Form:
    """Return a - b."""
    return form((*a, *((k, -c) for k, c in b)))


def scale(a: Form, c: int, symbols: tuple[str, ...] = ()) -> Form:
    """Return c times symbols times a."""
    return form(((tuple(sorted(k[0] + symbols)), k[1]), c * x) for k, x in a)


def variables(a: Form) -> frozenset[Var]:
    """Return the variables of a form."""
    return frozenset(v for (_, v), _ in a if v is not None)


def substitute(a: Form, values: Mapping[Var, Form]) -> Form:
    """Put forms in place of variables."""
    if values.keys().isdisjoint(variables(a)):
        return a
    out: list[tuple[Key, int]] = []
    for (symbols, v), c in a:
        if v is not None and v in values:
            out.extend(scale(values[v], c, symbols))
        else:
            out.append(((symbols, v), c))
    return form(out)


def solve(a: Form, among: Iterable[Var] | None = None) -> tuple[Var, Form] | None:
    """Solve a = 0 for a variable that occurs once, with coefficient 1 or -1."""
    allowed = variables(a) if among is None else frozenset(among)
    occurrences = [v for (_, v), _ in a]
    found = [
        (v, c)
        for (symbols, v), c in a
        if v in allowed and not symbols and abs(c) == 1 and occurrences.count(v) == 1
    ]
    if not found:
        return None
    v, c = max(found)
    return v, scale(tuple(t for t in a if t[0][1] != v), -c)


def of_expression(e: Expr, names: Mapping[Index, Var]) -> Form:
    """Translate an index expression; bound indices are found in `names`."""
    terms: list[tuple[Key, int]] = []
    for term in sp.Add.make_args(sp.expand(e)):
        c, symbols, var = 1, [], None
        for f in sp.Mul.make_args(term):
            if f.is_Integer:
                c *= int(f)
            elif isinstance(f, Index) and var is None:
                var = names.get(f) or free(f)
            elif f.is_Symbol and not isinstance(f, Index):
                symbols.append(f.name)
            else:
                raise ValueError(f"{e} is not affine in the indices")
        terms.append(((tuple(sorted(symbols)), var), c))
    return form(terms)
