r"""Adagrad: each entry steps by its gradient over the root of the sum of all its squares so far.

.. math::

    s_k = s_{k-1} + g_k^2, \qquad w \leftarrow w - \eta\, \frac{g_k}{\sqrt{s_k} + \epsilon}

The steps never stop getting shorter: under a constant gradient the k-th is :math:`\eta/\sqrt k`.

Source: J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods, 2011.
Derivation: ``book/training/optimisers.ipynb``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_gradients, expect_positive


class State(NamedTuple):
    """For each parameter the sum s of the squared gradients."""

    s: list[Array]


def init(params: Sequence[Array]) -> State:
    """Return the state before the first step: zeros.

    Examples
    --------
    >>> init([np.ones(1)])
    State(s=[array([0.])])
    """
    return State([np.zeros_like(w) for w in params])


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    epsilon: float = 1e-8,
) -> tuple[list[Array], State]:
    """Take one step.

    Parameters
    ----------
    params, grads : sequences of arrays
        One gradient per parameter, in its shape.
    state : State
        From `init` or the step before.
    lr : float
        Learning rate, greater than 0.
    epsilon : float
        Keeps the divisor away from zero; greater than 0.

    Returns
    -------
    params : list of arrays
        New ones; the old are not written to.
    state : State
        For the next step.

    Raises
    ------
    ValueError
        If a gradient is missing or misshapen, or a number is out of its range.

    Examples
    --------
    >>> w = [np.array([1.0])]
    >>> step(w, [np.array([1e-3])], init(w), lr=0.1)[0][0].round(4)
    array([0.9])
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr, epsilon=epsilon)
    squares: list[Array] = [s + dw * dw for s, dw in zip(state.s, grads, strict=True)]
    moved: list[Array] = [
        w - lr * dw / (np.sqrt(s) + epsilon)
        for w, dw, s in zip(params, grads, squares, strict=True)
    ]
    return moved, State(squares)
