r"""Clipping: gradients of all parameters together get no longer than a limit.

.. math::

    \lVert g \rVert = \sqrt{\sum_i \lVert g_i \rVert^2}, \qquad
    g_i \leftarrow g_i \min\Bigl(1, \frac{c}{\lVert g \rVert}\Bigr)

The direction stays; by value, each entry by itself, it does not.  Recurrent networks need it where
a product of many Jacobians explodes.

Source: R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural
networks, 2013.
"""

import math
from collections.abc import Sequence

import numpy as np

from backprop.arrays import Array
from backprop.optim.expect import expect_positive


def norm(grads: Sequence[Array]) -> float:
    """Return the length of all gradients as one vector.

    Parameters
    ----------
    grads : sequence of arrays
        Of any shapes.

    Returns
    -------
    norm : float
        Not finite if a gradient is not; no square overflows on the way.

    Examples
    --------
    >>> norm([np.array([3.0]), np.array([[4.0]])])
    5.0
    """
    largest = float(np.max([np.abs(g).max(initial=0) for g in grads], initial=0))  # keeps a NaN
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(sum(float(np.sum((g / largest) ** 2)) for g in grads))


def by_norm(grads: Sequence[Array], limit: float) -> list[Array]:
    """Return the gradients, shortened if they are longer than the limit.

    Parameters
    ----------
    grads : sequence of arrays
        One a parameter.
    limit : float
        The length c, greater than 0.

    Returns
    -------
    grads : list of arrays
        The same arrays if they are short enough, else new ones; the old are not written to.

    Raises
    ------
    ValueError
        If `limit` is not positive, or a gradient is not finite: its direction is lost.

    Examples
    --------
    >>> by_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]
    """
    expect_positive(limit=limit)
    length = norm(grads)
    if not math.isfinite(length):
        raise ValueError(f"grads have the norm {length}; needs finite gradients")
    return list(grads) if length <= limit else [g * (limit / length) for g in grads]


def by_value(grads: Sequence[Array], limit: float) -> list[Array]:
    """Return the gradients with every entry between minus and plus the limit.

    The direction changes: large entries lose more than small ones.

    Parameters
    ----------
    grads : sequence of arrays
        One a parameter.
    limit : float
        Greater than 0.

    Returns
    -------
    grads : list of arrays
        New ones; NaN stays NaN.

    Raises
    ------
    ValueError
        If `limit` is not positive.

    Examples
    --------
    >>> by_value([np.array([3.0, -0.5])], 1.0)
    [array([ 1. , -0.5])]
    """
    expect_positive(limit=limit)
    return [np.clip(g, -limit, limit) for g in grads]
