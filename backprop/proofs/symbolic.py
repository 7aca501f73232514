"""Arrays of formulas that follow NumPy's rules for shapes, with letters for sizes.

Two different letters never broadcast against each other: what fits only for some sizes does
not fit.  Everything here has the name of the NumPy function that does the same to numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from backprop.proofs import functions as f
from backprop.proofs.errors import DimensionError
from backprop.proofs.indices import Expr, Index, Sum, delta
from backprop.proofs.tensors import Matrix, Shape, Tensor, show

LARGEST_RANK = 6
HIGHEST_DEGREE = 24
ONE, ZERO = sp.S.One, sp.S.Zero


class NotUnderstood(ValueError):
    """Say what in a formula has no meaning here."""


class Array:
    """An array given by its shape and by the formula of an entry.

    `mask` says that the entries are truth values, with which NumPy computes in another way;
    `degree` bounds that of the entries as polynomials.
    """

    def __init__(
        self, dims: Shape, entry: Callable[..., Expr], degree: int = 1, mask: bool = False
    ) -> None:
        if len(dims) > LARGEST_RANK:
            raise NotUnderstood(f"an array with {len(dims)} axes")
        if degree > HIGHEST_DEGREE:
            raise NotUnderstood(f"a product of more than {HIGHEST_DEGREE} factors")
        self.dims, self.degree, self.mask = dims, degree, mask
        self._entry = entry

    @property
    def rank(self) -> int:
        """Return the number of axes."""
        return len(self.dims)

    def entry(self, *slots: Expr) -> Expr:
        """Return the entry at indices."""
        return self._entry(*slots)

    def spread(self, slots: Sequence[Expr]) -> Expr:
        """Return the entry that broadcasting puts at these indices of a larger array."""
        own = slots[len(slots) - self.rank :]
        return self._entry(
            *(ZERO if dim == 1 else i for i, dim in zip(own, self.dims, strict=True))
        )

    @property
    def constant(self) -> Expr:
        """Return the value of an array that is a number, else None."""
        if self.rank:
            return None
        value = self._entry()
        return value if value.is_Rational else None


def array(v: Any) -> Array:
    """Return a number, a tensor, a matrix or an array as an array."""
    if isinstance(v, Array):
        return v
    if isinstance(v, Tensor):
        return Array(v.shape, lambda *at: v[at])
    if isinstance(v, Matrix):
        return Array(v.entries, lambda *at: matrix_entry(v, at))
    if isinstance(v, bool) or not isinstance(v, int | sp.Expr):  # SymPy would run a string
        raise NotUnderstood(f"{v!r} in place of an array")
    value = sp.sympify(v)
    return Array((), lambda: value, degree=0 if value.is_Rational else 1)


def matrix_entry(m: Matrix, at: Sequence[Expr]) -> Expr:
    """Return the entry of a matrix; its axes of size 1 have no index."""
    return m.entry(*(None if dim == 1 else i for i, dim in zip(at, m.entries, strict=True)))


def integer(v: Any) -> int:
    """Return a whole number: an axis, a position in a shape."""
    value = array(v).constant
    if value is None or not value.is_Integer:
        raise NotUnderstood("an axis that is no whole number")
    return int(value)


def axes(v: Any, rank: int) -> list[int]:
    """Return axes, counted from the front."""
    given = [integer(k) for k in (v if isinstance(v, tuple) else (v,))]
    for k in given:
        if not -rank <= k < rank:
            raise DimensionError(f"axis {k} of an array with {rank} axes")
    if len({k % rank for k in given}) < len(given):
        raise NotUnderstood("the same axis twice")
    return [k % rank for k in given]


# -- entry by entry ---------------------------------------------------------------------------


def broadcast(arrays: Sequence[Array], what: str) -> Shape:
    """Return the shape of all arrays together."""
    out: list[Expr] = [ONE] * max(a.rank for a in arrays)
    for a in arrays:
        for k, dim in enumerate(reversed(a.dims), 1):
            if dim != 1 and out[-k] not in (1, dim):
                shapes = " and ".join(show(b.dims) for b in arrays if b.rank)
                raise DimensionError(f"{what}: shapes {shapes} do not fit, {out[-k]} is not {dim}")
            out[-k] = dim if dim != 1 else out[-k]
    return tuple(out)


def entrywise(
    what: str, formula: Callable[..., Expr], *values: Any, degree: int = 1, mask: bool = False
) -> Array:
    """Apply a formula of scalars entry by entry."""
    arrays = [array(v) for v in values]
    dims = broadcast(arrays, what)
    return Array(dims, lambda *at: formula(*(a.spread(at) for a in arrays)), degree, mask)


def both_masks(*values: Any) -> bool:
    """Say whether all are arrays of truth values."""
    return all(isinstance(v, Array) and v.mask for v in values)


def no_masks(what: str, *values: Any) -> None:
    """Raise where NumPy does not compute with truth values, or means something else."""
    if both_masks(*values):
        raise NotUnderstood(f"{what} of truth values")


def highest(*values: Any) -> int:
    """Return the largest degree."""
    return max(array(v).degree for v in values)


def add(a: Any, b: Any) -> Array:
    """Return the sum; of two truth values it says whether one holds."""
    if both_masks(a, b):
        return logical_or(a, b)
    return entrywise("+", lambda x, y: x + y, a, b, degree=highest(a, b))


def subtract(a: Any, b: Any) -> Array:
    """Return the difference."""
    no_masks("-", a, b)
    return entrywise("-", lambda x, y: x - y, a, b, degree=highest(a, b))


def multiply(a: Any, b: Any) -> Array:
    """Return the product entry by entry."""
    degree = array(a).degree + array(b).degree
    return entrywise("*", lambda x, y: x * y, a, b, degree=degree, mask=both_masks(a, b))


def divide(a: Any, b: Any) -> Array:
    """Return the quotient entry by entry."""
    if array(b).constant == 0:
        raise NotUnderstood("a division by zero")
    degree = array(a).degree + array(b).degree
    return entrywise("/", lambda x, y: x / y, a, b, degree=degree)


def power(a: Any, exponent: Any) -> Array:
    """Return a power with a whole exponent or half of one."""
    no_masks("**", a, exponent)
    e = array(exponent).constant
    if e is None or not (2 * e).is_Integer:
        raise NotUnderstood("an exponent that is no whole or half number")
    if abs(e) > HIGHEST_DEGREE:
        raise NotUnderstood(f"an exponent beyond {HIGHEST_DEGREE}")
    if array(a).constant == 0 and e < 0:
        raise NotUnderstood("a division by zero")
    degree = int(sp.ceiling(array(a).degree * max(abs(e), 1)))
    return entrywise("**", lambda x: x**e, a, degree=degree)


def negative(a: Any) -> Array:
    """Return the array with all signs changed."""
    no_masks("-", a)
    return entrywise("-", lambda x: -x, a, degree=highest(a))


def positive(a: Any) -> Array:
    """Return the array itself."""
    no_masks("+", a)
    return array(a)


def calls(name: str, function: Callable[[Expr], Expr], degree: int = 1) -> Callable[[Any], Array]:
    """Return a function of scalars as one of arrays."""
    return lambda a: entrywise(name, function, a, degree=degree * max(1, highest(a)))


def maximum(a: Any, b: Any) -> Array:
    """Return the larger one."""
    return entrywise("maximum", lambda x, y: y + f.relu(x - y), a, b, degree=highest(a, b))


def minimum(a: Any, b: Any) -> Array:
    """Return the smaller one."""
    return entrywise("minimum", lambda x, y: x - f.relu(x - y), a, b, degree=highest(a, b))


def comparison(name: str, formula: Callable[[Expr], Expr]) -> Callable[[Any, Any], Array]:
    """Return a comparison with zero as one of two arrays."""
    return lambda a, b: entrywise(name, lambda x, y: formula(x - y), a, b, mask=True)


def truth(what: str, a: Any) -> Array:
    """Return an array of truth values; raise if it is none."""
    if not both_masks(a):
        raise NotUnderstood(f"{what} of what is no comparison")
    return array(a)


def logical_not(a: Any) -> Array:
    """Return what does not hold."""
    return entrywise("~", lambda x: 1 - x, truth("~", a), mask=True)


def logical_and(a: Any, b: Any) -> Array:
    """Return where both hold."""
    return multiply(truth("&", a), truth("&", b))


def logical_or(a: Any, b: Any) -> Array:
    """Return where one holds."""
    pair = truth("|", a), truth("|", b)
    return entrywise("|", lambda x, y: x + y - x * y, *pair, degree=2, mask=True)


def where(condition: Any, a: Any, b: Any) -> Array:
    """Return one or the other."""
    degree = 1 + highest(a, b)
    held = truth("where", condition)
    return entrywise("where", lambda c, x, y: c * x + (1 - c) * y, held, a, b, degree=degree)


def heaviside(a: Any, at_zero: Any) -> Array:
    """Return the step, with a value of its own at zero."""
    kink = multiply(at_zero, comparison("heaviside", unequal)(a, 0))
    return add(calls("heaviside", f.step)(a), subtract(at_zero, kink))


def unequal(u: Expr) -> Expr:
    """Return 1 unless u is zero."""
    return f.step(u) + f.step(-u)


# -- sums -------------------------------------------------------------------------------------


def total(body: Expr, over: Sequence[Index]) -> Expr:
    """Return a sum over indices."""
    return Sum(body, *over)


def sum(a: Any, axis: Any = None, *, keepdims: Any = False) -> Array:
    """Return the sum along axes."""
    a = array(a)
    gone = range(a.rank) if axis is None else axes(axis, a.rank)
    if not isinstance(keepdims, bool):
        raise NotUnderstood("keepdims that is neither True nor False")
    kept = [k for k in range(a.rank) if k not in gone]

    def entry(*at: Expr) -> Expr:
        rest = iter(at if not keepdims else [at[k] for k in kept])
        over = {k: Index.over(a.dims[k]) for k in gone if a.dims[k] != 1}
        slots = [over.get(k, ZERO) if k in gone else next(rest) for k in range(a.rank)]
        return total(a.entry(*slots), list(over.values()))

    dims = [ONE if k in gone else dim for k, dim in enumerate(a.dims) if keepdims or k in kept]
    return Array(tuple(dims), entry, a.degree)


def mean(a: Any, axis: Any = None, *, keepdims: Any = False) -> Array:
    """Return the mean along axes."""
    a = array(a)
    gone = range(a.rank) if axis is None else axes(axis, a.rank)
    return divide(sum(a, axis, keepdims=keepdims), sp.Mul(*(a.dims[k] for k in gone)))


def var(a: Any, axis: Any = None, *, keepdims: Any = False) -> Array:
    """Return the mean square distance from the mean."""
    apart = subtract(a, mean(a, axis, keepdims=True))
    return mean(multiply(apart, apart), axis, keepdims=keepdims)


def std(a: Any, axis: Any = None, *, keepdims: Any = False) -> Array:
    """Return the root of the variance."""
    return power(var(a, axis, keepdims=keepdims), sp.S.Half)


def matmul(a: Any, b: Any) -> Array:
    """Return the matrix product; what has one axis is a row on the left, a column on the right."""
    a, b = array(a), array(b)
    if not a.rank or not b.rank:
        raise NotUnderstood("@ with a single number")
    no_masks("@", a, b)
    inner, other = a.dims[-1], b.dims[-min(2, b.rank)]
    if inner != other:
        raise DimensionError(
            f"@: shapes {show(a.dims)} and {show(b.dims)} do not fit, {inner} is not {other}"
        )
    row, column = a.dims[-2:-1], b.dims[-1:] if b.rank > 1 else ()
    left = Array(a.dims[:-2], lambda *at: ZERO)
    right = Array(b.dims[:-2], lambda *at: ZERO)
    batch = broadcast([left, right], "@")

    def entry(*at: Expr) -> Expr:
        k = ZERO if inner == 1 else Index.over(inner)
        outer, rest = at[: len(batch)], at[len(batch) :]
        i, j = rest[: len(row)], rest[len(row) :]
        x = a.entry(*reaching(outer, left), *i, k)
        y = b.entry(*reaching(outer, right), k, *j)
        return x * y if inner == 1 else total(x * y, [k])

    return Array((*batch, *row, *column), entry, a.degree + b.degree)


def reaching(slots: Sequence[Expr], a: Array) -> list[Expr]:
    """Return the indices that broadcasting leaves to an array."""
    own = slots[len(slots) - a.rank :]
    return [ZERO if dim == 1 else i for i, dim in zip(own, a.dims, strict=True)]


def dot(a: Any, b: Any) -> Array:
    """Return the product of numbers, vectors or matrices."""
    a, b = array(a), array(b)
    if a.rank > 2 or b.rank > 2:
        raise NotUnderstood("dot of more than two axes")
    return matmul(a, b) if a.rank and b.rank else multiply(a, b)


def inner(a: Any, b: Any) -> Array:
    """Return the inner product of vectors."""
    return matmul(vector("inner", a), vector("inner", b))


def outer(a: Any, b: Any) -> Array:
    """Return the outer product of vectors."""
    a, b = vector("outer", a), vector("outer", b)
    return Array((*a.dims, *b.dims), lambda i, j: a.entry(i) * b.entry(j), a.degree + b.degree)


def vector(what: str, a: Any) -> Array:
    """Return an array with one axis; raise if it has another number."""
    out = array(a)
    if out.rank != 1:
        raise NotUnderstood(f"{what} of an array of shape {show(out.dims)}")
    return out


def einsum(spec: Any, *operands: Any) -> Array:
    """Return the sum over all letters of a product that the result does not have."""
    if not isinstance(spec, str):
        raise NotUnderstood("einsum without its letters")
    text = spec.replace(" ", "")
    given, arrow, result = text.partition("->")
    names, arrays = given.split(","), [array(v) for v in operands]
    letters = "".join(names)
    if not arrow:
        result = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    plain = all(c.isalpha() and c.isascii() for c in letters + result)
    known = set(result) <= set(letters) and len(set(result)) == len(result)
    if not plain or not known or len(names) != len(arrays):
        raise NotUnderstood(f"einsum by {spec!r}")
    dims: dict[str, Expr] = {}
    for own, a in zip(names, arrays, strict=True):
        if len(own) != a.rank:
            raise DimensionError(f"einsum: {own} for an array of shape {show(a.dims)}")
        for c, dim in zip(own, a.dims, strict=True):
            if dims.setdefault(c, dim) != dim:
                raise DimensionError(f"einsum: {c} is {dims[c]} and {dim}, which do not fit")
    summed = [c for c in dims if c not in result]

    def entry(*at: Expr) -> Expr:
        over = {c: Index.over(dims[c]) for c in summed if dims[c] != 1}
        slots = dict.fromkeys(summed, ZERO) | over | dict(zip(result, at, strict=True))
        product = [a.entry(*(slots[c] for c in own)) for own, a in zip(names, arrays, strict=True)]
        return total(sp.Mul(*product), list(over.values()))

    degree = len(arrays) * max(a.degree for a in arrays)
    return Array(tuple(dims[c] for c in result), entry, degree)


# -- shapes -----------------------------------------------------------------------------------


def transpose(a: Any, order: Any = None) -> Array:
    """Return the array with its axes reversed, or in another order."""
    a = array(a)
    way = list(reversed(range(a.rank))) if order is None else axes(order, a.rank)
    if len(way) != a.rank:
        raise DimensionError(f"transpose: {len(way)} axes of an array with {a.rank}")

    def entry(*at: Expr) -> Expr:
        return a.entry(*(at[way.index(k)] for k in range(a.rank)))

    return Array(tuple(a.dims[k] for k in way), entry, a.degree, a.mask)


def swapaxes(a: Any, first: Any, second: Any) -> Array:
    """Return the array with two axes exchanged."""
    a = array(a)
    (i,), (j,) = axes(first, a.rank), axes(second, a.rank)
    way = list(range(a.rank))
    way[i], way[j] = j, i
    return transpose(a, tuple(way))


def getitem(a: Any, key: Any) -> Any:
    """Return an array with more axes of size 1, or an entry of a shape."""
    if isinstance(a, tuple):
        k = integer(key)
        if not -len(a) <= k < len(a):
            raise DimensionError(f"axis {k} of an array with {len(a)} axes")
        return a[k]
    a, keys = array(a), list(key if isinstance(key, tuple) else (key,))
    if any(k is not None and k is not Ellipsis and k != slice(None) for k in keys):
        raise NotUnderstood("an index that picks entries; all axes stay whole, as in x[:, None]")
    used = len([k for k in keys if k == slice(None)])
    rest = [slice(None)] * (a.rank - used)
    if used > a.rank or keys.count(Ellipsis) > 1:
        raise DimensionError(f"{used} axes of an array of shape {show(a.dims)}")
    where = keys.index(Ellipsis) if Ellipsis in keys else len(keys)
    keys[where : where + 1] = rest
    places = [k for k, kind in enumerate(keys) if kind is not None]
    dims: list[Expr] = [ONE] * len(keys)
    for k, dim in zip(places, a.dims, strict=True):
        dims[k] = dim
    return Array(tuple(dims), lambda *at: a.entry(*(at[k] for k in places)), a.degree, a.mask)


def expand_dims(a: Any, axis: Any) -> Array:
    """Return an array with one more axis of size 1."""
    a = array(a)
    (k,) = axes(axis, a.rank + 1)
    keys = [*[slice(None)] * k, None, *[slice(None)] * (a.rank - k)]
    return array(getitem(a, tuple(keys)))


def shape(a: Any) -> tuple[Array, ...]:
    """Return the sizes of the axes."""
    return tuple(array(dim) for dim in array(a).dims)


def size(a: Any) -> Array:
    """Return the number of entries."""
    return array(sp.Mul(*array(a).dims))


def length(a: Any) -> Array:
    """Return the size of the first axis."""
    if not array(a).rank:
        raise NotUnderstood("len of a single number")
    return shape(a)[0]


def sizes(v: Any) -> Shape:
    """Return a shape that is given by numbers and letters."""
    given = [array(dim) for dim in (v if isinstance(v, tuple) else (v,))]
    dims = tuple(dim.entry() if not dim.rank else ZERO for dim in given)
    for dim in dims:
        if not (dim.is_Symbol and dim.is_integer) and not (dim.is_Integer and 0 < dim <= 9):
            raise NotUnderstood("a shape that is not made of sizes")
    return dims


def filled(value: Expr) -> Callable[[Any], Array]:
    """Return a function that makes arrays with one value."""
    return lambda dims: Array(sizes(dims), lambda *at: value, degree=0)


def like(value: Expr) -> Callable[[Any], Array]:
    """Return a function that makes arrays with one value in the shape of another."""
    return lambda a: Array(array(a).dims, lambda *at: value, degree=0)


def eye(n: Any) -> Array:
    """Return the identity matrix."""
    (dim,) = sizes(n)
    return Array((dim, dim), lambda i, j: ONE if dim == 1 else delta(i, j), degree=0)


def diagonal(a: Any) -> Array:
    """Return the diagonal of a matrix."""
    a = array(a)
    if a.rank != 2 or a.dims[0] != a.dims[1]:
        raise DimensionError(f"the diagonal of an array of shape {show(a.dims)}")
    return Array(a.dims[:1], lambda i: a.entry(i, i), a.degree, a.mask)


def diag(a: Any) -> Array:
    """Return the diagonal matrix of a vector, or the diagonal of a matrix."""
    a = array(a)
    return diagonal(a) if a.rank == 2 else multiply(eye(vector("diag", a).dims[0]), a)


def trace(a: Any) -> Array:
    """Return the sum of the diagonal."""
    return sum(diagonal(a))


SCALAR: dict[str, tuple[Callable[[Expr], Expr], int]] = {
    "exp": (f.exp, 1),
    "expm1": (lambda u: f.exp(u) - 1, 1),
    "log": (f.log, 1),
    "log1p": (lambda u: f.log(1 + u), 1),
    "sinh": (lambda u: (f.exp(u) - f.exp(-u)) / 2, 1),
    "cosh": (lambda u: (f.exp(u) + f.exp(-u)) / 2, 1),
    "tanh": (f.tanh, 1),
    "sqrt": (f.sqrt, 1),
    "square": (lambda u: u**2, 2),
    "reciprocal": (lambda u: 1 / u, 1),
    "abs": (f.absolute, 1),
    "absolute": (f.absolute, 1),
    "sign": (f.sign, 1),
    "sigmoid": (f.sigmoid, 1),
    "relu": (f.relu, 1),
    "step": (f.step, 1),
}
COMPARISONS: dict[str, Callable[[Expr], Expr]] = {
    "greater": f.step,
    "greater_equal": lambda u: 1 - f.step(-u),
    "less": lambda u: f.step(-u),
    "less_equal": lambda u: 1 - f.step(u),
    "not_equal": unequal,
    "equal": lambda u: 1 - unequal(u),
}
EVERY: list[Callable[..., Any]] = [
    add,
    divide,
    dot,
    diag,
    diagonal,
    einsum,
    expand_dims,
    eye,
    getitem,
    heaviside,
    inner,
    logical_and,
    logical_not,
    logical_or,
    matmul,
    maximum,
    mean,
    minimum,
    multiply,
    negative,
    outer,
    positive,
    power,
    shape,
    size,
    std,
    subtract,
    sum,
    swapaxes,
    trace,
    transpose,
    var,
    where,
]
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: calls(name, *how) for name, how in SCALAR.items()},
    **{name: comparison(name, formula) for name, formula in COMPARISONS.items()},
    **{function.__name__: function for function in EVERY},
    "identity": eye,
    "len": length,
    "ones": filled(ONE),
    "zeros": filled(ZERO),
    "ones_like": like(ONE),
    "zeros_like": like(ZERO),
}
