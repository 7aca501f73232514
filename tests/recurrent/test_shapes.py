"""Every cell names the argument whose shape does not fit, also one that NumPy would stretch."""

import numpy as np
import pytest

from backprop.recurrent import gru, lstm, qrnn, rnn, steps

NAMES = {
    rnn: "x h0 Wh Wx b",
    qrnn: "x h0 Wu bu Wh bh",
    gru: "x h0 Wh Wx b",
    lstm: "x h0 c0 Wh Wx b",
}
CHANGES = {
    "more axes": lambda a: a[None],
    "one": lambda a: a[:1],
    "longer": lambda a: np.concatenate([a, a[:1]]),
}
CASES = [
    (cell, k, name, change)
    for cell, names in NAMES.items()
    for k, name in enumerate(names.split())
    for change in list(CHANGES)[: 3 if k else 1]  # the lengths of x are what others are held to
]


@pytest.mark.parametrize(("cell", "k", "name", "change"), CASES)
def test_the_argument_is_named(arguments, cell, k, name, change):
    args = arguments(cell)
    args[k] = CHANGES[change](args[k])
    if name == "Wh" and cell is not rnn:
        name = "W[hx]"  # the two are compared with each other
    with pytest.raises(ValueError, match=rf"^{name} has shape"):
        cell.forward(*args)


@pytest.mark.parametrize("sizes", [(0, 2), (2, 0)])
def test_weights_need_a_row_and_a_column(sizes):
    with pytest.raises(ValueError, match=r"^sizes are \d and \d; need at least 1 each$"):
        steps.normal(np.random.default_rng(0), *sizes, np.float64)


def test_one_row_and_one_column_are_enough():
    assert steps.normal(np.random.default_rng(0), 1, 1, np.float64).shape == (1, 1)
