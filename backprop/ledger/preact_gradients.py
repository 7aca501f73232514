"""PreAct, rows 16 to 21: the gradients on the four weight matrices, for one example."""

from __future__ import annotations

from typing import Any

from backprop.ledger.case import Case, Exact, row
from backprop.ledger.preact import (
    C,
    D,
    M,
    by_weights,
    error,
    into_r,
    network,
    with_target,
)
from backprop.proofs import (
    Derivation,
    Sum,
    delta,
    diag,
    identity,
    index,
    step,
)


@row("PreAct-16")
def _() -> Case:
    return Case(printed=with_last_factors(with_target()))


def with_last_factors(n: Any) -> list[Any]:
    """State the four gradients with the factors that have three axes left open."""
    i, j, k, m = index("i j k m", M)
    c, b = index("c b", C)
    d, e, f = index("d e f", D)
    W2_t, W1_h = delta(i, k) * n.s[d], delta(d, e) * n.z[f]
    through = Sum(into_r(n, j) * n.W3[j, i], j) * step(n.t[i])

    def equals(W: Any, e: Any) -> Any:
        return n.p.claim(f"dJ/d{W.base.label}", of=n.J, wrt=W, equals=e)

    return [
        equals(n.W4[b, m], Sum(error(n, c) * (delta(c, b) * n.r[m]), c)),
        equals(n.W3[k, m], Sum(into_r(n, i) * (delta(i, k) * n.a[m]), i)),
        equals(n.W2[k, d], Sum(through * W2_t, i) + Sum(into_r(n, i) * W2_t, i)),
        equals(
            n.W1[e, f],
            Sum(through * n.W2[i, d] * W1_h, i, d) + Sum(into_r(n, i) * n.W2[i, d] * W1_h, i, d),
        ),
        by_weights(n, n.theta, n.W4, n.r),
        by_weights(n, n.q, n.W3, n.a),
        by_weights(n, n.t, n.W2, n.s),
        by_weights(n, n.h, n.W1, n.z),
    ]


@row("PreAct-19")
def _() -> Case:
    n = network()
    return Case(printed=[by_weights(n, n.theta, n.W4, n.r)])


@row("PreAct-20")
def _() -> Case:
    return Case(printed=by_blocks(with_target()), pieces=[no_rule()])


def by_blocks(n: Any) -> list[Any]:
    """State each step of the product with the array of blocks."""
    c, k = index("c k", C)
    m = index("m", M)

    def equals(name: str, e: Any) -> Any:
        return n.p.claim(name, of=n.J, wrt=n.W4[k, m], equals=e)

    def block(i: Any, j: Any) -> Any:
        return delta(i, j) * n.r[m]

    return [
        equals("over the index of theta", Sum(error(n, c) * block(c, k), c)),
        equals("row times each block", Sum(error(n, c) * block(k, c), c)),
        equals("rows", error(n, k) * n.r[m]),
        n.p.claim("outer product", of=n.J, wrt=n.W4, equals=(n.yh - n.y) * n.r.T),
    ]


def no_rule() -> Exact:
    """State that contracting the second axis for the first is wrong for other arrays."""
    c, k = index("c k", C)
    m = index("m", M)
    p = Derivation("any array with three axes")
    v, T = p.tensor("v", C), p.tensor("T", C, C, M)
    first, second = Sum(v[c] * T[c, k, m], c), Sum(v[c] * T[k, c, m], c)
    report = p.claim("first axis, second axis", lhs=first, equals=second).verify()
    return Exact(
        "the second step is no rule: it fails for another array with three axes",
        report.verdict == "refuted",
        report.counterexample_in_words,
    )


# -- the gradients --------------------------------------------------------------------------


def gradient(n: Any, W: Any, equals: Any) -> Any:
    """State the gradient of the loss on a weight matrix."""
    return n.p.claim(f"dJ/d{W.name}", of=n.J, wrt=W, equals=equals)


def factored(n: Any) -> Any:
    """Return (gate W3^T + I) W4^T (yhat - y)."""
    return (diag(n.gate) * n.W3.T + identity(M)) * n.W4.T * (n.yh - n.y)


@row("PreAct-21")
def _() -> Case:
    return Case(printed=three_gradients(with_target()))


def three_gradients(n: Any) -> list[Any]:
    """State the gradients on W3, W2 and W1 as sums over the paths."""
    e, s, z = n.yh - n.y, n.s.T, n.z.T
    upper_W2 = diag(n.gate) * n.W3.T * n.W4.T * e
    return [
        gradient(n, n.W3, n.W4.T * e * n.a.T),
        gradient(n, n.W2, upper_W2 * s + n.W4.T * e * s),
        gradient(n, n.W1, n.W2.T * upper_W2 * z + n.W2.T * n.W4.T * e * z),
    ]


@row("PreAct-W4")
def _() -> Case:
    n = with_target()
    return Case(printed=[gradient(n, n.W4, (n.yh - n.y) * n.r.T)])


@row("PreAct-W3")
def _() -> Case:
    n = with_target()
    return Case(printed=[gradient(n, n.W3, n.W4.T * (n.yh - n.y) * n.a.T)])


@row("PreAct-W2")
def _() -> Case:
    n = with_target()
    return Case(printed=[gradient(n, n.W2, factored(n) * n.s.T)])


@row("PreAct-W1")
def _() -> Case:
    n = with_target()
    return Case(printed=[gradient(n, n.W1, n.W2.T * factored(n) * n.z.T)])
