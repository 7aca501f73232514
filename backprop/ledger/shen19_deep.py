"""Shen19, rows 38 to 52: two hidden layers, and the error signals of any number of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.ledger.shen19_perceptron import perceptron, signal
from backprop.proofs import (
    Derivation,
    Recurrence,
    Sum,
    delta,
    diag,
    dims,
    elementwise,
    function,
    hadamard,
    index,
    induction_step,
)

M, H, N, K = dims("M H N K")
f, df = function("f"), function("f'")

# -- two hidden layers ----------------------------------------------------------------------


def two_layers(m: Any = M, h: Any = H, n: Any = N) -> Any:
    """State yhat = U^T f(W2 f(W1 x + b1) + b2) with n inputs, h and m hidden units."""
    i, j, k = index("i", m), index("j", h), index("k", n)
    p = Derivation("two hidden layers")
    U, x = p.tensor("U", m), p.tensor("x", n)
    W2, b2 = p.tensor("W2", m, h, latex="W^{(2)}"), p.tensor("b2", m, latex="b^{(2)}")
    W1, b1 = p.tensor("W1", h, n, latex="W^{(1)}"), p.tensor("b1", h, latex="b^{(1)}")
    z1 = p.let("z1", j, Sum(W1[j, k] * x[k], k) + b1[j], latex="z^{(1)}")
    a1 = p.let("a1", j, f(z1[j]), latex="a^{(1)}")
    z2 = p.let("z2", i, Sum(W2[i, j] * a1[j], j) + b2[i], latex="z^{(2)}")
    a2 = p.let("a2", i, f(z2[i]), latex="a^{(2)}")
    yh = p.let("yh", (), Sum(U[i] * a2[i], i), latex=r"\hat y")
    d2 = hadamard(U, elementwise(df, z2))
    d1 = hadamard(W2.T * d2, elementwise(df, z1))
    return SimpleNamespace(**locals())


def state(n: Any, name: str, wrt: Any, equals: Any) -> Any:
    """State a gradient of yhat."""
    return n.p.claim(name, of=n.yh, wrt=wrt, equals=equals)


@row("Shen19-39a", "Shen19-40")
def _() -> Case:
    n = two_layers()
    inner = elementwise(f, n.W1 * n.x + n.b1)
    nested = (n.U.T * elementwise(f, n.W2 * inner + n.b2)).entry(None, None)
    return Case(printed=[n.p.claim("yhat", lhs=n.yh, equals=nested)])


@row("Shen19-39b")
def _() -> Case:
    n = perceptron()
    i, j = index("i", n.p.tensors["W"].shape[0]), index("j", N)
    return Case(
        printed=[n.p.claim("delta X", of=n.yh, wrt=n.W[i, j], equals=n.U[i] * df(n.z[i]) * n.x[j])]
    )


@row("Shen19-39c")
def _() -> Case:
    n, same = two_layers(), two_layers(M, M)
    i, j, k = index("i", M), index("j", H), index("k", M)

    def entry(n: Any, a: Any, j: Any) -> Any:
        return state(n, "delta a", n.W2[i, j], n.U[i] * df(n.z2[i]) * a[j])

    return Case(
        printed=[entry(same, same.a2, k), ill_typed(lambda: entry(n, n.a2, j))],
        corrected=[entry(n, n.a1, j)],
    )


@row("Shen19-39d")
def _() -> Case:
    n, same = two_layers(), two_layers(M, M)
    i = index("i", M)
    signal_2 = state(n, "delta 2", n.z2, n.d2)
    return Case(
        printed=[
            state(same, "all of delta", same.W2, same.d2 * same.a2.T),
            ill_typed(lambda: state(n, "delta_i a^T", n.W2, n.a2.T * n.d2.entry(i, None))),
            ill_typed(lambda: state(n, "delta a^T", n.W2, n.d2 * n.a2.T)),
            signal_2,
        ],
        corrected=[state(n, "delta a^T", n.W2, n.d2 * n.a1.T), signal_2],
    )


@row("Shen19-41")
def _() -> Case:
    n = two_layers()
    (i, r), (j, q), k = index("i r", M), index("j q", H), index("k", N)
    slope2, slope1 = delta(i, r) * df(n.z2[i]), delta(j, q) * df(n.z1[j])
    v, u = index("v", H), index("u", N)
    by_W1 = delta(q, v) * n.x[u]
    product = Sum(n.U[i] * slope2 * n.W2[r, j] * slope1 * by_W1, i, r, j, q)
    pairs = [(n.a2, n.z2, diag(elementwise(df, n.z2))), (n.z2, n.a1, n.W2)]
    pairs.append((n.a1, n.z1, diag(elementwise(df, n.z1))))
    return Case(
        printed=[
            state(n, "product", n.W1[v, u], product),
            n.p.claim("dyh/da2", of=n.yh, wrt=n.a2, equals=n.U.T, layout="row"),
            *(
                n.p.claim(f"d{a.name}/d{b.name}", of=a, wrt=b, equals=e, layout="jacobian")
                for a, b, e in pairs
            ),
            n.p.claim("dz1/dW1", of=n.z1[j], wrt=n.W1[q, k], equals=delta(j, q) * n.x[k]),
            state(n, "delta 2", n.z2, n.d2),
        ]
    )


def first_layer(n: Any) -> list[Any]:
    """State the right gradient on W1, and the error signal in it."""
    return [state(n, "dyh/dW1", n.W1, n.d1 * n.x.T), state(n, "delta 1", n.z1, n.d1)]


@row("Shen19-43")
def _() -> Case:
    n, same = two_layers(), two_layers(M, M)
    i, j, k = index("i", M), index("j", M), index("k", N)
    d2 = Sum(same.d2.entry(i, None) * same.W2[i, j], i)
    return Case(
        printed=[
            state(same, "entries", same.W1[j, k], d2 * df(same.z2[j]) * same.x[k]),
            ill_typed(lambda: n.d2 * n.W2),
            ill_typed(lambda: n.d2.T * n.W2 * diag(elementwise(df, n.z2))),
        ],
        corrected=first_layer(n),
    )


def back(n: Any, slope: Any, z: Any) -> Any:
    """Return W2^T delta2 (.) slope(z)."""
    return hadamard(n.W2.T * n.d2, elementwise(slope, z))


@row("Shen19-44")
def _() -> Case:
    n, same = two_layers(), two_layers(M, M)
    return Case(
        printed=[
            state(same, "equal widths", same.W1, back(same, f, same.z2) * same.x.T),
            ill_typed(lambda: back(n, f, n.z2)),
            state(n, "f with the right z", n.W1, back(n, f, n.z1) * n.x.T),
            state(same, "f' with the wrong z", same.W1, back(same, df, same.z2) * same.x.T),
        ],
        corrected=first_layer(n),
    )


@row("Shen19-45")
def _() -> Case:
    n, same = two_layers(), two_layers(M, M)
    return Case(
        printed=[
            state(same, "equal widths", same.z2, back(same, f, same.z2)),
            ill_typed(lambda: back(n, f, n.z2)),
        ],
        corrected=[state(n, "delta 1", n.z1, back(n, df, n.z1)), state(n, "delta 2", n.z2, n.d2)],
    )


# -- any number of layers -------------------------------------------------------------------


def layer(k: Any = K, m: Any = M, n: Any = N) -> Any:
    """State layer l between its neighbours, with an opaque error signal on layer l + 1."""
    r, i, j = index("r", k), index("i", m), index("j", n)
    p = Derivation("layer l")
    a0, d1 = p.tensor("a0", n, latex="a^{(l-1)}"), p.tensor("d1", k, latex=r"\delta^{(l+1)}")
    W, b = p.tensor("W", m, n, latex="W^{(l)}"), p.tensor("b", m, latex="b^{(l)}")
    W1, b1 = p.tensor("W1", k, m, latex="W^{(l+1)}"), p.tensor("b1", k, latex="b^{(l+1)}")
    z = p.let("z", i, Sum(W[i, j] * a0[j], j) + b[i], latex="z^{(l)}")
    a = p.let("a", i, f(z[i]), latex="a^{(l)}")
    z1 = p.let("z1", r, Sum(W1[r, i] * a[i], i) + b1[r], latex="z^{(l+1)}")
    L = p.let("L", (), Sum(d1[r] * z1[r], r), latex=r"\hat y")
    d = p.let("d", i, Sum(W1[r, i] * d1[r], r) * df(z[i]), latex=r"\delta^{(l)}")
    return SimpleNamespace(**locals())


def recursion(name: str, n: Any, equals: Any) -> Any:
    """State the error signal of layer l."""
    return n.p.claim(name, of=n.L, wrt=n.z, equals=equals)


def one_step(n: Any) -> Any:
    """State the right recursion."""
    return recursion("delta", n, hadamard(n.W1.T * n.d1, elementwise(df, n.z)))


def index_shift(slope: Any) -> Case:
    """State the printed recursion, with f or f', and the right one."""
    n, same = layer(), layer(M, M, M)
    other = ill_typed(lambda: n.W1.T * n.d)
    return Case(
        printed=[
            recursion("widths", same, hadamard(same.W.T * same.d, elementwise(slope, same.z))),
            ill_typed(lambda: hadamard(n.W.T * n.d, elementwise(slope, n.z))),
        ],
        corrected=[one_step(n)],
        pieces=[
            Exact("nor does it fit if z^(l+1) = W^(l) a^(l)", True, other.message),
            Exact("the inductive step over the layers", induction_step()),
        ],
    )


@row("Shen19-46")
def _() -> Case:
    return index_shift(f)


@row("Shen19-48")
def _() -> Case:
    return index_shift(df)


@row("Shen19-50")
def _() -> Case:
    case = index_shift(df)
    case.pieces = [*case.pieces, stack()]
    return case


def stack() -> Exact:
    """Run the right recursion through one to four layers, each with its own weights."""
    p = Derivation("one of many layers")
    (i, r), (j, s) = index("i r", M), index("j s", M)
    a, W, b = p.tensor("a", M), p.tensor("W", M, M), p.tensor("b", M)
    z = p.let("z", i, Sum(W[i, j] * a[j], j) + b[i])
    out = p.let("out", i, f(z[i]))
    g, L = p.upstream(out, "g", "L")
    d = p.let("d", i, g[i] * df(z[i]))
    p.claim("a", of=L, wrt=a[s], equals=Sum(W[i, s] * d[i], i))
    p.claim("W", of=L, wrt=W[r, s], equals=d[r] * a[s])
    p.claim("b", of=L, wrt=b[r], equals=d[r])
    many = Recurrence(p, state={a: out}, upstream={out: g}, parameters=[], inputs=[W, b])
    failures = many.unrolled()
    return Exact(
        "one to four layers with weights of their own, exactly",
        not any(failures.values()) and all(c.verify().ok for c in p.claims.values()),
        f"failures: {failures}",
    )


@row("Shen19-49")
def _() -> Case:
    n = perceptron()
    return Case(printed=[n.p.claim("delta L", of=n.yh, wrt=n.z, equals=signal(n))])


@row("Shen19-51", "Shen19-52")
def _() -> Case:
    n, same = layer(), layer(M, M, M)
    shifted = n.d1 * n.a.T

    def weights(name: str, n: Any, W: Any, equals: Any) -> Any:
        return n.p.claim(name, of=n.L, wrt=W, equals=equals)

    return Case(
        printed=[
            weights("equal widths", same, same.W, same.d1 * same.a.T),
            ill_typed(lambda: weights("delta a^T", n, n.W, shifted)),
        ],
        corrected=[weights("delta a^T", n, n.W, n.d * n.a0.T), recursion("delta", n, n.d)],
        special=[weights("z^(l+1) = W^(l) a^(l)", n, n.W1, shifted)],
    )
