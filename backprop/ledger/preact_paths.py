"""PreAct, rows 11 to 15: the chain rule by two paths, and its factors."""

from __future__ import annotations

from typing import Any

from backprop.ledger.case import Case, Exact, row
from backprop.ledger.preact import (
    C,
    D,
    M,
    any_target,
    by_weights,
    error,
    into_r,
    jacobian,
    network,
    to_r,
    to_scores,
    with_target,
)
from backprop.proofs import (
    Derivation,
    Sum,
    delta,
    diag,
    elementwise,
    identity,
    index,
    step,
)


def upper(n: Any) -> list[Any]:
    """State the three factors of the upper branch."""
    return [
        jacobian(n, n.r, n.q, identity(M)),
        jacobian(n, n.q, n.a, n.W3),
        jacobian(n, n.a, n.t, diag(n.gate)),
    ]


@row("PreAct-11")
def _() -> Case:
    n = network()
    c, k = index("c k", C)
    m = index("m", M)
    product = Sum(error(n, c) * (delta(c, k) * n.r[m]), c)
    return Case(
        printed=[
            n.p.claim("dJ/dW4", of=n.J, wrt=n.W4[k, m], equals=product),
            to_scores(n),
            by_weights(n, n.theta, n.W4, n.r),
        ]
    )


@row("PreAct-12")
def _() -> Case:
    n = network()
    i, j, k, m = index("i j k m", M)
    tail = delta(i, j) * (delta(j, k) * n.a[m])
    return Case(
        printed=[
            n.p.claim("dJ/dW3", of=n.J, wrt=n.W3[k, m], equals=Sum(into_r(n, i) * tail, i, j)),
            to_r(n),
            to_scores(n),
            jacobian(n, n.theta, n.r, n.W4),
            jacobian(n, n.r, n.q, identity(M)),
            by_weights(n, n.q, n.W3, n.a),
        ]
    )


@row("PreAct-13")
def _() -> Case:
    n = network()
    i, j, k = index("i j k", M)
    d = index("d", D)
    by_W2 = delta(j, k) * n.s[d]
    inside = n.W3[i, j] * step(n.t[j]) * by_W2 + delta(i, j) * by_W2
    return Case(
        printed=[
            n.p.claim("dJ/dW2", of=n.J, wrt=n.W2[k, d], equals=Sum(into_r(n, i) * inside, i, j)),
            to_r(n),
            *upper(n),
            n.p.claim(
                "dr/dt, lower", of=n.r, wrt=n.t, equals=identity(M), layout="jacobian", total=False
            ),
            by_weights(n, n.t, n.W2, n.s),
        ]
    )


@row("PreAct-14")
def _() -> Case:
    n = network()
    i, j = index("i j", M)
    k, d, e = index("k d e", D)
    by_W1 = n.W2[j, d] * (delta(d, k) * n.z[e])
    inside = n.W3[i, j] * step(n.t[j]) * by_W1 + delta(i, j) * by_W1
    return Case(
        printed=[
            n.p.claim("dJ/dW1", of=n.J, wrt=n.W1[k, e], equals=Sum(into_r(n, i) * inside, i, j, d)),
            to_r(n),
            *upper(n),
            jacobian(n, n.t, n.s, n.W2),
            jacobian(n, n.s, n.h, identity(D)),
            by_weights(n, n.h, n.W1, n.z),
        ]
    )


@row("PreAct-14n")
def _() -> Case:
    p = Derivation("two branches")
    W3, t = p.tensor("W3", M, M), p.tensor("t", M)
    report = p.claim(
        "upper = lower", lhs=W3 * diag(elementwise(step, t)), equals=identity(M)
    ).verify()
    special = Derivation("W3 = I and t > 0")
    v = special.positive(special.tensor("t", M))
    equal = special.claim(
        "upper = lower", lhs=identity(M) * diag(elementwise(step, v)), equals=identity(M)
    )
    return Case(
        printed=[
            Exact(
                "the two factors are different formulas",
                report.verdict == "refuted",
                f"that they are equal is refuted: {report.counterexample_in_words}",
            )
        ],
        without=[
            Exact(
                "they differ whatever the weights are",
                equal.verify().verdict != "proved",
                "W_3 = I and t > 0: both are I",
            )
        ],
        pieces=[equal],
    )


@row("PreAct-15a")
def _() -> Case:
    n = with_target()
    return Case(
        printed=[to_r(n), to_scores(n), jacobian(n, n.theta, n.r, n.W4)],
        without=[to_scores(any_target())],
    )


@row("PreAct-15b")
def _() -> Case:
    n, p = network(), Derivation("the product")
    W3, gate = p.tensor("W3", M, M), diag(elementwise(step, p.tensor("t", M)))
    m, k = index("m k", M)
    both = n.W3[m, k] * step(n.t[k]) + delta(m, k)
    return Case(
        printed=[
            p.claim("product", lhs=identity(M) * W3 * gate, equals=W3 * gate),
            *upper(n),
            n.p.claim("both branches", of=n.r[m], wrt=n.t[k], equals=both),
        ]
    )


@row("PreAct-15c")
def _() -> Case:
    n = network()
    return Case(
        printed=[
            jacobian(n, n.t, n.h, n.W2),
            n.p.claim("product", lhs=n.W2 * identity(D), equals=n.W2),
            jacobian(n, n.t, n.s, n.W2),
            jacobian(n, n.s, n.h, identity(D)),
        ]
    )


@row("PreAct-15d")
def _() -> Case:
    n = network()
    total = jacobian(n, n.r, n.t, identity(M))
    return Case(
        printed=[jacobian(n, n.r, n.t, identity(M), total=False)],
        pieces=[
            Exact(
                "the subscript is needed: the total derivative is another",
                (report := total.verify()).verdict == "refuted",
                report.counterexample_in_words,
            )
        ],
    )
