"""Shen19, rows 1 to 9: the training step, and rules of differentiation."""

from __future__ import annotations

from typing import Any

from backprop.ledger.case import Case, ill_typed, row
from backprop.proofs import (
    Derivation,
    DimensionError,
    Sum,
    diag,
    dims,
    elementwise,
    function,
    index,
)

N, P, Q, R, S = dims("N P Q R S")
f, g, df, dg = (function(name) for name in ("f", "g", "f'", "g'"))


@row("Shen19-3")
def _() -> Case:
    n, k, i = index("n", N), index("k", P), index("i", P)
    one = Derivation("one example, a scalar output")
    x, th, y = one.tensor("x", P), one.tensor("theta", P, latex=r"\theta"), one.scalar("y")
    out = one.let("out", (), f(Sum(x[k] * th[k], k)))
    loss = one.let("L", (), function("l")(out - y))
    p = Derivation("the mean over examples")
    X, w, t = p.tensor("X", N, P), p.tensor("theta", P, latex=r"\theta"), p.tensor("y", N)
    a = p.let("a", n, Sum(X[n, k] * w[k], k))
    o = p.let("f", n, f(a[n]))
    L = p.let("L", (), Sum(function("l")(o[n] - t[n]), n) / N)
    slope = function("l'")(o[n] - t[n])
    return Case(
        printed=[
            one.claim(
                "the direction of the step",
                of=loss,
                wrt=th[i],
                equals=df(Sum(x[k] * th[k], k)) * x[i],
            )
        ],
        corrected=[
            p.claim("dL/dtheta", of=L, wrt=w[i], equals=Sum(slope * df(a[n]) * X[n, i], n) / N)
        ],
        pieces=[p.claim("df/dtheta", of=o[n], wrt=w[i], equals=df(a[n]) * X[n, i])],
    )


def two_functions() -> tuple[Any, ...]:
    """State two scalar functions of a parameter vector."""
    k = index("k", P)
    p = Derivation("two functions")
    th, a, b = p.tensor("theta", P, latex=r"\theta"), p.tensor("a", P), p.tensor("b", P)
    F = p.let("F", (), f(Sum(a[k] * th[k], k)))
    G = p.let("G", (), g(Sum(b[k] * th[k], k)))
    dF, dG = df(Sum(a[k] * th[k], k)), dg(Sum(b[k] * th[k], k))
    i = index("i", P)
    return p, th[i], F, G, dF * a[i], dG * b[i]


@row("Shen19-4", "Shen19-7")
def _() -> Case:
    p, th, F, G, dF, dG = two_functions()
    scalar = Derivation("two functions of a number")
    u = scalar.scalar("theta")
    product = scalar.let("h", (), f(u) * g(u))
    H = p.let("H", (), F * G)
    return Case(
        printed=[
            scalar.claim("f g' + g' f", of=product, wrt=u, equals=f(u) * dg(u) + dg(u) * f(u)),
            p.claim("f dg + dg f", of=H, wrt=th, equals=F * dG + dG * F),
        ],
        corrected=[p.claim("f dg + df g", of=H, wrt=th, equals=F * dG + dF * G)],
    )


@row("Shen19-5", "Shen19-8")
def _() -> Case:
    p, th, F, G, dF, dG = two_functions()
    H = p.let("H", (), F + G)
    return Case(
        printed=[
            p.claim("d(f + g)", of=H, wrt=th, equals=dF + dG),
            p.claim("df", of=F, wrt=th, equals=dF),
            p.claim("dg", of=G, wrt=th, equals=dG),
        ]
    )


@row("Shen19-6", "Shen19-9")
def _() -> Case:
    p = Derivation("three maps")
    th = p.tensor("theta", P, latex=r"\theta")
    A, B, C = p.tensor("A", Q, P), p.tensor("B", R, Q), p.tensor("C", S, R)
    q, r, s, k = index("q", Q), index("r", R), index("s", S), index("k", P)
    a1 = p.let("a1", q, Sum(A[q, k] * th[k], k))
    f1 = p.let("f1", q, f(a1[q]))
    a2 = p.let("a2", r, Sum(B[r, q] * f1[q], q))
    f2 = p.let("f2", r, g(a2[r]))
    a3 = p.let("a3", s, Sum(C[s, r] * f2[r], r))
    f3 = p.let("f3", s, f(a3[s]))
    last, middle = diag(elementwise(df, a3)) * C, diag(elementwise(dg, a2)) * B
    first = diag(elementwise(df, a1)) * A

    def jacobian(of: Any, wrt: Any, equals: Any) -> Any:
        name = f"d{of.name}/d{wrt.name}"
        return p.claim(name, of=of, wrt=wrt, equals=equals, layout="jacobian")

    chain = [
        jacobian(f3, th, last * middle * first),
        jacobian(f3, f2, last),
        jacobian(f2, f1, middle),
        jacobian(f1, th, first),
    ]
    return Case(printed=[ill_typed(lambda: jacobian(operand(), th, last)), *chain], corrected=chain)


def operand(of: Any = None) -> Any:
    """Return the function that a derivative is taken of; raise DimensionError if there is none."""
    if of is None:
        raise DimensionError("the left side is an operator without the function that it acts on")
    return of
