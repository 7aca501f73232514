"""Functions in the normal form: the few functional equations that proofs may use.

These are exp(a + b) = exp(a) exp(b), exp(a u) = 1 + a (exp(u) - 1) if a is 0 or 1, log of
positive products, |u| = u sign(u) and the like in the indicators of u > 0 and u < 0,
tanh(-u) = -tanh(u), sigmoid(-u) = 1 - sigmoid(u), and on request tanh through sigmoid and both
through exp.
"""

from __future__ import annotations

from fractions import Fraction

from sympy import factorint

from backprop.proofs.polynomials import (
    Atom,
    Monomial,
    Poly,
    Root,
    Values,
    gcd,
    over_denominators,
    product,
    shape,
    sorted_monomial,
    total,
)

ONE = Poly.constant(1)


class Call(Atom):
    """A function of a polynomial."""

    __slots__ = ("arg", "name")

    def __init__(self, name: str, arg: Poly) -> None:
        self.name, self.arg = name, arg
        super().__init__(f"{name}({arg.text})", arg.free, arg.depth)

    @property
    def positive(self) -> bool:
        """Say whether the function has positive values only."""
        return self.name in {"exp", "sigmoid"}

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        return call(self.name, self.arg.substitute(values))


class Sign(Atom):
    """The indicator of u > 0, or of u < 0 if `below`; its square is itself."""

    __slots__ = ("arg", "below")
    special = idempotent = True

    def __init__(self, arg: Poly, below: bool) -> None:
        self.arg, self.below = arg, below
        super().__init__(f"[{arg.text}{'<' if below else '>'}0]", arg.free, arg.depth)

    @property
    def opposite(self) -> Atom:
        """Return the indicator of the other sign."""
        return Sign(self.arg, not self.below)

    def moved(self, values: Values) -> Poly:
        """Put forms in place of some of the free variables."""
        return indicator(self.arg.substitute(values), self.below)


def call(name: str, u: Poly, mode: str = "") -> Poly:
    """Apply a function of the statement language to a polynomial.

    The mode "sigmoid" writes tanh in terms of sigmoid, "exp" both in terms of exp.
    """
    if name == "exp":
        return product(exp_of_term(Poly([t])) for t in u.terms.items())
    if name == "log":
        return log_of(u)
    if name in {"step", "sign", "relu", "absolute"}:
        above, below = indicator(u, False), indicator(u, True)
        if name in {"step", "relu"}:
            return above if name == "step" else u * above
        return above - below if name == "sign" else u * (above - below)
    if name == "tanh" and mode:
        return call("sigmoid", u.scaled(2), mode).scaled(2) - ONE
    if name == "sigmoid" and mode == "exp":
        return (ONE + call("exp", -u)) ** -1
    if name in {"sigmoid", "tanh"} and not u:
        return Poly.constant(Fraction(int(name == "sigmoid"), 2))
    if name in {"sigmoid", "tanh"} and shape(-u) > shape(u):
        other = call(name, -u, mode)
        return -other if name == "tanh" else ONE - other
    return Poly.atom(Call(name, u))


def exp_of_term(term: Poly) -> Poly:
    """Return exp(c m) as the power c of exp(m); exp(c log u) is the power c of u.

    If a factor of m is 0 or 1, so that m = a m', then exp(m) = 1 + a (exp(m') - 1).
    """
    (m, c), *_ = term.terms.items()
    for a, _ in m:
        if a.idempotent:
            rest = Poly([(tuple(f for f in m if f[0] != a), c)])
            return ONE + Poly.atom(a) * (call("exp", rest) - ONE)
    if len(m) == 1 and m[0][1] == 1:
        inner = m[0][0]
        if isinstance(inner, Call) and inner.name == "log":
            return inner.arg**c
    return Poly.atom(Call("exp", Poly([(m, Fraction(1))])), c)


def log_of(u: Poly) -> Poly:
    """Return a logarithm; positive factors become terms."""
    common, rest = over_denominators(u)
    u = Poly.monomial(common) * rest
    if not u.positive:
        return Poly.atom(Call("log", u))
    shared, rest = common_power(u)
    content = gcd(rest)
    parts = [log_of_number(content)]
    for a, e in shared:
        if isinstance(a, Root):
            parts.append(log_of(a.base).scaled(e))
        elif isinstance(a, Call) and a.name == "exp":
            parts.append(a.arg.scaled(e))
        else:
            parts.append(Poly.atom(Call("log", Poly.atom(a))).scaled(e))
    if not rest.single:
        parts.append(Poly.atom(Call("log", rest.scaled(1 / content))))
    return total(parts)


def log_of_number(c: Fraction) -> Poly:
    """Return the logarithm of a positive rational number in those of primes."""
    primes = {**factorint(c.numerator), **{p: -e for p, e in factorint(c.denominator).items()}}
    return total(
        Poly.atom(Call("log", Poly.constant(int(p)))).scaled(int(e)) for p, e in primes.items()
    )


def common_power(u: Poly) -> tuple[Monomial, Poly]:
    """Return the powers of atoms that divide all terms, and what remains."""
    monomials = [dict(m) for m in u.terms]
    lowest = {a: min(m.get(a, Fraction(0)) for m in monomials) for m in monomials for a in m}
    rest = Poly(
        (sorted_monomial({a: m.get(a, Fraction(0)) - e for a, e in lowest.items()}), c)
        for m, c in zip(monomials, u.terms.values(), strict=True)
    )
    return sorted_monomial(lowest), rest


def indicator(u: Poly, below: bool) -> Poly:
    """Return [u > 0] or [u < 0]; positive factors and the sign in front are taken out."""
    if not u:
        return Poly()
    if u.positive or (-u).positive:
        return Poly() if u.positive == below else ONE
    common, rest = common_factor(u)
    lead = min(rest.terms.items())[1]
    above, under = sign_of_product(common, lead)
    rest = rest.scaled(1 / lead)
    if rest.single:
        return under if below else above
    plus, minus = Poly.atom(Sign(rest, False)), Poly.atom(Sign(rest, True))
    return above * minus + under * plus if below else above * plus + under * minus


def common_factor(u: Poly) -> tuple[Monomial, Poly]:
    """Return the factors that all terms share, and what remains."""
    shared = set.intersection(*(set(m) for m in u.terms))
    rest = Poly((tuple(f for f in m if f not in shared), c) for m, c in u.terms.items())
    return tuple(sorted(shared)), rest


def sign_of_product(m: Monomial, c: Fraction) -> tuple[Poly, Poly]:
    """Return the indicators that a product is positive and that it is negative."""
    above, below = (ONE, Poly()) if c > 0 else (Poly(), ONE)
    for a, e in m:
        if a.positive:
            continue
        one = Poly.atom(a)
        plus, minus = Poly.atom(Sign(one, False)), Poly.atom(Sign(one, True))
        if isinstance(a, Sign):  # an indicator is its own sign
            plus, minus = one, Poly()
        if e.denominator == 1 and e % 2 == 0:
            plus, minus = plus + minus, Poly()
        above, below = above * plus + below * minus, above * minus + below * plus
    return above, below
