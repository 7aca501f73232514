r"""Momentum: steps along a sum of all gradients, in which the old ones fade.

.. math::

    v_k = \mu\, v_{k-1} + g_k, \qquad w \leftarrow w - \eta\, v_k

Under a constant gradient the steps grow to :math:`\eta / (1 - \mu)` times it.

Source: B. Polyak, Some methods of speeding up the convergence of iteration methods, 1964.
Derivation: ``book/training/optimisers.ipynb``.
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
    >>> w, state = [np.array([1.0])], init([np.array([1.0])])
    >>> for _ in range(3):
    ...     w, state = step(w, [np.array([1.0])], state, lr=0.1, momentum=0.5)
    >>> state.v, w[0].round(3)
    ([array([1.75])], array([0.575]))
    """
    expect_gradients(params, grads)
    expect_positive(lr=lr)
    expect_part(momentum=momentum)
    velocities: list[Array] = [momentum * v + dw for v, dw in zip(state.v, grads, strict=True)]
    moved: list[Array] = [w - lr * v for w, v in zip(params, velocities, strict=True)]
    return moved, State(velocities)
