r"""Recurrent layer with a skip link, over whole sequences.

.. math::

    \Delta h_t = f(W_h h_{t-1} + W_x x_t + b), \qquad
    h_t = \lambda h_{t-1} + \Delta h_t

Backward, with the pre-activation :math:`a_t` and the gradient :math:`g_t` that the loss of step t
alone has on :math:`h_t`:

.. math::

    \frac{\partial L}{\partial a_t} = \frac{\partial L}{\partial h_t} \odot f'(a_t), \qquad
    \frac{\partial L}{\partial h_{t-1}} = \lambda \frac{\partial L}{\partial h_t}
        + \frac{\partial L}{\partial a_t} W_h + g_{t-1}

With :math:`\lambda = 0` it is the ordinary recurrent layer.

Source: Ye17 (24)-(30), Liao18 (RNN-3)-(RNN-13), corrected.
Derivation: ``book/recurrent/rnn.ipynb``.
Sizes: T steps, N examples, D inputs, H hidden units.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Labels, Layer, expect_shapes, expect_upstream
from backprop.layers import tanh
from backprop.recurrent import inputs
from backprop.recurrent.steps import ended, normal, states

GATES = 1  # blocks of H rows in Wx and b
STATES = 1  # that go from step to step


class Params(NamedTuple):
    """Parameters in the order of `forward`: (H, H), (H, D), (H,)."""

    Wh: Array
    Wx: Array
    b: Array


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
    [(5, 5), (5, 3), (5,)]
    """
    return Params(normal(rng, H, H, dtype), normal(rng, H, D, dtype), np.zeros(H, dtype))


def forward(
    x: Array,
    h0: Array,
    Wh: Array,
    Wx: Array,
    b: Array,
    *,
    skip: float = 0.0,
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
    Wh, Wx, b : (H, H), (H, D) and (H,) arrays
        Weights of the state and of the input, biases.
    skip : float
        The weight lambda of the state before.
    activation : layer
        The elementwise function f.
    lengths : (N,) integers, optional
        Steps of each sequence, from 0 to T.  After its end a state is carried unchanged.

    Returns
    -------
    h : (T, N, H) array
        In the dtype of the arguments.  ``h[-1]`` is the final state, whatever the lengths.
    cache : tuple
        For `backward`.  Holds `x`, `Wh`, `Wx` and `h` themselves: do not write to them in between.
        Its own arrays have (T + 1) N H entries, and what `activation` keeps: T N H with tanh.
        With `lengths` there are a copy of `x` and T N bytes more.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, or a length is not from 0 to T.

    Examples
    --------
    >>> from backprop.layers import relu
    >>> x, one = np.ones((3, 1, 1)), np.ones((1, 1))
    >>> h, cache = forward(x, one, one, one, np.zeros(1), activation=relu)
    >>> h.ravel()
    array([2., 3., 4.])
    """
    expect_shapes(x=(x, "T N D"), h0=(h0, "N H"), Wh=(Wh, "H H"), Wx=(Wx, "H D"), b=(b, "H"))
    u, before = inputs.forward(x, Wx, b, lengths=lengths)
    h, cache = unroll(u, h0, Wh, skip=skip, activation=activation, lengths=lengths)
    return h, (before, cache)


def backward(dh: Array, cache: Cache) -> tuple[Array, Array, Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dh : (T, N, H) array
        Gradient that reaches every state directly, not through later states.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dh0, dWh, dWx, db : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dh` is not an array in the shape and dtype of the states.

    Examples
    --------
    >>> from backprop.layers import relu
    >>> x, one = np.ones((3, 1, 1)), np.ones((1, 1))
    >>> h, cache = forward(x, one, one, one, np.zeros(1), activation=relu)
    >>> dx, dh0, dWh, dWx, db = backward(np.ones((3, 1, 1)), cache)
    >>> dx.ravel(), dWh
    (array([3., 2., 1.]), array([[10.]]))
    """
    before, past = cache
    du, dh0, dWh = rewind(dh, past)
    dx, dWx, db = inputs.backward(du, before)
    return dx, dh0, dWh, dWx, db


def unroll(
    u: Array,
    h0: Array,
    Wh: Array,
    *,
    skip: float = 0.0,
    activation: Layer = tanh,
    lengths: Labels | None = None,
) -> tuple[Array, Cache]:
    """Return the state after every step, given what the inputs add: the part with a past.

    Parameters
    ----------
    u : (1, T, N, H) array
        From ``inputs.forward``.
    h0, Wh, skip, activation, lengths
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
    T, N, _ = expect_shapes(u=(u, "1 T N H"), h0=(h0, "N H"), Wh=(Wh, "H H")).values()
    over, caches, skip = ended(lengths, T, N), [], float(skip)
    h, W = states(h0, T, u, Wh), Wh.T.copy()
    for t in range(T):
        a = h[t] @ W + u[0, t]  # Liao18 (RNN-3), corrected
        change, cache = activation.forward(a)  # Ye17 (24), Liao18 (RNN-4)
        caches.append(cache)
        h[t + 1] = skip * h[t] + change  # Ye17 (25)
        if over is not None:
            np.copyto(h[t + 1], h[t], where=over[t])
    return h[1:], (h, caches, Wh, skip, activation, over)


def rewind(dh: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `unroll`.

    Parameters
    ----------
    dh : (T, N, H) array
        As in `backward`.
    cache : tuple
        From `unroll`.

    Returns
    -------
    du, dh0, dWh : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `backward`.
    """
    h, caches, Wh, skip, activation, over = cache
    expect_upstream(dh, h[1:].shape, h.dtype)
    T, N, H = dh.shape
    da, total = np.empty_like(dh), np.zeros_like(h[0])  # total: with all later losses
    for t in reversed(range(T)):
        total += dh[t]  # Ye17 (28)-(29)
        kept = 0 if over is None else total * over[t]
        active = total if over is None else total * ~over[t]
        da[t] = activation.backward(active, caches[t])  # Liao18 (RNN-9), summed over all t >= k
        total = skip * active + da[t] @ Wh + kept  # Ye17 (29)-(30)
    rows, before = da.reshape(T * N, H), h[:-1].reshape(T * N, H)
    dWh = rows.T @ before  # Liao18 (RNN-11)
    return da[None], total, dWh
