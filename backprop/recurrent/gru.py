r"""Gated recurrent unit, over whole sequences.

.. math::

    U_t &= \sigma(W_{uh} h_{t-1} + W_{ux} x_t + b_u) \\
    R_t &= \sigma(W_{rh} h_{t-1} + W_{rx} x_t + b_r) \\
    \Delta h_t &= f(W_{hh} (R_t \odot h_{t-1}) + W_{hx} x_t + b_h) \\
    h_t &= (1 - U_t) \odot h_{t-1} + U_t \odot \Delta h_t

Backward, with the pre-activations :math:`u_t, r_t, a_t` of the two gates and of the candidate,
:math:`k_t = R_t \odot h_{t-1}`, and the gradient :math:`g_t` that the loss of step t alone has on
:math:`h_t`:

.. math::

    \frac{\partial L}{\partial a_t} &= \frac{\partial L}{\partial h_t} \odot U_t \odot f'(a_t),
    \qquad \frac{\partial L}{\partial k_t} = \frac{\partial L}{\partial a_t} W_{hh} \\
    \frac{\partial L}{\partial u_t} &= \frac{\partial L}{\partial h_t}
        \odot (\Delta h_t - h_{t-1}) \odot U_t \odot (1 - U_t) \\
    \frac{\partial L}{\partial r_t} &= \frac{\partial L}{\partial k_t}
        \odot h_{t-1} \odot R_t \odot (1 - R_t) \\
    \frac{\partial L}{\partial h_{t-1}} &= \frac{\partial L}{\partial h_t} \odot (1 - U_t)
        + \frac{\partial L}{\partial k_t} \odot R_t
        + \frac{\partial L}{\partial u_t} W_{uh} + \frac{\partial L}{\partial r_t} W_{rh} + g_{t-1}

The blocks of rows in the stacked weights are update, reset, candidate.  The state reaches the
candidate by two ways, through :math:`k_t` and through the reset gate; who takes the gate as a
constant is right for one step and wrong from the second on.

Source: Ye17 (40)-(48).  Derivation: ``book/recurrent/gru.ipynb``.
Sizes: T steps, N examples, D inputs, H hidden units.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Labels, Layer, expect_shapes, expect_upstream
from backprop.layers import tanh
from backprop.recurrent import inputs
from backprop.recurrent.steps import ended, expect_stacked, logistic, normal, states

GATES = 3  # blocks of H rows: update, reset, candidate
STATES = 1  # that go from step to step


class Params(NamedTuple):
    """Parameters in the order of `forward`: (3 H, H), (3 H, D), (3 H,)."""

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
    [(15, 5), (15, 3), (15,)]
    """
    rows = GATES * H
    return Params(normal(rng, rows, H, dtype), normal(rng, rows, D, dtype), np.zeros(rows, dtype))


def forward(
    x: Array,
    h0: Array,
    Wh: Array,
    Wx: Array,
    b: Array,
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
    Wh, Wx, b : (3 H, H), (3 H, D) and (3 H,) arrays
        Weights of the state and of the input, biases: update, reset, candidate.
    activation : layer
        The elementwise function f of the candidate.
    lengths : (N,) integers, optional
        Steps of each sequence, from 0 to T.  After its end a state is carried unchanged.

    Returns
    -------
    h : (T, N, H) array
        In the dtype of the arguments.  ``h[-1]`` is the final state, whatever the lengths.
    cache : tuple
        For `backward`.  Holds `x`, `Wh`, `Wx` and `h` themselves: do not write to them in between.
        Its own arrays have (3 T + 1) N H entries, and what `activation` keeps: T N H with tanh.
        With `lengths` there is a copy of `x` more.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, or a length is not from 0 to T.

    Examples
    --------
    Without weights the gates are half open and the candidate is zero:

    >>> x, nil = np.ones((3, 1, 1)), np.zeros((3, 1))
    >>> h, cache = forward(x, np.full((1, 1), 8.0), nil, nil, np.zeros(3))
    >>> h.ravel()
    array([4., 2., 1.])
    """
    weights = {"Wh": (Wh, "3H H"), "Wx": (Wx, "3H D"), "b": (b, "3H")}
    sizes = expect_shapes(x=(x, "T N D"), h0=(h0, "N H"), **weights)
    expect_stacked(GATES, sizes["3H"], sizes["H"])
    u, before = inputs.forward(x, Wx, b, gates=GATES, lengths=lengths)
    h, cache = unroll(u, h0, Wh, activation=activation, lengths=lengths)
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
    >>> x, nil = np.ones((3, 1, 1)), np.zeros((3, 1))
    >>> h, cache = forward(x, np.full((1, 1), 8.0), nil, nil, np.zeros(3))
    >>> dx, dh0, *_ = backward(np.array([[[0.0]], [[0.0]], [[8.0]]]), cache)
    >>> dh0
    array([[1.]])
    """
    before, past = cache
    du, dh0, dWh = rewind(dh, past)
    dx, dWx, db = inputs.backward(du, before)
    return dx, dh0, dWh, dWx, db


def unroll(
    u: Array, h0: Array, Wh: Array, *, activation: Layer = tanh, lengths: Labels | None = None
) -> tuple[Array, Cache]:
    """Return the state after every step, given what the inputs add: the part with a past.

    Parameters
    ----------
    u : (3, T, N, H) array
        From ``inputs.forward``: for update, reset, candidate.
    h0, Wh, activation, lengths
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
    sizes = expect_shapes(u=(u, "3 T N H"), h0=(h0, "N H"), Wh=(Wh, "3H H"))
    T, N, H, rows = (sizes[s] for s in ("T", "N", "H", "3H"))
    expect_stacked(GATES, rows, H)
    over = ended(lengths, T, N)
    W = Wh.reshape(GATES, H, H).swapaxes(1, 2).copy()
    h = states(h0, T, u, Wh)
    gates = np.empty_like(h, shape=(2, T, N, H))
    U, R = gates
    a, kept = np.empty_like(h, shape=(2, N, H)), np.empty_like(h[0])
    candidates, caches = [], []
    for t in range(T):
        np.matmul(h[t], W[:2], out=a)
        np.add(a, u[:2, t], out=gates[:, t])
        logistic(gates[:, t])  # Ye17 (40)-(41)
        if over is not None:
            U[t] *= ~over[t]  # a shut gate carries the state
        np.multiply(R[t], h[t], out=kept)
        candidate, cache = activation.forward(kept @ W[2] + u[2, t])  # Ye17 (42)
        candidates.append(candidate)
        caches.append(cache)
        h[t + 1] = h[t] + U[t] * (candidate - h[t])  # Ye17 (43)
    return h[1:], (h, gates, candidates, caches, Wh, activation)


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
    h, (U, R), candidates, caches, Wh, activation = cache
    expect_upstream(dh, U.shape, h.dtype)
    T, N, H = dh.shape
    W_gates, W_candidate = Wh[: 2 * H], Wh[2 * H :]
    da = np.empty_like(dh, shape=(T, N, GATES * H))
    dU, dR, dcandidate = da[..., :H], da[..., H : 2 * H], da[..., 2 * H :]
    total = np.zeros_like(h[0])  # with all later losses
    for t in reversed(range(T)):
        total += dh[t]  # Ye17 (46)-(47)
        dcandidate[t] = activation.backward(total * U[t], caches[t])
        dkept = dcandidate[t] @ W_candidate
        dU[t] = total * (candidates[t] - h[t]) * U[t] * (1 - U[t])
        dR[t] = dkept * h[t] * R[t] * (1 - R[t])
        total *= 1 - U[t]  # Ye17 (48), its three paths, the reset gate in the last two lines
        total += dkept * R[t]
        total += da[t, :, : 2 * H] @ W_gates
    rows, before = da.reshape(T * N, GATES * H), h[:-1].reshape(T * N, H)
    dWh = np.empty_like(Wh)
    np.matmul(rows[:, : 2 * H].T, before, out=dWh[: 2 * H])
    np.matmul(rows[:, 2 * H :].T, (R * h[:-1]).reshape(T * N, H), out=dWh[2 * H :])
    return da.reshape(T, N, GATES, H).transpose(2, 0, 1, 3), total, dWh
