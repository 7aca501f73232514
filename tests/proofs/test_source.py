"""The printed NumPy source computes what the formula says."""

import numpy as np
import pytest

from backprop.proofs import Derivation, DimensionError, Sum, delta, dims, index, sqrt
from backprop.proofs.source import identifier

SIZES = {"N": 3, "D": 4, "M": 2, "C": 5, "H": 2}


def run(claim):
    """Run the printed source and the evaluator on the same arrays."""
    rng = np.random.default_rng(0)
    p = claim.p
    arrays = {t.name: rng.uniform(0.5, 1.5, [SIZES[str(s)] for s in t.shape]) for t in p.given()}
    defined = dict(arrays)
    for name in p.definitions:
        defined[name] = p.numpy(name, **arrays)
    names = {identifier(name): value for name, value in defined.items()}
    space = {"np": np, "sigmoid": lambda u: 1 / (1 + np.exp(-u))}
    text = claim.source("f")
    exec(text, space)
    wanted = text[text.index("(") + 1 : text.index(")")].split(", ")
    result = space["f"](*(names.get(n, SIZES.get(n)) for n in wanted))
    np.testing.assert_allclose(result, claim.numpy(**arrays), rtol=1e-12)


@pytest.mark.parametrize("name", ["linear", "cross_entropy", "batch_norm"])
def test_source_of_layers(name, request):
    for claim in request.getfixturevalue(name).claims.values():
        run(claim)


@pytest.mark.parametrize("name", ["gru", pytest.param("lstm", marks=pytest.mark.slow)])
def test_source_of_cells(name, request):
    for claim in request.getfixturevalue(name).p.claims.values():
        run(claim)


def test_source_of_awkward_formulas():
    N, D = dims("N D")
    n, m = index("n m", N)
    d = index("d", D)
    p = Derivation("awkward")
    A, x, c = p.tensor("A", N, N), p.tensor("x", D), p.scalar("c")
    for k, e in enumerate(
        [
            delta(n, m) * c,
            Sum(A[n, n], n) + A[n, m].xreplace({}) * 0 + A[m, n],
            -c / 2 - A[n, m] / (1 + A[n, m]) ** 2,
            Sum(x[d], d) * A[n, m],
            D * A[n, m] / N - sqrt(A[m, n]),
            (A[n, m] - 1) / A[n, m] / c,
        ]
    ):
        L = p.let(f"L{k}", (n, m), e)
        run(p.claim(f"c{k}", lhs=L[n, m], equals=e))


def test_the_source_of_a_linear_layer_is_short(linear):
    assert linear.claims["db"].source() == ('def db(dy):\n    return np.einsum("ab->b", dy)\n')


def test_there_is_no_source_over_the_integers(convolution):
    with pytest.raises(DimensionError, match="use numpy"):
        convolution.claims["dx"].source()
