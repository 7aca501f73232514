"""Ye17, RNN with skip links and QRNN: the claims of rows 24 to 39, and of row 46.

The loss from step t on is a function of h_t alone.  It is written as a weighted sum of an
opaque function of linear forms of h_t, so that its gradient is as general as any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from backprop.ledger.case import Case, row
from backprop.proofs import (
    Derivation,
    Sum,
    Tensor,
    dims,
    function,
    hadamard,
    identity,
    index,
    ones,
    sigmoid,
)

H, N, K = dims("H N K")
i, j, r = index("i j r", H)
n, k = index("n", N), index("k", K)
f_h, df_h = function("f_h"), function("f_h'")
f_z, df_z = function("f_z"), function("f_z'")


def affine(W: Tensor, h: Tensor, V: Tensor, x: Tensor, b: Tensor) -> Any:
    """Return entry i of W h + V x + b."""
    return Sum(W[i, j] * h[j], j) + Sum(V[i, n] * x[n], n) + b[i]


def head(p: Derivation, h: Tensor, name: str) -> tuple[Any, Tensor]:
    """Return an opaque loss of h, and its gradient on h."""
    v, A = p.tensor(f"v_{name}", K), p.tensor(f"A_{name}", K, H)
    q = p.let(f"q_{name}", k, Sum(A[k, j] * h[j], j))
    z = p.let(f"z_{name}", (), Sum(v[k] * f_z(q[k]), k))
    return z, p.let(f"dz_{name}", i, Sum(v[k] * df_z(q[k]) * A[k, i], k))


@dataclass
class Losses:
    """The total loss z, the loss at step t - 1, and their gradients."""

    z: Any
    before: Any
    d_before: Tensor
    dh: Tensor


def losses(p: Derivation, h: Tensor, ht: Tensor) -> Losses:
    """Let a loss act at h_{t-1}, and all later ones through h_t."""
    before, d_before = head(p, h, "before")
    after, dh = head(p, ht, "after")
    return Losses(p.let("z", (), before + after), before, d_before, dh)


@dataclass
class RNN:
    """One step of the RNN with skip links."""

    p: Derivation
    skip: Any
    h: Tensor
    pre: Tensor
    D: Tensor
    ht: Tensor
    dD: Tensor


def rnn(skip: Any = None) -> RNN:
    """Write one step, with a symbolic skip factor or a given one."""
    p = Derivation("RNN with skip links")
    h, x, b = p.tensor("h", H), p.tensor("x", N), p.tensor("b_h", H)
    W, V = p.tensor("W_h", H, H), p.tensor("W_x", H, N)
    factor = p.scalar("lambda") if skip is None else sp.sympify(skip)
    pre = p.let("a", i, affine(W, h, V, x, b))
    D = p.let("D", i, f_h(pre[i]))
    ht = p.let("ht", i, factor * h[i] + D[i])
    dD = p.let("dD", (i, j), df_h(pre[i]) * W[i, j])
    return RNN(p, factor, h, pre, D, ht, dD)


@row("Ye17-27n")
def _() -> Case:
    def claims(skip: Any) -> list[Any]:
        c, full = rnn(skip), rnn(skip)
        jacobian = identity(H) + full.dD
        return [
            c.p.claim("skip", lhs=c.ht[i] - c.h[i], equals=c.D[i]),
            full.p.claim("skip", of=full.ht, wrt=full.h, equals=jacobian, layout="jacobian"),
        ]

    c = rnn(0)
    standard = [
        c.p.claim("standard", lhs=c.ht[i], equals=f_h(c.pre[i])),
        c.p.claim("standard step", of=c.ht, wrt=c.h, equals=c.dD, layout="jacobian"),
    ]
    return Case(printed=[*standard, *claims(1)], scanned=claims(sp.Rational(1, 10)))


@row("Ye17-28", "Ye17-36", "Ye17-46")
def _() -> Case:
    p = Derivation("last step")
    h, W = p.tensor("h", H), p.tensor("W", H, H)
    hT = p.let("hT", i, f_h(Sum(W[i, j] * h[j], j)))
    e = losses(p, h, hT)
    last = p.of("z_after").symbol
    return Case(
        printed=[
            p.claim("of the total loss", of=e.z, wrt=hT, equals=e.dh),
            p.claim("of the last loss", of=last, wrt=hT, equals=e.dh),
        ]
    )


@row("Ye17-29")
def _() -> Case:
    c = rnn()
    e = losses(c.p, c.h, c.ht)
    J = c.p.let("J", (i, j), c.skip * identity(H).entry(i, j) + c.dD[i, j])
    return Case(
        printed=[
            c.p.claim("recursion", of=e.z, wrt=c.h, equals=e.dh.T * J + e.d_before.T, layout="row")
        ],
        pieces=[
            c.p.claim("after", of=e.z, wrt=c.ht, equals=e.dh),
            c.p.claim("step", of=c.ht, wrt=c.h, equals=J, layout="jacobian"),
            c.p.claim("before", of=e.before, wrt=c.h, equals=e.d_before),
        ],
    )


@row("Ye17-30")
def _() -> Case:
    c = rnn()
    right, full = c.skip * identity(H) + c.dD, c.skip * ones(H, H) + c.dD
    return Case(
        printed=[c.p.claim("step", of=c.ht, wrt=c.h, equals=right, layout="jacobian")],
        pieces=[c.p.claim("new part", of=c.D, wrt=c.h, equals=c.dD, layout="jacobian")],
        without=[c.p.claim("every entry", of=c.ht, wrt=c.h, equals=full, layout="jacobian")],
    )


@dataclass
class QRNN:
    """One step of the QRNN."""

    p: Derivation
    h: Tensor
    U: Tensor
    D: Tensor
    ht: Tensor


def qrnn() -> QRNN:
    """Write one step; neither gate nor candidate sees h_{t-1}."""
    p = Derivation("QRNN")
    h, x = p.tensor("h", H), p.tensor("x", N)
    W, b = p.tensor("W_U", H, N), p.tensor("b_U", H)
    V, a = p.tensor("W_h", H, N), p.tensor("b_h", H)
    U = p.let("U", i, sigmoid(Sum(W[i, n] * x[n], n) + b[i]))
    D = p.let("D", i, f_h(Sum(V[i, n] * x[n], n) + a[i]))
    return QRNN(p, h, U, D, p.let("ht", i, (1 - U[i]) * h[i] + U[i] * D[i]))


@row("Ye17-31n")
def _() -> Case:
    c = qrnn()
    p = Derivation("two steps at once")
    A1, A2, B1, B2, h0 = (p.tensor(name, H) for name in ("A1", "A2", "B1", "B2", "h0"))
    h1 = p.let("h1", i, A1[i] * h0[i] + B1[i])
    h2 = p.let("h2", i, A2[i] * h1[i] + B2[i])
    joined = A2[i] * A1[i] * h0[i] + (A2[i] * B1[i] + B2[i])
    return Case(
        printed=[
            c.p.claim("gate", of=c.U, wrt=c.h, equals=0, zero=True, layout="jacobian"),
            c.p.claim("candidate", of=c.D, wrt=c.h, equals=0, zero=True, layout="jacobian"),
        ],
        pieces=[p.claim("steps compose", lhs=h2[i], equals=joined)],
    )


@row("Ye17-33")
def _() -> Case:
    c = qrnn()
    return Case(
        printed=[c.p.claim("two forms", lhs=c.ht[i], equals=c.h[i] + c.U[i] * (c.D[i] - c.h[i]))]
    )


@row("Ye17-37")
def _() -> Case:
    c = qrnn()
    e = losses(c.p, c.h, c.ht)
    kept = ones(H) - c.U
    J = c.p.let("J", (i, j), identity(H).entry(i, j) * (1 - c.U[i]))
    closed = hadamard(e.dh, kept) + e.d_before
    return Case(
        printed=[
            c.p.claim("chain", of=e.z, wrt=c.h, equals=e.dh.T * J + e.d_before.T, layout="row"),
            c.p.claim("closed", of=e.z, wrt=c.h, equals=closed),
        ],
        pieces=[
            c.p.claim("after", of=e.z, wrt=c.ht, equals=e.dh),
            c.p.claim("step", of=c.ht, wrt=c.h, equals=J, layout="jacobian"),
            c.p.claim("before", of=e.before, wrt=c.h, equals=e.d_before),
        ],
    )


def through(c: QRNN, changed: Tensor, weight: Any) -> Case:
    """Claim dz/dh_t times the Jacobian of h_t, and the closed form of that product."""
    e = losses(c.p, c.h, c.ht)
    J = c.p.let("J", (i, j), identity(H).entry(i, j) * weight.entry(i, None))
    return Case(
        printed=[
            c.p.claim("chain", of=e.z, wrt=changed, equals=e.dh.T * J, layout="row"),
            c.p.claim("closed", of=e.z, wrt=changed, equals=hadamard(e.dh, weight)),
        ],
        pieces=[c.p.claim("step", of=c.ht, wrt=changed, equals=J, layout="jacobian")],
    )


@row("Ye17-38")
def _() -> Case:
    c = qrnn()
    return through(c, c.U, c.D - c.h)


@row("Ye17-39")
def _() -> Case:
    c = qrnn()
    return through(c, c.D, c.U)
