r"""A pole on a cart: push left or right, and keep it from falling.  Many carts at once.

A pole of mass m and half length l is hinged on a cart of mass M, which runs on a rail without
friction.  With :math:`c = \cos\theta`, :math:`s = \sin\theta` and the push F:

.. math::

    u = \frac{F + m l\, \dot\theta^2 s}{M + m}, \qquad
    \ddot\theta = \frac{g s - u c}{l \bigl( \tfrac43 - \tfrac{m c^2}{M + m} \bigr)}, \qquad
    \ddot x = u - \frac{m l\, \ddot\theta\, c}{M + m}

A step lasts 0.02 s and is one of Euler's.  A cart is out when its pole leans by more than 12
degrees, or it has come 2.4 m from the middle.

Source: A. Barto, R. Sutton and C. Anderson, Neuronlike adaptive elements that can solve difficult
learning control problems, 1983.  Derivation: ``book/training/control.ipynb``.
Sizes: N carts.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import math

import numpy as np
from numpy.typing import NDArray

from backprop.arrays import Array, Labels, expect_shapes

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, SECONDS = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
FAR, STEEP = 2.4, math.radians(12)  # metres, radians
LIMIT = 500  # steps after which an attempt counts as a success


def start(rng: np.random.Generator, N: int) -> Array:
    """Return carts near the middle with their poles nearly upright.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    N : int
        How many.

    Returns
    -------
    state : (N, 4) array
        Place in metres, speed in m/s, angle in radians, its speed in rad/s; each uniform between
        -0.05 and 0.05.

    Examples
    --------
    >>> start(np.random.default_rng(0), 2).shape
    (2, 4)
    """
    return rng.uniform(-0.05, 0.05, (N, 4))


def step(state: Array, action: Labels) -> tuple[Array, NDArray[np.bool_]]:
    """Push every cart once.

    Parameters
    ----------
    state : (N, 4) array
        From `start` or the step before.
    action : (N,) integers
        0 pushes left, 1 right.

    Returns
    -------
    state : (N, 4) array
        0.02 seconds later.
    out : (N,) array of bool
        Whose pole has fallen, or who has left the rail.

    Raises
    ------
    TypeError
        If `state` is not an array of floats.
    ValueError
        If the shapes disagree, or an action is not 0 or 1.

    Examples
    --------
    >>> state, out = step(np.zeros((2, 4)), np.array([0, 1]))
    >>> state[:, 1].round(3), out
    (array([-0.195,  0.195]), array([False, False]))
    """
    N = expect_shapes(state=(state, "N 4"))["N"]
    action = np.asarray(action)
    if action.shape != (N,) or not np.isin(action, (0, 1)).all():
        raise ValueError(f"action has shape {action.shape}; needs ({N},), of 0 and 1")
    _, speed, angle, turning = state.T
    c, s, total = np.cos(angle), np.sin(angle), CART + POLE
    u = (FORCE * (2 * action - 1) + POLE * HALF_LENGTH * turning**2 * s) / total
    torque = (GRAVITY * s - u * c) / (HALF_LENGTH * (4 / 3 - POLE * c**2 / total))
    push = u - POLE * HALF_LENGTH * torque * c / total
    after = state + SECONDS * np.stack([speed, push, turning, torque], axis=1)
    return after, (np.abs(after[:, 0]) > FAR) | (np.abs(after[:, 2]) > STEEP)
