"""What holds for every cell at every size, none and one among them."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop import check
from backprop.recurrent import gru, lstm, qrnn, rnn

few = settings(derandomize=True, database=None, deadline=None, max_examples=15)
size = st.integers(1, 4)
CELLS = {"rnn": rnn, "qrnn": qrnn, "gru": gru, "lstm": lstm}
each = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)


def draw(cell, T, N, D, H, seed=0):
    rng = np.random.default_rng(seed)
    params = [p + 0.3 * rng.standard_normal(p.shape) for p in cell.init(rng, D, H)]
    states = [rng.standard_normal((N, H)) for _ in range(cell.STATES)]
    return [rng.standard_normal((T, N, D)), *states, *(p.astype(float) for p in params)]


def run(cell, args, seed=1):
    """Return outputs and gradients as lists; the upstream gradient is random."""
    y, cache = cell.forward(*args)
    rng = np.random.default_rng(seed)
    dy = (
        tuple(rng.standard_normal(a.shape) for a in y)
        if isinstance(y, tuple)
        else rng.standard_normal(y.shape)
    )
    return list(y) if isinstance(y, tuple) else [y], list(cell.backward(dy, cache))


@each
@given(T=size, N=size, D=size, H=size, seed=st.integers(0, 999))
@few
def test_every_gradient_at_every_size(cell, T, N, D, H, seed):
    layer = cell
    if cell is lstm:
        layer = SimpleNamespace(forward=lstm.forward, backward=lstm.backward)

        def hidden(*args):
            (h, c), cache = lstm.forward(*args)
            return h, (np.zeros_like(c), cache)

        layer.forward = hidden
        layer.backward = lambda dh, kept: lstm.backward((dh, kept[0]), kept[1])
    assert max(check.vjp(layer, *draw(cell, T, N, D, H, seed)).values()) < 1e-6


@each
@given(T=size, N=st.integers(2, 4), D=size, H=size)
@few
def test_a_batch_is_its_examples(cell, T, N, D, H):
    args = draw(cell, T, N, D, H)
    states = cell.STATES
    whole, _ = run(cell, args)
    for n in range(N):
        one = [args[0][:, n : n + 1], *(s[n : n + 1] for s in args[1 : 1 + states])]
        alone, _ = run(cell, [*one, *args[1 + states :]])
        for a, b in zip(alone, whole, strict=True):
            np.testing.assert_allclose(a[:, 0], b[:, n], rtol=1e-12, atol=1e-14)


@each
@pytest.mark.parametrize(("T", "N"), [(0, 3), (2, 0), (0, 0)])
def test_no_steps_and_no_texts(cell, T, N):
    args = draw(cell, T, N, 2, 3)
    outputs, grads = run(cell, args)
    assert all(y.shape == (T, N, 3) for y in outputs)
    assert [g.shape for g in grads] == [a.shape for a in args]
    assert not any(g.any() for g in grads[1 + cell.STATES :])  # nothing is learnt from nothing
