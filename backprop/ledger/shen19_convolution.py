"""Shen19, rows 54 to 72: convolution, its gradients, and the rectifier.

Images are extended by zeros over all integers; an upstream gradient is any array, hence also
one that is zero where a finite output has no entry.
"""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np

from backprop.ledger.case import Case, Exact, ill_typed, row
from backprop.proofs import ZZ, Derivation, Sum, delta, dims, function, index, relu, sigmoid, step

N = dims("N")
sigma, slope = function("sigma"), function("sigma'")
SIZES = [(n, m) for n in range(1, 13) for m in range(1, n + 1)]

# -- what a convolution is ------------------------------------------------------------------


@row("Shen19-54")
def _() -> Case:
    s, t = index("tau t", ZZ)
    p = Derivation("convolution of two sequences")
    f, g = p.tensor("f", ZZ), p.tensor("g", ZZ)
    h = p.let("h", t, Sum(f[s] * g[t - s], s))
    return Case(printed=[p.claim("commuted", lhs=h[t], equals=Sum(f[t - s] * g[s], s))])


def positions(n: int, m: int, stride: int = 1, padding: int = 0) -> int:
    """Count the places of a window of length m on n entries."""
    return len(range(0, n + 2 * padding - m + 1, stride))


@row("Shen19-55")
def _() -> Case:
    size = positions(5, 3, padding=1)
    return Case(printed=[Exact("padding 1 keeps the size", size == 5, f"output {size} x {size}")])


@row("Shen19-56")
def _() -> Case:
    kernels, image = np.ones((128, 5, 5), dtype=np.int64), np.ones((5, 5), dtype=np.int64)
    copies = len(np.einsum("kab,ab->k", kernels, image))
    return Case(
        printed=[Exact("64 images", copies == 64, f"128 kernels make {copies} images, not 64")],
        corrected=[Exact("128 images", copies == 128, "one image for each kernel")],
    )


def parameters(kernels: int, m: int, channels: int = 1, biases: bool = False) -> int:
    """Count the parameters of a convolutional layer."""
    return kernels * (channels * m * m + biases)


@row("Shen19-57")
def _() -> Case:
    more = parameters(128, 5, biases=True), parameters(128, 5, channels=3)
    return Case(
        printed=[Exact("weights of 128 kernels", parameters(128, 5) == 128 * 5 * 5 == 3200)],
        without=[
            Exact(
                "with biases, or with three channels",
                more == (3200, 3200),
                f"with biases {more[0]}, with three input channels {more[1]}",
            )
        ],
    )


def connected(n: int) -> int:
    """Count the weights from n x n pixels to the output of 128 kernels 5 x 5."""
    return n**2 * 128 * positions(n, 5) ** 2


@row("Shen19-58")
def _() -> Case:
    small, mnist = connected(5), connected(28)
    return Case(
        printed=[
            Exact(
                "fully connected layers of the same output have more weights",
                all(connected(n) > 4 * 3200 for n in range(6, 257)),
                f"28 x 28 pixels: {mnist} weights for 3200, {mnist // 3200} times as many",
            )
        ],
        without=[Exact("for every image", small > 3200, f"5 x 5 pixels: {small} for 3200")],
    )


@row("Shen19-60")
def _() -> Case:
    i, j, a = index("i j a", ZZ)
    p = Derivation("convolution as a matrix")
    w, y = p.tensor("w", ZZ), p.tensor("y", ZZ)
    x = p.let("x", i, Sum(w[a] * y[i - a + 1], a))
    wrong = [s for s in SIZES if not banded(*s)]
    return Case(
        printed=[p.claim("T y", lhs=x[i], equals=Sum(w[i - j + 1] * y[j], j))],
        pieces=[Exact("the matrix has n + m - 1 rows", not wrong, f"{len(SIZES)} pairs of sizes")],
    )


def banded(n: int, m: int) -> bool:
    """Compare the banded matrix with the full convolution of finite sequences."""
    w, y = np.arange(1, m + 1), np.arange(1, n + 1) ** 2
    T = np.zeros((n + m - 1, n), dtype=np.int64)
    for i, j in np.ndindex(T.shape):
        T[i, j] = w[i - j] if 0 <= i - j < m else 0
    return bool(np.array_equal(T @ y, np.convolve(w, y)))


@row("Shen19-61")
def _() -> Case:
    wrong = [s for s in SIZES if positions(*s) != s[0] - s[1] + 1]
    try:
        still, detail = positions(3, 2, stride=0) == 2, ""
    except ValueError:
        still, detail = False, "a window that moves by 0 never gets to a second place"
    return Case(
        printed=[Exact("stride 0", still, detail)],
        corrected=[Exact("stride 1", not wrong, f"all {len(SIZES)} pairs of sizes up to 12")],
    )


def centre(m: int) -> Fraction:
    """Return the mean of the offsets 0 to m - 1."""
    return Fraction(sum(range(m)), m)


@row("Shen19-62")
def _() -> Case:
    odd = all(centre(m) == m // 2 for m in range(1, 20, 2))
    halves = all(centre(m) == Fraction(m, 2) for m in range(1, 20))
    detail = f"offsets 0, 1, 2: the centre is {centre(3)}, and m/2 is {Fraction(3, 2)}"
    return Case(
        readings={
            "m/2 rounded down, m odd": [
                Exact("the centre of the window", odd, "m = 1, 3, ..., 19")
            ],
            "m/2 as it stands": [Exact("the centre of the window", halves, detail)],
        }
    )


# -- gradients ------------------------------------------------------------------------------


def layer() -> Any:
    """State x = window sums of y, and sigma of x, over all integers."""
    a, b, i, j = index("a b i j", ZZ)
    p = Derivation("one convolutional layer")
    w, y = p.tensor("w", ZZ, ZZ, latex=r"\omega"), p.tensor("y", ZZ, ZZ, latex="y^{(l-1)}")
    x = p.let("x", (i, j), Sum(w[a, b] * y[i + a, j + b], a, b), latex="x^{(l)}")
    out = p.let("out", (i, j), sigma(x[i, j]), latex="y^{(l)}")
    g = p.tensor("g", ZZ, ZZ)
    E = p.let("E", (), Sum(g[i, j] * out[i, j], i, j))
    return SimpleNamespace(p=p, w=w, y=y, x=x, out=out, g=g, E=E)


def activation(n: Any) -> Any:
    """State the derivative of the activation."""
    i, j, c, d = index("i j c d", ZZ)
    same = delta(i, c) * delta(j, d)
    return n.p.claim("dy/dx", of=n.out[i, j], wrt=n.x[c, d], equals=slope(n.x[i, j]) * same)


@row("Shen19-63")
def _() -> Case:
    n = layer()
    i, j, a, b = index("i j a b", ZZ)
    window = Sum(n.w[a, b] * n.y[i + a, j + b], a, b)
    flipped = Sum(n.w[a, b] * n.y[i - a, j - b], a, b)
    other = n.p.claim("a convolution", lhs=n.x[i, j], equals=flipped).verify()
    sums = n.p.claim("the window sum", lhs=n.x[i, j], equals=window)
    p = Derivation("the activation")
    x = p.tensor("x", N, N, latex="x^{(l)}")
    k, m = index("k m", N)
    y = p.let("y", (k, m), sigmoid(x[k, m]), latex="y^{(l)}")
    return Case(
        printed=[p.claim("delta", lhs=y[k, m], equals=function("delta")(x[k, m])), sums],
        corrected=[
            n.p.claim("sigma", lhs=n.out[i, j], equals=sigma(window)),
            sums,
            activation(n),
        ],
        pieces=[
            Exact(
                "the window sum is a correlation, not the convolution of rows 59 and 60",
                other.verdict == "refuted",
                other.counterexample_in_words,
            )
        ],
    )


@row("Shen19-65a")
def _() -> Case:
    return Case(printed=[activation(layer())])


@row("Shen19-65b")
def _() -> Case:
    n = layer()
    i, j, a, b = index("i j a b", ZZ)
    claim = n.p.claim("dx/dw", of=n.x[i, j], wrt=n.w[a, b], equals=n.y[i + a, j + b])
    return Case(printed=[claim])


def by_image(n: Any) -> Any:
    """State dx_uv / dy_ij = w_{i-u, j-v}, which is w_ab for u = i - a and v = j - b."""
    u, v, i, j = index("u v i j", ZZ)
    return n.p.claim("dx/dy", of=n.x[u, v], wrt=n.y[i, j], equals=n.w[i - u, j - v])


@row("Shen19-65c")
def _() -> Case:
    return Case(printed=[by_image(layer())])


def through_window(n: Any, upstream: Any) -> Any:
    """State the gradient on the image; `upstream` gives dE/dy from (i, j) and (a, b)."""
    i, j, a, b = index("i j a b", ZZ)
    term = upstream(i, j, a, b) * slope(n.x[i - a, j - b]) * n.w[a, b]
    return n.p.claim("dE/dy", of=n.E, wrt=n.y[i, j], equals=Sum(term, a, b))


def into_x(n: Any) -> Any:
    """State dE/dx."""
    i, j = index("i j", ZZ)
    return n.p.claim("dE/dx", of=n.E, wrt=n.x[i, j], equals=n.g[i, j] * slope(n.x[i, j]))


@row("Shen19-66a")
def _() -> Case:
    n = layer()
    whole = through_window(n, lambda i, j, a, b: n.g[i - a, j - b])
    return Case(printed=[whole, into_x(n), by_image(n)])


def in_numbers() -> Exact:
    """State the printed sum for an image of two pixels, a filter of two ones, sigma a square."""
    w, y, g = [1, 1], [1, 2], [1, 0]
    slopes = [2 * (w[0] * y[0] + w[1] * y[1]), 0]
    true = sum(g[1 - a] * slopes[1 - a] * w[a] for a in (0, 1))
    printed = sum(g[1] * slopes[1 - a] * w[a] for a in (0, 1))
    return Exact(
        "the gradient on the second of two pixels",
        true == printed,
        f"sigma(u) = u^2, filter (1, 1), image (1, 2), E = y_0: on pixel 1 true {true}, "
        f"printed {printed}",
    )


@row("Shen19-66b")
def _() -> Case:
    n = layer()
    i, j, a, b = index("i j a b", ZZ)
    q = Derivation("an image of one row")
    v, t, h = q.tensor("w", ZZ, latex=r"\omega"), q.tensor("y", ZZ), q.tensor("g", ZZ)
    s = q.let("x", i, Sum(v[a] * t[i + a], a))
    F = q.let("E", (), Sum(h[i] * sigma(s[i]), i))
    one_row = Sum(h[i] * slope(s[i - a]) * v[a], a)
    p = Derivation("a filter of one weight")
    w, y, g = p.scalar("w"), p.tensor("y", ZZ, ZZ), p.tensor("g", ZZ, ZZ)
    x = p.let("x", (i, j), w * y[i, j])
    E = p.let("E", (), Sum(g[i, j] * sigma(x[i, j]), i, j))
    return Case(
        printed=[in_numbers(), q.claim("dE/dy", of=F, wrt=t[i], equals=one_row)],
        corrected=[through_window(n, lambda i, j, a, b: n.g[i - a, j - b])],
        special=[p.claim("1 x 1", of=E, wrt=y[a, b], equals=g[a, b] * slope(x[a, b]) * w)],
    )


def filter_gradient(n: Any) -> list[Any]:
    """State the gradient on the filter, and its factors."""
    i, j, a, b = index("i j a b", ZZ)
    total = Sum(n.g[i, j] * slope(n.x[i, j]) * n.y[i + a, j + b], i, j)
    return [
        n.p.claim("dE/dw", of=n.E, wrt=n.w[a, b], equals=total),
        into_x(n),
        n.p.claim("dx/dw", of=n.x[i, j], wrt=n.w[a, b], equals=n.y[i + a, j + b]),
    ]


def rows_of_x(upper: str) -> Exact:
    """State that a sum from 0 to the upper limit runs over the rows that x has."""
    extra = 1 if upper == "N - m + 1" else 0
    wrong = [(n, m) for n, m in SIZES if len(range(n - m + extra + 1)) != positions(n, m)]
    detail = "N = 1, m = 1: i = 0, 1, but x has one row" if wrong else f"{len(SIZES)} sizes"
    return Exact(f"upper limit {upper}", not wrong, detail)


@row("Shen19-67a", "Shen19-67b")
def _() -> Case:
    n = layer()
    i, j, a, b, c, d = index("i j a b c d", ZZ)
    total = Sum(n.g[c, d] * slope(n.x[c, d]) * n.y[c + a, d + b], c, d)
    return Case(
        printed=[
            ill_typed(lambda: n.p.claim("dE/dy", of=n.E, wrt=n.y[i, j], equals=total)),
            rows_of_x("N - m + 1"),
        ],
        corrected=filter_gradient(n),
        pieces=[rows_of_x("N - m")],
    )


# -- the rectifier --------------------------------------------------------------------------


@row("Shen19-69")
def _() -> Case:
    i, j = index("i j", N)
    p = Derivation("rectifier")
    x = p.tensor("x", N)
    y = p.let("y", i, relu(x[i]))
    return Case(
        printed=[
            p.claim("f'", of=y[i], wrt=x[j], equals=delta(i, j) * step(x[i])),
            p.claim("0 or 1", lhs=step(x[i]) * (1 - step(x[i])), equals=0),
        ]
    )


def through_layers(weight: Fraction, layers: int) -> Fraction:
    """Return the gradient on the input 1 of a chain x -> max(0, weight x)."""
    x, gradient = Fraction(1), Fraction(1)
    for _ in range(layers):
        gradient *= weight * (weight * x > 0)
        x = max(Fraction(0), weight * x)
    return gradient


@row("Shen19-70")
def _() -> Case:
    p = Derivation("two gates")
    u, v = p.scalar("u v")
    path = step(u) * step(v)
    found = {w: through_layers(Fraction(w), 10) for w in ("2", "1/2", "-1")}
    shown = ", ".join(f"weight {w}: {g}" for w, g in found.items())
    return Case(
        readings={
            "the factors f' along a path multiply to 0 or 1": [
                p.claim("path", lhs=path * (1 - path), equals=0)
            ],
            "the gradient of a deep network neither vanishes nor explodes": [
                Exact(
                    "ten layers of one unit",
                    all(g == 1 for g in found.values()),
                    f"gradient through ten layers of one unit, {shown}",
                )
            ],
        }
    )


@row("Shen19-71")
def _() -> Case:
    values = [max(Fraction(0), Fraction(k, 7)) for k in range(-9, 10)]
    exact = all(type(v) is Fraction for v in values)
    return Case(printed=[Exact("a rational number stays one", exact, "19 fractions, in fractions")])
