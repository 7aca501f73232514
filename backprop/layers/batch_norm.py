r"""Batch normalisation, with a running mean and variance that take part.

.. math::

    \mu = (1-m)\, \bar x + m\, \mu^-, \qquad
    v = \frac{1-m}{N} \sum_n (x_n - \mu)^2 + m\, v^-, \qquad
    s = \frac{1}{\sqrt{v + \epsilon}}, \qquad
    \hat x_n = (x_n - \mu)\, s, \qquad
    y_n = \gamma \hat x_n + \beta

.. math::

    \frac{\partial L}{\partial x_n} = \gamma s \Bigl( \frac{\partial L}{\partial y_n}
    - \frac{1-m}{N} \Bigl( \frac{\partial L}{\partial \beta}
    - \ell \frac{\partial L}{\partial \gamma} \Bigr)
    - \frac{1-m}{N} \frac{\partial L}{\partial \gamma} \hat x_n \Bigr), \qquad
    \ell = (1-m)(\bar x - \mu)\, s

The mean of the batch is :math:`\bar x`; the state after the step before is :math:`\mu^-, v^-`.
With :math:`m = 0` this is ordinary batch normalisation.  With :math:`m > 0` the mean that is
subtracted is not the mean of the batch, and the term with :math:`\ell` is easily forgotten.

Source: Ye17 (BN-1)-(BN-8), corrected.  Derivation: ``book/layers/batch_norm.ipynb``.
Sizes: N examples, D features or channels; images are (N, D, H, W), and their pixels count as
examples.
"""

import math
from typing import NamedTuple

import numpy as np

from backprop.arrays import Array, Cache, expect_shapes, expect_upstream


class State(NamedTuple):
    """What goes from step to step: mean and variance, (D,) each."""

    mean: Array
    variance: Array


def forward(
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    state: State | None = None,
    momentum: float = 0.0,
    epsilon: float = 1e-5,
    inference: bool = False,
) -> tuple[Array, Cache]:
    """Normalise every feature over the batch.

    Parameters
    ----------
    x : (N, D) or (N, D, ...) array
        Batch.  Its squares must not overflow; where they do, NumPy warns.
    gamma, beta : (D,) arrays
        Scale and shift.
    state : State, optional
        Mean and variance after the step before: ``next_state(cache)`` of that step.  Needed with
        a momentum or for inference; not differentiated.
    momentum : float
        The weight m of the state; from 0 to less than 1.
    epsilon : float
        Added to the variance, greater than 0.
    inference : bool
        Normalise by the state alone.

    Returns
    -------
    y : array
        In the shape and dtype of `x`.
    cache : tuple
        For `backward` and `next_state`.

    Raises
    ------
    TypeError
        If an array is not of floats, or the dtypes differ.
    ValueError
        If shapes disagree, a number is out of its range, a state is needed, or the batch is empty
        (in inference it may be).

    Examples
    --------
    >>> one, nil = np.ones(1), np.zeros(1)
    >>> y, cache = forward(np.array([[1.0], [3.0]]), one, nil, epsilon=1e-12)
    >>> y.round(6).ravel()
    array([-1.,  1.])
    >>> next_state(cache)
    State(mean=array([2.]), variance=array([1.]))
    """
    _expect(x, gamma, beta, state, momentum, epsilon, inference)
    m, before = 1.0 if inference else float(momentum), _before(state, x)
    batch_mean = before.mean if inference else _mean(x)
    mean = (1 - m) * batch_mean + m * before.mean  # Ye17 (BN-1)
    centred = x - mean
    spread = before.variance if inference else _mean(centred * centred)
    variance = (1 - m) * spread + m * before.variance  # Ye17 (BN-2)
    scale = 1 / np.sqrt(variance + float(epsilon))
    xhat = np.multiply(centred, scale, out=centred)  # Ye17 (BN-3)
    y: Array = _column(gamma, x) * xhat + _column(beta, x)  # Ye17 (BN-4)
    left = ((1 - m) * (batch_mean - mean) * scale).ravel()  # of the batch's mean
    share = (1 - m) / max(1, _count(x))
    return y, (xhat, scale, left, gamma, share, State(mean.ravel(), variance.ravel()))


def backward(dy: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : array
        Gradient of the loss on `y`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dgamma, dbeta : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not an array in the shape and dtype of `y`.

    Examples
    --------
    >>> y, cache = forward(np.array([[0.0], [3.0], [6.0]]), np.ones(1), np.zeros(1))
    >>> dx, dgamma, dbeta = backward(np.array([[1.0], [0.0], [0.0]]), cache)
    >>> dbeta
    array([1.])
    """
    xhat, scale, left, gamma, share, _ = cache
    expect_upstream(dy, xhat.shape, xhat.dtype)
    dgamma = (dy * xhat).sum(axis=_axes(dy))  # Ye17 (BN-5)
    dbeta = dy.sum(axis=_axes(dy))  # Ye17 (BN-6)
    through_mean = _column(share * (dbeta - dgamma * left), dy)
    through_variance = _column(share * dgamma, dy) * xhat
    dx: Array = np.subtract(dy, through_variance, out=through_variance)  # a new array costs more
    dx -= through_mean
    dx *= _column(gamma, dy) * scale  # Ye17 (BN-8), corrected
    return dx, dgamma, dbeta


def next_state(cache: Cache) -> State:
    """Return the mean and variance to hand to the next step, or to inference."""
    state: State = cache[-1]
    return state


def _axes(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))  # all but the features


def _count(x: Array) -> int:
    return math.prod(x.shape[axis] for axis in _axes(x))


def _mean(x: Array) -> Array:
    mean: Array = x.mean(axis=_axes(x), keepdims=True)
    return mean


def _before(state: State | None, x: Array) -> State:
    """Return the state in the axes of `x`; without one, what is never looked at."""
    D = x.shape[1]
    zeros = np.zeros(D, x.real.dtype, like=x)
    kept = state or State(zeros, zeros + 1)  # np.ones(like=) passes on an option CuPy lacks
    return State(*(_column(v, x) for v in kept))


def _column(v: Array, x: Array) -> Array:
    """Give a vector over the features as many axes as `x` has."""
    return v.reshape((1, -1) + (1,) * (x.ndim - 2))


def _expect(
    x: Array,
    gamma: Array,
    beta: Array,
    state: State | None,
    momentum: float,
    epsilon: float,
    inference: bool,
) -> None:
    arrays = {"x": (x, "N D ..."), "gamma": (gamma, "D"), "beta": (beta, "D")}
    if state is not None:
        arrays |= {f"state.{name}": (v, "D") for name, v in state._asdict().items()}
    expect_shapes(**arrays)
    if _count(x) == 0 and not inference:
        raise ValueError(f"x has shape {x.shape}; needs at least one example")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; needs a number from 0 to less than 1")
    if not x.real.dtype.type(epsilon) > 0:
        raise ValueError(f"epsilon is {epsilon}; needs a number greater than 0 in {x.dtype}")
    if state is None and (momentum or inference):
        raise ValueError("state is None; needs the mean and variance of the step before")
    if state is not None and not (state.variance >= 0).all():
        raise ValueError("state.variance has an entry below 0; needs variances")
