"""Shen19, rows 35 and 36: the gradient of the perceptron on its input."""

from __future__ import annotations

from typing import Any

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.ledger.shen19_perceptron import M, N, df, f, perceptron, row_as_row, signal, to_z
from backprop.proofs import (
    Derivation,
    Sum,
    delta,
    diag,
    elementwise,
    identity,
    index,
)


def by_input(n: Any, name: str, equals: Any) -> Any:
    """State the gradient on x_j by a function of j."""
    j = index("j", N)
    return n.p.claim(name, of=n.yh, wrt=n.x[j], equals=equals(j))


def through_each(n: Any) -> list[Any]:
    """State the chain rule over the hidden units, and its two factors."""
    i, j = index("i", M), index("j", N)
    return [
        by_input(n, "sum", lambda j: Sum(n.U[i] * (df(n.z[i]) * n.W[i, j]), i)),
        n.p.claim("dyh/da", of=n.yh, wrt=n.a[i], equals=n.U[i]),
        n.p.claim("da/dx", of=n.a[i], wrt=n.x[j], equals=df(n.z[i]) * n.W[i, j]),
    ]


@row("Shen19-35")
def _() -> Case:
    n = perceptron()
    made = "x" in n.p.definitions
    return Case(
        readings={
            "the gradient on x_j gathers a term from every a_i": through_each(n),
            "the value of x_i is made of the a_i": [
                Exact("a forward equation computes x from a", made, "x is given")
            ],
        }
    )


@row("Shen19-36a")
def _() -> Case:
    return Case(printed=through_each(perceptron()))


@row("Shen19-36b")
def _() -> Case:
    n = perceptron()
    of_vector = n.yh * identity(M) + n.a * n.U.T
    product = of_vector * diag(elementwise(df, n.z)) * n.W

    def printed() -> Any:
        return n.p.claim("yhat a", of=n.yh, wrt=n.x, equals=product, layout="row")

    return Case(printed=[ill_typed(printed)], corrected=through_each(n))


def shared_bias(n: Any, i: Any) -> Any:
    """State W_{i,:} x + b with all of b."""
    return row_as_row(n.W, i) * n.x + n.b


@row("Shen19-36c")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    return Case(printed=[ill_typed(lambda: shared_bias(n, i))], corrected=through_each(n))


@row("Shen19-36d")
def _() -> Case:
    n, (i, k), j = perceptron(), index("i k", M), index("j", N)
    p = Derivation("with W x named")
    U, W, b, x = p.tensor("U", M), p.tensor("W", M, N), p.tensor("b", M), p.tensor("x", N)
    c = p.let("c", i, Sum(W[i, j] * x[j], j))
    a = p.let("a", i, f(c[i] + b[i]))
    yh = p.let("yh", (), Sum(U[i] * a[i], i), latex=r"\hat y")
    slope = df(c[i] + b[i])
    return Case(
        printed=[
            by_input(
                n,
                "with b_i",
                lambda j: Sum(n.U[i] * (df(n.z[i]) * n.W[i, j]) * n.W[i, j], i),
            ),
            ill_typed(lambda: shared_bias(n, i)),
        ],
        corrected=[
            p.claim("sum", of=yh, wrt=x[j], equals=Sum(U[i] * slope * W[i, j], i)),
            p.claim("df/d(Wx)", of=a[i], wrt=c[k], equals=delta(i, k) * slope),
            p.claim("d(Wx)/dx", of=c[i], wrt=x[j], equals=W[i, j]),
        ],
    )


@row("Shen19-36e")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    return Case(
        printed=[
            by_input(n, "sum", lambda j: Sum(signal(n).entry(i, None) * n.W[i, j], i)),
            n.p.claim("delta^T W", of=n.yh, wrt=n.x, equals=signal(n).T * n.W, layout="row"),
            to_z(n),
        ]
    )
