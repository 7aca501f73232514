r"""Schedules: the learning rate of every step, as functions of the number of steps taken.

.. math::

    \text{steps: } \eta\, q^{\lfloor k/m \rfloor}, \qquad
    \text{cosine: } \eta_K + (\eta - \eta_K)\, \tfrac12 \bigl(1 + \cos \tfrac{\pi k}{K}\bigr),
    \qquad \text{warm-up: } \tfrac{k + 1}{m}\, \eta_k \;\; (k < m)

Derivation: ``book/training/optimisers.ipynb``.
"""

import math
from collections.abc import Callable

from backprop.optim.expect import expect_positive

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """Return the same rate always.

    Parameters
    ----------
    lr : float
        Learning rate, greater than 0.

    Returns
    -------
    schedule : function
        From the number of steps taken to the rate of the next.

    Examples
    --------
    >>> [constant(0.1)(k) for k in (0, 99)]
    [0.1, 0.1]
    """
    expect_positive(lr=lr)
    return lambda k: lr


def steps(lr: float, *, every: int, factor: float = 0.1) -> Schedule:
    """Return a rate that is multiplied by `factor` after every so many steps.

    Parameters
    ----------
    lr : float
        Rate at the start, greater than 0.
    every : int
        Steps on each level, at least 1.
    factor : float
        From one level to the next, greater than 0.

    Returns
    -------
    schedule : function
        From the number of steps taken to the rate of the next.

    Examples
    --------
    >>> [steps(8.0, every=2, factor=0.5)(k) for k in range(5)]
    [8.0, 8.0, 4.0, 4.0, 2.0]
    """
    expect_positive(lr=lr, factor=factor)
    _expect_steps("every", every)
    return lambda k: lr * factor ** (k // every)


def cosine(lr: float, *, over: int, end: float = 0.0) -> Schedule:
    """Return a rate that falls along half a cosine, and stays there.

    Parameters
    ----------
    lr : float
        Rate at the start, greater than 0.
    over : int
        Steps of the fall, at least 1.
    end : float
        Rate at its end, from 0 to `lr`.

    Returns
    -------
    schedule : function
        From the number of steps taken to the rate of the next.

    Examples
    --------
    >>> [round(cosine(1.0, over=4)(k), 3) for k in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """
    expect_positive(lr=lr)
    _expect_steps("over", over)
    if not 0 <= end <= lr:
        raise ValueError(f"end is {end}; needs a number from 0 to lr, {lr}")
    return lambda k: end + (lr - end) * 0.5 * (1 + math.cos(math.pi * min(k, over) / over))


def warm_up(schedule: Schedule, *, over: int) -> Schedule:
    """Return a schedule that rises in a line to the given one.

    Parameters
    ----------
    schedule : function
        From the number of steps taken to the rate of the next.
    over : int
        Steps of the rise, at least 1.

    Returns
    -------
    schedule : function
        The same from step `over` - 1 on.

    Examples
    --------
    >>> [warm_up(constant(1.0), over=4)(k) for k in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    _expect_steps("over", over)
    return lambda k: schedule(k) * min(1.0, (k + 1) / over)


def _expect_steps(name: str, number: int) -> None:
    if number != int(number) or number < 1:
        raise ValueError(f"{name} is {number}; needs a whole number of at least 1")
