r"""Character model: which label comes next, from all labels before.

.. math::

    u_t = W_x e_{l_t} + b, \qquad
    h_t = \text{cell}(u_t, h_{t-1}), \qquad
    s_t = h_t W_y^\top + b_y

:math:`e_l` is the one-hot vector of label l, which is never written out: the product picks a
column of :math:`W_x`.  With an embedding it is row l of a table E.  The scores s are those of a
softmax.

A long text is learnt window by window.  The states after a window go into the next one as numbers,
through which no gradient flows back: that is truncated back-propagation through time.

Source: Ye17 (24)-(60), Liao18 (RNN-5).  Derivation: ``book/nets/char_model.ipynb``.
Sizes: T steps, N texts side by side, V labels, D entries of the embedding, H hidden units.
"""

from __future__ import annotations  # so that numpy.random is not imported for a type

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop.arrays import Array, Cache, Labels, expect_shapes, expect_upstream
from backprop.layers import linear
from backprop.losses import cross_entropy
from backprop.recurrent import embedding, inputs, lstm, qrnn
from backprop.recurrent.steps import expect_stacked, normal

State = tuple[Array, ...]  # (N, H) arrays: h, with the LSTM h and c


def init(
    rng: np.random.Generator,
    V: int,
    H: int,
    *,
    cell: ModuleType = lstm,
    D: int | None = None,
    dtype: DTypeLike = np.float32,
) -> list[Array]:
    """Draw the parameters ``[E,] [Wh,] Wx, b, Wy, by``.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    V, H : int
        Numbers of labels and hidden units.
    cell : module
        One of ``rnn``, ``qrnn``, ``gru``, ``lstm``.
    D : int, optional
        Size of an embedding; without it the inputs are one-hot.
    dtype : float32 or float64
        Of every parameter.

    Returns
    -------
    params : list of arrays
        ``E`` (V, D) with an embedding alone; ``Wh`` (G H, H) not with the QRNN; ``Wx`` (G H, D)
        or (G H, V); ``b`` (G H,); ``Wy`` (V, H); ``by`` (V,).  A cell has G gates, which stand
        one below the other; in the QRNN update and candidate.

    Raises
    ------
    ValueError
        If a size is less than 1.

    Examples
    --------
    >>> [p.shape for p in init(np.random.default_rng(0), 5, 2, D=3)]
    [(5, 3), (8, 2), (8, 3), (8,), (5, 2), (5,)]
    """
    table = [] if D is None else [rng.standard_normal((V, D)).astype(dtype)]
    *drawn, Wx, b = _stacked(cell, cell.init(rng, V if D is None else D, H, dtype=dtype))
    if D is None:
        Wx *= Wx.dtype.type(V**0.5)  # a one-hot input has one entry where others have V
    return [*table, *drawn, Wx, b, normal(rng, V, H, dtype), np.zeros(V, dtype)]


def forward(
    *params: Array,
    labels: Labels,
    cell: ModuleType = lstm,
    state: State | None = None,
    lengths: Labels | None = None,
    **options: Any,
) -> tuple[Array, Cache]:
    """Return the scores of the label that comes next, after every step.

    Parameters
    ----------
    *params : arrays
        From `init`.
    labels : (T, N) integers
        From 0 to V - 1.
    cell : module
        As in `init`.
    state : tuple of (N, H) arrays, optional
        Before the first step: ``next_state(cache)`` of the window before; zeros without it.  Not
        differentiated: no gradient flows into the window before.
    lengths : (N,) integers, optional
        Steps of each text; after its end the scores stay the same.
    **options
        For the cell: ``activation=``, ``skip=``.

    Returns
    -------
    scores : (T, N, V) array
        In the dtype of the parameters.
    cache : tuple
        For `backward` and `next_state`.  Holds arguments themselves.

    Raises
    ------
    TypeError
        If `labels` are no integers, a parameter is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes or the number of parameters disagree, or a label is out of range.

    Examples
    --------
    >>> params = init(np.random.default_rng(0), 5, 2)
    >>> scores, cache = forward(*params, labels=np.array([[3], [1], [4]]))
    >>> scores.shape, [h.shape for h in next_state(cache)]
    ((3, 1, 5), [(1, 2), (1, 2)])
    """
    table, Wh, Wx, b, Wy, by = _parts(cell, params)
    if np.ndim(labels) != 2:
        raise ValueError(f"labels has shape {np.shape(labels)}; needs (T, N)")
    if table:
        x, picked = embedding.forward(*table, labels=labels)
        u, before = inputs.forward(x, Wx, b, gates=cell.GATES, lengths=lengths)
    else:
        columns, picked = embedding.forward(np.ascontiguousarray(Wx.T, like=Wx), labels=labels)
        u, before = _gates_first(columns + b, cell.GATES), None
    state = _zeros(cell, Wy, labels.shape[1]) if state is None else state
    if len(state) != cell.STATES:
        raise ValueError(f"state has {len(state)} arrays; needs {cell.STATES}")
    y, past = cell.unroll(u, *state, *Wh, lengths=lengths, **options)
    after = y if isinstance(y, tuple) else (y,)
    T, N, H = after[0].shape
    scores, last = linear.forward(after[0].reshape(T * N, H), Wy, by)
    final = tuple(s[-1] for s in after) if T else state
    return scores.reshape(T, N, len(Wy)), (picked, before, past, last, after, final, cell)


def next_state(cache: Cache) -> State:
    """Return the states after the last step, for the next window.

    Parameters
    ----------
    cache : tuple
        From `forward`.

    Returns
    -------
    state : tuple of (N, H) arrays
        Copies, so that the cache can go.

    Examples
    --------
    >>> params, labels = init(np.random.default_rng(0), 5, 2), np.array([[3], [1], [4]])
    >>> whole, _ = forward(*params, labels=labels)
    >>> _, cache = forward(*params, labels=labels[:2])
    >>> rest, _ = forward(*params, labels=labels[2:], state=next_state(cache))
    >>> bool(np.allclose(rest[-1], whole[-1]))
    True
    """
    *_, final, _ = cache
    return tuple(h.copy() for h in final)


def backward(dscores: Array, cache: Cache) -> tuple[Array, ...]:
    """Return the gradients on the parameters.

    Parameters
    ----------
    dscores : (T, N, V) array
        Gradient of the loss on the scores.
    cache : tuple
        From `forward`.

    Returns
    -------
    [dE,] [dWh,] dWx, db, dWy, dby : arrays
        In the shapes of the parameters.

    Raises
    ------
    TypeError, ValueError
        If `dscores` is not an array in the shape and dtype of the scores.

    Examples
    --------
    >>> params = init(np.random.default_rng(0), 5, 2)
    >>> scores, cache = forward(*params, labels=np.array([[3], [1], [4]]))
    >>> [g.shape for g in backward(np.ones_like(scores), cache)]
    [(8, 2), (8, 5), (8,), (5, 2), (5,)]
    """
    picked, before, past, last, after, _, cell = cache
    T, N, H = after[0].shape
    h, Wy = last
    expect_upstream(dscores, (T, N, len(Wy)), h.dtype)
    dh, dWy, dby = linear.backward(dscores.reshape(T * N, len(Wy)), last)
    nothing = [np.zeros_like(s) for s in after[1:]]  # the loss does not see the memories
    dh = dh.reshape(T, N, H)
    du, *gradients = cell.rewind((dh, *nothing) if nothing else dh, past)
    dWh = gradients[cell.STATES :]
    if before is None:
        rows = du.transpose(1, 2, 0, 3).reshape(T, N, cell.GATES * H)
        dWx, db = embedding.backward(rows, picked).T, rows.sum(axis=(0, 1))
        return *dWh, dWx, db, dWy, dby
    dx, dWx, db = inputs.backward(du, before)
    return embedding.backward(dx, picked), *dWh, dWx, db, dWy, dby


def gradients(
    params: Sequence[Array],
    labels: Labels,
    target: Labels,
    *,
    cell: ModuleType = lstm,
    state: State | None = None,
    **options: Any,
) -> tuple[float, tuple[Array, ...], State]:
    """Return loss, gradients and final states of a window: one step of truncated learning.

    Parameters
    ----------
    params : sequence of arrays
        From `init`.
    labels, target : (T, N) integers
        Inputs, and what should have come next.
    cell, state, **options
        As in `forward`.

    Returns
    -------
    loss : float
        Cross entropy in nats per step.
    grads : tuple of arrays
        One a parameter.
    state : tuple of (N, H) arrays
        For the next window.

    Raises
    ------
    TypeError, ValueError
        As in `forward`, or if `target` is not of the shape of `labels`, or empty.

    Examples
    --------
    >>> params = [0 * p for p in init(np.random.default_rng(0), 5, 2)]
    >>> loss, grads, state = gradients(params, np.array([[3], [1]]), np.array([[1], [4]]))
    >>> round(loss, 6) == round(float(np.log(5)), 6)
    True
    """
    if np.shape(target) != np.shape(labels):
        raise ValueError(f"target has shape {np.shape(target)}; needs {np.shape(labels)}")
    scores, cache = forward(*params, labels=labels, cell=cell, state=state, **options)
    rows = scores.reshape(labels.size, scores.shape[-1])
    loss, of_loss = cross_entropy.forward(rows, target=target.ravel())
    dscores = cross_entropy.backward(1.0, of_loss).reshape(scores.shape)
    return float(loss), backward(dscores, cache), next_state(cache)


def windows(text: Labels, T: int, N: int) -> Iterator[tuple[Labels, Labels]]:
    """Cut a text into N streams side by side and yield windows of T steps, one after the other.

    The streams continue from window to window, so the states of one go into the next.

    Parameters
    ----------
    text : (L,) integers
        The text.  What does not fill a row of all streams is left out at its end.
    T, N : int
        Steps of a window, of which the last may have fewer, and streams.

    Yields
    ------
    labels, target : (T, N) integers
        Inputs, and what comes next.

    Raises
    ------
    ValueError
        If T or N is less than 1, or the text is too short for one step.

    Examples
    --------
    >>> for labels, target in windows(np.arange(9), 3, 2):
    ...     print(labels.tolist(), target.tolist())
    [[0, 4], [1, 5], [2, 6]] [[1, 5], [2, 6], [3, 7]]
    [[3, 7]] [[4, 8]]
    """
    if min(T, N) < 1 or len(text) <= N:
        raise ValueError(f"a text of {len(text)} gives no window with T {T} and N {N}")
    steps = (len(text) - 1) // N
    labels, target = (text[k : k + steps * N].reshape(N, steps).T for k in (0, 1))
    for start in range(0, steps, T):
        yield labels[start : start + T], target[start : start + T]


def sample(
    rng: np.random.Generator,
    params: Sequence[Array],
    *,
    start: Labels,
    length: int,
    temperature: float = 1.0,
    cell: ModuleType = lstm,
    **options: Any,
) -> Labels:
    """Let the model write on.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the random numbers.
    params : sequence of arrays
        From `init`, and learnt.
    start : (S,) integers
        What is there already, one label at least.
    length : int
        How many labels to write.
    temperature : float
        The scores are divided by it: below 1 the likely becomes likelier; 0 takes the likeliest.
    cell, **options
        As in `forward`.

    Returns
    -------
    labels : (length,) integers
        What was written, without `start`.

    Raises
    ------
    ValueError
        If `start` is empty, or the length or the temperature is negative.

    Examples
    --------
    >>> params = init(np.random.default_rng(0), 5, 2)
    >>> sample(np.random.default_rng(0), params, start=np.array([3]), length=4).shape
    (4,)
    """
    if len(start) == 0 or length < 0 or not temperature >= 0:
        raise ValueError(
            f"start has {len(start)} labels, length is {length}, temperature {temperature}; "
            "needs one label at least, and no negative number"
        )
    written = np.empty(length, np.int64)
    fed, state = np.asarray(start), None
    for k in range(length):
        scores, cache = forward(*params, labels=fed[:, None], cell=cell, state=state, **options)
        written[k] = _pick(rng, scores[-1, 0].astype(np.float64), temperature)
        fed, state = written[k : k + 1], next_state(cache)
    return written


def _pick(rng: np.random.Generator, scores: Array, temperature: float) -> int:
    if temperature == 0:
        return int(scores.argmax())
    total = np.exp((scores - scores.max()) / temperature).cumsum()
    return int(np.searchsorted(total, rng.random() * total[-1], side="right"))


def _stacked(cell: ModuleType, params: Sequence[Array]) -> Sequence[Array]:
    """Return ``[Wh,] Wx, b`` with the gates of the cell one below the other."""
    if cell is qrnn:
        return [np.concatenate(params[::2]), np.concatenate(params[1::2])]
    return params


def _parts(cell: ModuleType, params: Sequence[Array]) -> tuple[Any, ...]:
    """Return ``[E], [Wh], Wx, b, Wy, by``; the first two may be empty lists."""
    needed = 4 if cell is qrnn else 5
    if len(params) not in (needed, needed + 1):
        raise ValueError(
            f"params has {len(params)} arrays; needs {needed}, or {needed + 1} with an embedding"
        )
    *first, Wx, b, Wy, by = params
    cut = len(params) - needed
    named: dict[str, tuple[Any, str]] = {"Wy": (Wy, "V H"), "by": (by, "V")}
    if cut:
        named["E"] = (first[0], "V D")
    named |= {"Wx": (Wx, "G D" if cut else "G V"), "b": (b, "G")}
    sizes = expect_shapes(**named)
    expect_stacked(cell.GATES, sizes["G"], sizes["H"])
    return first[:cut], first[cut:], Wx, b, Wy, by


def _gates_first(a: Array, gates: int) -> Array:
    """Return rows of all gates, (T, N, G H), gate by gate, (G, T, N, H)."""
    T, N, rows = a.shape
    return a.reshape(T, N, gates, rows // gates).transpose(2, 0, 1, 3)


def _zeros(cell: ModuleType, Wy: Array, N: int) -> State:
    zeros = np.zeros_like(Wy, shape=(N, Wy.shape[1]))
    return (zeros,) * int(cell.STATES)
