"""PreAct, rows 1 to 10: the residual network with pre-activation, its loss, its rectifier.

Rows are judged by the document's conventions: the gradient on a column is a row, one vector
by another gives a Jacobian, a vector by a matrix an array with three axes, and the gradient
of the loss on a weight matrix has the shape of that matrix.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backprop.ledger.case import Case, Exact, row
from backprop.proofs import (
    Derivation,
    Sum,
    delta,
    diag,
    dims,
    elementwise,
    exp,
    hadamard,
    index,
    log,
    relu,
    step,
)

D, M, C = dims("D M C")
Net = SimpleNamespace


def network(one_hot: bool = False) -> Any:
    """State the network for one example; its target is any vector, or sums to one."""
    d, e = index("d e", D)
    m, n = index("m n", M)
    c, k = index("c k", C)
    p = Derivation("residual network")
    x, y = p.tensor("x", D), p.tensor("y", C)
    W1, W2 = p.tensor("W1", D, D), p.tensor("W2", M, D)
    W3, W4 = p.tensor("W3", M, M), p.tensor("W4", C, M)
    if one_hot:
        p.distribution(y)
    z = p.let("z", d, relu(x[d]))
    h = p.let("h", d, Sum(W1[d, e] * z[e], e))
    s = p.let("s", d, h[d] + x[d])
    t = p.let("t", m, Sum(W2[m, d] * s[d], d))
    a = p.let("p", m, relu(t[m]))
    q = p.let("q", m, Sum(W3[m, n] * a[n], n))
    r = p.let("r", m, q[m] + t[m])
    theta = p.let("theta", c, Sum(W4[c, m] * r[m], m), latex=r"\theta")
    yh = p.let("yh", c, exp(theta[c]) / Sum(exp(theta[k]), k), latex=r"\hat y")
    J = p.let("J", (), -Sum(y[c] * log(yh[c]), c))
    gate = elementwise(step, t)
    assumed = False
    return Net(**locals())


def error(n: Any, c: Any) -> Any:
    """Return the entry of the gradient on the scores: yhat - y if the target sums to one."""
    k = index("k", C)
    return n.yh[c] - n.y[c] if n.assumed else n.yh[c] * Sum(n.y[k], k) - n.y[c]


def errors(n: Any) -> Any:
    """Return the column of these entries."""
    k = index("k", C)
    return n.yh - n.y if n.assumed else n.yh * Sum(n.y[k], k) - n.y


def with_target() -> Any:
    """State the network for a target that sums to one, and assume it in the formulas."""
    n = network(one_hot=True)
    n.assumed = True
    return n


def any_target() -> Any:
    """State the network for any target, and assume in the formulas that it sums to one."""
    n = network()
    n.assumed = True
    return n


def into_r(n: Any, m: Any) -> Any:
    """Return the entry of (yhat - y)^T W4, the gradient on r."""
    c = index("c", C)
    return Sum(error(n, c) * n.W4[c, m], c)


def to_scores(n: Any) -> Any:
    """State the gradient on the scores."""
    return n.p.claim("dJ/dtheta", of=n.J, wrt=n.theta, equals=errors(n).T, layout="row")


def to_r(n: Any) -> Any:
    """State the gradient on r."""
    return n.p.claim("dJ/dr", of=n.J, wrt=n.r, equals=errors(n).T * n.W4, layout="row")


def jacobian(n: Any, of: Any, wrt: Any, equals: Any, total: bool = True) -> Any:
    """State the Jacobian of one vector of the network by another."""
    name = f"d{of.name}/d{wrt.name}"
    return n.p.claim(name, of=of, wrt=wrt, equals=equals, layout="jacobian", total=total)


def by_weights(n: Any, of: Any, W: Any, v: Any) -> Any:
    """State that W v by W has the entries delta(i, k) v[l]."""
    (rows, columns) = W.shape
    (i, k), j = index("i k", rows), index("l", columns)
    return n.p.claim(
        f"d{of.name}/d{W.name}", of=of[i], wrt=W[k, j], equals=delta(i, k) * v[j], total=False
    )


# -- the loss -------------------------------------------------------------------------------


def scores() -> Any:
    """State the loss as a function of scores, for any target."""
    c, k = index("c k", C)
    p = Derivation("softmax and cross-entropy")
    theta, y = p.tensor("theta", C, latex=r"\theta"), p.tensor("y", C)
    yh = p.let("yh", c, exp(theta[c]) / Sum(exp(theta[k]), k), latex=r"\hat y")
    J = p.let("J", (), -Sum(y[c] * log(yh[c]), c))
    return Net(**locals())


@row("PreAct-3")
def _() -> Case:
    n = scores()
    c = index("c", C)
    matrices = n.y.T * elementwise(log, n.yh)
    return Case(
        printed=[
            n.p.claim("J", lhs=-matrices.entry(None, None), equals=-Sum(n.y[c] * log(n.yh[c]), c))
        ]
    )


@row("PreAct-4")
def _() -> Case:
    n = scores()
    quotient = hadamard(n.y, elementwise(lambda u: 1 / u, n.yh))
    return Case(printed=[n.p.claim("dJ/dyh", of=n.J, wrt=n.yh, equals=-quotient.T, layout="row")])


@row("PreAct-5")
def _() -> Case:
    n = scores()
    i, j, k = index("i j k", C)
    same, u, total = delta(i, j), n.theta, Sum(exp(n.theta[k]), k)
    fractions = same * exp(u[j]) * (total - exp(u[j])) - (1 - same) * exp(u[i]) * exp(u[j])
    outputs = same * n.yh[j] * (1 - n.yh[j]) - (1 - same) * n.yh[i] * n.yh[j]
    return Case(
        printed=[
            n.p.claim("fractions", of=n.yh[i], wrt=u[j], equals=fractions / total**2),
            n.p.claim("outputs", of=n.yh[i], wrt=u[j], equals=outputs),
        ]
    )


@row("PreAct-6")
def _() -> Case:
    n = scores()
    i, j = index("i j", C)
    y, yh, other = n.y, n.yh, 1 - delta(i, j)
    jacobian = delta(i, j) * yh[j] - yh[i] * yh[j]

    def equals(name: str, e: Any) -> Any:
        return n.p.claim(name, of=n.J, wrt=n.theta[j], equals=e)

    first = -y[j] / yh[j] * yh[j] * (1 - yh[j])
    return Case(
        printed=[
            equals("chain rule", Sum(-y[i] / yh[i] * jacobian, i)),
            equals("split", first + Sum(other * y[i] / yh[i] * yh[i] * yh[j], i)),
            equals("cancelled", -y[j] * (1 - yh[j]) + yh[j] * Sum(other * y[i], i)),
            equals("collected", -y[j] + yh[j] * Sum(y[i], i)),
        ]
    )


@row("PreAct-7", "PreAct-8")
def _() -> Case:
    n, free = with_target(), scores()
    free.assumed = True
    return Case(printed=[to_scores(n)], without=[to_scores(free)])


# -- the rectifier and the parameters -------------------------------------------------------


@row("PreAct-9", "PreAct-10")
def _() -> Case:
    p = Derivation("rectifier")
    i = index("i", D)
    x = p.tensor("x", D)
    y = p.let("y", i, relu(x[i]))
    gates = diag(elementwise(step, x))
    return Case(
        printed=[p.claim("dReLU/dx", of=y, wrt=x, equals=gates, layout="jacobian")],
        pieces=[p.claim("in {0, 1}", lhs=step(x[i]) * (1 - step(x[i])), equals=0)],
    )


def uses(p: Derivation) -> dict[str, set[str]]:
    """Return the names that each definition uses."""
    return {
        name: {str(s) for s in body.free_symbols if str(s) in p.tensors}
        for name, (_, body) in p.definitions.items()
    }


def paths(graph: dict[str, set[str]], start: str, end: str) -> int:
    """Count the paths between two names."""
    return 1 if start == end else sum(paths(graph, name, end) for name in graph.get(start, ()))


@row("PreAct-10n")
def _() -> Case:
    n = network()
    given = sorted(t.name for t in n.p.given())
    return Case(
        printed=[
            Exact(
                "what the forward equations do not define: data and parameters",
                given == ["W1", "W2", "W3", "W4", "x", "y"],
                f"given are {', '.join(given)}",
            )
        ]
    )


@row("PreAct-10p")
def _() -> Case:
    graph = uses(network().p)
    count = {W: paths(graph, "J", W) for W in ("W1", "W2", "W3", "W4")}
    return Case(
        printed=[
            Exact(
                "paths from J in the graph of the forward equations",
                count == {"W1": 2, "W2": 2, "W3": 1, "W4": 1},
                f"{count}",
            )
        ]
    )
