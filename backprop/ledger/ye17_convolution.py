"""Ye17, the convolutional layer: the claims of rows 5 to 8.

Images are extended by zero over all integers, so that no border mode has to be chosen; the
modes of finite images are decided apart, with integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.proofs import ZZ, Derivation, Sum, convolution, delta, dims, index

I, O = dims("I O")  # noqa: E741 -- the document's `in` and `out`
i, i2 = index("i i2", I)
j, j2 = index("j j2", O)
u, v, a, b, c, d = index("u v a b c d", ZZ)


def layer() -> tuple[Any, ...]:
    """State y_j = sum_i k_ji * x_i + b_j for images."""
    p = Derivation("convolutional layer")
    k, x = p.tensor("k", O, I, ZZ, ZZ), p.tensor("x", I, ZZ, ZZ)
    bias = p.tensor("b", O)
    y = p.let("y", (j, u, v), Sum(k[j, i, a, b] * x[i, u - a, v - b], i, a, b) + bias[j])
    g, z = p.upstream(y, "g", "z")
    return p, k, x, bias, y, g, z


@row("Ye17-5", "Ye17-5n")
def _() -> Case:
    p, k, x, bias, y, *_ = layer()
    toeplitz = Sum(k[j, i, u - a, v - b] * x[i, a, b], i, a, b) + bias[j]
    unrolled = Sum(x[i, u - a, v - b] * k[j, i, a, b], i, a, b) + bias[j]
    return Case(
        printed=[
            p.claim("K x", lhs=y[j, u, v], equals=toeplitz),
            p.claim("X k", lhs=y[j, u, v], equals=unrolled),
        ]
    )


@row("Ye17-6")
def _() -> Case:
    p, k, x, _, y, g, z = layer()
    wrt = x[i2, c, d]

    def flipped(m: Any, n: Any) -> Any:
        return k[j, i2, -m, -n]

    forms = {
        "g K": Sum(g[j, u, v] * k[j, i2, u - c, v - d], j, u, v),
        "flipped kernel * g": Sum(flipped(a, b) * g[j, c - a, d - b], j, a, b),
        "kernel ⋆ g": Sum(k[j, i2, a, b] * g[j, c + a, d + b], j, a, b),
    }
    scanned = Sum(k[j, i2, a, b] * g[j, c - a, d - b], j, a, b)
    return Case(
        printed=[
            p.claim("dy/dx = K", of=y[j, u, v], wrt=wrt, equals=k[j, i2, u - c, v - d]),
            *(p.claim(f"dz/dx, {name}", of=z, wrt=wrt, equals=e) for name, e in forms.items()),
        ],
        scanned=[p.claim("kernel * g", of=z, wrt=wrt, equals=scanned)],
        pieces=finite_modes(),
    )


def finite_modes() -> list[Exact]:
    """Decide which window of the correlation is the gradient, for every small size."""
    sizes = [(n, k) for k in (1, 2, 3, 4) for n in range(k, 8)]

    def check(mode: str, ks: tuple[int, ...] = (1, 2, 3, 4), mirrored: bool = False) -> bool:
        return all(
            convolution.check_mode(mode, n, k, mirrored=mirrored) for n, k in sizes if k in ks
        )

    tried = f"{len(sizes)} pairs of sizes, every unit kernel, in integers"
    return [
        Exact("forward 'valid', backward 'full'", check("valid"), tried),
        Exact("forward 'full', backward 'valid'", check("full"), tried),
        Exact("forward and backward 'same', odd kernels", check("same", (1, 3)), tried),
        Exact("the same crop fails for even kernels", not check("same", (2, 4)), tried),
        Exact("even kernels: crop from the other end", check("same", (2, 4), True), tried),
    ]


@row("Ye17-6n")
def _() -> Case:
    p, k, x, _, _, g, z = layer()
    form = Sum(k[j, i2, a, b] * g[j, c + a, d + b], j, a, b)
    return Case(
        printed=[p.claim("sum of correlations", of=z, wrt=x[i2, c, d], equals=form)],
        scanned=[ill_typed(lambda: g[i2, c, d])],
    )


@row("Ye17-7")
def _() -> Case:
    p, _, _, bias, y, g, z = layer()
    return Case(
        printed=[
            p.claim("dy/db", of=y[j, u, v], wrt=bias[j2], equals=delta(j, j2)),
            p.claim("chain", of=z, wrt=bias[j2], equals=Sum(g[j, u, v] * delta(j, j2), j, u, v)),
            p.claim("sum of dz/dy", of=z, wrt=bias[j2], equals=Sum(g[j2, u, v], u, v)),
        ]
    )


@row("Ye17-8")
def _() -> Case:
    p, k, x, _, y, g, z = layer()
    wrt = k[j2, i2, c, d]

    def flipped(m: Any, n: Any) -> Any:
        return x[i2, -m, -n]

    forms = {
        "g X": Sum(g[j2, u, v] * x[i2, u - c, v - d], u, v),
        "flipped input * g": Sum(flipped(a, b) * g[j2, c - a, d - b], a, b),
        "input ⋆ g": Sum(x[i2, a, b] * g[j2, c + a, d + b], a, b),
    }
    unrolled = delta(j, j2) * x[i2, u - c, v - d]
    scanned = Sum(x[i2, a, b] * g[j2, c - a, d - b], a, b)
    return Case(
        printed=[
            p.claim("dy/dk = X", of=y[j, u, v], wrt=wrt, equals=unrolled),
            *(p.claim(f"dz/dk, {name}", of=z, wrt=wrt, equals=e) for name, e in forms.items()),
        ],
        scanned=[p.claim("input * g", of=z, wrt=wrt, equals=scanned)],
    )


@row("Ye17-8n")
def _() -> Case:
    p, k, x, _, _, g, z = layer()
    wrt = k[j2, i2, c, d]
    form = Sum(x[i2, a, b] * g[j2, c + a, d + b], a, b)
    return Case(
        printed=[p.claim("correlation with dz/dy", of=z, wrt=wrt, equals=form)],
        scanned=[correlation_with_dx()],
    )


def correlation_with_dx() -> Any:
    """State the kernel gradient of one channel as the scan has it."""
    p = Derivation("convolution of one channel")
    k, x = p.tensor("k", ZZ), p.tensor("x", ZZ)
    y = p.let("y", u, Sum(k[a] * x[u - a], a))
    g, z = p.upstream(y, "g", "z")
    dx = p.let("dx", c, Sum(k[a] * g[c + a], a))
    form = Sum(x[a] * dx[c + a], a)
    return p.claim("correlation with dz/dx", of=z, wrt=k[c], equals=form)


@row("Ye17-8f")
def _() -> Case:
    """Decide the convolution theorem for any character e, one with e(m + n) = e(m) e(n)."""
    p = Derivation("convolution theorem")
    k, x, e = p.tensor("k", ZZ), p.tensor("x", ZZ), p.tensor("e", ZZ)
    transformed = Sum(k[a] * x[u - a] * e[a] * e[u - a], u, a)  # e[u] = e[a] e[u - a]
    return Case(
        printed=[
            p.claim(
                "F(k * x) = F(k) F(x)",
                lhs=transformed,
                equals=Sum(k[a] * e[a], a) * Sum(x[b] * e[b], b),
            )
        ],
        pieces=[
            Exact(
                "circular convolution, lengths 2, 3, 4, 6 and 12",
                all(theorem(n, n, n) for n in (2, 3, 4, 6, 12)),
                "every pair of unit signals, in integers modulo 13",
            ),
            Exact(
                "linear convolution, padded to 12 places",
                all(theorem(m, 13 - m, 12) for m in range(1, 13)),
                "every pair of unit signals, in integers modulo 13",
            ),
        ],
        without=[
            Exact(
                "linear convolution, not padded",
                theorem(2, 2, 2, linear=True),
                "k = (0, 1), x = (0, 1): k * x = (0, 0, 1) needs three places; the product of "
                "the transforms of length 2 is that of (1, 0)",
            )
        ],
    )


PRIME, GENERATOR = 13, 2  # 2 has order 12 modulo 13


def transform(x: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return the discrete Fourier transform of length n over the integers modulo 13."""
    root = pow(GENERATOR, 12 // n, PRIME)
    powers = np.array([[pow(root, r * s, PRIME) for s in range(len(x))] for r in range(n)])
    return np.asarray(powers @ x % PRIME)


def theorem(kernel: int, signal: int, n: int, linear: bool = False) -> bool:
    """Decide the theorem for all unit signals, hence for all signals of these lengths.

    The convolution is the linear one if it fits into n places or if `linear`, else circular.
    """
    for w in np.eye(kernel, dtype=np.int64):
        for x in np.eye(signal, dtype=np.int64):
            y = np.convolve(w, x)
            if not linear:
                y = np.bincount(np.arange(len(y)) % n, y, n).astype(np.int64)
            left = transform(y[:n], n)
            right = transform(w, n) * transform(x, n) % PRIME
            if not np.array_equal(left, right):
                return False
    return True
