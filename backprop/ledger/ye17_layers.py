"""Ye17, layers and losses: the claims of rows 1 to 4 and 9 to 23.

Rows are judged by the document's conventions: the gradient on a column is a row, and the
gradient on a matrix is laid out transposed.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from backprop.ledger.case import Case, ill_typed, row
from backprop.proofs import (
    Derivation,
    Sum,
    absolute,
    delta,
    diag,
    dims,
    elementwise,
    exp,
    identity,
    index,
    log,
    relu,
    sigmoid,
    sign,
    step,
    tanh,
)

M, N, C = dims("M N C")

# -- the linear layer -----------------------------------------------------------------------


def linear() -> tuple[Any, ...]:
    """State y = W x + b for a column x."""
    i, j = index("i", M), index("j", N)
    p = Derivation("linear layer")
    W, x, b = p.tensor("W", M, N), p.tensor("x", N), p.tensor("b", M)
    y = p.let("y", i, Sum(W[i, j] * x[j], j) + b[i])
    g, z = p.upstream(y, "g", "z")
    return p, W, x, b, y, g, z


@row("Ye17-2")
def _() -> Case:
    p, W, x, _, y, g, z = linear()
    return Case(
        printed=[
            p.claim("dz/dx, closed form", of=z, wrt=x, equals=g.T * W, layout="row"),
            p.claim("dy/dx", of=y[index("i", M)], wrt=x, equals=W, layout="jacobian"),
        ]
    )


@row("Ye17-3")
def _() -> Case:
    p, _, _, b, y, g, z = linear()
    i, k = index("i k", M)
    return Case(
        printed=[
            p.claim("dy/db", of=y[i], wrt=b[k], equals=delta(i, k)),
            p.claim("dz/db, chain", of=z, wrt=b, equals=g.T * identity(M), layout="row"),
            p.claim("dz/db, closed form", of=z, wrt=b, equals=g.T, layout="row"),
        ]
    )


@row("Ye17-3t")
def _() -> Case:
    p, W, x, b, y, *_ = linear()
    return Case(printed=[p.claim("y.T", lhs=y.T, equals=x.T * W.T + b.T)])


@row("Ye17-4")
def _() -> Case:
    i, k = index("i k", M)
    j, n = index("j n", N)
    p = Derivation("linear layer, transposed")
    V, x, b = p.tensor("V", N, M, latex="W^T"), p.tensor("x", N), p.tensor("b", M)
    y = p.let("y", i, Sum(x[j] * V[j, i], j) + b[i])
    g, z = p.upstream(y, "g", "z")
    chain = Sum(g[i] * delta(i, k) * x[n], i)
    return Case(
        printed=[
            p.claim("dy.T/dW.T", of=y[i], wrt=V[n, k], equals=delta(i, k) * x[n]),
            p.claim("dz/dW.T, chain", of=z, wrt=V[n, k], equals=chain),
            p.claim("dz/dW.T, closed form", of=z, wrt=V, equals=g * x.T, layout="transposed"),
        ]
    )


# -- elementwise layers ---------------------------------------------------------------------


def layer(body: Any) -> tuple[Any, ...]:
    """State y_i = body(x_i)."""
    i = index("i", N)
    p = Derivation("elementwise layer")
    x = p.tensor("x", N)
    y = p.let("y", i, body(x[i]))
    g, z = p.upstream(y, "g", "z")
    return p, x, y, g, z


def th(u: Any) -> Any:
    """Return the hyperbolic tangent as it is printed."""
    return (exp(u) - exp(-u)) / (exp(u) + exp(-u))


@row("Ye17-9")
def _() -> Case:
    p, x, *_ = layer(relu)
    i = index("i", N)
    return Case(printed=[p.claim("ReLU", lhs=relu(x[i]), equals=step(x[i]) * x[i])])


@row("Ye17-10")
def _() -> Case:
    p, x, _, g, z = layer(lambda u: step(u) * u)
    slope = diag(elementwise(step, x))
    return Case(printed=[p.claim("dz/dx", of=z, wrt=x, equals=g.T * slope, layout="row")])


@row("Ye17-11")
def _() -> Case:
    p, x, *_ = layer(tanh)
    i = index("i", N)
    return Case(printed=[p.claim("tanh", lhs=tanh(x[i]), equals=th(x[i]))])


@row("Ye17-12")
def _() -> Case:
    p, x, y, g, z = layer(th)
    i, k = index("i k", N)
    up, down = exp(x[k]) + exp(-x[k]), exp(x[k]) - exp(-x[k])
    cosh = p.let("cosh", i, (exp(x[i]) + exp(-x[i])) / 2)
    sech = p.let("sech", i, 1 / cosh[i])
    quotient = sp.Mul(up**2 - down**2, up**-2)
    forms = {
        "quotient rule": g[k] * quotient,
        "4 over the square": g[k] * 4 / up**2,
        "cosh": g[k] / cosh[k] ** 2,
        "sech": g[k] * sech[k] ** 2,
    }
    claims = [p.claim(f"dz/dx, {name}", of=z, wrt=x[k], equals=e) for name, e in forms.items()]
    return Case(
        printed=[p.claim("dy/dx", of=y[i], wrt=x[k], equals=delta(i, k) * quotient), *claims]
    )


@row("Ye17-13")
def _() -> Case:
    p, x, *_ = layer(sigmoid)
    i = index("i", N)
    return Case(printed=[p.claim("sigmoid", lhs=sigmoid(x[i]), equals=1 / (1 + exp(-x[i])))])


@row("Ye17-14")
def _() -> Case:
    p, x, y, g, z = layer(lambda u: 1 / (1 + exp(-u)))
    i, k = index("i k", N)
    slope = exp(-x[k]) / (1 + exp(-x[k])) ** 2
    return Case(
        printed=[
            p.claim("dy/dx", of=y[i], wrt=x[k], equals=delta(i, k) * slope),
            p.claim("dz/dx, exponentials", of=z, wrt=x[k], equals=g[k] * slope),
            p.claim("dz/dx, by y", of=z, wrt=x[k], equals=g[k] * y[k] * (1 - y[k])),
        ]
    )


# -- softmax and losses ---------------------------------------------------------------------


def softmax() -> tuple[Any, ...]:
    """State S and y = exp(x)/S."""
    i, j = index("i j", C)
    p = Derivation("softmax")
    x = p.tensor("x", C)
    S = p.let("S", (), Sum(exp(x[j]), j))
    y = p.let("y", i, exp(x[i]) / S)
    g, z = p.upstream(y, "g", "z")
    return p, x, S, y, g, z


@row("Ye17-16")
def _() -> Case:
    p, x, S, y, *_ = softmax()
    i, j = index("i j", C)
    quotient = (delta(i, j) * exp(x[i]) * S - exp(x[i]) * exp(x[j])) / S**2
    closed = delta(i, j) * y[i] - y[i] * y[j]
    return Case(
        printed=[
            p.claim("dy/dx, quotient rule", of=y[i], wrt=x[j], equals=quotient),
            p.claim("dy/dx, closed form", of=y[i], wrt=x[j], equals=closed),
        ]
    )


@row("Ye17-17")
def _() -> Case:
    p, x, _, y, g, z = softmax()
    i, j = index("i j", C)
    chain = Sum(g[i] * (delta(i, j) * y[i] - y[i] * y[j]), i)
    closed = g.T * diag(y) - g.T * y * y.T
    return Case(
        printed=[
            p.claim("dz/dx, chain", of=z, wrt=x[j], equals=chain),
            p.claim("dz/dx, closed form", of=z, wrt=x, equals=closed, layout="row"),
        ]
    )


def log_loss() -> tuple[Any, ...]:
    """State z_i = -log p_i for every category i that may be the right one."""
    i, j = index("i j", C)
    p = Derivation("cross entropy of the softmax")
    x = p.tensor("x", C)
    S = p.let("S", (), Sum(exp(x[j]), j))
    prob = p.let("p", i, exp(x[i]) / S)
    z = p.let("z", i, -log(prob[i]))
    return p, x, S, prob, z


@row("Ye17-18")
def _() -> Case:
    p, x, S, _, z = log_loss()
    i, j, k = index("i j k", C)
    total = Sum(exp(x[j]), j)
    return Case(
        printed=[
            p.claim("z", lhs=z[i], equals=-log(exp(x[i]) / total)),
            p.claim("the log", lhs=-log(exp(x[i]) / total), equals=log(Sum(exp(x[k]), k)) - x[i]),
            p.claim("by S", lhs=log(total) - x[i], equals=log(S) - x[i]),
        ]
    )


@row("Ye17-19")
def _() -> Case:
    p, x, _, prob, z = log_loss()
    i, j = index("i j", C)
    chain = -(delta(i, j) * prob[i] - prob[i] * prob[j]) / prob[i]
    closed = prob[j] - delta(i, j)
    return Case(
        printed=[
            p.claim("dz/dx, chain", of=z[i], wrt=x[j], equals=chain),
            p.claim("dz/dx, closed form", of=z[i], wrt=x[j], equals=closed),
        ]
    )


def loss(term: Any) -> tuple[Any, ...]:
    """State z as the sum of a term of y_i and its target."""
    i = index("i", N)
    p = Derivation("loss")
    y, t = p.tensor("y", N), p.tensor("t", N, latex=r"\hat y")
    z = p.let("z", (), Sum(term(y[i], t[i]), i))
    return p, y, t, z


@row("Ye17-21")
def _() -> Case:
    p, y, t, z = loss(lambda a, b: (a - b) ** 2 / 2)
    return Case(
        printed=[p.claim("dz/dy", of=z, wrt=y, equals=y - t)],
        without=[ill_typed(lambda: p.claim("as a row", of=z, wrt=y, equals=y - t, layout="row"))],
        pieces=[p.claim("transposed", of=z, wrt=y, equals=(y - t).T, layout="row")],
    )


@row("Ye17-23")
def _() -> Case:
    p, y, t, z = loss(lambda a, b: absolute(a - b))
    q, v, _, zero = loss(lambda a, b: absolute(a))
    return Case(
        printed=[p.claim("dz/dy", of=z, wrt=y, equals=elementwise(sign, y))],
        corrected=[p.claim("dz/dy, corrected", of=z, wrt=y, equals=elementwise(sign, y - t))],
        special=[q.claim("target zero", of=zero, wrt=v, equals=elementwise(sign, v))],
    )
