r"""Adam: each entry steps by the mean of its gradients over the root of the mean of their squares.

.. math::

    m_k = \beta_1 m_{k-1} + (1 - \beta_1)\, g_k, \qquad
    v_k = \beta_2 v_{k-1} + (1 - \beta_2)\, g_k^2, \qquad
    w \leftarrow w - \eta\, \frac{m_k / (1 - \beta_1^k)}{\sqrt{v_k / (1 - \beta_2^k)} + \epsilon}

Both means start at zero and so are too small at first; what they are divided by, the sum of their
weights, puts that right.

Source: D. P. Kingma and J. Ba, Adam: a method for stochastic optimization, 2015.
Derivation: ``book/training/optimisers.ipynb``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_gradients, expect_part, expect_positive


class State(NamedTuple):
    """Steps taken, and for each parameter the means of gradients and of their squares."""

    steps: int
    m: list[Array]
    v: list[Array]


def init(params: Sequence[Array]) -> State:
    """Return the state before the first step: zeros.

    Examples
    --------
    >>> init([np.ones(1)])
    State(steps=0, m=[array([0.])], v=[array([0.])])
    """
    return State(0, [np.zeros_like(w) for w in params], [np.zeros_like(w) for w in params])


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
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
        Learning rate, greater than 0; no entry moves much further than this in a step.
    beta1, beta2 : float
        Weights of the past in the two means, from 0 to less than 1.
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
    The first step has the length of the learning rate, whatever the gradient is:

    >>> w = [np.array([1.0])]
    >>> step(w, [np.array([1e-3])], init(w), lr=0.1)[0][0].round(4)
    array([0.9])
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr, epsilon=epsilon)
    expect_part(beta1=beta1, beta2=beta2)
    k = state.steps + 1
    means: list[Array] = []
    squares: list[Array] = []
    moved: list[Array] = []
    for w, dw, m, v in zip(params, grads, state.m, state.v, strict=True):
        m = beta1 * m + (1 - beta1) * dw
        v = beta2 * v + (1 - beta2) * dw * dw
        root = np.sqrt(v / (1 - beta2**k)) + epsilon
        moved.append(w - (lr / (1 - beta1**k)) * m / root)
        means.append(m)
        squares.append(v)
    return moved, State(k, means, squares)
