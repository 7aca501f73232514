"""PreAct, a training set: the mean of the losses, and its gradients."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backprop.ledger.case import Case, row
from backprop.proofs import Derivation, Sum, dims, exp, index, log, relu, step

N, D, M, C = dims("N D M C")


def batch() -> Any:
    """State the network for N examples, and the mean of their losses."""
    n = index("n", N)
    d, e = index("d e", D)
    m, k = index("m k", M)
    c, b = index("c b", C)
    p = Derivation("residual network, N examples")
    x, y = p.tensor("x", N, D), p.distribution(p.tensor("y", N, C))
    W1, W2 = p.tensor("W1", D, D), p.tensor("W2", M, D)
    W3, W4 = p.tensor("W3", M, M), p.tensor("W4", C, M)
    z = p.let("z", (n, d), relu(x[n, d]))
    h = p.let("h", (n, d), Sum(W1[d, e] * z[n, e], e))
    s = p.let("s", (n, d), h[n, d] + x[n, d])
    t = p.let("t", (n, m), Sum(W2[m, d] * s[n, d], d))
    a = p.let("p", (n, m), relu(t[n, m]))
    q = p.let("q", (n, m), Sum(W3[m, k] * a[n, k], k))
    r = p.let("r", (n, m), q[n, m] + t[n, m])
    theta = p.let("theta", (n, c), Sum(W4[c, m] * r[n, m], m), latex=r"\theta")
    yh = p.let("yh", (n, c), exp(theta[n, c]) / Sum(exp(theta[n, b]), b), latex=r"\hat y")
    J = p.let("J", n, -Sum(y[n, c] * log(yh[n, c]), c))
    L = p.let("L", (), Sum(J[n], n) / N)
    return SimpleNamespace(**locals())


def error(b: Any, n: Any, c: Any) -> Any:
    """Return the entry of yhat_n - y_n."""
    return b.yh[n, c] - b.y[n, c]


def into_r(b: Any, n: Any, m: Any) -> Any:
    """Return the entry of W4^T (yhat_n - y_n)."""
    c = index("c", C)
    return Sum(b.W4[c, m] * error(b, n, c), c)


def into_t(b: Any, n: Any, m: Any) -> Any:
    """Return the entry of (gate_n W3^T + I) W4^T (yhat_n - y_n)."""
    k = index("k", M)
    return step(b.t[n, m]) * Sum(b.W3[k, m] * into_r(b, n, k), k) + into_r(b, n, m)


def gradient(b: Any, n: Any, wrt: Any, one: Any, mean: Any) -> Case:
    """State the gradient of the mean loss, and that of the loss of one example."""
    return Case(
        printed=[
            b.p.claim("mean", of=b.L, wrt=wrt, equals=mean),
            b.p.claim("mean of the gradients", of=b.L, wrt=wrt, equals=Sum(one, n) / N),
            b.p.claim("one example", of=b.J[n], wrt=wrt, equals=one),
        ]
    )


@row("PreAct-B4")
def _() -> Case:
    b, n, k, m = batch(), index("n", N), index("k", C), index("m", M)
    one = error(b, n, k) * b.r[n, m]
    return gradient(b, n, b.W4[k, m], one, Sum(one, n) / N)


@row("PreAct-B3")
def _() -> Case:
    b, n, c, (k, m) = batch(), index("n", N), index("c", C), index("k m", M)
    mean = Sum(b.W4[c, k] * Sum(error(b, n, c) * b.a[n, m], n), c) / N
    return gradient(b, n, b.W3[k, m], into_r(b, n, k) * b.a[n, m], mean)


@row("PreAct-B2")
def _() -> Case:
    b, n, k, d = batch(), index("n", N), index("k", M), index("d", D)
    one = into_t(b, n, k) * b.s[n, d]
    return gradient(b, n, b.W2[k, d], one, Sum(one, n) / N)


@row("PreAct-B1")
def _() -> Case:
    b, n, m, (k, d) = batch(), index("n", N), index("m", M), index("k d", D)
    one = Sum(b.W2[m, k] * into_t(b, n, m), m) * b.z[n, d]
    mean = Sum(b.W2[m, k] * Sum(into_t(b, n, m) * b.z[n, d], n), m) / N
    return gradient(b, n, b.W1[k, d], one, mean)
