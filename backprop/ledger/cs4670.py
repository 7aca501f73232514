"""CS4670: convolution over all integers, the matrix product, and the softmax loss.

Images are extended by zeros over all integers, as the document assumes; gradients have the
shape of the variable.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.ledger.case import Case, Exact, row
from backprop.proofs import (
    ZZ,
    Derivation,
    Sum,
    convolution,
    delta,
    dims,
    exp,
    function,
    index,
    log,
)

M, N, K = dims("M N K")
SIZES = [(size, kernel) for size in range(1, 9) for kernel in range(1, size + 1)]
ODD = [s for s in SIZES if s[1] % 2]
EVEN = [s for s in SIZES if not s[1] % 2]
slope = function("f'")

# -- the convolution layer ------------------------------------------------------------------


def convolved() -> tuple[Any, ...]:
    """State y = x * w over all integers, with an opaque upstream gradient."""
    a, b, e, f = index("a b e f", ZZ)
    p = Derivation("convolution")
    x, w = p.tensor("x", ZZ, ZZ), p.tensor("w", ZZ, ZZ)
    y = p.let("y", (e, f), Sum(x[a, b] * w[e - a, f - b], a, b))
    g, L = p.upstream(y, "g", "L")
    return p, x, w, y, g, L


def agrees(
    statement: str, mode: str, pairs: list[tuple[int, int]], mirrored: bool = False
) -> Exact:
    """State that the input gradient is a convolution with the flipped kernel in a mode."""
    wrong = [s for s in pairs if not convolution.check_mode(mode, *s, mirrored=mirrored)]
    detail = f"size and kernel {wrong[0]} fail" if wrong else f"all {len(pairs)} pairs of sizes"
    return Exact(statement, not wrong, detail)


def restored(forward: str, back: str) -> Exact:
    """State that the backward convolution has the size of the input."""

    def length(mode: str, size: int, kernel: int) -> int:
        return len(convolution.bounds(mode, size, kernel))

    good = all(length(back, length(forward, n, k), k) == n for n, k in SIZES)
    return Exact(f"{forward} forward, {back} backward: the size of the input returns", good)


@row("CS4670-s")
def _() -> Case:
    (c, d), (a, k), (b, m) = index("c d", K), index("a k", M), index("b m", N)
    p = Derivation("any linear layer on an image")
    x, A = p.tensor("x", M, N), p.tensor("A", K, K, M, N)
    y = p.let("y", (c, d), Sum(A[c, d, a, b] * x[a, b], a, b))
    g, L = p.upstream(y, "g", "L")
    return Case(
        printed=[p.claim("dL/dx", of=L, wrt=x[k, m], equals=Sum(g[c, d] * A[c, d, k, m], c, d))],
        pieces=[restored("valid", "full"), restored("full", "valid"), restored("same", "same")],
    )


@row("CS4670-3")
def _() -> Case:
    a, b, c, d, e, f = index("a b c d e f", ZZ)
    p = Derivation("a loss behind a convolution")
    x, w, g = p.tensor("x", ZZ, ZZ), p.tensor("w", ZZ, ZZ), p.tensor("g", ZZ, ZZ)
    y = p.let("y", (e, f), Sum(x[a, b] * w[e - a, f - b], a, b))
    L = p.let("L", (), Sum(g[e, f] * function("f")(y[e, f]), e, f))
    dy = g[e, f] * slope(y[e, f])
    return Case(
        printed=[
            p.claim("the sum", of=L, wrt=x[c, d], equals=Sum(dy * w[e - c, f - d], e, f)),
            p.claim("dL/dy", of=L, wrt=y[c, d], equals=g[c, d] * slope(y[c, d])),
            p.claim("dy/dx", of=y[e, f], wrt=x[c, d], equals=w[e - c, f - d]),
        ]
    )


@row("CS4670-A1")
def _() -> Case:
    p, x, w, _, g, L = convolved()
    a, b, c, d = index("a b c d", ZZ)
    even = "same, even kernels: right only if the backward crop is mirrored"
    unmirrored = [s for s in EVEN if convolution.check_mode("same", *s)]
    return Case(
        printed=[
            p.claim(
                "dL/dx",
                of=L,
                wrt=x[c, d],
                equals=Sum(g[a, b] * w[-(c - a), -(d - b)], a, b),
            )
        ],
        without=[
            Exact(
                "same, even kernels, the same crop backward",
                len(unmirrored) == len(EVEN),
                f"size 2, kernel 2: the forward matrix is {forward(2, 2)}, the backward one "
                f"{backward(2, 2)}, not its transpose",
            )
        ],
        pieces=[
            agrees("valid forward, full backward", "valid", SIZES),
            agrees("full forward, valid backward", "full", SIZES),
            agrees("same, odd kernels", "same", ODD),
            agrees(even, "same", EVEN, mirrored=True),
        ],
    )


def forward(size: int, kernel: int) -> Any:
    """Return the matrix of mode same for the kernel 1, 2, ..."""
    w = np.arange(1, kernel + 1)
    return convolution.forward_matrix(w, size, "same").tolist()


def backward(size: int, kernel: int) -> Any:
    """Return the matrix of mode same for the flipped kernel."""
    w = np.arange(kernel, 0, -1)
    return convolution.forward_matrix(w, size, "same").tolist()


@row("CS4670-A2")
def _() -> Case:
    p, x, w, _, g, L = convolved()
    a, b, c, d = index("a b c d", ZZ)
    claimed = Sum(g[a, b] * x[-(c - a), -(d - b)], a, b)
    wrong = [s for s in SIZES if not convolution.check_kernel_gradient("valid", *s)]
    return Case(
        printed=[p.claim("dL/dw", of=L, wrt=w[c, d], equals=claimed)],
        pieces=[Exact("valid: the window of the length of the kernel", not wrong, "sizes up to 8")],
    )


@row("CS4670-A2h")
def _() -> Case:
    p, x, w, y, _, _ = convolved()
    a, b, e, f = index("a b e f", ZZ)
    swapped = Sum(w[a, b] * x[e - a, f - b], a, b)
    return Case(printed=[p.claim("w * x", lhs=y[e, f], equals=swapped)])


# -- the matrix product ---------------------------------------------------------------------


def linear(name: str = "f") -> tuple[Any, ...]:
    """State y = W x and a loss that is no linear function of y."""
    i, j = index("i", M), index("j", N)
    p = Derivation("matrix product")
    W, x, g = p.tensor("W", M, N), p.tensor("x", N), p.tensor("g", M)
    y = p.let("y", i, Sum(W[i, j] * x[j], j))
    L = p.let("L", (), Sum(g[i] * function(name)(y[i]), i))
    dy = p.let("dy", i, g[i] * slope(y[i]))
    return p, W, x, y, dy, L


@row("CS4670-B1")
def _() -> Case:
    p, W, x, y, dy, L = linear()
    return Case(
        printed=[
            p.claim("dL/dx", of=L, wrt=x, equals=W.T * dy),
            p.claim("B", of=L, wrt=y, equals=dy),
        ]
    )


@row("CS4670-Bh2")
def _() -> Case:
    p, W, x, y, dy, L = linear()
    i, j = index("i", N), index("j", M)
    return Case(
        printed=[
            p.claim("the sum", of=L, wrt=x[i], equals=Sum(dy[j] * W[j, i], j)),
            p.claim("dL/dy", of=L, wrt=y, equals=dy),
            p.claim("dy/dx", of=y[j], wrt=x[i], equals=W[j, i]),
        ]
    )


@row("CS4670-Bh3", "CS4670-Bh4")
def _() -> Case:
    i, j, k = index("i", M), index("j", N), index("k", K)
    p = Derivation("matrices")
    C, D, A = p.tensor("C", M, K), p.tensor("D", K, N), p.tensor("A", N, M)
    E = p.let("E", (i, j), Sum(C[i, k] * D[k, j], k))
    B = p.let("B", (i, j), A[j, i])
    return Case(
        printed=[
            p.claim("product", lhs=E, equals=C * D),
            p.claim("transpose", lhs=B, equals=A.T),
        ]
    )


@row("CS4670-Bn")
def _() -> Case:
    p, W, x, _, dy, L = linear()
    return Case(printed=[p.claim("dL/dW", of=L, wrt=W, equals=dy * x.T)])


# -- the softmax loss -----------------------------------------------------------------------


def softmax_loss() -> tuple[Any, ...]:
    """State the cross-entropy of softmax scores for a target that sums to one."""
    i, j = index("i j", M)
    p = Derivation("softmax loss")
    s, t = p.tensor("s", M), p.distribution(p.tensor("t", M))
    q = p.let("p", i, exp(s[i]) / Sum(exp(s[j]), j))
    L = p.let("L", (), -Sum(t[i] * log(q[i]), i))
    return p, s, t, q, L


def one_hot() -> tuple[Any, ...]:
    """State the same loss for the target with a one at y."""
    i, y = index("i y", M)
    p = Derivation("one-hot target")
    q = p.positive(p.tensor("p", M))
    L = p.let("L", y, -Sum(delta(i, y) * log(q[i]), i))
    return p, q, L, y


@row("CS4670-C1")
def _() -> Case:
    p, q, L, y = one_hot()
    soft = Derivation("soft target")
    v, t = soft.positive(soft.tensor("p", M)), soft.distribution(soft.tensor("t", M))
    i = index("i", M)
    return Case(
        printed=[p.claim("L", lhs=-log(q[y]), equals=L[y])],
        without=[soft.claim("L, soft", lhs=-log(v[y]), equals=-Sum(t[i] * log(v[i]), i))],
    )


@row("CS4670-C2x")
def _() -> Case:
    t = [int(i == 1) for i in range(4)]
    return Case(printed=[Exact("M = 4, y = 1: t = [0 1 0 0]", t == [0, 1, 0, 0], f"t = {t}")])


@row("CS4670-C4")
def _() -> Case:
    p, s, t, q, L = softmax_loss()
    free = Derivation("any target")
    i, j = index("i j", M)
    v, u = free.tensor("s", M), free.tensor("t", M)
    r = free.let("p", i, exp(v[i]) / Sum(exp(v[j]), j))
    loss = free.let("L", (), -Sum(u[i] * log(r[i]), i))
    return Case(
        printed=[p.claim("dL/ds", of=L, wrt=s, equals=q - t)],
        without=[free.claim("dL/ds, any target", of=loss, wrt=v, equals=r - u)],
        pieces=[free.claim("for any target", of=loss, wrt=v[j], equals=r[j] * Sum(u[i], i) - u[j])],
    )


@row("CS4670-4")
def _() -> Case:
    p, s, t, q, L = softmax_loss()
    i, k = index("i k", M)
    jacobian = delta(k, i) * q[i] - q[k] * q[i]
    return Case(
        printed=[
            p.claim("the sum", of=L, wrt=s[i], equals=Sum(-t[k] / q[k] * jacobian, k)),
            p.claim("dL/dp", of=L, wrt=q[k], equals=-t[k] / q[k]),
            p.claim("dp/ds", of=q[k], wrt=s[i], equals=jacobian),
        ]
    )


@row("CS4670-Ch2")
def _() -> Case:
    y, k = index("y k", M)
    p = Derivation("one-hot target")
    q = p.positive(p.tensor("p", M))
    L = p.let("L", y, -log(q[y]))
    gradient = -delta(k, y) / q[y]
    return Case(
        printed=[
            p.claim("dL/dp", of=L[y], wrt=q[k], equals=gradient),
            p.claim("zero off y", lhs=(1 - delta(k, y)) * gradient, equals=0),
        ]
    )
