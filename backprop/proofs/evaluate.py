"""The second engine: evaluate index expressions on concrete arrays of dual numbers.

Arrays carry the indices that their axes belong to.  An index over ZZ runs over a window
-w..w; a tensor is zero outside its support.  Nothing here knows the normal form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from backprop.proofs.derivative import name_of
from backprop.proofs.errors import tick
from backprop.proofs.functions import log, sigmoid, tanh
from backprop.proofs.indices import ZZ, Expr, Index, Sum, bound, free_indices, in_order
from backprop.proofs.rings import Array, Dual, Ring

Named = tuple[list[Index], Dual]
Sizes = Mapping[Expr, int]


class Stored:
    """A tensor's array, and for each axis the position of its first element."""

    def __init__(self, array: Dual, first: Sequence[int] | None = None) -> None:
        self.array = array
        self.first = tuple(first) if first is not None else (0,) * array.v.ndim


class Evaluator:
    """Evaluate expressions at given sizes and arrays; repeated subexpressions once."""

    def __init__(self, ring: Ring, sizes: Sizes, window: int = 4, thorough: bool = False) -> None:
        self.ring, self.sizes, self.window, self.thorough = ring, sizes, window, thorough
        self.stored: dict[str, Stored] = {}
        self._memo: dict[Expr, Named] = {}

    def positions(self, i: Index) -> Array:
        """Return the values that an index takes."""
        if i.dim == ZZ:
            return np.arange(-self.window, self.window + 1)
        return np.arange(self.size(i.dim))

    def size(self, dim: Expr) -> int:
        """Return the value of a dimension."""
        return int(self.sizes.get(dim, dim))

    def number(self, p: int, q: int = 1) -> Dual:
        """Return a constant."""
        return Dual(self.ring, self.ring.number(p, q))

    def store(self, name: str, array: Dual, first: Sequence[int] | None = None) -> None:
        """Give a tensor its array."""
        self.stored[name] = Stored(array, first)
        self._memo.clear()

    def define(self, name: str, indices: Sequence[Index], body: Expr) -> None:
        """Evaluate a definition and store it."""
        first = [-self.window if i.dim == ZZ else 0 for i in indices]
        self.stored[name] = Stored(self.array(body, indices), first)

    def array(self, e: Expr, indices: Sequence[Index]) -> Dual:
        """Evaluate an expression as an array with these axes."""
        axes, x = self.value(e)
        missing = [i for i in indices if i not in axes]
        order = [(axes + missing).index(i) for i in indices]
        shape = tuple(len(self.positions(i)) for i in indices)

        def arrange(a: Array) -> Array:
            a = a.reshape(a.shape + (1,) * len(missing)).transpose(order)
            return np.broadcast_to(a, shape)

        return x.map(arrange)

    def value(self, e: Expr) -> Named:
        """Evaluate an expression; the axes are its free indices in some order."""
        found = self._memo.get(e)
        if found is None:
            tick()
            found = self._memo[e] = self._value(e)
        return found

    def _value(self, e: Expr) -> Named:
        if e.is_Rational:
            return [], self.number(int(e.p), int(e.q))
        if isinstance(e, sp.Indexed):
            return self._entry(e)
        if e.is_Symbol:
            if e in self.sizes:
                return [], self.number(self.sizes[e])
            return [], self.stored[name_of(e)].array
        if isinstance(e, sp.Add):
            return added(self.value(a) for a in e.args)
        if isinstance(e, sp.Mul):
            return self._product([self.value(a) for a in e.args], ())
        if isinstance(e, sp.Sum):
            return self._product([self.value(a) for a in sp.Mul.make_args(e.function)], bound(e))
        if isinstance(e, sp.KroneckerDelta):
            return self._delta(e)
        if e is sp.E:
            return [], self.number(1).call("exp")
        if isinstance(e, sp.exp):
            return self._exp(e.args[0])
        if isinstance(e, sp.Pow):
            axes, x = self.value(e.base)
            return axes, x.power(int(e.exp.p), int(e.exp.q))
        if isinstance(e, sp.Function) and len(e.args) == 1:
            return self._call(type(e).__name__, e.args[0])
        raise ValueError(f"cannot evaluate {type(e).__name__}: {e}")

    def _entry(self, e: Expr) -> Named:
        stored = self.stored[name_of(e)]
        axes = in_order({i for slot in e.indices for i in slot.atoms(Index)})
        grid = self._grid(axes)
        places, inside = [], None
        for slot, first, n in zip(e.indices, stored.first, stored.array.v.shape, strict=True):
            at = np.asarray(self._affine(slot, grid)) - first
            fits = (at >= 0) & (at < n)
            if not fits.all():
                inside = fits if inside is None else inside & fits
            places.append(np.where(fits, at, 0))
        where = tuple(np.broadcast_arrays(*places))

        def take(a: Array) -> Array:
            return a[where] if inside is None else a[where] * inside

        return axes, stored.array.map(take)

    def _delta(self, e: Expr) -> Named:
        difference = sp.expand(e.args[0] - e.args[1])
        axes = in_order(difference.atoms(Index))
        zero = np.asarray(self._affine(difference, self._grid(axes)) == 0)
        return axes, Dual(self.ring, zero * self.ring.number(1))

    def _grid(self, axes: Sequence[Index]) -> dict[Index, Array]:
        ranges = [self.positions(i) for i in axes]
        return dict(zip(axes, np.meshgrid(*ranges, indexing="ij"), strict=True)) if axes else {}

    def _affine(self, slot: Expr, grid: Mapping[Index, Array]) -> Any:
        out: Any = 0
        for term in sp.Add.make_args(sp.expand(slot)):
            part: Any = 1
            for f in sp.Mul.make_args(term):
                part = part * (grid[f] if isinstance(f, Index) else self.size(f))
            out = out + part
        return out

    def _exp(self, u: Expr) -> Named:
        """Use exp(a + b) = exp(a) exp(b), which the random function does not know."""
        if not self.ring.exact:
            axes, x = self.value(u)
            return axes, x.call("exp")
        u = distributed(u) if self.thorough else u
        if isinstance(u, sp.Add):
            return self._product([self.value(sp.exp(a)) for a in u.args], ())
        c, rest = u.as_coeff_Mul()
        axes, x = self.value(rest.args[0] if isinstance(rest, log) else rest)
        y = x if isinstance(rest, log) else x.call("exp")
        return axes, y if c == 1 else y.power(int(c.p), int(c.q))

    def _call(self, name: str, u: Expr) -> Named:
        """Apply a function; in the exact ring sigmoid and tanh are made of exp."""
        if self.ring.exact and name == "sigmoid":
            axes, e = self.value(sp.exp(-u))
            return axes, (self.number(1) + e).inverse()
        if self.ring.exact and name == "tanh":
            axes, e = self.value(sp.exp(-2 * u))
            return axes, (self.number(1) + self.number(-1) * e) * (self.number(1) + e).inverse()
        if self.ring.exact and name == "log":
            parts = log_parts(factored(u) if self.thorough else u)
            if parts is not None:
                return self.value(parts)
        content, rest = u.as_content_primitive()
        if name in {"step", "sign", "relu", "absolute"} and content != 1:
            axes, x = self.value(rest)
            y = x.call(name)
            scale = self.number(int(content.p), int(content.q))
            return axes, y * scale if name in {"relu", "absolute"} else y
        axes, x = self.value(u)
        return axes, x.call(name)

    def _product(self, factors: list[Named], summed: Iterable[Index]) -> Named:
        """Multiply and sum, one index at a time: only the factors that have it."""
        for i in sorted(summed, key=lambda i: sum(i in axes for axes, _ in factors)):
            with_i = [f for f in factors if i in f[0]]
            factors = [f for f in factors if i not in f[0]]
            if not with_i:
                factors.append(([], self.number(len(self.positions(i)))))
                continue
            axes, x = multiplied(with_i)
            k = axes.index(i)
            factors.append((axes[:k] + axes[k + 1 :], x.sum(k)))
        return multiplied(factors)


def distributed(u: Expr) -> Expr:
    """Expand an expression and its sums into a sum of terms."""
    terms = []
    for term in sp.Add.make_args(sp.expand(u, power_exp=False)):
        if isinstance(term, sp.Sum):
            for part in sp.Add.make_args(distributed(term.function)):
                inside = free_indices(part) & set(bound(term))
                if inside == set(bound(term)):
                    c, rest = part.as_coeff_Mul()
                    part = c * Sum(rest, *bound(term))
                else:
                    part = Sum(part, *bound(term))
                terms.append(part)
        else:
            terms.append(term)
    return sp.Add(*terms)


def factored(u: Expr) -> Expr:
    """Write an expression as a product, with sigmoid and tanh through exp."""
    if isinstance(u, sp.Sum):
        factors = sp.Mul.make_args(split(sp.expand(u.function, power_exp=False, mul=False)))
        outside = [f for f in factors if free_indices(f).isdisjoint(bound(u))]
        return sp.Mul(*outside, Sum(sp.Mul(*(f for f in factors if f not in outside)), *bound(u)))
    if u.has(sp.exp, sigmoid, tanh):
        u = u.replace(tanh, lambda a: 2 * sigmoid(2 * a) - 1)
        u, names = hidden(split(u.replace(sigmoid, lambda a: 1 / (1 + sp.exp(-a)))))
        return sp.factor(sp.together(u)).xreplace(names)
    return sp.factor_terms(u)


def hidden(u: Expr) -> tuple[Expr, dict[Expr, Expr]]:
    """Put names for sums and for exp of sums, which SymPy would expand into products."""
    named: dict[Expr, Expr] = {}

    def name(e: Expr) -> Expr:
        if not isinstance(e, sp.exp):
            return named.setdefault(e, sp.Dummy())
        power, rest = e.args[0].as_coeff_Mul()
        return named.setdefault(sp.exp(rest), sp.Dummy(positive=True)) ** power

    u = u.replace(lambda e: isinstance(e, sp.exp) and e.has(sp.Sum), name)
    u = u.replace(lambda e: isinstance(e, sp.Sum), name)
    names = {short: long for long, short in named.items()}
    return u, {short: long.xreplace(names) for short, long in names.items()}


def split(u: Expr) -> Expr:
    """Write exp(a + b) as a product; SymPy's own way makes products over indices of sums."""
    return u.replace(
        lambda e: isinstance(e, sp.exp) and e.args[0].is_Add,
        lambda e: sp.Mul(*map(sp.exp, e.args[0].args)),
    )


def log_parts(u: Expr) -> Expr | None:
    """Return log(a b) = log a + log b, log(exp a) = a, log(a**n) = n log a, if u has the form."""
    if isinstance(u, sp.Mul):
        return sp.Add(*map(log, u.args))
    if isinstance(u, sp.exp):
        return u.args[0]
    if isinstance(u, sp.Pow):
        return u.exp * log(u.base)
    return None


def aligned(terms: Iterable[Named]) -> tuple[list[Index], list[Dual]]:
    """Give arrays common axes, of length 1 where an index is missing."""
    terms = list(terms)
    axes = list(dict.fromkeys(i for own, _ in terms for i in own))
    out = []
    for own, x in terms:
        if own == axes:
            out.append(x)
            continue
        order = [own.index(i) for i in axes if i in own]
        where = tuple(slice(None) if i in own else None for i in axes)
        out.append(x.map(partial(rearranged, order, where)))
    return axes, out


def rearranged(order: list[int], where: tuple[slice | None, ...], a: Array) -> Array:
    """Transpose, and insert axes of length 1."""
    return a.transpose(order)[where]


def added(terms: Iterable[Named]) -> Named:
    """Add arrays with named axes."""
    axes, (out, *rest) = aligned(terms)
    for x in rest:
        out = out + x
    return axes, out


def multiplied(terms: Iterable[Named]) -> Named:
    """Multiply arrays with named axes."""
    axes, (out, *rest) = aligned(terms)
    for x in rest:
        out = out * x
    return axes, out
