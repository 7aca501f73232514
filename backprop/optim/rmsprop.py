r"""RMSProp: each entry steps by its gradient over the root of the mean of its recent squares.

.. math::

    v_k = \rho\, v_{k-1} + (1 - \rho)\, g_k^2, \qquad
    w \leftarrow w - \eta\, \frac{g_k}{\sqrt{v_k} + \epsilon}

The mean starts at zero and is too small at first, so that the first steps are too long, by
:math:`1/\sqrt{1 - \rho}` at the very first.  ``corrected=True`` divides it by the sum of its
weights, :math:`1 - \rho^k`.

Source: T. Tieleman and G. Hinton, Lecture 6.5, Neural networks for machine learning, 2012.
Derivation: ``book/training/optimisers.ipynb``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_gradients, expect_part, expect_positive


class State(NamedTuple):
    """Steps taken, and for each parameter the mean v of the squared gradients."""

    steps: int
    v: list[Array]


def init(params: Sequence[Array]) -> State:
    """Return the state before the first step: zeros.

    Examples
    --------
    >>> init([np.ones(1)])
    State(steps=0, v=[array([0.])])
    """
    return State(0, [np.zeros_like(w) for w in params])


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    rho: float = 0.9,
    epsilon: float = 1e-8,
    corrected: bool = False,
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
    rho : float
        Weight of the past in the mean, from 0 to less than 1.
    epsilon : float
        Keeps the divisor away from zero; greater than 0.
    corrected : bool
        Divide the mean by the sum of its weights.

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
    >>> for corrected in (False, True):
    ...     new, _ = step(w, [np.array([5.0])], init(w), lr=0.1, rho=0.99, corrected=corrected)
    ...     print(new[0].round(4))
    [0.]
    [0.9]
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr, epsilon=epsilon)
    expect_part(rho=rho)
    k = state.steps + 1
    weights = 1 - rho**k if corrected else 1.0
    means: list[Array] = [
        rho * v + (1 - rho) * dw * dw for v, dw in zip(state.v, grads, strict=True)
    ]
    moved: list[Array] = [
        w - lr * dw / (np.sqrt(v / weights) + epsilon)
        for w, dw, v in zip(params, grads, means, strict=True)
    ]
    return moved, State(k, means)
