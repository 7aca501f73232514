r"""Quasi-recurrent layer: the gate and the candidate see the input alone.

.. math::

    U_t = \sigma(W_U x_t + b_U), \qquad
    \Delta h_t = f(W_h x_t + b_h), \qquad
    h_t = h_{t-1} + U_t \odot (\Delta h_t - h_{t-1})

Backward, with the gradient :math:`g_t` that the loss of step t alone has on :math:`h_t`:

.. math::

    \frac{\partial L}{\partial h_{t-1}} = \frac{\partial L}{\partial h_t} \odot (1 - U_t) + g_{t-1},
    \qquad
    \frac{\partial L}{\partial U_t} = \frac{\partial L}{\partial h_t}
        \odot (\Delta h_t - h_{t-1}), \qquad
    \frac{\partial L}{\partial \Delta h_t} = \frac{\partial L}{\partial h_t} \odot U_t

All gates and candidates are known before the first state; the loop over time has no product of
matrices.

Source: Ye17 (31)-(39).  Derivation: ``book/recurrent/qrnn.ipynb``.
Sizes: T steps, N examples, D inputs, H hidden units.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Labels, Layer, expect_shapes, expect_upstream
from backprop.layers import tanh
from backprop.recurrent import inputs
from backprop.recurrent.steps import ended, logistic, normal, states

GATES = 2  # blocks of H rows in Wx and b: update, candidate
STATES = 1  # that go from step to step


class Params(NamedTuple):
    """Parameters in the order of `forward`: (H, D), (H,), (H, D), (H,)."""

    Wu: Array
    bu: Array
    Wh: Array
    bh: Array


def init(rng: np.random.Generator, D: int, H: int, *, dtype: DTypeLike = np.float32) -> Params:
    """Draw weights with variance 1 / (inputs of the product); biases start at zero.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    D, H : int
        Numbers of inputs and hidden units.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : Params
        In the order of `forward`.

    Raises
    ------
    ValueError
        If a size is less than 1.

    Examples
    --------
    >>> [p.shape for p in init(np.random.default_rng(0), 3, 5)]
    [(5, 3), (5,), (5, 3), (5,)]
    """
    Wu, Wh = normal(rng, H, D, dtype), normal(rng, H, D, dtype)
    return Params(Wu, np.zeros(H, dtype), Wh, np.zeros(H, dtype))


def forward(
    x: Array,
    h0: Array,
    Wu: Array,
    bu: Array,
    Wh: Array,
    bh: Array,
    *,
    activation: Layer = tanh,
    lengths: Labels | None = None,
) -> tuple[Array, Cache]:
    """Return the state after every step.

    Parameters
    ----------
    x : (T, N, D) array
        Sequences, step by step.
    h0 : (N, H) array
        State before the first step.
    Wu, bu : (H, D) and (H,) arrays
        Weights and biases of the update gate.
    Wh, bh : (H, D) and (H,) arrays
        Weights and biases of the candidate.
    activation : layer
        The elementwise function f.
    lengths : (N,) integers, optional
        Steps of each sequence, from 0 to T.  After its end a state is carried unchanged.

    Returns
    -------
    h : (T, N, H) array
        In the dtype of the arguments.  ``h[-1]`` is the final state, whatever the lengths.
    cache : tuple
        For `backward`.  Holds `x` and `h` themselves: do not write to them in between.
        Its own arrays have (2 T + 1) N H + 2 H D entries, and what `activation` keeps: T N H with
        tanh.  With `lengths` there is a copy of `x` more.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, or a length is not from 0 to T.

    Examples
    --------
    With the gate half open the state goes half of the way to the candidate:

    >>> from backprop.layers import relu
    >>> x, one, nil = np.full((3, 1, 1), 8.0), np.ones((1, 1)), np.zeros(1)
    >>> h, cache = forward(x, 0 * one, 0 * one, nil, one, nil, activation=relu)
    >>> h.ravel()
    array([4., 6., 7.])
    """
    gate = {"Wu": (Wu, "H D"), "bu": (bu, "H")}
    expect_shapes(x=(x, "T N D"), h0=(h0, "N H"), **gate, Wh=(Wh, "H D"), bh=(bh, "H"))
    Wx, b = np.concatenate([Wu, Wh]), np.concatenate([bu, bh])
    u, before = inputs.forward(x, Wx, b, gates=GATES, lengths=lengths)
    h, cache = unroll(u, h0, activation=activation, lengths=lengths)
    return h, (before, cache)


def backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dh : (T, N, H) array
        Gradient that reaches every state directly, not through later states.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dh0, dWu, dbu, dWh, dbh : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dh` is not an array in the shape and dtype of the states.

    Examples
    --------
    >>> from backprop.layers import relu
    >>> x, one, nil = np.full((3, 1, 1), 8.0), np.ones((1, 1)), np.zeros(1)
    >>> h, cache = forward(x, 0 * one, 0 * one, nil, one, nil, activation=relu)
    >>> dx, dh0, *_ = backward(np.array([[[0.0]], [[0.0]], [[8.0]]]), cache)
    >>> dx.ravel(), dh0
    (array([1., 2., 4.]), array([[1.]]))
    """
    before, past = cache
    du, dh0 = rewind(dh, past)
    dx, dWx, db = inputs.backward(du, before)
    (dWu, dWh), (dbu, dbh) = np.split(dWx, GATES), np.split(db, GATES)
    return dx, dh0, dWu, dbu, dWh, dbh


def unroll(
    u: Array, h0: Array, *, activation: Layer = tanh, lengths: Labels | None = None
) -> tuple[Array, Cache]:
    """Return the state after every step, given what the inputs add: the part with a past.

    Parameters
    ----------
    u : (2, T, N, H) array
        From ``inputs.forward``: for the update gate and the candidate.
    h0, activation, lengths
        As in `forward`.

    Returns
    -------
    h : (T, N, H) array
        As in `forward`.
    cache : tuple
        For `rewind`.

    Raises
    ------
    TypeError, ValueError
        As in `forward`.
    """
    T, N, _ = expect_shapes(u=(u, "2 T N H"), h0=(h0, "N H")).values()
    over = ended(lengths, T, N)
    U = u[0].copy()
    logistic(U)  # Ye17 (31)
    if over is not None:
        U *= ~over  # a shut gate carries the state
    candidate, active = activation.forward(u[1])  # Ye17 (32)
    h = states(h0, T, u)
    for t in range(T):
        np.subtract(candidate[t], h[t], out=h[t + 1])
        h[t + 1] *= U[t]
        h[t + 1] += h[t]  # Ye17 (33)
    return h[1:], (h, U, candidate, active, activation)


def rewind(dh: Array, cache: Cache) -> tuple[Array, Array]:
    """Return the gradients on the arguments of `unroll`.

    Parameters
    ----------
    dh : (T, N, H) array
        As in `backward`.
    cache : tuple
        From `unroll`.

    Returns
    -------
    du, dh0 : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `backward`.
    """
    h, U, candidate, active, activation = cache
    expect_upstream(dh, U.shape, h.dtype)
    T, N, H = dh.shape
    keep = 1 - U
    total = np.concatenate([np.zeros_like(h[:1]), dh])  # of every state, with all later losses
    for t in reversed(range(T)):
        total[t] += total[t + 1] * keep[t]  # Ye17 (36)-(37)
    dU = total[1:] * (candidate - h[:-1])  # Ye17 (38)
    dcandidate = total[1:] * U  # Ye17 (39)
    du = np.empty_like(dh, shape=(T, N, GATES, H))
    du[:, :, 0] = dU * U * keep
    du[:, :, 1] = activation.backward(dcandidate, active)
    return du.transpose(2, 0, 1, 3), total[0]
