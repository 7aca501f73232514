"""Liao18, LeNet-5: the claims of rows CNN-T to CNN-11.

Input maps p are Q (the document's D^(l-1)), output maps d are D; a pooled map is U x V, so
that the map before it has entries (u, r, v, s) with r, s in the window of u, v.
Convolutions run over all integers: a finite mode is a matter of where the upstream gradient
is not zero.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.proofs import (
    ZZ,
    Derivation,
    Sum,
    delta,
    dims,
    elementwise,
    function,
    hadamard,
    index,
)
from backprop.proofs.claim import Claim

Q, D, U, V = dims("Q D U V")
f, df = function("f_l"), function("f_l'")
g, dg = function("g_l"), function("g_l'")


@row("Liao18-CNN-T")
def _() -> Case:
    sizes = [32]
    for kernel, pool in ((5, 2), (5, 2), (5, 1)):
        sizes.append((sizes[-1] - kernel + 1) // pool)
    return Case(
        pieces=[
            Exact(
                "the third 5 x 5 convolution sees its whole input, so it is fully connected",
                sizes == [32, 14, 5, 1],
                "32 - 5 + 1 = 28 = 2 * 14, 14 - 5 + 1 = 10 = 2 * 5, 5 - 5 + 1 = 1",
            )
        ]
    )


# -- pooling --------------------------------------------------------------------------------


class Pooling:
    """Rows 2 to 4: bias, activation, trainable mean pooling, pooling function."""

    def __init__(self, window: int = 2) -> None:
        d, self.e = index("d e", D)
        u, v = self.u, self.v = index("u", U), index("v", V)
        r, s = index("r s", window)
        self.d = d
        self.at, self.pooled = (d, u, r, v, s), (d, u, v)
        self.area = sp.Integer(window**2)
        p = self.p = Derivation("one map, from its convolutions to its pooled output")
        S, self.b = p.tensor("S", D, U, window, V, window), p.tensor("b", D)
        self.w, self.a = p.tensor("omega", D), p.tensor("a", D)
        self.Yt = p.let("Yt", self.at, S[self.at] + self.b[d])
        self.Y = p.let("Y", self.at, f(self.Yt[self.at]))
        self.P = p.let("P", self.pooled, Sum(self.Y[self.at], r, s) / self.area)
        self.Xt = p.let("Xt", self.pooled, self.w[d] * self.P[self.pooled] + self.a[d])
        self.X = p.let("X", self.pooled, g(self.Xt[self.pooled]))
        self.dX, self.L = p.upstream(self.X, "dX", "L")
        slope = self.dX[self.pooled] * dg(self.Xt[self.pooled])
        self.dXt = p.let("dXt", self.pooled, slope)
        self.dY = p.let("dY", self.at, self.w[d] / self.area * self.dXt[self.pooled])


@row("Liao18-CNN-3")
def _() -> Case:
    c = Pooling()
    input_map, u, v = index("p", Q), *(i.fresh() for i in (c.u, c.v))
    own = c.w[c.d] * delta(c.d, c.e) * delta(c.u, u) * delta(c.v, v)
    return Case(
        printed=[
            ill_typed(lambda: c.p.let("X_p", c.pooled, c.w[c.d] * c.P[c.e, c.u, c.v] + c.a[c.d])),
            ill_typed(lambda: c.P[input_map, c.u, c.v]),
        ],
        corrected=[
            c.p.claim("own map", of=c.Xt[c.pooled], wrt=c.P[c.e, u, v], equals=own),
        ],
    )


@row("Liao18-CNN-5")
def _() -> Case:
    c = Pooling()
    input_map = index("p", Q)

    def claim(name: str, pooled: Any) -> Claim:
        equals = Sum(c.dXt[c.pooled] * pooled, c.u, c.v)
        return c.p.claim(name, of=c.L, wrt=c.w[c.d], equals=equals)

    return Case(
        printed=[
            claim("p one fixed map", c.P[0, c.u, c.v]),
            ill_typed(lambda: claim("p over the output maps", c.P[c.e, c.u, c.v])),
            ill_typed(lambda: claim("p over the input maps", c.P[input_map, c.u, c.v])),
        ],
        corrected=[claim("own map", c.P[c.pooled])],
    )


@row("Liao18-CNN-6")
def _() -> Case:
    c = Pooling()
    equals = Sum(c.dX[c.pooled] * dg(c.Xt[c.pooled]), c.u, c.v)
    return Case(printed=[c.p.claim("bias", of=c.L, wrt=c.a[c.d], equals=equals)])


@row("Liao18-CNN-7")
def _() -> Case:
    c = Pooling()
    u = sp.Symbol("u", integer=True)
    half = sp.Rational(1, 2)
    from_one = [sp.floor((2 * (u - 1) + r + 1) * half) for r in (1, 2)]
    from_zero = [sp.floor((2 * u + r + 1) * half) for r in (0, 1)]
    nearest = [sp.floor((2 * (u - 1) + r + 1) * half + half) for r in (1, 2)]
    equals = c.w[c.d] / 4 * c.dX[c.pooled] * dg(c.Xt[c.pooled])
    return Case(
        printed=[c.p.claim("spread", of=c.L, wrt=c.Y[c.at], equals=equals)],
        pieces=[
            Exact(
                "entries 2u - 1 and 2u lie in window u, counted from 1",
                from_one == [u, u],
                f"integer part of (i + 1)/2: {from_one}",
            )
        ],
        without=[
            Exact("counted from 0", from_zero == [u, u], f"i = 2u, 2u + 1 gives {from_zero}"),
            Exact("nearest integer", nearest == [u, u], f"i = 2u - 1, 2u gives {nearest}"),
        ],
    )


@row("Liao18-CNN-8")
def _() -> Case:
    c, one = Pooling(), Pooling(window=1)
    equal = one.dY[one.d, one.u, 0, one.v, 0] * df(one.Xt[one.pooled])
    return Case(
        printed=[
            one.p.claim("windows 1 x 1", of=one.L, wrt=one.Xt[one.pooled], equals=equal),
            ill_typed(lambda: hadamard(c.dY, elementwise(df, c.Xt))),
        ],
        corrected=[
            c.p.claim("dYt", of=c.L, wrt=c.Yt[c.at], equals=c.dY[c.at] * df(c.Yt[c.at])),
        ],
        pieces=[c.p.claim("dY", of=c.L, wrt=c.Y[c.at], equals=c.dY[c.at])],
    )


@row("Liao18-CNN-10")
def _() -> Case:
    c = Pooling()
    whole = Sum(c.dY[c.at] * df(c.Yt[c.at]), *c.at[1:])
    pooled = Sum(c.dXt[c.pooled], c.u, c.v)
    return Case(
        printed=[c.p.claim("sum of dXt", of=c.L, wrt=c.b[c.d], equals=pooled)],
        corrected=[c.p.claim("sum of dYt", of=c.L, wrt=c.b[c.d], equals=whole)],
        pieces=[
            c.p.claim("dXt", of=c.L, wrt=c.Xt[c.pooled], equals=c.dXt[c.pooled]),
        ],
    )


# -- convolution ----------------------------------------------------------------------------


class Linked:
    """Row 1 with a link table; ``sign`` is 1 for correlation and -1 for convolution."""

    def __init__(self, sign: int, Q: Any = Q) -> None:
        p, d = self.input, self.output = index("p", Q), index("d", D)
        m, n, i, j = self.m, self.n, self.i, self.j = index("m n i j", ZZ)
        self.sign = sign
        self.p = Derivation("linked " + ("correlation" if sign == 1 else "convolution"))
        self.X, self.T = self.p.tensor("X", Q, ZZ, ZZ), self.p.tensor("T", Q, D)
        self.W = self.p.tensor("W", Q, D, ZZ, ZZ)
        seen = self.T[p, d] * self.W[p, d, m, n] * self.X[p, i + sign * m, j + sign * n]
        self.Yt = self.p.let("Yt", (d, i, j), Sum(seen, p, m, n))

    def opaque(self) -> tuple[Any, Any]:
        """Return an opaque loss of the map, and its gradient."""
        G, L = self.p.upstream(self.Yt, "G", "L")
        return L, G

    def product(self, A: Any, B: Any) -> Any:
        """Return entry (m, n) of A (x) B, in the sense of row 1."""
        e, h = index("e h", ZZ)
        return Sum(A(e, h) * B(self.m + self.sign * e, self.n + self.sign * h), e, h)

    def dW(self, name: str, G: Any, L: Any, turned: bool = False) -> Claim:
        """Claim row 9 for a gradient G at the output map, the input turned by 180° or not."""
        p, d, turn = self.input, self.output, -1 if turned else 1
        equals = self.T[p, d] * self.product(
            lambda i, j: G[d, i, j], lambda i, j: self.X[p, turn * i, turn * j]
        )
        return self.p.claim(name, of=L, wrt=self.W[p, d, self.m, self.n], equals=equals)

    def dX(self, name: str, G: Any, L: Any, swapped: bool = False) -> Claim:
        """Claim row 11, summed over output maps, or with the two indices as printed."""
        p, d = self.input, self.output
        term = self.T[p, d] * self.product(
            lambda i, j: self.W[p, d, -i, -j], lambda i, j: G[d, i, j]
        )
        at, summed = (d, p) if swapped else (p, d)
        equals = Sum(term, summed)
        return self.p.claim(name, of=L, wrt=self.X[at, self.m, self.n], equals=equals)


Signal = NDArray[np.int64]


def valid(w: Signal, x: Signal, correlation: bool) -> Signal:
    """Slide the shorter signal along the longer one, turned by 180° for a convolution."""
    short, long = sorted((w, x), key=len)
    return np.convolve(long, short[::-1] if correlation else short, "valid")


def wide(w: Signal, x: Signal, correlation: bool) -> Signal:
    """Do the same with zeros around, so that the signals need only touch."""
    return np.convolve(x, w[::-1] if correlation else w, "full")


def finite(correlation: bool) -> tuple[bool, bool, bool]:
    """Decide dW = G (x) X, dW = G (x) rot180(X), dX = rot180(W) (x~) G in valid mode.

    The maps are bilinear, so that unit signals decide each size; sizes up to 6 are tried.
    """
    plain = turned = back = True
    for size in range(1, 7):
        for kernel in range(1, size + 1):
            lengths = (size, kernel, size - kernel + 1)
            xs, ws, Gs = (np.eye(length, dtype=np.int64) for length in lengths)
            y = np.array([[valid(w, x, correlation) for x in xs] for w in ws])
            dW, dX = y.transpose(1, 2, 0), y.transpose(0, 2, 1)  # (x, G, w) and (w, G, x)
            plain &= np.array_equal(dW, [[valid(G, x, correlation) for G in Gs] for x in xs])
            turned &= np.array_equal(dW, [[valid(G, x[::-1], correlation) for G in Gs] for x in xs])
            back &= np.array_equal(dX, [[wide(w[::-1], G, correlation) for G in Gs] for w in ws])
    return plain, turned, back


@cache
def modes() -> tuple[Exact, ...]:
    """Return what `finite` says of correlation and of convolution, as facts."""
    as_expected = {True: (True, False, True), False: (False, True, True)}
    return tuple(
        Exact(
            f"{'correlation' if kind else 'convolution'}, valid mode: the kernel's gradient with "
            "the input as it is, with the input turned, and the input's gradient",
            finite(kind) == expected,
            f"right for all signals up to 6 entries: {expected}",
        )
        for kind, expected in as_expected.items()
    )


@row("Liao18-CNN-9")
def _() -> Case:
    c, v, whole = Linked(1), Linked(-1), Linked(1)
    (L, G), (vL, vG) = c.opaque(), v.opaque()
    # the whole layer with windows of one entry, where even the sizes fit
    p, at = whole.p, (whole.output, whole.i, whole.j)
    w, a = p.tensor("omega", D), p.tensor("a", D)
    Xt = p.let("Xt", at, w[whole.output] * f(whole.Yt[at]) + a[whole.output])
    wG, wL = p.upstream(Xt, "dXt", "L")
    gained = 32 - 14 + 1
    return Case(
        printed=[
            v.dW("names repaired, true convolution", vG, vL),
            whole.dW("windows 1 x 1", wG, wL),
            Exact(
                "C1 of LeNet-5: sizes of the kernel and of its gradient",
                gained == 5,
                f"input 32, kernel 5, pooled map 14: the formula gives {gained} entries, not 5",
            ),
        ],
        corrected=[c.dW("correlation", G, L)],
        pieces=[
            v.dW("true convolution, input turned", vG, vL, turned=True),
            *modes(),
        ],
    )


@row("Liao18-CNN-11")
def _() -> Case:
    c, v, square = Linked(1), Linked(-1), Linked(1, Q=D)
    (L, G), (vL, vG), (sL, sG) = c.opaque(), v.opaque(), square.opaque()
    return Case(
        printed=[
            square.dX("as many input as output maps", sG, sL, swapped=True),
            ill_typed(lambda: c.W[c.input, c.input, c.m, c.n]),
        ],
        corrected=[c.dX("correlation", G, L), v.dX("true convolution", vG, vL)],
        pieces=modes(),
    )
