"""Typed indices: every index knows the dimension that it runs over.

A dimension is a positive integer symbol and never gets a value in a proof.  The
dimension `ZZ` stands for all integers; tensors are extended by zero along it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from backprop.proofs.errors import DimensionError

Expr = Any  # SymPy ships no types: an `Expr` is a sympy.Expr

ZZ: Expr = sp.Symbol("ZZ")
LETTERS = "abcdefghijkmnpqrstuvwxyz"  # l and o look like numbers


def word(name: str) -> str:
    r"""Return the LaTeX of a name; a name of several letters is set as one word.

    Examples
    --------
    >>> word("dy"), word("gamma"), word("h1"), word("x")
    ('\\mathit{dy}', '\\gamma', 'h_{1}', 'x')
    """
    text = str(sp.latex(sp.Symbol(name)))
    return rf"\mathit{{{name}}}" if text == name and len(name) > 1 else text


class Index(sp.Dummy):  # type: ignore[misc]
    """An index variable that runs over one dimension.

    Two indices are equal only if they are the same one, whatever their names.
    """

    __slots__ = ("chosen", "dim")

    def __new__(
        cls, name: str, dim: Expr, dummy_index: int | None = None, chosen: bool = True
    ) -> Index:
        """Make a new index, or with `dummy_index` the very one that had that number."""
        self: Index = sp.Dummy.__new__(cls, name, dummy_index, integer=True)
        self.dim, self.chosen = sp.sympify(dim), chosen
        return self

    @classmethod
    def over(cls, dim: Expr) -> Index:
        """Make a new index whose name is not chosen: a printer may take another."""
        return cls(next(names_over(dim)), dim, chosen=False)

    def __getnewargs_ex__(self) -> tuple[tuple[str, Expr, int, bool], dict[str, bool]]:
        """Return what pickle needs to make the same index again."""
        return (self.name, self.dim, self.dummy_index, self.chosen), {}

    def fresh(self) -> Index:
        """Return another index of the same name and dimension."""
        return Index(self.name, self.dim, chosen=self.chosen)

    def _latex(self, printer: Any) -> str:
        return word(self.name)

    def _sympystr(self, printer: Any) -> str:
        return str(self.name)


def names_over(dim: Expr) -> Iterator[str]:
    """Return names for indices over a dimension: its own letter in lower case, then the next.

    Examples
    --------
    >>> list(itertools.islice(names_over(dims("D")), 3))
    ['d', 'e', 'f']
    """
    own = str(dim)[0].lower()
    letter = own if own in LETTERS and dim != ZZ else "i"
    beside = {"n": "mk", "m": "nk"}.get(letter, "")
    first = LETTERS.index(letter)
    yield from dict.fromkeys((letter, *beside, *LETTERS[first:], *LETTERS[:first]))
    yield from (f"{letter}{k}" for k in itertools.count(1))


def dims(names: str) -> Expr:
    """Make dimensions: positive whole numbers that no proof gives a value.

    Parameters
    ----------
    names : str
        One or more names, such as "N D"; equal names give equal dimensions.

    Returns
    -------
    Symbol or tuple of Symbol
        One dimension for one name, a tuple for several.

    Examples
    --------
    >>> N, D = dims("N D")
    >>> N.is_positive
    True
    """
    return sp.symbols(names, integer=True, positive=True)


def index(names: str, dim: Expr) -> Any:
    """Make indices over a dimension.

    Parameters
    ----------
    names : str
        One or more names, such as "i j"; every call makes new indices.
    dim : dimension, int or ZZ
        What they run over; ZZ stands for all integers.

    Returns
    -------
    Index or tuple of Index
        One index for one name, a tuple for several.

    Examples
    --------
    >>> i, j = index("i j", dims("N"))
    >>> i.dim == j.dim, i == j
    (True, False)
    """
    made = tuple(Index(name, dim) for name in names.replace(",", " ").split())
    return made[0] if len(made) == 1 else made


def limits(i: Index) -> tuple[Index, Expr, Expr]:
    """Return the whole range of an index as limits of a SymPy sum."""
    return (i, -sp.oo, sp.oo) if i.dim == ZZ else (i, sp.S.One, i.dim)


def Sum(body: Expr, *indices: Index) -> Expr:
    """Sum over the whole range of typed indices.

    Parameters
    ----------
    body : expression
        What is summed.
    *indices : Index
        What it is summed over: from the first to the last value of each dimension.

    Returns
    -------
    expression
        A SymPy sum.

    Raises
    ------
    ValueError
        A `DimensionError`, if something is no index or is summed over twice.

    Examples
    --------
    >>> i, j = index("i j", dims("N"))
    >>> Sum(i.dim, i)
    Sum(N, (i, 1, N))
    >>> i = index("i", dims("N"))
    >>> Sum(sp.Integer(0), i)
    0
    """
    for i in indices:
        if not isinstance(i, Index):
            raise DimensionError(f"a sum runs over a typed index, not over {i!r}")
    if len(set(indices)) < len(indices):
        raise DimensionError(f"a sum over ({', '.join(map(str, indices))}) repeats an index")
    body = sp.sympify(body)
    if isinstance(body, sp.Sum) and set(bound(body)) & set(indices):
        body = freshen(body)  # SymPy would merge the two sums and confuse their indices
    return sp.Sum(body, *map(limits, indices)) if indices and body != 0 else body


def bound(e: Expr) -> tuple[Index, ...]:
    """Return the indices that a sum binds; raise if a substitution made two the same."""
    indices = tuple(limit[0] for limit in e.limits)
    if len(set(indices)) < len(indices):
        raise DimensionError(f"{e} binds an index twice: an index was captured")
    return indices


def delta(i: Expr, j: Expr) -> Expr:
    """Return the Kronecker delta: 1 where two indices are equal, else 0.

    Parameters
    ----------
    i, j : Index or int
        Two indices over the same dimension; over ZZ they may be shifted.

    Raises
    ------
    ValueError
        A `DimensionError`, if the indices run over different dimensions.

    Examples
    --------
    >>> N, D = dims("N D")
    >>> delta(index("i", N), index("d", D))
    Traceback (most recent call last):
        ...
    backprop.proofs.errors.DimensionError: delta(i, d) links the dimensions D and N
    """
    dims = {str(k.dim) for e in (i, j) for k in sp.sympify(e).atoms(Index)}
    if len(dims) > 1:
        raise DimensionError(f"delta({i}, {j}) links the dimensions {' and '.join(sorted(dims))}")
    return sp.KroneckerDelta(i, j)


def free_indices(e: Expr) -> frozenset[Index]:
    """Return the indices of an expression that no sum binds."""
    if isinstance(e, Index):
        return frozenset((e,))
    if isinstance(e, sp.Sum):
        return free_indices(e.function) - frozenset(bound(e))
    return frozenset().union(*map(free_indices, e.args)) if e.args else frozenset()


def in_order(indices: Iterable[Index]) -> list[Index]:
    """Sort indices by age, which is the same in every run."""
    return sorted(indices, key=lambda i: i.dummy_index)


def freshen(e: Expr) -> Expr:
    """Rename every bound index, so that no later substitution can capture one."""
    if not e.has(sp.Sum):
        return e
    if isinstance(e, sp.Sum):
        new = {i: i.fresh() for i in bound(e)}
        return Sum(freshen(e.function).xreplace(new), *new.values())
    return e.func(*map(freshen, e.args))


def substitute(e: Expr, values: dict[Index, Expr]) -> Expr:
    """Put values in place of free indices without capture."""
    return freshen(e).xreplace(values)
