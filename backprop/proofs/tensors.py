"""Tensors of the statement language: typed entries in brackets, matrices without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from backprop.proofs.errors import DimensionError
from backprop.proofs.indices import ZZ, Expr, Index, Sum, delta

Slot = Index | None  # None is the only value of an index over a dimension of size 1
Shape = tuple[Expr, ...]


def show(shape: Shape) -> str:
    """Print a shape as NumPy does.

    Examples
    --------
    >>> show((sp.Symbol("M"), sp.Symbol("N")))
    '(M, N)'
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


class Matrix:
    """A matrix given by its shape and by the formula of its entry (i, j).

    Vectors are columns.  Arrays of rank three and more have elementwise operations only.
    """

    __iter__ = None  # a matrix is not a sequence; SymPy would otherwise try to convert it
    _op_priority = 1000.0

    def __init__(self, shape: Shape, entry: Callable[..., Expr], text: str) -> None:
        self.shape, self._entry, self.text = shape, entry, text

    def __repr__(self) -> str:
        """Show the formula."""
        return self.text

    @property
    def entries(self) -> Shape:
        """Return the shape, with columns for vectors."""
        return self.shape

    def entry(self, *slots: Slot) -> Expr:
        """Return the entry at indices, `None` for a dimension of size 1."""
        return sp.sympify(self._entry(*slots))

    @property
    def T(self) -> Matrix:
        """Return the transpose."""
        rank_two(self)
        rows, columns = self.entries
        text = f"{self.text}.T" if self.text.isidentifier() else f"({self.text}).T"
        return Matrix((columns, rows), lambda i, j: self.entry(j, i), text)

    def __mul__(self, other: Any) -> Matrix:
        """Return the matrix product, or the multiple by a scalar."""
        return product(self, other) if isinstance(other, Matrix) else scaled(self, other)

    def __rmul__(self, other: Any) -> Matrix:
        """Return the multiple by a scalar."""
        return scaled(self, other)

    def __matmul__(self, other: Matrix) -> Matrix:
        """Return the matrix product."""
        return product(self, other)

    def __truediv__(self, other: Any) -> Matrix:
        """Return the matrix divided by a scalar."""
        return scaled(self, 1 / sp.sympify(other))

    def __neg__(self) -> Matrix:
        """Return the matrix with all signs changed."""
        return scaled(self, -1)

    def __add__(self, other: Matrix) -> Matrix:
        """Return the sum of two matrices of one shape."""
        return entrywise("+", lambda a, b: a + b, self, other)

    def __sub__(self, other: Matrix) -> Matrix:
        """Return the difference of two matrices of one shape."""
        return entrywise("-", lambda a, b: a - b, self, other)


class Tensor(Matrix):
    """A named array with typed slots.

    ``x[n, d]`` is an entry, a SymPy expression; ``x`` itself is a matrix (a rank-1 tensor
    is a column), to be used as in ``dy.T * x``.
    """

    def __init__(self, name: str, shape: Shape, latex: str | None = None) -> None:
        self.name, self.latex = name, latex
        self.symbol = sp.Symbol(name)
        self.base = sp.IndexedBase(self.symbol)
        super().__init__(tuple(map(sp.sympify, shape)), self._at, name)

    @property
    def rank(self) -> int:
        """Return the number of slots."""
        return len(self.shape)

    @property
    def entries(self) -> Shape:
        """Return the shape, with columns for vectors."""
        return self.shape if self.rank >= 2 else (self.shape + (sp.S.One,) * 2)[:2]

    def _at(self, *slots: Slot) -> Expr:
        return self[tuple(s if s is not None else sp.S.Zero for s in slots[: self.rank])]

    def __getitem__(self, slots: Any) -> Expr:
        """Return an entry; raise DimensionError if an index has another dimension."""
        slots = slots if isinstance(slots, tuple) else (slots,)
        if len(slots) != self.rank:
            raise DimensionError(
                f"{self.name} has shape {show(self.shape)}, but {len(slots)} indices were given"
            )
        slots = tuple(map(sp.sympify, slots))
        for k, (slot, dim) in enumerate(zip(slots, self.shape, strict=True)):
            self._check(k, slot, dim)
        return sp.Indexed(self.base, *slots) if slots else self.symbol

    def _check(self, k: int, slot: Expr, dim: Expr) -> None:
        for i in slot.atoms(Index):
            if i.dim != dim:
                raise DimensionError(
                    f"{self.name} has shape {show(self.shape)}: slot {k} has dimension {dim}, "
                    f"but index {i} runs over {i.dim}"
                )
        if dim != ZZ and not isinstance(slot, Index) and not slot.is_Integer:
            raise DimensionError(
                f"{self.name}[..., {slot}, ...]: arithmetic on indices needs a slot over ZZ, "
                f"slot {k} has dimension {dim}"
            )


def rank_two(m: Matrix) -> None:
    """Raise DimensionError unless the argument is a matrix or a column."""
    if len(m.entries) != 2:
        raise DimensionError(f"{m} has shape {show(m.shape)}: matrix notation needs rank two")


def product(a: Matrix, b: Matrix) -> Matrix:
    """Return the matrix product, with a fresh index in each entry."""
    rank_two(a)
    rank_two(b)
    (rows, inner), (inner_too, columns) = a.entries, b.entries
    if inner != inner_too:
        raise DimensionError(
            f"{a} * {b}: shapes {show(a.entries)} and {show(b.entries)} do not fit, "
            f"{inner} is not {inner_too}"
        )

    def entry(i: Slot, j: Slot) -> Expr:
        if inner == 1:
            return a.entry(i, None) * b.entry(None, j)
        k = Index.over(inner)
        return Sum(a.entry(i, k) * b.entry(k, j), k)

    return Matrix((rows, columns), entry, f"{factor(a)}*{factor(b)}")


def factor(m: Matrix) -> str:
    """Print a matrix as a factor."""
    return f"({m})" if any(sign in m.text for sign in ("+", "-")) else m.text


def scaled(m: Matrix, scalar: Any) -> Matrix:
    """Return the multiple of a matrix by a scalar expression without indices."""
    value = sp.sympify(scalar)
    return Matrix(m.entries, lambda *at: value * m.entry(*at), f"{value}*{factor(m)}")


def entrywise(name: str, f: Callable[..., Expr], *ms: Matrix) -> Matrix:
    """Apply a scalar formula entry by entry to matrices of one shape."""
    for m in ms:
        if not isinstance(m, Matrix):
            raise DimensionError(f"{name}: {m} is not a matrix; multiply ones(N) by it")
        if m.entries != ms[0].entries:
            raise DimensionError(
                f"{name}: shapes {show(ms[0].entries)} of {ms[0]} "
                f"and {show(m.entries)} of {m} differ"
            )
    joined = (
        f" {name} ".join(map(str, ms)) if name in "+-" else f"{name}({', '.join(map(str, ms))})"
    )
    return Matrix(ms[0].entries, lambda *at: f(*(m.entry(*at) for m in ms)), joined)


def hadamard(*ms: Matrix) -> Matrix:
    """Return the product entry by entry of matrices of one shape."""
    return entrywise("hadamard", lambda *es: sp.Mul(*es), *ms)


def elementwise(f: Callable[[Expr], Expr], m: Matrix) -> Matrix:
    """Apply a function to every entry."""
    return entrywise(getattr(f, "__name__", "f"), f, m)


def diag(v: Matrix) -> Matrix:
    """Return the diagonal matrix of a column or of a row."""
    rank_two(v)
    if sp.S.One not in v.entries:
        raise DimensionError(f"diag({v}) needs a vector, not shape {show(v.entries)}")
    column = v.entries[1] == 1
    n = v.entries[0] if column else v.entries[1]

    def entry(i: Slot, j: Slot) -> Expr:
        return delta(i, j) * (v.entry(i, None) if column else v.entry(None, i))

    return Matrix((n, n), entry, f"diag({v})")


def identity(n: Expr) -> Matrix:
    """Return the identity matrix of a dimension."""
    return Matrix((n, n), lambda i, j: delta(i, j), f"identity({n})")


def ones(*shape: Expr) -> Matrix:
    """Return a matrix of ones, a column if one dimension is given."""
    full = tuple(map(sp.sympify, (*shape, 1) if len(shape) == 1 else shape))
    return Matrix(full, lambda *at: sp.S.One, f"ones({', '.join(map(str, shape))})")
