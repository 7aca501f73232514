r"""Long short-term memory, over whole sequences.

.. math::

    i_t &= \sigma(W_{ih} h_{t-1} + W_{ix} x_t + b_i) \\
    o_t &= \sigma(W_{oh} h_{t-1} + W_{ox} x_t + b_o) \\
    f_t &= \sigma(W_{fh} h_{t-1} + W_{fx} x_t + b_f) \\
    g_t &= \tanh(W_{gh} h_{t-1} + W_{gx} x_t + b_g) \\
    c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
    h_t &= o_t \odot \tanh(c_t)

Backward, with the gradient :math:`\bar h_t` that reaches :math:`h_t` from its own loss and from the
four gates of the next step, and :math:`\bar c_t` that reaches :math:`c_t` from a loss of its own:

.. math::

    \frac{\partial L}{\partial c_t} &= \frac{\partial L}{\partial c_{t+1}} \odot f_{t+1}
        + \bar h_t \odot o_t \odot (1 - \tanh^2 c_t) + \bar c_t \\
    \frac{\partial L}{\partial i_t} &= \frac{\partial L}{\partial c_t} \odot g_t, \quad
    \frac{\partial L}{\partial f_t} = \frac{\partial L}{\partial c_t} \odot c_{t-1}, \quad
    \frac{\partial L}{\partial o_t} = \bar h_t \odot \tanh(c_t), \quad
    \frac{\partial L}{\partial g_t} = \frac{\partial L}{\partial c_t} \odot i_t

The blocks of rows in the stacked weights are i, o, f, g: input, output and forget gate, and the
candidate.

Source: Ye17 (49)-(60), corrected.  Derivation: ``book/recurrent/lstm.ipynb``.
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

GATES = 4  # blocks of H rows: i, o, f, g
STATES = 2  # that go from step to step


class Params(NamedTuple):
    """Parameters in the order of `forward`: (4 H, H), (4 H, D), (4 H,)."""

    Wh: Array
    Wx: Array
    b: Array


def init(
    rng: np.random.Generator,
    D: int,
    H: int,
    *,
    forget: float = 1.0,
    dtype: DTypeLike = np.float32,
) -> Params:
    """Draw weights with variance 1 / (inputs of the product).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    D, H : int
        Numbers of inputs and hidden units.
    forget : float
        Bias of the forget gate: 1 keeps three quarters of a memory from step to step.  The other
        biases are zero.
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
    >>> params = init(np.random.default_rng(0), 3, 2)
    >>> [p.shape for p in params], params.b.tolist()
    ([(8, 2), (8, 3), (8,)], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    """
    rows = GATES * H
    Wh, Wx, b = normal(rng, rows, H, dtype), normal(rng, rows, D, dtype), np.zeros(rows, dtype)
    b[2 * H : 3 * H] = forget
    return Params(Wh, Wx, b)


def forward(
    x: Array,
    h0: Array,
    c0: Array,
    Wh: Array,
    Wx: Array,
    b: Array,
    *,
    activation: Layer = tanh,
    lengths: Labels | None = None,
) -> tuple[tuple[Array, Array], Cache]:
    """Return hidden state and memory after every step.

    Parameters
    ----------
    x : (T, N, D) array
        Sequences, step by step.
    h0, c0 : (N, H) arrays
        Hidden state and memory before the first step.
    Wh, Wx, b : (4 H, H), (4 H, D) and (4 H,) arrays
        Weights of the state and of the input, biases: i, o, f, g.
    activation : layer
        The elementwise function of the candidate g.  The memory is always read through tanh.
    lengths : (N,) integers, optional
        Steps of each sequence, from 0 to T.  After its end both states are carried unchanged.

    Returns
    -------
    (h, c) : pair of (T, N, H) arrays
        In the dtype of the arguments.  ``h[-1]`` and ``c[-1]`` are the final states, whatever the
        lengths.
    cache : tuple
        For `backward`.  Holds `x`, `Wh`, `Wx`, `h` and `c` themselves: do not write to them in
        between.  Its own arrays have (6 T + 2) N H entries, and what `activation` keeps: T N H
        with tanh.  With `lengths` there are a copy of `x` and T N bytes more.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, or a length is not from 0 to T.

    Examples
    --------
    Without weights the gates are half open and the candidate is zero: the memory halves.

    >>> x, nil = np.ones((3, 1, 1)), np.zeros((4, 1))
    >>> (h, c), cache = forward(x, np.ones((1, 1)), np.full((1, 1), 8.0), nil, nil, np.zeros(4))
    >>> c.ravel()
    array([4., 2., 1.])
    """
    weights = {"Wh": (Wh, "4H H"), "Wx": (Wx, "4H D"), "b": (b, "4H")}
    sizes = expect_shapes(x=(x, "T N D"), h0=(h0, "N H"), c0=(c0, "N H"), **weights)
    expect_stacked(GATES, sizes["4H"], sizes["H"])
    u, before = inputs.forward(x, Wx, b, gates=GATES, lengths=lengths)
    y, cache = unroll(u, h0, c0, Wh, activation=activation, lengths=lengths)
    return y, (before, cache)


def backward(
    dy: tuple[Array, Array], cache: Cache
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    dy : pair of (T, N, H) arrays
        Gradients that reach every hidden state and every memory directly, not through later ones:
        zeros for the memories if the loss sees the hidden states alone.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dh0, dc0, dWh, dWx, db : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `dy` is not a pair of arrays in the shape and dtype of the states.

    Examples
    --------
    >>> x, nil = np.ones((3, 1, 1)), np.zeros((4, 1))
    >>> (h, c), cache = forward(x, np.ones((1, 1)), np.full((1, 1), 8.0), nil, nil, np.zeros(4))
    >>> dx, dh0, dc0, *_ = backward((0 * h, np.array([[[0.0]], [[0.0]], [[8.0]]])), cache)
    >>> dc0
    array([[1.]])
    """
    before, past = cache
    du, dh0, dc0, dWh = rewind(dy, past)
    dx, dWx, db = inputs.backward(du, before)
    return dx, dh0, dc0, dWh, dWx, db


def unroll(
    u: Array,
    h0: Array,
    c0: Array,
    Wh: Array,
    *,
    activation: Layer = tanh,
    lengths: Labels | None = None,
) -> tuple[tuple[Array, Array], Cache]:
    """Return the states after every step, given what the inputs add: the part with a past.

    Parameters
    ----------
    u : (4, T, N, H) array
        From ``inputs.forward``: for i, o, f, g.
    h0, c0, Wh, activation, lengths
        As in `forward`.

    Returns
    -------
    (h, c) : pair of (T, N, H) arrays
        As in `forward`.
    cache : tuple
        For `rewind`.

    Raises
    ------
    TypeError, ValueError
        As in `forward`.
    """
    sizes = expect_shapes(u=(u, "4 T N H"), h0=(h0, "N H"), c0=(c0, "N H"), Wh=(Wh, "4H H"))
    T, N, H, rows = (sizes[s] for s in ("T", "N", "H", "4H"))
    expect_stacked(GATES, rows, H)
    over = ended(lengths, T, N)
    W = Wh.reshape(GATES, H, H).swapaxes(1, 2).copy()
    h, c = states(h0, T, u, c0, Wh), states(c0, T, u, h0, Wh)
    gates, read = np.empty_like(h, shape=(3, T, N, H)), np.empty_like(h[1:])
    i, o, f = gates
    a = np.empty_like(h, shape=(GATES, N, H))
    candidates, caches = [], []
    for t in range(T):
        np.matmul(h[t], W, out=a)
        np.add(a[:3], u[:3, t], out=gates[:, t])
        logistic(gates[:, t])  # Ye17 (49)-(51)
        g, cache = activation.forward(a[3] + u[3, t])  # Ye17 (52)
        candidates.append(g)
        caches.append(cache)
        if over is not None:
            i[t] *= ~over[t]
            np.maximum(f[t], over[t], out=f[t])  # shut input, open forget gate: c is carried
        c[t + 1] = f[t] * c[t] + i[t] * g  # Ye17 (53)
        np.tanh(c[t + 1], out=read[t])
        np.multiply(o[t], read[t], out=h[t + 1])  # Ye17 (54)
        if over is not None:
            np.copyto(h[t + 1], h[t], where=over[t])
    return (h[1:], c[1:]), (h, c, gates, read, candidates, caches, Wh, activation, over)


def rewind(dy: tuple[Array, Array], cache: Cache) -> tuple[Array, Array, Array, Array]:
    """Return the gradients on the arguments of `unroll`.

    Parameters
    ----------
    dy : pair of (T, N, H) arrays
        As in `backward`.
    cache : tuple
        From `unroll`.

    Returns
    -------
    du, dh0, dc0, dWh : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        As in `backward`.
    """
    h, c, (i, o, f), read, candidates, caches, Wh, activation, over = cache
    if not isinstance(dy, tuple) or len(dy) != 2:
        raise TypeError(
            f"dy is a {type(dy).__name__}; needs a pair, for hidden states and memories"
        )
    for part in dy:
        expect_upstream(part, i.shape, h.dtype)
    T, N, H = i.shape
    da = np.empty_like(dy[0], shape=(T, N, GATES * H))
    di, do, df, dg = (da[..., k * H : (k + 1) * H] for k in range(GATES))
    dh, dc = np.zeros_like(h[0]), np.zeros_like(c[0])  # with all later losses
    for t in reversed(range(T)):
        dh += dy[0][t]
        carried = 0 if over is None else dh * over[t]
        if over is not None:
            dh *= ~over[t]
        dc += dy[1][t]
        dc += dh * o[t] * (1 - read[t] * read[t])  # Ye17 (56), corrected: all paths of step t + 1
        di[t] = dc * candidates[t] * i[t] * (1 - i[t])  # Ye17 (57)
        df[t] = dc * c[t] * f[t] * (1 - f[t])  # Ye17 (58)
        do[t] = dh * read[t] * o[t] * (1 - o[t])  # Ye17 (59)
        dg[t] = activation.backward(dc * i[t], caches[t])  # Ye17 (60)
        dc *= f[t]
        dh = da[t] @ Wh + carried
    dWh = da.reshape(T * N, GATES * H).T @ h[:-1].reshape(T * N, H)
    return da.reshape(T, N, GATES, H).transpose(2, 0, 1, 3), dh, dc, dWh
