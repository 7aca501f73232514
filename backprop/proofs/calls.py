"""Functions in the normal form: the few functional equations that proofs may use.

These are exp(a + b) = exp(a) exp(b), log of positive products, |u| = u sign(u) and the like
in the indicators of u > 0 and u < 0, and on request sigmoid and tanh through exp.
"""

from __future__ import annotations

from fractions import Fraction

from backprop.proofs.polynomials import Atom, Monomial, Poly, Values, product, total

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


def call(name: str, u: Poly, through_exp: bool = False) -> Poly:
    """Apply a function of the statement language to a polynomial."""
    if name == "exp":
        return product(exp_of_term(Poly([t])) for t in u.terms.items())
    if name == "log" and u.positive and u.single:
        return log_of_product(u)
    if name in {"step", "sign", "relu", "absolute"}:
        above, below = indicator(u, False), indicator(u, True)
        if name in {"step", "relu"}:
            return above if name == "step" else u * above
        return above - below if name == "sign" else u * (above - below)
    if through_exp and name == "sigmoid":
        return (ONE + call("exp", -u)) ** -1
    if through_exp and name == "tanh":
        e = call("exp", u.scaled(2))
        return (e - ONE) * (e + ONE) ** -1
    return Poly.atom(Call(name, u))


def exp_of_term(term: Poly) -> Poly:
    """Return exp(c m) as the power c of exp(m); exp(c log u) is the power c of u."""
    (m, c), *_ = term.terms.items()
    if len(m) == 1 and m[0][1] == 1:
        inner = m[0][0]
        if isinstance(inner, Call) and inner.name == "log":
            return inner.arg**c
    return Poly.atom(Call("exp", Poly([(m, Fraction(1))])), c)


def log_of_product(u: Poly) -> Poly:
    """Return the logarithm of one positive term as a sum of logarithms."""
    (m, c), *_ = u.terms.items()
    parts = [] if c == 1 else [Poly.atom(Call("log", Poly.constant(c)))]
    for a, e in m:
        inverse = isinstance(a, Call) and a.name == "exp"
        log = a.arg if isinstance(a, Call) and inverse else Poly.atom(Call("log", Poly.atom(a)))
        parts.append(log.scaled(e))
    return total(parts)


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
