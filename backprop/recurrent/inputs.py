r"""What the inputs add to the gates: one product for all steps, since no past is needed.

.. math::

    u_{gtn} = W_g x_{tn} + b_g, \qquad
    \frac{\partial L}{\partial x_{tn}} = \sum_g W_g^\top \frac{\partial L}{\partial u_{gtn}}

The weights of the G gates stand one below the other, in `Wx` (G H, D) and `b` (G H,).

Source: Ye17 (1)-(4) for all steps, Liao18 (RNN-12)-(RNN-13), corrected.
Derivation: ``book/recurrent/rnn.ipynb``.
Sizes: T steps, N examples, D inputs, G gates of H units.
"""

import numpy as np

from backprop.arrays import Array, Cache, Labels, expect_shapes, expect_upstream
from backprop.recurrent.steps import ended


def forward(
    x: Array, Wx: Array, b: Array, *, gates: int = 1, lengths: Labels | None = None
) -> tuple[Array, Cache]:
    """Return what every input adds to every gate.

    Parameters
    ----------
    x : (T, N, D) array
        Sequences, one step per row of examples.
    Wx : (G H, D) array
        Weights, gate below gate.
    b : (G H,) array
        Biases.
    gates : int
        The number G.
    lengths : (N,) integers, optional
        Steps of each sequence; what stands in `x` after them is ignored, NaN as well.

    Returns
    -------
    u : (G, T, N, H) array
        In the dtype of the arguments.
    cache : tuple
        For `backward`.  Holds `x` and `Wx` themselves, with `lengths` a copy of `x`.

    Raises
    ------
    TypeError
        If an argument is not an array of floats, or the dtypes differ.
    ValueError
        If the shapes disagree, the rows of `Wx` are no multiple of `gates`, or a length is not
        from 0 to T.

    Examples
    --------
    >>> x, Wx = np.ones((1, 1, 2)), np.array([[3.0, 1.0], [5.0, 0.0]])
    >>> u, cache = forward(x, Wx, np.zeros(2), gates=2)
    >>> u.ravel()
    array([4., 5.])
    """
    sizes = expect_shapes(x=(x, "T N D"), Wx=(Wx, "GH D"), b=(b, "GH"))
    T, N, D, rows = sizes.values()
    if rows % gates:
        raise ValueError(f"Wx has {rows} rows; needs a multiple of {gates}, the number of gates")
    over = ended(lengths, T, N)
    if over is not None:
        x = np.where(over, 0, x)
    H = rows // gates
    each = Wx.reshape(gates, H, D).swapaxes(1, 2)
    u = np.empty_like(x, dtype=np.result_type(x, Wx, b), shape=(gates, T * N, H))
    np.matmul(x.reshape(T * N, D), each, out=u)
    u += b.reshape(gates, 1, H)  # Ye17 (1)
    return u.reshape(gates, T, N, H), (x, Wx, gates)


def backward(du: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return the gradients on the arguments of `forward`.

    Parameters
    ----------
    du : (G, T, N, H) array
        Gradient of the loss on `u`.
    cache : tuple
        From `forward`.

    Returns
    -------
    dx, dWx, db : arrays
        In the shapes of the arguments.

    Raises
    ------
    TypeError, ValueError
        If `du` is not an array in the shape and dtype of `u`.

    Examples
    --------
    >>> u, cache = forward(np.ones((1, 1, 2)), np.array([[3.0, 1.0]]), np.zeros(1))
    >>> backward(np.full((1, 1, 1, 1), 10.0), cache)
    (array([[[30., 10.]]]), array([[10., 10.]]), array([10.]))
    """
    x, Wx, gates = cache
    T, N, D = x.shape
    expect_upstream(du, (gates, T, N, len(Wx) // gates), Wx.dtype)
    rows = du.transpose(1, 2, 0, 3).reshape(T * N, len(Wx))  # every step of every example is one
    dx = (rows @ Wx).reshape(x.shape)  # Ye17 (2)
    dWx = rows.T @ x.reshape(T * N, D)  # Ye17 (4), Liao18 (RNN-12)
    db = rows.sum(axis=0)  # Liao18 (RNN-13), corrected; Ye17 (3)
    return dx, dWx, db
