r"""Nesterov's momentum: the gradient counts once more, where the velocity is about to lead.

.. math::

    v_k = \mu\, v_{k-1} + g_k, \qquad w \leftarrow w - \eta\,(g_k + \mu\, v_k)

This is his method written for the point at which the gradient is taken.

Source: Y. Nesterov, A method for solving the convex programming problem with convergence rate
O(1/k²), 1983; I. Sutskever et al., On the importance of initialization and momentum in deep
learning, 2013.  Derivation: ``book/training/optimisers.ipynb``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_gradients, expect_part, expect_positive


class State(NamedTuple):
    """For each parameter the velocity v."""

    v: list[Array]


def init(params: Sequence[Array]) -> State:
    """Return the state before the first step: zeros.

    Examples
    --------
    >>> init([np.ones(1)])
    State(v=[array([0.])])
    """
    return State([np.zeros_like(w) for w in params])


def step(
    params: Sequence[Array],
    grads: Sequence[Array],
    state: State,
    *,
    lr: float,
    momentum: float = 0.9,
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
    momentum : float
        The weight of the past, from 0 to less than 1.

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
    >>> step(w, [np.array([1.0])], init(w), lr=0.1, momentum=0.5)[0][0].round(3)
    array([0.85])
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr)
    expect_part(momentum=momentum)
    velocities: list[Array] = [momentum * v + dw for v, dw in zip(state.v, grads, strict=True)]
    moved: list[Array] = [
        w - lr * (dw + momentum * v) for w, dw, v in zip(params, grads, velocities, strict=True)
    ]
    return moved, State(velocities)
