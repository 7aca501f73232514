"""Liao18, the vanilla RNN: the claims of rows RNN-3 to RNN-13.

Sums over time are decided three times: for a few steps written out, with layers of every
size; for any number of steps with time as a dimension and an indicator tensor for k <= t;
and by induction over the steps, as `Recurrence` has it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.proofs import (
    Derivation,
    Recurrence,
    Sum,
    Tensor,
    delta,
    diag,
    dims,
    elementwise,
    function,
    hadamard,
    index,
    induction_step,
)
from backprop.proofs.claim import Claim
from backprop.proofs.tensors import Matrix

N, M, C, T = dims("N M C T")
i, j, q = index("i j q", M)
n, c = index("n", N), index("c", C)
t, k = index("t k", T)
f, df = function("f"), function("f'")
loss, d_loss = function("L"), function("L'")


class Unrolled:
    """The network written out for some steps, with the loss of each step.

    The loss of step t is a weighted sum of an opaque function of linear forms of h_t.
    """

    def __init__(self, steps: int = 3) -> None:
        p = self.p = Derivation(f"{steps} steps of the RNN")
        self.U, self.W, self.b = p.tensor("U", M, M), p.tensor("W", M, N), p.tensor("b", M)
        A = p.tensor("A", C, M)
        self.x, self.h = [], [p.tensor("h0", M)]
        self.z, self.losses, self.direct = [], [], []
        for s in range(1, steps + 1):
            x, v, h = p.tensor(f"x{s}", N), p.tensor(f"v{s}", C), self.h[-1]
            pre = Sum(self.U[i, j] * h[j], j) + Sum(self.W[i, n] * x[n], n) + self.b[i]
            self.x.append(x)
            self.z.append(p.let(f"z{s}", i, pre))
            self.h.append(p.let(f"h{s}", i, f(self.z[-1][i])))
            y = p.let(f"y{s}", c, Sum(A[c, j] * self.h[-1][j], j))
            self.losses.append(p.let(f"L{s}", (), Sum(v[c] * loss(y[c]), c)))
            self.direct.append(p.let(f"dh{s}", i, Sum(v[c] * d_loss(y[c]) * A[c, i], c)))
        self.L = p.let("L", (), sum(self.losses))
        self.delta = {
            (s, m): self._delta(s, m) for s in range(1, steps + 1) for m in range(s, 0, -1)
        }

    def _delta(self, t: int, k: int) -> Tensor:
        """Return dL_t/dz_k by the recursion of row 9."""
        z = self.z[k - 1]
        if k == t:
            below = self.direct[t - 1][i]
        else:
            below = Sum(self.U[j, i] * self.p.of(f"delta{t}{k + 1}")[j], j)
        made: Tensor = self.p.let(f"delta{t}{k}", i, df(z[i]) * below)
        return made

    def double_sum(self, factor: Any) -> Any:
        """Add the terms of all t and k <= t; `factor` is what follows delta(t, k)."""
        terms = [self.delta[t, k] * factor(k) for t, k in self.delta]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def before(self, k: int) -> Matrix:
        """Return h_{k-1} as a row."""
        return self.h[k - 1].T

    def input(self, k: int) -> Matrix:
        """Return x_k as a row."""
        return self.x[k - 1].T


def any_length(what: str) -> Claim:
    """Claim the double sum for any number of steps, on U, W or b.

    The steps are given their h_{k-1} and x_k; delta(t, k) is the gradient of L_t on z_k as a
    whole, and indicator[t, k] is one for k <= t, else zero.
    """
    p = Derivation("any number of steps")
    U, W, b = p.tensor("U", M, M), p.tensor("W", M, N), p.tensor("b", M)
    h, x = p.tensor("h", T, M), p.tensor("x", T, N)
    D, indicator = p.tensor("delta", T, T, M), p.tensor("indicator", T, T)
    pre = Sum(U[i, j] * h[k, j], j) + Sum(W[i, n] * x[k, n], n) + b[i]
    z = p.let("z", (k, i), pre)
    L = p.let("L", (), Sum(indicator[t, k] * D[t, k, i] * z[k, i], t, k, i))
    at, factor = {"U": (U[q, j], h[k, j]), "W": (W[q, n], x[k, n]), "b": (b[q], 1)}[what]
    equals = Sum(indicator[t, k] * D[t, k, q] * factor, t, k)
    return p.claim(f"dL/d{what}, any T", of=L, wrt=at, equals=equals)


@cache
def by_induction() -> Exact:
    """Prove one step with an opaque upstream gradient, and the induction over the steps."""
    p = Derivation("one step")
    U, W, b = p.tensor("U", M, M), p.tensor("W", M, N), p.tensor("b", M)
    h, x = p.tensor("h", M), p.tensor("x", N)
    z = p.let("z", i, Sum(U[i, j] * h[j], j) + Sum(W[i, n] * x[n], n) + b[i])
    h1 = p.let("h1", i, f(z[i]))
    dh, L = p.upstream(h1)
    dz = hadamard(dh, elementwise(df, z))
    p.claim("dU", of=L, wrt=U, equals=dz * h.T)
    p.claim("dW", of=L, wrt=W, equals=dz * x.T)
    p.claim("db", of=L, wrt=b, equals=dz)
    p.claim("dh", of=L, wrt=h, equals=U.T * dz)
    p.claim("dx", of=L, wrt=x, equals=W.T * dz)
    r = Recurrence(p, state={h: h1}, upstream={h1: dh}, parameters=[U, W, b], inputs=[x])
    ok = all(v.ok for v in p.verify()) and induction_step() and not any(r.unrolled().values())
    return Exact(
        "one backward sweep gives the gradient for any number of steps",
        ok,
        "one step proved for all sizes, the inductive step checked, T = 1 to 4 run exactly",
    )


def over_time(what: str, factor: Any) -> list[Claim]:
    """Claim a double sum for two steps and for any number of steps."""
    u = Unrolled(2)
    equals = u.double_sum(lambda k: factor(u, k))
    two = u.p.claim(f"dL/d{what}, T = 2", of=u.L, wrt=u.p.of(what), equals=equals)
    return [two, any_length(what)]


@row("Liao18-RNN-3")
def _() -> Case:
    p = Derivation("one step")
    U, W, b = p.tensor("U", M, M), p.tensor("W", M, N), p.tensor("b", M)
    W_printed, h, x = p.tensor("W_printed", N, M), p.tensor("h", M), p.tensor("x", N)
    z = p.let("z", i, U * h + W * x + b)
    dz, L = p.upstream(z)
    return Case(
        printed=[ill_typed(lambda: U * h + W_printed * x + b)],
        corrected=[p.claim("dL/dW", of=L, wrt=W, equals=dz * x.T)],
    )


@row("Liao18-RNN-6")
def _() -> Case:
    p = Derivation("sum of the losses")
    U, G = p.tensor("U", M, M), p.tensor("G", T, M, M)
    Lt = p.let("Lt", t, Sum(G[t, i, j] * loss(U[i, j]), i, j))
    L = p.let("L", (), Sum(Lt[t], t))
    dLt = p.let("dLt", (t, i, j), G[t, i, j] * d_loss(U[i, j]))
    u = Unrolled(2)
    first = u.delta[1, 1] * u.before(1)
    second = u.delta[2, 1] * u.before(1) + u.delta[2, 2] * u.before(2)
    return Case(
        printed=[
            p.claim("sum", of=L, wrt=U[i, j], equals=Sum(dLt[t, i, j], t)),
            u.p.claim("T = 2", of=u.L, wrt=u.U, equals=first + second),
        ],
        pieces=[
            p.claim("one loss", of=Lt[t], wrt=U[i, j], equals=dLt[t, i, j]),
            u.p.claim("dL1/dU", of=u.losses[0], wrt=u.U, equals=first),
            u.p.claim("dL2/dU", of=u.losses[1], wrt=u.U, equals=second),
        ],
    )


@row("Liao18-RNN-7")
def _() -> Case:
    u = Unrolled()
    a, b = index("a b", M)

    def claim(t: int) -> Claim:
        """Sum over k and over the entries q of z_k, as printed."""
        terms = [Sum(u.h[k - 1][b] * delta(a, q) * u.delta[t, k][q], q) for k in range(1, t + 1)]
        return u.p.claim(f"t = {t}", of=u.losses[t - 1], wrt=u.U[a, b], equals=sum(terms))

    return Case(
        printed=[claim(t) for t in (1, 2, 3)],
        pieces=[
            *(
                u.p.claim(f"dL3/dz{k}", of=u.losses[2], wrt=u.z[k - 1], equals=u.delta[3, k])
                for k in (1, 2, 3)
            ),
            by_induction(),
        ],
    )


@row("Liao18-RNN-9")
def _() -> Case:
    p = Derivation("from z_{k+1} to z_k")
    z, U, W, b = p.tensor("z", M), p.tensor("U", M, M), p.tensor("W", M, N), p.tensor("b", M)
    x, v = p.tensor("x", N), p.tensor("v", M)
    h = p.let("h", i, f(z[i]))
    z1 = p.let("z1", i, Sum(U[i, j] * h[j], j) + Sum(W[i, n] * x[n], n) + b[i])
    D, Lt = p.upstream(z1, "delta1", "Lt")
    own = p.let("own", (), Lt + Sum(v[i] * loss(h[i]), i))
    closed = diag(elementwise(df, z)) * U.T * D
    dh = p.let("dh", (i, j), diag(elementwise(df, z)).entry(i, j))
    dz1 = p.let("dz1", (i, j), U[i, j])
    return Case(
        printed=[
            p.claim("chain", of=Lt, wrt=z, equals=dh.T * dz1.T * D),
            p.claim("closed", of=Lt, wrt=z, equals=closed),
        ],
        pieces=[
            p.claim("dh_k/dz_k", of=h, wrt=z, equals=dh, layout="jacobian"),
            p.claim("dz_{k+1}/dh_k", of=z1, wrt=h, equals=dz1, layout="jacobian"),
        ],
        without=[p.claim("k = t: L_t acts at h_k", of=own, wrt=z, equals=closed)],
    )


@row("Liao18-RNN-10")
def _() -> Case:
    u = Unrolled(2)
    a, b = index("a b", M)
    equals = u.h[1][b] * delta(a, q)
    z = u.z[1][q]
    return Case(
        printed=[u.p.claim("immediate", of=z, wrt=u.U[a, b], equals=equals, total=False)],
        without=[u.p.claim("total", of=z, wrt=u.U[a, b], equals=equals)],
    )


@row("Liao18-RNN-11")
def _() -> Case:
    return Case(
        printed=over_time("U", lambda u, k: u.before(k)),
        pieces=[by_induction()],
    )


@row("Liao18-RNN-12")
def _() -> Case:
    u = Unrolled(2)
    W = u.p.tensor("W_printed", N, M)
    equals = u.double_sum(u.input)
    return Case(
        printed=over_time("W", lambda u, k: u.input(k)),
        pieces=[by_induction()],
        without=[ill_typed(lambda: u.p.claim("N x M", of=u.L, wrt=W, equals=equals))],
    )


@row("Liao18-RNN-13")
def _() -> Case:
    u = Unrolled(2)
    total = u.double_sum(lambda k: 1)
    row_wise = total.entry(i, None)
    return Case(
        printed=[
            u.p.claim("in every column", of=u.L, wrt=u.U[i, j], equals=row_wise),
            ill_typed(lambda: u.p.claim("dL/dU", of=u.L, wrt=u.U, equals=total)),
        ],
        corrected=over_time("b", lambda u, k: 1),
        pieces=[by_induction()],
    )
