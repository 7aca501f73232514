r"""Inverted dropout: leave out entries at random, and scale up the rest.

.. math::

    y = x \odot r, \qquad
    \frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \odot r, \qquad
    r_i = \begin{cases} 0 & \text{with probability } q \\ 1/(1-q) & \text{otherwise} \end{cases}

The expectation of :math:`r` is 1, so nothing needs to be scaled when the layer is left out, as it
is when the network is used.  Derivation: ``book/layers/dropout.ipynb``.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


def forward(x: Array, *, rate: float, rng: np.random.Generator) -> tuple[Array, Cache]:
    """Set every entry to zero with probability `rate`, and divide the others by ``1 - rate``.

    Parameters
    ----------
    x : array of any shape
        Activations.
    rate : float
        The probability q; from 0 to less than 1.
    rng : numpy.random.Generator
        Draws the mask, one number an entry.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.
    cache : tuple
        For `backward`: the mask.

    Raises
    ------
    TypeError
        If `x` is not an array of floats, or `rng` not a Generator.
    ValueError
        If `rate` is out of its range.

    Examples
    --------
    >>> y, cache = forward(np.ones(8), rate=0.5, rng=np.random.default_rng(1))
    >>> y
    array([2., 2., 0., 2., 0., 0., 2., 0.])
    """
    expect_shapes(x=(x, "..."))
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}; needs a number from 0 to less than 1")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng is a {type(rng).__name__}; needs a numpy.random.Generator")
    kept = rng.random(x.shape) >= rate
    mask = np.asarray(kept, x.real.dtype, like=x) / (1 - float(rate))
    y: Array = x * mask
    return y, (mask,)


def backward(dy: Array, cache: Cache) -> Array:
    """Return the gradient on the argument of `forward`.

    Parameters
    ----------
    dy : array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx : array
        In the shape of `x`; zero where the entry was left out.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.ones(8), rate=0.5, rng=np.random.default_rng(1))
    >>> backward(np.ones(8), cache)
    array([2., 2., 0., 2., 0., 0., 2., 0.])
    """
    (mask,) = cache
    expect_upstream(dy, mask.shape, mask.dtype)
    dx: Array = dy * mask
    return dx
