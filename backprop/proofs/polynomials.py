"""Polynomials over atoms: the carrier of the normal form.

An atom is a tensor entry, a scalar, a function of a polynomial, a polynomial under a
negative or fractional power, a Kronecker delta, or a sum over indices.  Exponents are
rational.  An atom is identified by its text, which is canonical.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import ClassVar

from backprop.proofs import affine
from backprop.proofs.affine import Form, Var
from backprop.proofs.errors import DimensionError, tick

Values = Mapping[Var, Form]
Monomial = tuple[tuple["Atom", Fraction], ...]
ONE = Fraction(1)


class Atom:
    """What a polynomial cannot look into; equal if the texts are equal."""

    __slots__ = ("depth", "free", "text")
    special: ClassVar[bool] = False  # has rules of its own in a product, see `_combine`
    idempotent: ClassVar[bool] = False  # its square is itself

    def __init__(self, text: str, free: frozenset[Var], depth: int = 0) -> None:
        self.text, self.free, self.depth = text, free, depth

    def __eq__(self, other: object) -> bool:
        """Say whether two atoms are the same."""
        return isinstance(other, Atom) and self.text == other.text

    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash(self.text)

    def __lt__(self, other: Atom) -> bool:
        """Order atoms by their texts."""
        return self.text < other.text

    def __repr__(self) -> str:
        """Return the text."""
        return self.text

    @property
    def positive(self) -> bool:
        """Say whether the atom is known to be positive."""
        return False

    @property
    def opposite(self) -> Atom | None:
        """Return the atom that gives zero in a product with this one, if there is one."""
        return None

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        return Poly.atom(self)

    def substitute(self, values: Values) -> Poly:
        """Put forms in place of variables."""
        return Poly.atom(self) if self.free.isdisjoint(values) else self.moved(values)


class Entry(Atom):
    """A tensor entry."""

    __slots__ = ("name", "sign", "slots")

    def __init__(self, name: str, slots: tuple[Form, ...], sign: bool = False) -> None:
        self.name, self.slots, self.sign = name, slots, sign
        free = frozenset().union(*map(affine.variables, slots))
        super().__init__(f"{name}[{','.join(map(affine.text, slots))}]", free)

    @property
    def positive(self) -> bool:
        """Say whether the tensor was declared positive."""
        return self.sign

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        slots = tuple(affine.substitute(s, values) for s in self.slots)
        return Poly.atom(Entry(self.name, slots, self.sign))


class Scalar(Atom):
    """A scalar symbol; a dimension is one too."""

    __slots__ = ("name", "sign")

    def __init__(self, name: str, sign: bool = False) -> None:
        self.name, self.sign = name, sign
        super().__init__(name, frozenset())

    @property
    def positive(self) -> bool:
        """Say whether the scalar was declared positive."""
        return self.sign


class Root(Atom):
    """A polynomial carried for its negative or fractional powers."""

    __slots__ = ("base",)
    special = True

    def __init__(self, base: Poly) -> None:
        self.base = base
        super().__init__(f"({base.text})", base.free, base.depth)

    @property
    def positive(self) -> bool:
        """Say whether the polynomial is known to be positive."""
        return self.base.positive

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        return _carried(self.base.substitute(values))


class Delta(Atom):
    """One if an affine form is zero, else zero."""

    __slots__ = ("form",)
    special = idempotent = True

    def __init__(self, form: Form) -> None:
        self.form = form
        super().__init__(f"d({affine.text(form)})", affine.variables(form))

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        return delta(affine.substitute(self.form, values))


def monomial_text(m: Monomial) -> str:
    """Return a text that is the same only for equal monomials."""
    return "*".join(a.text if e == 1 else f"{a.text}^{e}" for a, e in m)


class Poly:
    """A sum of rational multiples of monomials; never changed once made."""

    __slots__ = ("_text", "terms")

    def __init__(self, terms: Iterable[tuple[Monomial, Fraction]] = ()) -> None:
        total: dict[Monomial, Fraction] = {}
        for m, c in terms:
            total[m] = total.get(m, 0) + c
        self.terms = {m: c for m, c in total.items() if c}
        self._text = ""

    @staticmethod
    def constant(c: Fraction | int) -> Poly:
        """Return a constant."""
        return Poly([((), Fraction(c))])

    @staticmethod
    def atom(a: Atom, e: Fraction | int = 1) -> Poly:
        """Return a power of an atom, as it stands."""
        return Poly([(((a, Fraction(e)),), ONE)])

    @staticmethod
    def monomial(factors: dict[Atom, Fraction]) -> Poly:
        """Return a product of powers of atoms, with their own rules applied."""
        for a in factors:
            if a.special:
                return _combine(factors)
        return Poly([(sorted_monomial(factors), ONE)])

    @property
    def text(self) -> str:
        """Return a text that is the same only for equal polynomials."""
        if not self._text:
            parts = sorted(f"{c}*{monomial_text(m)}" for m, c in self.terms.items())
            self._text = "+".join(parts) or "0"
        return self._text

    @property
    def free(self) -> frozenset[Var]:
        """Return the free index variables."""
        return frozenset().union(*(a.free for m in self.terms for a, _ in m))

    @property
    def depth(self) -> int:
        """Return the deepest nesting of sums."""
        return max((a.depth for m in self.terms for a, _ in m), default=0)

    @property
    def positive(self) -> bool:
        """Say whether every term is known to be positive."""
        return bool(self.terms) and all(
            c > 0 and all(a.positive for a, _ in m) for m, c in self.terms.items()
        )

    @property
    def single(self) -> tuple[Monomial, Fraction] | None:
        """Return the only term, if there is only one."""
        return next(iter(self.terms.items())) if len(self.terms) == 1 else None

    def __bool__(self) -> bool:
        """Say whether any term is left."""
        return bool(self.terms)

    def __add__(self, other: Poly) -> Poly:
        """Return the sum."""
        return Poly((*self.terms.items(), *other.terms.items()))

    def __neg__(self) -> Poly:
        """Return the polynomial with all signs changed."""
        return self.scaled(-1)

    def __sub__(self, other: Poly) -> Poly:
        """Return the difference."""
        return self + other.scaled(-1)

    def substitute(self, values: Values) -> Poly:
        """Put forms in place of variables."""
        if self.free.isdisjoint(values):
            return self
        return total(
            product(a.substitute(values) ** e for a, e in m).scaled(c)
            for m, c in self.terms.items()
        )

    def scaled(self, c: Fraction | int) -> Poly:
        """Return the multiple by a rational number."""
        return Poly((m, x * c) for m, x in self.terms.items())

    def __mul__(self, other: Poly) -> Poly:
        """Return the product, term by term."""
        out: list[tuple[Monomial, Fraction]] = []
        for m, c in self.terms.items():
            tick()
            for n, d in other.terms.items():
                if not m or not n:
                    out.append((m or n, c * d))
                    continue
                factors = dict(m)
                for a, e in n:
                    factors[a] = factors.get(a, 0) + e
                out.extend((k, x * c * d) for k, x in Poly.monomial(factors).terms.items())
        return Poly(out)

    def __pow__(self, e: Fraction | int) -> Poly:
        """Return a rational power; many terms under such a power become one atom."""
        e = Fraction(e)
        if e == 1:
            return self
        if e.denominator == 1 and 0 <= e <= 6:
            return product([self] * int(e))
        if not self:
            if e > 0:
                return self
            raise ZeroDivisionError("division by zero")
        if self.single is None:
            return _root_power(self, e)
        (m, c), by = self.single, e
        if e.denominator == 1:
            return Poly.monomial({a: x * by for a, x in m}).scaled(c ** int(e))
        if c > 0 and all(a.positive for a, _ in m):
            return Poly.monomial({a: x * by for a, x in m}) * constant_power(c, e)
        if c == 1 and len(m) == 1 and m[0][1] == 1:
            return Poly.atom(m[0][0], e)
        return _root_power(self, e)


def sorted_monomial(factors: dict[Atom, Fraction]) -> Monomial:
    """Return the factors in canonical order, without zeroth powers."""
    return tuple(sorted((a, e) for a, e in factors.items() if e))


def product(factors: Iterable[Poly]) -> Poly:
    """Multiply polynomials."""
    out = Poly.constant(1)
    for f in factors:
        out = out * f
    return out


def total(terms: Iterable[Poly]) -> Poly:
    """Add polynomials."""
    return Poly(t for p in terms for t in p.terms.items())


def delta(a: Form) -> Poly:
    """Return the Kronecker delta of a = 0, decided if `a` is a number."""
    dims = {v.dim for v in affine.variables(a)}
    if len(dims) > 1:
        raise DimensionError(f"a delta links the dimensions {' and '.join(sorted(dims))}")
    if not a:
        return Poly.constant(1)
    if all(key == ((), None) for key, _ in a):
        return Poly()
    return Poly.atom(Delta(a if a[0][1] > 0 else affine.scale(a, -1)))


def shape(u: Poly) -> list[tuple[str, Fraction]]:
    """Return what does not change if indices are renamed: which of u and -u comes first."""
    return sorted(
        ("*".join(sorted(f"{outline(a)}^{e}" for a, e in m)), c) for m, c in u.terms.items()
    )


def outline(a: Atom) -> str:
    """Return the text of an atom without its indices."""
    if isinstance(a, Entry):
        return a.name
    inner: Poly | None = getattr(a, "arg", None) or getattr(a, "base", None)
    factors = getattr(a, "factors", ())
    inside = shape(inner) if inner else sorted((outline(b), e) for b, e in factors)
    return f"{type(a).__name__}{getattr(a, 'name', '')}{inside}"


def gcd(u: Poly) -> Fraction:
    """Return the largest number that divides all coefficients, which is positive."""
    over = math.lcm(*(c.denominator for c in u.terms.values()))
    return Fraction(math.gcd(*(int(c * over) for c in u.terms.values())), over)


def content(u: Poly) -> Fraction:
    """Return a divisor of all coefficients, with a sign that u and -u do not share."""
    one, other = shape(u), shape(-u)
    negative = other > one if one != other else min(u.terms.items())[1] < 0
    return -gcd(u) if negative else gcd(u)


def constant_power(c: Fraction, e: Fraction) -> Poly:
    """Return a fractional power of a positive rational number."""
    return Poly.constant(1) if c == 1 else Poly.atom(Root(Poly.constant(c)), e)


def _carried(base: Poly) -> Poly:
    """Return a base as an atom, whatever it is; only its powers will be multiplied out."""
    return base if base.single else Poly.atom(Root(base))


def over_denominators(u: Poly) -> tuple[dict[Atom, Fraction], Poly]:
    """Return the denominators of many terms that u has, and u without them."""
    lowest: dict[Atom, Fraction] = {}
    for m in u.terms:
        for a, e in m:
            if isinstance(a, Root) and e < 0 and e.denominator == 1:
                lowest[a] = min(e, lowest.get(a, e))
    terms = []
    for m, c in u.terms.items():
        factors = {a: dict(m).get(a, Fraction(0)) - lowest.get(a, 0) for a in {**dict(m), **lowest}}
        terms.append(Poly.monomial(factors).scaled(c))
    return lowest, total(terms) if lowest else u


def _root_power(base: Poly, e: Fraction) -> Poly:
    """Carry a many-term base, made primitive so that multiples of it share one atom."""
    common, rest = over_denominators(base)
    if common and e.denominator == 1:
        return Poly.monomial(common) ** e * rest**e
    c = content(base) if e.denominator == 1 else gcd(base)
    if e.denominator == 1:
        return Poly.atom(Root(base.scaled(1 / c)), e).scaled(c ** int(e))
    return Poly.atom(Root(base.scaled(1 / c)), e) * constant_power(c, e)


def _combine(factors: dict[Atom, Fraction]) -> Poly:
    """Apply the rules of deltas, indicators and roots within one monomial."""
    factors = {a: e for a, e in factors.items() if e}
    for a, e in list(factors.items()):
        if a.idempotent and e < 0:
            raise ZeroDivisionError(f"{a} in a denominator")
        if a.idempotent:
            factors[a] = ONE
        if a.opposite in factors:
            return Poly()
    for a in list(factors):
        solved = affine.solve(a.form) if isinstance(a, Delta) else None
        if solved:
            v, value = solved
            rest = {b: e for b, e in factors.items() if b != a}
            if any(v in b.free for b in rest):
                moved = [b.substitute({v: value}) ** e for b, e in rest.items()]
                return product([Poly.atom(a), *moved])
    for a, e in factors.items():
        if isinstance(a, Root) and e.denominator == 1 and e > 0:
            rest = {b: x for b, x in factors.items() if b != a}
            return product([Poly.monomial(rest), *[a.base] * int(e)])
    return Poly([(sorted_monomial(factors), ONE)])
