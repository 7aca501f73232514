"""Shen19, rows 10 to 34: the perceptron with one hidden layer.

Rows are judged by the document's conventions: vectors are columns, the gradient on a matrix
has its shape, and the derivative of one vector by the transpose of another is a Jacobian.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.proofs import (
    Derivation,
    DimensionError,
    Sum,
    delta,
    diag,
    dims,
    elementwise,
    function,
    hadamard,
    index,
)
from backprop.proofs.tensors import Matrix

M, N = dims("M N")
f, df = function("f"), function("f'")


def perceptron(m: Any = M, n: Any = N) -> Any:
    """State yhat = U^T f(W x + b) with m hidden units and n inputs."""
    i, j = index("i", m), index("j", n)
    p = Derivation("one hidden layer")
    U, W, b, x = p.tensor("U", m), p.tensor("W", m, n), p.tensor("b", m), p.tensor("x", n)
    z = p.let("z", i, Sum(W[i, j] * x[j], j) + b[i])
    a = p.let("a", i, f(z[i]))
    yh = p.let("yh", (), Sum(U[i] * a[i], i), latex=r"\hat y")
    return SimpleNamespace(**locals())


def row_as_column(W: Any, i: Any) -> Matrix:
    """Return W_{i,:}, row i of W, written as a column."""
    return Matrix((N, sp.S.One), lambda j, _: W[i, j], "W[i, :]")


def row_as_row(W: Any, i: Any) -> Matrix:
    """Return W_{i,:}, row i of W, as a matrix with one row."""
    return Matrix((sp.S.One, N), lambda _, j: W[i, j], "W[i, :]")


def number(m: Matrix) -> Any:
    """Return the entry of a matrix with one."""
    return m.entry(None, None)


def signal(n: Any) -> Matrix:
    """Return delta = U (.) f'(z)."""
    return hadamard(n.U, elementwise(df, n.z))


def to_z(n: Any) -> Any:
    """State the error signal, the gradient on z."""
    return n.p.claim("dyh/dz", of=n.yh, wrt=n.z, equals=signal(n))


def jacobian_factors(n: Any) -> list[Any]:
    """State the factors of the chain rule from yhat to W."""
    (i, k), j = index("i k", M), index("j", N)
    return [
        n.p.claim("dyh/da", of=n.yh, wrt=n.a, equals=n.U.T, layout="row"),
        n.p.claim("da/dz", of=n.a, wrt=n.z, equals=diag(elementwise(df, n.z)), layout="jacobian"),
        n.p.claim("dz/dW", of=n.z[i], wrt=n.W[k, j], equals=delta(i, k) * n.x[j]),
    ]


def by_weight(n: Any, name: str, equals: Any) -> Any:
    """State the gradient on the entry (k, j) of W by a function of k and j."""
    k, j = index("k", M), index("j", N)
    return n.p.claim(name, of=n.yh, wrt=n.W[k, j], equals=equals(k, j))


@row("Shen19-10", "Shen19-15", "Shen19-18")
def _() -> Case:
    n = perceptron()
    inside = n.W * n.x + n.b
    forward = [
        n.p.claim("f inside", lhs=n.yh, equals=number(n.U.T * elementwise(f, inside))),
        n.p.claim("a", lhs=n.yh, equals=number(n.U.T * n.a)),
    ]
    return Case(
        printed=[n.p.claim("Z", lhs=n.z, equals=elementwise(f, inside)), *forward],
        corrected=[n.p.claim("Z, brace on the argument", lhs=n.z, equals=inside), *forward],
    )


@row(
    "Shen19-11",
    "Shen19-14",
    "Shen19-17",
    "Shen19-22",
    "Shen19-27",
    "Shen19-32",
    "Shen19-34",
    "Shen19-37",
)
def _() -> Case:
    three, n = perceptron(3, 3), perceptron()
    W, x, U, b = three.W, three.x, three.U, three.b
    i, j = index("i j", 3)
    literal = W[i, j] + delta(i, 0) * delta(j, 1) * (W[0, 0] - W[0, 1])
    printed = Sum(U[i] * f(Sum(literal * x[j], j) + b[i]), i)
    right = number(n.U.T * elementwise(f, n.W * n.x + n.b))
    return Case(
        printed=[
            first_entry(),
            three.p.claim("w_11 in place of w_12", lhs=three.yh, equals=printed),
        ],
        corrected=[n.p.claim("every weight once", lhs=n.yh, equals=right)],
    )


def first_entry() -> Exact:
    """State the first entry of the printed matrix times x in numbers."""
    W, x = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]]), np.array([0, 1, 0])
    literal = W.copy()
    literal[0, 1] = W[0, 0]
    true, printed = (W @ x)[0], (literal @ x)[0]
    return Exact(
        "the first entry of W x",
        bool(true == printed),
        f"only w_12 = 1, only x_2 = 1: true {true}, printed {printed}",
    )


def components(n: Any, i: Any) -> list[Any]:
    """State Z_i as the product of a row with x and as a sum."""
    j = index("j", N)
    return [
        n.p.claim("Z", lhs=n.z[i], equals=number(row_as_column(n.W, i).T * n.x) + n.b[i]),
        n.p.claim("sum", lhs=n.z[i], equals=Sum(n.W[i, j] * n.x[j], j) + n.b[i]),
    ]


@row("Shen19-12")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    other = ill_typed(lambda: row_as_row(n.W, i).T * n.x)
    return Case(
        printed=components(n, i),
        pieces=[Exact("with W_{1,:} a row, its transpose does not fit X", True, other.message)],
    )


@row("Shen19-13")
def _() -> Case:
    n, i, j = perceptron(), index("i", M), index("j", N)
    claim = n.p.claim("da/dX", of=n.a[i], wrt=n.x[j], equals=df(n.z[i]) * n.W[i, j])
    return Case(printed=[claim])


@row("Shen19-16")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    column = ill_typed(lambda: signal(n) * n.x)
    return Case(
        printed=[
            n.p.claim("column times row", of=n.yh, wrt=n.W, equals=signal(n) * n.x.T),
            to_z(n),
            by_weight(
                n,
                "with all of dz/dW",
                lambda k, j: Sum(signal(n).entry(i, None) * (delta(i, k) * n.x[j]), i),
            ),
        ],
        pieces=[Exact("with x the column of row 15 the product is none", True, column.message)],
    )


def named(p: Derivation, name: str) -> Any:
    """Return what a name stands for; raise DimensionError if it stands for nothing."""
    if name not in p.tensors:
        raise DimensionError(f"{name} is not defined; there are {', '.join(p.tensors)}")
    return p.tensors[name]


@row("Shen19-19")
def _() -> Case:
    n = perceptron()
    return Case(
        printed=[ill_typed(lambda: n.p.claim("S", of=named(n.p, "S"), wrt=n.W, equals=n.W))],
        corrected=[n.p.claim("dyh/dW", of=n.yh, wrt=n.W, equals=signal(n) * n.x.T)],
    )


def product(n: Any) -> Any:
    """Return the product of three Jacobians as a function of the entry (k, j) of W."""
    i, m = index("i m", M)

    def entry(k: Any, j: Any) -> Any:
        return Sum(n.U[i] * (delta(i, m) * df(n.z[i])) * (delta(m, k) * n.x[j]), i, m)

    return entry


@row("Shen19-20")
def _() -> Case:
    n = perceptron()
    return Case(printed=[by_weight(n, "product", product(n)), *jacobian_factors(n)])


@row("Shen19-21")
def _() -> Case:
    n = perceptron()
    return Case(
        printed=[
            by_weight(n, "product", product(n)),
            *jacobian_factors(n),
            by_weight(n, "delta X", lambda k, j: n.U[k] * df(n.z[k]) * n.x[j]),
            by_weight(n, "delta X, Z written out", written_out(n)),
        ]
    )


def written_out(n: Any) -> Any:
    """Return U_k f'(W_{k,:}^T x + b_k) x_j as a function of k and j."""

    def entry(k: Any, j: Any) -> Any:
        return n.U[k] * df(number(row_as_column(n.W, k).T * n.x) + n.b[k]) * n.x[j]

    return entry


@row("Shen19-23")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    whole = (n.W * n.x + n.b).entry(i, None)
    return Case(printed=[*components(n, i), n.p.claim("W X + b", lhs=n.z[i], equals=whole)])


@row("Shen19-24")
def _() -> Case:
    n = perceptron()
    return Case(printed=[by_weight(n, "delta X", written_out(n))])


def third_is_second(n: Any) -> Matrix:
    """Return U with its second entry in place of its third."""
    return Matrix(
        n.U.entries, lambda i, _: n.U[i] + delta(i, 2) * (n.U[1] - n.U[2]), "(U1, U2, U2)"
    )


@row("Shen19-25", "Shen19-28")
def _() -> Case:
    three, n = perceptron(3), perceptron()
    printed = hadamard(third_is_second(three), elementwise(df, three.z))
    inside = elementwise(df, n.W * n.x + n.b)
    return Case(
        printed=[
            three.p.claim("entries", of=three.yh, wrt=three.z, equals=printed),
            n.p.claim("U (.) f'", of=n.yh, wrt=n.z, equals=hadamard(n.U, inside)),
        ],
        corrected=[n.p.claim("U_3", of=n.yh, wrt=n.z, equals=hadamard(n.U, inside)), to_z(n)],
    )


@row("Shen19-26", "Shen19-29")
def _() -> Case:
    three, n = perceptron(3), perceptron()
    column = hadamard(third_is_second(three), elementwise(df, three.z))

    def state(name: str, equals: Any) -> Any:
        return three.p.claim(name, of=three.yh, wrt=three.W, equals=equals)

    return Case(
        printed=[
            state("with x^T supplied", column * three.x.T),
            ill_typed(lambda: state("the column alone", column)),
        ],
        corrected=[n.p.claim("delta x^T", of=n.yh, wrt=n.W, equals=signal(n) * n.x.T)],
    )


@row("Shen19-30", "Shen19-31")
def _() -> Case:
    n = perceptron()
    return Case(printed=[to_z(n), jacobian_factors(n)[1]])


@row("Shen19-33")
def _() -> Case:
    n, i = perceptron(), index("i", M)
    inside = number(row_as_column(n.W, i).T * n.x) + n.b[i]
    return Case(
        printed=[
            n.p.claim("U f' 1", of=n.yh, wrt=n.b[i], equals=n.U[i] * df(inside)),
            n.p.claim("delta", of=n.yh, wrt=n.b, equals=signal(n)),
            to_z(n),
        ]
    )
